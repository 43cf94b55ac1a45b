"""Data types as the array-API standard asks about them: kinds, limits, promotion, and what this library offers."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._convert import asarray, dtype_name
from .context import Context, cpu, current_context, gpu, num_gpus

KINDS: dict[str, tuple[str, ...]] = {
    "bool": ("bool",),
    "signed integer": ("int8", "int16", "int32", "int64"),
    "unsigned integer": ("uint8", "uint16", "uint32", "uint64"),
    "real floating": ("float16", "bfloat16", "float32", "float64"),
    "complex floating": ("complex64", "complex128"),
}
KINDS["integral"] = KINDS["signed integer"] + KINDS["unsigned integer"]
KINDS["numeric"] = KINDS["integral"] + KINDS["real floating"] + KINDS["complex floating"]
# What MXNet's files write for a dtype: its place here.
NUMBERED = (
    *("float32", "float64", "float16", "uint8", "int32", "int8", "int64", "bool"),
    *("int16", "uint16", "uint32", "uint64", "bfloat16"),
)
_PARTS = {"complex64": "float32", "complex128": "float64"}  # what a complex number is made of


def name_of(value: Any) -> str:
    """The core's name for the dtype of an array or for a dtype in any of its spellings."""
    if isinstance(value, NDArray):
        return value._dtype_name
    if isinstance(value, (_np.ndarray, _np.generic)):
        return value.dtype.name
    name = dtype_name(value)
    if name is None:
        raise TypeError("expected a dtype or an array, got None")
    return name if name == "bfloat16" else _np.dtype(name).name


def numpy_dtype(name: str) -> _np.dtype:
    """The NumPy dtype of that name; bfloat16 through ml_dtypes."""
    if name == "bfloat16":
        import ml_dtypes

        return _np.dtype(ml_dtypes.bfloat16)
    return _np.dtype(name)


def is_kind(x: Any, kind: str) -> bool:
    """Whether an array's or dtype's kind is one of those of the standard ("integral", "real floating", ...)."""
    return name_of(x) in KINDS[kind]


def is_inexact(x: Any) -> bool:
    """Whether an array or dtype is real or complex floating-point."""
    return is_kind(x, "real floating") or is_kind(x, "complex floating")


def floating(x: Any) -> NDArray:
    """x as an array of a floating-point (or complex) dtype; whole numbers and truth values become float32."""
    x = asarray(x)
    return x if is_inexact(x) else F.cast(x, "float32")


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind: "bool", "signed integer", "unsigned integer", "integral", "real floating",
    "complex floating", "numeric", a dtype, or a tuple of these. ValueError for a kind that does not exist.

    >>> isdtype("int8", "integral")
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, k) for k in kind)
    if isinstance(kind, str) and kind in KINDS:
        return is_kind(dtype, kind)
    try:
        return name_of(dtype) == name_of(kind)
    except TypeError:
        raise ValueError(f"isdtype: expected a dtype or one of {sorted(KINDS)}, got {kind!r}") from None


@cache
def promoted(a: str, b: str) -> str:
    """The dtype in which numbers of two dtypes are added."""
    return F.add(F.zeros((0,), a), F.zeros((0,), b))._dtype_name


def can_cast(from_: Any, to: Any, /) -> bool:
    """Whether adding the two dtypes gives the second one, so that a cast keeps every value. `from_`: array or dtype.

    >>> can_cast("int8", "int32"), can_cast("float32", "int32")
    (True, False)
    """
    return promoted(name_of(from_), name_of(to)) == name_of(to)


def result_type(*arrays_and_dtypes: Any) -> _np.dtype:
    """The dtype that arrays, dtypes and Python numbers would be added in; a Python number only lends its kind.

    >>> result_type("int8", "float32")
    dtype('float32')
    """
    if not arrays_and_dtypes:
        raise ValueError("result_type: expected at least one array or dtype")
    numbers = [v for v in arrays_and_dtypes if isinstance(v, (bool, int, float, complex))]
    names = [
        asarray(v)._dtype_name if isinstance(v, list) else name_of(v)
        for v in arrays_and_dtypes
        if not isinstance(v, (bool, int, float, complex))
    ]
    if not names:
        kinds = [asarray(v)._dtype_name for v in numbers]
    else:
        kinds = names
    name = kinds[0]
    for other in kinds[1:]:
        name = promoted(name, other)
    if names:
        for number in numbers:
            name = F.add(F.zeros((1,), name), type(number)(1))._dtype_name
    return numpy_dtype(name)


def promote_types(type1: Any, type2: Any) -> _np.dtype:
    """The dtype in which numbers of two dtypes are added.

    >>> promote_types("int8", "float32")
    dtype('float32')
    """
    return numpy_dtype(promoted(name_of(type1), name_of(type2)))


class FloatLimits(NamedTuple):
    """What `finfo` gives; Python numbers."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: _np.dtype

    @property
    def tiny(self) -> float:
        """NumPy's older name of smallest_normal."""
        return self.smallest_normal


class IntegerLimits(NamedTuple):
    """What `iinfo` gives; Python numbers."""

    bits: int
    max: int
    min: int
    dtype: _np.dtype


def finfo(type: Any, /) -> FloatLimits:
    """Limits of a floating-point dtype (of an array or dtype; of a complex one those of its parts).

    >>> finfo("float32").bits
    32
    """
    name = _PARTS.get(name_of(type), name_of(type))
    if name not in KINDS["real floating"]:
        raise TypeError(f"finfo: expected a floating-point dtype, got {name}")
    limits: Any
    if name == "bfloat16":
        import ml_dtypes

        limits = ml_dtypes.finfo(ml_dtypes.bfloat16)
    else:
        limits = _np.finfo(name)
    eps, high, low, smallest = (float(v) for v in (limits.eps, limits.max, limits.min, limits.smallest_normal))
    return FloatLimits(int(limits.bits), eps, high, low, smallest, numpy_dtype(name))


def iinfo(type: Any, /) -> IntegerLimits:
    """Limits of a whole-number dtype (of an array or dtype).

    >>> iinfo("int8").max
    127
    """
    name = name_of(type)
    if name not in KINDS["integral"]:
        raise TypeError(f"iinfo: expected a whole-number dtype, got {name}")
    limits = _np.iinfo(name)
    return IntegerLimits(limits.bits, int(limits.max), int(limits.min), _np.dtype(name))


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> NDArray:
    """The same numbers in another dtype (and on another device); with copy=False x itself where nothing changes.

    TypeError from complex to real numbers: take the real part instead.

    >>> astype([1.7], "int32").tolist()
    [1]
    """
    x = asarray(x)
    if is_kind(x, "complex floating") and not is_kind(dtype, "complex floating"):
        raise TypeError(f"astype: {x._dtype_name} to {name_of(dtype)} loses the imaginary part; use real()")
    made = x.astype(dtype, copy)
    return made if device is None else made.as_in_context(device)


class ArrayNamespaceInfo:
    """What this namespace offers, as the array-API standard asks for it.

    >>> __array_namespace_info__().default_dtypes()["integral"]
    dtype('int64')
    """

    def capabilities(self) -> dict[str, Any]:
        """Boolean indexing and results whose shape depends on values work; at most 8 axes."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 8}

    def default_device(self) -> Context:
        """Where new arrays are made."""
        return current_context()

    def default_dtypes(self, *, device: Any = None) -> dict[str, _np.dtype]:
        """The dtypes of new arrays of Python numbers and of positions."""
        names = {"real floating": "float32", "complex floating": "complex64", "integral": "int64", "indexing": "int64"}
        return {kind: _np.dtype(name) for kind, name in names.items()}

    def devices(self) -> list[Context]:
        """The processor, and the GPUs that can be used here."""
        return [cpu(), *(gpu(k) for k in range(num_gpus()))]

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, _np.dtype]:
        """The dtypes of a kind (or a tuple of kinds; all, if None) by name; those of the standard."""
        if kind is None:
            kind = ("bool", "numeric")
        names = KINDS["bool"] + KINDS["numeric"]
        return {n: _np.dtype(n) for n in names if n not in ("float16", "bfloat16") and isdtype(n, kind)}


def __array_namespace_info__() -> ArrayNamespaceInfo:
    """Questions about this namespace: capabilities, devices, dtypes.

    >>> __array_namespace_info__().default_device()
    cpu(0)
    """
    return ArrayNamespaceInfo()
