"""Boxes of object detection by MXNet's names. A box is (x1, y1, x2, y2), or (x, y, width, height) as "center"."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray

Four = Sequence[float]


def _columns(boxes: NDArray) -> list[NDArray]:
    if boxes.ndim == 0 or boxes.shape[-1] != 4:
        raise ValueError(f"boxes must have 4 numbers on their last axis, got shape {boxes.shape}")
    return [F.take(boxes, k, -1) for k in range(4)]


def _form(name: str, value: str) -> str:
    if value not in ("corner", "center"):
        raise ValueError(f"{name}: a format must be corner or center, got {value!r}")
    return value


def to_corner(boxes: NDArray) -> NDArray:
    """(x, y, width, height) as corners.

    >>> to_corner(asarray([1.0, 1.0, 2.0, 2.0])).tolist()
    [0.0, 0.0, 2.0, 2.0]
    """
    x, y, w, h = _columns(boxes)
    w, h = F.multiply(w, 0.5), F.multiply(h, 0.5)
    return F.stack(F.subtract(x, w), F.subtract(y, h), F.add(x, w), F.add(y, h), axis=-1)


def to_center(boxes: NDArray) -> NDArray:
    """Corners as (x, y, width, height).

    >>> to_center(asarray([0.0, 0.0, 2.0, 2.0])).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    x1, y1, x2, y2 = _columns(boxes)
    w, h = F.subtract(x2, x1), F.subtract(y2, y1)
    return F.stack(F.add(x1, F.multiply(w, 0.5)), F.add(y1, F.multiply(h, 0.5)), w, h, axis=-1)


def box_iou(lhs: Any, rhs: Any, format: str = "corner") -> NDArray:
    """Intersection over union of every box of lhs with every box of rhs: (*lhs.shape[:-1], *rhs.shape[:-1]).

    >>> box_iou([[0.0, 0.0, 2.0, 2.0]], [[1.0, 0.0, 3.0, 2.0], [5.0, 5.0, 6.0, 6.0]]).tolist()[0][1]
    0.0
    """
    lhs, rhs = asarray(lhs), asarray(rhs)
    if _form("box_iou", format) == "center":
        lhs, rhs = to_corner(lhs), to_corner(rhs)
    a = [F.reshape(v, (-1, 1)) for v in _columns(lhs)]
    b = [F.reshape(v, (1, -1)) for v in _columns(rhs)]
    wide = F.maximum(F.subtract(F.minimum(a[2], b[2]), F.maximum(a[0], b[0])), 0.0)
    high = F.maximum(F.subtract(F.minimum(a[3], b[3]), F.maximum(a[1], b[1])), 0.0)
    both = F.multiply(wide, high)
    areas = [F.multiply(F.maximum(F.subtract(v[2], v[0]), 0.0), F.maximum(F.subtract(v[3], v[1]), 0.0)) for v in (a, b)]
    union = F.subtract(F.add(*areas), both)
    none = F.less_equal(union, 0.0)
    ratio = F.where(none, 0.0, F.divide(both, F.where(none, 1.0, union)))
    return F.reshape(ratio, (*lhs.shape[:-1], *rhs.shape[:-1]))


def box_nms(
    data: Any, overlap_thresh: float = 0.5, valid_thresh: float = 0.0, topk: int = -1, coord_start: int = 2,
    score_index: int = 1, id_index: int = -1, background_id: int = -1, force_suppress: bool = False,
    in_format: str = "corner", out_format: str = "corner",
) -> NDArray:  # fmt: skip
    """Non-maximum suppression: the rows of data (..., n, width) that stay, by falling score, then rows of -1.

    A row goes when a better one of its class (of any class with force_suppress or without id_index) covers more than
    overlap_thresh of it, when its score is not above valid_thresh, or when its class is background_id.

    >>> rows = [[0, 0.5, 0, 0, 2, 2], [0, 0.75, 0, 0, 2, 1.9], [1, 0.625, 0, 0, 2, 2]]
    >>> [row[:2] for row in box_nms(asarray(rows), id_index=0).tolist()]
    [[0.0, 0.75], [1.0, 0.625], [-1.0, -1.0]]
    """
    data = asarray(data)
    if data.ndim < 2 or data.shape[-1] < coord_start + 4:
        raise ValueError(f"box_nms: expected (..., boxes, at least {coord_start + 4} numbers), got {data.shape}")
    rows = F.reshape(data, (-1, *data.shape[-2:]))
    boxes = F.take(rows, F.arange(coord_start, coord_start + 4, 1, "int64", data._device), -1)
    corners = to_corner(boxes) if _form("box_nms", in_format) == "center" else boxes
    classes = F.take(rows, id_index, -1) if id_index >= 0 else F.zeros_like(F.take(rows, score_index, -1))
    scores = F.take(rows, score_index, -1)
    if id_index >= 0 and background_id >= 0:
        scores = F.where(F.equal(classes, float(background_id)), float("-inf"), scores)
    labels = F.zeros_like(classes) if force_suppress else classes
    places = F.expand_dims(F._nms(corners, scores, labels, overlap_thresh, valid_thresh, topk, -1), -1)
    if _form("box_nms", out_format) != in_format:
        turned = corners if out_format == "corner" else to_center(corners)
        parts = (F.slice(rows, (0, 0, 0), (*rows.shape[:2], coord_start)), turned)
        rest = rows.shape[2] - coord_start - 4
        after = (F.slice(rows, (0, 0, coord_start + 4), (*rows.shape[:2], rest)),) if rest else ()
        rows = F.concat(*parts, *after, axis=-1)
    kept = F.greater_equal(places, 0)
    chosen = F.take_along_axis(rows, F.broadcast_to(F.maximum(places, 0), rows.shape), 1)
    return F.reshape(F.where(kept, chosen, -1.0), data.shape)


def bipartite_matching(data: Any, threshold: float, is_ascend: bool = False, topk: int = -1) -> list[NDArray]:
    """Greedy pairs of rows and columns of scores (..., rows, columns), best first: each row's column and back, or -1.

    >>> [m.tolist() for m in bipartite_matching([[0.5, 0.6], [0.1, 0.9]], 0.2)]
    [[0.0, 1.0], [0.0, 1.0]]
    """
    data = asarray(data)
    rows, columns = F._matching(F.reshape(data, (-1, *data.shape[-2:])), threshold, is_ascend, topk)
    kind = data._dtype_name
    return [F.reshape(F.cast(rows, kind), data.shape[:-1]),
            F.reshape(F.cast(columns, kind), (*data.shape[:-2], data.shape[-1]))]  # fmt: skip


def box_encode(
    samples: Any, matches: Any, anchors: Any, refs: Any, means: Any = (0.0, 0.0, 0.0, 0.0),
    stds: Any = (0.1, 0.1, 0.2, 0.2),
) -> list[NDArray]:  # fmt: skip
    """What a detector learns: offsets from anchors (b, n, 4) to the matched refs (b, m, 4), and where they count.

    samples (b, n) above 0.5 count; matches (b, n) are places in refs.

    >>> offsets, mask = box_encode([[1.0]], [[0.0]], [[[0.0, 0.0, 2.0, 2.0]]], [[[1.0, 0.0, 3.0, 2.0]]])
    >>> offsets.round(4).tolist(), mask.tolist()
    ([[[5.0, 0.0, 0.0, 0.0]]], [[[1.0, 1.0, 1.0, 1.0]]])
    """
    samples, anchors, refs = asarray(samples), asarray(anchors), asarray(refs)
    places = F.expand_dims(F.cast(asarray(matches), "int64"), -1)
    anchors = F.broadcast_to(anchors, (refs.shape[0], *anchors.shape[1:]))
    matched = F.take_along_axis(refs, F.broadcast_to(places, (*places.shape[:-1], 4)), 1)
    (ax, ay, aw, ah), (rx, ry, rw, rh) = _columns(to_center(anchors)), _columns(to_center(matched))
    moved = (F.divide(F.subtract(rx, ax), aw), F.divide(F.subtract(ry, ay), ah), F.log(F.divide(rw, aw)),
             F.log(F.divide(rh, ah)))  # fmt: skip
    offsets = F.divide(F.subtract(F.stack(*moved, axis=-1), asarray(means)), asarray(stds))
    counts = F.broadcast_to(F.expand_dims(F.greater(samples, 0.5), -1), offsets.shape)
    return [F.where(counts, offsets, 0.0), F.cast(counts, offsets._dtype_name)]


def box_decode(
    data: Any, anchors: Any, std0: float = 1.0, std1: float = 1.0, std2: float = 1.0, std3: float = 1.0,
    clip: float = -1.0, format: str = "center",
) -> NDArray:  # fmt: skip
    """Boxes (corners) from a detector's offsets (b, n, 4) and anchors (1, n, 4) of the given format.

    >>> box_decode([[[0.5, 0.0, 0.0, 0.0]]], [[[1.0, 1.0, 2.0, 2.0]]]).tolist()
    [[[1.0, 0.0, 3.0, 2.0]]]
    """
    anchors = asarray(anchors)
    anchors = to_center(anchors) if _form("box_decode", format) == "corner" else anchors
    (dx, dy, dw, dh), (x, y, w, h) = _columns(asarray(data)), _columns(anchors)
    sizes = []
    for d, std, a in ((dw, std2, w), (dh, std3, h)):
        d = F.multiply(d, std)
        sizes.append(F.multiply(F.exp(F.minimum(d, clip) if clip > 0 else d), a))
    centers = [F.add(F.multiply(F.multiply(d, s), a), c) for d, s, a, c in ((dx, std0, w, x), (dy, std1, h, y))]
    return to_corner(F.stack(*centers, *sizes, axis=-1))


def MultiBoxPrior(
    data: Any, sizes: Four = (1.0,), ratios: Four = (1.0,), clip: bool = False, steps: Four = (-1.0, -1.0),
    offsets: Four = (0.5, 0.5),
) -> NDArray:  # fmt: skip
    """Anchors for each pixel of data (n, c, h, w): (1, h * w * (sizes + ratios - 1), 4), as parts of the picture.

    Each size with the first ratio, then the first size with each other ratio (Liu et al., SSD, arXiv:1512.02325).

    >>> MultiBoxPrior(F.zeros((1, 1, 1, 1)), sizes=(0.5, 1.0)).tolist()
    [[[0.25, 0.25, 0.75, 0.75], [0.0, 0.0, 1.0, 1.0]]]
    """
    data = asarray(data)
    h, w = data.shape[2:]
    pairs = [(s, ratios[0]) for s in sizes] + [(sizes[0], r) for r in ratios[1:]]
    half = asarray([(s * h / w * r**0.5 / 2, s / r**0.5 / 2) for s, r in pairs], data._dtype_name)
    step = [v if v > 0 else 1.0 / n for v, n in zip(steps, (h, w), strict=True)]
    ys, xs = (F.multiply(F.add(F.arange(0, n, 1, data._dtype_name, data._device), o), v) for n, o, v in
              zip((h, w), offsets, step, strict=True))  # fmt: skip
    grid = F.stack(F.broadcast_to(xs, (h, w)), F.broadcast_to(F.reshape(ys, (-1, 1)), (h, w)), axis=-1)
    centers = F.reshape(grid, (h * w, 1, 2))
    boxes = F.concat(F.subtract(centers, half), F.add(centers, half), axis=-1)
    boxes = F.clip(boxes, 0.0, 1.0) if clip else boxes
    return F.reshape(boxes, (1, h * w * len(pairs), 4))


def MultiBoxDetection(
    cls_prob: Any, loc_pred: Any, anchor: Any, clip: bool = True, threshold: float = 0.01, background_id: int = 0,
    nms_threshold: float = 0.5, force_suppress: bool = False, variances: Four = (0.1, 0.1, 0.2, 0.2),
    nms_topk: int = -1,
) -> NDArray:  # fmt: skip
    """What a detector found: rows (class, score, x1, y1, x2, y2) for each anchor, (b, n, 6), best first, then -1.

    cls_prob is (b, classes with background, n), loc_pred (b, 4 n), anchor (1, n, 4). Classes are counted without the
    background.

    >>> found = MultiBoxDetection([[[0.25], [0.75]]], [[0.0] * 4], [[[0.0, 0.0, 0.5, 1.0]]])
    >>> found.tolist()
    [[[0.0, 0.75, 0.0, 0.0, 0.5, 1.0]]]
    """
    prob, anchor = asarray(cls_prob), asarray(anchor)
    count = prob.shape[1]
    others = [k for k in range(count) if k != background_id]
    chosen = F.take(prob, asarray(others, "int64"), 1)
    best, score = F.argmax(chosen, 1), F.max(chosen, 1)
    offsets = F.reshape(asarray(loc_pred), (prob.shape[0], -1, 4))
    std0, std1, std2, std3 = variances
    boxes = box_decode(offsets, anchor, std0, std1, std2, std3, format="corner")
    boxes = F.clip(boxes, 0.0, 1.0) if clip else boxes
    kind = boxes._dtype_name
    head = F.stack(F.cast(best, kind), F.cast(score, kind), axis=-1)
    rows = F.concat(head, boxes, axis=-1)
    return box_nms(rows, nms_threshold, threshold, nms_topk, 2, 1, 0, -1, force_suppress)


box_non_maximum_suppression = box_nms
