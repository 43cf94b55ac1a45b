"""Boxes of object detection by MXNet's names. A box is (x1, y1, x2, y2), or (x, y, width, height) as "center"."""

from __future__ import annotations

from typing import Any

from ..._core import NDArray
from ...ops import F
from ...ops.composite_vision import box_parts, to_center, to_corner
from .._convert import asarray
from ._call import of_arrays

box_iou = of_arrays(F.box_iou, 2)
box_nms = box_non_maximum_suppression = of_arrays(F.box_nms, 1)
MultiBoxPrior = of_arrays(F.multibox_prior, 1)
MultiBoxTarget = of_arrays(F.multibox_target, 3)
MultiBoxDetection = of_arrays(F.multibox_detection, 3)


def bipartite_matching(
    data: Any, is_ascend: bool = False, threshold: float | None = None, topk: int = -1
) -> tuple[NDArray, NDArray]:
    """Pairs rows with columns greedily, the best score first, until the threshold: `F.bipartite_matching`.

    >>> [v.tolist() for v in bipartite_matching([[0.5, 0.6], [0.1, 0.2], [0.3, 0.4]], threshold=1e-12)]
    [[1, -1, 0], [2, 0]]
    """
    if threshold is None:
        raise TypeError("bipartite_matching: missing the argument threshold")
    return F.bipartite_matching(asarray(data), threshold, is_ascend, topk)


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
    (ax, ay, aw, ah), (rx, ry, rw, rh) = box_parts(to_center(anchors)), box_parts(to_center(matched))
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
    if format not in ("corner", "center"):
        raise ValueError(f"box_decode: format must be 'corner' or 'center', got {format!r}")
    anchors = to_center(asarray(anchors)) if format == "corner" else asarray(anchors)
    (dx, dy, dw, dh), (x, y, w, h) = box_parts(asarray(data)), box_parts(anchors)
    sizes = []
    for d, std, a in ((dw, std2, w), (dh, std3, h)):
        d = F.multiply(d, std)
        sizes.append(F.multiply(F.exp(F.minimum(d, clip) if clip > 0 else d), a))
    centers = [F.add(F.multiply(F.multiply(d, s), a), c) for d, s, a, c in ((dx, std0, w, x), (dy, std1, h, y))]
    return to_corner(F.stack(*centers, *sizes, axis=-1))
