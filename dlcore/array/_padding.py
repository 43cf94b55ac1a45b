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
        raise ValueError(
            f"pad: expected {name} to be one number, one pair (before, after) or a pair for each of the {x.ndim} axes "
            f"of shape {x.shape}, got {given}"
        ) from None
    if wide.dtype.kind not in "biufc":
        raise TypeError(f"pad: {name} must be numbers, got {given!r}")
    return [(a.item(), b.item()) for a, b in wide]


def _widths(given: Any, x: NDArray) -> tuple[list[int], list[int]]:
    """What is added before and behind each axis."""
    if type(given) is int and given >= 0:
        return [given] * x.ndim, [given] * x.ndim
    if isinstance(given, (tuple, list)) and len(given) == x.ndim:  # as most calls are: NumPy is slow at looking
        before, after = [], []
        for pair in given:
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                break
            left, right = pair
            if type(left) is not int or type(right) is not int or left < 0 or right < 0:
                break
            before.append(left)
            after.append(right)
        else:
            return before, after
    pairs = _pairs("pad_width", given, x)
    if any(not isinstance(w, int) or w < 0 for pair in pairs for w in pair):
        raise ValueError(f"pad: the widths must be whole numbers of at least 0, got {given}")
    return [w[0] for w in pairs], [w[1] for w in pairs]


def pad(a: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0, end_values: Any = 0,
        reflect_type: str = "even", stat_length: Any = None) -> NDArray:  # fmt: skip
    """Numbers added at the ends of the axes.

    pad_width: a number, (before, after), one such pair for each axis, or {axis: width}. mode: "constant" puts
    `constant_values`; "edge" the last number; "reflect" and "symmetric" the mirror image without and with the last
    number (`reflect_type` "odd": turned upside down about the last number, 2 * last - image); "wrap" the other end;
    "linear_ramp" a slope to `end_values`; "maximum", "minimum", "mean" and "median" that of the axis (of its last
    `stat_length` numbers); "empty" anything. As in NumPy a constant is cast to the array's dtype: 1.5 becomes 1 among
    whole numbers, 300 becomes 44 in uint8.

    >>> pad([1.0, 2.0], 1).tolist()
    [0.0, 1.0, 2.0, 0.0]
    >>> pad([1, 2, 4], (2, 1), "reflect").tolist()
    [4, 2, 1, 2, 4, 2]
    """
    x = a if type(a) is NDArray else asarray(a)
    if mode not in MODES:
        raise ValueError(f"pad: mode must be one of {', '.join(MODES)}, got {mode!r}")
    before, after = _widths(pad_width, x)
    if reflect_type != "even":
        return _odd(x, before, after, mode, reflect_type)
    if mode in _BY_PLACE:
        return _repeated(x, before, after, mode)
    if mode == "empty" or (mode == "constant" and type(constant_values) is int and constant_values == 0):
        return F.pad(x, before, after)
    return _added(x, before, after, mode, constant_values, end_values, stat_length)


def _need_numbers(x: NDArray, axis: int) -> None:
    if x.shape[axis] == 0:
        raise ValueError(
            f"pad: axis {axis} of shape {x.shape} has nothing to repeat; only mode 'constant' can add to it"
        )


def _repeated(x: NDArray, before: list[int], after: list[int], mode: str) -> NDArray:
    if not x.size:
        for axis in range(x.ndim):
            if before[axis] or after[axis]:
                _need_numbers(x, axis)
    return F.pad_repeat(x, before, after, mode)


def _part(x: NDArray, axis: int, begin: int, count: int) -> NDArray:
    start = [0] * x.ndim
    start[axis] = begin
    return F.slice(x, start, [count if k == axis else m for k, m in enumerate(x.shape)])


def _odd(x: NDArray, before: list[int], after: list[int], mode: str, reflect_type: str) -> NDArray:
    """Mirror images turned upside down, as many of each axis one after the other as its widths ask for."""
    if reflect_type != "odd" or mode not in ("reflect", "symmetric"):
        raise ValueError(
            "pad: reflect_type must be 'even', or 'odd' for mode 'reflect' or 'symmetric', "
            f"got {reflect_type!r} for mode {mode!r}"
        )
    for axis, (left, right) in enumerate(zip(before, after, strict=True)):
        if left or right:
            _need_numbers(x, axis)
        span = x.shape[axis] - (mode == "reflect")
        while left or right:
            if span:
                x = _turned(x, axis, min(left, span), min(right, span), mode)
                left, right = max(left - span, 0), max(right - span, 0)
            else:  # one number alone has no image but itself
                x, left, right = _turned(x, axis, left, right, "edge"), 0, 0
    return x


def _turned(x: NDArray, axis: int, before: int, after: int, mode: str) -> NDArray:
    n, only = x.shape[axis], [int(k == axis) for k in range(x.ndim)]
    image = F.pad_repeat(x, [before * k for k in only], [after * k for k in only], mode)
    parts = [x]
    for at, begin, width in ((0, 0, before), (n - 1, before + n, after)):
        if width:
            twice = F.multiply(_part(x, axis, at, 1), 2)
            end = F.cast(F.subtract(twice, _part(image, axis, begin, width)), x._dtype_name)
            parts.insert(0, end) if begin == 0 else parts.append(end)
    return F.concat(*parts, axis=axis)


def _constant(x: NDArray, value: Any) -> float | None:
    """The number for the core to cast; None where it has parts that float64 has not."""
    kind = x.dtype.kind
    if isinstance(value, complex):
        if kind not in "bc":
            raise TypeError(f"pad: {value!r} as {x._dtype_name} would lose its imaginary part; take real or abs first")
        return None if kind == "c" else float(value != 0)
    if kind in "iu" and not abs(value) < 2**64:
        raise ValueError(f"pad: expected a constant that can become {x._dtype_name}, got {value!r}")
    return None if kind in "iu" and abs(value) > 2**53 else float(value)


def _added(x: NDArray, before: list[int], after: list[int], mode: str, constant_values: Any, end_values: Any,
           stat_length: Any) -> NDArray:  # fmt: skip
    """Numbers that are not the array's own."""
    ramp = mode == "linear_ramp"
    values = _pairs("end_values" if ramp else "constant_values", end_values if ramp else constant_values, x)
    if mode == "constant" and len({v for pair in values for v in pair}) <= 1:
        value = _constant(x, values[0][0]) if values else 0.0
        if value is not None:
            return F.pad(x, before, after, value)
    lengths = _pairs("stat_length", 0 if stat_length is None else stat_length, x)
    for axis in range(x.ndim):
        parts = [x]
        for first, width in ((True, before[axis]), (False, after[axis])):
            if width:
                value, length = (pair[0 if first else 1] for pair in (values[axis], lengths[axis]))
                part = _filled(x, axis, width, mode, first, value, int(length))
                parts.insert(0, part) if first else parts.append(part)
        if len(parts) > 1:
            x = F.concat(*parts, axis=axis)
    return x


def _filled(x: NDArray, axis: int, width: int, mode: str, first: bool, value: Any, length: int) -> NDArray:
    """`width` layers for one end of the axis."""
    shape = [*x.shape[:axis], width, *x.shape[axis + 1 :]]
    if mode == "constant":
        number = _constant(x, value)
        exact = (
            beside(x, _np.array(value).astype(x.dtype)) if number is None else F.full(number, (), "float64", x._device)
        )
        return F.broadcast_to(F.cast(exact, x._dtype_name), shape)
    _need_numbers(x, axis)
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
    part = _part(x, axis, 0 if first else n - span, span)
    if mode == "median":
        from ._statistics import median

        found = median(part, axis, keepdims=True)
    else:
        found = {"maximum": F.max, "minimum": F.min, "mean": F.mean}[mode](part, axis, True)
    if _np.dtype(x.dtype).kind in "iu" and found._dtype_name != x._dtype_name:
        found = F.rint(found)
    return F.broadcast_to(F.cast(found, x._dtype_name), shape)
