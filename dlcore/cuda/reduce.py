"""Reductions."""

from __future__ import annotations

import math
from typing import Any

from ._call import Call, accumulator, kernel


def _axes(call: Call) -> Any:
    axis = call.attrs["axis"]
    return tuple(axis) if isinstance(axis, (tuple, list)) else axis


def _count(x: Any, axes: Any) -> int:
    axes = range(x.ndim) if axes is None else (axes if isinstance(axes, tuple) else (axes,))
    return math.prod(x.shape[a] for a in axes)


@kernel("sum", "prod", "mean", "max", "min", "any", "all")
def reduction(call: Call) -> None:
    x, axes, keep = call.x, _axes(call), call.attrs["keepdims"]
    name = call.op
    if name in ("sum", "prod"):
        wide = call.y.dtype if call.y.dtype.kind in "iu" else accumulator(call.xp, x)
        call.y[...] = getattr(x, name)(axis=axes, keepdims=keep, dtype=wide)
    elif name == "mean":
        wide = x.dtype if x.dtype.kind == "c" or x.dtype == call.xp.float64 else call.xp.float32
        call.y[...] = x.mean(axis=axes, keepdims=keep, dtype=wide)
    else:
        if name in ("max", "min") and x.size == 0 and call.y.size:
            raise ValueError(f"{name}: zero-size array of shape {x.shape} has no identity")
        call.y[...] = getattr(x, name)(axis=axes, keepdims=keep)


@kernel("norm2", "var")
def squares(call: Call) -> None:
    x, axes, keep = call.x, _axes(call), call.attrs["keepdims"]
    wide = call.xp.float64 if x.dtype.kind in "iub" else accumulator(call.xp, x)
    x = x.astype(wide, copy=False)
    if call.op == "norm2":
        call.y[...] = call.xp.sqrt((x * x).sum(axis=axes, keepdims=keep))
        return
    total = call.xp.square(x - x.mean(axis=axes, keepdims=True)).sum(axis=axes, keepdims=keep)
    call.y[...] = total / max(_count(x, axes) - call.attrs["ddof"], 0.0)


@kernel("argmax", "argmin")
def arg_reduction(call: Call) -> None:
    axis = call.attrs["axis"]
    axis = axis[0] if isinstance(axis, (tuple, list)) else axis
    if call.y.size == 0:
        return
    if call.x.size == 0:
        end = "largest" if call.op == "argmax" else "smallest"
        raise ValueError(f"{call.op}: zero-size array of shape {call.x.shape} has no {end} element")
    found = getattr(call.xp, call.op)(call.x, axis=axis)
    call.y[...] = found.reshape(call.y.shape)


@kernel("cumsum")
def cumsum(call: Call) -> None:
    x, axis = call.x, call.attrs["axis"]
    if axis is None:
        x, axis = x.reshape(-1), 0
    backward = (slice(None),) * (axis % x.ndim) + (slice(None, None, -1),)
    x = x[backward] if call.attrs["reverse"] else x
    total = x.cumsum(axis=axis, dtype=call.y.dtype if call.y.dtype.kind in "iu" else accumulator(call.xp, x))
    call.y[...] = total[backward] if call.attrs["reverse"] else total


@kernel("cumprod")
def cumprod(call: Call) -> None:
    x, axis = call.x, call.attrs["axis"]
    if axis is None:
        x, axis = x.reshape(-1), 0
    call.y[...] = x.cumprod(axis=axis, dtype=call.y.dtype if call.y.dtype.kind in "iu" else accumulator(call.xp, x))


@kernel("sum_to")
def sum_to(call: Call) -> None:
    x, shape = call.x, call.y.shape
    lead = x.ndim - len(shape)
    axes = (*range(lead), *(lead + i for i, n in enumerate(shape) if n == 1 and x.shape[lead + i] != 1))
    call.y[...] = x.sum(axis=axes, dtype=accumulator(call.xp, x)).reshape(shape) if axes else x.reshape(shape)


@kernel("axis_size")
def axis_size(call: Call) -> None:
    call.y[...] = _count(call.x, _axes(call))


@kernel("mean_but")
def mean_but(call: Call) -> None:
    axes = tuple(a for a in range(call.x.ndim) if a != call.axis)
    call.y[...] = call.x.mean(axis=axes, dtype=accumulator(call.xp, call.x))


@kernel("size_but")
def size_but(call: Call) -> None:
    call.y[...] = call.x.size // max(call.x.shape[call.axis], 1)
