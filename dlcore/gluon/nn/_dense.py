"""Dense: a matrix product with a bias."""

from __future__ import annotations

import math
from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from .._block import shape_of
from .._hybrid_block import HybridBlock
from ._activation import activate, check


class Dense(HybridBlock):
    """y = activation(x w^T + b), with w (units, in_units) and b (units,).

    flatten: all axes of x but the first are taken as one, so x (n, ...) gives (n, units); else the last axis is
    changed, and x (..., in_units) gives (..., units). in_units 0 is learned from the first x.

    >>> import dlcore as dl
    >>> layer = Dense(3, activation="relu")
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 4, 5))).shape, layer.weight.shape
    ((2, 3), (3, 20))
    """

    def __init__(
        self,
        units: Count,
        activation: str | None = None,
        use_bias: bool = True,
        flatten: bool = True,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_units: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._units, self._flatten = units, flatten
        self._activation = check(activation, "Dense")
        self.weight = self.params.get(
            "weight", shape=(units, in_units), dtype=dtype, init=weight_initializer, allow_deferred_init=True
        )
        self.bias = self.params.get("bias", shape=(units,), dtype=dtype, init=bias_initializer) if use_bias else None

    def infer_shape(self, x: Any) -> None:
        shape = shape_of(x)
        if not shape:
            raise ValueError("Dense: expected an array with at least one axis, got a single number")
        self.weight.shape = (self._units, math.prod(shape[1:]) if self._flatten else shape[-1])

    def forward(self, x: Any) -> Any:
        bias = self.bias.data() if self.bias is not None else None
        return activate(F.dense(x, self.weight.data(), bias, flatten=self._flatten), self._activation)

    def _details(self) -> str:
        units, in_units = self.weight.shape or (self._units, 0)
        return f"{in_units or '?'} -> {units}" + (f", {self._activation}" if self._activation else "")
