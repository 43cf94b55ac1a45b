"""Functions of NumPy that few programs call: counts of bits, writing under a mask, orders of memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._convert import asarray
from ._creation import ones
from ._dtypes import is_inexact, is_kind, result_type
from ._searching import nonzero
from ._shared import array_in_place
from ._tricks import put


def bitwise_count(x: Any) -> NDArray:
    """How many bits of a whole number's size are 1, as uint8.

    >>> bitwise_count([7, -8]).tolist()
    [3, 1]
    """
    x = asarray(x)
    if is_inexact(x):
        raise TypeError(f"bitwise_count: expected whole numbers or truth values, got {x.dtype}")
    if not is_kind(x, "unsigned integer"):
        x = F.abs(F.cast(x, "int64"))
    n = F.cast(x, "uint64")
    for width, kept in ((1, 0x5555555555555555), (2, 0x3333333333333333), (4, 0x0F0F0F0F0F0F0F0F)):
        n = F.add(F.bitwise_and(n, kept), F.bitwise_and(F.right_shift(n, width), kept))  # sums of neighbouring fields
    return F.cast(F.right_shift(F.multiply(n, 0x0101010101010101), 56), "uint8")


def fabs(x: Any, *, out: NDArray | None = None) -> NDArray:
    """The size of real numbers as floating-point numbers.

    >>> fabs([-1, 2]).tolist()
    [1.0, 2.0]
    """
    x = asarray(x)
    if is_kind(x, "complex floating"):
        raise TypeError(f"fabs: expected real numbers, got {x.dtype}; np.abs takes complex ones")
    return F.abs(x if is_inexact(x) else F.cast(x, "float32"), out=out)


def float_power(a: Any, b: Any, *, out: NDArray | None = None) -> NDArray:
    """a to the power b in float64, or complex128.

    >>> float_power([2], [0.5]).dtype
    dtype('float64')
    """
    a, b = asarray(a), asarray(b)
    wide = "complex128" if is_kind(a, "complex floating") or is_kind(b, "complex floating") else "float64"
    return F.power(F.cast(a, wide), F.cast(b, wide), out=out)


def place(arr: NDArray, mask: Any, vals: Any) -> None:
    """Writes vals in order (again from the first where they run out) into arr where the mask holds.

    >>> x = ones(3); place(x, [True, False, True], [5, 6]); x.tolist()
    [5.0, 1.0, 6.0]
    """
    mask = asarray(mask)
    if mask.size != array_in_place("place", arr, "arr").size:
        raise ValueError(f"place: mask of shape {mask.shape} for an array of shape {arr.shape}")
    spots = _np.flatnonzero(mask.asnumpy())
    if spots.size and not asarray(vals).size:
        raise ValueError(f"place: no values for {spots.size} places")
    put(arr, spots, vals)


def mask_indices(n: int, mask_func: Callable[..., Any], k: Any = 0) -> tuple[NDArray, ...]:
    """Where mask_func, such as np.triu, leaves numbers of an (n, n) matrix standing.

    >>> [i.tolist() for i in mask_indices(2, _np.triu)]
    [[0, 0, 1], [0, 1, 1]]
    """
    return nonzero(asarray(mask_func(ones((n, n), "int64"), k)))


def sort_complex(a: Any) -> NDArray:
    """Numbers in order of their real parts, equal ones of their imaginary parts, along the last axis; complex64 or
    complex128.

    >>> sort_complex([2.0, 1j, 1.0]).tolist()
    [1j, (1+0j), (2+0j)]
    """
    a = asarray(a)
    a = a if is_kind(a, "complex floating") else F.cast(a, result_type(a, "complex64").name)
    order = F.argsort(F.imag(a))
    again = F.argsort(F.take_along_axis(F.real(a), order))
    return F.take_along_axis(a, F.take_along_axis(order, again))


def common_type(*arrays: Any) -> type:
    """The floating-point or complex class that all arrays fit in.

    >>> common_type(ones(2), asarray([1])).__name__
    'float32'
    """
    found = result_type(*(x if is_inexact(x) else F.cast(x, "float32") for x in map(asarray, arrays)))
    return found.type


def asarray_chkfinite(a: Any, dtype: Any = None) -> NDArray:
    """`asarray`, and a ValueError where a number is infinite or NaN.

    >>> asarray_chkfinite([1.0]).tolist()
    [1.0]
    """
    made = asarray(a, dtype)
    if is_inexact(made) and not bool(F.all(F.isfinite(made))):
        raise ValueError(f"asarray_chkfinite: the array of shape {made.shape} has infinities or NaN")
    return made


def _in_rows(x: NDArray) -> NDArray:
    """A copy whose numbers lie row by row; F.copy keeps the order that it finds."""
    return F.reshape(F.reshape(x, (x.size,)), x.shape) if x.size and not x._contiguous else F.copy(x)


def ascontiguousarray(a: Any, dtype: Any = None) -> NDArray:
    """The array itself if its numbers lie in order, row by row, else a copy that does; with one axis at least.

    >>> ascontiguousarray(ones((2, 3)).T).strides
    (8, 4)
    """
    made = asarray(a, dtype)
    made = made if made.ndim else F.reshape(made, (1,))
    return made if made._contiguous else _in_rows(made)


def asfortranarray(a: Any, dtype: Any = None) -> NDArray:
    """The array itself if its numbers lie in order, column by column, else a copy that does; with one axis at least.

    >>> asfortranarray(ones((2, 3))).strides
    (4, 8)
    """
    made = asarray(a, dtype)
    made = made if made.ndim else F.reshape(made, (1,))
    return made if made.T._contiguous else _in_rows(made.T).T


def isfortran(a: Any) -> bool:
    """Whether an array's numbers lie column by column, and not row by row as well.

    >>> isfortran(ones((2, 3)).T), isfortran(ones((2, 3)))
    (True, False)
    """
    a = asarray(a)
    return bool(a.T._contiguous) and not a._contiguous


_WANTED = {"C": ascontiguousarray, "F": asfortranarray}


def require(a: Any, dtype: Any = None, requirements: str | Sequence[str] | None = None) -> NDArray:
    """The array as `requirements` ask: "C" or "F" for the order in memory, "O" for memory of its own; all arrays may be
    written to ("W") and are aligned ("A").

    >>> require(ones((2, 3)).T, requirements=["C", "O"]).strides
    (8, 4)
    """
    names = [str(r).upper() for r in requirements or ()]
    asked = {n[0] if n[0] in "CF" else n[:1] for n in names}
    unknown = [n for n in names if n[0] not in "CFOWAE"]
    if unknown or {"C", "F"} <= asked:
        raise ValueError(f"require: expected some of C or F, O, W, A; got {requirements}")
    made = asarray(a, dtype)
    for order in asked & _WANTED.keys():
        made = _WANTED[order](made)
    shared = made is a or (isinstance(a, _np.ndarray) and made._ptr == a.ctypes.data)
    if "O" not in asked or not shared:
        return made
    return F.copy(made)


__all__ = ["asarray_chkfinite", "ascontiguousarray", "asfortranarray", "bitwise_count", "common_type", "fabs",
           "float_power", "isfortran", "mask_indices", "place", "require", "sort_complex"]  # fmt: skip
