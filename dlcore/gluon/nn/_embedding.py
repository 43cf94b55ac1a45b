"""Embedding: a table of vectors."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count

from .._hybrid_block import HybridBlock


class Embedding(HybridBlock):
    """The rows of a learned table (input_dim, output_dim) that whole numbers x (...) name, as (..., output_dim).

    Negative numbers count from the end.

    sparse_grad: the gradient is a RowSparseNDArray with the rows that were looked up, and optimizers change only those
        (see their `lazy_update`): for tables that are large beside a batch. While gradients are recorded such a layer
        runs without being compiled.

    Raises IndexError for a number outside -input_dim .. input_dim - 1.

    >>> import dlcore as dl
    >>> layer = Embedding(10, 4)
    >>> layer.initialize()
    >>> layer(dl.nd.array([[1, 2, 3]], dtype="int32")).shape
    (1, 3, 4)
    """

    def __init__(
        self,
        input_dim: Count,
        output_dim: Count,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        sparse_grad: bool = False,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self.weight = self.params.get(
            "weight",
            shape=(input_dim, output_dim),
            dtype=dtype,
            init=weight_initializer,
            grad_stype="row_sparse" if sparse_grad else "default",
        )

    def forward(self, x: Any) -> Any:
        return self.weight.look_up(x)

    def _details(self) -> str:
        rows, columns = self.weight.shape or (0, 0)
        return f"{rows} -> {columns}, {self.weight.dtype}"
