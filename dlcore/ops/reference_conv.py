"""Oracles for convolution and pooling over any number of axes, in plain NumPy: slow, obvious, one window at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray
Ints = int | tuple[int, ...]


def _each(value: Ints | None, n: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
    if value is None:
        return default
    return (value,) * n if isinstance(value, int) else tuple(value) * (n if len(value) == 1 else 1)


def _taps(x: Array, kernel: tuple[int, ...], stride: Ints, pad: Ints, dilate: Ints) -> tuple[Array, Array]:
    """The padded x and a view (n, c, *places, *kernel) of its windows."""
    nd = x.ndim - 2
    steps, edge, far = _each(stride, nd), _each(pad, nd), _each(dilate, nd)
    padded = np.pad(x, ((0, 0), (0, 0), *((p, p) for p in edge)))
    places = [(m - d * (k - 1) - 1) // s + 1 for m, k, s, d in zip(padded.shape[2:], kernel, steps, far, strict=True)]
    inner = padded.strides[2:]
    strides = padded.strides[:2] + tuple(i * s for i, s in zip(inner, steps, strict=True))
    strides += tuple(i * d for i, d in zip(inner, far, strict=True))
    return padded, np.lib.stride_tricks.as_strided(padded, (*x.shape[:2], *places, *kernel), strides)


def _cropped(padded: Array, pad: Ints, size: tuple[int, ...]) -> Array:
    edge = _each(pad, len(size))
    return padded[(slice(None), slice(None), *(slice(p, p + n) for p, n in zip(edge, size, strict=True)))]


def _groups(channels: int, outputs: int, groups: int) -> Iterator[tuple[slice, slice]]:
    c, k = channels // groups, outputs // groups
    for g in range(groups):
        yield slice(g * c, (g + 1) * c), slice(g * k, (g + 1) * k)


def _dot(a: Array, b: Array, over: Any) -> Array:
    """np.tensordot without BLAS, which leaves out zeros as if 0 * inf were 0."""
    names_a, names_b = list(range(a.ndim)), list(range(a.ndim, a.ndim + b.ndim))
    for i, j in zip(*over, strict=True):
        names_b[j] = i
    kept = [i for i in names_a if i not in over[0]] + [j for j in names_b if j >= a.ndim]
    return np.einsum(a, names_a, b, names_b, kept)


def _with_bias(y: Array, bias: Array | None) -> Array:
    return y if bias is None else y + bias.reshape(-1, *(1,) * (y.ndim - 2))


def conv(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    pad: Ints = 0,
    dilate: Ints = 1,
    groups: int = 1,
) -> Array:
    nd = x.ndim - 2
    _, taps = _taps(x, weight.shape[2:], stride, pad, dilate)
    over = [1, *range(2 + nd, 2 + 2 * nd)], list(range(1, 2 + nd))
    parts = [_dot(taps[:, c], weight[k], over) for c, k in _groups(x.shape[1], len(weight), groups)]
    return _with_bias(np.moveaxis(np.concatenate(parts, axis=-1), -1, 1), bias)


def conv_act(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    add: Array | None = None,
    stride: Ints = 1,
    pad: Ints = 0,
    dilate: Ints = 1,
    groups: int = 1,
    act: str = "relu",
) -> Array:
    y = conv(x, weight, bias, stride, pad, dilate, groups)
    y = y if add is None else y + add
    return y if not act else np.maximum(y, 0) if act == "relu" else np.clip(y, 0, 6)


def conv_dx(
    g: Array, weight: Array, x: Array, stride: Ints = 1, pad: Ints = 0, dilate: Ints = 1, groups: int = 1
) -> Array:
    padded, taps = _taps(np.zeros(x.shape, g.dtype), weight.shape[2:], stride, pad, dilate)
    for (c, k), at in itertools.product(_groups(x.shape[1], len(weight), groups), np.ndindex(*weight.shape[2:])):
        part = _dot(g[:, k], weight[(k, slice(None), *at)], ([1], [0]))
        taps[(slice(None), c, ..., *at)] += np.moveaxis(part, -1, 1)
    return _cropped(padded, pad, x.shape[2:])


def conv_dw(
    g: Array, x: Array, weight: Array, stride: Ints = 1, pad: Ints = 0, dilate: Ints = 1, groups: int = 1
) -> Array:
    _, taps = _taps(x, weight.shape[2:], stride, pad, dilate)
    axes = [0, *range(2, x.ndim)]
    parts = [_dot(g[:, k], taps[:, c], (axes, axes)) for c, k in _groups(x.shape[1], len(weight), groups)]
    return np.concatenate(parts)


def deconv(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = 1,
    pad: Ints = 0,
    dilate: Ints = 1,
    adj: Ints = 0,
    groups: int = 1,
) -> Array:
    """Every number of x lays the kernel, times itself, into the result."""
    nd = x.ndim - 2
    steps, edge, far, more = (_each(v, nd) for v in (stride, pad, dilate, adj))
    outputs = weight.shape[1] * groups
    whole = [
        (n - 1) * s + d * (k - 1) + 1 + a
        for n, s, d, k, a in zip(x.shape[2:], steps, far, weight.shape[2:], more, strict=True)
    ]
    full = np.zeros((len(x), outputs, *whole), x.dtype)
    for (c, k), at in itertools.product(_groups(x.shape[1], outputs, groups), np.ndindex(*weight.shape[2:])):
        places = tuple(
            slice(i * d, i * d + (n - 1) * s + 1, s) for i, d, s, n in zip(at, far, steps, x.shape[2:], strict=True)
        )
        part = _dot(x[:, c], weight[(c, slice(None), *at)], ([1], [0]))
        full[(slice(None), k, *places)] += np.moveaxis(part, -1, 1)
    size = tuple(n - 2 * p for n, p in zip(whole, edge, strict=True))
    return _with_bias(_cropped(full, pad, size), bias)


# Pooling ----------------------------------------------------------------------------------------------------------


def _windows(
    x: Array, kernel: Ints, stride: Ints | None, pad: Ints, ceil: bool
) -> tuple[tuple[int, ...], list[tuple[tuple[int, ...], tuple[slice, ...], int]]]:
    """The result's spatial shape, and for each place: where, which part of x, how large with padding."""
    nd = x.ndim - 2
    size = _each(kernel, nd)
    steps, edge = _each(stride, nd, size), _each(pad, nd)
    axes = []
    for n, k, s, p in zip(x.shape[2:], size, steps, edge, strict=True):
        starts = [i for i in range(-p, n + p, s) if i + k <= n + p or (ceil and i - s + k < n + p and i < n)]
        axes.append([(slice(max(i, 0), min(i + k, n)), min(i + k, n + p) - i) for i in starts])
    found = []
    for at in np.ndindex(*map(len, axes)):
        chosen = [axis[i] for axis, i in zip(axes, at, strict=True)]
        found.append((at, tuple(c[0] for c in chosen), int(np.prod([c[1] for c in chosen]))))
    return tuple(map(len, axes)), found


def _all(at: tuple) -> tuple:
    return (slice(None), slice(None), *at)


def max_pool(x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = 0, ceil: bool = False) -> Array:
    return max_pool_pick(x, x, kernel, stride, pad, ceil)


def _first_largest(x: Array, part: tuple[slice, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """For each image and channel: which, and where the first largest number of the part is."""
    for n, c in np.ndindex(*x.shape[:2]):
        inside = x[(n, c, *part)]
        spot = np.unravel_index(int(inside.argmax()), inside.shape)
        yield (n, c), tuple(int(i) + s.start for i, s in zip(spot, part, strict=True))


def max_pool_pick(
    g: Array, x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = 0, ceil: bool = False
) -> Array:
    shape, windows = _windows(x, kernel, stride, pad, ceil)
    y = np.empty((*x.shape[:2], *shape), g.dtype)
    for at, part, _ in windows:
        for plane, spot in _first_largest(x, part):
            y[plane + at] = g[plane + spot]
    return y


def max_pool_grad(
    g: Array, x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = 0, ceil: bool = False
) -> Array:
    out = np.zeros(x.shape, g.dtype)
    for at, part, _ in _windows(x, kernel, stride, pad, ceil)[1]:
        for plane, spot in _first_largest(x, part):
            out[plane + spot] += g[plane + at]
    return out


def _divisor(part: tuple[slice, ...], padded: int, count_include_pad: bool) -> int:
    return padded if count_include_pad else int(np.prod([s.stop - s.start for s in part]))


def avg_pool(
    x: Array,
    kernel: Ints,
    stride: Ints | None = None,
    pad: Ints = 0,
    count_include_pad: bool = True,
    ceil: bool = False,
) -> Array:
    shape, windows = _windows(x, kernel, stride, pad, ceil)
    y = np.empty((*x.shape[:2], *shape), x.dtype)
    for at, part, padded in windows:
        y[_all(at)] = x[_all(part)].sum(tuple(range(2, x.ndim))) / _divisor(part, padded, count_include_pad)
    return y


def avg_pool_grad(
    g: Array,
    x: Array,
    kernel: Ints,
    stride: Ints | None = None,
    pad: Ints = 0,
    count_include_pad: bool = True,
    ceil: bool = False,
) -> Array:
    out = np.zeros(x.shape, g.dtype)
    for at, part, padded in _windows(x, kernel, stride, pad, ceil)[1]:
        share = g[_all(at)] / _divisor(part, padded, count_include_pad)
        out[_all(part)] += share.reshape(*share.shape, *(1,) * (x.ndim - 2))
    return out


def sum_pool(x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = 0, ceil: bool = False) -> Array:
    shape, windows = _windows(x, kernel, stride, pad, ceil)
    y = np.empty((*x.shape[:2], *shape), x.dtype)
    for at, part, _ in windows:
        y[_all(at)] = x[_all(part)].sum(tuple(range(2, x.ndim)))
    return y


def sum_pool_grad(
    g: Array, x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = 0, ceil: bool = False
) -> Array:
    out = np.zeros(x.shape, g.dtype)
    for at, part, _ in _windows(x, kernel, stride, pad, ceil)[1]:
        out[_all(part)] += g[_all(at)].reshape(*g.shape[:2], *(1,) * (x.ndim - 2))
    return out


def lp_pool(x: Array, kernel: Ints, p: int = 2, stride: Ints | None = None, pad: Ints = 0, ceil: bool = False) -> Any:
    return sum_pool(np.abs(x) ** p, kernel, stride, pad, ceil) ** (1 / p)
