"""Sparse arrays number by number, with each other, with dense arrays and with numbers; and sums.

The result stays sparse where zeros stay zeros: sums of two arrays of one kind, products with anything, quotients by
dense arrays and numbers, functions with f(0) = 0. Everything else is dense.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..._answers import answered
from ..._core import NDArray
from ...ops import F
from .._convert import asarray
from ._classes import CSRNDArray, RowSparseNDArray, SparseNDArray, host, places
from ._make import csr_of_keys, from_dense

# Functions that leave zeros alone.
KEEP_ZERO = (
    "abs arcsin arcsinh arctan arctanh cbrt ceil degrees erf expm1 fix floor log1p negative radians relu rint sign sin "
    "sinh softsign sqrt square tan tanh trunc"
).split()
_BOTH = {"add", "subtract", "maximum", "minimum"}  # f(0, 0) = 0
_SIGNS = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power", "mod": "remainder"}
_COMPARE = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}


def dense(x: Any) -> NDArray:
    """As a dense array; gradients flow."""
    return x.tostype("default") if isinstance(x, SparseNDArray) else asarray(x)


def _is_number(x: Any) -> bool:
    return not isinstance(x, (SparseNDArray, NDArray)) and np.ndim(x) == 0


def unary(name: str, x: Any) -> Any:
    """A function of one array: on the stored numbers where zeros stay zeros."""
    function = getattr(F, {"fix": "trunc"}.get(name, name))
    if not isinstance(x, SparseNDArray):
        return function(x)
    return x.with_data(function(x.data)) if name in KEEP_ZERO else function(dense(x))


def binary(name: str, a: Any, b: Any) -> Any:
    """A function of two arrays or numbers."""
    function = getattr(F, name)
    if not isinstance(a, SparseNDArray) and not isinstance(b, SparseNDArray):
        return function(a, b)
    if isinstance(a, SparseNDArray) and type(a) is type(b):
        if a.shape != b.shape and name in (*_BOTH, "multiply"):
            raise ValueError(f"{name}: sparse arrays are not broadcast: shapes {a.shape} and {b.shape}")
        if name in _BOTH:
            return _merged(function, a, b, np.union1d)
        if name == "multiply":
            return _merged(function, a, b, np.intersect1d)
    elif _is_number(b) and name in ("multiply", "divide") or (_is_number(b) and name == "power" and b > 0):
        return a.with_data(function(a.data, b))
    elif _is_number(a) and name == "multiply":
        return b.with_data(function(a, b.data))
    elif isinstance(b, NDArray) and name in ("multiply", "divide") and _fits(a, b):
        return a.with_data(function(a.data, _at(a, b)))
    elif isinstance(a, NDArray) and name == "multiply" and _fits(b, a):
        return b.with_data(function(_at(b, a), b.data))
    return function(dense(a) if not _is_number(a) else a, dense(b) if not _is_number(b) else b)


def _keys(x: SparseNDArray) -> np.ndarray:
    """A rising number for every stored place (or row)."""
    if isinstance(x, CSRNDArray):
        return x.rows() * x.shape[1] + host(x.indices)
    return host(x.indices)


def _merged(function: Callable[..., Any], a: Any, b: Any, joined: Callable[..., np.ndarray]) -> Any:
    """function(a, b) on the places that `joined` makes of those of a and of b."""
    keys = joined(_keys(a), _keys(b))
    data = function(_spread(a, keys), _spread(b, keys))
    if isinstance(a, CSRNDArray):
        return csr_of_keys(data, keys, a.shape)
    return RowSparseNDArray(data, keys, a.shape)


def _spread(x: SparseNDArray, keys: np.ndarray) -> NDArray:
    """x's numbers (or rows) at these places, zeros where x stores none."""
    own = _keys(x)
    at = np.searchsorted(own, keys)
    there = np.append(own, -1)[at] == keys
    if there.all():
        return x.data if len(keys) == len(own) else F.take(x.data, places(at, x._device))
    zeros = F.zeros((len(keys), *x.data.shape[1:]), x.data._dtype_name, x._device)
    found = F.take(x.data, places(at[there], x._device))
    return F.index_put(zeros, found, places(np.flatnonzero(there), x._device))


def _fits(x: SparseNDArray, other: NDArray) -> bool:
    """Whether a dense array is broadcast to x, not x to it."""
    try:
        return np.broadcast_shapes(x.shape, other.shape) == x.shape
    except ValueError:
        raise ValueError(f"shapes {x.shape} and {other.shape} cannot be broadcast together") from None


def _at(x: SparseNDArray, other: NDArray) -> NDArray:
    """The numbers of a dense array at x's places."""
    if other.ndim == 0:
        return other
    other = F.reshape(other, (1,) * (x.ndim - other.ndim) + other.shape)
    if not isinstance(x, CSRNDArray):
        return other if other.shape[0] == 1 else F.take(other, x.indices)
    nothing = np.zeros(x.nnz, np.int64)
    rows = places(nothing if other.shape[0] == 1 else x.rows(), x._device)
    return F.gather_nd(other, rows, places(nothing, x._device) if other.shape[1] == 1 else x.indices)


def sum(data: Any, axis: int | None = None, keepdims: bool = False) -> NDArray:
    """The sum over one axis or all, as a dense array.

    >>> from dlcore import nd
    >>> sum(nd.array([[0.0, 2.0], [3.0, 4.0]]).tostype("csr"), axis=0).tolist()
    [3.0, 6.0]
    """
    x = data
    if not isinstance(x, SparseNDArray):
        return F.sum(x, axis, keepdims)
    if axis is None:
        return F.reshape(F.sum(x.data), (1,) * x.ndim if keepdims else ())
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"sum: axis {axis} is out of range for {x.ndim} axes")
    axis %= x.ndim
    if isinstance(x, CSRNDArray):
        at = x.indices if axis == 0 else places(x.rows(), x._device)
        total = F.segment_sum(x.data, at, x.shape[1 - axis])
    elif axis == 0:
        total = F.sum(x.data, 0)
    else:
        part = F.sum(x.data, axis)
        total = F.index_put(F.zeros((x.shape[0], *part.shape[1:]), part._dtype_name, x._device), part, x.indices)
    return F.expand_dims(total, axis) if keepdims else total


def mean(data: Any, axis: int | None = None, keepdims: bool = False) -> NDArray:
    """The mean over one axis or all, zeros that are not stored included.

    >>> from dlcore import nd
    >>> float(mean(nd.array([[0.0, 2.0], [3.0, 4.0]]).tostype("csr")))
    2.25
    """
    if not isinstance(data, SparseNDArray):
        return F.mean(data, axis, keepdims)
    count = data.size if axis is None else data.shape[axis]
    return F.divide(sum(data, axis, keepdims), float(count))


def norm(data: Any, ord: int = 2, axis: int | None = None, keepdims: bool = False) -> NDArray:
    """The root of the sum of squares (ord 2) or the sum of sizes (ord 1).

    >>> from dlcore import nd
    >>> float(norm(nd.array([[0.0, 3.0], [4.0, 0.0]]).tostype("csr")))
    5.0
    """
    if ord not in (1, 2):
        raise ValueError(f"norm: ord must be 1 or 2, got {ord!r}")
    total = sum(unary("abs" if ord == 1 else "square", data), axis, keepdims)
    return total if ord == 1 else F.sqrt(total)


def _method(name: str) -> Callable[[Any], Any]:
    def method(self: Any) -> Any:
        return unary(name, self)

    return answered(method, name)


def _forward(name: str) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return binary(name, self, other)

    return answered(method, name)


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    def method(self: Any, other: Any) -> Any:
        return binary(name, other, self)

    return answered(method, name)


def attach() -> None:
    """Gives sparse arrays their signs and methods, and dense ones `stype` and `tostype`."""
    for sign, name in _SIGNS.items():
        setattr(SparseNDArray, f"__{sign}__", _forward(name))
        setattr(SparseNDArray, f"__r{sign}__", _reflected(name))
    for sign, name in _COMPARE.items():
        setattr(SparseNDArray, f"__{sign}__", _forward(name))
    for name in KEEP_ZERO:
        setattr(SparseNDArray, name, _method(name))
    for name, value in {
        "__neg__": _method("negative"), "__abs__": _method("abs"), "__hash__": object.__hash__,
        "sum": answered(sum, "sum"), "mean": answered(mean, "mean"), "norm": answered(norm, "norm"),
    }.items():  # fmt: skip
        setattr(SparseNDArray, name, value)
    NDArray.stype = property(lambda self: "default", doc="The storage kind: dense.")  # type: ignore[assignment,attr-defined]
    NDArray.tostype = _tostype  # type: ignore[attr-defined]


def _tostype(self: NDArray, stype: str) -> Any:
    """The array in a storage kind: itself for "default", or "csr" or "row_sparse"; gradients flow."""
    return self if stype == "default" else from_dense(self, stype)
