"""NumPy's functions that join and cut arrays, written with the shape operators."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._arranging import atleast_1d, atleast_2d, atleast_3d, beside, place
from ._convert import asarray


def concatenate(arrays: Sequence[Any], axis: int | None = 0, *, dtype: Any = None) -> NDArray:
    """Arrays joined along an axis they have (all flattened first, if None).

    >>> concatenate([[1, 2], [3]]).tolist()
    [1, 2, 3]
    """
    if axis is None:
        arrays, axis = [F.reshape(a, (-1,) if a.size else (0,)) for a in map(asarray, arrays)], 0
    joined = F.concat(*arrays, axis=axis)
    return joined if dtype is None else F.cast(joined, dtype)


def stack(arrays: Sequence[Any], axis: int = 0) -> NDArray:
    """Arrays of one shape joined along a new axis.

    >>> stack([[1, 2], [3, 4]], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    return F.stack(*arrays, axis=axis)


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
    return F.concat(*given, axis=0 if given and given[0].ndim == 1 else 1)


def dstack(arrays: Sequence[Any]) -> NDArray:
    """Joined along the third axis.

    >>> dstack([[1, 2], [3, 4]]).tolist()
    [[[1, 3], [2, 4]]]
    """
    return F.concat(*[atleast_3d(a) for a in arrays], axis=2)


def column_stack(arrays: Sequence[Any]) -> NDArray:
    """Vectors as the columns of a matrix.

    >>> column_stack([[1, 2], [3, 4]]).tolist()
    [[1, 3], [2, 4]]
    """
    given = [asarray(a) for a in arrays]
    return F.concat(*[F.reshape(a, (-1, 1)) if a.ndim < 2 else a for a in given], axis=1)


def block(arrays: Any) -> NDArray:
    """Nested lists of arrays joined: the innermost along the last axis, the next along the last but one, and so on.

    >>> block([[[[1]], [[2]]], [[[3]], [[4]]]]).shape
    (2, 2, 1, 1)
    """

    def depth(part: Any) -> int:
        if isinstance(part, tuple):
            raise TypeError("block: parts are nested in lists; a tuple is no list here")
        return 1 + max(map(depth, part), default=0) if isinstance(part, list) else 0

    levels = depth(arrays)
    most = max((asarray(a).ndim for a in _leaves(arrays)), default=0)
    ndim = max(levels, most)

    def join(part: Any, level: int) -> NDArray:
        if not isinstance(part, list):
            x = asarray(part)
            return F.reshape(x, (1,) * (ndim - x.ndim) + x.shape)
        if not part:
            raise ValueError("block: a list of parts is empty")
        return F.concat(*[join(p, level + 1) for p in part], axis=level - levels)

    return join(arrays, 0)


def _leaves(part: Any) -> list[Any]:
    return [leaf for p in part for leaf in _leaves(p)] if isinstance(part, list) else [part]


def _pieces(name: str, a: Any, cuts: Any, axis: int, uneven: bool) -> list[NDArray]:
    x = asarray(a)
    axis = place(name, x, axis)
    n = x.shape[axis]
    if isinstance(cuts, (int, _np.integer)):
        if cuts < 1:
            raise ValueError(f"{name}: expected at least one part, got {cuts}")
        if n % cuts and not uneven:
            raise ValueError(f"{name}: axis {axis} of shape {x.shape} cannot be cut into {cuts} equal parts")
        count = int(cuts)
        sizes = [n // count + (k < n % count) for k in range(count)]
        return list(F.split(x, 0, axis, sizes))
    ends = [int(i) for i in (cuts.asnumpy() if isinstance(cuts, NDArray) else cuts)]
    edges = [0, *(min(max(i + n if i < 0 else i, 0), n) for i in ends), n]
    out = []
    for start, end in zip(edges[:-1], edges[1:], strict=True):
        begin, size = [0] * x.ndim, list(x.shape)
        begin[axis], size[axis] = min(start, n), max(end - start, 0)
        out.append(F.slice(x, begin, size))
    return out


def split(a: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[NDArray]:
    """Cut along the axis into equal parts, or before the given positions. Views.

    >>> [p.tolist() for p in split([1, 2, 3, 4], [1, 3])]
    [[1], [2, 3], [4]]
    """
    return _pieces("split", a, indices_or_sections, axis, False)


def array_split(a: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> list[NDArray]:
    """As `split`, but the parts need not be equal: the first ones are longer by one.

    >>> [p.tolist() for p in array_split([1, 2, 3], 2)]
    [[1, 2], [3]]
    """
    return _pieces("array_split", a, indices_or_sections, axis, True)


def _needs(name: str, a: Any, ndim: int) -> NDArray:
    x = asarray(a)
    if x.ndim < ndim:
        raise ValueError(f"{name}: expected an array with {ndim} or more axes, got shape {x.shape}")
    return x


def hsplit(a: Any, indices_or_sections: int | Sequence[int]) -> list[NDArray]:
    """`split` along the second axis, of a vector along its only one.

    >>> [p.tolist() for p in hsplit([1, 2], 2)]
    [[1], [2]]
    """
    x = _needs("hsplit", a, 1)
    return _pieces("hsplit", x, indices_or_sections, 1 if x.ndim > 1 else 0, False)


def vsplit(a: Any, indices_or_sections: int | Sequence[int]) -> list[NDArray]:
    """`split` along the first axis of a matrix.

    >>> [p.tolist() for p in vsplit([[1], [2]], 2)]
    [[[1]], [[2]]]
    """
    return _pieces("vsplit", _needs("vsplit", a, 2), indices_or_sections, 0, False)


def dsplit(a: Any, indices_or_sections: int | Sequence[int]) -> list[NDArray]:
    """`split` along the third axis.

    >>> [p.tolist() for p in dsplit([[[1, 2]]], 2)]
    [[[[1]]], [[[2]]]]
    """
    return _pieces("dsplit", _needs("dsplit", a, 3), indices_or_sections, 2, False)


def unstack(x: Any, /, *, axis: int = 0) -> tuple[NDArray, ...]:
    """The layers along an axis, which goes. Views.

    >>> [p.tolist() for p in unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    x = asarray(x)
    axis = place("unstack", x, axis)
    return tuple(F.squeeze(part, axis) for part in F.split(x, 0, axis, [1] * x.shape[axis])) if x.shape[axis] else ()


def append(arr: Any, values: Any, axis: int | None = None) -> NDArray:
    """Joined along the axis (both flattened, if None).

    >>> append([1], [2, 3]).tolist()
    [1, 2, 3]
    """
    return concatenate([arr, values], axis)


def delete(arr: Any, obj: Any, axis: int | None = None) -> NDArray:
    """Without the layers at these positions (an index, a slice, a list or truth values) of the axis.

    >>> delete([1, 2, 3], 1).tolist()
    [1, 3]
    """
    x = asarray(arr)
    if axis is None:
        x, axis = F.reshape(x, (-1,) if x.size else (0,)), 0
    axis = place("delete", x, axis)
    keep = _np.ones(x.shape[axis], bool)
    spot = obj.asnumpy() if isinstance(obj, NDArray) else obj
    try:
        keep[spot if isinstance(spot, slice) else _np.asarray(spot, None if _np.size(spot) else _np.int64)] = False
    except IndexError:
        raise IndexError(f"delete: {obj!r} is out of range for axis {axis} of shape {x.shape}") from None
    return F.take(x, beside(x, _np.flatnonzero(keep)), axis)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> NDArray:
    """With values put in before these positions (an index or a list, counted in the array as it was) of the axis.

    >>> insert([1, 3], 1, 2).tolist()
    [1, 2, 3]
    """
    x = asarray(arr)
    if axis is None:
        x, axis = F.reshape(x, (-1,) if x.size else (0,)), 0
    axis, n = place("insert", x, axis), x.shape[axis]
    spot = _np.asarray(obj.asnumpy() if isinstance(obj, NDArray) else obj)
    before = _np.where(spot < 0, spot + n, spot).astype(_np.int64)
    if ((before < 0) | (before > n)).any():
        raise IndexError(f"insert: {obj!r} is out of range for axis {axis} of shape {x.shape}")
    new = beside(x, values, x._dtype_name)
    if spot.ndim == 0 and new.ndim == x.ndim:  # one position takes several layers
        before = _np.full(new.shape[axis], before)
    elif spot.ndim == 0 and new.ndim:
        new = F.expand_dims(new, axis) if new.ndim == x.ndim - 1 else new
    before = before.reshape(-1)
    shape = [*x.shape[:axis], len(before), *x.shape[axis + 1 :]]
    joined = F.concat(x, F.broadcast_to(new, shape), axis=axis)
    order = _np.argsort(_np.concatenate([_np.arange(n) * 2 + 1, before * 2]), kind="stable")
    return F.take(joined, beside(x, order), axis)
