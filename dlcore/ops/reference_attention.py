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
