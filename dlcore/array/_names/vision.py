"""Pictures by MXNet's names: sampling at grids, regions of interest, resizing. Arrays are (n, c, h, w)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray
from ._call import of_arrays as _of_arrays


def BilinearSampler(data: Any, grid: Any, cudnn_off: bool = False) -> NDArray:
    """data read between pixels at grid (n, 2, h, w): x and y from -1 (first pixel) to 1 (last); zeros outside.

    >>> BilinearSampler([[[[1.0, 3.0]]]], [[[[0.0, 1.0]], [[-1.0, -1.0]]]]).tolist()
    [[[[2.0, 3.0]]]]
    """
    return F.bilinear_sampler(asarray(data), asarray(grid))


GridGenerator = _of_arrays(F.grid_generator, 1)


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
    return F.spatial_transformer(data, asarray(loc), size)


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

    position_sensitive: every cell reads channels of its own; data has pooled_size[0] * pooled_size[1] times as many as
    the result (Dai et al., R-FCN, arXiv:1605.06409).

    >>> ROIAlign([[[[1.0, 3.0], [1.0, 3.0]]]], [[0.0, 0.0, 0.0, 2.0, 2.0]], (1, 1)).tolist()
    [[[[2.5]]]]
    """
    y = F.roi_align(data, rois, pooled_size, spatial_scale, sample_ratio, aligned)
    if not position_sensitive:
        return y
    n, channels, *size = y.shape
    cells = size[0] * size[1]
    if channels % cells:
        raise ValueError(f"ROIAlign: position_sensitive needs a multiple of {cells} channels, got {channels}")
    own = F.diagonal(F.reshape(y, (n, channels // cells, cells, cells)), 0, -2, -1)
    return F.reshape(own, (n, channels // cells, *size))


def BilinearResize2D(
    data: Any, like: Any = None, height: int = 1, width: int = 1, scale_height: float | None = None,
    scale_width: float | None = None, mode: str = "size", align_corners: bool = True,
) -> NDArray:  # fmt: skip
    """Resized to (height, width), by the scales if they are given, or with mode "like" to the size of `like`.

    "odd_scale" scales the distances between pixels of a side with an odd number of them; "to_even_down", "to_even_up",
    "to_odd_down" and "to_odd_up" change a side by one pixel where it is not even, or not odd.

    >>> BilinearResize2D([[[[1.0, 3.0]]]], height=1, width=3).tolist()
    [[[[1.0, 2.0, 3.0]]]]
    """
    data = asarray(data)
    if mode not in ("size", "like", "odd_scale", *_TO_PARITY):
        known = ", ".join(("size", "like", "odd_scale", *_TO_PARITY))
        raise ValueError(f"BilinearResize2D: mode must be one of {known}, got {mode!r}")
    if data.ndim != 4:
        raise ValueError(f"BilinearResize2D: data must be (n, c, h, w), got {data.shape}")
    if mode == "like" and like is None:
        raise TypeError("BilinearResize2D: mode 'like' needs like, a picture of the wanted size")
    sides, scales = data.shape[2:], (scale_height, scale_width)
    size: tuple[int, ...] = (height, width)
    if mode == "like":
        size = tuple(asarray(like).shape[2:])
    elif mode in _TO_PARITY:
        odd, step = _TO_PARITY[mode]
        size = tuple(n if n % 2 == odd else n + step for n in sides)
    elif None not in scales:
        last = 1 if mode == "odd_scale" else 0
        size = tuple(int((n - last) * s) + last if n % 2 else int(n * s) for n, s in zip(sides, scales, strict=True))
    elif mode == "odd_scale":
        raise ValueError("BilinearResize2D: mode 'odd_scale' needs scale_height and scale_width")
    return F.resize(data, size, "linear", align_corners)


_TO_PARITY = {"to_even_down": (0, -1), "to_even_up": (0, 1), "to_odd_down": (1, -1), "to_odd_up": (1, 1)}


def col2im(
    data: Any, output_size: Sequence[int], kernel: Sequence[int], stride: Sequence[int] = (1, 1),
    dilate: Sequence[int] = (1, 1), pad: Sequence[int] = (0, 0),
) -> NDArray:  # fmt: skip
    """Columns (n, c * kh * kw, places) added up into a picture of output_size; the opposite of `im2col`.

    >>> col2im([[[1.0, 2.0], [2.0, 3.0]]], (1, 3), (1, 2)).tolist()
    [[[[1.0, 4.0, 3.0]]]]
    """
    return F.col2im(data, output_size, kernel, stride, dilate, pad)


Correlation = _of_arrays(F.correlation, 2)
