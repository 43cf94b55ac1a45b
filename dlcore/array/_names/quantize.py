"""Numbers as int8 or uint8 with their range, and back. Whole networks are quantized by `dlcore.compress`."""

from __future__ import annotations

from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray

Three = tuple[NDArray, NDArray, NDArray]
_LARGEST = {"int8": 127.0, "int32": 2.0**31 - 1}


def _span(low: NDArray, high: NDArray) -> NDArray:
    """The larger of both sizes: int8 is symmetric around 0."""
    return F.maximum(F.abs(low), F.abs(high))


def quantize(data: Any, min_range: Any, max_range: Any, out_type: str = "uint8") -> Three:
    """(quantized, min, max): uint8 cuts [min_range, max_range] into 255 steps, int8 the symmetric range into 254.

    >>> q, low, high = quantize([-1.0, 0.5, 1.0], [-1.0], [1.0], "int8")
    >>> q.tolist(), low.tolist(), high.tolist()
    ([-127, 64, 127], [-1.0], [1.0])
    """
    data, low, high = asarray(data), asarray(min_range), asarray(max_range)
    if out_type == "uint8":
        steps = F.divide(F.multiply(F.subtract(data, low), 255.0), F.subtract(high, low))
        return F.cast(F.clip(F.floor(F.add(steps, 0.5)), 0.0, 255.0), "uint8"), low, high
    if out_type != "int8":
        raise ValueError(f"quantize: out_type must be uint8 or int8, got {out_type!r}")
    span = _span(low, high)
    steps = F.divide(F.multiply(data, 127.0), span)
    away = F.multiply(F.sign(steps), F.floor(F.add(F.abs(steps), 0.5)))
    return F.cast(F.clip(away, -127.0, 127.0), "int8"), F.negative(span), span


def quantize_v2(
    data: Any, out_type: str = "int8", min_calib_range: float | None = None, max_calib_range: float | None = None
) -> Three:
    """`quantize` with the given range, or with that of data. "auto" is uint8 for a range without negative numbers.

    >>> quantize_v2([-1.0, 0.5, 1.0])[0].tolist()
    [-127, 64, 127]
    """
    data = asarray(data)
    known = min_calib_range is not None and max_calib_range is not None
    low = asarray([min_calib_range]) if known else F.reshape(F.min(data), (1,))
    high = asarray([max_calib_range]) if known else F.reshape(F.max(data), (1,))
    if out_type == "auto":
        out_type = "int8" if float(low.item()) < 0 else "uint8"
    return quantize(data, F.cast(low, "float32"), F.cast(high, "float32"), out_type)


def dequantize(data: Any, min_range: Any, max_range: Any, out_type: str = "float32") -> NDArray:
    """Numbers again from what `quantize` gave.

    >>> dequantize(asarray([-127, 0], "int8"), [-1.0], [1.0]).tolist()
    [-1.0, 0.0]
    """
    data, low, high = asarray(data), asarray(min_range), asarray(max_range)
    kind, wide = data._dtype_name, F.cast(data, "float32")
    if kind == "uint8":
        return F.add(F.multiply(wide, F.divide(F.subtract(high, low), 255.0)), low)
    if kind not in _LARGEST:
        raise TypeError(f"dequantize: data must be uint8, int8 or int32, got {kind}")
    return F.multiply(wide, F.divide(_span(low, high), _LARGEST[kind]))


def requantize(
    data: Any, min_range: Any, max_range: Any, out_type: str = "int8", min_calib_range: float | None = None,
    max_calib_range: float | None = None,
) -> Three:  # fmt: skip
    """int32 numbers (sums of products) as int8, in the given range or in that of the numbers.

    >>> requantize(asarray([2**30, -(2**31) + 1], "int32"), [-1.0], [1.0])[0].tolist()
    [64, -127]
    """
    return quantize_v2(dequantize(data, min_range, max_range), out_type, min_calib_range, max_calib_range)
