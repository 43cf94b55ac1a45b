"""Functions of single-shot detectors (Liu et al., arXiv:1512.02325): anchors, their targets, and detections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .. import _core
from .composite_vision import _stacked, bipartite_matching, box_iou, box_nms, box_parts, to_center, to_corner
from .functions import function as F

if TYPE_CHECKING:
    from .._core import NDArray

Four = Sequence[float]
_VARIANCES = (0.1, 0.1, 0.2, 0.2)


def _vector(values: Sequence[float], kind: str, device: str) -> Any:
    return F("stack")(*[F("full")(float(v), (), kind, device) for v in values], axis=0)


def multibox_prior(
    data: Any,
    sizes: Four = (1.0,),
    ratios: Four = (1.0,),
    clip: bool = False,
    steps: Four = (-1.0, -1.0),
    offsets: Four = (0.5, 0.5),
) -> NDArray:
    """Anchor boxes around every pixel of data (n, c, h, w): (1, h * w * (sizes + ratios - 1), 4), corners from 0 to 1.

    Each pixel has one box for each size with the first ratio, then one for each further ratio with the first size; a
    ratio is width over height. steps and offsets: (y, x), in parts of the picture and of a step; clip: held in [0, 1].

    >>> from dlcore import nd
    >>> multibox_prior(nd.zeros((1, 3, 1, 1)), sizes=(0.5,)).tolist()
    [[[0.25, 0.25, 0.75, 0.75]]]
    """
    if data.ndim != 4 or not sizes or not ratios:
        raise ValueError(
            "multibox_prior: expected data (n, c, h, w) and at least one size and ratio, got shape"
            f" {tuple(data.shape)}, {len(sizes)} sizes and {len(ratios)} ratios"
        )
    kind = data._dtype_name if data._dtype_name.startswith(("float", "bfloat")) else "float32"
    h, w = data.shape[2:]
    forms = [(s, ratios[0]) for s in sizes] + [(sizes[0], r) for r in ratios[1:]]
    half_w = _vector([s * h / w * r**0.5 / 2 for s, r in forms], kind, data._device)
    half_h = _vector([s / r**0.5 / 2 for s, r in forms], kind, data._device)
    step_y, step_x = (1 / n if s <= 0 else s for n, s in zip((h, w), steps, strict=True))
    y = (F("arange")(0, h, 1, kind, data._device) + offsets[0]) * step_y
    x = (F("arange")(0, w, 1, kind, data._device) + offsets[1]) * step_x
    y, x = F("reshape")(y, (h, 1, 1)), F("reshape")(x, (1, w, 1))
    shape = (h, w, len(forms))
    boxes = _stacked(*(F("broadcast_to")(v, shape) for v in (x - half_w, y - half_h, x + half_w, y + half_h)))
    boxes = F("reshape")(boxes, (1, -1, 4))
    return F("clip")(boxes, 0.0, 1.0) if clip else boxes


def multibox_target(
    anchor: Any,
    label: Any,
    cls_pred: Any,
    overlap_threshold: float = 0.5,
    ignore_label: float = -1.0,
    negative_mining_ratio: float = -1.0,
    negative_mining_thresh: float = 0.5,
    minimum_negative_samples: int = 0,
    variances: Four = _VARIANCES,
) -> tuple[NDArray, NDArray, NDArray]:
    """What a detector should say at each anchor: offsets (b, n * 4), their mask (b, n * 4) and classes (b, n).

    anchor: (1, n, 4). label: (b, m, 5) with class and corners, class -1 for none. cls_pred: (b, classes + 1, n). Each
    box takes its best anchor, then every anchor with an overlap over the threshold takes its best box; the others are
    background, 0. With a negative_mining_ratio only so many times the matched anchors are background, those least sure
    of it, and the rest is ignore_label. Carries no gradient.

    >>> from dlcore import nd
    >>> box = nd.array([[[0.0, 0.0, 1.0, 1.0]]])
    >>> multibox_target(box, nd.array([[[3.0, 0.0, 0.0, 1.0, 1.0]]]), nd.zeros((1, 5, 1)))[2].tolist()
    [[4.0]]
    """
    if anchor.ndim != 3 or label.ndim != 3 or label.shape[2] < 5 or cls_pred.shape[2:] != anchor.shape[1:2]:
        shapes = [tuple(v.shape) for v in (anchor, label, cls_pred)]
        raise ValueError(
            "multibox_target: expected anchor (1, n, 4), label (b, m, 5) and cls_pred (b, classes + 1, n), got"
            f" {shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
    label = F("cast")(label, anchor._dtype_name)
    was = _core.set_recording(False)
    try:
        matched, best = _match(anchor, label, overlap_threshold)
        positive = F("greater_equal")(matched, 0)
        chosen = F("maximum")(matched, 0)
        rows = F("broadcast_to")(F("expand_dims")(chosen, -1), (*chosen.shape, label.shape[2]))
        own = F("take_along_axis")(label, rows, 1)
        corners = F("slice")(own, (0, 0, 1), (*chosen.shape, 4), None)
        mask = F("broadcast_to")(F("cast")(F("expand_dims")(positive, -1), label._dtype_name), (*chosen.shape, 4))
        offsets = F("where")(F("greater")(mask, 0), _offsets(anchor, corners, variances), F("zeros_like")(mask))
        first = F("squeeze")(F("slice")(own, (0, 0, 0), (*chosen.shape, 1), None), 2)
        classes = F("where")(positive, first + 1.0, F("zeros_like")(first))
        if negative_mining_ratio > 0:
            keep = _mined(
                cls_pred, positive, best, negative_mining_ratio, negative_mining_thresh, minimum_negative_samples
            )
            classes = F("where")(F("logical_or")(positive, keep), classes, F("full_like")(classes, ignore_label))
        flat = (label.shape[0], -1)
        return F("reshape")(offsets, flat), F("reshape")(mask, flat), classes
    finally:
        _core.set_recording(was)


def _match(anchor: Any, label: Any, threshold: float) -> tuple[Any, Any]:
    """For each anchor (b, n): the box it has or -1, and its largest overlap."""
    corners = F("slice")(label, (0, 0, 1), (*label.shape[:2], 4), None)
    overlaps = F("transpose")(box_iou(F("squeeze")(anchor, 0), corners), (1, 0, 2))
    there = F("slice")(label, (0, 0, 0), (*label.shape[:2], 1), None)
    there = F("transpose")(F("greater_equal")(there, 0), (0, 2, 1))
    overlaps = F("where")(there, overlaps, F("full_like")(overlaps, -1.0))
    matched = bipartite_matching(overlaps, 1e-12)[0]
    best = F("max")(overlaps, -1)
    close = F("logical_and")(F("less")(matched, 0), F("greater")(best, threshold))
    return F("where")(close, F("argmax")(overlaps, -1), matched), best


def _offsets(anchor: Any, corners: Any, variances: Four) -> Any:
    (ax, ay, aw, ah), (gx, gy, gw, gh) = box_parts(to_center(anchor)), box_parts(to_center(corners))
    small = 1e-12
    vx, vy, vw, vh = variances
    return _stacked(
        (gx - ax) / aw / vx,
        (gy - ay) / ah / vy,
        F("log")(F("maximum")(gw / aw, small)) / vw,
        F("log")(F("maximum")(gh / ah, small)) / vh,
    )


def _mined(cls_pred: Any, positive: Any, best: Any, ratio: float, limit: float, least: int) -> Any:
    """Which anchors stay background: those far from every box that look least like background."""
    doubt = 1.0 - F("squeeze")(F("slice")(F("softmax")(cls_pred, 1), (0, 0, 0), (len(cls_pred), 1, best.shape[1])), 1)
    free = F("logical_and")(F("logical_not")(positive), F("less")(best, limit))
    doubt = F("where")(free, doubt, F("full_like")(doubt, -1.0))
    rank = F("argsort")(F("argsort")(doubt, -1, True), -1)
    count = F("maximum")(F("sum")(F("cast")(positive, "float32"), -1, True) * ratio, float(least))
    return F("logical_and")(free, F("less")(F("cast")(rank, "float32"), count))


def multibox_detection(
    cls_prob: Any,
    loc_pred: Any,
    anchor: Any,
    clip: bool = True,
    threshold: float = 0.01,
    background_id: int = 0,
    nms_threshold: float = 0.5,
    force_suppress: bool = False,
    variances: Four = _VARIANCES,
    nms_topk: int = -1,
) -> NDArray:
    """Detections (b, n, 6): class, score and corners, best first, rows of -1 for the rest.

    cls_prob: (b, classes + 1, n) with the background at background_id, which is not counted; loc_pred: (b, n * 4)
    offsets; anchor: (1, n, 4). Raises ValueError where the shapes do not belong together.

    >>> from dlcore import nd
    >>> box = nd.array([[[0.0, 0.0, 0.5, 1.0]]])
    >>> multibox_detection(nd.array([[[0.25], [0.75]]]), nd.zeros((1, 4)), box).tolist()
    [[[0.0, 0.75, 0.0, 0.0, 0.5, 1.0]]]
    """
    if cls_prob.ndim != 3 or anchor.ndim != 3 or loc_pred.size != cls_prob.shape[0] * cls_prob.shape[2] * 4:
        shapes = [tuple(v.shape) for v in (cls_prob, loc_pred, anchor)]
        raise ValueError(
            "multibox_detection: expected cls_prob (b, classes + 1, n), loc_pred (b, n * 4) and anchor (1, n, 4), got"
            f" {shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
    b, count, n = cls_prob.shape
    if count < 2 or not 0 <= background_id < count:
        raise ValueError(f"multibox_detection: background_id {background_id} is none of {count} classes (2 or more)")
    offsets = F("reshape")(loc_pred, (b, n, 4))
    (ax, ay, aw, ah), (dx, dy, dw, dh) = box_parts(to_center(anchor)), box_parts(offsets)
    vx, vy, vw, vh = variances
    x, y = dx * vx * aw + ax, dy * vy * ah + ay
    boxes = to_corner(_stacked(x, y, F("exp")(dw * vw) * aw, F("exp")(dh * vh) * ah))
    boxes = F("clip")(boxes, 0.0, 1.0) if clip else boxes
    cuts = [(0, background_id), (background_id + 1, count - background_id - 1)]
    real = F("concat")(*[F("slice")(cls_prob, (0, k, 0), (b, m, n), None) for k, m in cuts if m], axis=1)
    score, which = F("max")(real, 1), F("cast")(F("argmax")(real, 1), cls_prob._dtype_name)
    rows = F("concat")(F("expand_dims")(which, -1), F("expand_dims")(score, -1), boxes, axis=2)
    return box_nms(rows, nms_threshold, threshold, nms_topk, 2, 1, 0, -1, force_suppress)


FUNCTIONS = (multibox_prior, multibox_target, multibox_detection)
