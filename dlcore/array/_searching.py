"""Functions of `dlcore.np` that choose, find and order numbers."""

from __future__ import annotations

from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._convert import asarray


def median(a: Any, axis: int | None = None, keepdims: bool = False) -> NDArray:
    """The middle number (the mean of the two middle ones) along the axis.

    >>> float(median([3.0, 1.0, 2.0]))
    2.0
    """
    a = asarray(a)
    if axis is None:
        result = median(F.reshape(a, (-1,)), 0)
        return F.reshape(result, (1,) * a.ndim) if keepdims else result
    ordered, n = F.sort(a, axis), a.shape[axis]
    middle = F.take(ordered, _np.array(sorted({(n - 1) // 2, n // 2})), axis)
    return F.mean(middle, axis, keepdims)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """x where the condition holds (is not zero), else y; with the condition alone the places where it holds.

    >>> where([True, False], 1.0, 2.0).tolist()
    [1.0, 2.0]
    """
    condition = asarray(condition)
    if x is None and y is None:
        return nonzero(condition)
    if condition._dtype_name != "bool":
        condition = F.not_equal(condition, 0)
    return F.where(condition, x, y)


def nonzero(a: Any) -> tuple[NDArray, ...]:
    """The places of all numbers that are not zero, one array for each axis.

    >>> nonzero([0.0, 3.0])[0].tolist()
    [1]
    """
    return tuple(_core.from_numpy(_np.ascontiguousarray(i), True) for i in _np.nonzero(asarray(a).asnumpy()))


def argwhere(a: Any) -> NDArray:
    """The places of all numbers that are not zero, one row each.

    >>> argwhere([[0.0, 3.0]]).tolist()
    [[0, 1]]
    """
    return F.stack(*nonzero(a), axis=-1)


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> NDArray:
    """Rows of a along the axis (of the flattened array, if None). mode: what an index out of range does: "raise",
    "wrap" around or "clip" to the ends.

    >>> take([10, 20, 30], [0, -1]).tolist()
    [10, 30]
    """
    a, indices = asarray(a), asarray(indices)
    if axis is None:
        a, axis = F.reshape(a, (-1,)), 0
    if _np.dtype(indices.dtype).kind == "f":  # classic code has its indices in float32
        indices = F.cast(indices, "int64")
    if mode == "wrap":
        indices = F.remainder(indices, a.shape[axis])
    elif mode == "clip":
        indices = F.clip(indices, 0, a.shape[axis] - 1)
    elif mode != "raise":
        raise ValueError(f"take: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    return F.take(a, indices, axis)


def take_along_axis(a: Any, indices: Any, axis: int | None = -1) -> NDArray:
    """For each line along the axis, its numbers at that line's own indices.

    >>> take_along_axis([[1, 2]], [[1]], 1).tolist()
    [[2]]
    """
    return F.take_along_axis(a if axis is not None else F.reshape(a, (-1,)), indices, axis or 0)


def sort(a: Any, axis: int | None = -1, descending: bool = False, stable: bool = True) -> NDArray:
    """The numbers along the axis in order (all of them, if None).

    >>> sort([3, 1, 2]).tolist()
    [1, 2, 3]
    """
    return F.sort(F.reshape(a, (-1,)) if axis is None else a, axis or 0 if axis is None else axis, descending)


def argsort(a: Any, axis: int | None = -1, descending: bool = False, stable: bool = True) -> NDArray:
    """The positions that would sort the axis.

    >>> argsort([3, 1, 2]).tolist()
    [1, 2, 0]
    """
    return F.argsort(F.reshape(a, (-1,)) if axis is None else a, 0 if axis is None else axis, descending)


def unique(a: Any) -> NDArray:
    """The different numbers in a, in order.

    >>> unique([2, 1, 2]).tolist()
    [1, 2]
    """
    return asarray(_np.unique(asarray(a).asnumpy()))
