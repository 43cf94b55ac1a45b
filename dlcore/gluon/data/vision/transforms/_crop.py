"""Transforms that cut and resize."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore.io import resize_image
from dlcore.io._image import resize_method

from ..._draws import generator, strength
from ._basic import Single

Size = int | tuple[int, int]


def pair(size: Size, what: str) -> tuple[int, int]:
    """(width, height) of a number or two."""
    width, height = (size, size) if isinstance(size, int) else tuple(size)
    if width < 1 or height < 1:
        raise ValueError(f"{what}: expected a size of at least 1x1, got {width}x{height}")
    return width, height


class Resize(Single):
    """An image in another size, (width, height) or one number for both.

    keep_ratio: one number is the shorter side, the longer one follows. interpolation: 0 nearest, 1 bilinear, 2 bicubic,
    3 area, 4 Lanczos.

    >>> Resize((8, 4))(np.zeros((10, 10, 3), np.uint8)).shape
    (4, 8, 3)
    """

    def __init__(self, size: Size, keep_ratio: bool = False, interpolation: int = 1) -> None:
        self._size, self._keep, self._how = pair(size, "Resize"), keep_ratio, interpolation

    def _size_for(self, h: int, w: int) -> tuple[int, int]:
        """(width, height) of what comes out of an image (h, w)."""
        width, height = self._size
        if not self._keep:
            return width, height
        short = min(width, height)
        return (short, max(1, round(h * short / w))) if w <= h else (max(1, round(w * short / h)), short)

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        return [_resized(*self._size_for(height, width), height, width, self._how)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        return resize_image(array, *self._size_for(*array.shape[:2]), self._how)

    def __repr__(self) -> str:
        return f"Resize({self._size[0]}x{self._size[1]}{', keep_ratio' if self._keep else ''})"


def _resized(width: int, height: int, old_height: int, old_width: int, how: int) -> tuple[Any, ...]:
    return "resize", width, height, resize_method(how, (old_height, old_width), (height, width))


def _cut(array: np.ndarray, x: int, y: int, width: int, height: int) -> np.ndarray:
    return array[y : y + height, x : x + width]


class CropResize(Single):
    """The part of an image from (x, y) on of width x height, in another `size` if that is given.

    ValueError where the part is not inside the image.

    >>> CropResize(1, 2, 3, 4)(np.zeros((10, 10, 3), np.uint8)).shape
    (4, 3, 3)
    """

    def __init__(
        self, x: int, y: int, width: int, height: int, size: Size | None = None, interpolation: int = 1
    ) -> None:
        self._box, self._how = (x, y, width, height), interpolation
        self._size = None if size is None else pair(size, "CropResize")

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        x, y, w, h = self._box
        return [("cut", x, y, w, h), *([] if self._size is None else [_resized(*self._size, h, w, self._how)])]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        x, y, width, height = self._box
        if min(x, y) < 0 or x + width > array.shape[1] or y + height > array.shape[0]:
            raise ValueError(
                f"CropResize: {width}x{height} at ({x}, {y}) is not inside {array.shape[1]}x{array.shape[0]}"
            )
        part = _cut(array, x, y, width, height)
        return part if self._size is None else resize_image(part, *self._size, self._how)


class CenterCrop(Single):
    """The middle of an image; one that is smaller is enlarged first.

    >>> CenterCrop((4, 2))(np.zeros((10, 10, 3), np.uint8)).shape
    (2, 4, 3)
    """

    def __init__(self, size: Size, interpolation: int = 1) -> None:
        self._size, self._how = pair(size, "CenterCrop"), interpolation

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        w, h = self._size
        large = _enough(height, width, w, h)
        enlarged = [_resized(*large, height, width, self._how)] if large != (width, height) else []
        return [*enlarged, ("cut", (large[0] - w) // 2, (large[1] - h) // 2, w, h)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        width, height = self._size
        array = _at_least(array, width, height, self._how)
        return _cut(array, (array.shape[1] - width) // 2, (array.shape[0] - height) // 2, width, height)


def _enough(h: int, w: int, width: int, height: int) -> tuple[int, int]:
    """(width, height) to which an image (h, w) is enlarged, if it must be, so that width x height fit into it."""
    factor = max(width / w, height / h)
    return (w, h) if factor <= 1 else (max(width, round(w * factor)), max(height, round(h * factor)))


def _at_least(array: np.ndarray, width: int, height: int, how: int) -> np.ndarray:
    h, w = array.shape[:2]
    size = _enough(h, w, width, height)
    return array if size == (w, h) else resize_image(array, *size, how)


class RandomCrop(Single):
    """A part of an image at a random place, after `pad` rows and columns of `pad_value` were put around it.

    >>> RandomCrop(32, pad=4)(np.zeros((32, 32, 3), np.uint8)).shape
    (32, 32, 3)
    """

    random = True

    def __init__(self, size: Size, pad: int = 0, pad_value: Any = 0, interpolation: int = 1) -> None:
        self._size, self._pad, self._value, self._how = pair(size, "RandomCrop"), pad, pad_value, interpolation

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]] | None:
        w, h = self._size
        return None if w > width + 2 * self._pad or h > height + 2 * self._pad else [("crop", w, h, self._pad)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        if self._pad:
            p = self._pad
            wide = np.empty((array.shape[0] + 2 * p, array.shape[1] + 2 * p, array.shape[2]), array.dtype)
            wide[...] = np.asarray(self._value, array.dtype)
            wide[p:-p, p:-p] = array
            array = wide
        width, height = self._size
        array = _at_least(array, width, height, self._how)
        draw = generator()
        x, y = _place(draw, array.shape[1] - width), _place(draw, array.shape[0] - height)
        return _cut(array, x, y, width, height)


def _place(draw: Any, room: int) -> int:
    """Where a cut begins in `room` free rows: any place, or one nearer to the middle where less is wanted."""
    drawn = int(draw.integers(room + 1))
    return min(room, max(0, round(room / 2 + (drawn - room / 2) * strength())))


class RandomResizedCrop(Single):
    """A part of random size and shape, resized: `scale` of the area, sides in a `ratio` (Szegedy et al., 2015).

    >>> RandomResizedCrop(8)(np.zeros((32, 20, 3), np.uint8)).shape
    (8, 8, 3)
    """

    random = True

    def __init__(
        self,
        size: Size,
        scale: tuple[float, float] = (0.08, 1.0),
        ratio: tuple[float, float] = (3 / 4, 4 / 3),
        interpolation: int = 1,
    ) -> None:
        if not 0 < scale[0] <= scale[1] <= 1 or not 0 < ratio[0] <= ratio[1]:
            raise ValueError(f"RandomResizedCrop: expected 0 < scale <= 1 and ratio > 0, got {scale} and {ratio}")
        self._size, self._how = pair(size, "RandomResizedCrop"), interpolation
        self._scale, self._logs = scale, (math.log(ratio[0]), math.log(ratio[1]))

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]] | None:
        if self._how not in range(5):  # which one suits depends on the part
            return None
        return [("part", *self._size, self._how, *self._scale, *self._logs)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        h, w = array.shape[:2]
        draw, much = generator(), strength()
        for _ in range(10):
            share = draw.uniform(*self._scale)
            area = h * w * (share if much == 1 else max(1e-3, 1 - (1 - share) * much))
            ratio = math.exp(draw.uniform(*self._logs) * much)
            width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
            if 0 < width <= w and 0 < height <= h:
                x, y = int(draw.integers(w - width + 1)), int(draw.integers(h - height + 1))
                return resize_image(_cut(array, x, y, width, height), *self._size, self._how)
        return CenterCrop(self._size, self._how)._apply(array)  # no part of this image has such a shape


class RandomErasing(Single):
    """With probability `p`, a random rectangle of the image becomes `value` (Zhong et al., 2017).

    >>> int(RandomErasing(p=1.0, value=9)(np.zeros((8, 8, 1), np.uint8)).max())
    9
    """

    random = True

    def __init__(
        self,
        p: float = 0.5,
        scale: tuple[float, float] = (0.02, 0.33),
        ratio: tuple[float, float] = (0.3, 3.3),
        value: Any = 0,
    ) -> None:
        self._p, self._scale, self._value = p, scale, value
        self._logs = math.log(ratio[0]), math.log(ratio[1])

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        return [("erase", self._p, *self._scale, *self._logs, self._value)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        draw = generator()
        if draw.random() >= self._p * strength():
            return array
        h, w = array.shape[:2]
        area = h * w * draw.uniform(*self._scale)
        ratio = math.exp(draw.uniform(*self._logs))
        width = min(w, max(1, round(math.sqrt(area * ratio))))
        height = min(h, max(1, round(math.sqrt(area / ratio))))
        x, y = int(draw.integers(w - width + 1)), int(draw.integers(h - height + 1))
        array = array.copy()
        _cut(array, x, y, width, height)[...] = np.asarray(self._value, array.dtype)
        return array
