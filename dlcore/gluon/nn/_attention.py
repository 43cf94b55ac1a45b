"""Attention with several heads."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Chance, Count
from dlcore.ops import F

from ._dense import Dense
from ._dropout import _Dropping
from ._positions import RotaryEmbedding


class MultiHeadAttention(_Dropping):
    """Attention of queries (n, t, c) to keys and values (n, s, c), by `num_heads` heads, as (n, t, units).

    Called with one array it is self-attention; with two, the second gives keys and values. mask: truth values that
    broadcast to (n, heads, t, s), True where a query may look. causal: a query sees its own place and those before.
    dropout: of the weights, in training. rotary: turn queries and keys by their positions (`RotaryEmbedding`).
    ValueError when num_heads does not divide units. Source: A. Vaswani et al., "Attention is all you need", 2017.

    >>> import dlcore as dl
    >>> layer = MultiHeadAttention(units=8, num_heads=2, causal=True)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        units: Count,
        num_heads: Count,
        dropout: Chance = 0.0,
        use_bias: bool = True,
        causal: bool = False,
        rotary: bool = False,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(dropout, prefix, params)
        if num_heads < 1 or units % num_heads:
            raise ValueError(f"MultiHeadAttention: {num_heads} heads do not divide {units} units")
        self._units, self._heads, self._causal = units, num_heads, causal

        def project(name: str) -> Dense:
            return Dense(
                units, use_bias=use_bias, flatten=False, weight_initializer=weight_initializer,
                bias_initializer=bias_initializer, prefix=f"{name}_",
            )  # fmt: skip

        with self.name_scope():
            self.query, self.key = project("query"), project("key")
            self.value, self.out = project("value"), project("out")
            self.rotary = RotaryEmbedding() if rotary else None

    def forward(self, query: Any, memory: Any = None, mask: Any = None) -> Any:
        memory = query if memory is None else memory
        if query.ndim != 3 or memory.ndim != 3:
            shapes = f"{tuple(query.shape)} and {tuple(memory.shape)}"
            raise ValueError(f"MultiHeadAttention: expected arrays (n, t, c), got {shapes}")
        q, k, v = (
            self._heads_of(self.query(query)),
            self._heads_of(self.key(memory)),
            self._heads_of(self.value(memory)),
        )
        if self.rotary is not None:
            q, k = self.rotary(q), self.rotary(k)
        seen = F.scaled_dot_product_attention(q, k, v, mask=mask, causal=self._causal, dropout=self._chance())
        n, t = query.shape[:2]
        return self.out(F.reshape(F.transpose(seen, (0, 2, 1, 3)), (n, t, self._units)))

    def _heads_of(self, x: Any) -> Any:
        n, t, _ = x.shape
        return F.transpose(F.reshape(x, (n, t, self._heads, self._units // self._heads)), (0, 2, 1, 3))

    def _details(self) -> str:
        return f"{self._units} units, {self._heads} heads" + (", causal" if self._causal else "")
