"""Reading and writing by position. Every index is checked: out of range is an IndexError, never memory."""

from __future__ import annotations

import math
import struct
from functools import partial
from typing import Any

from ._call import Array, Call, accumulator, along, kernel


def checked(call: Call, index: Array, size: int, axis: int) -> Array:
    """`index` as int64 within 0..size-1, negatives counted from the end."""
    xp, kind = call.xp, index.dtype.kind
    values = index
    if kind == "f":
        wrong = ~((index >= -size) & (index < size)) | (index != xp.trunc(index))
        values = xp.ascontiguousarray(index.reshape(-1), dtype="float64").view("int64")  # bits, to be told exactly
    elif index.dtype == "uint64":
        wrong = index >= xp.uint64(size)
    else:
        index = values = index.astype("int64")
        wrong = (index < -size) | (index >= size)
    tell = partial(_no_place, call.op.lstrip("_"), kind, size, axis)
    unusable = call.refuse(wrong, values, tell)
    index = index.astype("int64")
    index = index if unusable is None else xp.where(unusable, 0, index)
    return xp.where(index < 0, index + size, index)


def _no_place(name: str, kind: str, size: int, axis: int, value: int, place: int) -> Exception:
    """What is said of an index that names nothing."""
    if kind != "f":
        said = str(value % 2**64 if kind == "u" else value)
    else:
        number = struct.unpack("<d", struct.pack("<q", value))[0]
        said = f"{number:g}"
        if -size <= number < size:
            return IndexError(f"{name}: index {said} for axis {axis} of size {size} is not a whole number")
    return IndexError(f"{name}: index {said} is out of range for axis {axis} of size {size}")


def scatter_add(call: Call, target: Array, where: Any, values: Array) -> None:
    """target[where] += values, with repeated places added up."""
    if hasattr(call.xp.add, "at"):
        call.xp.add.at(target, where, values)
    else:
        import cupyx

        cupyx.scatter_add(target, where, values)


def _added(call: Call, shape: tuple[int, ...], where: Any, g: Array, start: Array | None = None) -> None:
    total = call.xp.zeros(shape, dtype=accumulator(call.xp, g))
    if start is not None:
        total[...] = start
    scatter_add(call, total, where, g.astype(total.dtype, copy=False))
    call.y[...] = total


@kernel("take")
def take(call: Call) -> None:
    x, index = call.ins
    axis = call.axis
    call.y[...] = call.xp.take(x, checked(call, index, x.shape[axis], axis), axis=axis)


@kernel("take_grad")
def take_grad(call: Call) -> None:
    g, index, x = call.ins
    axis = int(call.attrs["axis"]) % x.ndim
    where = (slice(None),) * axis + (checked(call, index, x.shape[axis], axis),)
    _added(call, x.shape, where, g)


def _along(call: Call, x: Array, index: Array, axis: int) -> tuple[Array, ...]:
    """Index arrays for all axes: `index` along one, the places themselves along the others."""
    grid = list(call.xp.meshgrid(*(call.xp.arange(n) for n in index.shape), indexing="ij"))
    grid[axis] = checked(call, index, x.shape[axis], axis)
    return tuple(grid)


@kernel("take_along_axis")
def take_along_axis(call: Call) -> None:
    x, index = call.ins
    call.y[...] = x[_along(call, x, index, call.axis)]


@kernel("take_along_axis_grad")
def take_along_axis_grad(call: Call) -> None:
    g, index, x = call.ins
    axis = along(call, x.ndim)
    if index.ndim != x.ndim or any(i != axis and index.shape[i] != n for i, n in enumerate(x.shape)):
        raise ValueError(
            f"{call.op}: expected indices that differ from x {x.shape} in axis {axis} only, got {index.shape}"
        )
    if g.shape != index.shape:
        raise ValueError(f"{call.op}: expected g {index.shape}, got {g.shape}")
    _added(call, x.shape, _along(call, x, index, axis), g)


@kernel("sequence_reverse")
def sequence_reverse(call: Call) -> None:
    x, length = call.ins
    length = checked(call, call.xp.maximum(length, 1) - 1, x.shape[0], 0) + (length > 0)
    steps = call.xp.arange(x.shape[0])[:, None]
    call.y[...] = x[call.xp.where(steps < length, length - 1 - steps, steps), call.xp.arange(x.shape[1])]


@kernel("pick")
def pick(call: Call) -> None:
    x, index = call.ins
    axis = call.axis
    index = _expanded(call, index, x.ndim, axis)
    call.y[...] = x[_along(call, x, index, axis)].reshape(call.y.shape)


@kernel("pick_grad")
def pick_grad(call: Call) -> None:
    g, index, x = call.ins
    axis = int(call.attrs["axis"]) % x.ndim
    index = _expanded(call, index, x.ndim, axis)
    _added(call, x.shape, _along(call, x, index, axis), g.reshape(index.shape))


def _expanded(call: Call, index: Array, ndim: int, axis: int) -> Array:
    return index if index.ndim == ndim else call.xp.expand_dims(index, axis)


def _places(call: Call, x: Array, indices: list[Array]) -> tuple[Array, ...]:
    return tuple(checked(call, index, x.shape[i], i) for i, index in enumerate(indices))


@kernel("gather_nd")
def gather_nd(call: Call) -> None:
    x, *indices = call.ins
    call.y[...] = x[_places(call, x, indices)]


@kernel("gather_nd_grad")
def gather_nd_grad(call: Call) -> None:
    g, x, *indices = call.ins
    _added(call, x.shape, _places(call, x, indices), g)


@kernel("index_put")
def index_put(call: Call) -> None:
    x, value, *indices = call.ins
    out = x.copy()
    _put(call, out, _places(call, x, indices), value)
    call.y[...] = out


@kernel("index_add")
def index_add(call: Call) -> None:
    x, value, *indices = call.ins
    where = _places(call, x, indices)
    shape = call.xp.broadcast_arrays(*where)[0].shape + x.shape[len(indices) :]
    _added(call, x.shape, where, call.xp.broadcast_to(value, shape), start=x)


def _last(call: Call, index: tuple[Array, ...], shape: tuple[int, ...]) -> Array:
    """For every write to these places, whether it is the last one to its place."""
    joint = call.xp.broadcast_arrays(*index)
    order = call.xp.arange(joint[0].size).reshape(joint[0].shape)
    flat = sum(i * math.prod(shape[k + 1 : len(joint)]) for k, i in enumerate(joint))
    writer = call.xp.full(math.prod(shape[: len(joint)]), -1, "int64")
    if hasattr(call.xp.maximum, "at"):
        call.xp.maximum.at(writer, flat, order)
    else:
        import cupyx

        cupyx.scatter_max(writer, flat, order)
    return writer[flat] == order


@kernel("gather_last")
def gather_last(call: Call) -> None:
    x, *indices = call.ins
    where = _places(call, x, indices)
    stays = _last(call, where, x.shape)
    call.y[...] = call.xp.where(stays.reshape(stays.shape + (1,) * (x.ndim - len(where))), x[where], 0)


@kernel("along_last")
def along_last(call: Call) -> None:
    x, index = call.ins
    where = _along(call, x, index, call.axis)
    call.y[...] = call.xp.where(_last(call, where, x.shape), x[where], 0)


def _put(call: Call, target: Array, where: tuple[Array, ...], value: Array) -> None:
    """target[where] = value; of several writes to one place the last stays."""
    stays = _last(call, where, target.shape)
    where = tuple(i[stays] for i in call.xp.broadcast_arrays(*where))
    value = call.xp.broadcast_to(call.xp.asarray(value), stays.shape + target.shape[len(where) :])
    target[where] = value[stays].astype(target.dtype, copy=False)


@kernel("put_along_axis")
def put_along_axis(call: Call) -> None:
    x, index, value = call.ins
    out = x.copy()
    _put(call, out, _along(call, x, index, call.axis), value)
    call.y[...] = out


@kernel("slice_assign")
def slice_assign(call: Call) -> None:
    x, value = call.ins
    start, size, step = call.attrs["start"], call.attrs["size"], call.attrs["step"] or (1,) * len(call.attrs["start"])
    stops = [a + n * s for a, n, s in zip(start, size, step, strict=True)]
    out = x.copy()
    if math.prod(size):
        out[tuple(slice(a, None if e < 0 else e, s) for a, e, s in zip(start, stops, step, strict=True))] = value
    call.y[...] = out


def _segments(call: Call) -> tuple[Array, Array]:
    x, index = call.ins
    return x, checked(call, index, call.y.shape[0], 0)


@kernel("segment_sum")
def segment_sum(call: Call) -> None:
    x, index = _segments(call)
    _added(call, call.y.shape, index, x)


@kernel("segment_max", "segment_min", "segment_prod")
def segment_join(call: Call) -> None:
    x, index = _segments(call)
    name = {"x": "maximum", "n": "minimum", "d": "prod"}[call.op[-1]]
    order = call.xp.argsort(index, kind="stable")
    bounds = call.xp.searchsorted(index[order], call.xp.arange(call.y.shape[0] + 1)).tolist()
    kind = x.dtype.kind
    low, high = (-math.inf, math.inf) if kind == "f" else (0, 1) if kind == "b" else _limits(call.xp.iinfo(x.dtype))
    call.y[...] = {"maximum": low, "minimum": high, "prod": 1}[name]
    for segment, (first, last) in enumerate(zip(bounds, bounds[1:], strict=False)):
        if last > first:
            reduce = {"maximum": call.xp.max, "minimum": call.xp.min, "prod": call.xp.prod}[name]
            call.y[segment] = reduce(x[order[first:last]], axis=0)


def _limits(info: Any) -> tuple[int, int]:
    return int(info.min), int(info.max)


@kernel("one_hot")
def one_hot(call: Call) -> None:
    on, off = call.attrs["on"], call.attrs["off"]
    depth, axis = call.attrs["depth"], call.x.ndim
    index = checked(call, call.x, depth, axis)
    call.refuse(call.x < 0, call.x, partial(_no_place, "one_hot", "i", depth, axis))
    hit = index[..., None] == call.xp.arange(depth)
    call.y[...] = call.xp.where(hit, on, off)


def _order(call: Call) -> Array:
    """A stable order along the axis, NaN last in either direction."""
    x, axis = call.x, call.axis
    if not call.attrs["descending"]:
        return call.xp.argsort(x, axis=axis, kind="stable")
    # A stable falling order is the rising order of the flipped array, read backwards; NaN then stands first.
    backward = (slice(None),) * axis + (slice(None, None, -1),)
    order = (x.shape[axis] - 1 - call.xp.argsort(x[backward], axis=axis, kind="stable"))[backward]
    if x.dtype.kind != "f":
        return order
    missing = call.xp.isnan(call.xp.take_along_axis(x, order, axis=axis))
    last = call.xp.argsort(missing.astype("int8"), axis=axis, kind="stable")
    return call.xp.take_along_axis(order, last, axis=axis)


@kernel("sort")
def sort(call: Call) -> None:
    call.y[...] = call.xp.take_along_axis(call.x, _order(call), axis=call.axis) if call.x.ndim else call.x


@kernel("argsort")
def argsort(call: Call) -> None:
    call.y[...] = _order(call) if call.x.ndim else 0


@kernel("searchsorted")
def searchsorted(call: Call) -> None:
    ordered, x = call.ins
    common = call.xp.result_type(ordered, x)
    common = "float32" if common.itemsize == 2 and common.kind == "f" else common
    side = "right" if call.attrs["right"] else "left"
    call.y[...] = call.xp.searchsorted(ordered.astype(common, copy=False), x.astype(common, copy=False), side=side)


@kernel("argtopk")
def argtopk(call: Call) -> None:
    call.y[...] = _order(call)[(slice(None),) * call.axis + (slice(call.attrs["k"]),)]
