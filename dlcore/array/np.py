"""`dlcore.np`: the array-API standard 2024.12 with its extensions, and NumPy's names on top.

Every operator whose stanza names it is here (np.exp, np.add, ...); those that need a little Python come from the files
beside this one. Functions take arrays, NumPy arrays, lists and numbers. The default floating-point dtype is float32.
"""

# ruff: noqa: F401 - most of what this namespace offers is only passed on

from __future__ import annotations

import importlib as _importlib
from collections.abc import Sequence
from typing import Any

import numpy as _np

from .. import _answers
from .._core import NDArray
from .._hints import missing
from ..ops import RECORDS, F
from . import linalg
from . import np_random as random
from ._arranging import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    broadcast_shapes,
    diag,
    diag_indices,
    diag_indices_from,
    diagflat,
    diagonal,
    fill_diagonal,
    fliplr,
    flipud,
    moveaxis,
    repeat,
    roll,
    rollaxis,
    rot90,
    swapaxes,
    tile,
    trace,
    tril_indices,
    triu_indices,
)
from ._complex import angle, iscomplex, iscomplexobj, isreal, isrealobj, real_if_close
from ._convert import array, asarray
from ._creation import (
    arange,
    empty,
    empty_like,
    eye,
    fromfunction,
    full,
    full_like,
    geomspace,
    identity,
    indices,
    linspace,
    logspace,
    meshgrid,
    ones,
    ones_like,
    tri,
    vander,
    zeros,
    zeros_like,
)
from ._dtypes import __array_namespace_info__, astype, can_cast, finfo, iinfo, isdtype, promote_types, result_type
from ._dunders import invert
from ._einsum import einsum, einsum_path
from ._float_parts import frexp, ldexp, spacing
from ._joining import (
    append,
    array_split,
    block,
    column_stack,
    concatenate,
    delete,
    dsplit,
    dstack,
    hsplit,
    hstack,
    insert,
    split,
    stack,
    unstack,
    vsplit,
    vstack,
)
from ._memory import genfromtxt, loadtxt, may_share_memory, min_scalar_type, packbits, shares_memory, unpackbits
from ._nan_reducing import (
    nancumprod,
    nancumsum,
    nanmax,
    nanmean,
    nanmin,
    nanprod,
    nanstd,
    nansum,
    nanvar,
)
from ._numerics import (
    bartlett,
    blackman,
    convolve,
    correlate,
    diff,
    ediff1d,
    gradient,
    hamming,
    hanning,
    i0,
    interp,
    kaiser,
    sinc,
    trapezoid,
    unwrap,
)
from ._numpy_calls import again as _again
from ._numpy_calls import with_methods as _with_methods
from ._numpy_names import ABSENT, AS_NUMPY, LATER, OTHER_NAMES
from ._padding import pad
from ._pointwise import (
    allclose,
    apply_along_axis,
    apply_over_axes,
    array_equal,
    array_equiv,
    clip,
    divmod,
    isclose,
    isneginf,
    isposinf,
    modf,
    nan_to_num,
    piecewise,
    round,
    vectorize,
)
from ._polynomials import poly, polyadd, polyder, polydiv, polyfit, polyint, polymul, polysub, polyval, roots
from ._products import cross, dot, inner, kron, matmul, matvec, outer, tensordot, vdot, vecdot, vecmat
from ._protocol import from_dlpack
from ._reducing import (
    all,
    any,
    average,
    cumprod,
    cumsum,
    cumulative_prod,
    cumulative_sum,
    max,
    mean,
    min,
    prod,
    ptp,
    std,
    sum,
    var,
)
from ._searching import (
    argpartition,
    argsort,
    argwhere,
    choose,
    compress,
    digitize,
    extract,
    flatnonzero,
    lexsort,
    msort,
    nanargmax,
    nanargmin,
    nonzero,
    partition,
    ravel_multi_index,
    searchsorted,
    select,
    sort,
    take,
    take_along_axis,
    unravel_index,
    where,
)
from ._sets import (
    in1d,
    intersect1d,
    isin,
    setdiff1d,
    setxor1d,
    union1d,
    unique,
    unique_all,
    unique_counts,
    unique_inverse,
    unique_values,
)
from ._shared import array_in_place as _array_in_place
from ._statistics import (
    bincount,
    corrcoef,
    cov,
    histogram,
    histogram2d,
    histogram_bin_edges,
    histogramdd,
    median,
    nanmedian,
    nanpercentile,
    nanquantile,
    percentile,
    quantile,
)
from ._tricks import (
    c_,
    copyto,
    index_exp,
    ix_,
    mgrid,
    ogrid,
    put,
    put_along_axis,
    putmask,
    r_,
    resize,
    s_,
    tril_indices_from,
    trim_zeros,
    triu_indices_from,
)

__array_api_version__ = "2024.12"
ndarray = NDArray
newaxis = None
pi, e, inf, nan, euler_gamma = _np.pi, _np.e, _np.inf, _np.nan, _np.euler_gamma
bool_ = _np.bool_  # NumPy's own classes: they stand for dtypes, and np.float32(2) is a number
int8, int16, int32, int64 = _np.int8, _np.int16, _np.int32, _np.int64
uint8, uint16, uint32, uint64 = _np.uint8, _np.uint16, _np.uint32, _np.uint64
float16, float32, float64 = _np.float16, _np.float32, _np.float64
complex64, complex128 = _np.complex64, _np.complex128
half, single, double, csingle, cdouble = float16, float32, float64, complex64, complex128
byte, short, intc, int_, intp, longlong = int8, int16, int32, int64, int64, int64
ubyte, ushort, uintc, uint, uintp, ulonglong = uint8, uint16, uint32, uint64, uint64, uint64
dtype = _np.dtype
set_printoptions = _np.set_printoptions  # arrays are printed as NumPy prints its own

_ROOMS = ("fft",)  # extensions that are modules of their own
_TOOLS = "ABSENT AS_NUMPY Any F LATER OTHER_NAMES RECORDS Sequence annotations missing".split()  # of this file
bitwise_not = invert
_made: dict[str, str] = {}


def __getattr__(name: str) -> Any:
    other = OTHER_NAMES.get(name)
    if other is not None:
        value = globals().get(other)
        value = __getattr__(other) if value is None else value
    elif name in _ROOMS:
        value = _importlib.import_module(f".{name}", __package__)
    elif name in AS_NUMPY:
        value = getattr(_np, name)
    elif name in LATER:
        value = getattr(_importlib.import_module(f".{LATER[name]}", __package__), name)
        value = _answers.answered(value, name, _again)
    elif name == "bfloat16":
        import ml_dtypes

        value = _np.dtype(ml_dtypes.bfloat16)
    else:
        if name not in _made:
            _made.update({r.np_name: r.name for r in RECORDS.values() if r.np_name and not r.internal})
        if name in ABSENT:
            raise AttributeError(f"dlcore.np has no {name!r}; {ABSENT[name]}", name=name)
        if name not in _made:
            raise missing("dlcore.np", "np", name, __dir__())
        value = _with_methods(getattr(F, _made[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    own = [n for n in globals() if n[0] != "_" and n not in _TOOLS]
    made = (r.np_name for r in RECORDS.values() if r.np_name and not r.internal)
    return sorted({*own, *_ROOMS, *OTHER_NAMES, *AS_NUMPY, *LATER, "bfloat16", *made})


def reshape(a: Any, shape: Any = None, order: str = "C", *, newshape: Any = None, copy: bool | None = None) -> NDArray:
    """The same numbers in order in another shape; one -1 is worked out. A view where possible; copy=True copies in any
    case, copy=False raises ValueError where it would be needed. Order "F" reads and writes column by column.

    >>> reshape([1, 2, 3, 4], (2, -1)).shape
    (2, 2)
    """
    target = shape if newshape is None else newshape
    if target is None:
        raise TypeError("reshape: the new shape is missing")
    if order == "F":
        sizes = (target,) if isinstance(target, int) else tuple(target)
        return transpose(reshape(transpose(a), sizes[::-1], copy=copy))
    if order not in ("C", "A"):
        raise ValueError(f"reshape: order must be 'C', 'F' or 'A', got {order!r}")
    a = asarray(a)
    made = F.reshape(a, target)
    if copy:
        return F.copy(made)
    if copy is False and a.size and made._ptr != a._ptr:
        raise ValueError(f"reshape: shape {a.shape} with strides {a.strides} cannot become {made.shape} without a copy")
    return made


def transpose(a: Any, axes: Sequence[int] | None = None) -> NDArray:
    """Axes in another order, all reversed if None. A view.

    >>> transpose([[1, 2]]).shape
    (2, 1)
    """
    return F.transpose(a, axes)


def ravel(a: Any, order: str = "C") -> NDArray:
    """All numbers on one axis, a view where possible: row by row, or column by column for order "F".

    >>> ravel([[1, 2], [3, 4]]).shape
    (4,)
    """
    return asarray(a).ravel() if order in ("C", "K") else reshape(a, (-1,), order)


def copy(a: Any, order: str = "K") -> NDArray:
    """A copy in memory of its own, which lies as the array does, or in `order` "C" or "F".

    >>> copy([1, 2]).tolist()
    [1, 2]
    """
    if order in ("C", "F"):
        return __getattr__("ascontiguousarray" if order == "C" else "asfortranarray")(F.copy(a))
    return F.copy(a)


def shape(a: Any) -> tuple[int, ...]:
    """The shape of anything that can be an array.

    >>> shape([[1, 2]])
    (1, 2)
    """
    return asarray(a).shape


def ndim(a: Any) -> int:
    """How many axes anything has that can be an array.

    >>> ndim([[1, 2]])
    2
    """
    return asarray(a).ndim


def size(a: Any, axis: int | None = None) -> int:
    """How many numbers there are (along the axis).

    >>> size([[1, 2]]), size([[1, 2]], 0)
    (2, 1)
    """
    a = asarray(a)
    return a.size if axis is None else a.shape[axis]


_answers.answer(__name__, __dir__(), _again)
