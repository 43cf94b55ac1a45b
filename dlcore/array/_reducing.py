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

Axes = int | tuple[int, ...] | None


def _in(x: Any, dtype: Any) -> NDArray:
    return asarray(x) if dtype is None else F.cast(x, dtype)


def _out(found: NDArray, dtype: Any, out: NDArray | None) -> NDArray:
    """The result in the dtype asked for, written into `out` if there is one."""
    if dtype is None and out is None:
        return found
    if dtype is not None and found._dtype_name != name_of(dtype):
        found = F.cast(found, dtype)
    if out is None:
        return found
    if out.shape != found.shape:
        raise ValueError(f"out= has shape {out.shape}, the result {found.shape}")
    F.cast(found, out._dtype_name, out=out)
    return out


def sum(x: Any, axis: Axes = None, dtype: Any = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """The sum over the axes (all, if None); of nothing 0.

    >>> sum([[1, 2], [3, 4]], axis=0).tolist()
    [4, 6]
    """
    return _out(F.sum(_in(x, dtype), axis, keepdims), dtype, out)


def prod(x: Any, axis: Axes = None, dtype: Any = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """The product over the axes (all, if None); of nothing 1.

    >>> int(prod([2, 3]))
    6
    """
    return _out(F.prod(_in(x, dtype), axis, keepdims), dtype, out)


def mean(x: Any, axis: Axes = None, dtype: Any = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """The mean over the axes (all, if None); whole numbers give float32. Of nothing NaN.

    >>> float(mean([1.0, 2.0]))
    1.5
    """
    return _out(F.mean(_in(x, dtype), axis, keepdims), dtype, out)


def var(
    x: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float = 0.0,
) -> NDArray:
    """The variance over the axes: the mean square distance from the mean, divided by n - correction (NumPy: ddof).

    >>> float(var([1.0, 3.0])), float(var([1.0, 3.0], correction=1))
    (1.0, 2.0)
    """
    x = _in(x, dtype)
    if ddof and correction:
        raise ValueError(f"var: give correction or NumPy's ddof, not both ({correction} and {ddof})")
    by = float(ddof or correction)
    if is_kind(x, "complex floating"):
        return _out(F.add(*(F.var(part, axis, keepdims, by) for part in (F.real(x), F.imag(x)))), None, out)
    return _out(F.var(x, axis, keepdims, by), dtype, out)


def std(
    x: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    correction: float = 0.0,
) -> NDArray:
    """The standard deviation over the axes: the root of `var`.

    >>> float(std([1.0, 3.0]))
    1.0
    """
    return _out(F.sqrt(var(x, axis, dtype, None, ddof, keepdims, correction=correction)), None, out)


def max(x: Any, axis: Axes = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """The largest number along the axes (all, if None), NaN if there is one. ValueError if there are none.

    >>> int(max([1, 3, 2]))
    3
    """
    return _out(F.max(x, axis, keepdims), None, out)


def min(x: Any, axis: Axes = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """The smallest number along the axes (all, if None), NaN if there is one. ValueError if there are none.

    >>> int(min([1, 3, 2]))
    1
    """
    return _out(F.min(x, axis, keepdims), None, out)


def any(x: Any, axis: Axes = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """Whether any number along the axes (all, if None) is not zero; NaN counts as true.

    >>> bool(any([False, True]))
    True
    """
    return _out(F.any(x, axis, keepdims), None, out)


def all(x: Any, axis: Axes = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """Whether all numbers along the axes (all, if None) are not zero; NaN counts as true.

    >>> bool(all([False, True]))
    False
    """
    return _out(F.all(x, axis, keepdims), None, out)


def ptp(x: Any, axis: Axes = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """The largest number less the smallest, along the axes.

    >>> int(ptp([1, 4, 2]))
    3
    """
    return _out(F.subtract(F.max(x, axis, keepdims), F.min(x, axis, keepdims)), None, out)


def cumsum(x: Any, axis: int | None = None, dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """Running sums along the axis, or of all numbers in order.

    >>> cumsum([1, 2, 3]).tolist()
    [1, 3, 6]
    """
    return _out(F.cumsum(_in(x, dtype), axis), dtype, out)


def cumprod(x: Any, axis: int | None = None, dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """Running products along the axis, or of all numbers in order.

    Where a gradient may be wanted by doubling: after step k every number is the product of up to 2^k before it, so
    that the gradient is exact where numbers are zero.

    >>> cumprod([2, 3]).tolist()
    [2, 6]
    """
    x = _in(x, dtype)
    if not is_inexact(x) and dtype is None:
        x = F.cast(x, "uint64" if is_kind(x, "unsigned integer") else "int64")
    if axis is None:
        x, axis = F.reshape(x, (x.size,)), 0
    axis = place("cumprod", x, axis)
    if not (_core.is_tracing() or (_core.is_recording() and x._tracked)):
        return _out(F._cumprod(x, axis), dtype, out)
    n, step = x.shape[axis], 1
    while step < n:
        begin, size = [0] * x.ndim, list(x.shape)
        size[axis] = n - step
        before = F.slice(x, begin, size)
        begin[axis] = step
        later = F.multiply(F.slice(x, begin, size), before)
        size[axis] = step
        x = F.concat(F.slice(x, [0] * x.ndim, size), later, axis=axis)
        step *= 2
    return _out(x, dtype, out)


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


def _without_nan(x: Any, instead: float) -> NDArray:
    x = asarray(x)
    return F.where(F.isnan(x), instead, x) if is_inexact(x) else x


def _counted(x: Any, axis: Axes, keepdims: bool) -> NDArray:
    return F.sum(F.logical_not(F.isnan(x)), axis, keepdims)


def nansum(x: Any, axis: Axes = None, dtype: Any = None, out: NDArray | None = None, keepdims: bool = False) -> NDArray:
    """The sum over the axes, NaN left out.

    >>> float(nansum([1.0, float("nan")]))
    1.0
    """
    return sum(_without_nan(x, 0.0), axis, dtype, out, keepdims)


def nanprod(
    x: Any, axis: Axes = None, dtype: Any = None, out: NDArray | None = None, keepdims: bool = False
) -> NDArray:
    """The product over the axes, NaN left out.

    >>> float(nanprod([2.0, float("nan")]))
    2.0
    """
    return prod(_without_nan(x, 1.0), axis, dtype, out, keepdims)


def nancumsum(x: Any, axis: int | None = None, dtype: Any = None) -> NDArray:
    """Running sums in which NaN counts as 0.

    >>> nancumsum([1.0, float("nan")]).tolist()
    [1.0, 1.0]
    """
    return cumsum(_without_nan(x, 0.0), axis, dtype)


def nancumprod(x: Any, axis: int | None = None, dtype: Any = None) -> NDArray:
    """Running products in which NaN counts as 1.

    >>> nancumprod([2.0, float("nan")]).tolist()
    [2.0, 2.0]
    """
    return cumprod(_without_nan(x, 1.0), axis, dtype)


def nanmean(x: Any, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> NDArray:
    """The mean over the axes, NaN left out; NaN where there is nothing else.

    >>> float(nanmean([1.0, float("nan"), 3.0]))
    2.0
    """
    x = _in(x, dtype)
    if not is_inexact(x):
        return mean(x, axis, dtype, None, keepdims)
    total = F.sum(_without_nan(x, 0.0), axis, keepdims)
    return F.divide(total, F.cast(_counted(x, axis, keepdims), total._dtype_name))


def nanvar(x: Any, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False) -> NDArray:
    """The variance over the axes, NaN left out.

    >>> float(nanvar([1.0, float("nan"), 3.0]))
    1.0
    """
    x = _in(x, dtype)
    if not is_inexact(x):
        return var(x, axis, dtype, None, ddof, keepdims)
    gap = F.where(F.isnan(x), 0.0, F.subtract(x, nanmean(x, axis, keepdims=True)))
    total = F.sum(F.square(gap), axis, keepdims)
    left = F.subtract(F.cast(_counted(x, axis, keepdims), total._dtype_name), float(ddof))
    return F.where(F.greater(left, 0), F.divide(total, left), float("nan"))


def nanstd(x: Any, axis: Axes = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False) -> NDArray:
    """The standard deviation over the axes, NaN left out.

    >>> float(nanstd([1.0, float("nan"), 3.0]))
    1.0
    """
    return F.sqrt(nanvar(x, axis, dtype, ddof, keepdims))


def _nan_extreme(reduce: Any, instead: float, x: Any, axis: Axes, keepdims: bool) -> NDArray:
    x = asarray(x)
    if not is_inexact(x):
        return reduce(x, axis, keepdims)
    missing = F.isnan(x)
    found = reduce(F.where(missing, instead, x), axis, keepdims)
    return F.where(F.all(missing, axis, keepdims), float("nan"), found)


def nanmax(x: Any, axis: Axes = None, keepdims: bool = False) -> NDArray:
    """The largest number along the axes that is not NaN; NaN where there is nothing else.

    >>> float(nanmax([1.0, float("nan")]))
    1.0
    """
    return _nan_extreme(F.max, float("-inf"), x, axis, keepdims)


def nanmin(x: Any, axis: Axes = None, keepdims: bool = False) -> NDArray:
    """The smallest number along the axes that is not NaN; NaN where there is nothing else.

    >>> float(nanmin([1.0, float("nan")]))
    1.0
    """
    return _nan_extreme(F.min, float("inf"), x, axis, keepdims)
