"""Functions of `dlcore.np` that choose, find and order numbers.

Functions whose result's shape depends on values (nonzero, ...) look at the numbers on the host.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._arranging import beside, broadcast_arrays, place
from ._convert import asarray
from ._dtypes import is_inexact, is_kind
from ._key import back, host, places
from ._shared import array_in_place


def _flat(x: NDArray) -> NDArray:
    return F.reshape(x, (x.size,))


def _host(x: Any) -> _np.ndarray:
    return host(asarray(x))


def _holding(condition: NDArray, x: NDArray) -> NDArray:
    """The places at which the condition holds, on x's device."""
    (found,) = places(condition, flat=True)
    return back(x, found) if isinstance(found, NDArray) else beside(x, found)


def where(condition: Any, x: Any = None, y: Any = None, /) -> Any:
    """x where the condition holds (is not zero), else y; with the condition alone the places where it holds.

    >>> where([True, False], 1.0, 2.0).tolist()
    [1.0, 2.0]
    """
    condition = asarray(condition)
    if (x is None) != (y is None):
        raise ValueError("where: give both x and y or neither")
    if x is None:
        return nonzero(condition)
    if condition._dtype_name != "bool":
        condition = F.not_equal(condition, 0)
    return F.where(condition, x, y)


def nonzero(a: Any) -> tuple[NDArray, ...]:
    """The places of all numbers that are not zero, one array for each axis. ValueError for a 0-d array.

    >>> nonzero([0.0, 3.0])[0].tolist()
    [1]
    """
    a = asarray(a)
    if not a.ndim:
        raise ValueError("nonzero: a 0-d array has no places; use atleast_1d(x)")
    return tuple(beside(a, i) for i in places(a))


def argwhere(a: Any) -> NDArray:
    """The places of all numbers that are not zero, one row each.

    >>> argwhere([[0.0, 3.0]]).tolist()
    [[0, 1]]
    """
    a = asarray(a)
    if not a.ndim:
        return beside(a, _np.argwhere(host(a)))
    return F.stack(*nonzero(a), axis=-1)


def flatnonzero(a: Any) -> NDArray:
    """The places of all numbers that are not zero, counted in order.

    >>> flatnonzero([[0, 1], [2, 0]]).tolist()
    [1, 2]
    """
    a = asarray(a)
    return beside(a, *places(a, flat=True))


def extract(condition: Any, arr: Any) -> NDArray:
    """The numbers of arr at which the condition (of its size) holds.

    >>> extract([True, False], [1.0, 2.0]).tolist()
    [1.0]
    """
    condition, arr = asarray(condition), asarray(arr)
    if condition.size != arr.size:
        raise ValueError(f"extract: shapes {condition.shape} and {arr.shape} have different sizes")
    return F.take(_flat(arr), _holding(condition, arr), 0)


def compress(condition: Any, a: Any, axis: int | None = None, out: NDArray | None = None) -> NDArray:
    """The layers along the axis (the flattened numbers, if None) at which the condition, a vector, holds.

    >>> compress([False, True], [[1, 2], [3, 4]], axis=0).tolist()
    [[3, 4]]
    """
    a = asarray(a)
    return take(a, _holding(asarray(condition), a), axis, out=out)


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise", out: NDArray | None = None) -> NDArray:
    """Layers of a along the axis (of the flattened array, if None). mode: what an index out of range does: "raise",
    "wrap" around or "clip" to the ends.

    >>> take([10, 20, 30], [0, -1]).tolist()
    [10, 30]
    """
    a = a if type(a) is NDArray else asarray(a)
    indices = indices if type(indices) is NDArray else beside(a, indices)
    if axis is None:
        a, axis = a if a.ndim == 1 else _flat(a), 0
    plain = mode == "raise" and out is None and indices._dtype_name == "int64"
    if plain and type(axis) is int and -a.ndim <= axis < a.ndim:  # as most calls are
        return F.take(a, indices, axis)
    if is_kind(indices, "real floating"):  # classic code has its indices in float32
        indices = F.cast(indices, "int64")
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"take: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    n = a.shape[place("take", a, axis)]
    if mode != "raise":
        indices = F.remainder(indices, n) if mode == "wrap" else F.clip(indices, 0, n - 1)
    if out is None:
        return F.take(a, indices, axis)
    return F.cast(F.take(a, indices, axis), array_in_place("take", out, "out")._dtype_name, out=out)


def take_along_axis(x: Any, indices: Any, /, axis: int | None = -1) -> NDArray:
    """For each line along the axis, its numbers at that line's own indices; the other axes are broadcast.

    >>> take_along_axis([[1, 2]], [[1]], 1).tolist()
    [[2]]
    """
    x = asarray(x)
    indices = beside(x, indices)
    if axis is None:
        return F.take_along_axis(_flat(x), _flat(indices), 0)
    if x.ndim != indices.ndim:
        raise ValueError(f"take_along_axis: shapes {x.shape} and {indices.shape} must have equally many axes")
    axis = place("take_along_axis", x, axis)
    pairs = zip(x.shape, indices.shape, strict=True)
    lead = [m if n == 1 and k != axis else n for k, (n, m) in enumerate(pairs)]
    x = F.broadcast_to(x, lead)
    return F.take_along_axis(x, F.broadcast_to(indices, [
        m if k == axis else n for k, (n, m) in enumerate(zip(lead, indices.shape, strict=True))]), axis)  # fmt: skip


def choose(a: Any, choices: Sequence[Any], out: NDArray | None = None, mode: str = "raise") -> NDArray:
    """For each place the number of the array that a names: choices[a[i]][i], all broadcast together. mode: what a
    number that names none is, an error or ("wrap", "clip") counted round or the nearest.

    >>> choose([0, 1], [[1.0, 2.0], [3.0, 4.0]]).tolist()
    [1.0, 4.0]
    """
    which, *arrays = broadcast_arrays(a, *choices)
    if not arrays:
        raise ValueError("choose: expected at least one array of choices, got none")
    if is_inexact(which):
        raise TypeError(f"choose: expected whole numbers that name one of {len(arrays)} arrays, got {which.dtype}")
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"choose: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    which = F.cast(which, "int64")
    if mode != "raise":
        n = len(arrays)
        which = F.remainder(which, n) if mode == "wrap" else F.clip(which, 0, n - 1)
    elif not _core.is_tracing() and which.size:
        for index in (int(F.min(which)), int(F.max(which))):
            if not 0 <= index < len(arrays):
                raise IndexError(f"choose: index {index} is out of range for {len(arrays)} arrays")
    found = F.take_along_axis(F.stack(*arrays, axis=0), F.expand_dims(which, 0), 0)[0]
    return found if out is None else F.cast(found, out._dtype_name, out=out)


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> NDArray:
    """For each place the number of the array whose condition is the first that holds there, else the default.

    >>> select([[True, False]], [[1.0, 2.0]], 9.0).tolist()
    [1.0, 9.0]
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(f"select: {len(condlist)} conditions for {len(choicelist)} choices")
    found = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        found = where(condition, choice, found)
    return found


def sort(
    a: Any, axis: int | None = -1, kind: str | None = None, *, descending: bool = False, stable: bool = True
) -> NDArray:
    """The numbers along the axis in order (all of them, if None), NaN last. Always stable.

    >>> sort([3, 1, 2]).tolist()
    [1, 2, 3]
    """
    a = asarray(a)
    return F.sort(_flat(a), 0, descending) if axis is None else F.sort(a, axis, descending)


def argsort(
    a: Any, axis: int | None = -1, kind: str | None = None, *, descending: bool = False, stable: bool = True
) -> NDArray:
    """The positions that would sort the axis (the flattened numbers, if None); equal numbers keep their order.

    >>> argsort([3, 1, 2]).tolist()
    [1, 2, 0]
    """
    a = asarray(a)
    return F.argsort(_flat(a), 0, descending) if axis is None else F.argsort(a, axis, descending)


def msort(a: Any) -> NDArray:
    """The numbers sorted along the first axis.

    >>> msort([3, 1, 2]).tolist()
    [1, 2, 3]
    """
    return sort(a, 0)


def lexsort(keys: Any, axis: int = -1) -> NDArray:
    """The positions that sort by several keys, the last one first.

    >>> lexsort(([1, 0, 0], [1, 2, 1])).tolist()
    [2, 0, 1]
    """
    return asarray(_np.lexsort([_host(k) for k in keys], axis))


def searchsorted(x1: Any, x2: Any, /, side: str = "left", sorter: Any = None) -> NDArray:
    """Where each number of x2 would have to be put into the vector x1 to keep it in order ("left": before equal
    numbers, "right": after them); `sorter` are the positions that sort x1. int64, of x2's shape.

    >>> searchsorted([1.0, 3.0], [2.0]).tolist()
    [1]
    """
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side must be 'left' or 'right', got {side!r}")
    a = asarray(x1)
    if a.ndim != 1:
        raise ValueError(f"searchsorted: expected a vector to search in, got shape {a.shape}")
    if sorter is not None:
        a = F.take(a, sorter, 0)
    return F._searchsorted(a, beside(a, x2), side == "right")


def digitize(x: Any, bins: Any, right: bool = False) -> NDArray:
    """In which of the bins (edges that rise or fall) each number lies: bins[i-1] <= x < bins[i].

    >>> digitize([0.5, 1.5], [0.0, 1.0]).tolist()
    [1, 2]
    """
    edges = _host(bins)
    steps = _np.diff(edges)
    if edges.ndim != 1 or not ((steps >= 0).all() or (steps <= 0).all()):
        raise ValueError(f"digitize: the bins must be a vector that rises or falls, got shape {edges.shape}")
    x = asarray(x)
    if edges.size > 1 and edges[0] > edges[-1]:
        return F.subtract(edges.size, F._searchsorted(beside(x, edges[::-1]), x, not right))
    return F._searchsorted(beside(x, edges), x, not right)


def _whole_places(name: str, places: Any) -> _np.ndarray:
    found = _host(places)
    if found.dtype.kind not in "iu" and found.size:
        raise TypeError(f"{name}: expected whole numbers that name places, got {found.dtype}")
    return found.astype(_np.int64, copy=False)


def ravel_multi_index(multi_index: Sequence[Any], dims: Sequence[int], mode: str = "raise") -> NDArray:
    """The flat places in an array of shape `dims` of places given axis by axis.

    >>> int(ravel_multi_index((1, 0), (2, 3)))
    3
    """
    places, shape = [_whole_places("ravel_multi_index", i) for i in multi_index], tuple(map(operator.index, dims))
    if len(places) != len(shape):
        raise ValueError(f"ravel_multi_index: expected places for {len(shape)} axes, shape {shape}, got {len(places)}")
    for axis, (one, n) in enumerate(zip(places, shape, strict=True)):
        wrong = one[(one < 0) | (one >= n)]
        if wrong.size and mode == "raise":
            found = f"index {wrong[0]} is out of range for axis {axis} of size {n}"
            raise IndexError(f"ravel_multi_index: {found} (shape {shape})")
    try:
        join: Any = _np.ravel_multi_index
        found = join(tuple(places), shape, mode)
    except ValueError as error:  # a mode that there is not, a shape of too many places, places of several shapes
        raise ValueError(f"ravel_multi_index: {error}, for shape {shape}") from None
    return asarray(_np.asarray(found, _np.int64))


def unravel_index(indices: Any, shape: Sequence[int]) -> tuple[NDArray, ...]:
    """The places axis by axis in an array of that shape, of flat places.

    >>> [int(i) for i in unravel_index(3, (2, 3))]
    [1, 0]
    """
    try:
        found = _np.unravel_index(_whole_places("unravel_index", indices), shape)
    except ValueError as error:
        raise IndexError(f"unravel_index: {error}, for shape {tuple(shape)}") from None
    return tuple(asarray(_np.asarray(i, _np.int64)) for i in found)


def partition(a: Any, kth: Any, axis: int | None = -1) -> NDArray:
    """The numbers along the axis so that those before place kth are not larger and those after it not smaller (here:
    sorted).

    >>> float(partition([3.0, 1.0, 2.0], 0)[0])
    1.0
    """
    _check_kth("partition", a, kth, axis)
    return sort(a, axis)


def argpartition(a: Any, kth: Any, axis: int | None = -1) -> NDArray:
    """The positions that `partition` would take the numbers from.

    >>> int(argpartition([3.0, 1.0, 2.0], 0)[0])
    1
    """
    _check_kth("argpartition", a, kth, axis)
    return argsort(a, axis)


def _check_kth(name: str, a: Any, kth: Any, axis: int | None) -> None:
    x = asarray(a)
    n = x.size if axis is None else x.shape[place(name, x, axis)]
    if any(not -n <= k < n for k in _np.atleast_1d(kth)):
        raise IndexError(f"{name}: place {kth} is out of range for {n} numbers")


def nanargmax(a: Any, axis: int | None = None, out: NDArray | None = None, *, keepdims: bool = False) -> NDArray:
    """Where the largest number is that is not NaN; ValueError where there are only NaN.

    >>> int(nanargmax([1.0, float("nan")]))
    0
    """
    found = _nanarg("nanargmax", F.argmax, float("-inf"), a, axis, keepdims)
    return found if out is None else F.cast(found, out._dtype_name, out=out)


def nanargmin(a: Any, axis: int | None = None, out: NDArray | None = None, *, keepdims: bool = False) -> NDArray:
    """Where the smallest number is that is not NaN; ValueError where there are only NaN.

    >>> int(nanargmin([1.0, float("nan")]))
    0
    """
    found = _nanarg("nanargmin", F.argmin, float("inf"), a, axis, keepdims)
    return found if out is None else F.cast(found, out._dtype_name, out=out)


def _nanarg(name: str, find: Any, instead: float, a: Any, axis: int | None, keepdims: bool) -> NDArray:
    x = asarray(a)
    if not is_inexact(x):
        return find(x, axis, keepdims)
    missing = F.isnan(x)
    if bool(F.any(F.all(missing, axis))):
        raise ValueError(f"{name}: only NaN along axis {axis} of shape {x.shape}")
    return find(F.where(missing, instead, x), axis, keepdims)
