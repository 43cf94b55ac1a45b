"""What a layer with `forward` does, called in the older style: with arrays for its parameters."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping
from typing import Any

from dlcore.ops import F

from ._parameter import Parameter


class Given:
    """An array in the place of a parameter, for the time of a call."""

    def __init__(self, own: Parameter, array: Any) -> None:
        self._own, self._array = own, array

    def data(self, ctx: Any = None) -> Any:
        return self._array

    def look_up(self, indices: Any) -> Any:
        return F.embedding(F.cast(indices, "int64"), self._array)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)


def native(kind: type, base: Any) -> Callable[..., Any] | None:
    """The nearest `forward` that is not the base's."""
    forms = (vars(one).get("forward") for one in itertools.takewhile(lambda one: one is not base, kind.__mro__))
    return next((form for form in forms if form not in (None, base.forward)), None)


def with_arrays(layer: Any, forward: Callable[..., Any], args: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
    """`forward` of the layer: first its inputs, then arrays for its parameters in their order, or by name."""
    inputs = len(inspect.signature(forward).parameters) - 1
    own: dict[str, Any] = layer._reg_params
    arrays = {**dict(zip(own, args[inputs:], strict=False)), **params}
    other = {n: a for n, a in arrays.items() if n in own and a is not None and a is not own[n].data()}
    before = {name: own[name] for name in other}
    try:
        for name, array in other.items():
            own[name] = layer.__dict__[name] = Given(before[name], array)
        return forward(layer, *args[:inputs])
    finally:
        for name, parameter in before.items():
            own[name] = layer.__dict__[name] = parameter
