"""Embedding: a table of vectors."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from .._hybrid_block import HybridBlock


class Embedding(HybridBlock):
    """The rows of a learned table (input_dim, output_dim) that whole numbers x (...) name, as (..., output_dim).

    Raises IndexError for a number outside 0 .. input_dim - 1.

    >>> import dlcore as dl
    >>> layer = Embedding(10, 4)
    >>> layer.initialize()
    >>> layer(dl.nd.array([[1, 2, 3]], dtype="int32")).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        sparse_grad: bool = False,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        if sparse_grad:
            raise ValueError("Embedding: only dense gradients are available; use sparse_grad=False")
        self.weight = self.params.get("weight", shape=(input_dim, output_dim), dtype=dtype, init=weight_initializer)

    def forward(self, x: Any) -> Any:
        return F.embedding(x, self.weight.data())

    def _details(self) -> str:
        rows, columns = self.weight.shape or (0, 0)
        return f"{rows} -> {columns}, {self.weight.dtype}"
