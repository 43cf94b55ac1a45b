"""Arrays as sets of numbers: the different ones, and what two arrays share. How many there are the host looks at."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._arranging import beside
from ._convert import asarray
from ._dtypes import is_kind
from ._key import host
from ._searching import nonzero


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


def _sortable(x: NDArray) -> bool:
    """Whether `sort` orders x; it has no order of complex numbers."""
    if x._is_traced:
        host(x)  # which says why what follows cannot be traced
    return x.size > 0 and not is_kind(x, "complex floating")


def _first(line: NDArray, equal_nan: bool) -> NDArray:
    """Which numbers of an ordered vector are the first of their kind; NaN stand last, as one kind or as many."""
    before, rest = line[:-1], line[1:]
    fresh = F.not_equal(rest, before)
    if equal_nan and is_kind(line, "real floating"):
        fresh = F.logical_and(fresh, F.logical_not(F.isnan(before)))
    return F.concat(F.full(True, (1,), "bool", line._device), fresh, axis=0)


class _Found(NamedTuple):
    values: NDArray
    indices: NDArray | None
    inverse: NDArray | None
    counts: NDArray


def _find(x: NDArray, places: bool, equal_nan: bool) -> _Found:
    """The different numbers of x and how often they occur; with `places` also where each is first, and which one each
    number of x is. No gradient flows."""
    flat = F.reshape(x.detach(), (x.size,))
    order = F.argsort(flat) if places else None
    line = F.sort(flat) if order is None else F.take(flat, order, 0)
    first = _first(line, equal_nan)
    starts = host(nonzero(first)[0])
    counts = beside(x, _np.diff(starts, append=x.size))
    if order is None:
        return _Found(F.take(line, beside(x, starts), 0), None, None, counts)
    indices = F.take(order, beside(x, starts), 0)
    kind = F.subtract(F.cumsum(F.cast(first, "int64"), 0), 1)
    inverse = F.reshape(F.index_put(kind, kind, order), x.shape)
    return _Found(F.take(flat, indices, 0), indices, inverse, counts)


def unique_all(x: Any, /) -> UniqueAllResult:
    """The different numbers in order, where each is first, which one each number is, and how often each occurs. Every
    NaN counts as a different number. Gradients flow to the first of equal numbers.

    >>> [a.tolist() for a in unique_all([2, 1, 2])]
    [[1, 2], [1, 0], [1, 0, 1], [1, 2]]
    """
    x = asarray(x)
    if _sortable(x):
        found = _find(x, True, False)
        assert found.indices is not None and found.inverse is not None
        first, inverse, counts = found.indices, found.inverse, found.counts
    else:
        _, at, other, number = _np.unique(host(x), True, True, True, equal_nan=False)
        first, inverse, counts = (beside(x, _np.asarray(v, _np.int64)) for v in (at, other.reshape(x.shape), number))
    return UniqueAllResult(F.take(F.reshape(x, (x.size,)), first, 0), first, inverse, counts)


def unique_counts(x: Any, /) -> UniqueCountsResult:
    """The different numbers and how often each occurs.

    >>> [a.tolist() for a in unique_counts([2, 1, 2])]
    [[1, 2], [1, 2]]
    """
    x = asarray(x)
    if _sortable(x) and not _wants_gradient(x):
        found = _find(x, False, False)
        return UniqueCountsResult(found.values, found.counts)
    every = unique_all(x)
    return UniqueCountsResult(every.values, every.counts)


def unique_inverse(x: Any, /) -> UniqueInverseResult:
    """The different numbers and, for each number of x, which of them it is (of x's shape).

    >>> [a.tolist() for a in unique_inverse([2, 1, 2])]
    [[1, 2], [1, 0, 1]]
    """
    found = unique_all(x)
    return UniqueInverseResult(found.values, found.inverse_indices)


def unique_values(x: Any, /) -> NDArray:
    """The different numbers, in order.

    >>> unique_values([2, 1, 2]).tolist()
    [1, 2]
    """
    return unique_counts(x).values


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
    x = asarray(ar)
    if axis is None and not (return_index or return_inverse or return_counts):
        few = _core.different_numbers(x)
        if few is not None:
            return few
    if axis is None and _sortable(x):
        found = _find(x, return_index or return_inverse, True)
        asked = (True, return_index, return_inverse, return_counts)
        wanted = tuple(part for part, want in zip(found, asked, strict=True) if want)
        return wanted if len(wanted) > 1 else wanted[0]
    find: Any = _np.unique
    theirs = find(host(x), return_index, return_inverse, return_counts, axis)
    return tuple(beside(x, v) for v in theirs) if isinstance(theirs, tuple) else beside(x, theirs)


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
