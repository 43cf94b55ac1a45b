"""The rest of the array-API standard and common NumPy names, written with other functions; see `dlcore.np`.

Functions whose result's shape depends on values (unique, searchsorted, histogram) run in NumPy on a copy.
"""

from __future__ import annotations

from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._convert import asarray, dtype_name
from ._joining import diag, moveaxis
from ._products import tensordot

_KINDS = {
    "bool": {"bool"},
    "signed integer": {"int8", "int16", "int32", "int64"},
    "unsigned integer": {"uint8", "uint16", "uint32", "uint64"},
    "real floating": {"float16", "bfloat16", "float32", "float64"},
    "complex floating": set(),
}
_KINDS["integral"] = _KINDS["signed integer"] | _KINDS["unsigned integer"]
_KINDS["numeric"] = _KINDS["integral"] | _KINDS["real floating"]


def _name(value: Any) -> str:
    if isinstance(value, NDArray):
        return value._dtype_name
    name = dtype_name(value)
    return _np.dtype(name).name if name != "bfloat16" else "bfloat16"


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind: "bool", "signed integer", "unsigned integer", "integral", "real floating",
    "numeric", a dtype, or a tuple of these.

    >>> isdtype("int8", "integral")
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str) and kind in _KINDS:
        return _name(dtype) in _KINDS[kind]
    return _name(dtype) == _name(kind)


def can_cast(from_: Any, to: Any) -> bool:
    """Whether adding the two dtypes gives the second one, so that a cast keeps every value.

    >>> can_cast("int8", "int32"), can_cast("float32", "int32")
    (True, False)
    """
    both = F.add(F.zeros((0,), _name(from_)), F.zeros((0,), _name(to)))
    return both._dtype_name == _name(to)


def finfo(dtype: Any) -> Any:
    """Limits of a floating-point dtype: eps, max, min, bits, smallest_normal.

    >>> finfo("float32").bits
    32
    """
    if _name(dtype) == "bfloat16":
        import ml_dtypes

        return ml_dtypes.finfo(ml_dtypes.bfloat16)
    return _np.finfo(_name(dtype))


def iinfo(dtype: Any) -> Any:
    """Limits of a whole-number dtype: min, max, bits.

    >>> iinfo("int8").max
    127
    """
    return _np.iinfo(_name(dtype))


def vdot(a: Any, b: Any) -> NDArray:
    """The sum of products of all numbers.

    >>> float(vdot([[1.0, 2.0]], [[3.0, 4.0]]))
    11.0
    """
    return F.sum(F.multiply(F.reshape(a, (-1,)), F.reshape(b, (-1,))))


def inner(a: Any, b: Any) -> NDArray:
    """Sums of products over the last axes.

    >>> float(inner([1.0, 2.0], [3.0, 4.0]))
    11.0
    """
    a, b = asarray(a), asarray(b)
    return F.multiply(a, b) if not (a.ndim and b.ndim) else tensordot(a, b, ((-1,), (-1,)))


def unstack(x: Any, axis: int = 0) -> tuple[NDArray, ...]:
    """The layers along an axis, which goes. Views.

    >>> [p.tolist() for p in unstack([[1, 2], [3, 4]])]
    [[1, 2], [3, 4]]
    """
    return tuple(moveaxis(asarray(x), axis, 0))


def cumulative_sum(x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> NDArray:
    """Running sums along the axis, starting with 0 if asked.

    >>> cumulative_sum([1, 2], include_initial=True).tolist()
    [0, 1, 3]
    """
    x = asarray(x) if dtype is None else F.cast(x, dtype)
    if axis is None:
        if x.ndim != 1:
            raise ValueError(f"cumulative_sum: an array of shape {x.shape} needs an axis")
        axis = 0
    sums = F.cumsum(x, axis)
    if not include_initial:
        return sums
    edge = [1 if k == axis % x.ndim else 0 for k in range(x.ndim)]
    return F.pad(sums, edge, [0] * x.ndim)


def cumulative_prod(x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> NDArray:
    """Running products along the axis, starting with 1 if asked. One multiplication of slices for each place.

    >>> cumulative_prod([2, 3]).tolist()
    [2, 6]
    """
    x = asarray(x) if dtype is None else F.cast(x, dtype)
    layers = list(unstack(x, axis or 0))
    for k in range(1, len(layers)):
        layers[k] = F.multiply(layers[k - 1], layers[k])
    if include_initial:
        layers.insert(0, F.ones_like(layers[0]))
    return F.stack(*layers, axis=axis or 0)


def searchsorted(a: Any, v: Any, side: str = "left") -> NDArray:
    """Where each number of v would have to be put in to keep a in order.

    >>> searchsorted([1.0, 3.0], [2.0]).tolist()
    [1]
    """
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side must be 'left' or 'right', got {side!r}")
    where: Any = _np.searchsorted
    return asarray(where(asarray(a).asnumpy(), asarray(v).asnumpy(), side))


def unique_values(x: Any) -> NDArray:
    """The different numbers, in order.

    >>> unique_values([2, 1, 2]).tolist()
    [1, 2]
    """
    return asarray(_np.unique(asarray(x).asnumpy()))


def unique_counts(x: Any) -> tuple[NDArray, NDArray]:
    """The different numbers and how often each occurs.

    >>> [a.tolist() for a in unique_counts([2, 1, 2])]
    [[1, 2], [1, 2]]
    """
    return tuple(map(asarray, _np.unique(asarray(x).asnumpy(), return_counts=True)))  # type: ignore[return-value]


def unique_inverse(x: Any) -> tuple[NDArray, NDArray]:
    """The different numbers and, for each number of x, which of them it is.

    >>> [a.tolist() for a in unique_inverse([2, 1, 2])]
    [[1, 2], [1, 0, 1]]
    """
    x = asarray(x)
    values, inverse = _np.unique(x.asnumpy(), return_inverse=True)
    return asarray(values), asarray(inverse.reshape(x.shape))


def unique_all(x: Any) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """The different numbers, where each is first, which one each number is, and how often each occurs.

    >>> [a.tolist() for a in unique_all([2, 1, 2])]
    [[1, 2], [1, 0], [1, 0, 1], [1, 2]]
    """
    x = asarray(x)
    values, first, inverse, counts = _np.unique(x.asnumpy(), True, True, True)
    return asarray(values), asarray(first), asarray(inverse.reshape(x.shape)), asarray(counts)


def histogram(a: Any, bins: Any = 10, range: tuple[float, float] | None = None) -> tuple[NDArray, NDArray]:
    """How many numbers lie in each of the bins, and the bins' edges.

    >>> histogram([0.0, 1.0, 1.0], bins=2)[0].tolist()
    [1, 2]
    """
    counts, edges = _np.histogram(asarray(a).asnumpy(), bins, range)
    return asarray(counts), asarray(edges)


def bincount(x: Any, minlength: int = 0) -> NDArray:
    """How often each of 0, 1, 2, ... occurs.

    >>> bincount([1, 1, 3]).tolist()
    [0, 2, 0, 1]
    """
    return asarray(_np.bincount(asarray(x).asnumpy(), minlength=minlength))


def quantile(a: Any, q: Any, axis: int | None = None, keepdims: bool = False) -> NDArray:
    """The number below which the share q lies, between neighbours in proportion.

    >>> float(quantile([1.0, 2.0, 3.0], 0.5))
    2.0
    """
    return asarray(_np.quantile(asarray(a).asnumpy(), q, axis=axis, keepdims=keepdims))


def percentile(a: Any, q: Any, axis: int | None = None, keepdims: bool = False) -> NDArray:
    """`quantile` in hundredths.

    >>> float(percentile([1.0, 2.0, 3.0], 50))
    2.0
    """
    return quantile(a, _np.true_divide(q, 100), axis, keepdims)


def diagonal(a: Any, offset: int = 0) -> NDArray:
    """The diagonal of a matrix.

    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    return diag(a, offset)


def trace(a: Any, offset: int = 0) -> NDArray:
    """The sum of the diagonal of a matrix.

    >>> int(trace([[1, 2], [3, 4]]))
    5
    """
    return F.sum(diag(a, offset))


def identity(n: int, dtype: Any = "float32") -> NDArray:
    """The unit matrix.

    >>> identity(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return F.eye(n, n, 0, dtype)


def fliplr(m: Any) -> NDArray:
    """Columns in reversed order. A view.

    >>> fliplr([[1, 2]]).tolist()
    [[2, 1]]
    """
    return F.flip(m, 1)


def flipud(m: Any) -> NDArray:
    """Rows in reversed order. A view.

    >>> flipud([[1], [2]]).tolist()
    [[2], [1]]
    """
    return F.flip(m, 0)


def flatnonzero(a: Any) -> NDArray:
    """The places of all numbers that are not zero, counted in order.

    >>> flatnonzero([[0, 1], [2, 0]]).tolist()
    [1, 2]
    """
    return asarray(_np.flatnonzero(asarray(a).asnumpy()))


def column_stack(arrays: Any) -> NDArray:
    """Vectors as the columns of a matrix.

    >>> column_stack([[1, 2], [3, 4]]).tolist()
    [[1, 3], [2, 4]]
    """
    given = [asarray(a) for a in arrays]
    return F.concat(*[F.expand_dims(a, 1) if a.ndim == 1 else a for a in given], axis=1)


def append(arr: Any, values: Any, axis: int | None = None) -> NDArray:
    """Joined along the axis (both flattened, if None).

    >>> append([1], [2, 3]).tolist()
    [1, 2, 3]
    """
    if axis is None:
        return F.concat(F.reshape(arr, (-1,)), F.reshape(values, (-1,)), axis=0)
    return F.concat(arr, values, axis=axis)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> NDArray:
    """NaN and the infinities replaced, the latter by the dtype's largest numbers if not told otherwise.

    >>> nan_to_num([float("nan"), 1.0]).tolist()
    [0.0, 1.0]
    """
    x = asarray(x)
    if not isdtype(x, "real floating"):
        return F.copy(x)
    limits = finfo(x._dtype_name)
    high = float(limits.max) if posinf is None else posinf
    low = float(limits.min) if neginf is None else neginf
    x = F.where(F.isnan(x), nan, x)
    return F.where(F.isinf(x), F.where(F.greater(x, 0), high, low), x)
