"""What arrays answer to old programs where MXNet's answer differed and programs count on it.

A sum over all numbers had one axis of one number, so that `loss.mean().asnumpy()[0]` is common; `npx.set_np()` ended
that, there as here; NumPy took such an array for a number, in "%f" % x.asnumpy() too, and no longer does. `take` took
rows, of places beyond the last one the last. `nd.array` made float32 of all that was no NDArray, pixels of eight bits
too. Elsewhere, and once the old names are gone, sums are numbers without axes, `x.take` counts through all numbers,
places beyond the last are errors, and dtypes stay.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore._core import NDArray
from dlcore.array import nd, npx, sparse
from dlcore.ops import F

_METHODS = "argmax argmin max mean min nanprod nansum norm prod sum".split()
_FUNCTIONS = [*_METHODS, "dot", "max_axis", "min_axis", "sum_axis"]
# Words that the function of the same name knows, but not the method.
_WORDS: dict[str, set[str]] = {
    "argsort": {"is_ascend"},
    "dot": {"transpose_a", "transpose_b", "forward_stype"},
    "log_softmax": {"temperature", "dtype"},
    "max": {"exclude"},
    "mean": {"exclude"},
    "min": {"exclude"},
    "pick": {"mode"},
    "prod": {"exclude"},
    "softmax": {"temperature", "length", "use_length", "dtype"},
    "sort": {"is_ascend"},
    "sum": {"exclude"},
}
_VIEWS = "expand_dims flatten squeeze".split()
_SIGNS = "__add__ __neg__ __sub__".split()
_MASKED = "broadcast_minus broadcast_sub elemwise_sub negative subtract".split()  # the same as functions
_before: list[tuple[Any, str, Any]] = []  # what had another answer, the name, and the answer


def _one_axis(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if isinstance(found, NDArray) and not found.ndim and not npx.numpy_rules[0]:
            return found.reshape((1,))
        return found

    return call


def _named(method: Callable[..., Any], name: str) -> Callable[..., Any]:
    method.__name__ = method.__qualname__ = name
    method.__doc__ = getattr(NDArray, name).__doc__
    return method


def _method(name: str) -> Callable[..., Any]:
    own, old, words = getattr(NDArray, name), getattr(nd, name), _WORDS.get(name, set())

    def method(self: NDArray, *args: Any, **kwargs: Any) -> Any:
        return (own if words.isdisjoint(kwargs) else old)(self, *args, **kwargs)

    return _named(method, name)


def _take() -> Callable[..., Any]:
    own = NDArray.take

    def take(self: NDArray, *args: Any, **kwargs: Any) -> Any:
        return own(self, *args, **kwargs) if npx.numpy_rules[0] else nd.take(self, *args, **kwargs)

    return _named(take, "take")


def _viewing(name: str) -> Callable[..., Any]:
    """A method that could be told to give a view, as it does anyway."""
    own = getattr(NDArray, name)

    def method(self: NDArray, *args: Any, inplace: bool = False, **kwargs: Any) -> Any:
        return own(self, *args, **kwargs)

    return _named(method, name)


def _clipping(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def take(a: Any, indices: Any, axis: int = 0, mode: str = "clip", **kwargs: Any) -> Any:
        return function(a, indices, axis, mode, **kwargs)

    return take


class Number(np.ndarray):
    """What `asnumpy` gives of an array of one number on one axis: Python may take it for that number."""

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __repr__(self) -> str:
        return repr(np.asarray(self))


def _numbers(name: str) -> Callable[..., Any]:
    """A sign for masks: they were arrays of 0 and 1 in float32, so that two of them add up to 2."""
    own = getattr(NDArray, name)

    def sign(self: NDArray, *other: Any) -> Any:
        if self._dtype_name == "bool" and all(getattr(one, "_dtype_name", "") == "bool" for one in other):
            self = F.cast(self, "float32")
        return own(self, *other)

    return _named(sign, name)


def _of_masks(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose arrays of masks alone are numbers first, as for signs."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if all(getattr(one, "_dtype_name", "") == "bool" for one in args):
            args = tuple(F.cast(one, "float32") for one in args)
        return function(*args, **kwargs)

    return call


def _asnumpy() -> Callable[..., Any]:
    own = NDArray.asnumpy

    def asnumpy(self: NDArray) -> np.ndarray:
        found = own(self)
        return found.view(Number) if found.shape == (1,) else found

    return _named(asnumpy, "asnumpy")


def _array(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def array(source_array: Any, ctx: Any = None, dtype: Any = None) -> Any:
        if dtype is None and not isinstance(source_array, (NDArray, sparse.SparseNDArray)):
            dtype = "float32"
        return function(source_array, ctx, dtype)

    return array


def answer() -> None:
    """Answer as MXNet from now on."""
    changed = {name: _method(name) for name in _WORDS}
    changed.update({name: _one_axis(changed.get(name) or _method(name)) for name in _METHODS})
    changed.update({name: _viewing(name) for name in _VIEWS}, take=_take(), asnumpy=_asnumpy())
    changed.update({name: _numbers(name) for name in _SIGNS})
    for name, method in changed.items():
        _before.append((NDArray, name, getattr(NDArray, name)))
        setattr(NDArray, name, method)
    functions = {name: _one_axis(getattr(nd, name)) for name in _FUNCTIONS}
    functions.update({name: _of_masks(getattr(nd, name)) for name in _MASKED})
    for name, function in {**functions, "array": _array(nd.array), "take": _clipping(nd.take)}.items():
        _before.append((nd, name, getattr(nd, name)))
        setattr(nd, name, function)


def end() -> None:
    """Answer as everywhere again."""
    while _before:
        setattr(*_before.pop())
