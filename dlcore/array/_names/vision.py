"""Pictures by MXNet's names: sampling at grids, regions of interest, resizing. Arrays are (n, c, h, w)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray


def BilinearSampler(data: Any, grid: Any, cudnn_off: bool = False) -> NDArray:
    """data read between pixels at grid (n, 2, h, w): x and y from -1 (first pixel) to 1 (last); zeros outside.

    >>> BilinearSampler([[[[1.0, 3.0]]]], [[[[0.0, 1.0]], [[-1.0, -1.0]]]]).tolist()
    [[[[2.0, 3.0]]]]
    """
    return F.grid_sample(data, F.transpose(asarray(grid), (0, 2, 3, 1)), True)


def _pixels(n: int, data: NDArray) -> NDArray:
    return F.arange(0, n, 1, data._dtype_name, data._device)


def GridGenerator(data: Any, transform_type: str = "affine", target_shape: Sequence[int] = (0, 0)) -> NDArray:
    """A grid (n, 2, h, w) for `BilinearSampler`: from affine maps (n, 6) over target_shape, or from a flow in pixels.

    "affine": (x', y') = A (x, y, 1) for places from -1 to 1. "warp": data (n, 2, h, w) is added to each pixel's place.

    >>> GridGenerator([[1.0, 0.0, 0.0, 0.0, 1.0, 0.0]], "affine", (1, 3)).tolist()
    [[[[-1.0, 0.0, 1.0]], [[-1.0, -1.0, -1.0]]]]
    """
    data = asarray(data)
    if transform_type == "affine":
        h, w = target_shape
        if data.ndim != 2 or data.shape[1] != 6 or h < 1 or w < 1:
            raise ValueError(
                f"GridGenerator: expected data (n, 6) and a target_shape, got {data.shape} and {target_shape}"
            )
        ys, xs = (F.subtract(F.divide(_pixels(n, data), max((n - 1) / 2, 0.5)), 1.0) for n in (h, w))
        line = F.reshape(F.broadcast_to(xs, (h, w)), (1, -1))
        column = F.reshape(F.broadcast_to(F.reshape(ys, (-1, 1)), (h, w)), (1, -1))
        places = F.concat(line, column, F.ones_like(line), axis=0)
        return F.reshape(F.matmul(F.reshape(data, (-1, 2, 3)), places), (data.shape[0], 2, h, w))
    if transform_type != "warp":
        raise ValueError(f"GridGenerator: transform_type must be affine or warp, got {transform_type!r}")
    if data.ndim != 4 or data.shape[1] != 2:
        raise ValueError(f"GridGenerator: expected a flow (n, 2, h, w), got {data.shape}")
    h, w = data.shape[2:]
    flow = [F.take(data, k, 1) for k in (0, 1)]
    moved = (F.add(flow[0], _pixels(w, data)), F.add(flow[1], F.reshape(_pixels(h, data), (-1, 1))))
    parts = [F.subtract(F.divide(m, max((n - 1) / 2, 0.5)), 1.0) for m, n in zip(moved, (w, h), strict=True)]
    return F.stack(*parts, axis=1)


def SpatialTransformer(
    data: Any, loc: Any, target_shape: Sequence[int] = (0, 0), transform_type: str = "affine",
    sampler_type: str = "bilinear", cudnn_off: bool = False,
) -> NDArray:  # fmt: skip
    """data seen through affine maps loc (n, 6); target_shape (0, 0) keeps its size.

    Jaderberg et al., Spatial Transformer Networks, arXiv:1506.02025.

    >>> SpatialTransformer([[[[1.0, 3.0]]]], [[-1.0, 0.0, 0.0, 0.0, 1.0, 0.0]]).tolist()
    [[[[3.0, 1.0]]]]
    """
    if (transform_type, sampler_type) != ("affine", "bilinear"):
        raise ValueError(f"SpatialTransformer: only affine and bilinear, got {transform_type!r} and {sampler_type!r}")
    data = asarray(data)
    size = tuple(t or n for t, n in zip(target_shape, data.shape[2:], strict=True))
    return BilinearSampler(data, GridGenerator(loc, "affine", size))


def ROIPooling(data: Any, rois: Any, pooled_size: Sequence[int], spatial_scale: float = 1.0) -> NDArray:
    """Regions (image, x1, y1, x2, y2) of data brought to one size: the largest pixel of each cell.

    >>> ROIPooling([[[[1.0, 3.0], [4.0, 2.0]]]], [[0.0, 0.0, 0.0, 1.0, 1.0]], (1, 1)).tolist()
    [[[[4.0]]]]
    """
    return F.roi_pooling(data, rois, pooled_size, spatial_scale)


def ROIAlign(
    data: Any, rois: Any, pooled_size: Sequence[int], spatial_scale: float = 1.0, sample_ratio: int = -1,
    position_sensitive: bool = False, aligned: bool = False,
) -> NDArray:  # fmt: skip
    """Regions (image, x1, y1, x2, y2) of data brought to one size: means of points read between pixels.

    >>> ROIAlign([[[[1.0, 3.0], [1.0, 3.0]]]], [[0.0, 0.0, 0.0, 2.0, 2.0]], (1, 1)).tolist()
    [[[[2.5]]]]
    """
    if position_sensitive:
        raise ValueError("ROIAlign: position_sensitive is not offered")
    return F.roi_align(data, rois, pooled_size, spatial_scale, sample_ratio, aligned)


def BilinearResize2D(
    data: Any, like: Any = None, height: int = 1, width: int = 1, scale_height: float | None = None,
    scale_width: float | None = None, mode: str = "size", align_corners: bool = True,
) -> NDArray:  # fmt: skip
    """Resized to (height, width), by the scales if they are given, or with mode "like" to the size of `like`.

    >>> BilinearResize2D([[[[1.0, 3.0]]]], height=1, width=3).tolist()
    [[[[1.0, 2.0, 3.0]]]]
    """
    data = asarray(data)
    if mode not in ("size", "like"):
        raise ValueError(f"BilinearResize2D: mode must be size or like, got {mode!r}")
    size: tuple[int, ...] = (height, width)
    if mode == "like":
        size = tuple(asarray(like).shape[2:])
    elif scale_height is not None and scale_width is not None:
        size = (int(data.shape[2] * scale_height), int(data.shape[3] * scale_width))
    return F.resize(data, size, "linear", align_corners)


def col2im(
    data: Any, output_size: Sequence[int], kernel: Sequence[int], stride: Sequence[int] = (1, 1),
    dilate: Sequence[int] = (1, 1), pad: Sequence[int] = (0, 0),
) -> NDArray:  # fmt: skip
    """Columns (n, c * kh * kw, places) added up into a picture of output_size; the opposite of `im2col`.

    >>> col2im([[[1.0, 2.0], [2.0, 3.0]]], (1, 3), (1, 2)).tolist()
    [[[[1.0, 4.0, 3.0]]]]
    """
    return F.col2im(data, output_size, kernel, stride, dilate, pad)


def Correlation(
    data1: Any, data2: Any, kernel_size: int = 1, max_displacement: int = 1, stride1: int = 1, stride2: int = 1,
    pad_size: int = 0, is_multiply: bool = True,
) -> NDArray:  # fmt: skip
    """For each displacement up to max_displacement, by steps of stride2, one map of how data1 fits data2 moved by it.

    The mean over channels and a window of products, or of distances without is_multiply: (n, displacements, h, w).
    Dosovitskiy et al., FlowNet, arXiv:1504.06852.

    >>> Correlation([[[[1.0, 2.0, 3.0]]]], [[[[4.0, 5.0, 6.0]]]], max_displacement=0).tolist()
    [[[[4.0, 10.0, 18.0]]]]
    """
    if kernel_size < 1 or kernel_size % 2 == 0:
        raise ValueError(f"Correlation: kernel_size must be an odd number, got {kernel_size}")
    data1, data2 = asarray(data1), asarray(data2)
    if data1.ndim != 4 or data1.shape != data2.shape:
        raise ValueError(f"Correlation: expected two (n, c, h, w) of one shape, got {data1.shape} and {data2.shape}")
    edge = (0, 0, pad_size, pad_size)
    a, b = F.pad(data1, edge, edge), F.pad(data2, edge, edge)
    n, c = a.shape[:2]
    side, border = kernel_size // 2, max_displacement + kernel_size // 2
    size = [-(-(v - 2 * border) // stride1) for v in a.shape[2:]]
    if min(size) < 1:
        raise ValueError(f"Correlation: a picture of {a.shape[2:]} is too small for {border} places at each side")
    window = [(v - 1) * stride1 + kernel_size for v in size]
    at = border - side
    still = F.slice(a, (0, 0, at, at), (n, c, *window))
    reach = max_displacement // stride2 * stride2
    maps = []
    for dy in range(-reach, reach + 1, stride2):
        for dx in range(-reach, reach + 1, stride2):
            moved = F.slice(b, (0, 0, at + dy, at + dx), (n, c, *window))
            fit = F.multiply(still, moved) if is_multiply else F.abs(F.subtract(still, moved))
            maps.append(F.avg_pool2d(F.mean(fit, 1, True), (kernel_size,) * 2, (stride1,) * 2))
    return F.concat(*maps, axis=1)
