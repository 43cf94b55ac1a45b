"""NumPy's functions that join, cut, repeat and reorder, written with the shape operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._core import NDArray
from ..ops import F
from ._convert import asarray


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> NDArray:
    """Arrays joined along an axis they have (all flattened first, if None).

    >>> concatenate([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    given = [asarray(a) for a in arrays]
    if axis is None:
        given, axis = [F.reshape(a, (-1,)) for a in given], 0
    return F.concat(*given, axis=axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> NDArray:
    """Arrays of one shape joined along a new axis.

    >>> stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    return F.stack(*arrays, axis=axis)


def atleast_1d(a: Any) -> NDArray:
    """The array itself, a number as an array of one.

    >>> atleast_1d(5).shape
    (1,)
    """
    a = asarray(a)
    return a if a.ndim else F.reshape(a, (1,))


def atleast_2d(a: Any) -> NDArray:
    """The array itself, a vector as one row.

    >>> atleast_2d([1, 2]).shape
    (1, 2)
    """
    a = atleast_1d(a)
    return a if a.ndim > 1 else F.expand_dims(a, 0)


def vstack(arrays: Sequence[Any]) -> NDArray:
    """Joined along the first axis; vectors are rows.

    >>> vstack([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    return F.concat(*[atleast_2d(a) for a in arrays], axis=0)


def hstack(arrays: Sequence[Any]) -> NDArray:
    """Joined along the second axis, vectors along their only one.

    >>> hstack([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    given = [atleast_1d(a) for a in arrays]
    return F.concat(*given, axis=0 if given[0].ndim == 1 else 1)


def split(a: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[NDArray]:
    """Cut along the axis into equal parts, or before the given positions. Views.

    >>> [p.tolist() for p in split([1, 2, 3, 4], [1, 3])]
    [[1], [2, 3], [4]]
    """
    a = asarray(a)
    if isinstance(indices_or_sections, int):
        return list(F.split(a, indices_or_sections, axis))
    cuts = [0, *(min(max(i, 0), a.shape[axis]) for i in indices_or_sections), a.shape[axis]]
    return list(F.split(a, 0, axis, [max(e - s, 0) for s, e in zip(cuts[:-1], cuts[1:], strict=True)]))


def repeat(a: Any, repeats: int, axis: int | None = None) -> NDArray:
    """Every number so many times in a row, along the axis (of the flattened array, if None).

    >>> repeat([1, 2], 2).tolist()
    [1, 1, 2, 2]
    """
    a = asarray(a)
    if axis is None:
        a, axis = F.reshape(a, (-1,)), 0
    axis %= a.ndim
    shape = a.shape
    wide = F.broadcast_to(F.expand_dims(a, axis + 1), (*shape[: axis + 1], repeats, *shape[axis + 1 :]))
    return F.reshape(wide, (*shape[:axis], shape[axis] * repeats, *shape[axis + 1 :]))


def tile(a: Any, reps: int | Sequence[int]) -> NDArray:
    """The array repeated so many times along each axis.

    >>> tile([1, 2], 2).tolist()
    [1, 2, 1, 2]
    """
    a = asarray(a)
    counts = [reps] if isinstance(reps, int) else list(reps)
    counts = [1] * (a.ndim - len(counts)) + counts
    shape = (1,) * (len(counts) - a.ndim) + a.shape
    split_shape = [n for pair in zip([1] * len(shape), shape, strict=True) for n in pair]
    wide_shape = [n for pair in zip(counts, shape, strict=True) for n in pair]
    wide = F.broadcast_to(F.reshape(a, split_shape), wide_shape)
    return F.reshape(wide, [c * n for c, n in zip(counts, shape, strict=True)])


def pad(a: Any, pad_width: Any, mode: str = "constant", constant_values: float = 0.0) -> NDArray:
    """Numbers added at the ends of the axes: constants, the "edge" number, or a mirror image ("reflect").

    pad_width: a number, (before, after), or one such pair for each axis.

    >>> pad([1.0, 2.0], 1).tolist()
    [0.0, 1.0, 2.0, 0.0]
    """
    a = asarray(a)
    widths = [(pad_width, pad_width)] if isinstance(pad_width, int) else pad_width
    widths = [tuple(widths)] if isinstance(widths[0], int) else [tuple(w) for w in widths]
    widths = widths * a.ndim if len(widths) == 1 else widths
    if len(widths) != a.ndim:
        raise ValueError(f"pad: {len(widths)} widths for an array of shape {a.shape}")
    if mode == "constant":
        return F.pad(a, [w[0] for w in widths], [w[1] for w in widths], constant_values)
    if mode not in ("edge", "reflect"):
        raise ValueError(f"pad: mode must be 'constant', 'edge' or 'reflect', got {mode!r}")
    for axis, (before, after) in enumerate(widths):
        n = a.shape[axis]
        places = [_outside(i, n, mode) for i in range(-before, n + after)]
        if before or after:
            a = F.take(a, places, axis)
    return a


def _outside(i: int, n: int, mode: str) -> int:
    if mode == "edge":
        return min(max(i, 0), n - 1)
    period = max(2 * (n - 1), 1)
    i %= period
    return i if i < n else period - i


def roll(a: Any, shift: int, axis: int | None = None) -> NDArray:
    """Numbers moved on by `shift` places; those pushed out come in at the other end.

    >>> roll([1, 2, 3], 1).tolist()
    [3, 1, 2]
    """
    a = asarray(a)
    if axis is None:
        return F.reshape(roll(F.reshape(a, (-1,)), shift, 0), a.shape)
    n = a.shape[axis]
    shift = shift % n if n else 0
    if shift == 0:
        return F.copy(a)
    rest, end = F.split(a, 0, axis, [n - shift, shift])
    return F.concat(end, rest, axis=axis)


def swapaxes(a: Any, axis1: int, axis2: int) -> NDArray:
    """Two axes exchanged. A view.

    >>> swapaxes([[1, 2]], 0, 1).shape
    (2, 1)
    """
    return asarray(a).swapaxes(axis1, axis2)


def moveaxis(a: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> NDArray:
    """Axes moved to other places, the others keep their order. A view.

    >>> moveaxis([[[1, 2]]], 2, 0).shape
    (2, 1, 1)
    """
    a = asarray(a)
    origin = [k % a.ndim for k in ([source] if isinstance(source, int) else source)]
    target = [k % a.ndim for k in ([destination] if isinstance(destination, int) else destination)]
    order = [k for k in range(a.ndim) if k not in origin]
    for to, which in sorted(zip(target, origin, strict=True)):
        order.insert(to, which)
    return F.transpose(a, order)


def diag(v: Any, k: int = 0) -> NDArray:
    """The k-th diagonal of a matrix, or a matrix with v on its k-th diagonal.

    >>> diag([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    v = asarray(v)
    if v.ndim == 1:
        n = v.shape[0] + abs(k)
        return F.where(F.eye(n, n, k, "bool", v._device), _on_rows(v, n, k), F.zeros((), v.dtype, v._device))
    n, m = v.shape
    length = max(min(n, m - k) if k >= 0 else min(n + k, m), 0)
    rows = F.arange(max(-k, 0), max(-k, 0) + length, 1, "int64", v._device)
    return F.gather_nd(v, rows, F.add(rows, k))


def _on_rows(v: NDArray, n: int, k: int) -> NDArray:
    """v as a row that is repeated, shifted so that its numbers lie on the k-th diagonal."""
    return F.expand_dims(F.pad(v, (max(k, 0),), (max(-k, 0),)), 0)


def diff(a: Any, n: int = 1, axis: int = -1) -> NDArray:
    """Differences of neighbours along the axis, n times.

    >>> diff([1, 4, 9]).tolist()
    [3, 5]
    """
    a = asarray(a)
    for _ in range(n):
        length = a.shape[axis]
        start = [0] * a.ndim
        size = list(a.shape)
        size[axis] = max(length - 1, 0)
        low = F.slice(a, start, size)
        start[axis] = min(1, length)
        a = F.subtract(F.slice(a, start, size), low)
    return a


def meshgrid(*xi: Any, indexing: str = "xy") -> list[NDArray]:
    """One array for each coordinate of a grid.

    >>> [g.shape for g in meshgrid([1, 2, 3], [4, 5])]
    [(2, 3), (2, 3)]
    """
    swapped = indexing == "xy" and len(xi) > 1
    given = [F.reshape(x, (-1,)) for x in xi]
    if swapped:
        given[0], given[1] = given[1], given[0]
    shape = tuple(g.shape[0] for g in given)
    n = len(given)
    rows = [F.reshape(g, [-1 if k == i else 1 for k in range(n)]) for i, g in enumerate(given)]
    out = [F.copy(F.broadcast_to(row, shape)) for row in rows]
    if swapped:
        out[0], out[1] = out[1], out[0]
    return out
