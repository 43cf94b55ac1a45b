"""Resizing, sampling and cutting up pictures (n, c, h, w), place by place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def keys(x: float) -> float:
    """Keys' cubic kernel with a = -3/4 (IEEE Trans. ASSP 29, 1981)."""
    a, x = -0.75, abs(x)
    if x <= 1:
        return (a + 2) * x**3 - (a + 3) * x**2 + 1
    return a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a if x < 2 else 0.0


def weights(old: int, new: int, mode: str, corners: bool) -> np.ndarray:
    """The matrix (new, old) that resizes one axis."""
    w = np.zeros((new, old))
    for i in range(new):
        if mode == "nearest":
            w[i, i * old // new] = 1
        elif mode == "area":
            low, high = i * old // new, -(-(i + 1) * old // new)
            w[i, low:high] = 1 / (high - low)
        else:
            at = i * (old - 1) / max(new - 1, 1) if corners else (i + 0.5) * old / new - 0.5
            at = max(at, 0.0) if mode == "linear" else at
            first = int(np.floor(at))
            for k in range(first - 1, first + 3):
                share = keys(at - k) if mode == "cubic" else max(0.0, 1 - abs(at - k))
                w[i, min(max(k, 0), old - 1)] += share  # the border goes on outside
    return w


def resize(x: Any, new: Sequence[int], mode: str = "linear", corners: bool = False) -> Any:
    for axis, n in enumerate(new, 2):
        w = weights(x.shape[axis], n, mode, corners)
        x = np.moveaxis(np.tensordot(w, x, (1, axis)), 0, axis)
    return x


def grid_sample(x: Any, grid: Any, corners: bool, border: bool) -> Any:
    """Between the four pixels around each place of grid (n, h, w, 2), whose (x, y) go from -1 to 1 over the picture."""
    n, c, *size = x.shape
    out = np.zeros((n, c, *grid.shape[1:3]), np.result_type(x, grid))
    for k, i, j in np.ndindex(n, *grid.shape[1:3]):
        at = []
        for g, count in zip(grid[k, i, j, ::-1], size, strict=True):
            p = (g + 1) / 2 * (count - 1) if corners else ((g + 1) * count - 1) / 2
            if border:
                p = 0.0 if p.real < 0 else float(count - 1) if p.real > count - 1 else p
            at.append(p)
        for row in (0, 1):
            for column in (0, 1):
                y, z = int(np.floor(at[0].real)) + row, int(np.floor(at[1].real)) + column
                if 0 <= y < size[0] and 0 <= z < size[1]:
                    down, right = at[0] - y, at[1] - z
                    share = (1 + down if row else 1 - down) * (1 + right if column else 1 - right)
                    out[k, :, i, j] += share * x[k, :, y, z]
    return out


def affine_grid(theta: Any, height: int, width: int) -> Any:
    """theta (n, 2, 3) times (x, y, 1) of every pixel, -1 and 1 being the middles of the outermost ones."""
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.einsum("nij,hwj->nhwi", theta, np.stack([x, y, np.ones_like(x)], -1))


Pair = tuple[int, int]


def places(size: Pair, kernel: Pair, stride: Pair, pad: Pair, dilate: Pair) -> Any:
    """(column, tap, row and column of x or outside) for every window and every place in it."""
    given = zip(size, kernel, stride, pad, dilate, strict=True)
    out = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in given]
    for column, window in enumerate(np.ndindex(*out)):
        for tap, place in enumerate(np.ndindex(*kernel)):
            at = [o * s - p + t * d for o, s, p, t, d in zip(window, stride, pad, place, dilate, strict=True)]
            if all(0 <= a < n for a, n in zip(at, size, strict=True)):
                yield column, tap, *at


def columns(x: Any, kernel: Pair, stride: Pair, pad: Pair, dilate: Pair) -> Any:
    """(n, c * kh * kw, windows): each window's numbers, the channel first."""
    n, c, *size = x.shape
    met = list(places(tuple(size), kernel, stride, pad, dilate))
    out = np.zeros((n, c, kernel[0] * kernel[1], 1 + max(m[0] for m in met)), x.dtype)
    for column, tap, i, j in met:
        out[:, :, tap, column] = x[:, :, i, j]
    return out.reshape(n, -1, out.shape[-1])


def pile(x: Any, size: Pair, kernel: Pair, stride: Pair, pad: Pair, dilate: Pair) -> Any:
    """The other way: every number is added at the pixel it came from."""
    x = x.reshape(len(x), -1, kernel[0] * kernel[1], x.shape[-1])
    out = np.zeros((*x.shape[:2], *size), x.dtype)
    for column, tap, i, j in places(size, kernel, stride, pad, dilate):
        out[:, :, i, j] += x[:, :, tap, column]
    return out


def pixel_shuffle(x: Any, by: int) -> Any:
    """y[n, c, by * i + a, by * j + b] = x[n, c * by^2 + a * by + b, i, j] (Shi et al., 2016, equation 4)."""
    n, c, h, w = x.shape
    y = np.zeros((n, c // by**2, h * by, w * by), x.dtype)
    for a, b in np.ndindex(by, by):
        y[:, :, a::by, b::by] = x[:, a * by + b :: by**2]
    return y


def space_to_depth(x: Any, by: int) -> Any:
    """y[n, (a * by + b) * c + k, i, j] = x[n, k, by * i + a, by * j + b]."""
    return np.concatenate([x[:, :, a::by, b::by] for a, b in np.ndindex(by, by)], 1)
