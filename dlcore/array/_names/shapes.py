"""The classic shape functions: MXNet's argument names and shape codes over our operators."""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

from ..._core import NDArray
from ...ops import F
from .. import np as _np_names
from .._convert import array, asarray
from .._shared import reshape as _reshape


def concat(*data: Any, dim: int = 1) -> NDArray:
    """Arrays joined along the axis `dim`.

    >>> concat([[1.0]], [[2.0]]).tolist()
    [[1.0, 2.0]]
    """
    # What is one number is an array (1,) in MXNet.
    return F.concat(*[F.reshape(a, (1,)) if getattr(a, "ndim", None) == 0 else a for a in data], axis=dim)


def stack(*data: Any, axis: int = 0) -> NDArray:
    """Arrays of one shape joined along a new axis; given one by one or in a list.

    >>> stack([1.0], [2.0]).shape
    (2, 1)
    """
    given = (
        data[0] if len(data) == 1 and isinstance(data[0], (list, tuple)) and isinstance(data[0][0], NDArray) else data
    )
    return F.stack(*given, axis=axis)


def split(data: Any, num_outputs: int, axis: int = 1, squeeze_axis: bool = False) -> Any:
    """Cut into equal parts along the axis (views); one part alone is returned bare.

    >>> [p.tolist() for p in split([[1.0, 2.0]], 2)]
    [[[1.0]], [[2.0]]]
    """
    parts = [F.squeeze(p, axis) if squeeze_axis else p for p in F.split(data, num_outputs, axis)]
    return parts[0] if num_outputs == 1 else parts


def slice(
    data: Any, begin: Sequence[int | None], end: Sequence[int | None], step: Sequence[int | None] = ()
) -> NDArray:
    """data[begin[0]:end[0], begin[1]:end[1], ...]; None means from the start or to the end. A view.

    >>> slice([1.0, 2.0, 3.0], (1,), (None,)).tolist()
    [2.0, 3.0]
    """
    begin, end = ((v,) if isinstance(v, int) else v for v in (begin, end))
    steps = [*step, *[None] * (len(begin) - len(step))]
    return asarray(data)[tuple(builtins.slice(b, e, s) for b, e, s in zip(begin, end, steps, strict=True))]


def slice_axis(data: Any, axis: int, begin: int, end: int | None) -> NDArray:
    """data[..., begin:end, ...] on one axis. A view.

    >>> slice_axis([[1.0, 2.0]], 1, 1, None).tolist()
    [[2.0]]
    """
    data = asarray(data)
    keys: list[Any] = [builtins.slice(None)] * data.ndim
    keys[axis] = builtins.slice(begin, end)
    return data[tuple(keys)]


def slice_like(data: Any, shape_like: NDArray, axes: int | Sequence[int] | None = ()) -> NDArray:
    """The first part of data that is as long as `shape_like` on the given axes, or one (all, if none). A view.

    >>> slice_like([[1.0, 2.0]], array([[1.0]])).tolist()
    [[1.0]]
    """
    data = asarray(data)
    keys: list[Any] = [builtins.slice(None)] * data.ndim
    axes = (axes,) if isinstance(axes, int) else axes
    for axis in axes or range(shape_like.ndim):
        keys[axis] = builtins.slice(0, shape_like.shape[axis])
    return data[tuple(keys)]


def reshape(
    data: Any, shape: Sequence[int] | None = None, reverse: bool = False, target_shape: Sequence[int] | None = None,
    keep_highest: bool = False,
) -> NDArray:  # fmt: skip
    """Another shape, with MXNet's codes 0, -1, -2, -3 and -4.

    target_shape is what old networks say instead of shape: its one 0 is worked out; keep_highest keeps the first axis.

    >>> reshape(array([[[1.0] * 4] * 3] * 2), (0, -1)).shape
    (2, 12)
    """
    data = asarray(data)
    if shape is None or (target_shape and not len(shape)):
        if target_shape is None:
            raise TypeError("nd.reshape: expected a shape")
        wanted = [-1 if n == 0 else n for n in target_shape]
        shape = [data.shape[0], *wanted[1:]] if keep_highest else wanted
    return _reshape(data, shape, reverse=reverse)


def reshape_like(
    lhs: Any, rhs: NDArray, lhs_begin: int | None = None, lhs_end: int | None = None, rhs_begin: int | None = None,
    rhs_end: int | None = None,
) -> NDArray:  # fmt: skip
    """lhs with the shape of rhs; or with its axes from lhs_begin to lhs_end replaced by some of those of rhs.

    Axes count from the back where negative. ValueError where the sizes do not agree.

    >>> reshape_like([1.0, 2.0], array([[1.0], [2.0]])).shape
    (2, 1)
    >>> from dlcore import nd
    >>> reshape_like(nd.ones((6, 5)), nd.ones((2, 3, 4)), lhs_begin=0, lhs_end=1, rhs_begin=0, rhs_end=2).shape
    (2, 3, 5)
    """
    if (lhs_begin, lhs_end, rhs_begin, rhs_end) == (None, None, None, None):
        return F._reshape_like(lhs, rhs)
    lhs = asarray(lhs)
    first, last, _ = builtins.slice(lhs_begin, lhs_end).indices(lhs.ndim)
    return F.reshape(lhs, (*lhs.shape[:first], *rhs.shape[rhs_begin:rhs_end], *lhs.shape[last:]))


def transpose(data: Any, axes: Sequence[int] = ()) -> NDArray:
    """Axes in another order, all reversed if none are given. A view.

    >>> transpose([[1.0, 2.0]]).shape
    (2, 1)
    """
    return F.transpose(data, tuple(axes) or None)


def broadcast_to(data: Any, shape: Sequence[int]) -> NDArray:
    """Axes of length 1 repeated to the given shape, in which 0 keeps an axis as it is. A view.

    >>> broadcast_to([[1.0], [2.0]], (0, 3)).shape
    (2, 3)
    """
    data = asarray(data)
    given = (shape,) if isinstance(shape, int) else tuple(shape)
    if len(given) == data.ndim:
        given = tuple(m if n == 0 else n for n, m in zip(given, data.shape, strict=True))
    return F.broadcast_to(data, given)


def broadcast_axis(data: Any, axis: int | Sequence[int] = (), size: int | Sequence[int] = ()) -> NDArray:
    """Axes of length 1 repeated to the given sizes. A view.

    >>> broadcast_axis([[1.0]], 1, 3).shape
    (1, 3)
    """
    data = asarray(data)
    shape = list(data.shape)
    axes, sizes = ([v] if isinstance(v, int) else list(v) for v in (axis, size))
    for k, n in zip(axes, sizes, strict=True):
        shape[k] = n
    return F.broadcast_to(data, shape)


def broadcast_like(
    lhs: Any, rhs: NDArray, lhs_axes: int | Sequence[int] | None = None, rhs_axes: int | Sequence[int] | None = None
) -> NDArray:
    """lhs repeated to the shape of rhs; with axes, only those of lhs, each to the length of its partner of rhs. A view.

    >>> broadcast_like([[1.0]], array([[2.0], [3.0]])).shape
    (2, 1)
    >>> broadcast_like([[1.0]], array([2.0, 3.0, 4.0]), lhs_axes=1, rhs_axes=0).shape
    (1, 3)
    """
    if lhs_axes is None and rhs_axes is None:
        return F.broadcast_like(lhs, rhs)
    mine, theirs = ([a] if isinstance(a, int) else list(a or ()) for a in (lhs_axes, rhs_axes))
    if len(mine) != len(theirs):
        raise ValueError(f"broadcast_like: expected as many lhs_axes as rhs_axes, got {lhs_axes} and {rhs_axes}")
    lhs = asarray(lhs)
    for name, x, axes in (("lhs_axes", lhs, mine), ("rhs_axes", rhs, theirs)):
        if any(not -x.ndim <= axis < x.ndim for axis in axes):
            raise IndexError(f"broadcast_like: {name} {axes} are out of range for an array of shape {x.shape}")
    return broadcast_axis(lhs, mine, [rhs.shape[axis] for axis in theirs])


def pad(data: Any, mode: str = "constant", pad_width: Sequence[int] = (), constant_value: float = 0.0) -> NDArray:
    """Numbers added at the ends; pad_width is (before0, after0, before1, after1, ...).

    >>> pad([1.0], pad_width=(1, 1)).tolist()
    [0.0, 1.0, 0.0]
    """
    pairs = list(zip(pad_width[::2], pad_width[1::2], strict=True))
    return (
        _np_names.pad(data, pairs, mode, constant_values=constant_value)
        if mode == "constant"
        else _np_names.pad(data, pairs, mode)
    )


def shape_array(data: NDArray) -> NDArray:
    """The shape as an int64 array.

    >>> shape_array(array([[1.0] * 3] * 2)).tolist()
    [2, 3]
    """
    return array(list(data.shape), "int64")
