"""Convolution and transposed convolution: cuDNN's graph API for images where its front end is installed, unfolded
windows and a product otherwise, over any number of spatial axes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product as every

from .._fault import own_fault
from . import _cudnn
from ._arrays import narrowed, widened
from ._call import Array, Call, each, kernel
from .matmul import product


class _Geometry:
    """The convolution that leads from x's shape with a weight to `out` places."""

    def __init__(self, call: Call, weight: Array, out: tuple[int, ...]) -> None:
        self.nd = len(out)
        self.stride, self.pad, self.dilate = (each(call.attrs[n], self.nd) for n in ("stride", "pad", "dilate"))
        self.groups = int(call.attrs["groups"])
        self.kernel, self.out = weight.shape[2:], out

    def padded_shape(self, x: Array) -> tuple[int, ...]:
        return (*x.shape[:2], *(n + 2 * p for n, p in zip(x.shape[2:], self.pad, strict=True)))

    def inner(self, full: Array, x: Array) -> Array:
        inside = (slice(p, p + n) for p, n in zip(self.pad, x.shape[2:], strict=True))
        return full[(slice(None), slice(None), *inside)]

    def places(self) -> Iterator[tuple[tuple[int, ...], tuple]]:
        """For each place of the kernel: what all windows have there, as a cut of the padded input."""
        for at in every(*map(range, self.kernel)):
            rows = (
                slice(i * d, i * d + (n - 1) * s + 1, s)
                for i, d, n, s in zip(at, self.dilate, self.out, self.stride, strict=True)
            )
            yield at, (slice(None), slice(None), *rows)

    def channels_last(self, array: Array) -> Array:
        """(n, groups, c, *out) as (groups, n, *out, c)."""
        return array.transpose(1, 0, *range(3, 3 + self.nd), 2)

    def channels_back(self, array: Array) -> Array:
        """(groups, n, *out, c) as (n, groups, c, *out)."""
        return array.transpose(1, 0, 2 + self.nd, *range(2, 2 + self.nd))


def _unfolded(call: Call, x: Array, g: _Geometry) -> Array:
    """(groups, n * places, c / groups * kernel): every window as a row."""
    full = call.xp.zeros(g.padded_shape(x), dtype=x.dtype)
    g.inner(full, x)[...] = x
    n, c = x.shape[:2]
    columns = call.xp.empty((g.groups, n, *g.out, c // g.groups, *g.kernel), dtype=x.dtype)
    for at, place in g.places():
        columns[(..., *at)] = g.channels_last(full[place].reshape(n, g.groups, c // g.groups, *g.out))
    return columns.reshape(g.groups, _rows_of(n, g), -1)


def _rows_of(n: int, g: _Geometry) -> int:
    for size in g.out:
        n *= size
    return n


def _rows(y: Array, g: _Geometry) -> Array:
    """(n, o, *out) as (groups, n * places, o / groups)."""
    n, o = y.shape[:2]
    return g.channels_last(y.reshape(n, g.groups, o // g.groups, *g.out)).reshape(
        g.groups, _rows_of(n, g), o // g.groups
    )


def _add_bias(call: Call, bias: Array | None) -> None:
    if bias is None:
        return
    each_channel = bias.reshape(1, -1, *(1,) * (call.y.ndim - 2))
    if call.bits:
        call.y[...] = narrowed(call.xp, widened(call.xp, call.y) + widened(call.xp, each_channel))
    else:
        call.y[...] += each_channel


@kernel("conv1d", "conv2d", "conv3d", bits=True)
def conv(call: Call) -> bool:
    x, weight, bias = (*call.ins, None)[:3]
    if call.y.size == 0:
        return True
    if x.ndim != 4 or not _cudnn.forward(call, x, weight):
        if call.bits:
            return False
        g = _Geometry(call, weight, call.y.shape[2:])
        flat = weight.reshape(g.groups, weight.shape[0] // g.groups, -1)
        y = product(call, _unfolded(call, x, g), flat.transpose(0, 2, 1))
        n, o = call.y.shape[:2]
        call.y[...] = g.channels_back(y.reshape(g.groups, n, *g.out, o // g.groups)).reshape(call.y.shape)
    _add_bias(call, bias)
    return True


@kernel("conv2d_act", bits=True)
def conv_act(call: Call) -> bool:
    act = call.attrs["act"]
    if act not in ("", "relu", "relu6"):
        raise own_fault(f"_conv2d_act: act is {act!r}, which no pass writes")
    if not conv(call):
        return False
    add = call.ins[3]
    if call.y.size == 0 or (add is None and not act):
        return True
    y = widened(call.xp, call.y) if call.bits else call.y
    if add is not None:
        y = y + (widened(call.xp, add) if call.bits else add)
    if act:
        y = call.xp.maximum(y, 0)
    if act == "relu6":
        y = call.xp.minimum(y, 6)
    call.y[...] = narrowed(call.xp, y) if call.bits else y
    return True


def _input_gradient(call: Call, gy: Array, weight: Array, gx: Array) -> bool:
    """Writes into `gx`; False where bfloat16 bits must come as float32 instead."""
    if gy.size == 0:
        gx[...] = 0
        return True
    if gx.ndim == 4 and _cudnn.data_gradient(call, gy, weight):
        return True
    if call.bits:
        return False
    g = _Geometry(call, weight, gy.shape[2:])
    flat = weight.reshape(g.groups, weight.shape[0] // g.groups, -1)
    n, c = gx.shape[:2]
    columns = product(call, _rows(gy, g), flat).reshape(g.groups, n, *g.out, c // g.groups, *g.kernel)
    full = call.xp.zeros(g.padded_shape(gx), dtype=gy.dtype)
    for at, place in g.places():
        full[place] += g.channels_back(columns[(..., *at)]).reshape(n, c, *g.out)
    gx[...] = g.inner(full, gx)
    return True


@kernel("conv1d_dx", "conv2d_dx", "conv3d_dx", bits=True)
def conv_dx(call: Call) -> bool:
    return _input_gradient(call, call.ins[0], call.ins[1], call.y)


@kernel("deconv1d", "deconv2d", "deconv3d", bits=True)
def deconv(call: Call) -> bool:
    x, weight, bias = (*call.ins, None)[:3]
    done = _input_gradient(call, x, weight, call.y)
    if done:
        _add_bias(call, bias)
    return done


@kernel("conv1d_dw", "conv2d_dw", "conv3d_dw", bits=True)
def conv_dw(call: Call) -> bool:
    gy, x, weight = call.ins
    if gy.size == 0:
        call.y[...] = 0
        return True
    if gy.ndim == 4 and _cudnn.weight_gradient(call, gy, x):
        return True
    if call.bits:
        return False
    g = _Geometry(call, weight, gy.shape[2:])
    call.y[...] = product(call, _rows(gy, g).transpose(0, 2, 1), _unfolded(call, x, g)).reshape(call.y.shape)
    return True
