"""Norms, ranks and condition numbers; see `dlcore.np.linalg`."""

from __future__ import annotations

from math import inf
from typing import Any

from .._core import NDArray
from ..ops import F
from ._dtypes import finfo, floating

Axes = int | tuple[int, ...] | None
Order = float | str | None


def _length(x: NDArray, axis: Axes, keepdims: bool) -> NDArray:
    return F.norm2(F.abs(x) if x._dtype_name.startswith("complex") else x, axis, keepdims)


def _extreme(sizes: NDArray, axis: Axes, keepdims: bool, largest: bool) -> NDArray:
    """The largest size, of nothing 0; or the smallest, of nothing a ValueError."""
    if largest and not sizes.size:
        return F.zeros(F.sum(sizes, axis, keepdims).shape, sizes._dtype_name, sizes._device)
    return (F.max if largest else F.min)(sizes, axis, keepdims)


def vector_norm(x: Any, /, *, axis: Axes = None, keepdims: bool = False, ord: float = 2) -> NDArray:
    """Lengths of vectors: ord 2 the root of the sum of squares, 1 the sum of sizes, inf and -inf the extreme sizes, 0
    how many numbers are not zero, any other p the p-th root of the sum of p-th powers. Over all axes, if None.

    >>> float(vector_norm([3.0, 4.0]))
    5.0
    """
    if isinstance(ord, bool) or not isinstance(ord, (int, float)):
        raise ValueError(f"vector_norm: ord must be a number, inf or -inf, got {ord!r}")
    if ord == 2:
        return _length(floating(x), axis, keepdims)
    size = F.abs(floating(x))
    if ord == 1:
        return F.sum(size, axis, keepdims)
    if abs(ord) == inf:
        return _extreme(size, axis, keepdims, ord > 0)
    if ord == 0:
        return F.cast(F.count_nonzero(size, axis, keepdims), size._dtype_name)
    return F.power(F.sum(F.power(size, ord), axis, keepdims), 1.0 / ord)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Order = "fro") -> NDArray:
    """Sizes (...) of matrices (..., m, n): "fro" the root of the sum of squares, "nuc" the sum of the singular values,
    2 and -2 the largest and smallest of them, 1 and -1 the largest and smallest column sum of sizes, inf and -inf row
    sum. keepdims keeps the two axes with length 1.

    >>> float(matrix_norm([[3.0, 4.0]]))
    5.0
    """
    x = floating(x)
    if x.ndim < 2:
        raise ValueError(f"matrix_norm: expected matrices (2 or more axes), got shape {x.shape}")
    if ord in ("fro", None):
        return _length(x, (-2, -1), keepdims)
    if ord == "nuc" or (isinstance(ord, (int, float)) and abs(ord) == 2):
        values = F.svdvals(x)
        found = F.sum(values, -1) if ord == "nuc" else _extreme(values, -1, False, ord == 2)
        return F.expand_dims(found, (-2, -1)) if keepdims else found
    if not isinstance(ord, (int, float)) or abs(ord) not in (1, inf):
        raise ValueError(f"matrix_norm: ord must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, got {ord!r}")
    summed, other = (-2, -1) if abs(ord) == 1 else (-1, -2)
    sums = F.sum(F.abs(x), summed, True)
    found = _extreme(sums, other, True, ord > 0)
    return found if keepdims else F.squeeze(found, (-2, -1))


def norm(x: Any, ord: Order = None, axis: Axes = None, keepdims: bool = False) -> NDArray:
    """NumPy's norm: without an axis and an ord the length of all numbers; else of a vector (one axis) or of a matrix
    (two axes), by `ord` as `vector_norm` and `matrix_norm` say.

    >>> float(norm([3.0, 4.0]))
    5.0
    """
    if ord is None and isinstance(axis, int):
        if type(x) is NDArray and x._dtype_name.startswith("float"):  # at once: asking took as long as short vectors
            return F.norm2(x, axis, keepdims)
        return _length(floating(x), axis, keepdims)
    x = floating(x)
    if axis is None:
        if ord is None or x.ndim not in (1, 2):
            if ord not in (None, 2, "fro"):
                raise ValueError(f"norm: ord {ord!r} without an axis needs a vector or a matrix, got shape {x.shape}")
            return _length(x, None, keepdims)
        axes: tuple[int, ...] = tuple(range(x.ndim))
    else:
        axes = (axis,) if isinstance(axis, int) else tuple(axis)
    if len(axes) == 1:
        if isinstance(ord, str):
            raise ValueError(f"norm: ord {ord!r} is for matrices; axis {axis} of shape {x.shape} gives vectors")
        return vector_norm(x, axis=axes, keepdims=keepdims, ord=2 if ord is None else ord)
    if len(axes) != 2:
        raise ValueError(f"norm: axis must name one or two axes, got {axis}")
    places = [_place(x, k) for k in axes]
    if places[0] == places[1]:
        raise ValueError(f"norm: axis {axis} names the same axis of shape {x.shape} twice")
    order = [k for k in range(x.ndim) if k not in places] + places
    found = matrix_norm(F.transpose(x, order), ord="fro" if ord is None else ord)
    return F.expand_dims(found, tuple(sorted(places))) if keepdims else found


def _place(x: NDArray, axis: int) -> int:
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"norm: axis {axis} is out of range for an array of shape {x.shape}")
    return axis % x.ndim


def cond(x: Any, p: Order = None) -> NDArray:
    """How far a matrix (..., m, n) is from losing its rank: the largest singular value over the smallest, or with p the
    product of the p-norms of x and its inverse (square matrices).

    >>> float(cond([[2.0, 0.0], [0.0, 1.0]]))
    2.0
    """
    x = floating(x)
    if p in (None, 2, -2):
        values = F.svdvals(x)
        if not values.shape[-1]:
            raise ValueError(f"cond: a matrix without numbers has none, got shape {x.shape}")
        largest, smallest = values[..., 0], values[..., -1]
        return F.divide(smallest, largest) if p == -2 else F.divide(largest, smallest)
    return F.multiply(matrix_norm(x, ord=p), matrix_norm(F.inv(x), ord=p))


def matrix_rank(x: Any, /, tol: Any = None, *, rtol: Any = None) -> NDArray:
    """How many singular values of matrices (..., m, n) are above rtol times the largest, or above tol (int64).

    rtol None: the dtype's eps times the longer side.

    >>> int(matrix_rank([[1.0, 1.0], [1.0, 1.0]]))
    1
    """
    x = floating(x)
    values = F.svdvals(x)
    if not values.shape[-1]:
        return F.zeros(values.shape[:-1], "int64", values._device)
    if rtol is None:
        rtol = max(x.shape[-2:]) * finfo(values).eps
    if tol is not None:
        return F.sum(F.greater(values, tol if isinstance(tol, (int, float)) else F.expand_dims(tol, -1)), -1)
    limit = F.multiply(F.max(values, -1, True), rtol if isinstance(rtol, (int, float)) else F.expand_dims(rtol, -1))
    return F.sum(F.greater(values, limit), -1)
