"""Oracles for recurrences, one step after the other in plain NumPy; second derivatives by differences of the first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def _order(steps: int, reverse: bool) -> list[int]:
    return list(range(steps))[:: -1 if reverse else 1]


def lstm_steps(xw: Array, w: Array, b: Array, h0: Array, c0: Array, reverse: bool = False) -> tuple[Array, ...]:
    h, c, n = h0, c0, h0.shape[1]
    y, cs = np.empty((*xw.shape[:2], n)), np.empty((*xw.shape[:2], n))
    saved = np.empty((*xw.shape[:2], 4 * n))
    for t in _order(len(xw), reverse):
        i, f, g, o = np.split(xw[t] + h @ w.T + b, 4, axis=1)
        i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
        c = f * c + i * g
        h = o * np.tanh(c)
        y[t], cs[t], saved[t] = h, c, np.concatenate([i, f, g, o], axis=1)
    return y, cs, saved


def gru_steps(xw: Array, w: Array, b: Array, h0: Array, reverse: bool = False) -> tuple[Array, ...]:
    h, n = h0, h0.shape[1]
    y, saved = np.empty((*xw.shape[:2], n)), np.empty((*xw.shape[:2], 4 * n))
    for t in _order(len(xw), reverse):
        xr, xz, xn = np.split(xw[t], 3, axis=1)
        hr, hz, hn = np.split(h @ w.T + b, 3, axis=1)
        r, z = _sigmoid(xr + hr), _sigmoid(xz + hz)
        new = np.tanh(xn + r * hn)
        h = (1 - z) * new + z * h
        y[t], saved[t] = h, np.concatenate([r, z, new, hn], axis=1)
    return y, saved


def rnn_steps(xw: Array, w: Array, b: Array, h0: Array, relu: bool = False, reverse: bool = False) -> Array:
    h, y = h0, np.empty((*xw.shape[:2], h0.shape[1]))
    for t in _order(len(xw), reverse):
        a = xw[t] + h @ w.T + b
        h = y[t] = np.maximum(a, 0) if relu else np.tanh(a)
    return y


def _backward(
    xw: Array, w: Array, h0: Array, y: Array, gy: Array, reverse: bool, cell: Callable[[int, int, Array], tuple]
) -> tuple[Array, Array, Array, Array]:
    """dxw, dw, db and dh0; `cell(t, before, dh)` gives (gradient of xw[t], of h w^T, of h directly)."""
    dxw, dw, db, dh = np.empty_like(xw), np.zeros_like(w), np.zeros(len(w)), np.zeros_like(h0)
    order = _order(len(xw), reverse)
    for k in range(len(order) - 1, -1, -1):
        t, before = order[k], order[k - 1] if k else -1
        state = h0 if before < 0 else y[before]
        dxw[t], through, direct = cell(t, before, dh + gy[t])
        dw += through.T @ state
        db += through.sum(0)
        dh = through @ w + direct
    return dxw, dw, db, dh


def lstm_steps_grad(
    xw: Array, w: Array, b: Array, h0: Array, c0: Array, y: Array, cs: Array, saved: Array, gy: Array, gcs: Array,
    reverse: bool = False,
) -> tuple[Array, ...]:  # fmt: skip
    dc = np.zeros_like(c0)

    def cell(t: int, before: int, dh: Array) -> tuple:
        nonlocal dc
        i, f, g, o = np.split(saved[t], 4, axis=1)
        last, tc = c0 if before < 0 else cs[before], np.tanh(cs[t])
        dc = dc + gcs[t] + dh * o * (1 - tc**2)
        parts = dc * g * i * (1 - i), dc * last * f * (1 - f), dc * i * (1 - g**2), dh * tc * o * (1 - o)
        dc = dc * f
        da = np.concatenate(parts, axis=1)
        return da, da, 0.0

    return (*_backward(xw, w, h0, y, gy, reverse, cell), dc)


def gru_steps_grad(
    xw: Array, w: Array, b: Array, h0: Array, y: Array, saved: Array, gy: Array, reverse: bool = False
) -> tuple[Array, ...]:
    def cell(t: int, before: int, dh: Array) -> tuple:
        r, z, new, hn = np.split(saved[t], 4, axis=1)
        state = h0 if before < 0 else y[before]
        dn = dh * (1 - z) * (1 - new**2)
        dr, dz = dn * hn * r * (1 - r), dh * (state - new) * z * (1 - z)
        return np.concatenate([dr, dz, dn], axis=1), np.concatenate([dr, dz, dn * r], axis=1), dh * z

    return _backward(xw, w, h0, y, gy, reverse, cell)


def rnn_steps_grad(
    xw: Array, w: Array, b: Array, h0: Array, y: Array, gy: Array, relu: bool = False, reverse: bool = False
) -> tuple[Array, ...]:
    def cell(t: int, before: int, dh: Array) -> tuple:
        da = dh * (y[t] > 0) if relu else dh * (1 - y[t] ** 2)
        return da, da, 0.0

    return _backward(xw, w, h0, y, gy, reverse, cell)


def _differences(
    run: Callable[..., Any], back: Callable[..., Any], primal: tuple, gs: tuple, along: tuple, **attrs: Any
) -> tuple:
    """The derivative of (gradients, outputs) when every array of `primal` moves along its direction."""
    step = 1e-6

    def at(sign: float) -> tuple:
        point = tuple(p + sign * step * v for p, v in zip(primal, along, strict=True))
        made = run(*point, **attrs)
        made = made if isinstance(made, tuple) else (made,)
        return (*back(*point, *made, *gs, **attrs), *made[: len(gs)])

    return tuple((high - low) / (2 * step) for high, low in zip(at(1.0), at(-1.0), strict=True))


def lstm_steps_grad2(*arrays: Array, reverse: bool = False) -> tuple:
    return _differences(lstm_steps, lstm_steps_grad, arrays[:5], arrays[5:7], arrays[7:], reverse=reverse)


def gru_steps_grad2(*arrays: Array, reverse: bool = False) -> tuple:
    return _differences(gru_steps, gru_steps_grad, arrays[:4], arrays[4:5], arrays[5:], reverse=reverse)


def rnn_steps_grad2(*arrays: Array, relu: bool = False, reverse: bool = False) -> tuple:
    return _differences(rnn_steps, rnn_steps_grad, arrays[:4], arrays[4:5], arrays[5:], relu=relu, reverse=reverse)
