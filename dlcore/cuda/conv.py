"""Convolution: cuDNN's graph API where its front end is installed, unfolded images and a product otherwise."""

from __future__ import annotations

from ._call import Array, Call, kernel, pair
from .matmul import product


class _Geometry:
    def __init__(self, call: Call, x: Array, weight: Array, out: tuple[int, int]) -> None:
        self.stride, self.pad, self.dilate = (pair(call.attrs[n]) for n in ("stride", "pad", "dilate"))
        self.groups = int(call.attrs["groups"])
        self.kernel, self.out = weight.shape[2:], out

    def padded_shape(self, x: Array) -> tuple[int, ...]:
        return (*x.shape[:2], *(n + 2 * p for n, p in zip(x.shape[2:], self.pad, strict=True)))

    def inner(self, full: Array, x: Array) -> Array:
        (ph, pw), (h, w) = self.pad, x.shape[2:]
        return full[:, :, ph : ph + h, pw : pw + w]

    def places(self):  # type: ignore[no-untyped-def]
        (kh, kw), (sh, sw), (dh, dw), (oh, ow) = self.kernel, self.stride, self.dilate, self.out
        for i in range(kh):
            for j in range(kw):
                rows = slice(i * dh, i * dh + (oh - 1) * sh + 1, sh)
                yield i, j, (slice(None), slice(None), rows, slice(j * dw, j * dw + (ow - 1) * sw + 1, sw))


def _unfolded(call: Call, x: Array, g: _Geometry) -> Array:
    """(groups, N * OH * OW, C / groups * KH * KW): every window as a row."""
    full = call.xp.zeros(g.padded_shape(x), dtype=x.dtype)
    g.inner(full, x)[...] = x
    n, c = x.shape[:2]
    columns = call.xp.empty((g.groups, n, *g.out, c // g.groups, *g.kernel), dtype=x.dtype)
    for i, j, place in g.places():
        part = full[place].reshape(n, g.groups, c // g.groups, *g.out)
        columns[..., i, j] = part.transpose(1, 0, 3, 4, 2)
    return columns.reshape(g.groups, n * g.out[0] * g.out[1], -1)


def _rows(y: Array, groups: int) -> Array:
    """(N, O, OH, OW) as (groups, N * OH * OW, O / groups)."""
    n, o, oh, ow = y.shape
    return y.reshape(n, groups, o // groups, oh, ow).transpose(1, 0, 3, 4, 2).reshape(groups, n * oh * ow, o // groups)


@kernel("conv2d")
def conv2d(call: Call) -> None:
    x, weight, bias = (*call.ins, None)[:3]
    from . import _cudnn

    if not _cudnn.forward(call, x, weight):
        g = _Geometry(call, x, weight, call.y.shape[2:])
        flat = weight.reshape(g.groups, weight.shape[0] // g.groups, -1)
        y = product(call, _unfolded(call, x, g), flat.transpose(0, 2, 1))
        n, o = call.y.shape[:2]
        call.y[...] = y.reshape(g.groups, n, *g.out, o // g.groups).transpose(1, 0, 4, 2, 3).reshape(call.y.shape)
    if bias is not None:
        call.y[...] += bias.reshape(1, -1, 1, 1)


@kernel("conv2d_dx")
def conv2d_dx(call: Call) -> None:
    gy, weight, x = call.ins
    from . import _cudnn

    if _cudnn.data_gradient(call, gy, weight):
        return
    g = _Geometry(call, x, weight, gy.shape[2:])
    flat = weight.reshape(g.groups, weight.shape[0] // g.groups, -1)
    columns = product(call, _rows(gy, g.groups), flat)
    n, c = x.shape[:2]
    columns = columns.reshape(g.groups, n, *g.out, c // g.groups, *g.kernel)
    full = call.xp.zeros(g.padded_shape(x), dtype=gy.dtype)
    for i, j, place in g.places():
        full[place] += columns[..., i, j].transpose(1, 0, 4, 2, 3).reshape(n, c, *g.out)
    call.y[...] = g.inner(full, x)


@kernel("conv2d_dw")
def conv2d_dw(call: Call) -> None:
    gy, x, weight = call.ins
    from . import _cudnn

    if _cudnn.weight_gradient(call, gy, x):
        return
    g = _Geometry(call, x, weight, gy.shape[2:])
    call.y[...] = product(call, _rows(gy, g.groups).transpose(0, 2, 1), _unfolded(call, x, g)).reshape(call.y.shape)
