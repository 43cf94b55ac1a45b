"""Sums, products, extremes and what is built from them along axes, with NumPy's signatures and the standard's.

Whole numbers are added and multiplied in 64 bits; `dtype` says in what instead, and what comes out.
"""

from __future__ import annotations

from typing import Any

from .. import _core
from .._core import NDArray
from ..ops import F
from ._arranging import place
from ._convert import asarray
from ._dtypes import floating, is_inexact, is_kind, name_of
from ._shared import array_in_place

Axes = int | tuple[int, ...] | None


def as_dtype(x: Any, dtype: Any) -> NDArray:
    """The numbers as a dtype, if one is asked for."""
    if dtype is None:
        return x if type(x) is NDArray else asarray(x)
    return F.cast(x, dtype)


def into(name: str, found: NDArray, dtype: Any, out: NDArray | None) -> NDArray:
    """The result in the dtype asked for, written into `out` if there is one."""
    if dtype is None and out is None:
        return found
    if dtype is not None and found._dtype_name != name_of(dtype):
        found = F.cast(found, dtype)
    if out is None:
        return found
    if array_in_place(name, out, "out").shape != found.shape:
        raise ValueError(f"{name}: out= has shape {out.shape}, the result {found.shape}")
    F.cast(found, out._dtype_name, out=out)
    return out


def _only(a: NDArray, where: Any, instead: Any, name: str) -> NDArray:
    """The numbers where the mask holds; elsewhere what changes no result."""
    return a if where is None else F.where(mask_of(where, name), a, instead)


def mask_of(where: Any, name: str) -> NDArray:
    """The argument `where`, which must hold truth values."""
    mask = asarray(where)
    if mask._dtype_name != "bool":
        raise TypeError(f"{name}: where= must hold truth values, got {mask.dtype}")
    return mask


def number_of(a: NDArray, where: Any, axis: Axes, keepdims: bool, dtype: str) -> NDArray:
    """How many numbers the mask lets through, for each result."""
    return F.cast(F.sum(F.broadcast_to(mask_of(where, "mean"), a.shape), axis, keepdims), dtype)


def sum(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> NDArray:
    """The sum over the axes (all, if None); of nothing 0. With `initial` also that number; with a mask `where`
    only the numbers at which it holds.

    >>> sum([[1, 2], [3, 4]], axis=0).tolist()
    [4, 6]
    """
    if initial is None and where is None:
        return into("sum", F.sum(as_dtype(a, dtype), axis, keepdims), dtype, out)
    found = F.sum(_only(as_dtype(a, dtype), where, 0, "sum"), axis, keepdims)
    return into("sum", found if initial is None else F.add(found, initial), dtype, out)


def prod(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> NDArray:
    """The product over the axes (all, if None); of nothing 1. With `initial` also that number; with a mask `where`
    only the numbers at which it holds.

    >>> int(prod([2, 3]))
    6
    """
    if initial is None and where is None:
        return into("prod", F.prod(as_dtype(a, dtype), axis, keepdims), dtype, out)
    found = F.prod(_only(as_dtype(a, dtype), where, 1, "prod"), axis, keepdims)
    return into("prod", found if initial is None else F.multiply(found, initial), dtype, out)


def mean(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    *,
    where: Any = None,
) -> NDArray:
    """The mean over the axes (all, if None), of the numbers at which the mask `where` holds, if there is one; whole
    numbers give float32. Of nothing NaN.

    >>> float(mean([1.0, 2.0]))
    1.5
    """
    if where is None:
        return into("mean", F.mean(as_dtype(a, dtype), axis, keepdims), dtype, out)
    a = floating(as_dtype(a, dtype))
    total = F.sum(_only(a, where, 0, "mean"), axis, keepdims)
    return into("mean", F.divide(total, number_of(a, where, axis, keepdims, total._dtype_name)), dtype, out)


def var(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = None,
    mean: Any = None,
    correction: float = 0.0,
) -> NDArray:
    """The variance over the axes: the mean square distance from the mean, divided by n - correction (NumPy: ddof).

    where: a mask, whose places alone count. mean: the mean with the axes kept, where it is known.

    >>> float(var([1.0, 3.0])), float(var([1.0, 3.0], correction=1))
    (1.0, 2.0)
    """
    a = as_dtype(a, dtype)
    if ddof and correction:
        raise ValueError(f"var: give correction or NumPy's ddof, not both ({correction} and {ddof})")
    by = float(ddof or correction)
    if where is not None or mean is not None:
        return into("var", spread(a, axis, keepdims, by, where, mean), dtype, out)
    if is_kind(a, "complex floating"):
        return into("var", F.add(*(F.var(part, axis, keepdims, by) for part in (F.real(a), F.imag(a)))), None, out)
    return into("var", F.var(a, axis, keepdims, by), dtype, out)


def spread(a: NDArray, axis: Axes, keepdims: bool, by: float, where: Any, centre: Any) -> NDArray:
    """The sum of square distances from the centre (the mean, if None), divided by as many numbers less `by`."""
    where = True if where is None else where
    centre = mean(a, axis, None, None, True, where=where) if centre is None else centre
    gap = F.abs(_only(F.subtract(floating(a), centre), where, 0, "var"))
    total = F.sum(F.square(gap), axis, keepdims)
    left = F.subtract(number_of(a, where, axis, keepdims, total._dtype_name), by)
    return F.divide(total, F.maximum(left, 0.0))


def std(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = None,
    mean: Any = None,
    correction: float = 0.0,
) -> NDArray:
    """The standard deviation over the axes: the root of `var`.

    >>> float(std([1.0, 3.0]))
    1.0
    """
    found = var(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    return into("std", F.sqrt(found), None, out)


def max(
    a: Any,
    axis: Axes = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> NDArray:
    """The largest number along the axes (all, if None), NaN if there is one. ValueError if there are none, unless
    `initial` says what it is then, which a mask `where` asks for as well.

    >>> int(max([1, 3, 2]))
    3
    """
    if initial is None and where is None:
        return into("max", F.max(a, axis, keepdims), None, out)
    return into("max", _extreme(F.max, F.maximum, "max", a, axis, keepdims, initial, where), None, out)


def min(
    a: Any,
    axis: Axes = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> NDArray:
    """The smallest number along the axes (all, if None), NaN if there is one. ValueError if there are none, unless
    `initial` says what it is then, which a mask `where` asks for as well.

    >>> int(min([1, 3, 2]))
    1
    """
    if initial is None and where is None:
        return into("min", F.min(a, axis, keepdims), None, out)
    return into("min", _extreme(F.min, F.minimum, "min", a, axis, keepdims, initial, where), None, out)


def _extreme(
    reduce: Any, join: Any, name: str, a: Any, axis: Axes, keepdims: bool, initial: Any, where: Any
) -> NDArray:
    if initial is None:
        raise ValueError(f"{name}: with where= the number must be given that nothing is, as initial=")
    a = _only(asarray(a), where, initial, name)
    if a.size:
        return join(reduce(a, axis, keepdims), initial)
    return F.full_like(F.cast(F.sum(a, axis, keepdims), a._dtype_name), initial)


def any(a: Any, axis: Axes = None, out: NDArray | None = None, keepdims: bool = False, *, where: Any = None) -> NDArray:
    """Whether any number along the axes (all, if None) is not zero; NaN counts as true. With a mask `where`
    only where it holds.

    >>> bool(any([False, True]))
    True
    """
    a = a if where is None else _only(F.not_equal(a, 0), where, False, "any")
    return into("any", F.any(a, axis, keepdims), None, out)


def all(a: Any, axis: Axes = None, out: NDArray | None = None, keepdims: bool = False, *, where: Any = None) -> NDArray:
    """Whether all numbers along the axes (all, if None) are not zero; NaN counts as true. With a mask `where`
    only where it holds.

    >>> bool(all([False, True]))
    False
    """
    a = a if where is None else _only(F.not_equal(a, 0), where, True, "all")
    return into("all", F.all(a, axis, keepdims), None, out)


def ptp(a: Any, axis: Axes = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """The largest number less the smallest, along the axes.

    >>> int(ptp([1, 4, 2]))
    3
    """
    return into("ptp", F.subtract(F.max(a, axis, keepdims), F.min(a, axis, keepdims)), None, out)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """Running sums along the axis, or of all numbers in order.

    >>> cumsum([1, 2, 3]).tolist()
    [1, 3, 6]
    """
    return into("cumsum", F.cumsum(as_dtype(a, dtype), axis), dtype, out)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """Running products along the axis, or of all numbers in order.

    Where a gradient may be wanted by doubling: after step k every number is the product of up to 2^k before it, so
    that the gradient is exact where numbers are zero.

    >>> cumprod([2, 3]).tolist()
    [2, 6]
    """
    a = as_dtype(a, dtype)
    if not is_inexact(a) and dtype is None:
        a = F.cast(a, "uint64" if is_kind(a, "unsigned integer") else "int64")
    if axis is None:
        a, axis = F.reshape(a, (a.size,)), 0
    axis = place("cumprod", a, axis)
    if not (_core.is_tracing() or (_core.is_recording() and a._tracked)):
        return into("cumprod", F._cumprod(a, axis), dtype, out)
    n, step = a.shape[axis], 1
    while step < n:
        begin, size = [0] * a.ndim, list(a.shape)
        size[axis] = n - step
        before = F.slice(a, begin, size)
        begin[axis] = step
        later = F.multiply(F.slice(a, begin, size), before)
        size[axis] = step
        a = F.concat(F.slice(a, [0] * a.ndim, size), later, axis=axis)
        step *= 2
    return into("cumprod", a, dtype, out)


def _running(name: str, run: Any, start: Any, x: Any, axis: int | None, dtype: Any, include_initial: bool) -> NDArray:
    x = asarray(x)
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"{name}: an array of shape {x.shape} needs an axis")
        axis = 0
    axis = place(name, x, axis)
    found = run(x, axis, dtype)
    if not include_initial:
        return found
    shape = [1 if k == axis else m for k, m in enumerate(x.shape)]
    return F.concat(start(shape, found._dtype_name, found._device), found, axis=axis)


def cumulative_sum(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> NDArray:
    """Running sums along the axis (which a vector need not name), starting with 0 if include_initial.

    >>> cumulative_sum([1, 2], include_initial=True).tolist()
    [0, 1, 3]
    """
    return _running("cumulative_sum", cumsum, F.zeros, x, axis, dtype, include_initial)


def cumulative_prod(x: Any, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> NDArray:
    """Running products along the axis (which a vector need not name), starting with 1 if include_initial.

    >>> cumulative_prod([2, 3], include_initial=True).tolist()
    [1, 2, 6]
    """
    return _running("cumulative_prod", cumprod, F.ones, x, axis, dtype, include_initial)


def average(a: Any, axis: Axes = None, weights: Any = None, returned: bool = False, keepdims: bool = False) -> Any:
    """The mean, weighted if weights are given (of a's shape, or one for each place along the axis); with returned also
    the sum of the weights. ValueError if they add up to 0.

    >>> float(average([1.0, 3.0], weights=[3.0, 1.0]))
    1.5
    """
    a = asarray(a)
    if weights is None:
        found = F.mean(a, axis, keepdims)
        total: Any = F.full_like(found, a.size / (found.size or 1))
        return (found, total) if returned else found
    weights = asarray(weights)
    if weights.shape != a.shape:
        if not isinstance(axis, int) or weights.shape != (a.shape[place("average", a, axis)],):
            raise ValueError(f"average: weights of shape {weights.shape} do not fit shape {a.shape} and axis {axis}")
        weights = F.reshape(weights, [-1 if k == axis % a.ndim else 1 for k in range(a.ndim)])
        weights = F.broadcast_to(weights, a.shape)
    total = F.sum(floating(weights), axis, keepdims)
    if bool(F.any(F.equal(total, 0))):
        raise ValueError(f"average: the weights of shape {weights.shape} add up to zero")
    found = F.divide(F.sum(F.multiply(a, weights), axis, keepdims), total)
    return (found, total) if returned else found
