"""Functions on pictures and boxes that are made of several operators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .functions import function as F

if TYPE_CHECKING:
    from .._core import NDArray


def box_parts(boxes: Any) -> list[Any]:
    """The four numbers along the last axis, which goes."""
    if boxes.ndim < 1 or boxes.shape[-1] != 4:
        raise ValueError(f"expected boxes with a last axis of 4, got shape {tuple(boxes.shape)}")
    return [F("squeeze")(p, -1) for p in F("split")(boxes, 4, -1)]


def _stacked(*parts: Any) -> Any:
    return F("stack")(*parts, axis=-1)


def _corners(boxes: Any, format: str, name: str) -> Any:
    """Boxes (..., 4) as (x1, y1, x2, y2)."""
    if format not in ("corner", "center"):
        raise ValueError(f"{name}: format must be 'corner' or 'center', got {format!r}")
    if boxes.ndim < 1 or boxes.shape[-1] != 4:
        raise ValueError(f"{name}: expected boxes with a last axis of 4, got shape {tuple(boxes.shape)}")
    return boxes if format == "corner" else to_corner(boxes)


def to_corner(boxes: Any) -> Any:
    """(x, y, width, height) as (x1, y1, x2, y2)."""
    x, y, w, h = box_parts(boxes)
    return _stacked(x - w / 2, y - h / 2, x + w / 2, y + h / 2)


def to_center(boxes: Any) -> Any:
    """(x1, y1, x2, y2) as (x, y, width, height)."""
    x1, y1, x2, y2 = box_parts(boxes)
    return _stacked((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)


def box_iou(lhs: Any, rhs: Any, format: str = "corner") -> NDArray:
    """The overlap of every box of lhs (..., 4) with every box of rhs: the common area over that of both together.

    format: "corner" (x1, y1, x2, y2) or "center" (x, y, width, height). The result has the leading axes of lhs, then
    those of rhs. Raises ValueError where the last axis is not 4.

    >>> from dlcore import nd
    >>> box_iou(nd.array([[0.0, 0.0, 2.0, 2.0]]), nd.array([[0.0, 0.0, 1.0, 2.0]])).tolist()
    [[0.5]]
    """
    a, b = _corners(lhs, format, "box_iou"), _corners(rhs, format, "box_iou")
    a = F("reshape")(a, (*a.shape[:-1], *(1,) * (b.ndim - 1), 4))
    (ax1, ay1, ax2, ay2), (bx1, by1, bx2, by2) = box_parts(a), box_parts(b)
    width = F("relu")(F("minimum")(ax2, bx2) - F("maximum")(ax1, bx1))
    height = F("relu")(F("minimum")(ay2, by2) - F("maximum")(ay1, by1))
    both = width * height
    areas = F("relu")(ax2 - ax1) * F("relu")(ay2 - ay1) + F("relu")(bx2 - bx1) * F("relu")(by2 - by1) - both
    some = F("greater")(areas, 0)
    return F("where")(some, both / F("where")(some, areas, F("ones_like")(areas)), F("zeros_like")(both))


def box_nms(
    data: Any,
    overlap_thresh: float = 0.5,
    valid_thresh: float = 0.0,
    topk: int = -1,
    coord_start: int = 2,
    score_index: int = 1,
    id_index: int = -1,
    background_id: int = -1,
    force_suppress: bool = False,
    in_format: str = "corner",
    out_format: str = "corner",
) -> NDArray:
    """Non-maximum suppression: of boxes that cover each other by more than overlap_thresh the best one stays.

    data: (..., n, width), each row with a score, four coordinates from coord_start on, and, with id_index >= 0, a
    class; boxes of different classes leave each other alone unless force_suppress. Rows with a score up to valid_thresh
    and those of class background_id are dropped; topk: only so many of the best are looked at (below 0 all; with 0 data
    is given back as it is). The result has data's
    shape: the rows that stay, best first, then rows of -1. Gradients go to the rows that stay. Raises ValueError for an
    unknown format and where data has no room for the coordinates.

    >>> from dlcore import nd
    >>> box_nms(nd.array([[0, 0.5, 0, 0, 2, 2], [0, 0.9, 0, 0, 2, 2]]))[:, 1].round(1).tolist()[1]
    -1.0
    """
    if data.ndim < 2 or data.shape[-1] < coord_start + 4:
        raise ValueError(
            f"box_nms: expected data (..., boxes, at least {coord_start + 4} numbers), got shape {tuple(data.shape)}"
        )
    if out_format not in ("corner", "center"):
        raise ValueError(f"box_nms: out_format must be 'corner' or 'center', got {out_format!r}")
    if topk == 0:
        return F("identity")(data)
    rows, width = data.shape[-2:]
    flat = F("reshape")(data, (-1, rows, width))
    batch = flat.shape[0]

    def column(k: int) -> Any:
        return F("squeeze")(F("slice")(flat, (0, 0, k), (batch, rows, 1), None), 2)

    given = F("slice")(flat, (0, 0, coord_start), (batch, rows, 4), None)
    boxes, scores = _corners(given, in_format, "box_nms"), column(score_index)
    classes = column(id_index) if id_index >= 0 else F("zeros_like")(scores)
    if id_index >= 0:
        scores = F("where")(F("equal")(classes, background_id), F("full_like")(scores, float("-inf")), scores)
    if force_suppress:
        classes = F("zeros_like")(scores)
    index = F("_nms")(boxes, scores, classes, overlap_thresh, valid_thresh, topk, -1)
    index = F("broadcast_to")(F("expand_dims")(index, -1), (batch, rows, width))
    made = flat
    if in_format != out_format:
        changed = boxes if out_format == "corner" else to_center(given)
        parts = [changed]
        if coord_start:
            parts.insert(0, F("slice")(flat, (0, 0, 0), (batch, rows, coord_start), None))
        if coord_start + 4 < width:
            parts.append(F("slice")(flat, (0, 0, coord_start + 4), (batch, rows, width - coord_start - 4), None))
        made = F("concat")(*parts, axis=2)
    kept = F("take_along_axis")(made, F("maximum")(index, 0), 1)
    return F("reshape")(F("where")(F("greater_equal")(index, 0), kept, F("full_like")(kept, -1.0)), data.shape)


def bipartite_matching(data: Any, threshold: float, is_ascend: bool = False, topk: int = -1) -> tuple[NDArray, NDArray]:
    """Pairs rows with columns greedily: the best score first, then the best of what is left, until the threshold.

    data: (..., n, m). Gives the column of each row (..., n) and the row of each column (..., m), int64, -1 for none.

    >>> from dlcore import nd
    >>> [v.tolist() for v in bipartite_matching(nd.array([[0.5, 0.6], [0.1, 0.2], [0.3, 0.4]]), 1e-12)]
    [[1, -1, 0], [2, 0]]
    """
    leading = tuple(data.shape[:-2])
    rows, columns = F("_matching")(F("reshape")(data, (-1, *data.shape[-2:])), threshold, is_ascend, topk)
    return F("reshape")(rows, (*leading, data.shape[-2])), F("reshape")(columns, (*leading, data.shape[-1]))


# Grids ------------------------------------------------------------------------------------------------------------


def _places(n: int, like: Any) -> Any:
    """n places from -1 to 1."""
    return F("cast")(F("arange")(0, n, 1, "float32", like._device), like._dtype_name) * (2 / max(n - 1, 1)) - 1.0


def grid_generator(data: Any, transform_type: str = "affine", target_shape: Any = (0, 0)) -> NDArray:
    """The places (n, 2, h, w) that `bilinear_sampler` reads; x first, from -1 to 1.

    "affine": data (n, 6) are the rows of a matrix that takes a place (x, y, 1) of target_shape to where it is read.
    "warp": data (n, 2, h, w) says by how many pixels each place is moved.

    >>> from dlcore import nd
    >>> grid_generator(nd.array([[1.0, 0, 0, 0, 1, 0]]), "affine", (1, 2))[0, 0].tolist()
    [[-1.0, 1.0]]
    """
    if transform_type == "affine":
        if data.ndim != 2 or data.shape[1] != 6:
            raise ValueError(f"grid_generator: expected theta (n, 6), got shape {tuple(data.shape)}")
        h, w = (int(v) for v in target_shape)
        if h < 1 or w < 1:
            raise ValueError(f"grid_generator: expected a target_shape of at least 1 x 1, got {h} x {w}")
        x = F("broadcast_to")(_places(w, data), (h, w))
        y = F("broadcast_to")(F("expand_dims")(_places(h, data), 1), (h, w))
        where = F("reshape")(F("stack")(x, y, F("ones_like")(x), axis=0), (3, h * w))
        return F("reshape")(F("matmul")(F("reshape")(data, (-1, 2, 3)), where), (data.shape[0], 2, h, w))
    if transform_type != "warp":
        raise ValueError(f"grid_generator: transform_type must be 'affine' or 'warp', got {transform_type!r}")
    if data.ndim != 4 or data.shape[1] != 2:
        raise ValueError(f"grid_generator: expected a flow (n, 2, h, w), got shape {tuple(data.shape)}")
    h, w = data.shape[2:]
    dx, dy = (F("squeeze")(p, 1) for p in F("split")(data, 2, 1))
    x = dx * (2 / max(w - 1, 1)) + _places(w, data)
    y = dy * (2 / max(h - 1, 1)) + F("expand_dims")(_places(h, data), 1)
    return F("stack")(x, y, axis=1)


def bilinear_sampler(data: Any, grid: Any) -> NDArray:
    """data (n, c, h, w) read at the places of grid (n, 2, oh, ow), x first; -1 and 1 are the outer pixels' centres.

    >>> from dlcore import nd
    >>> bilinear_sampler(nd.array([[[[1.0, 3.0]]]]), nd.zeros((1, 2, 1, 1))).tolist()
    [[[[2.0]]]]
    """
    return F("grid_sample")(data, F("transpose")(grid, (0, 2, 3, 1)), True, False)


def spatial_transformer(data: Any, loc: Any, target_shape: Any) -> NDArray:
    """data (n, c, h, w) seen through the affine transforms loc (n, 6), in target_shape (arXiv:1506.02025).

    >>> from dlcore import nd
    >>> spatial_transformer(nd.array([[[[1.0, 3.0]]]]), nd.array([[1.0, 0, 0, 0, 1, 0]]), (1, 3)).tolist()
    [[[[1.0, 2.0, 3.0]]]]
    """
    return bilinear_sampler(data, grid_generator(data=loc, target_shape=target_shape))


def correlation(
    data1: Any,
    data2: Any,
    kernel_size: int = 1,
    max_displacement: int = 1,
    stride1: int = 1,
    stride2: int = 1,
    pad_size: int = 0,
    is_multiply: bool = True,
) -> NDArray:
    """How alike patches of two pictures (n, c, h, w) are, for every displacement (FlowNet, arXiv:1504.06852).

    The result (n, d * d, oh, ow) has a channel for each displacement, d = 2 * (max_displacement // stride2) + 1 each
    way, rows first: the mean over channels and a window of kernel_size of the products, or of the distances unless
    is_multiply. Both pictures get pad_size zeros around them; windows are stride1 apart. Raises ValueError where the
    shapes differ, the kernel is even or nothing is left.

    >>> from dlcore import nd
    >>> x = nd.array([[[[1.0, 2.0, 3.0]]]])
    >>> correlation(x, x, max_displacement=0).tolist()
    [[[[1.0, 4.0, 9.0]]]]
    """
    shape = _picture("correlation", data1)
    if tuple(data2.shape) != shape:
        raise ValueError(f"correlation: expected two pictures of one shape, got {shape} and {tuple(data2.shape)}")
    if kernel_size < 1 or kernel_size % 2 == 0 or max_displacement < 0 or min(stride1, stride2) < 1 or pad_size < 0:
        raise ValueError(
            "correlation: expected an odd kernel_size, strides of at least 1 and no negative sizes, got kernel_size"
            f" {kernel_size}, max_displacement {max_displacement}, strides {stride1} and {stride2}, pad_size {pad_size}"
        )
    n, c, h, w = shape
    border = max_displacement + kernel_size // 2
    room = [size + 2 * pad_size - 2 * border for size in (h, w)]
    if min(room) < 1:
        raise ValueError(f"correlation: nothing is left of {h} x {w} with pad {pad_size} and a border of {border}")
    size = [(-(-r // stride1) - 1) * stride1 + kernel_size for r in room]
    edge = (0, 0, pad_size, pad_size)
    first, second = (F("pad")(v, edge, edge) for v in (data1, data2))
    fixed = F("slice")(first, (0, 0, max_displacement, max_displacement), (n, c, *size), None)
    reach = max_displacement // stride2
    found = []
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            start = (0, 0, max_displacement + dy * stride2, max_displacement + dx * stride2)
            moved = F("slice")(second, start, (n, c, *size), None)
            pairs = fixed * moved if is_multiply else F("abs")(fixed - moved)
            found.append(F("mean")(pairs, (1,), True))
    return F("avg_pool2d")(F("concat")(*found, axis=1), kernel_size, stride1)


# Blocks of pixels -------------------------------------------------------------------------------------------------


def depth_to_space(data: Any, block_size: int) -> NDArray:
    """(n, b * b * c, h, w) to (n, c, b * h, b * w): channels, of which the leading ones choose the place in a block.

    >>> from dlcore import nd
    >>> depth_to_space(nd.array([[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]), 2).tolist()
    [[[[1.0, 2.0], [3.0, 4.0]]]]
    """
    n, c, h, w = _picture("depth_to_space", data)
    b = int(block_size)
    if b < 1 or c % (b * b):
        raise ValueError(f"depth_to_space: {c} channels cannot be cut into blocks of {b} x {b}")
    x = F("transpose")(F("reshape")(data, (n, b, b, c // (b * b), h, w)), (0, 3, 4, 1, 5, 2))
    return F("reshape")(x, (n, c // (b * b), h * b, w * b))


def space_to_depth(data: Any, block_size: int) -> NDArray:
    """(n, c, b * h, b * w) to (n, b * b * c, h, w), the inverse of `depth_to_space`.

    >>> from dlcore import nd
    >>> space_to_depth(nd.array([[[[1.0, 2.0], [3.0, 4.0]]]]), 2).tolist()
    [[[[1.0]], [[2.0]], [[3.0]], [[4.0]]]]
    """
    n, c, h, w = _picture("space_to_depth", data)
    b = int(block_size)
    if b < 1 or h % b or w % b:
        raise ValueError(f"space_to_depth: a picture of {h} x {w} cannot be cut into blocks of {b} x {b}")
    x = F("transpose")(F("reshape")(data, (n, c, h // b, b, w // b, b)), (0, 3, 5, 1, 2, 4))
    return F("reshape")(x, (n, c * b * b, h // b, w // b))


def pixel_shuffle(data: Any, factor: int) -> NDArray:
    """(n, c * f * f, h, w) to (n, c, f * h, f * w): the trailing channels choose the place (arXiv:1609.05158).

    >>> from dlcore import nd
    >>> pixel_shuffle(nd.zeros((1, 8, 2, 3)), 2).shape
    (1, 2, 4, 6)
    """
    n, c, h, w = _picture("pixel_shuffle", data)
    f = int(factor)
    if f < 1 or c % (f * f):
        raise ValueError(f"pixel_shuffle: {c} channels cannot be cut into blocks of {f} x {f}")
    x = F("transpose")(F("reshape")(data, (n, c // (f * f), f, f, h, w)), (0, 1, 4, 2, 5, 3))
    return F("reshape")(x, (n, c // (f * f), h * f, w * f))


def _picture(name: str, data: Any) -> tuple[int, ...]:
    if data.ndim != 4:
        raise ValueError(f"{name}: expected data (n, c, h, w), got shape {tuple(data.shape)}")
    return tuple(data.shape)


FUNCTIONS = (
    box_iou, box_nms, bipartite_matching, grid_generator, bilinear_sampler, spatial_transformer, correlation,
    depth_to_space, space_to_depth, pixel_shuffle,
)  # fmt: skip
