"""`dlcore.nd.image`: pictures (h, w, c) or batches (n, h, w, c), as MXNet's image operators take them.

Random ones draw from `dlcore.random`'s generator. Whole-number pictures keep their dtype: results are rounded and held
to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from . import random as _random
from ._convert import asarray
from ._names._call import offer as _offer

_GRAY = (0.299, 0.587, 0.114)  # how bright red, green and blue are (ITU-R BT.601)
_EIGEN = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))
_VALUES = (55.46, 4.794, 1.148)  # the principal parts of ImageNet's colours (Krizhevsky et al., 2012)


def _picture(name: str, data: Any) -> NDArray:
    data = asarray(data)
    if data.ndim not in (3, 4):
        raise ValueError(f"{name}: expected a picture (h, w, c) or a batch (n, h, w, c), got shape {data.shape}")
    return data


def _as(values: NDArray, data: NDArray) -> NDArray:
    """Values in data's dtype; whole numbers are rounded and held within its limits."""
    kind = data._dtype_name
    if kind.startswith(("float", "bfloat")):
        return F.cast(values, kind)
    limits = _np.iinfo(kind)
    return F.cast(F.clip(F.rint(values), float(limits.min), float(limits.max)), kind)


def to_tensor(data: Any) -> NDArray:
    """(h, w, c) from 0 to 255 as (c, h, w) float32 from 0 to 1; batches alike.

    >>> to_tensor(asarray([[[0, 255]]], "uint8")).tolist()
    [[[0.0]], [[1.0]]]
    """
    data = _picture("to_tensor", data)
    axes = (2, 0, 1) if data.ndim == 3 else (0, 3, 1, 2)
    return F.divide(F.cast(F.transpose(data, axes), "float32"), 255.0)


def normalize(data: Any, mean: Any = 0.0, std: Any = 1.0) -> NDArray:
    """(data - mean) / std for each channel of (c, h, w) or (n, c, h, w).

    >>> normalize([[[1.0]], [[2.0]]], mean=(1.0, 0.0), std=(1.0, 2.0)).tolist()
    [[[0.0]], [[1.0]]]
    """
    data = _picture("normalize", data)
    mean, std = (F.reshape(F.cast(asarray(v), "float32"), (-1, 1, 1)) for v in (mean, std))
    return F.divide(F.subtract(data, mean), std)


def resize(data: Any, size: int | Sequence[int], keep_ratio: bool = False, interp: int = 1) -> NDArray:
    """Pictures of another size, (width, height) or one number for both (with keep_ratio: for the shorter side).

    interp: 0 nearest, 1 linear, 2 cubic, 3 the mean of the pixels that each place touches (for smaller ones).

    >>> resize([[[1.0], [3.0]]], (3, 1)).tolist()
    [[[1.0], [2.0], [3.0]]]
    """
    data = _picture("resize", data)
    modes = {0: "nearest", 1: "linear", 2: "cubic", 3: "area"}
    if interp not in modes:
        raise ValueError(f"resize: interp must be 0 (nearest), 1 (linear), 2 (cubic) or 3 (area), got {interp}")
    h, w = data.shape[-3:-1]
    if isinstance(size, int):
        short = min(h, w)
        width, height = (w * size // short, h * size // short) if keep_ratio else (size, size)
    else:
        width, height = size
    batch = F.cast(data if data.ndim == 4 else F.expand_dims(data, 0), "float32")
    made = F.resize(F.transpose(batch, (0, 3, 1, 2)), (height, width), modes[interp], False)
    made = _as(F.transpose(made, (0, 2, 3, 1)), data)
    return made if data.ndim == 4 else F.squeeze(made, 0)


def crop(data: Any, x: int, y: int, width: int, height: int) -> NDArray:
    """The window of the given size whose upper left corner is (x, y). A view.

    >>> crop([[[1.0], [2.0], [3.0]]], 1, 0, 2, 1).tolist()
    [[[2.0], [3.0]]]
    """
    data = _picture("crop", data)
    h, w = data.shape[-3:-1]
    if x < 0 or y < 0 or width < 1 or height < 1 or x + width > w or y + height > h:
        raise ValueError(f"crop: a window of {width} by {height} at ({x}, {y}) does not fit into {data.shape}")
    return data[..., y : y + height, x : x + width, :]


def flip_left_right(data: Any) -> NDArray:
    """The mirror image. A view.

    >>> flip_left_right([[[1.0], [2.0]]]).tolist()
    [[[2.0], [1.0]]]
    """
    data = _picture("flip_left_right", data)
    return F.flip(data, data.ndim - 2)


def flip_top_bottom(data: Any) -> NDArray:
    """Upside down. A view.

    >>> flip_top_bottom([[[1.0]], [[2.0]]]).tolist()
    [[[2.0]], [[1.0]]]
    """
    data = _picture("flip_top_bottom", data)
    return F.flip(data, data.ndim - 3)


def _chance() -> bool:
    return float(_random.uniform()) < 0.5


def random_flip_left_right(data: Any) -> NDArray:
    """The mirror image, half of the time.

    >>> random_flip_left_right([[[1.0], [1.0]]]).tolist()
    [[[1.0], [1.0]]]
    """
    return flip_left_right(data) if _chance() else _picture("random_flip_left_right", data)


def random_flip_top_bottom(data: Any) -> NDArray:
    """Upside down, half of the time.

    >>> random_flip_top_bottom([[[1.0]], [[1.0]]]).tolist()
    [[[1.0]], [[1.0]]]
    """
    return flip_top_bottom(data) if _chance() else _picture("random_flip_top_bottom", data)


def _factor(name: str, low: float, high: float) -> float:
    if low > high:
        raise ValueError(f"{name}: the smallest factor {low} is above the largest, {high}")
    return low if low == high else float(_random.uniform(low, high))


def _blend(data: NDArray, other: Any, share: float) -> NDArray:
    return _as(F.add(F.multiply(F.cast(data, "float32"), share), F.multiply(other, 1.0 - share)), data)


def _gray(data: NDArray) -> NDArray:
    wide = F.cast(data, "float32")
    return F.sum(F.multiply(wide, asarray(_GRAY, "float32")), -1, True) if data.shape[-1] == 3 else wide


def random_brightness(data: Any, min_factor: float, max_factor: float) -> NDArray:
    """All numbers times a factor between the two.

    >>> random_brightness([[[2.0]]], 1.5, 1.5).tolist()
    [[[3.0]]]
    """
    data = _picture("random_brightness", data)
    return _blend(data, 0.0, _factor("random_brightness", min_factor, max_factor))


def random_contrast(data: Any, min_factor: float, max_factor: float) -> NDArray:
    """Distances from the mean brightness times a factor between the two.

    >>> random_contrast([[[1.0], [3.0]]], 2.0, 2.0).tolist()
    [[[0.0], [4.0]]]
    """
    data = _picture("random_contrast", data)
    return _blend(data, F.mean(_gray(data), (-3, -2, -1), True), _factor("random_contrast", min_factor, max_factor))


def random_saturation(data: Any, min_factor: float, max_factor: float) -> NDArray:
    """Distances from grey times a factor between the two.

    >>> random_saturation([[[5.0, 5.0, 5.0]]], 2.0, 2.0).round(4).tolist()
    [[[5.0, 5.0, 5.0]]]
    """
    data = _picture("random_saturation", data)
    return _blend(data, _gray(data), _factor("random_saturation", min_factor, max_factor))


def random_hue(data: Any, min_factor: float, max_factor: float) -> NDArray:
    """Colours turned around the grey axis by (factor - 1) half turns, in the YIQ colour space.

    >>> random_hue([[[5.0, 5.0, 5.0]]], 1.5, 1.5).round(2).tolist()
    [[[5.0, 5.0, 5.0]]]
    """
    data = _picture("random_hue", data)
    if data.shape[-1] != 3:
        raise ValueError(f"random_hue: a picture with 3 channels is needed, got shape {data.shape}")
    angle = (_factor("random_hue", min_factor, max_factor) - 1.0) * _np.pi
    u, w = _np.cos(angle), _np.sin(angle)
    yiq = _np.array([[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    turn = _np.linalg.inv(yiq) @ _np.array([[1, 0, 0], [0, u, -w], [0, w, u]]) @ yiq
    return _as(F.matmul(F.cast(data, "float32"), asarray(turn.T.astype("float32"))), data)


def random_color_jitter(
    data: Any, brightness: float = 0.0, contrast: float = 0.0, saturation: float = 0.0, hue: float = 0.0
) -> NDArray:
    """Brightness, contrast, saturation and hue changed, each by a factor within 1 - v and 1 + v.

    >>> random_color_jitter([[[5.0, 5.0, 5.0]]]).tolist()
    [[[5.0, 5.0, 5.0]]]
    """
    data = _picture("random_color_jitter", data)
    steps = ((random_brightness, brightness), (random_contrast, contrast), (random_saturation, saturation),
             (random_hue, hue))  # fmt: skip
    for step, width in steps:
        data = step(data, max(0.0, 1.0 - width), 1.0 + width) if width else data
    return data


def adjust_lighting(data: Any, alpha: Sequence[float]) -> NDArray:
    """Light of ImageNet's three principal colours added, alpha times as much as they vary (AlexNet's augmentation).

    >>> adjust_lighting([[[1.0, 2.0, 3.0]]], (0.0, 0.0, 0.0)).tolist()
    [[[1.0, 2.0, 3.0]]]
    """
    data = _picture("adjust_lighting", data)
    shift = (_np.array(_EIGEN) * _np.array(alpha) * _np.array(_VALUES)).sum(1).astype("float32")
    return _as(F.add(F.cast(data, "float32"), asarray(shift)), data)


def random_lighting(data: Any, alpha_std: float = 0.05) -> NDArray:
    """`adjust_lighting` with normally distributed amounts.

    >>> random_lighting([[[1.0, 2.0, 3.0]]], 0.0).tolist()
    [[[1.0, 2.0, 3.0]]]
    """
    return adjust_lighting(data, _random.normal(0.0, alpha_std, 3).tolist())


__all__ = [
    "adjust_lighting", "crop", "flip_left_right", "flip_top_bottom", "normalize", "random_brightness",
    "random_color_jitter", "random_contrast", "random_flip_left_right", "random_flip_top_bottom", "random_hue",
    "random_lighting", "random_saturation", "resize", "to_tensor",
]  # fmt: skip
_offer(globals(), __all__, "nd.image")


def __dir__() -> list[str]:
    return sorted(__all__)
