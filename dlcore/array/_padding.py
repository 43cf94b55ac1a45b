"""np.pad: numbers added at the ends of the axes."""

from __future__ import annotations

from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._arranging import beside
from ._convert import asarray

_BY_PLACE = ("edge", "reflect", "symmetric", "wrap")
_BY_VALUE = ("maximum", "minimum", "mean", "median")
MODES = ("constant", *_BY_PLACE, "linear_ramp", *_BY_VALUE, "empty")


def _pairs(name: str, given: Any, x: NDArray) -> list[tuple[Any, Any]]:
    """A number, (before, after), one such pair or one for each axis -> a pair for each axis."""
    if type(given) in (int, float):
        return [(given, given)] * x.ndim
    if isinstance(given, dict):
        found: list[tuple[Any, Any]] = [(0, 0)] * x.ndim
        for axis, width in given.items():
            if not isinstance(axis, int) or not -x.ndim <= axis < x.ndim:
                raise IndexError(f"pad: {name} has the axis {axis!r}, the array the shape {x.shape}")
            pair = (width, width) if isinstance(width, (int, float)) else tuple(width)
            if len(pair) != 2:
                raise ValueError(f"pad: {name} must be a number or (before, after) for axis {axis}, got {width!r}")
            found[axis] = pair
        return found
    try:
        wide = _np.broadcast_to(_np.asarray(given), (x.ndim, 2))
    except ValueError:
        raise ValueError(f"pad: {name} {given} does not fit an array of shape {x.shape}") from None
    if wide.dtype.kind not in "biufc":
        raise TypeError(f"pad: {name} must be numbers, got {given!r}")
    return [(a.item(), b.item()) for a, b in wide]


def pad(a: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0, end_values: Any = 0,
        reflect_type: str = "even", stat_length: Any = None) -> NDArray:  # fmt: skip
    """Numbers added at the ends of the axes.

    pad_width: a number, (before, after), one such pair for each axis, or {axis: width}. mode: "constant" puts
    `constant_values`; "edge" the last number; "reflect" and "symmetric" the mirror image without and with the last
    number; "wrap" the other end; "linear_ramp" a slope to `end_values`; "maximum", "minimum", "mean" and "median" that
    of the axis (of its last `stat_length` numbers); "empty" anything.

    >>> pad([1.0, 2.0], 1).tolist()
    [0.0, 1.0, 2.0, 0.0]
    """
    x = asarray(a)
    if mode not in MODES:
        raise ValueError(f"pad: mode must be one of {', '.join(MODES)}, got {mode!r}")
    if reflect_type != "even":
        raise ValueError(f"pad: reflect_type must be 'even', got {reflect_type!r}")
    widths = _pairs("pad_width", pad_width, x)
    if any(not isinstance(w, int) or w < 0 for pair in widths for w in pair):
        raise ValueError(f"pad: the widths must be whole numbers of at least 0, got {pad_width}")
    values = _pairs("end_values" if mode == "linear_ramp" else "constant_values",
                    end_values if mode == "linear_ramp" else constant_values, x)  # fmt: skip
    lengths = _pairs("stat_length", 0 if stat_length is None else stat_length, x)
    if mode in ("constant", "empty") and len({v for pair in values for v in pair}) <= 1:
        value = 0 if mode == "empty" else float(values[0][0]) if values else 0
        return F.pad(x, [w[0] for w in widths], [w[1] for w in widths], value)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = _along(x, axis, before, after, mode, values[axis], lengths[axis])
    return x


def _along(x: NDArray, axis: int, before: int, after: int, mode: str, values: tuple, lengths: tuple) -> NDArray:
    n = x.shape[axis]
    if n == 0 and mode != "constant":
        raise ValueError(
            f"pad: axis {axis} of shape {x.shape} has nothing to repeat; only mode 'constant' can add to it"
        )
    if mode in _BY_PLACE:
        spare = n - (mode == "reflect")  # layers that an end can be made of; more come by their places
        if mode != "edge" and max(before, after) > spare:
            return F.take(x, beside(x, outside(_np.arange(-before, n + after), n, mode)), axis)
        ends = [_end(x, axis, before, mode, True), x, _end(x, axis, after, mode, False)]
        return F.concat(*[e for e, width in zip(ends, (before, 1, after), strict=True) if width], axis=axis)
    parts = [x]
    for first, width in ((True, before), (False, after)):
        if width:
            value = values[0 if first else 1]
            part = _filled(x, axis, width, mode, first, value, int(lengths[0 if first else 1]))
            parts.insert(0, part) if first else parts.append(part)
    return F.concat(*parts, axis=axis)


def _end(x: NDArray, axis: int, width: int, mode: str, first: bool) -> NDArray:
    """What stands before (or behind) an axis, made of as many of its own layers."""
    n = x.shape[axis]
    count = min(width, 1) if mode == "edge" else width
    skip = int(mode == "reflect")
    start = [0] * x.ndim
    start[axis] = skip if first != (mode == "wrap") else n - skip - count
    part = F.slice(x, start, [count if k == axis else m for k, m in enumerate(x.shape)])
    if mode == "edge":
        return F.broadcast_to(part, [width if k == axis else m for k, m in enumerate(x.shape)])
    return part if mode == "wrap" else F.flip(part, axis)


def _filled(x: NDArray, axis: int, width: int, mode: str, first: bool, value: Any, length: int) -> NDArray:
    """`width` layers for one end of the axis."""
    shape = [*x.shape[:axis], width, *x.shape[axis + 1 :]]
    if mode == "constant":
        return F.full(value, shape, x._dtype_name, x._device)
    n = x.shape[axis]
    if mode == "linear_ramp":
        edge = F.take(x, beside(x, _np.array([0 if first else n - 1])), axis)
        steps = _np.arange(width) if first else _np.arange(width)[::-1]
        share = F.reshape(
            beside(x, (steps / width).astype(_np.float64)), [-1 if k == axis else 1 for k in range(x.ndim)]
        )
        ramp = F.add(F.multiply(F.subtract(F.cast(edge, "float64"), value), share), value)
        return F.cast(F.floor(ramp) if _np.dtype(x.dtype).kind in "iu" else ramp, x._dtype_name)
    span = min(length, n) if length else n
    start = [0] * x.ndim
    start[axis] = 0 if first else n - span
    part = F.slice(x, start, [span if k == axis else m for k, m in enumerate(x.shape)])
    if mode == "median":
        from ._statistics import median

        found = median(part, axis, keepdims=True)
    else:
        found = {"maximum": F.max, "minimum": F.min, "mean": F.mean}[mode](part, axis, True)
    if _np.dtype(x.dtype).kind in "iu" and found._dtype_name != x._dtype_name:
        found = F.rint(found)
    return F.broadcast_to(F.cast(found, x._dtype_name), shape)


def outside(i: Any, n: int, mode: str) -> Any:
    """Which place of an axis of length n stands at place i, which may lie beyond its ends."""
    if mode == "edge":
        return _np.clip(i, 0, n - 1)
    if mode == "wrap":
        return i % n
    period = max(2 * (n - 1), 1) if mode == "reflect" else 2 * n
    i = i % period
    return _np.where(i < n, i, period - i if mode == "reflect" else period - 1 - i)
