"""What arrays answer to old programs where MXNet's answer differed and programs count on it.

A sum over all numbers had one axis of one number, so that `loss.mean().asnumpy()[0]` is common; `npx.set_np()` ended
that, there as here. `x.take(rows)` took rows. `nd.array` made float32 of all that was no NDArray, pixels of eight bits
too. Elsewhere, and once the old names are gone, sums are numbers without axes, `take` counts through all numbers, and
dtypes stay.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from dlcore._core import NDArray
from dlcore.array import nd, npx, sparse

_METHODS = "argmax argmin max mean min nanprod nansum norm prod sum".split()
_FUNCTIONS = [*_METHODS, "dot", "max_axis", "min_axis", "sum_axis"]
_ORDERED = "argsort sort".split()  # is_ascend= is a word of theirs
_before: list[tuple[Any, str, Any]] = []  # what had another answer, the name, and the answer


def _one_axis(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if isinstance(found, NDArray) and not found.ndim and not npx.numpy_rules[0]:
            return found.reshape((1,))
        return found

    return call


def _method(name: str) -> Callable[..., Any]:
    own = getattr(NDArray, name)

    def method(self: NDArray, *args: Any, **kwargs: Any) -> Any:
        return own(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = own.__doc__
    return method


def _ordering(name: str) -> Callable[..., Any]:
    own, old = getattr(NDArray, name), getattr(nd, name)

    def method(self: NDArray, *args: Any, **kwargs: Any) -> Any:
        return (old if "is_ascend" in kwargs else own)(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = own.__doc__
    return method


def _take() -> Callable[..., Any]:
    own = NDArray.take

    @functools.wraps(own)
    def take(self: NDArray, *args: Any, **kwargs: Any) -> Any:
        return own(self, *args, **kwargs) if npx.numpy_rules[0] else nd.take(self, *args, **kwargs)

    return take


def _array(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def array(source_array: Any, ctx: Any = None, dtype: Any = None) -> Any:
        if dtype is None and not isinstance(source_array, (NDArray, sparse.SparseNDArray)):
            dtype = "float32"
        return function(source_array, ctx, dtype)

    return array


def answer() -> None:
    """Answer as MXNet from now on."""
    changed = {name: _one_axis(_method(name)) for name in _METHODS if hasattr(NDArray, name)}
    changed.update({name: _ordering(name) for name in _ORDERED}, take=_take())
    for name, method in changed.items():
        _before.append((NDArray, name, getattr(NDArray, name)))
        setattr(NDArray, name, method)
    functions = {name: _one_axis(getattr(nd, name)) for name in _FUNCTIONS}
    for name, function in {**functions, "array": _array(nd.array)}.items():
        _before.append((nd, name, getattr(nd, name)))
        setattr(nd, name, function)


def end() -> None:
    """Answer as everywhere again."""
    while _before:
        setattr(*_before.pop())
