"""The reductions of `_reducing.py` that leave NaN out."""

from __future__ import annotations

from typing import Any

from .._core import NDArray
from ..ops import F
from ._convert import asarray
from ._dtypes import is_inexact
from ._reducing import Axes, as_dtype, cumprod, cumsum, into, mask_of, max, mean, min, number_of, prod, spread, sum, var


def _without_nan(x: Any, instead: float) -> NDArray:
    x = asarray(x)
    return F.where(F.isnan(x), instead, x) if is_inexact(x) else x


def nansum(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> NDArray:
    """The sum over the axes, NaN left out; `initial` and `where` as in `sum`.

    >>> float(nansum([2.0, float("nan")]))
    2.0
    """
    return sum(_without_nan(a, 0.0), axis, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> NDArray:
    """The product over the axes, NaN left out; `initial` and `where` as in `prod`.

    >>> float(nanprod([2.0, float("nan")]))
    2.0
    """
    return prod(_without_nan(a, 1.0), axis, dtype, out, keepdims, initial, where)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """Running sums in which NaN counts as 0.

    >>> nancumsum([1.0, float("nan")]).tolist()
    [1.0, 1.0]
    """
    return cumsum(_without_nan(a, 0.0), axis, dtype, out)


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """Running products in which NaN counts as 1.

    >>> nancumprod([2.0, float("nan")]).tolist()
    [2.0, 2.0]
    """
    return cumprod(_without_nan(a, 1.0), axis, dtype, out)


def nanmean(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    *,
    where: Any = None,
) -> NDArray:
    """The mean over the axes, NaN left out; NaN where there is nothing else.

    >>> float(nanmean([1.0, float("nan"), 3.0]))
    2.0
    """
    a = as_dtype(a, dtype)
    return mean(a, axis, dtype, out, keepdims, where=_there("nanmean", a, where) if is_inexact(a) else where)


def _there(name: str, a: NDArray, where: Any) -> NDArray:
    """Where numbers are that count: no NaN, and within the mask."""
    known = F.logical_not(F.isnan(a))
    return known if where is None else F.logical_and(known, mask_of(where, name))


def nanvar(
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
    """The variance over the axes, NaN left out; NaN where ddof (or the standard's correction) leaves nothing.

    >>> float(nanvar([1.0, float("nan"), 3.0]))
    1.0
    """
    a = as_dtype(a, dtype)
    if not is_inexact(a):
        return var(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction)
    if ddof and correction:
        raise ValueError(f"nanvar: give correction or NumPy's ddof, not both ({correction} and {ddof})")
    by, there = float(ddof or correction), _there("nanvar", a, where)
    found = spread(a, axis, keepdims, by, there, mean)
    enough = F.greater(F.subtract(number_of(a, there, axis, keepdims, found._dtype_name), by), 0)
    return into("nanvar", F.where(enough, found, float("nan")), dtype, out)


def nanstd(
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
    """The standard deviation over the axes, NaN left out.

    >>> float(nanstd([1.0, float("nan"), 3.0]))
    1.0
    """
    found = nanvar(a, axis, dtype, None, ddof, keepdims, where=where, mean=mean, correction=correction)
    return into("nanstd", F.sqrt(found), None, out)


def _nan_extreme(reduce: Any, instead: float, x: Any, axis: Axes, keepdims: bool) -> NDArray:
    x = asarray(x)
    if not is_inexact(x):
        return reduce(x, axis, keepdims)
    missing = F.isnan(x)
    found = reduce(F.where(missing, instead, x), axis, keepdims)
    return F.where(F.all(missing, axis, keepdims), float("nan"), found)


def nanmax(
    a: Any,
    axis: Axes = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> NDArray:
    """The largest number along the axes that is not NaN; NaN where there is nothing else. `initial` and `where` as in
    `max`.

    >>> float(nanmax([1.0, float("nan")]))
    1.0
    """
    a = asarray(a)
    if initial is None and where is None:
        return into("nanmax", _nan_extreme(F.max, float("-inf"), a, axis, keepdims), None, out)
    return max(a, axis, out, keepdims, initial, _there("nanmax", a, where) if is_inexact(a) else where)


def nanmin(
    a: Any,
    axis: Axes = None,
    out: NDArray | None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = None,
) -> NDArray:
    """The smallest number along the axes that is not NaN; NaN where there is nothing else. `initial` and `where` as in
    `min`.

    >>> float(nanmin([1.0, float("nan")]))
    1.0
    """
    a = asarray(a)
    if initial is None and where is None:
        return into("nanmin", _nan_extreme(F.min, float("inf"), a, axis, keepdims), None, out)
    return min(a, axis, out, keepdims, initial, _there("nanmin", a, where) if is_inexact(a) else where)
