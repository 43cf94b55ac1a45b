"""NumPy's functions that repeat, turn and reorder what an array holds, and those about diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._convert import asarray
from ._shared import array_in_place

Axes = int | Sequence[int]
_MOST_AXES = 8  # of an array


def beside(x: NDArray, values: Any, dtype: Any = None) -> NDArray:
    """Values that Python or NumPy worked out as an array on x's device; an array stays where it is."""
    if isinstance(values, NDArray):
        return values if dtype is None else F.cast(values, dtype)
    return asarray(values, dtype, device=x._device)


def place(name: str, x: NDArray, axis: Any) -> int:
    """The axis counted from the front; IndexError with the function's name where there is none."""
    if isinstance(axis, bool) or not isinstance(axis, (int, _np.integer)):
        raise TypeError(f"{name}: the axis must be a whole number, got {axis!r}")
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"{name}: axis {axis} is out of range for an array of shape {x.shape}")
    return int(axis) % x.ndim


def _several(nds: list[NDArray]) -> Any:
    return nds[0] if len(nds) == 1 else tuple(nds)


def atleast_1d(*arrays: Any) -> Any:
    """The array itself, a number as an array of one; of several arrays a tuple.

    >>> atleast_1d(5).shape
    (1,)
    """
    given = [asarray(a) for a in arrays]
    return _several([a if a.ndim else F.reshape(a, (1,)) for a in given])


def atleast_2d(*arrays: Any) -> Any:
    """The array itself, a vector as one row; of several arrays a tuple.

    >>> atleast_2d([1, 2]).shape
    (1, 2)
    """
    given = [asarray(a) for a in arrays]
    return _several([a if a.ndim > 1 else F.reshape(a, (1, a.size)) for a in given])


def atleast_3d(*arrays: Any) -> Any:
    """The array itself, a vector as (1, n, 1), a matrix as (m, n, 1); of several arrays a tuple.

    >>> atleast_3d([1, 2]).shape
    (1, 2, 1)
    """
    given = [asarray(a) for a in arrays]
    made = [a if a.ndim > 2 else F.expand_dims(a, 2) if a.ndim == 2 else F.reshape(a, (1, a.size, 1)) for a in given]
    return _several(made)


def repeat(a: Any, repeats: Any, axis: int | None = None) -> NDArray:
    """Every number so many times in a row (one count, or one for each), along the axis (flattened, if None).

    >>> repeat([1, 2], 2).tolist()
    [1, 1, 2, 2]
    """
    a = a if type(a) is NDArray else asarray(a)
    if axis is None:
        a, axis = a if a.ndim == 1 else F.reshape(a, (-1,) if a.size else (0,)), 0
    axis = place("repeat", a, axis)
    if type(repeats) is int and repeats >= 0:
        return _each_repeated(a, repeats, axis)
    counts = _np.asarray(repeats.asnumpy() if isinstance(repeats, NDArray) else repeats)
    if counts.dtype.kind not in "iub" or (counts < 0).any():
        raise ValueError(f"repeat: the counts must be whole numbers of at least 0, got {repeats!r}")
    if counts.size == 1:
        return _each_repeated(a, int(counts.reshape(())), axis)
    if counts.shape != (a.shape[axis],):
        raise ValueError(f"repeat: {counts.shape} counts do not fit axis {axis} of shape {a.shape}")
    return F.take(a, beside(a, _np.repeat(_np.arange(a.shape[axis]), counts)), axis)


def _each_repeated(a: NDArray, count: int, axis: int) -> NDArray:
    shape = a.shape
    wide = F.broadcast_to(F.expand_dims(a, axis + 1), (*shape[: axis + 1], count, *shape[axis + 1 :]))
    return F.reshape(wide, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))


def _repeated(shape: Sequence[int], counts: Sequence[int]) -> tuple[list[int], list[int]]:
    """The shape with an axis of its own before each part that is repeated: of length 1, and as long as its count."""
    parts: list[int] = []
    wide: list[int] = []
    for n, count in zip(shape, counts, strict=True):
        if count != 1:
            parts += [1, n]
            wide += [count, n]
        elif parts:
            parts[-1] *= n
            wide[-1] *= n
        else:
            parts, wide = [n], [n]
    return parts, wide


def tile(a: Any, reps: int | Sequence[int]) -> NDArray:
    """The array repeated so many times along each axis.

    >>> tile([1, 2], 2).tolist()
    [1, 2, 1, 2]
    """
    a = asarray(a)
    counts = [reps] if isinstance(reps, (int, _np.integer)) else [int(c) for c in reps]
    if any(c < 0 for c in counts):
        raise ValueError(f"tile: the counts must be at least 0, got {reps}")
    counts = [1] * (a.ndim - len(counts)) + counts
    shape = (1,) * (len(counts) - a.ndim) + a.shape
    parts, wide = _repeated(shape, counts)
    if len(wide) > _MOST_AXES:
        a = F.reshape(a, shape)
        for axis in range(len(shape)):
            a = tile(a, [count if k == axis else 1 for k, count in enumerate(counts)])
        return a
    shape = tuple(n * count for n, count in zip(shape, counts, strict=True))
    a = F.reshape(F.broadcast_to(F.reshape(a, parts), wide), shape)
    is_view = all(c == 1 for c in counts) or any(s == 0 and n > 1 for s, n in zip(a._strides, shape, strict=True))
    return F.copy(a) if is_view else a


def roll(a: Any, shift: Any, axis: Any = None) -> NDArray:
    """Numbers moved on by `shift` places; those pushed out come in at the other end. Several axes take several shifts.

    >>> roll([1, 2, 3], 1).tolist()
    [3, 1, 2]
    """
    a = a if type(a) is NDArray else asarray(a)
    if axis is None:
        if not a.size:
            return F.copy(a)
        total = shift if isinstance(shift, int) else int(_np.sum(shift))
        return _rolled(a, total, 0) if a.ndim == 1 else F.reshape(_rolled(F.reshape(a, (-1,)), total, 0), a.shape)
    if type(shift) is int and type(axis) is int:
        return _rolled(a, shift, place("roll", a, axis))
    pairs = _np.broadcast(_np.asarray(shift), _np.asarray(axis))
    if pairs.ndim > 1:
        raise ValueError(f"roll: shift and axis must be numbers or lists of them, got {shift} and {axis}")
    result = a
    for by, k in pairs:
        result = _rolled(result, int(by), place("roll", a, int(k)))
    return F.copy(a) if result is a else result


def _rolled(a: NDArray, by: int, axis: int) -> NDArray:
    n = a.shape[axis]
    by = by % n if n else 0
    if not by:
        return F.copy(a)
    if axis == 0:
        return F.concat(a[n - by :], a[: n - by])
    before = (slice(None),) * axis
    return F.concat(a[(*before, slice(n - by, n))], a[(*before, slice(0, n - by))], axis=axis)


def swapaxes(a: Any, axis1: int, axis2: int) -> NDArray:
    """Two axes exchanged. A view.

    >>> swapaxes([[1, 2]], 0, 1).shape
    (2, 1)
    """
    return asarray(a).swapaxes(axis1, axis2)


def moveaxis(a: Any, source: Axes, destination: Axes) -> NDArray:
    """Axes moved to other places, the others keep their order. A view.

    >>> moveaxis([[[1, 2]]], 2, 0).shape
    (2, 1, 1)
    """
    a = asarray(a)
    origin = [place("moveaxis", a, k) for k in ([source] if isinstance(source, int) else source)]
    target = [place("moveaxis", a, k) for k in ([destination] if isinstance(destination, int) else destination)]
    if len(origin) != len(target) or len(set(origin)) != len(origin) or len(set(target)) != len(target):
        raise ValueError(f"moveaxis: {source} cannot be moved to {destination} in shape {a.shape}")
    order = [k for k in range(a.ndim) if k not in origin]
    for to, which in sorted(zip(target, origin, strict=True)):
        order.insert(to, which)
    return F.transpose(a, order)


def rollaxis(a: Any, axis: int, start: int = 0) -> NDArray:
    """One axis moved before the axis `start`. A view.

    >>> rollaxis([[[1, 2]]], 2).shape
    (2, 1, 1)
    """
    a = asarray(a)
    axis = place("rollaxis", a, axis)
    start = start + a.ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


def fliplr(m: Any) -> NDArray:
    """Columns in reversed order. A view.

    >>> fliplr([[1, 2]]).tolist()
    [[2, 1]]
    """
    return F.flip(m, 1)


def flipud(m: Any) -> NDArray:
    """Rows in reversed order. A view.

    >>> flipud([[1], [2]]).tolist()
    [[2], [1]]
    """
    return F.flip(m, 0)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> NDArray:
    """Turned by k quarter turns in the plane of two axes, from the first towards the second. A view.

    >>> rot90([[1, 2], [3, 4]]).tolist()
    [[2, 4], [1, 3]]
    """
    m = asarray(m)
    first, second = (place("rot90", m, axis) for axis in axes)
    if first == second:
        raise ValueError(f"rot90: the axes must differ, got {axes} for shape {m.shape}")
    k %= 4
    if k == 2:
        return F.flip(m, (first, second))
    if k == 1:
        return swapaxes(F.flip(m, second), first, second)
    return F.flip(swapaxes(m, first, second), second) if k == 3 else m


def broadcast_shapes(*shapes: Any) -> tuple[int, ...]:
    """The common shape of shapes that are broadcast against each other.

    >>> broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    try:
        return _np.broadcast_shapes(*shapes)
    except ValueError:
        raise ValueError(f"broadcast_shapes: {', '.join(map(str, shapes))} do not fit together") from None


def broadcast_arrays(*arrays: Any) -> tuple[NDArray, ...]:
    """All arrays as views of their common shape.

    >>> [x.shape for x in broadcast_arrays([1], [1, 2])]
    [(2,), (2,)]
    """
    given = [asarray(a) for a in arrays]
    shape = broadcast_shapes(*(a.shape for a in given))
    return tuple(F.broadcast_to(a, shape) for a in given)


def diag(v: Any, k: int = 0) -> NDArray:
    """The k-th diagonal of a matrix (a copy), or a matrix with the vector v on its k-th diagonal.

    >>> diag([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    v = asarray(v)
    if v.ndim == 2:
        return F.copy(F.diagonal(v, k))
    if v.ndim != 1:
        raise ValueError(f"diag: expected a vector or a matrix, got shape {v.shape}")
    n = v.shape[0] + abs(k)
    return F._put_diagonal(v, F.broadcast_to(F.zeros((), v._dtype_name, v._device), (n, n)), k)


def diagflat(v: Any, k: int = 0) -> NDArray:
    """A matrix with all numbers of v, in order, on its k-th diagonal.

    >>> diagflat([[1], [2]]).tolist()
    [[1, 0], [0, 2]]
    """
    v = asarray(v)
    return diag(F.reshape(v, (v.size,)), k)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> NDArray:
    """The diagonal of the matrices that lie on two axes, as the last axis. A view.

    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    return F.diagonal(a, offset, axis1, axis2)


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> NDArray:
    """The sum of the diagonal of the matrices that lie on two axes.

    >>> int(trace([[1, 2], [3, 4]]))
    5
    """
    line = F.diagonal(a, offset, axis1, axis2)
    found = F.sum(line if dtype is None else F.cast(line, dtype), -1)
    return found if dtype is None else F.cast(found, dtype)


def fill_diagonal(a: NDArray, val: Any, wrap: bool = False) -> None:
    """Writes val on the main diagonal of the array itself: a matrix, or an array with axes of one length. wrap: of a
    matrix with more rows than columns also on the diagonals below.

    >>> from dlcore import np
    >>> x = np.zeros((2, 2)); fill_diagonal(x, 3.0); x.tolist()
    [[3.0, 0.0], [0.0, 3.0]]
    """
    if array_in_place("fill_diagonal", a).ndim < 2:
        raise ValueError(f"fill_diagonal: expected an array with 2 or more axes, got shape {a.shape}")
    if a.ndim > 2 and len(set(a.shape)) > 1:
        raise ValueError(f"fill_diagonal: beyond matrices all axes must be equally long, got shape {a.shape}")
    if wrap and a.ndim == 2:
        a[_np.unravel_index(_np.arange(0, a.size, a.shape[1] + 1), a.shape)] = val
        return
    at = _np.arange(min(a.shape))
    a[(at,) * a.ndim] = val


def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[NDArray, NDArray]:
    """The places of the lower triangle of an (n, m) matrix: rows and columns.

    >>> [i.tolist() for i in tril_indices(2)]
    [[0, 1, 1], [0, 0, 1]]
    """
    rows, columns = _np.tril_indices(n, k, m)
    return asarray(rows), asarray(columns)


def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[NDArray, NDArray]:
    """The places of the upper triangle of an (n, m) matrix: rows and columns.

    >>> [i.tolist() for i in triu_indices(2)]
    [[0, 0, 1], [0, 1, 1]]
    """
    rows, columns = _np.triu_indices(n, k, m)
    return asarray(rows), asarray(columns)


def diag_indices_from(arr: Any) -> tuple[NDArray, ...]:
    """The places of the main diagonal of an array whose axes are all equally long.

    >>> [i.tolist() for i in diag_indices_from([[1, 2], [3, 4]])]
    [[0, 1], [0, 1]]
    """
    x = asarray(arr)
    if x.ndim < 2 or len(set(x.shape)) != 1:
        raise ValueError(f"diag_indices_from: expected 2 or more axes of one length, got shape {x.shape}")
    return diag_indices(x.shape[0], x.ndim)


def diag_indices(n: int, ndim: int = 2) -> tuple[NDArray, ...]:
    """The places of the main diagonal of an array with `ndim` axes of length n.

    >>> [i.tolist() for i in diag_indices(2)]
    [[0, 1], [0, 1]]
    """
    return (F.arange(0, n, 1, "int64"),) * ndim
