"""Convolution, transposed convolution and pooling over any number of axes, as sums over the places of a window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

Places = int | Sequence[int]


def spread(value: Places, axes: int) -> tuple[int, ...]:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def along(tap: Sequence[int], stride: Sequence[int], dilate: Sequence[int], windows: Sequence[int]) -> list[slice]:
    """What one place of the window meets as it goes over the data."""
    return [slice(d * t, d * t + s * (n - 1) + 1, s) for t, s, d, n in zip(tap, stride, dilate, windows, strict=True)]


def convolve(
    x: Any, weight: Any, bias: Any = None, stride: Places = 1, pad: Places = 0, dilate: Places = 1, groups: int = 1
) -> Any:
    """y[n, k, o] = bias[k] + the sum over c and t of weight[k, c, t] * x[n, c, stride * o + dilate * t - pad]."""
    axes = x.ndim - 2
    stride, pad, dilate = (spread(v, axes) for v in (stride, pad, dilate))
    x = np.pad(x, [(0, 0), (0, 0), *[(p, p) for p in pad]])
    kernel = weight.shape[2:]
    out = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in zip(x.shape[2:], kernel, stride, dilate, strict=True)]
    parts = []
    for own, w in zip(np.split(x, groups, 1), np.split(weight, groups), strict=True):
        total: Any = 0.0
        for tap in np.ndindex(*kernel):
            seen = along(tap, stride, dilate, out)
            total = total + np.einsum("nc...,kc->nk...", own[(..., *seen)], w[(..., *tap)])
        parts.append(total)
    y = np.concatenate(parts, 1)
    return y if bias is None else y + bias.reshape(-1, *[1] * axes)


def transposed(
    x: Any, weight: Any, bias: Any = None, stride: Places = 1, pad: Places = 0, dilate: Places = 1, adj: Places = 0,
    groups: int = 1,
) -> Any:  # fmt: skip
    """Every x[n, c, i] adds weight[c, k, t] * x[n, c, i] to y[n, k, stride * i + dilate * t - pad]."""
    axes = x.ndim - 2
    stride, pad, dilate, adj = (spread(v, axes) for v in (stride, pad, dilate, adj))
    size, kernel = x.shape[2:], weight.shape[2:]
    room = [s * (n - 1) + d * (k - 1) + 1 + a for n, k, s, d, a in zip(size, kernel, stride, dilate, adj, strict=True)]
    parts = []
    for own, w in zip(np.split(x, groups, 1), np.split(weight, groups), strict=True):
        y = np.zeros((len(x), weight.shape[1], *room), np.result_type(x, weight))
        for tap in np.ndindex(*kernel):
            met = along(tap, stride, dilate, size)
            y[(..., *met)] += np.einsum("nc...,ck->nk...", own, w[(..., *tap)])
        parts.append(y[(..., *[slice(p, r - p) for p, r in zip(pad, room, strict=True)])])
    y = np.concatenate(parts, 1)
    return y if bias is None else y + bias.reshape(-1, *[1] * axes)


def counts(size: int, kernel: int, stride: int, pad: int, ceil: bool) -> int:
    """How many windows fit; with `ceil` the last may hang over, but must not begin behind the data."""
    found = (size + 2 * pad - kernel + (stride - 1 if ceil else 0)) // stride + 1
    return found - 1 if ceil and (found - 1) * stride >= size + pad else found


def pool(
    x: Any, kernel: Places, stride: Places | None = None, pad: Places = 0, ceil: bool = False, mean: bool = False,
    count_pad: bool = True,
) -> Any:  # fmt: skip
    """The largest number or the mean of each window. count_pad: zeros put around x count as numbers of the window."""
    axes = x.ndim - 2
    kernel = spread(kernel, axes)
    stride, pad = kernel if stride is None else spread(stride, axes), spread(pad, axes)
    size = x.shape[2:]
    out = [counts(n, k, s, p, ceil) for n, k, s, p in zip(size, kernel, stride, pad, strict=True)]
    y = np.zeros((*x.shape[:2], *out), x.dtype)
    for place in np.ndindex(*out):
        seen, area = [], 1
        for o, n, k, s, p in zip(place, size, kernel, stride, pad, strict=True):
            low, high = o * s - p, min(o * s - p + k, n + p)
            seen.append(slice(max(low, 0), min(high, n)))
            area *= high - low if count_pad else seen[-1].stop - seen[-1].start
        window = x[(..., *seen)].reshape(*x.shape[:2], -1)
        y[(..., *place)] = window.sum(-1) / area if mean else window.max(-1)  # complex numbers go by real parts
    return y


def power_pool(x: Any, kernel: Places, p: float) -> Any:
    """(the sum of |x|^p over each window)^(1 / p), windows side by side."""
    kernel = spread(kernel, x.ndim - 2)
    size = np.where(x.real < 0, -x, x)
    return (pool(size**p, kernel, mean=True) * np.prod(kernel)) ** (1 / p)
