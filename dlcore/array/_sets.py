"""Arrays as sets of numbers: the different ones, and what two arrays share. They look at the numbers on the host."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._arranging import beside
from ._convert import asarray
from ._key import host


class UniqueAllResult(NamedTuple):
    """What `unique_all` gives."""

    values: NDArray
    indices: NDArray
    inverse_indices: NDArray
    counts: NDArray


class UniqueCountsResult(NamedTuple):
    """What `unique_counts` gives."""

    values: NDArray
    counts: NDArray


class UniqueInverseResult(NamedTuple):
    """What `unique_inverse` gives."""

    values: NDArray
    inverse_indices: NDArray


def _wants_gradient(x: NDArray) -> bool:
    return _core.is_recording() and x._tracked


def unique_all(x: Any, /) -> UniqueAllResult:
    """The different numbers in order, where each is first, which one each number is, and how often each occurs. Every
    NaN counts as a different number. Gradients flow to the first of equal numbers.

    >>> [a.tolist() for a in unique_all([2, 1, 2])]
    [[1, 2], [1, 0], [1, 0, 1], [1, 2]]
    """
    x = asarray(x)
    _, at, inverse, counts = _np.unique(host(x), True, True, True, equal_nan=False)
    first = beside(x, _np.asarray(at, _np.int64))
    values = F.take(F.reshape(x, (x.size,)), first, 0)
    return UniqueAllResult(
        values, first, *(beside(x, _np.asarray(v, _np.int64)) for v in (inverse.reshape(x.shape), counts))
    )


def unique_counts(x: Any, /) -> UniqueCountsResult:
    """The different numbers and how often each occurs.

    >>> [a.tolist() for a in unique_counts([2, 1, 2])]
    [[1, 2], [1, 2]]
    """
    x = asarray(x)
    if _wants_gradient(x):
        found = unique_all(x)
        return UniqueCountsResult(found.values, found.counts)
    values, counts = _np.unique(host(x), return_counts=True, equal_nan=False)
    return UniqueCountsResult(beside(x, values), beside(x, _np.asarray(counts, _np.int64)))


def unique_inverse(x: Any, /) -> UniqueInverseResult:
    """The different numbers and, for each number of x, which of them it is (of x's shape).

    >>> [a.tolist() for a in unique_inverse([2, 1, 2])]
    [[1, 2], [1, 0, 1]]
    """
    x = asarray(x)
    if _wants_gradient(x):
        found = unique_all(x)
        return UniqueInverseResult(found.values, found.inverse_indices)
    values, inverse = _np.unique(host(x), return_inverse=True, equal_nan=False)
    return UniqueInverseResult(beside(x, values), beside(x, _np.asarray(inverse.reshape(x.shape), _np.int64)))


def unique_values(x: Any, /) -> NDArray:
    """The different numbers, in order.

    >>> unique_values([2, 1, 2]).tolist()
    [1, 2]
    """
    x = asarray(x)
    return unique_all(x).values if _wants_gradient(x) else beside(x, _np.unique(host(x), equal_nan=False))


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
) -> Any:
    """NumPy's: the different numbers (or layers along an axis) in order, with what `unique_all` gives where asked. All
    NaN count as one.

    >>> unique([2, 1, 2]).tolist()
    [1, 2]
    """
    find: Any = _np.unique
    x = asarray(ar)
    found = find(host(x), return_index, return_inverse, return_counts, axis)
    return tuple(beside(x, v) for v in found) if isinstance(found, tuple) else beside(x, found)


def isin(x1: Any, x2: Any, /, *, invert: bool = False, assume_unique: bool = False) -> NDArray:
    """Whether each number of x1 is among those of x2 (or, inverted, is not).

    >>> isin([1, 2], [2, 3]).tolist()
    [False, True]
    """
    x = asarray(x1)
    return beside(x, _np.isin(host(x), host(asarray(x2)), assume_unique, invert))


def in1d(ar1: Any, ar2: Any, assume_unique: bool = False, invert: bool = False) -> NDArray:
    """`isin` of the flattened array.

    >>> in1d([[1, 2]], [2, 3]).tolist()
    [False, True]
    """
    x = asarray(ar1)
    return isin(F.reshape(x, (x.size,)), ar2, invert=invert)


def _pair(name: str) -> Any:
    def run(ar1: Any, ar2: Any, **options: Any) -> Any:
        x = asarray(ar1)
        found = getattr(_np, name)(host(x), host(asarray(ar2)), **options)
        return tuple(beside(x, v) for v in found) if isinstance(found, tuple) else beside(x, found)

    return run


def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """The numbers that are in both, in order; with return_indices also where each is first in either.

    >>> intersect1d([1, 2], [2, 3]).tolist()
    [2]
    """
    return _pair("intersect1d")(ar1, ar2, assume_unique=assume_unique, return_indices=return_indices)


def union1d(ar1: Any, ar2: Any) -> NDArray:
    """The numbers that are in either, in order.

    >>> union1d([1, 2], [2, 3]).tolist()
    [1, 2, 3]
    """
    return _pair("union1d")(ar1, ar2)


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> NDArray:
    """The numbers that are in the first and not in the second, in order.

    >>> setdiff1d([1, 2], [2, 3]).tolist()
    [1]
    """
    return _pair("setdiff1d")(ar1, ar2, assume_unique=assume_unique)


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> NDArray:
    """The numbers that are in just one of the two, in order.

    >>> setxor1d([1, 2], [2, 3]).tolist()
    [1, 3]
    """
    return _pair("setxor1d")(ar1, ar2, assume_unique=assume_unique)
