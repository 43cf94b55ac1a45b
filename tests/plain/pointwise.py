"""Activations, normalisation and losses by their formulas, for arrays of real or complex numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def above(x: Any, bound: float = 0.0) -> Any:
    return np.asarray(x).real > bound


def clip(x: Any, low: float, high: float) -> Any:
    return np.where(above(x, high), high, np.where(above(x, low), x, low))


def size(x: Any) -> Any:
    """|x| of a real number, continued analytically on either side of zero."""
    return np.where(above(x), x, -x)


def elu(x: Any, alpha: float) -> Any:
    return np.where(above(x), x, alpha * (np.exp(x) - 1))


ACTIVATIONS: dict[str, tuple[tuple[float, ...], Any]] = {
    "celu": ((0.7,), lambda x: np.where(above(x), x, 0.7 * (np.exp(x / 0.7) - 1))),
    "hard_swish": ((), lambda x: x * clip(x + 3, 0, 6) / 6),
    "hard_tanh": ((-0.5, 0.25), lambda x: clip(x, -0.5, 0.25)),
    "threshold": ((0.25, -3.0), lambda x: np.where(above(x, 0.25), x, -3.0)),
    "softshrink": ((0.3,), lambda x: np.where(above(x, 0.3), x - 0.3, np.where(above(-x, 0.3), x + 0.3, 0))),
    "hardshrink": ((0.3,), lambda x: np.where(above(size(x), 0.3), x, 0)),
    "tanhshrink": ((), lambda x: x - np.tanh(x)),
    "softplus": ((2.5,), lambda x: np.log(1 + np.exp(2.5 * x)) / 2.5),
    "swish": ((1.0,), lambda x: x * sigmoid(x)),
    "mish": ((), lambda x: x * np.tanh(np.log(1 + np.exp(x)))),
    "elu": ((0.7,), lambda x: elu(x, 0.7)),
    # Klambauer et al., Self-normalizing neural networks, 2017: both numbers follow from the fixed point (0, 1).
    "selu": ((), lambda x: 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717)),
    "gelu_erf": ((), lambda x: x * (1 + scipy.special.erf(x / np.sqrt(2))) / 2),
    "gelu_tanh": ((), lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2),
    "relu6": ((), lambda x: clip(x, 0, 6)),
    "log_sigmoid": ((), lambda x: -np.log(1 + np.exp(-x))),
    "softsign": ((), lambda x: x / (1 + size(x))),
}


# Normalisation ------------------------------------------------------------------------------------------------------


def standard(x: Any, axes: tuple[int, ...], eps: float = 1e-5) -> Any:
    """(x - mean) / sqrt(variance + eps) over these axes; the variance divides by the count itself."""
    centred = x - x.mean(axes, keepdims=True)
    return centred / np.sqrt((centred * centred).mean(axes, keepdims=True) + eps)


def channels(gain: Any, x: Any) -> Any:
    """`gain`, one number for each channel (axis 1), shaped for x."""
    return gain.reshape(-1, *[1] * (x.ndim - 2))


def group_norm(x: Any, gain: Any, shift: Any, groups: int, eps: float = 1e-5) -> Any:
    parts = x.reshape(len(x), groups, -1)
    return standard(parts, (2,), eps).reshape(x.shape) * channels(gain, x) + channels(shift, x)


def instance_norm(x: Any, gain: Any, shift: Any, eps: float = 1e-5) -> Any:
    return standard(x, tuple(range(2, x.ndim)), eps) * channels(gain, x) + channels(shift, x)


def layer_norm(x: Any, gain: Any, shift: Any, eps: float = 1e-5) -> Any:
    return standard(x, (-1,), eps) * gain + shift


def rms_norm(x: Any, gain: Any, eps: float = 1e-6) -> Any:
    return x / np.sqrt((x * x).mean(-1, keepdims=True) + eps) * gain


# Losses, one number for each element --------------------------------------------------------------------------------


def softmax(x: Any, axis: int = -1) -> Any:
    e = np.exp(x - x.real.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def log_softmax(x: Any, axis: int = -1) -> Any:
    moved = x - x.real.max(axis, keepdims=True)
    return moved - np.log(np.exp(moved).sum(axis, keepdims=True))


def huber(x: Any, y: Any, reach: float) -> Any:
    away = size(x - y)
    return np.where(above(away, reach), reach * (away - reach / 2), away * away / 2)


def binary_cross_entropy(p: Any, target: Any, weight: float = 1.0) -> Any:
    """-weight * t * log(p) - (1 - t) * log(1 - p)."""
    return -(weight * target * np.log(p) + (1 - target) * np.log(1 - p))


def cross_entropy(x: Any, labels: Any, axis: int, smoothing: float, ignored: int = -100) -> Any:
    """-sum of q * log_softmax(x), q = 1 - smoothing at the label plus smoothing / classes everywhere; 0 if ignored."""
    logs = np.moveaxis(log_softmax(x, axis), axis, -1)
    wanted = (1 - smoothing) * np.eye(x.shape[axis])[np.maximum(labels, 0)] + smoothing / x.shape[axis]
    return np.where(labels == ignored, 0, -(wanted * logs).sum(-1))
