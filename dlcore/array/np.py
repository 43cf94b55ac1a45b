"""`dlcore.np`: arrays with the names of the array-API standard and of NumPy.

Every operator whose stanza names it is here (np.exp, np.add, ...); below are those that need a little Python. Functions
take arrays, NumPy arrays, lists and numbers. The default floating-point dtype is float32.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import RECORDS, F
from . import linalg
from . import np_random as random
from ._convert import array, asarray
from ._creation import arange, empty, empty_like, eye, full, full_like, linspace, ones, ones_like, zeros, zeros_like
from ._dunders import invert
from ._joining import (
    atleast_1d,
    atleast_2d,
    concatenate,
    diag,
    diff,
    hstack,
    meshgrid,
    moveaxis,
    pad,
    repeat,
    roll,
    split,
    stack,
    swapaxes,
    tile,
    vstack,
)
from ._products import dot, einsum, matmul, outer, tensordot, vecdot
from ._protocol import from_dlpack
from ._searching import (
    argsort,
    argwhere,
    median,
    nonzero,
    sort,
    take,
    take_along_axis,
    unique,
    where,
)
from ._shared import clip as _clip
from ._standard import (
    append,
    bincount,
    can_cast,
    column_stack,
    cumulative_prod,
    cumulative_sum,
    diagonal,
    finfo,
    flatnonzero,
    fliplr,
    flipud,
    histogram,
    identity,
    iinfo,
    inner,
    isdtype,
    nan_to_num,
    percentile,
    quantile,
    searchsorted,
    trace,
    unique_all,
    unique_counts,
    unique_inverse,
    unique_values,
    unstack,
    vdot,
)

ndarray = NDArray
newaxis = None
pi, e, inf, nan = _np.pi, _np.e, _np.inf, _np.nan
bool_ = _np.dtype("bool")
int8, int16, int32, int64 = (_np.dtype(f"int{n}") for n in (8, 16, 32, 64))
uint8, uint16, uint32, uint64 = (_np.dtype(f"uint{n}") for n in (8, 16, 32, 64))
float16, float32, float64 = (_np.dtype(f"float{n}") for n in (16, 32, 64))
Axes = int | tuple[int, ...] | None

# NumPy names and array-API names for operators of another name.
_OTHER_NAMES = {
    "true_divide": "divide",
    "mod": "remainder",
    "pow": "power",
    "absolute": "abs",
    "fabs": "abs",
    "fix": "trunc",
    "acos": "arccos",
    "asin": "arcsin",
    "atan": "arctan",
    "atan2": "arctan2",
    "acosh": "arccosh",
    "asinh": "arcsinh",
    "atanh": "arctanh",
    "rad2deg": "degrees",
    "deg2rad": "radians",
    "concat": "concatenate",
    "permute_dims": "transpose",
    "around": "round",
    "round_": "round",
    "amax": "max",
    "amin": "min",
    "bitwise_invert": "bitwise_not",
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
}
bitwise_not = invert
_made: dict[str, str] = {}


def __getattr__(name: str) -> Any:
    other = _OTHER_NAMES.get(name)
    if other is not None:
        value = globals().get(other) or __getattr__(other)
    elif name == "bfloat16":
        import ml_dtypes

        value = _np.dtype(ml_dtypes.bfloat16)
    else:
        if name not in _made:
            _made.update({r.np_name: r.name for r in RECORDS.values() if r.np_name and not r.internal})
        if name not in _made:
            import difflib

            near = difflib.get_close_matches(name, __dir__(), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise AttributeError(f"dlcore.np has no {name!r}{hint}")
        value = getattr(F, _made[name])
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    own = [n for n in globals() if not n.startswith("_") and n not in ("annotations", "builtins", "F", "RECORDS")]
    return sorted(
        {*own, *_OTHER_NAMES, "bfloat16", *(r.np_name for r in RECORDS.values() if r.np_name and not r.internal)}
    )


def _reduction(name: str) -> Callable[..., NDArray]:
    method = getattr(NDArray, name)

    def function(
        a: Any,
        axis: Axes = None,
        dtype: Any = None,
        out: NDArray | None = None,
        keepdims: builtins.bool = False,
        **more: Any,
    ) -> NDArray:
        return method(asarray(a), axis, dtype, out, keepdims, **more)

    function.__name__, function.__doc__ = name, method.__doc__
    return function


sum, mean, prod, var, std = map(_reduction, ("sum", "mean", "prod", "var", "std"))
max, min, any, all = map(_reduction, ("max", "min", "any", "all"))


def cumsum(a: Any, axis: int | None = None, dtype: Any = None) -> NDArray:
    """Running sum along the axis, or of all numbers in order.

    >>> cumsum([1, 2, 3]).tolist()
    [1, 3, 6]
    """
    return F.cumsum(asarray(a) if dtype is None else F.cast(a, dtype), axis)


def clip(a: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None) -> NDArray:
    """Held between two limits, either of which may be None.

    >>> clip([-1.0, 5.0], 0.0, 2.0).tolist()
    [0.0, 2.0]
    """
    return _clip(asarray(a), min, max, a_min, a_max)


def round(a: Any, decimals: int = 0) -> NDArray:
    """Rounded to so many decimals, halves to the even digit.

    >>> round([0.5, 1.26], 1).shape
    (2,)
    """
    return asarray(a).round(decimals)


def reshape(a: Any, newshape: Any = None, *, shape: Any = None) -> NDArray:
    """The same numbers in another shape; one -1 is worked out.

    >>> reshape([1, 2, 3, 4], (2, -1)).shape
    (2, 2)
    """
    return F.reshape(a, shape if newshape is None else newshape)


def transpose(a: Any, axes: Sequence[int] | None = None) -> NDArray:
    """Axes in another order, all reversed if None. A view.

    >>> transpose([[1, 2]]).shape
    (2, 1)
    """
    return F.transpose(a, axes)


def ravel(a: Any) -> NDArray:
    """All numbers on one axis.

    >>> ravel([[1, 2], [3, 4]]).shape
    (4,)
    """
    return asarray(a).ravel()


def copy(a: Any) -> NDArray:
    """A copy in memory of its own.

    >>> copy([1, 2]).tolist()
    [1, 2]
    """
    return F.copy(a)


def astype(x: Any, dtype: Any, copy: builtins.bool = True) -> NDArray:
    """The same numbers in another dtype.

    >>> astype([1.7], "int32").tolist()
    [1]
    """
    return asarray(x).astype(dtype, copy)


def average(a: Any, axis: Axes = None, weights: Any = None) -> NDArray:
    """The mean, weighted if weights are given.

    >>> float(average([1.0, 3.0], weights=[3.0, 1.0]))
    1.5
    """
    if weights is None:
        return F.mean(a, axis)
    weights = F.broadcast_to(weights, asarray(a).shape)
    return F.divide(F.sum(F.multiply(a, weights), axis), F.sum(weights, axis))


def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: builtins.bool = False) -> NDArray:
    """Whether |a - b| <= atol + rtol * |b|; equal infinities are close.

    >>> isclose([1.0], [1.0 + 1e-7]).tolist()
    [True]
    """
    near = F.logical_and(F.less_equal(F.abs(F.subtract(a, b)), F.add(F.multiply(F.abs(b), rtol), atol)), F.isfinite(b))
    close = F.logical_or(near, F.equal(a, b))
    return F.logical_or(close, F.logical_and(F.isnan(a), F.isnan(b))) if equal_nan else close


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: builtins.bool = False) -> builtins.bool:
    """Whether all numbers are close.

    >>> allclose([1.0], [1.0])
    True
    """
    return bool(F.all(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a: Any, b: Any) -> builtins.bool:
    """Whether shapes and all numbers are the same.

    >>> array_equal([1, 2], [1, 2])
    True
    """
    a, b = asarray(a), asarray(b)
    return a.shape == b.shape and bool(F.all(F.equal(a, b)))


def broadcast_arrays(*arrays: Any) -> list[NDArray]:
    """All arrays as views of their common shape.

    >>> [x.shape for x in broadcast_arrays([1], [1, 2])]
    [(2,), (2,)]
    """
    given = [asarray(a) for a in arrays]
    shape = _np.broadcast_shapes(*(a.shape for a in given))
    return [F.broadcast_to(a, shape) for a in given]


def result_type(*arrays: Any) -> _np.dtype:
    """The dtype that arrays (and Python numbers) would be added in.

    >>> str(result_type(array([1]), 1.5))
    'float32'
    """
    probe: Any = arrays[0]
    for other in arrays[1:]:
        probe = F.add(*(F.reshape(F.zeros_like(v), (-1,)) if isinstance(v, NDArray) else v for v in (probe, other)))
    return asarray(probe).dtype


def shape(a: Any) -> tuple[int, ...]:
    """The shape of anything that can be an array.

    >>> shape([[1, 2]])
    (1, 2)
    """
    return asarray(a).shape


__all__ = [
    "append", "arange", "argsort", "argwhere", "array", "asarray", "atleast_1d", "atleast_2d", "bincount",
    "can_cast", "column_stack", "concatenate", "cumulative_prod", "cumulative_sum", "diag", "diagonal", "diff",
    "dot", "einsum", "empty", "empty_like", "eye", "finfo", "flatnonzero", "fliplr", "flipud", "from_dlpack",
    "full", "full_like", "histogram", "hstack", "identity", "iinfo", "inner", "isdtype", "linalg", "linspace",
    "matmul", "median", "meshgrid", "moveaxis", "nan_to_num", "ndarray", "nonzero", "ones", "ones_like",
    "outer", "pad", "percentile", "quantile", "random", "repeat", "roll", "searchsorted", "sort", "split",
    "stack", "swapaxes", "take", "take_along_axis", "tensordot", "tile", "trace", "unique", "unique_all",
    "unique_counts", "unique_inverse", "unique_values", "unstack", "vdot", "vecdot", "vstack", "where", "zeros",
    "zeros_like",
]  # fmt: skip
