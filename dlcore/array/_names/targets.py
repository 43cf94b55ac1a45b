"""What an SSD detector is to learn from labelled boxes: matching by overlap and hard negatives, on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as _np

from ..._core import NDArray, from_numpy, is_tracing
from .._convert import asarray


def _overlaps(a: _np.ndarray, b: _np.ndarray) -> _np.ndarray:
    low, high = _np.maximum(a[:, None, :2], b[None, :, :2]), _np.minimum(a[:, None, 2:], b[None, :, 2:])
    both = _np.prod(_np.maximum(high - low, 0), -1)
    area = [_np.prod(v[:, 2:] - v[:, :2], -1) for v in (a, b)]
    union = area[0][:, None] + area[1][None, :] - both
    return _np.where(union > 0, both / _np.where(union > 0, union, 1), 0)


def _matched(overlap: _np.ndarray, threshold: float) -> _np.ndarray:
    """The box of each anchor or -1: every box gets its best anchor, then anchors take boxes they overlap enough."""
    match, left = _np.full(len(overlap), -1), overlap.copy()
    for _ in range(overlap.shape[1]):
        anchor, box = _np.unravel_index(left.argmax(), left.shape)
        if left[anchor, box] <= 1e-12:
            break
        match[anchor] = box
        left[anchor, :] = left[:, box] = -1
    best = overlap.argmax(1)
    free = (match < 0) & (overlap[_np.arange(len(best)), best] > threshold)
    match[free] = best[free]
    return match


def _offsets(anchors: _np.ndarray, boxes: _np.ndarray, variances: Sequence[float]) -> _np.ndarray:
    size = [v[:, 2:] - v[:, :2] for v in (anchors, boxes)]
    middle = [v[:, :2] + s / 2 for v, s in zip((anchors, boxes), size, strict=True)]
    moved = _np.concatenate([(middle[1] - middle[0]) / size[0], _np.log(_np.maximum(size[1] / size[0], 1e-12))], 1)
    return moved / _np.asarray(variances)


def _negatives(
    pred: _np.ndarray, overlap: _np.ndarray, match: _np.ndarray, ratio: float, thresh: float, least: int
) -> _np.ndarray:
    """Which unmatched anchors count: the ones taken for an object with most confidence, `ratio` for each match."""
    able = (match < 0) & (overlap.max(1, initial=0.0) < thresh)
    shifted = pred - pred.max(0)
    background = shifted[0] - _np.log(_np.exp(shifted).sum(0))
    order = _np.argsort(_np.where(able, background, _np.inf), kind="stable")
    count = min(int(max(ratio * (match >= 0).sum(), least)), int(able.sum()))
    chosen = _np.zeros(len(match), bool)
    chosen[order[:count]] = True
    return chosen


def MultiBoxTarget(
    anchor: Any, label: Any, cls_pred: Any, overlap_threshold: float = 0.5, ignore_label: float = -1.0,
    negative_mining_ratio: float = -1.0, negative_mining_thresh: float = 0.5, minimum_negative_samples: int = 0,
    variances: Sequence[float] = (0.1, 0.1, 0.2, 0.2),
) -> list[NDArray]:  # fmt: skip
    """(offsets (b, 4 n), where they count (b, 4 n), classes (b, n)) for anchors (1, n, 4) and labels (b, m, 5).

    A label row is (class, x1, y1, x2, y2), -1 where there is none. Class 0 is the background. With a
    negative_mining_ratio only that many background anchors for each match count, the worst ones; the others get
    ignore_label.

    >>> parts = MultiBoxTarget([[[0.0, 0.0, 0.5, 1.0], [0.5, 0.0, 1.0, 1.0]]], [[[2, 0.0, 0.0, 0.5, 1.0]]], [[[0, 0]]])
    >>> parts[2].tolist(), parts[1].tolist()
    ([[3.0, 0.0]], [[1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]])
    """
    if is_tracing():
        raise RuntimeError("MultiBoxTarget: it matches by numbers, so it cannot be compiled; call it outside of jit")
    anchors, labels, preds = (asarray(v).asnumpy().astype("float64") for v in (anchor, label, cls_pred))
    if anchors.ndim != 3 or labels.ndim != 3 or labels.shape[2] < 5 or preds.shape[2:] != anchors.shape[1:2]:
        raise ValueError("MultiBoxTarget: expected anchors (1, n, 4), labels (b, m, 5) and cls_pred (b, classes, n), "
                         f"got {anchors.shape}, {labels.shape} and {preds.shape}")  # fmt: skip
    boxes, n = anchors[0], anchors.shape[1]
    offsets, masks, classes = [], [], []
    for rows, pred in zip(labels, preds, strict=True):
        rows = rows[rows[:, 0] >= 0]
        overlap = _overlaps(boxes, rows[:, 1:5])
        match = _matched(overlap, overlap_threshold) if len(rows) else _np.full(n, -1)
        hit = match >= 0
        offset = _np.zeros((n, 4))
        offset[hit] = _offsets(boxes[hit], rows[match[hit], 1:5], variances)
        target = _np.zeros(n)
        target[hit] = rows[match[hit], 0] + 1
        if negative_mining_ratio > 0:
            worst = _negatives(pred, overlap, match, negative_mining_ratio, negative_mining_thresh,
                               minimum_negative_samples)  # fmt: skip
            target[~hit & ~worst] = ignore_label
        offsets.append(offset.ravel())
        masks.append(_np.repeat(hit, 4).astype("float64"))
        classes.append(target)
    kind = asarray(anchor).dtype
    return [from_numpy(_np.stack(v).astype(kind), True) for v in (offsets, masks, classes)]
