"""Transformer cells, and stacks of them."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Chance, Count
from dlcore.ops import F

from .._hybrid_block import HybridBlock
from ._attention import MultiHeadAttention
from ._dense import Dense
from ._dropout import Dropout, DropPath
from ._norm import LayerNorm


class FeedForward(HybridBlock):
    """Two dense layers for every place of x (n, t, units): to hidden_size and back, with an activation between.

    >>> import dlcore as dl
    >>> layer = FeedForward(8, 32, activation="gelu")
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 8))).shape
    (2, 3, 8)
    """

    def __init__(
        self,
        units: Count,
        hidden_size: Count,
        dropout: Chance = 0.0,
        activation: str = "relu",
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        with self.name_scope():
            self.hidden = Dense(hidden_size, activation, flatten=False, prefix="hidden_")
            self.out = Dense(units, flatten=False, prefix="out_")
            self.dropout = Dropout(dropout)

    def forward(self, x: Any) -> Any:
        return self.dropout(self.out(self.hidden(x)))


class _Cell(HybridBlock):
    """What encoder and decoder cells share: residual branches with a LayerNorm before (pre_norm) or after each."""

    def __init__(self, dropout: Chance, drop_path: Chance, pre_norm: bool, prefix: Any, params: Any) -> None:
        super().__init__(prefix, params)
        self._pre_norm = pre_norm
        self.dropout, self.path = Dropout(dropout), DropPath(drop_path)

    def _residual(self, x: Any, norm: Any, branch: Any) -> Any:
        if self._pre_norm:
            return F.add(x, self.path(branch(norm(x))))
        return norm(F.add(x, self.path(branch(x))))


class TransformerEncoderCell(_Cell):
    """Self-attention, then a feed-forward part, each with its residual and LayerNorm: x (n, t, units) keeps its shape.

    pre_norm: normalise before each part instead of after it, which trains deep stacks more easily (Xiong et al., 2020).
    causal: for language models. mask: as in `MultiHeadAttention`. drop_path: rate of `DropPath`.

    >>> import dlcore as dl
    >>> cell = TransformerEncoderCell(units=8, hidden_size=16, num_heads=2)
    >>> cell.initialize()
    >>> cell(dl.nd.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        units: Count = 512,
        hidden_size: Count = 2048,
        num_heads: Count = 8,
        dropout: Chance = 0.0,
        attention_dropout: Chance = 0.0,
        activation: str = "relu",
        pre_norm: bool = False,
        causal: bool = False,
        rotary: bool = False,
        drop_path: Chance = 0.0,
        epsilon: float = 1e-5,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(dropout, drop_path, pre_norm, prefix, params)
        with self.name_scope():
            self.attention = MultiHeadAttention(units, num_heads, attention_dropout, causal=causal, rotary=rotary)
            self.attention_norm = LayerNorm(epsilon=epsilon, in_channels=units)
            self.feed_forward = FeedForward(units, hidden_size, dropout, activation)
            self.feed_forward_norm = LayerNorm(epsilon=epsilon, in_channels=units)

    def forward(self, x: Any, mask: Any = None) -> Any:
        x = self._residual(x, self.attention_norm, lambda y: self.dropout(self.attention(y, None, mask)))
        return self._residual(x, self.feed_forward_norm, self.feed_forward)


class TransformerDecoderCell(_Cell):
    """Causal self-attention, attention to an encoder's output `memory`, then a feed-forward part.

    x (n, t, units) keeps its shape; memory is (n, s, units). Other arguments: see `TransformerEncoderCell`.

    >>> import dlcore as dl
    >>> cell = TransformerDecoderCell(units=8, hidden_size=16, num_heads=2)
    >>> cell.initialize()
    >>> cell(dl.nd.ones((3, 5, 8)), dl.nd.ones((3, 7, 8))).shape
    (3, 5, 8)
    """

    def __init__(
        self,
        units: Count = 512,
        hidden_size: Count = 2048,
        num_heads: Count = 8,
        dropout: Chance = 0.0,
        attention_dropout: Chance = 0.0,
        activation: str = "relu",
        pre_norm: bool = False,
        rotary: bool = False,
        drop_path: Chance = 0.0,
        epsilon: float = 1e-5,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(dropout, drop_path, pre_norm, prefix, params)
        with self.name_scope():
            self.attention = MultiHeadAttention(units, num_heads, attention_dropout, causal=True, rotary=rotary)
            self.attention_norm = LayerNorm(epsilon=epsilon, in_channels=units)
            self.memory_attention = MultiHeadAttention(units, num_heads, attention_dropout)
            self.memory_norm = LayerNorm(epsilon=epsilon, in_channels=units)
            self.feed_forward = FeedForward(units, hidden_size, dropout, activation)
            self.feed_forward_norm = LayerNorm(epsilon=epsilon, in_channels=units)

    def forward(self, x: Any, memory: Any, memory_mask: Any = None) -> Any:
        x = self._residual(x, self.attention_norm, lambda y: self.dropout(self.attention(y)))
        x = self._residual(x, self.memory_norm, lambda y: self.dropout(self.memory_attention(y, memory, memory_mask)))
        return self._residual(x, self.feed_forward_norm, self.feed_forward)


class _Stack(HybridBlock):
    cell: type[_Cell]

    def __init__(
        self,
        num_layers: Count = 6,
        units: Count = 512,
        hidden_size: Count = 2048,
        num_heads: Count = 8,
        pre_norm: bool = False,
        epsilon: float = 1e-5,
        prefix: str | None = None,
        params: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(prefix, params)
        with self.name_scope():
            self.cells = []
            for k in range(num_layers):
                cell = self.cell(  # type: ignore[call-arg]
                    units=units, hidden_size=hidden_size, num_heads=num_heads, pre_norm=pre_norm, epsilon=epsilon,
                    prefix=f"cell{k}_", **options,
                )  # fmt: skip
                self.register_child(cell, f"cell{k}")
                self.cells.append(cell)
            self.norm = LayerNorm(epsilon=epsilon, in_channels=units) if pre_norm else None

    def forward(self, x: Any, *args: Any) -> Any:
        for cell in self.cells:
            x = cell(x, *args)
        return x if self.norm is None else self.norm(x)


class TransformerEncoder(_Stack):
    """`num_layers` encoder cells; with pre_norm a last LayerNorm. Other arguments: see `TransformerEncoderCell`.

    >>> import dlcore as dl
    >>> encoder = TransformerEncoder(num_layers=2, units=8, hidden_size=16, num_heads=2)
    >>> encoder.initialize()
    >>> encoder(dl.nd.ones((3, 5, 8))).shape
    (3, 5, 8)
    """

    cell = TransformerEncoderCell


class TransformerDecoder(_Stack):
    """`num_layers` decoder cells; with pre_norm a last LayerNorm. Other arguments: see `TransformerDecoderCell`.

    >>> import dlcore as dl
    >>> decoder = TransformerDecoder(num_layers=2, units=8, hidden_size=16, num_heads=2)
    >>> decoder.initialize()
    >>> decoder(dl.nd.ones((3, 5, 8)), dl.nd.ones((3, 7, 8))).shape
    (3, 5, 8)
    """

    cell = TransformerDecoderCell
