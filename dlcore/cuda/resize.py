"""Resizing by one matrix an axis, and windows as columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from ._call import Array, Call, accumulator, each, kernel
from ._recording import from_host, hold
from .matmul import product


def _cubic(d: np.ndarray) -> np.ndarray:
    a, d = -0.75, np.abs(d)
    near = ((a + 2) * d - (a + 3)) * d * d + 1
    return np.where(d <= 1, near, np.where(d < 2, ((a * d - 5 * a) * d + 8 * a) * d - 4 * a, 0))


def _matrix(n: int, m: int, mode: str, corners: bool) -> np.ndarray:
    """(m, n): the shares of the old places in each new one. Made on the host, it is small."""
    out, i = np.zeros((m, n)), np.arange(m)
    at = i * ((n - 1) / max(m - 1, 1)) if corners else (i + 0.5) * n / m - 0.5
    if mode == "nearest":
        out[i, np.floor(at + 0.5).astype(int) if corners else i * n // m] = 1
    elif mode == "area":
        low, high = i * n // m, -(-(i + 1) * n // m)
        places = np.arange(n)
        out[...] = ((places >= low[:, None]) & (places < high[:, None])) / (high - low)[:, None]
    else:
        at = at if mode == "cubic" else np.clip(at, 0, n - 1)
        for k in range(-1, 3):
            place = np.floor(at) + k
            weight = _cubic(at - place) if mode == "cubic" else np.maximum(0, 1 - np.abs(at - place))
            np.add.at(out, (i, np.clip(place, 0, n - 1).astype(int)), weight)
    return out


def _shares(n: int, m: int, mode: str, corners: bool, back: bool, dtype: str) -> np.ndarray:
    matrix = _matrix(n, m, mode, corners)
    return np.ascontiguousarray((matrix.T if back else matrix).astype(dtype))


@lru_cache(maxsize=256)
def _sent(device: int, *shares: Any) -> Array:
    """The matrix on the current device, where it stays for the next call."""
    import cupy

    from_host("a matrix")
    return cupy.asarray(_shares(*shares))


def _along_all(call: Call, x: Array, small: tuple[int, ...], large: tuple[int, ...], back: bool) -> None:
    xp, dtype = call.xp, accumulator(call.xp, x)
    x = x.astype(dtype, copy=False)
    for axis, (n, m) in enumerate(zip(small[2:], large[2:], strict=True), 2):
        shares = n, m, str(call.attrs["mode"]), bool(call.attrs["align_corners"]), back, np.dtype(dtype).name
        matrix = _shares(*shares) if xp.__name__ == "numpy" else hold(_sent(xp.cuda.Device().id, *shares))
        rows = xp.moveaxis(x, axis, -1)
        mixed = product(call, xp.ascontiguousarray(rows.reshape(-1, rows.shape[-1])), matrix.T)
        x = xp.moveaxis(mixed.reshape(*rows.shape[:-1], matrix.shape[0]), -1, axis)
    call.y[...] = x


@kernel("resize")
def resize(call: Call) -> None:
    _along_all(call, call.x, call.x.shape, call.y.shape, back=False)


@kernel("resize_grad")
def resize_grad(call: Call) -> None:
    _along_all(call, call.x, call.y.shape, call.x.shape, back=True)


class _Windows:
    def __init__(self, call: Call, image: tuple[int, ...]) -> None:
        self.kernel, self.stride, self.dilate, self.pad = (
            each(call.attrs[n], 2) for n in ("kernel", "stride", "dilate", "pad")
        )
        self.padded = tuple(n + 2 * p for n, p in zip(image[2:], self.pad, strict=True))
        self.out = tuple(
            (n - d * (k - 1) - 1) // s + 1
            for n, d, k, s in zip(self.padded, self.dilate, self.kernel, self.stride, strict=True)
        )

    def inner(self, full: Array, image: tuple[int, ...]) -> Array:
        (ph, pw), (h, w) = self.pad, image[2:]
        return full[:, :, ph : ph + h, pw : pw + w]

    def places(self) -> Iterator[tuple[int, int, tuple]]:
        for i in range(self.kernel[0]):
            for j in range(self.kernel[1]):
                starts = i * self.dilate[0], j * self.dilate[1]
                cuts = (slice(a, a + (o - 1) * s + 1, s) for a, o, s in zip(starts, self.out, self.stride, strict=True))
                yield i, j, (slice(None), slice(None), *cuts)


@kernel("im2col")
def im2col(call: Call) -> None:
    x, w = call.x, _Windows(call, call.x.shape)
    full = call.xp.zeros((*x.shape[:2], *w.padded), dtype=x.dtype)
    w.inner(full, x.shape)[...] = x
    columns = call.xp.empty((*x.shape[:2], *w.kernel, *w.out), dtype=x.dtype)
    for i, j, place in w.places():
        columns[:, :, i, j] = full[place]
    call.y[...] = columns.reshape(call.y.shape)


@kernel("col2im")
def col2im(call: Call) -> None:
    y, w = call.y, _Windows(call, call.y.shape)
    columns = call.x.reshape(*y.shape[:2], *w.kernel, *w.out)
    full = call.xp.zeros((*y.shape[:2], *w.padded), dtype=accumulator(call.xp, call.x))
    for i, j, place in w.places():
        full[place] += columns[:, :, i, j]
    y[...] = w.inner(full, y.shape)
