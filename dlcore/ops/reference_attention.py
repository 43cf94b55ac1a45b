"""Oracles for attention: the whole matrix of weights, written out."""

from __future__ import annotations

import numpy as np

Array = np.ndarray


def above(x: Array, causal: bool = True, value: float = 0.0) -> Array:
    hidden = np.triu(np.ones(x.shape[-2:], bool), 1) & causal
    return np.where(hidden, value, x)


def _scores(q: Array, k: Array, mask: Array, causal: bool, scale: float) -> Array:
    return above(q @ np.swapaxes(k, -1, -2) * scale + mask, causal, -np.inf)


def attention(
    q: Array, k: Array, v: Array, mask: Array, causal: bool = False, scale: float = 1.0
) -> tuple[Array, Array]:
    e = np.exp(_scores(q, k, mask, causal, scale))
    total = e.sum(-1, keepdims=True)
    weights = np.divide(e, total, out=np.zeros_like(e), where=total > 0)
    lse = np.log(total)
    return weights @ v, np.concatenate([lse, np.zeros_like(lse)], axis=-1)


def attention_grad(
    q: Array, k: Array, v: Array, mask: Array, y: Array, lse: Array, g: Array, causal: bool = False, scale: float = 1.0
) -> tuple[Array, Array, Array]:
    p = np.exp(_scores(q, k, mask, causal, scale) - lse.sum(-1, keepdims=True))
    ds = p * (g @ np.swapaxes(v, -1, -2) - (g * y).sum(-1, keepdims=True)) * scale
    return ds @ k, np.swapaxes(ds, -1, -2) @ q, np.swapaxes(p, -1, -2) @ g


def factors(key: Array, shape: tuple[int, ...]) -> Array:
    """What the weight of each place is multiplied by; csrc/kernels/cpu/attention_drop.h says by which words."""
    seed, block, threshold = (int(k) for k in key)
    queries, keys = shape[-2:]
    batch = int(np.prod(shape[:-2]))
    z, i, j = np.ogrid[:batch, :queries, :keys]
    rows, columns = -(-queries // 16) * 8, -(-keys // 16) * 8
    n = (z * rows + i // 16 * 8 + i % 8) * columns + j // 16 * 8 + j % 8
    words = _philox(seed % 2**64, block % 2**64, n.astype(np.uint64))
    word = np.take_along_axis(words, np.broadcast_to(i // 8 % 2 * 2 + j // 8 % 2, n.shape)[None], 0)[0]
    kept = (word >> np.uint64(8)) >= threshold
    return (kept * (2**24 / (2**24 - threshold))).reshape(shape)


def _philox(seed: int, block: int, numbers: Array) -> Array:
    """Philox 4x32-10 (Salmon et al., SC 2011): the four words of each block, in front."""
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    first = [np.full_like(numbers, block & 0xFFFFFFFF), np.full_like(numbers, block >> 32)]
    x = [*first, numbers & low, (numbers >> half) | np.uint64(0x80000000)]
    for turn in range(10):
        k0, k1 = (((seed >> s & 0xFFFFFFFF) + turn * w) % 2**32 for s, w in ((0, 0x9E3779B9), (32, 0xBB67AE85)))
        a, b = x[0] * np.uint64(0xD2511F53), x[2] * np.uint64(0xCD9E8D57)
        x = [(b >> half) ^ x[1] ^ np.uint64(k0), b & low, (a >> half) ^ x[3] ^ np.uint64(k1), a & low]
    return np.stack(x)


def dropped(x: Array, key: Array) -> Array:
    return x * factors(key, x.shape)


def attention_dropped(
    q: Array, k: Array, v: Array, mask: Array, key: Array, causal: bool = False, scale: float = 1.0
) -> tuple[Array, Array]:
    _, lse = attention(q, k, v, mask, causal, scale)
    weights, _ = attention(
        q, k, np.broadcast_to(np.eye(k.shape[-2]), (*k.shape[:-1], k.shape[-2])), mask, causal, scale
    )
    return dropped(weights, key) @ v, lse


def attention_dropped_grad(
    q: Array, k: Array, v: Array, mask: Array, key: Array, y: Array, lse: Array, g: Array, causal: bool = False,
    scale: float = 1.0,
) -> tuple[Array, Array, Array]:  # fmt: skip
    p = np.exp(_scores(q, k, mask, causal, scale) - lse.sum(-1, keepdims=True))
    ds = p * (dropped(g @ np.swapaxes(v, -1, -2), key) - (g * y).sum(-1, keepdims=True)) * scale
    return ds @ k, np.swapaxes(ds, -1, -2) @ q, np.swapaxes(dropped(p, key), -1, -2) @ g
