"""Recurrent layers, attention, transformer cells and the loss for unaligned sequences (CTC), step by step."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from .pointwise import layer_norm, log_softmax, sigmoid, softmax

# Recurrent layers ---------------------------------------------------------------------------------------------------


def lstm_step(x: Any, h: Any, c: Any, wx: Any, wh: Any, bx: Any, bh: Any) -> tuple[Any, Any]:
    """Hochreiter and Schmidhuber with forget gates; the rows are input, forget, candidate, output."""
    i, f, g, o = np.split(x @ wx.T + bx + h @ wh.T + bh, 4, -1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def gru_step(x: Any, h: Any, wx: Any, wh: Any, bx: Any, bh: Any) -> Any:
    """Cho et al. in the form that resets after the product; the rows are reset, update, candidate."""
    rx, zx, nx = np.split(x @ wx.T + bx, 3, -1)
    rh, zh, nh = np.split(h @ wh.T + bh, 3, -1)
    r, z = sigmoid(rx + rh), sigmoid(zx + zh)
    return (1 - z) * np.tanh(nx + r * nh) + z * h


def plain_step(relu: bool, x: Any, h: Any, wx: Any, wh: Any, bx: Any, bh: Any) -> Any:
    a = x @ wx.T + bx + h @ wh.T + bh
    return np.where(a.real > 0, a, 0) if relu else np.tanh(a)


def recurrent(x: Any, states: Sequence[Any], parameters: Sequence[Any], mode: str, ways: int) -> tuple[Any, list[Any]]:
    """All layers over all steps: outputs (steps, batch, ways * hidden) and the last states, as they were given."""
    last = [np.array(s, np.result_type(x, *parameters, *states)) for s in states]
    for layer in range(len(parameters) // (4 * ways)):
        outputs = []
        for way in range(ways):
            k = layer * ways + way
            own = parameters[4 * k : 4 * k + 4]
            held = [s[k] for s in last]
            seen = []
            for part in x[::-1] if way else x:
                if mode == "lstm":
                    held = list(lstm_step(part, *held, *own))
                elif mode == "gru":
                    held = [gru_step(part, *held, *own)]
                else:
                    held = [plain_step(mode == "rnn_relu", part, *held, *own)]
                seen.append(held[0])
            for s, h in zip(last, held, strict=True):
                s[k] = h
            outputs.append(np.stack(seen[::-1] if way else seen))
        x = np.concatenate(outputs, -1)
    return x, last


# Attention ----------------------------------------------------------------------------------------------------------


def attention(q: Any, k: Any, v: Any, mask: Any = None, causal: bool = False, scale: float | None = None) -> Any:
    """softmax(q k^T * scale + mask) v; a mask of flags says what is seen."""
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None:
        scores = np.where(mask, scores, -np.inf) if mask.dtype == bool else scores + mask
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    return softmax(scores) @ v


def heads_of(x: Any, heads: int) -> Any:
    """(n, t, c) as (n, heads, t, c / heads)."""
    return x.reshape(*x.shape[:2], heads, -1).transpose(0, 2, 1, 3)


Weights = dict[str, Any]


def dense(x: Any, w: Weights, name: str) -> Any:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def multi_head(x: Any, memory: Any, w: Weights, heads: int, mask: Any = None, causal: bool = False) -> Any:
    """Vaswani et al., section 3.2.2, with the projections query, key, value and out."""
    parts = [heads_of(dense(a, w, n), heads) for a, n in ((x, "query"), (memory, "key"), (memory, "value"))]
    mixed = attention(*parts, mask, causal)
    return dense(mixed.transpose(0, 2, 1, 3).reshape(x.shape), w, "out")


def part(w: Weights, name: str) -> Weights:
    """The weights below one name, by their names there."""
    return {k[len(name) + 1 :]: v for k, v in w.items() if k.startswith(name + ".")}


def transformer_cell(x: Any, memory: Any, w: Weights, heads: int, pre_norm: bool, act: Any) -> Any:
    """An encoder's cell; with a memory a decoder's, whose own attention looks back only."""

    def feed(y: Any) -> Any:
        return dense(act(dense(y, w, "feed_forward.hidden")), w, "feed_forward.out")

    parts = [("attention_norm", lambda y: multi_head(y, y, part(w, "attention"), heads, causal=memory is not None))]
    if memory is not None:
        parts.append(("memory_norm", lambda y: multi_head(y, memory, part(w, "memory_attention"), heads)))
    parts.append(("feed_forward_norm", feed))
    for name, run in parts:
        norm = part(w, name)
        if pre_norm:
            x = x + run(layer_norm(x, norm["gamma"], norm["beta"]))
        else:
            x = layer_norm(x + run(x), norm["gamma"], norm["beta"])
    return x


# Connectionist temporal classification ------------------------------------------------------------------------------


def log_sum(terms: Any) -> Any:
    """log of the sum of exp over axis 0, -inf for nothing."""
    top = terms.real.max(0)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return top + np.log(np.exp(terms - top).sum(0))


def ctc(data: Any, labels: Any, steps: Sequence[int], lengths: Sequence[int], blank: int) -> Any:
    """-log of the chance of each label sequence, data (t, n, classes) before softmax (Graves et al., 2006, section 4).

    The forward variables of section 4.1, in logarithms.
    """
    logs, losses = log_softmax(data), []
    for n, (t, length) in enumerate(zip(steps, lengths, strict=True)):
        spelled = np.full(2 * length + 1, blank)
        spelled[1::2] = labels[n][:length]
        leap = np.zeros(len(spelled), bool)  # from the label before, over the blank between
        leap[2:] = (spelled[2:] != blank) & (spelled[2:] != spelled[:-2])
        a = np.full(len(spelled), -np.inf, logs.dtype)
        a[:2] = logs[0, n, spelled[:2]]
        for step in range(1, t):
            once = np.concatenate([[-np.inf], a[:-1]])
            twice = np.where(leap, np.concatenate([[-np.inf] * 2, a[:-2]])[: len(a)], -np.inf)
            a = log_sum(np.stack([a, once, twice])) + logs[step, n, spelled]
        losses.append(-log_sum(a[-2:]))
    return np.array(losses)


def ctc_by_paths(data: Any, label: Sequence[int], blank: int) -> Any:
    """The same for one sequence (t, classes), from the definition: the sum over every path that reads as the label."""
    chances, total = softmax(data), 0.0
    for path in itertools.product(range(data.shape[1]), repeat=len(data)):
        read = [c for c, _ in itertools.groupby(path) if c != blank]
        if read == list(label):
            total = total + np.prod(chances[np.arange(len(data)), list(path)])
    return -np.log(total)
