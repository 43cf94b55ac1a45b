"""Weight normalisation: a layer's weight as a length times a direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore.init import Initializer
from dlcore.ops import F

from .._hybrid_block import HybridBlock
from .._parameter import Parameter


class _Given:
    """Stands in a layer's attribute for a parameter whose values were computed."""

    def __init__(self, parameter: Parameter, values: Any) -> None:
        self._parameter, self._values = parameter, values

    def data(self, ctx: Any = None) -> Any:
        return self._values

    def __getattr__(self, name: str) -> Any:
        return getattr(self._parameter, name)


class _LengthsOf(Initializer):
    """The lengths of a parameter's vectors as they are when this is asked."""

    def __init__(self, parameter: Parameter, axis: int) -> None:
        super().__init__()
        self._parameter, self._axis = parameter, axis

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        weight = self._parameter.data().asnumpy().astype(np.float64)
        axis = self._axis % weight.ndim
        return np.sqrt((weight**2).sum(axis=tuple(k for k in range(weight.ndim) if k != axis)))


class WeightNorm(HybridBlock):
    """A layer whose weight is g * v / |v|: a length g for each place on `axis` times a direction.

    v is the layer's own parameter `name` ("weight", or "h2h_weight" of a recurrent cell), g a new one, which begins as
    |v|, so that at first nothing changes (Salimans and Kingma, arXiv:1602.07868). Calls go to the layer.
    Raises TypeError for what is no hybrid block, ValueError when it has no such parameter.

    >>> import dlcore as dl
    >>> layer = WeightNorm(dl.gluon.nn.Dense(2))
    >>> layer.initialize()
    >>> layer(dl.nd.ones((4, 3))).shape, sorted(layer.collect_params())
    ((4, 2), ['g', 'layer.bias', 'layer.weight'])
    """

    def __init__(
        self, layer: HybridBlock, name: str = "weight", axis: int = 0, prefix: str | None = None, params: Any = None
    ) -> None:
        super().__init__(prefix, params)
        if name not in layer._reg_params:
            there = ", ".join(layer._reg_params) or "none"
            raise ValueError(f"WeightNorm: {type(layer).__name__} has no parameter {name!r}; it has {there}")
        self.layer, self._name, self._axis = layer, name, axis
        direction = layer._reg_params[name]
        self.g = self.params.get(
            "g",
            shape=(0,),
            dtype=direction.dtype,
            init=_LengthsOf(direction, axis),
            allow_deferred_init=True,
        )

    def infer_shape(self, x: Any, *args: Any) -> None:
        if not self.layer._ready:
            self.layer._make_ready((x, *args))
        shape = self.layer._reg_params[self._name].shape
        assert shape is not None
        self.g.shape = (shape[self._axis],)

    def forward(self, x: Any, *args: Any) -> Any:
        parameter = self.layer._reg_params[self._name]
        v = parameter.data()
        axis = self._axis % v.ndim
        others = tuple(k for k in range(v.ndim) if k != axis)
        wide = tuple(v.shape[k] if k == axis else 1 for k in range(v.ndim))
        length = F.sqrt(F.sum(F.square(v), axis=others, keepdims=True))
        weight = F.multiply(v, F.divide(F.reshape(self.g.data(), wide), length))
        if not self.layer._ready:
            self.layer._make_ready((x, *args))
        plainly = self.layer.__dict__
        plainly[self._name] = _Given(parameter, weight)
        try:
            return self.layer(x, *args)
        finally:
            plainly[self._name] = parameter

    def _details(self) -> str:
        return f"{self._name}, axis={self._axis}"
