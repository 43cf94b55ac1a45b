"""Grids and index helpers written in square brackets (mgrid, r_, ix_, ...), and writing at positions as NumPy does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._arranging import beside, place, tile, tril_indices, triu_indices
from ._convert import asarray
from ._creation import arange, linspace, meshgrid, zeros
from ._joining import concatenate
from ._shared import array_in_place


def _line(part: slice) -> NDArray:
    """start:stop:step as a vector; an imaginary step says how many numbers, the stop among them."""
    start = 0 if part.start is None else part.start
    if part.stop is None:
        raise ValueError("a grid's slice needs an end: mgrid[0:5]")
    if isinstance(part.step, complex):
        return linspace(start, part.stop, int(abs(part.step)))
    return arange(start, part.stop, 1 if part.step is None else part.step)


class _Grid:
    """`mgrid[0:3, 0:2]`: the coordinates of a grid's points. A step such as 5j gives five points, ends included."""

    def __init__(self, sparse: bool) -> None:
        self.sparse = sparse

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _line(key)
        grid = meshgrid(*map(_line, key), indexing="ij", sparse=self.sparse)
        return grid if self.sparse else F.stack(*grid, axis=0)


class _Joined:
    """`r_[1:4, 0, [5, 6]]`: slices, numbers and arrays one after another (`c_`: as columns)."""

    def __init__(self, columns: bool) -> None:
        self.columns = columns

    def __getitem__(self, key: Any) -> NDArray:
        parts = [_line(k) if isinstance(k, slice) else asarray(k) for k in (key if isinstance(key, tuple) else (key,))]
        if not self.columns:
            return concatenate([F.reshape(p, (1,)) if not p.ndim else p for p in parts])
        return concatenate([F.reshape(p, (-1, 1)) if p.ndim < 2 else p for p in parts], 1)


class _Expression:
    """`s_[1:3, None]`: what stands in the brackets, for later use as an index (`index_exp`: always a tuple)."""

    def __init__(self, always_tuple: bool) -> None:
        self.always_tuple = always_tuple

    def __getitem__(self, key: Any) -> Any:
        return (key,) if self.always_tuple and not isinstance(key, tuple) else key


mgrid, ogrid = _Grid(False), _Grid(True)
r_, c_ = _Joined(False), _Joined(True)
s_, index_exp = _Expression(False), _Expression(True)


def ix_(*args: Any) -> tuple[NDArray, ...]:
    """Index arrays that together choose rows, columns, ...: x[ix_([0, 2], [1])] has shape (2, 1).

    >>> [i.shape for i in ix_([0, 2], [1])]
    [(2, 1), (1, 1)]
    """
    out = []
    for k, given in enumerate(args):
        v = asarray(given)
        if v.ndim != 1:
            raise ValueError(f"ix_: expected vectors, got shape {v.shape}")
        v = asarray(_np.flatnonzero(v.asnumpy())) if v._dtype_name == "bool" else v if v.size else F.cast(v, "int64")
        out.append(F.reshape(v, [v.size if j == k else 1 for j in range(len(args))]))
    return tuple(out)


def put_along_axis(arr: NDArray, indices: Any, values: Any, axis: int | None) -> None:
    """Writes values (broadcast) into arr itself, in each line along the axis at that line's own indices.

    >>> x = zeros((1, 3)); put_along_axis(x, [[1]], 5.0, 1); x.tolist()
    [[0.0, 5.0, 0.0]]
    """
    indices = beside(arr, indices)
    if axis is None:
        return put(arr, F.reshape(indices, (indices.size,)), values)
    axis = place("put_along_axis", arr, axis)
    if indices.ndim != arr.ndim:
        raise ValueError(f"put_along_axis: shapes {arr.shape} and {indices.shape} must have equally many axes")
    where = [
        F.reshape(arange(n, dtype="int64", device=arr._device), [-1 if j == k else 1 for j in range(arr.ndim)])
        for k, n in enumerate(arr.shape)
    ]
    where[axis] = indices
    arr[tuple(where)] = values
    return None


def put(a: NDArray, ind: Any, v: Any, mode: str = "raise") -> None:
    """Writes values (repeated if there are too few) into a itself, at flat positions. mode: what a position out of
    range is, an error or ("wrap", "clip") counted round or the nearest.

    >>> x = zeros(3); put(x, [0, 2], [5.0, 6.0]); x.tolist()
    [5.0, 0.0, 6.0]
    """
    ind, v = asarray(ind), beside(array_in_place("put", a), v)
    if not ind.size:
        return
    if not v.size:
        raise ValueError(f"put: no values for {ind.size} positions")
    flat = F.reshape(v, (v.size,))
    count = ind.size
    values = F.take(flat, beside(flat, _np.arange(count) % v.size), 0)
    spots = F.reshape(ind, (count,)).asnumpy()
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"put: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    wrong = spots[(spots < -a.size) | (spots >= a.size)]
    if wrong.size and (mode == "raise" or not a.size):
        raise IndexError(f"put: index {wrong[0]} is out of range for size {a.size} (array of shape {a.shape})")
    if mode == "clip":
        spots = _np.clip(spots, 0, a.size - 1)
    a[tuple(beside(a, i) for i in _np.unravel_index(spots % a.size, a.shape))] = values


def copyto(dst: NDArray, src: Any, casting: str = "unsafe", where: Any = True) -> None:
    """Writes the numbers of src, broadcast and cast, into dst; where a mask is False dst keeps its own.

    >>> x = zeros(2); copyto(x, [1, 2]); x.tolist()
    [1.0, 2.0]
    """
    target = array_in_place("copyto", dst, "dst")
    given = beside(target, src)
    if casting != "unsafe" and not _np.can_cast(given.dtype, target.dtype, casting):  # type: ignore[arg-type]
        raise TypeError(f"copyto: {given.dtype} does not fit into {target.dtype} with casting {casting!r}")
    target[...] = src if where is True else F.where(where, F.cast(given, target._dtype_name), target)


def putmask(a: NDArray, mask: Any, values: Any) -> None:
    """Writes into a itself where the mask (of a's shape) holds the number of values at that place (repeated).

    >>> x = zeros(3); putmask(x, [True, False, True], [1.0, 2.0, 3.0]); x.tolist()
    [1.0, 0.0, 3.0]
    """
    mask, values = asarray(mask), beside(array_in_place("putmask", a), values)
    if mask.shape != a.shape:
        raise ValueError(f"putmask: mask of shape {mask.shape} for an array of shape {a.shape}")
    spots = _np.flatnonzero(mask.asnumpy())
    if spots.size:
        put(a, spots, F.take(F.reshape(values, (values.size,)), beside(values, spots % values.size), 0))


def resize(a: Any, new_shape: int | Sequence[int]) -> NDArray:
    """A new shape filled with a's numbers in order, again from the start where they run out.

    >>> resize([1, 2, 3], (2, 2)).tolist()
    [[1, 2], [3, 1]]
    """
    a = asarray(a)
    shape = (new_shape,) if isinstance(new_shape, int) else tuple(new_shape)
    size = int(_np.prod(shape))
    if size < 0:
        raise ValueError(f"resize: negative size in shape {shape}")
    if not a.size:
        return zeros(shape, a._dtype_name)
    again = tile(F.reshape(a, (a.size,)), -(-size // a.size))
    return F.reshape(F.slice(again, (0,), (size,)), shape)


def trim_zeros(filt: Any, trim: str = "fb") -> NDArray:
    """A vector without the zeros at its front ("f") and back ("b").

    >>> trim_zeros([0, 1, 0, 2, 0]).tolist()
    [1, 0, 2]
    """
    x = asarray(filt)
    if x.ndim != 1:
        raise ValueError(f"trim_zeros: expected a vector, got shape {x.shape}")
    kept = _np.flatnonzero(x.asnumpy())
    if not kept.size:
        return x[:0]
    low = kept[0] if "f" in trim.lower() else 0
    return x[int(low) : int(kept[-1]) + 1 if "b" in trim.lower() else None]


def tril_indices_from(arr: Any, k: int = 0) -> tuple[NDArray, NDArray]:
    """The places of the lower triangle of a matrix.

    >>> [i.tolist() for i in tril_indices_from(zeros((2, 2)))]
    [[0, 1, 1], [0, 0, 1]]
    """
    n, m = _matrix_shape("tril_indices_from", arr)
    return tril_indices(n, k, m)


def triu_indices_from(arr: Any, k: int = 0) -> tuple[NDArray, NDArray]:
    """The places of the upper triangle of a matrix.

    >>> [i.tolist() for i in triu_indices_from(zeros((2, 2)))]
    [[0, 0, 1], [0, 1, 1]]
    """
    n, m = _matrix_shape("triu_indices_from", arr)
    return triu_indices(n, k, m)


def _matrix_shape(name: str, arr: Any) -> tuple[int, int]:
    x = asarray(arr)
    if x.ndim != 2:
        raise ValueError(f"{name}: expected a matrix, got shape {x.shape}")
    return x.shape[0], x.shape[1]


__all__ = ["c_", "copyto", "index_exp", "ix_", "mgrid", "ogrid", "put", "put_along_axis", "putmask", "r_", "resize",
           "s_", "tril_indices_from", "trim_zeros", "triu_indices_from"]  # fmt: skip
