"""Functions of single numbers that need a little Python, comparisons of whole arrays, and calls of Python functions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._arranging import place
from ._convert import asarray
from ._dtypes import finfo, is_inexact, is_kind
from ._shared import array_in_place
from ._shared import clip as _clip


def clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None, out: Any = None) -> NDArray:
    """Held between two limits (numbers or arrays), either of which may be None. x keeps its dtype.

    >>> clip([-1.0, 5.0], 0.0, 2.0).tolist()
    [0.0, 2.0]
    """
    found = _clip(asarray(x), min, max, a_min, a_max)
    if out is None:
        return found
    F.cast(found, array_in_place("clip", out, "out")._dtype_name, out=out)
    return out


def round(x: Any, decimals: int = 0) -> NDArray:
    """Rounded to so many decimals, halves to the even digit; whole numbers stay. Complex: part by part.

    >>> [float(v) for v in round([0.5, 1.5])]
    [0.0, 2.0]
    """
    x = asarray(x)
    if is_kind(x, "complex floating"):
        parts = (round(F.real(x), decimals), round(F.imag(x), decimals))
        return F._complex(*parts)
    if not is_inexact(x) and decimals >= 0:
        return F.copy(x)
    return x.round(decimals)


def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> NDArray:
    """Whether |a - b| <= atol + rtol * |b|; equal infinities are close.

    >>> isclose([1.0], [1.0 + 1e-7]).tolist()
    [True]
    """
    a, b = asarray(a), asarray(b)
    limit = F.add(F.multiply(F.abs(b), rtol), atol)
    near = F.logical_and(F.less_equal(F.abs(F.subtract(a, b)), limit), F.isfinite(b))
    close = F.logical_or(near, F.equal(a, b))
    return F.logical_or(close, F.logical_and(F.isnan(a), F.isnan(b))) if equal_nan else close


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether all numbers are close.

    >>> allclose([1.0], [1.0])
    True
    """
    return bool(F.all(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> bool:
    """Whether shapes and all numbers are the same.

    >>> array_equal([1, 2], [1, 2])
    True
    """
    a, b = asarray(a1), asarray(a2)
    found = _core.same_numbers(a, b, bool(equal_nan))
    if found is not None:
        return found
    if a.shape != b.shape:
        return False
    same = F.equal(a, b)
    if equal_nan and is_inexact(a) and is_inexact(b):
        same = F.logical_or(same, F.logical_and(F.isnan(a), F.isnan(b)))
    return bool(F.all(same))


def array_equiv(a1: Any, a2: Any) -> bool:
    """Whether all numbers are the same once the shapes are broadcast; False where they do not fit.

    >>> array_equiv([1, 1], 1)
    True
    """
    try:
        return bool(F.all(F.equal(asarray(a1), asarray(a2))))
    except ValueError:
        return False


def nan_to_num(
    x: Any, copy: bool = True, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None
) -> NDArray:
    """NaN and the infinities replaced, the latter by the dtype's largest numbers if not told otherwise.

    >>> nan_to_num([float("nan"), 1.0]).tolist()
    [0.0, 1.0]
    """
    x = asarray(x)
    if is_kind(x, "complex floating"):
        parts = (nan_to_num(F.real(x), True, nan, posinf, neginf), nan_to_num(F.imag(x), True, nan, posinf, neginf))
        return F._complex(*parts)
    if not is_inexact(x):
        return F.copy(x)
    limits = finfo(x)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    return F._nan_to_num(x, nan, high, low)


def _ordered(name: str, x: Any) -> NDArray:
    x = asarray(x)
    if is_kind(x, "complex floating"):
        raise TypeError(f"{name}: expected real numbers, got {x.dtype}; infinities of complex numbers have no sign")
    return x


def isposinf(x: Any) -> NDArray:
    """Where numbers are plus infinity.

    >>> isposinf([1.0, float("inf")]).tolist()
    [False, True]
    """
    return F.equal(_ordered("isposinf", x), float("inf"))


def isneginf(x: Any) -> NDArray:
    """Where numbers are minus infinity.

    >>> isneginf([1.0, float("-inf")]).tolist()
    [False, True]
    """
    return F.equal(_ordered("isneginf", x), float("-inf"))


def divmod(x1: Any, x2: Any) -> tuple[NDArray, NDArray]:
    """The whole quotient, rounded down, and what remains.

    >>> [int(v) for v in divmod(-7, 2)]
    [-4, 1]
    """
    return F.floor_divide(x1, x2), F.remainder(x1, x2)


def modf(x: Any) -> tuple[NDArray, NDArray]:
    """The fraction and the whole part of numbers, both with their sign.

    >>> [float(v) for v in modf(-1.5)]
    [-0.5, -1.0]
    """
    x = F.multiply(x, 1.0)  # whole numbers as float32
    whole = F.trunc(x)
    return F.copysign(F.where(F.isinf(x), 0.0, F.subtract(x, whole)), x), whole


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> NDArray:
    """The function called with every vector along the axis; its results stand where the vectors stood. One call each.

    >>> apply_along_axis(lambda v: v.sum(), 0, [[1, 2], [3, 4]]).tolist()
    [4, 6]
    """
    x = asarray(arr)
    axis = place("apply_along_axis", x, axis)
    order = [k for k in range(x.ndim) if k != axis] + [axis]
    lead = tuple(x.shape[k] for k in order[:-1])
    lines = F.reshape(F.transpose(x, order), (-1, x.shape[axis]) if x.size else (0, x.shape[axis]))
    if not lines.shape[0]:
        raise ValueError(f"apply_along_axis: there is no vector along axis {axis} of shape {x.shape}")
    made = F.stack(*[asarray(func1d(lines[k], *args, **kwargs)) for k in range(lines.shape[0])], axis=0)
    out = F.reshape(made, (*lead, *made.shape[1:]))
    n, extra = len(lead), made.ndim - 1
    return F.transpose(out, [*range(axis), *range(n, n + extra), *range(axis, n)])


def apply_over_axes(func: Callable[..., Any], a: Any, axes: int | Sequence[int]) -> NDArray:
    """The function called along one axis after the other; axes that it removes stay with length 1.

    >>> from dlcore import np
    >>> apply_over_axes(np.sum, [[1, 2], [3, 4]], (0, 1)).tolist()
    [[10]]
    """
    x = asarray(a)
    for axis in (axes,) if isinstance(axes, int) else axes:
        axis = place("apply_over_axes", x, axis)
        found = asarray(func(x, axis))
        x = found if found.ndim == x.ndim else F.expand_dims(found, axis)
    return x


def vectorize(pyfunc: Callable[..., Any]) -> Callable[..., NDArray]:
    """A function that calls `pyfunc` once for every number of its broadcast arguments (slow: Python runs each time).

    >>> vectorize(lambda a, b: a if a > b else b)([1, 5], 3).tolist()
    [3, 5]
    """

    def over_arrays(*arrays: Any) -> NDArray:
        given = _np.broadcast_arrays(*[asarray(a).asnumpy() for a in arrays])
        if not given[0].size:
            raise ValueError(f"vectorize: cannot tell the dtype of no results, for shape {given[0].shape}")
        results = [pyfunc(*(v.item() for v in row)) for row in zip(*[g.flat for g in given], strict=True)]
        return F.reshape(asarray(results), given[0].shape)

    over_arrays.__doc__ = pyfunc.__doc__
    over_arrays.__name__ = getattr(pyfunc, "__name__", "vectorized")
    return over_arrays


def piecewise(x: Any, condlist: Sequence[Any], funclist: Sequence[Any]) -> NDArray:
    """Where condition k holds the k-th function of x (or number); one more of them holds elsewhere (else 0). The last
    condition that holds counts.

    >>> piecewise([-1.0, 2.0], [[True, False]], [0.0, lambda v: v * 2]).tolist()
    [0.0, 4.0]
    """
    x = asarray(x)
    if len(funclist) not in (len(condlist), len(condlist) + 1):
        raise ValueError(f"piecewise: {len(condlist)} conditions for {len(funclist)} functions")
    values = [f(x) if callable(f) else f for f in funclist]
    found: Any = values[-1] if len(values) > len(condlist) else F.zeros_like(x)
    for condition, value in zip(condlist, values, strict=False):
        found = F.where(condition, value, found)
    return F.cast(found, x._dtype_name)
