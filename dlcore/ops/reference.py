"""Oracles in plain NumPy for operators that NumPy and SciPy do not have: slow, obvious, used by tests and by the
reference interpreter of graphs. Each takes the operator's arguments; sums run in the dtype that comes in."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray
Ints = tuple[int, ...]


def _cuts(start: Ints, size: Ints, step: Ints | None) -> tuple[slice, ...]:
    steps = step or (1,) * len(start)
    stops = [a + n * s for a, n, s in zip(start, size, steps, strict=True)]
    return tuple(slice(a, None if e < 0 else e, s) for a, e, s in zip(start, stops, steps, strict=True))


def complex_of(re: Array, im: Array) -> Array:
    shape = np.broadcast_shapes(np.shape(re), np.shape(im))
    z = np.empty(shape, np.result_type(np.real(re), np.real(im), np.complex64))
    z.real, z.imag = np.real(re), np.real(im)
    return z


def cut(x: Array, start: Ints, size: Ints, step: Ints | None = None) -> Array:
    return x[_cuts(start, size, step)]


def part(x: Array, start: Ints, size: Ints, step: Ints, shape: Ints) -> Array:
    return x[_cuts(start, size, step)].reshape(shape)


def window(x: Array, g: Array, start: Ints, step: Ints | None = None) -> Array:
    return x[_cuts(start, g.shape, step)]


def irfft(x: Array, n: int, axis: int = -1, norm: Any = "backward") -> Array:
    if x.shape[axis]:
        return np.fft.irfft(x, n, axis, norm)
    return np.zeros([n if k == axis % x.ndim else m for k, m in enumerate(x.shape)])  # of nothing NumPy gives anything


def sort(x: Array, axis: int = -1, descending: bool = False) -> Array:
    if not descending:
        return np.sort(x, axis=axis)
    if x.dtype.kind == "f":
        return -np.sort(-x, axis=axis)  # NaN last here too
    return np.flip(np.sort(x, axis=axis), axis)


def slice_grad(g: Array, x: Array, start: Ints, step: Ints | None = None) -> Array:
    out = np.zeros(x.shape, g.dtype)
    out[_cuts(start, g.shape, step)] = g
    return out


def pad_repeat_grad(g: Array, x: Array, before: Ints, after: Ints, mode: Any = "edge") -> Array:
    places = np.pad(np.arange(x.size).reshape(x.shape), list(zip(before, after, strict=True)), mode)
    out = np.zeros(x.size, g.dtype)
    np.add.at(out, places.reshape(-1), g.reshape(-1))
    return out.reshape(x.shape)


def put_diagonal(g: Array, x: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    out = np.zeros(x.shape, g.dtype)
    matrices = np.moveaxis(out, (axis1, axis2), (-2, -1))
    for k in range(g.shape[-1]):
        matrices[..., k - min(offset, 0), k + max(offset, 0)] = g[..., k]
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


def sequence_reverse(x: Array, length: Array) -> Array:
    steps = np.arange(x.shape[0])[:, None]
    return x[np.where(steps < length, length - 1 - steps, steps), np.arange(x.shape[1])]


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


def _last(at: list[Any]) -> Array:
    """For every entry, whether no later one is equal."""
    return np.array([x not in at[k + 1 :] for k, x in enumerate(at)], bool)


def gather_last(x: Array, *indices: Array) -> Array:
    joint = np.broadcast_arrays(*indices)
    places = list(zip(*[(i.ravel() % n).tolist() for i, n in zip(joint, x.shape, strict=False)], strict=True))
    stays = _last(places).reshape(joint[0].shape + (1,) * (x.ndim - len(indices)))
    return np.where(stays, x[tuple(indices)], 0)


def put_along_axis(x: Array, indices: Array, value: Array, axis: int = -1) -> Array:
    out, value = x.copy(), np.broadcast_to(value, indices.shape)
    for place in np.ndindex(indices.shape):
        where = list(place)
        where[axis] = indices[place]
        out[tuple(where)] = value[place]
    return out


def along_last(x: Array, indices: Array, axis: int = -1) -> Array:
    lines = np.moveaxis(indices % x.shape[axis], axis, -1)
    stays = np.array([_last(lines[p].tolist()) for p in np.ndindex(lines.shape[:-1])]).reshape(lines.shape)
    return np.where(np.moveaxis(stays, -1, axis), np.take_along_axis(x, indices, axis), 0)


def scatter_add(x: Array, indices: Array, value: Array, axis: int = -1) -> Array:
    return x + take_along_axis_grad(value, indices, x, axis)


def slice_assign(x: Array, value: Array, start: Ints, size: Ints, step: Ints | None = None) -> Array:
    out = x.copy()
    out[_cuts(start, size, step)] = value
    return out


def _segment(join: Any, empty: float, x: Array, ids: Array, num: int) -> Array:
    """Rows with the same number joined by a ufunc; `empty` (or the nearest number there is) without rows."""
    if x.dtype.kind in "iu" and np.isinf(empty):
        empty = np.iinfo(x.dtype).max if empty > 0 else np.iinfo(x.dtype).min
    elif x.dtype == bool:
        empty = empty > 0
    out = np.full((num, *x.shape[1:]), empty, x.dtype)
    join.at(out, ids, x)
    return out


segment_sum = functools.partial(_segment, np.add, 0)
segment_prod = functools.partial(_segment, np.multiply, 1)
segment_max = functools.partial(_segment, np.maximum, -np.inf)
segment_min = functools.partial(_segment, np.minimum, np.inf)


def segment_mean(x: Array, segment_ids: Array, num: int) -> Array:
    count = segment_sum(np.ones(x.shape, np.float64), segment_ids, num)
    return segment_sum(x, segment_ids, num) / np.maximum(count, 1)


def one_hot(x: Array, depth: int, on: float = 1.0, off: float = 0.0, dtype: Any = "float32") -> Array:
    return np.where(np.asarray(x)[..., None] == np.arange(depth), on, off).astype(dtype)


def _csr_places(indices: Array, indptr: Array) -> tuple[Array, Array]:
    return np.repeat(np.arange(len(indptr) - 1), np.diff(indptr)), indices


def csr_dot(data: Array, indices: Array, indptr: Array, x: Array) -> Array:
    rows, columns = _csr_places(indices, indptr)
    out = np.zeros((len(indptr) - 1, x.shape[1]), np.result_type(data, x))
    np.add.at(out, rows, data[:, None] * x[columns])  # what is not stored is not multiplied, by NaN neither
    return out


def csr_dot_t(data: Array, indices: Array, indptr: Array, g: Array, x: Array) -> Array:
    rows, columns = _csr_places(indices, indptr)
    out = np.zeros((len(x), g.shape[1]), np.result_type(data, g))
    np.add.at(out, columns, data[:, None] * g[rows])
    return out


def csr_sampled(a: Array, b: Array, indices: Array, indptr: Array) -> Array:
    return (a @ b.T)[_csr_places(indices, indptr)]


def dense(x: Array, weight: Array, bias: Array | None = None, flatten: bool = True) -> Array:
    y = (x.reshape(x.shape[0], weight.shape[1]) if flatten else x) @ weight.T
    return y if bias is None else y + bias


def product(
    a: Array,
    b: Array,
    bias: Array | None = None,
    other: Array | None = None,
    transpose_b: bool = False,
    then: str = "",
) -> Array:
    y = np.matmul(a, np.swapaxes(b, -1, -2) if transpose_b else b)
    y = y if bias is None else y + bias
    for step in then.split("+") if then else ():
        y = _STEPS[step](y) if other is None or step not in _STEPS_OF_TWO else _STEPS_OF_TWO[step](y, other)
    return y


_STEPS: dict[str, Callable[[Array], Array]] = {
    "relu": lambda y: np.maximum(y, 0),
    "sigmoid": lambda y: 1 / (1 + np.exp(-y)),
    "tanh": np.tanh,
    "silu": lambda y: y / (1 + np.exp(-y)),
    "gelu_erf": lambda y: 0.5 * y * (1 + np.vectorize(math.erf, otypes=[y.dtype])(y / math.sqrt(2))),
    "gelu_tanh": lambda y: 0.5 * y * (1 + np.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3))),
}
_STEPS_OF_TWO: dict[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "_relu_grad": lambda y, kept: np.where(kept > 0, y, 0),
}


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
    if x.size:
        mean = mean_but(x, axis)
        var = mean_but((x - along(mean, x, axis)) ** 2, axis)
    else:  # not NaN, which running averages would never lose again
        mean, var = np.zeros_like(gamma), np.zeros_like(gamma)
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
    moved = logits - logits.max(axis=axis, keepdims=True)
    return -pick(moved - np.log(np.exp(moved).sum(axis=axis, keepdims=True)), labels, axis)


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
    p = float(p)
    values = set(np.unique(y.astype(np.float32)).tolist())
    kept = float(np.float32(1 / (1 - p)))
    return values == {0.0, kept} and _moments((y != 0).astype(np.float64), 1 - p, (p * (1 - p)) ** 0.5, x.shape)


def dropout_moments(y: Array, x: Array, p: float = 0.5) -> bool:
    return mask_moments(y / x, x, p)


def argtopk(x: Array, k: int = 1, axis: int = -1, descending: bool = True) -> Array:
    key = x if not descending else ~x if x.dtype.kind in "biu" else -x.astype("float64")
    return np.take(np.argsort(key, axis=axis, kind="stable"), np.arange(k), axis)


def topk(x: Array, k: int = 1, axis: int = -1, descending: bool = True) -> tuple[Array, Array]:
    order = argtopk(x, k, axis, descending)
    return np.take_along_axis(x, order, axis), order
