"""Pictures (h, w, c) in other sizes, parts and colours: the functions of `dlcore.image`."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._core import NDArray
from dlcore.ops import F

from ._image import SUITS, decode_image, resize_image, suiting

ANY = 10  # the number by which old code asks for an interpolation drawn for each picture
Size = Sequence[int]
Box = tuple[int, int, int, int]


def pixels(src: Any) -> np.ndarray:
    """A picture as NumPy array (h, w, c); ValueError for another number of axes."""
    array = src.asnumpy() if hasattr(src, "asnumpy") else np.asarray(src)
    if array.ndim != 3:
        raise ValueError(f"image: expected a picture (height, width, channels), got shape {array.shape}")
    return array


def made(array: np.ndarray) -> NDArray:
    """A NumPy array as NDArray."""
    return _core.from_numpy(np.ascontiguousarray(array))


def draw(count: int = 1) -> list[float]:
    """Random numbers in [0, 1), up to four, from the next block of the seeded stream of `dlcore.random`."""
    numbers: list[float] = F.random_uniform(0.0, 1.0, (count,), "float32", "cpu(0)").tolist()
    return numbers


def imdecode(buf: Any, flag: int = 1, to_rgb: bool = True) -> NDArray:
    """The picture (h, w, 3) of uint8 in the bytes of a JPEG or PNG file; flag=0 gives (h, w, 1) in grey.

    to_rgb=False puts blue first. Needs Pillow. ValueError for what is no image.

    >>> from dlcore.io import encode_image
    >>> imdecode(encode_image(np.full((2, 3), 7, np.uint8), ".png")).shape
    (2, 3, 3)
    """
    data = buf.asnumpy().tobytes() if hasattr(buf, "asnumpy") else buf
    return _ordered(decode_image(bytes(data), 1 if flag else 0), to_rgb)


def imread(filename: str | os.PathLike[str], flag: int = 1, to_rgb: bool = True) -> NDArray:
    """`imdecode` of a file; FileNotFoundError where there is none.

    >>> imread("no such file.png")
    Traceback (most recent call last):
    FileNotFoundError: [Errno 2] No such file or directory: 'no such file.png'
    """
    return _ordered(decode_image(os.fspath(filename), 1 if flag else 0), to_rgb)


def _ordered(image: np.ndarray, to_rgb: bool) -> NDArray:
    image = image[..., None] if image.ndim == 2 else image
    return made(image if to_rgb else image[..., ::-1])


def _get_interp_method(interp: int, sizes: Sequence[int] = ()) -> int:
    """What stands for `interp` when (old height, old width, height, width) are `sizes`; libraries ask by this name."""
    if interp == ANY:
        return int(5 * draw(1)[0])
    return interp if interp != SUITS else suiting(*sizes) if sizes else 2


def imresize(src: Any, w: int, h: int, interp: int = 1) -> NDArray:
    """The picture in another size. interp: 0 nearest, 1 bilinear, 2 bicubic, 3 area, 4 Lanczos, 9 what suits
    the change of size, 10 one of 0 to 4 at random.

    >>> imresize(np.zeros((4, 6, 3), np.uint8), 3, 2).shape
    (2, 3, 3)
    """
    array = pixels(src)
    return made(resize_image(array, w, h, _get_interp_method(interp, (*array.shape[:2], h, w))))


def resize_short(src: Any, size: int, interp: int = 2) -> NDArray:
    """The picture with its shorter edge `size` long, its proportions kept.

    >>> resize_short(np.zeros((4, 8, 3), np.uint8), 2).shape
    (2, 4, 3)
    """
    height, width, _ = pixels(src).shape
    return imresize(src, *short_size(height, width, size), interp)


def short_size(height: int, width: int, size: int) -> tuple[int, int]:
    """(width, height) in the same proportions with the shorter edge `size` long.

    >>> short_size(4, 8, 2)
    (4, 2)
    """
    return (size, size * height // width) if height > width else (size * width // height, size)


def scale_down(src_size: Size, size: Size) -> tuple[int, int]:
    """The largest (width, height) of the proportions of `size` that fits into `src_size`.

    >>> scale_down((640, 480), (720, 120))
    (640, 106)
    """
    width, height = float(size[0]), float(size[1])
    if src_size[1] < height:
        width, height = width * src_size[1] / height, float(src_size[1])
    if src_size[0] < width:
        width, height = float(src_size[0]), height * src_size[0] / width
    return int(width), int(height)


def fixed_crop(src: Any, x0: int, y0: int, w: int, h: int, size: Size | None = None, interp: int = 2) -> NDArray:
    """The part of the picture from (x0, y0), `w` wide and `h` high, in the size (width, height) if given.

    >>> fixed_crop(np.zeros((8, 8, 3), np.uint8), 1, 2, 3, 4).shape
    (4, 3, 3)
    """
    image = pixels(src)
    if x0 < 0 or y0 < 0 or w < 1 or h < 1 or x0 + w > image.shape[1] or y0 + h > image.shape[0]:
        raise ValueError(f"fixed_crop: {w}x{h} from ({x0}, {y0}) is not in a picture of shape {image.shape}")
    part = image[y0 : y0 + h, x0 : x0 + w]
    if size is not None and (w, h) != tuple(size):
        return imresize(part, size[0], size[1], interp)
    return made(part)


def random_crop(src: Any, size: Size, interp: int = 2) -> tuple[NDArray, Box]:
    """A part of the size (width, height) from a random place, and (x, y, width, height) of where it was.

    From a picture that is too small, the largest part of these proportions, resized.

    >>> random_crop(np.zeros((8, 8, 3), np.uint8), (4, 2))[0].shape
    (2, 4, 3)
    """
    height, width = pixels(src).shape[:2]
    w, h = scale_down((width, height), size)
    across, down = draw(2)
    x0, y0 = int(across * (width - w + 1)), int(down * (height - h + 1))
    return fixed_crop(src, x0, y0, w, h, size, interp), (x0, y0, w, h)


def center_crop(src: Any, size: Size, interp: int = 2) -> tuple[NDArray, Box]:
    """The middle of the picture, otherwise as `random_crop`.

    >>> center_crop(np.zeros((8, 8, 3), np.uint8), (4, 2))[1]
    (2, 3, 4, 2)
    """
    height, width = pixels(src).shape[:2]
    w, h = scale_down((width, height), size)
    x0, y0 = (width - w) // 2, (height - h) // 2
    return fixed_crop(src, x0, y0, w, h, size, interp), (x0, y0, w, h)


def random_size_crop(
    src: Any, size: Size, area: float | Sequence[float], ratio: Sequence[float], interp: int = 2
) -> tuple[NDArray, Box]:
    """A part of random area (a share of the picture's, or its least share) and proportions, resized; as `random_crop`.

    Where ten tries do not fit, the middle.

    >>> random_size_crop(np.zeros((8, 8, 3), np.uint8), (4, 4), (0.5, 1.0), (0.75, 1.33))[0].shape
    (4, 4, 3)
    """
    height, width = pixels(src).shape[:2]
    low, high = area if isinstance(area, (tuple, list)) else (float(area), 1.0)  # type: ignore[arg-type]
    for _ in range(10):
        share, shape, across, down = draw(4)
        target = (low + share * (high - low)) * width * height
        proportion = math.exp(math.log(ratio[0]) + shape * (math.log(ratio[1]) - math.log(ratio[0])))
        w, h = round(math.sqrt(target * proportion)), round(math.sqrt(target / proportion))
        if 1 <= w <= width and 1 <= h <= height:
            x0, y0 = int(across * (width - w + 1)), int(down * (height - h + 1))
            return fixed_crop(src, x0, y0, w, h, size, interp), (x0, y0, w, h)
    return center_crop(src, size, interp)


def color_normalize(src: Any, mean: Any, std: Any = None) -> NDArray:
    """(src - mean) / std in float32, with numbers or one for each channel; None for no division.

    >>> color_normalize(np.full((1, 1, 3), 5.0), 1.0, 2.0).tolist()
    [[[2.0, 2.0, 2.0]]]
    """
    image = pixels(src).astype(np.float32)
    image = image if mean is None else image - np.asarray(_plain(mean), np.float32)
    return made(image if std is None else image / np.asarray(_plain(std), np.float32))


def _plain(value: Any) -> Any:
    return value.asnumpy() if hasattr(value, "asnumpy") else value
