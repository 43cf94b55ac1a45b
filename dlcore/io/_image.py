"""Images as bytes and as arrays: plain PNG by the core, the rest through Pillow (HPND), imported when first needed."""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np

from dlcore import _core


def pillow() -> Any:
    """Pillow's Image module; ImportError that says how to get it."""
    try:
        from PIL import Image
    except ImportError:
        raise ImportError("images need Pillow: pip install 'dlcore[lab]' or pip install pillow") from None
    return Image


def decode_image(data: bytes | str | os.PathLike[str], iscolor: int = -1, at_least: int = 0) -> np.ndarray:
    """A JPEG, PNG or other image, given as bytes or as a file, as uint8 (h, w, 3), or (h, w) where it is grey.

    iscolor: 1 always three channels, 0 always grey, -1 as the image is (palettes and transparency become colours).
    at_least: where not 0, a JPEG picture is decoded at a half, a quarter or an eighth of its size, the smallest whose
    edges are both at least so long: that is several times as quick where it is made smaller afterwards anyhow.
    ValueError for what is no image, and for one of more than 2^28 pixels.

    >>> decode_image(encode_image(np.full((2, 3), 7, np.uint8), ".png"))
    array([[7, 7, 7],
           [7, 7, 7]], dtype=uint8)
    """
    if at_least < 0:
        raise ValueError(f"decode_image: expected at_least from 0 on, got {at_least}")
    content = data if isinstance(data, bytes) else _png_file(data)
    if content is not None and (plain := _core.decode_png(content, {1: 3, 0: 1}.get(iscolor, 0))) is not None:
        pixels: np.ndarray = plain._numpy_view()
        return pixels if pixels.shape[2] == 3 else pixels[..., 0]
    module = pillow()
    source: Any = io.BytesIO(data) if isinstance(data, (bytes, bytearray, memoryview)) else data
    name = "an image" if source is not data else os.fspath(data)  # type: ignore[arg-type]
    try:
        with module.open(source) as opened:
            if opened.width * opened.height > 1 << 28:
                raise ValueError(f"{opened.width}x{opened.height} pixels are more than 2^28")
            if at_least:
                opened.draft(None, (at_least, at_least))  # what JPEG files alone can do
            grey = iscolor == 0 or (iscolor == -1 and opened.mode in ("L", "1", "I;16", "I", "F"))
            mode = "L" if grey else "RGB"
            # A picture that has its mode already is read at once; a conversion would copy it first.
            return np.array(
                opened if opened.mode == mode and "transparency" not in opened.info else opened.convert(mode)
            )
    except MemoryError:
        raise
    except Exception as error:  # readers of damaged files raise whatever they come upon
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the file itself, not what is in it
        raise ValueError(f"{name}: cannot be read as an image ({error or type(error).__name__})") from None


def _png_file(data: Any) -> bytes | None:
    """What is in a file that calls itself a PNG picture."""
    if not isinstance(data, (str, os.PathLike)) or not os.fspath(data).lower().endswith(".png"):
        return None
    with open(data, "rb") as file:
        return file.read()


def encode_image(image: Any, kind: str = ".jpg", quality: int = 95) -> bytes:
    """uint8 (h, w), (h, w, 1) or (h, w, 3) as the bytes of a file of `kind`: ".jpg", ".jpeg" or ".png".

    >>> encode_image(np.zeros((2, 3, 3), np.uint8), ".png")[1:4]
    b'PNG'
    """
    array = np.asarray(image.asnumpy() if hasattr(image, "asnumpy") else image)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[..., 0]
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)):
        raise ValueError(f"expected an image (h, w) or (h, w, 3) of uint8, got {array.shape} of {array.dtype}")
    formats = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG"}
    if kind.lower() not in formats:
        raise ValueError(f"expected one of {', '.join(formats)}; got {kind!r}")
    stream = io.BytesIO()
    options = {"quality": quality} if formats[kind.lower()] == "JPEG" else {}
    pillow().fromarray(array).save(stream, formats[kind.lower()], **options)
    return stream.getvalue()


SUITS = 9  # the number by which old code asks for what suits


def suiting(old_height: int, old_width: int, height: int, width: int) -> int:
    """The interpolation that suits a change of size.

    >>> suiting(8, 8, 4, 4), suiting(8, 8, 9, 9), suiting(8, 8, 4, 16)
    (3, 2, 1)
    """
    if height < old_height and width < old_width:
        return 3
    return 2 if height > old_height and width > old_width else 1


def resize_method(interpolation: int, old: tuple[int, int], new: tuple[int, int]) -> int:
    """The number of an interpolation from 0 to 4, for a change from (height, width) to (height, width)."""
    if interpolation == SUITS:
        return suiting(*old, *new)
    if interpolation not in range(5):
        raise ValueError(f"interpolation: expected 0 to 4 or {SUITS}, got {interpolation}")
    return interpolation


def resize_image(image: np.ndarray, width: int, height: int, interpolation: int = 1) -> np.ndarray:
    """An image (h, w) or (h, w, c) in another size.

    interpolation: 0 nearest, 1 bilinear, 2 bicubic, 3 area, 4 Lanczos, 9 what suits (area for a smaller picture,
    bicubic for a larger one, else bilinear). ValueError for another. All but the first look at every old pixel that a
    new one covers, as Pillow does, along one axis and then the other.

    >>> resize_image(np.zeros((4, 6, 3), np.uint8), width=3, height=2).shape
    (2, 3, 3)
    """
    if min(width, height) < 1:
        raise ValueError(f"resize: expected a size of at least 1x1, got {width}x{height}")
    if image.ndim not in (2, 3) or image.size == 0:
        raise ValueError(f"resize: expected an image (h, w) or (h, w, c) with pixels, got shape {image.shape}")
    how = resize_method(interpolation, image.shape[:2], (height, width))
    kept = image.dtype if image.dtype == np.uint8 else np.dtype(np.float32)
    pixels = np.ascontiguousarray(image if image.ndim == 3 else image[..., None], kept)
    resized: np.ndarray = _core.resized(pixels, width, height, how)._numpy_view()
    resized = resized if image.ndim == 3 else resized[..., 0]
    return resized if resized.dtype == image.dtype else resized.astype(image.dtype)
