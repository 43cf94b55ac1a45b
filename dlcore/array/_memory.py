"""What arrays share, bits in bytes, and arrays from text."""

from __future__ import annotations

from typing import Any

import numpy as _np

from .._core import NDArray
from ._arranging import beside
from ._convert import array, asarray
from ._dtypes import numpy_dtype


def _views(a: Any, b: Any) -> tuple[_np.ndarray, _np.ndarray] | None:
    """Their memory as NumPy sees it; None where they are on different devices."""
    given = [x if isinstance(x, NDArray) else _np.asarray(x) for x in (a, b)]
    ours = [x for x in given if isinstance(x, NDArray)]
    if len({x._device for x in ours}) > 1 or (len(ours) == 1 and not ours[0]._device.startswith("cpu")):
        return None
    first, second = (x._numpy_view() if isinstance(x, NDArray) else x for x in given)
    return first, second


def shares_memory(a: Any, b: Any) -> bool:
    """Whether some number lies in both arrays, which must be on the processor.

    >>> x = array([1.0, 2.0, 3.0])
    >>> shares_memory(x[:2], x[1:]), shares_memory(x[:1], x[1:])
    (True, False)
    """
    views = _views(a, b)
    return views is not None and bool(_np.shares_memory(*views))


def may_share_memory(a: Any, b: Any) -> bool:
    """Whether the stretches of memory of two arrays overlap (they may still have no number in common).

    >>> x = array([1.0, 2.0, 3.0])
    >>> may_share_memory(x, x[1:])
    True
    """
    views = _views(a, b)
    return views is not None and bool(_np.may_share_memory(*views))


def min_scalar_type(a: Any) -> _np.dtype:
    """The smallest dtype that holds a number; an array's own dtype.

    >>> min_scalar_type(10)
    dtype('uint8')
    """
    x = asarray(a) if isinstance(a, (NDArray, list, tuple, _np.ndarray)) else None
    return _np.min_scalar_type(a) if x is None or not x.ndim else numpy_dtype(x._dtype_name)


def packbits(a: Any, axis: int | None = None, bitorder: str = "big") -> NDArray:
    """Truth values as the bits of uint8 numbers, eight along the axis for each (zeros fill the last).

    >>> packbits([1, 0, 1]).tolist()
    [160]
    """
    x = asarray(a)
    if _np.dtype(x.dtype).kind not in "iub":
        raise TypeError(f"packbits: expected truth values or whole numbers, got {x._dtype_name}")
    return beside(x, _np.packbits(x.asnumpy(), axis, _order("packbits", bitorder)))


def unpackbits(a: Any, axis: int | None = None, count: int | None = None, bitorder: str = "big") -> NDArray:
    """The bits of uint8 numbers as zeros and ones, eight along the axis for each.

    >>> unpackbits(packbits([1, 0, 1]), count=3).tolist()
    [1, 0, 1]
    """
    x = asarray(a)
    if x._dtype_name != "uint8":
        raise TypeError(f"unpackbits: expected uint8, got {x._dtype_name}")
    return beside(x, _np.unpackbits(x.asnumpy(), axis, count, _order("unpackbits", bitorder)))


def _order(name: str, bitorder: str) -> Any:
    if bitorder not in ("big", "little"):
        raise ValueError(f"{name}: bitorder must be 'big' or 'little', got {bitorder!r}")
    return bitorder


def genfromtxt(fname: Any, dtype: Any = "float32", **options: Any) -> NDArray:
    """Numbers from a text file (or its lines) with columns; what is missing becomes NaN. Options as NumPy's.

    >>> genfromtxt(["1,2", "3,"], delimiter=",").tolist()
    [[1.0, 2.0], [3.0, nan]]
    """
    return array(_np.genfromtxt(fname, **options), dtype)


def loadtxt(fname: Any, dtype: Any = "float32", **options: Any) -> NDArray:
    """Numbers from a text file (or its lines) with columns; ValueError where one is missing. Options as NumPy's.

    >>> loadtxt(["1 2", "3 4"]).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    return array(_np.loadtxt(fname, **options), dtype)
