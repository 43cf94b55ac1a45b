"""Oracles in plain NumPy for operators that NumPy and SciPy do not have: slow, obvious, used by tests and by the
reference interpreter of graphs. Each takes the operator's arguments; sums run in the dtype that comes in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np

Array = np.ndarray
Ints = tuple[int, ...]


def _cuts(start: Ints, size: Ints, step: Ints | None) -> tuple[slice, ...]:
    steps = step or (1,) * len(start)
    stops = [a + n * s for a, n, s in zip(start, size, steps, strict=True)]
    return tuple(slice(a, None if e < 0 else e, s) for a, e, s in zip(start, stops, steps, strict=True))


def cut(x: Array, start: Ints, size: Ints, step: Ints | None = None) -> Array:
    return x[_cuts(start, size, step)]


def window(x: Array, g: Array, start: Ints, step: Ints | None = None) -> Array:
    return x[_cuts(start, g.shape, step)]


def slice_grad(g: Array, x: Array, start: Ints, step: Ints | None = None) -> Array:
    out = np.zeros(x.shape, g.dtype)
    out[_cuts(start, g.shape, step)] = g
    return out


def take_grad(g: Array, indices: Array, x: Array, axis: int = 0) -> Array:
    axis %= x.ndim
    out = np.zeros(x.shape, g.dtype)
    rows = np.moveaxis(g, tuple(range(axis, axis + indices.ndim)), tuple(range(indices.ndim)))
    np.add.at(np.moveaxis(out, axis, 0), indices, rows)
    return out


def take_along_axis_grad(g: Array, indices: Array, x: Array, axis: int = -1) -> Array:
    out = np.zeros(x.shape, g.dtype)
    places: list[Array] = list(np.indices(indices.shape, sparse=True))
    places[axis] = indices
    np.add.at(out, tuple(places), g)
    return out


def pick(x: Array, index: Array, axis: int = -1, keepdims: bool = False) -> Array:
    places = np.expand_dims(np.asarray(index).astype(np.int64).reshape(np.delete(x.shape, axis)), axis)
    out = np.take_along_axis(x, places, axis)
    return out if keepdims else np.squeeze(out, axis)


def pick_grad(g: Array, index: Array, x: Array, axis: int = -1, keepdims: bool = False) -> Array:
    shape = np.expand_dims(np.empty(np.delete(x.shape, axis)), axis).shape
    return take_along_axis_grad(g.reshape(shape), np.asarray(index).astype(np.int64).reshape(shape), x, axis)


def gather_nd_grad(g: Array, x: Array, *indices: Array) -> Array:
    out = np.zeros(x.shape, g.dtype)
    np.add.at(out, indices, g)
    return out


def index_put(x: Array, value: Array, *indices: Array) -> Array:
    out = x.copy()
    out[indices] = value
    return out


def index_add(x: Array, value: Array, *indices: Array) -> Array:
    out = x.copy()
    np.add.at(out, indices, value)
    return out


def one_hot(x: Array, depth: int, on: float = 1.0, off: float = 0.0, dtype: Any = "float32") -> Array:
    return np.where(np.asarray(x)[..., None] == np.arange(depth), on, off).astype(dtype)


def dense(x: Array, weight: Array, bias: Array | None = None, flatten: bool = True) -> Array:
    y = (x.reshape(x.shape[0], weight.shape[1]) if flatten else x) @ weight.T
    return y if bias is None else y + bias


# Convolution and pooling ------------------------------------------------------------------------------------------


def _outside(n: int, k: int, stride: int, pad: int, dilate: int = 1) -> int:
    return (n + 2 * pad - dilate * (k - 1) - 1) // stride + 1


def _taps(x: Array, kernel: Ints, stride: Ints, pad: Ints, dilate: Ints, fill: float) -> tuple[Array, Array, Ints]:
    """The padded x and a view (n, c, oh, ow, kh, kw) of its windows."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad[0], pad[0]), (pad[1], pad[1])), constant_values=fill)
    size = tuple(_outside(x.shape[2 + i], kernel[i], stride[i], pad[i], dilate[i]) for i in (0, 1))
    n, c, h, w = padded.strides
    strides = (n, c, h * stride[0], w * stride[1], h * dilate[0], w * dilate[1])
    return padded, np.lib.stride_tricks.as_strided(padded, (*x.shape[:2], *size, *kernel), strides), size


def _groups(x: Array, weight: Array, groups: int) -> Iterator[tuple[slice, slice]]:
    c, k = x.shape[1] // groups, weight.shape[0] // groups
    for g in range(groups):
        yield slice(g * c, (g + 1) * c), slice(g * k, (g + 1) * k)


def conv2d(
    x: Array,
    weight: Array,
    bias: Array | None = None,
    stride: Ints = (1, 1),
    pad: Ints = (0, 0),
    dilate: Ints = (1, 1),
    groups: int = 1,
) -> Array:
    _, taps, _ = _taps(x, weight.shape[2:], stride, pad, dilate, 0)
    parts = [np.einsum("ncxyij,kcij->nkxy", taps[:, c], weight[k]) for c, k in _groups(x, weight, groups)]
    y = np.concatenate(parts, axis=1)
    return y if bias is None else y + bias[:, None, None]


def conv2d_dx(
    g: Array, weight: Array, x: Array, stride: Ints = (1, 1), pad: Ints = (0, 0), dilate: Ints = (1, 1), groups: int = 1
) -> Array:
    padded, taps, (oh, ow) = _taps(np.zeros(x.shape, g.dtype), weight.shape[2:], stride, pad, dilate, 0)
    for (c, k), i, j in itertools.product(_groups(x, weight, groups), range(weight.shape[2]), range(weight.shape[3])):
        taps[:, c, :, :, i, j] += np.einsum("nkxy,kc->ncxy", g[:, k], weight[k, :, i, j])
    return padded[:, :, pad[0] : pad[0] + x.shape[2], pad[1] : pad[1] + x.shape[3]]


def conv2d_dw(
    g: Array, x: Array, weight: Array, stride: Ints = (1, 1), pad: Ints = (0, 0), dilate: Ints = (1, 1), groups: int = 1
) -> Array:
    _, taps, _ = _taps(x, weight.shape[2:], stride, pad, dilate, 0)
    return np.concatenate([np.einsum("nkxy,ncxyij->kcij", g[:, k], taps[:, c]) for c, k in _groups(x, weight, groups)])


def _maxima(x: Array, kernel: Ints, stride: Ints | None, pad: Ints) -> tuple[Array, tuple[Array, ...]]:
    """The windows (n, c, oh, ow, kh * kw) of x and, as coordinates into x, the first maximum of each."""
    stride = stride or kernel
    _, taps, (oh, ow) = _taps(x.astype(np.float64), kernel, stride, pad, (1, 1), -np.inf)
    flat = taps.reshape(*taps.shape[:4], -1)
    best = flat.argmax(-1)
    n, c, i, j = np.indices(best.shape)
    rows = i * stride[0] + best // kernel[1] - pad[0]
    columns = j * stride[1] + best % kernel[1] - pad[1]
    return flat, (n, c, rows, columns)


def max_pool2d(x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = (0, 0)) -> Array:
    return x[_maxima(x, kernel, stride, pad)[1]]


def max_pool2d_grad(g: Array, x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = (0, 0)) -> Array:
    out = np.zeros(x.shape, g.dtype)
    np.add.at(out, _maxima(x, kernel, stride, pad)[1], g)
    return out


def max_pool2d_pick(g: Array, x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = (0, 0)) -> Array:
    return g[_maxima(x, kernel, stride, pad)[1]]


def _counts(x: Array, kernel: Ints, stride: Ints, pad: Ints, count_include_pad: bool) -> Array | int:
    if count_include_pad:
        return kernel[0] * kernel[1]
    return _taps(np.ones(x.shape, np.int64), kernel, stride, pad, (1, 1), 0)[1].sum((4, 5))


def avg_pool2d(
    x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = (0, 0), count_include_pad: bool = True
) -> Array:
    stride = stride or kernel
    sums = _taps(x, kernel, stride, pad, (1, 1), 0)[1].sum((4, 5))
    return sums / _counts(x, kernel, stride, pad, count_include_pad)


def avg_pool2d_grad(
    g: Array, x: Array, kernel: Ints, stride: Ints | None = None, pad: Ints = (0, 0), count_include_pad: bool = True
) -> Array:
    stride = stride or kernel
    padded, taps, _ = _taps(np.zeros(x.shape, g.dtype), kernel, stride, pad, (1, 1), 0)
    share = g / _counts(x, kernel, stride, pad, count_include_pad)
    for i, j in np.ndindex(*kernel):
        taps[..., i, j] += share
    return padded[:, :, pad[0] : pad[0] + x.shape[2], pad[1] : pad[1] + x.shape[3]]


# Normalisation and losses -----------------------------------------------------------------------------------------


def along(v: Array, x: Array, axis: int = 1) -> Array:
    shape = [1] * x.ndim
    shape[axis] = -1
    return v.reshape(shape)


def _others(x: Array, axis: int) -> Ints:
    return tuple(i for i in range(x.ndim) if i != axis % x.ndim)


def mean_but(x: Array, axis: int = 1) -> Array:
    return x.mean(axis=_others(x, axis))


def layer_norm(x: Array, gamma: Array, beta: Array, axis: int = -1, eps: float = 1e-5) -> Array:
    d = x - x.mean(axis=axis, keepdims=True)
    return d / np.sqrt((d * d).mean(axis=axis, keepdims=True) + eps) * along(gamma, x, axis) + along(beta, x, axis)


def layer_norm_grad(g: Array, x: Array, gamma: Array, axis: int = -1, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    one, zero = np.ones_like(gamma), np.zeros_like(gamma)
    h, t = layer_norm(x, one, zero, axis, eps), g * along(gamma, x, axis)
    r = 1 / np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    dx = r * (t - t.mean(axis=axis, keepdims=True) - h * (t * h).mean(axis=axis, keepdims=True))
    return dx, (g * h).sum(_others(x, axis)), g.sum(_others(x, axis))


def batch_norm_infer(
    x: Array, gamma: Array, beta: Array, running_mean: Array, running_var: Array, axis: int = 1, eps: float = 1e-5
) -> Array:
    scale = gamma / np.sqrt(running_var + eps)
    return (x - along(running_mean, x, axis)) * along(scale, x, axis) + along(beta, x, axis)


def batch_norm_train(
    x: Array, gamma: Array, beta: Array, axis: int = 1, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    mean = mean_but(x, axis)
    var = mean_but((x - along(mean, x, axis)) ** 2, axis)
    return batch_norm_infer(x, gamma, beta, mean, var, axis, eps), mean, var


def batch_norm_grad(
    g: Array, x: Array, gamma: Array, mean: Array, var: Array, axis: int = 1, eps: float = 1e-5
) -> tuple[Array, Array, Array]:
    h = (x - along(mean, x, axis)) / np.sqrt(along(var, x, axis) + eps)
    dgamma, dbeta = (g * h).sum(_others(x, axis)), g.sum(_others(x, axis))
    n = x.size / x.shape[axis]
    dx = g - along(dbeta / n, x, axis) - h * along(dgamma / n, x, axis)
    return dx * along(gamma / np.sqrt(var + eps), x, axis), dgamma, dbeta


def _softmax(x: Array, axis: int) -> Array:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def softmax_cross_entropy(logits: Array, labels: Array, axis: int = -1) -> Array:
    return -pick(np.log(_softmax(logits, axis)), labels, axis)


def softmax_cross_entropy_grad(g: Array, logits: Array, labels: Array, axis: int = -1) -> Array:
    return _softmax(logits, axis) * np.expand_dims(g, axis) - pick_grad(g, labels, logits, axis)


# Random numbers: what must be true of a sample, rather than the sample itself --------------------------------------


def _moments(y: Array, mean: float, std: float, shape: Ints) -> bool:
    """Mean and spread within five standard errors (one chance in a million to fail for a new seed)."""
    n = max(y.size, 1)
    if y.shape != tuple(shape):
        return False
    return y.size == 0 or (
        abs(y.mean() - mean) <= 5 * std / n**0.5 + 1e-6 and abs(y.std() - std) <= 8 * std / n**0.5 + 1e-6
    )


def uniform_moments(y: Array, low: float = 0.0, high: float = 1.0, shape: Ints = (), **_: Any) -> bool:
    inside = bool((y >= low).all() and ((y < high) | (low == high)).all())
    return inside and _moments(y, (low + high) / 2, (high - low) / 12**0.5, shape)


def normal_moments(y: Array, loc: float = 0.0, scale: float = 1.0, shape: Ints = (), **_: Any) -> bool:
    tails = y.size == 0 or abs(abs(y - loc) > 2 * scale).mean() < 0.07  # 4.6 % for a normal distribution
    return bool(tails) and _moments(y, loc, scale, shape)


def randint_moments(y: Array, low: int, high: int, shape: Ints = (), **_: Any) -> bool:
    values, counts = np.unique(y, return_counts=True)
    even = counts.max() < 1.3 * counts.min()
    return bool(even and list(values) == list(range(low, high))) and y.shape == tuple(shape)


def bernoulli_moments(y: Array, p: float = 0.5, shape: Ints = (), **_: Any) -> bool:
    return set(np.unique(y)) <= {0, 1} and _moments(y, p, (p * (1 - p)) ** 0.5, shape)


def permutation_check(y: Array, n: int, **_: Any) -> bool:
    return sorted(y.tolist()) == list(range(n)) and (n < 10 or y.tolist() != list(range(n)))


def mask_moments(y: Array, x: Array, p: float = 0.5) -> bool:
    values = set(np.unique(y.astype(np.float32)).tolist())
    kept = float(np.float32(1 / (1 - p)))
    return values == {0.0, kept} and _moments((y != 0).astype(np.float64), 1 - p, (p * (1 - p)) ** 0.5, x.shape)


def dropout_moments(y: Array, x: Array, p: float = 0.5) -> bool:
    return mask_moments(y / x, x, p)
