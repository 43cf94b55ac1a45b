"""Oracles in plain NumPy for norms, losses and the other operators of networks. Slow and obvious."""

from __future__ import annotations

import numpy as np

from .reference import along

Array = np.ndarray


def _shares(x: Array, mask: Array, axis: int) -> Array:
    top = np.where(mask, x, -np.inf).max(axis=axis, keepdims=True)
    e = np.where(mask, np.exp(x - top), 0.0)
    return np.where(mask, e / e.sum(axis=axis, keepdims=True), 0.0)


def masked_softmax(x: Array, mask: Array, axis: int = -1) -> Array:
    return _shares(x, mask, axis)


def masked_log_softmax(x: Array, mask: Array, axis: int = -1) -> Array:
    with np.errstate(invalid="ignore"):
        return np.where(mask, log_softmax(np.where(mask, x, -np.inf), axis), -np.inf)


def log_softmax(x: Array, axis: int = -1) -> Array:
    moved = x - x.max(axis=axis, keepdims=True)
    return moved - np.log(np.exp(moved).sum(axis=axis, keepdims=True))


def rms_norm(x: Array, gamma: Array, axis: int = -1, eps: float = 1e-6) -> Array:
    return x / np.sqrt((x * x).mean(axis=axis, keepdims=True) + eps) * along(gamma, x, axis)


def group_norm(x: Array, gamma: Array, beta: Array, groups: int, eps: float = 1e-5) -> Array:
    out = np.empty_like(x)
    groups = groups or x.shape[1]
    size = x.shape[1] // groups
    for n in range(len(x)):
        for k in range(groups):
            part = x[n, k * size : (k + 1) * size]
            out[n, k * size : (k + 1) * size] = (part - part.mean()) / np.sqrt(part.var() + eps)
    return out * along(gamma, x, 1) + along(beta, x, 1)


def group_norm_grad(g: Array, x: Array, gamma: Array, groups: int, eps: float = 1e-5) -> tuple[Array, Array, Array]:
    dx, h = np.empty_like(x), group_norm(x, np.ones_like(gamma), np.zeros_like(gamma), groups, eps)
    groups = groups or x.shape[1]
    size, t = x.shape[1] // groups, g * along(gamma, x, 1)
    for n in range(len(x)):
        for k in range(groups):
            part = np.s_[n, k * size : (k + 1) * size]
            inner = t[part] - t[part].mean() - h[part] * (t[part] * h[part]).mean()
            dx[part] = inner / np.sqrt(x[part].var() + eps)
    others = (0, *range(2, x.ndim))
    return dx, (g * h).sum(others), g.sum(others)


def instance_norm(x: Array, gamma: Array, beta: Array, eps: float = 1e-5) -> Array:
    return group_norm(x, gamma, beta, x.shape[1], eps)


def cross_entropy(
    logits: Array, labels: Array, axis: int = -1, label_smoothing: float = 0.0, ignore_index: int = -100
) -> Array:
    lines = np.moveaxis(logits, axis, -1)
    out = np.zeros(lines.shape[:-1], logits.dtype)
    for at in np.ndindex(*out.shape):
        if labels[at] == ignore_index:
            continue
        log_p = lines[at] - lines[at].max()
        log_p = log_p - np.log(np.exp(log_p).sum())
        target = np.full(len(log_p), label_smoothing / len(log_p))
        target[int(labels[at])] += 1 - label_smoothing
        out[at] = -(target * log_p)[target > 0].sum()
    return out
