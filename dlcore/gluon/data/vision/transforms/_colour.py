"""Transforms that change colours at random. Images are (h, w, 3), red, green, blue."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dlcore import _core

from ..._draws import generator, strength
from ._basic import Single

# What the eye sees of red, green and blue (ITU-R BT.601).
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
# RGB to luma and two colour differences (NTSC's YIQ), in which a hue is an angle.
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.321], [0.211, -0.523, 0.311]], np.float32)
_FROM_YIQ = np.linalg.inv(_TO_YIQ.astype(np.float64)).astype(np.float32)
# Directions and sizes in which colours of photographs vary (Krizhevsky, Sutskever and Hinton, 2012).
_VALUES = np.array([55.46, 4.794, 1.148], np.float32)
_VECTORS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]], np.float32)


def _recoloured(array: np.ndarray, what: str, amount: float = 0.0) -> np.ndarray:
    """A picture of bytes, changed by the core: the same arithmetic as for a whole batch at once."""
    made: np.ndarray = _core.recoloured(np.ascontiguousarray(array), what, amount)._numpy_view()
    return made


def _clipped(image: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Back in the dtype it came in; whole numbers stay in their range."""
    if dtype.kind not in "iu":
        return image.astype(dtype)
    limits = np.iinfo(dtype)
    return np.clip(np.rint(image), limits.min, limits.max).astype(dtype)


class _Jitter(Single):
    """A factor drawn from 1 - amount to 1 + amount, and what it does to an image of float32."""

    random = True
    change = ""  # what the core calls it

    def __init__(self, amount: float) -> None:
        if amount < 0:
            raise ValueError(f"{type(self).__name__}: expected an amount of at least 0, got {amount}")
        self._amount = amount

    def _apply(self, array: np.ndarray) -> np.ndarray:
        amount = self._amount * strength()
        factor = np.float32(generator().uniform(max(0.0, 1 - amount), 1 + amount))
        if self.change and array.dtype == np.uint8:
            return _recoloured(array, self.change, float(factor))
        return _clipped(self._changed(array.astype(np.float32), factor), array.dtype)

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]] | None:
        return [(self.change, self._amount)] if self.change else None

    def _changed(self, image: np.ndarray, factor: np.float32) -> np.ndarray:
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._amount:g})"


class RandomBrightness(_Jitter):
    """The image times a factor from 1 - brightness to 1 + brightness.

    >>> int(RandomBrightness(0.0)(np.full((1, 1, 3), 7, np.uint8)).max())
    7
    """

    def __init__(self, brightness: float) -> None:
        super().__init__(brightness)

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        return [("brightness", self._amount)]

    def _changed(self, image: np.ndarray, factor: np.float32) -> np.ndarray:
        return image * factor


class RandomContrast(_Jitter):
    """Differences from the image's mean grey times a factor from 1 - contrast to 1 + contrast.

    >>> RandomContrast(0.5)(np.full((2, 2, 3), 7, np.uint8)).max()
    np.uint8(7)
    """

    change = "contrast"

    def __init__(self, contrast: float) -> None:
        super().__init__(contrast)

    def _changed(self, image: np.ndarray, factor: np.float32) -> np.ndarray:
        mean = (image @ _GREY).mean() if image.shape[2] == 3 else image.mean()
        return image * factor + mean * (1 - factor)


class RandomSaturation(_Jitter):
    """Differences from the pixel's own grey times a factor from 1 - saturation to 1 + saturation.

    >>> RandomSaturation(0.5)(np.full((2, 2, 3), 7, np.uint8)).max()
    np.uint8(7)
    """

    change = "saturation"

    def __init__(self, saturation: float) -> None:
        super().__init__(saturation)

    def _changed(self, image: np.ndarray, factor: np.float32) -> np.ndarray:
        grey = (image @ _GREY)[..., None] if image.shape[2] == 3 else image
        return image * factor + grey * (1 - factor)


class RandomHue(_Jitter):
    """All colours turned on the colour circle by up to `hue` half turns either way.

    >>> RandomHue(0.5)(np.full((2, 2, 3), 7, np.uint8)).shape
    (2, 2, 3)
    """

    change = "hue"

    def __init__(self, hue: float) -> None:
        super().__init__(hue)

    def _apply(self, array: np.ndarray) -> np.ndarray:
        if array.shape[2] != 3:
            raise ValueError(f"RandomHue: expected an image (h, w, 3), got shape {array.shape}")
        amount = self._amount * strength()
        angle = np.pi * generator().uniform(-amount, amount)
        if array.dtype == np.uint8:
            return _recoloured(array, self.change, angle)
        turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]], np.float32)
        return _clipped(array.astype(np.float32) @ (_FROM_YIQ @ turn @ _TO_YIQ).T, array.dtype)


class RandomColorJitter(Single):
    """Brightness, contrast, saturation and hue at random, in a random order.

    >>> RandomColorJitter(0.1, 0.1, 0.1, 0.1)
    RandomColorJitter(0.1, 0.1, 0.1, 0.1)
    """

    random = True

    def __init__(
        self, brightness: float = 0.0, contrast: float = 0.0, saturation: float = 0.0, hue: float = 0.0
    ) -> None:
        amounts = (brightness, contrast, saturation, hue)
        kinds = (RandomBrightness, RandomContrast, RandomSaturation, RandomHue)
        self._amounts = amounts
        self._parts = [kind(amount) for kind, amount in zip(kinds, amounts, strict=True) if amount]

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        return [("jitter", [step for part in self._parts for step in part._step(height, width) or []])]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        parts, draw = list(self._parts), generator()
        for k in range(len(parts) - 1, 0, -1):  # Fisher and Yates's shuffle, as the core does it
            other = int(draw.integers(k + 1))
            parts[k], parts[other] = parts[other], parts[k]
        for part in parts:
            array = part._apply(array)
        return array

    def __repr__(self) -> str:
        return f"RandomColorJitter({', '.join(f'{a:g}' for a in self._amounts)})"


class RandomLighting(_Jitter):
    """Noise of deviation `alpha` along the directions in which colours of photographs vary (Krizhevsky et al., 2012).

    For images (h, w, 3) with values up to 255.

    >>> RandomLighting(0.0)(np.full((1, 1, 3), 7, np.uint8)).max()
    np.uint8(7)
    """

    change = "lighting"

    def __init__(self, alpha: float) -> None:
        super().__init__(alpha)

    def _apply(self, array: np.ndarray) -> np.ndarray:
        if array.shape[2] != 3:
            raise ValueError(f"RandomLighting: expected an image (h, w, 3), got shape {array.shape}")
        amount = self._amount * strength()
        if not amount:
            return array
        weights = tuple(amount * _normal(generator()) for _ in range(3))
        if array.dtype == np.uint8:
            made: np.ndarray = _core.lit(np.ascontiguousarray(array), weights)._numpy_view()
            return made
        return _clipped(array.astype(np.float32) + _VECTORS @ (np.array(weights, np.float32) * _VALUES), array.dtype)


def _normal(draw: Any) -> float:
    """A number of the normal distribution (Box and Muller, 1958), in the arithmetic that the core has for batches."""
    size, place = draw.random(), draw.random()
    return math.sqrt(-2 * math.log(1 - size)) * math.cos(2 * math.pi * place)


class RandomGray(Single):
    """The image in grey, still with three channels, with probability `p`.

    >>> RandomGray(1.0)(np.array([[[255, 0, 0]]], np.uint8)).tolist()
    [[[76, 76, 76]]]
    """

    random = True

    def __init__(self, p: float = 0.5) -> None:
        self._p = p

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        return [("grey", self._p)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        if array.shape[2] != 3 or generator().random() >= self._p * strength():
            return array
        if array.dtype == np.uint8:
            return _recoloured(array, "grey")
        grey = _clipped(array.astype(np.float32) @ _GREY, array.dtype)
        return np.repeat(grey[..., None], 3, axis=2)
