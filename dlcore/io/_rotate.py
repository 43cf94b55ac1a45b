"""Turning pictures that are tensors already."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._core import NDArray
from dlcore.ops import F

from ._augment import draw


def imrotate(src: Any, rotation_degrees: Any, zoom_in: bool = False, zoom_out: bool = False) -> NDArray:
    """Pictures (c, h, w) or (n, c, h, w) of floats, turned about their middle by degrees, against the clock.

    rotation_degrees: a number, or one for each picture of a stack. Corners that come from outside are 0; zoom_in makes
    the picture so large that there are none, zoom_out so small that nothing is lost.
    TypeError for whole numbers in src, ValueError for both zooms or another number of axes.

    >>> import dlcore as dl
    >>> imrotate(dl.nd.array([[[1.0, 2.0], [3.0, 4.0]]]), 90).asnumpy().round(3).tolist()
    [[[2.0, 4.0], [1.0, 3.0]]]
    """
    if zoom_in and zoom_out:
        raise ValueError("imrotate: zoom_in and zoom_out exclude each other")
    if not isinstance(src, NDArray) or src.ndim not in (3, 4):
        raise ValueError(f"imrotate: expected an array (c, h, w) or (n, c, h, w), got {getattr(src, 'shape', src)}")
    if src.dtype.kind != "f" and src.dtype.name != "bfloat16":
        raise TypeError(f"imrotate: expected floats, got {src.dtype.name}")
    stack = src if src.ndim == 4 else F.expand_dims(src, 0)
    given = rotation_degrees.asnumpy() if isinstance(rotation_degrees, NDArray) else np.asarray(rotation_degrees)
    if given.ndim and (src.ndim == 3 or given.shape != (stack.shape[0],)):
        raise ValueError(f"imrotate: {given.size} angles for {stack.shape[0]} pictures")
    angles = np.broadcast_to(given.astype(np.float64), (stack.shape[0],))
    height, width = stack.shape[2:]
    grid = np.stack([_grid(math.radians(a), height, width, zoom_in, zoom_out) for a in angles])
    where = _core.from_numpy(grid.astype(np.float32)).as_in_context(src.context)
    turned = F.grid_sample(stack, F.cast(where, stack._dtype_name), True, False)
    return turned if src.ndim == 4 else F.squeeze(turned, 0)


def _grid(angle: float, height: int, width: int, zoom_in: bool, zoom_out: bool) -> np.ndarray:
    """Where each pixel of the result is read, (h, w, 2), x first, from -1 to 1."""
    down, across = (height - 1) / 2, (width - 1) / 2
    y, x = np.meshgrid(np.arange(height) - down, np.arange(width) - across, indexing="ij")
    c, s = math.cos(angle), math.sin(angle)
    wide, high = abs(c) * width + abs(s) * height, abs(s) * width + abs(c) * height  # the turned picture's own box
    factor = 1.0
    if zoom_out:
        factor = max(wide / width, high / height)
    elif zoom_in:
        factor = min(width / wide, height / high)
    return np.stack([factor * (x * c - y * s) / max(across, 0.5), factor * (x * s + y * c) / max(down, 0.5)], axis=-1)


def random_rotate(src: Any, angle_limits: Any, zoom_in: bool = False, zoom_out: bool = False) -> NDArray:
    """`imrotate` by an angle drawn between the two limits, one for each picture of a stack.

    >>> import dlcore as dl
    >>> random_rotate(dl.nd.ones((2, 1, 4, 4)), (-10, 10)).shape
    (2, 1, 4, 4)
    """
    low, high = angle_limits
    if src.ndim == 3:
        return imrotate(src, low + draw()[0] * (high - low), zoom_in, zoom_out)
    angles = low + np.array(draw(src.shape[0])) * (high - low)
    return imrotate(src, angles, zoom_in, zoom_out)
