"""Oracles for connectionist temporal classification: every alignment written out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

Array = np.ndarray


def _alignments(steps: int, classes: int, label: list[int], blank: int) -> Iterator[tuple[int, ...]]:
    """The paths that become `label` when repeats are joined and blanks dropped."""
    for path in itertools.product(range(classes), repeat=steps):
        if [c for c, _ in itertools.groupby(path) if c != blank] == label:
            yield path


def ctc(lp: Array, labels: Array, lengths: Array, label_lengths: Array, blank: int = 0) -> Array:
    out = np.empty(lp.shape[1])
    for n, steps in enumerate(lengths):
        label = [int(v) for v in labels[n, : label_lengths[n]]]
        paths = _alignments(int(steps), lp.shape[2], label, blank)
        out[n] = -np.log(sum(np.exp(sum(lp[t, n, c] for t, c in enumerate(path))) for path in paths))
    return out


def ctc_grad(lp: Array, labels: Array, lengths: Array, label_lengths: Array, g: Array, blank: int = 0) -> Array:
    out = np.zeros(lp.shape)
    loss = ctc(lp, labels, lengths, label_lengths, blank)
    for n, steps in enumerate(lengths):
        label = [int(v) for v in labels[n, : label_lengths[n]]]
        for path in _alignments(int(steps), lp.shape[2], label, blank):
            share = np.exp(sum(lp[t, n, c] for t, c in enumerate(path)) + loss[n])
            for t, c in enumerate(path):
                out[t, n, c] -= g[n] * share
    return out


def ctc_grad2(
    lp: Array, labels: Array, lengths: Array, label_lengths: Array, g: Array, v: Array, blank: int = 0
) -> tuple[Array, Array]:
    step = 1e-6
    rest = (labels, lengths, label_lengths)
    high, low = (ctc_grad(lp + s * step * v, *rest, g, blank) for s in (1, -1))
    above, below = (ctc(lp + s * step * v, *rest, blank) for s in (1, -1))
    return (high - low) / (2 * step), (above - below) / (2 * step)
