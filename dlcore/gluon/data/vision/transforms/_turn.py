"""Transforms that mirror and turn, and any transform by chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.io._image import pillow

from ..._draws import generator, strength
from ._basic import Compose, Single


class _Flip(Single):
    axis = 1
    random = True

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"{type(self).__name__}: expected a probability from 0 to 1, got {p}")
        self._p = p

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        return [("across" if self.axis == 1 else "down", self._p)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        return np.flip(array, self.axis) if generator().random() < self._p * strength() else array

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self._p:g})"


class RandomFlipLeftRight(_Flip):
    """The image mirrored from left to right, with probability `p`.

    >>> RandomFlipLeftRight(p=1.0)(np.array([[[1], [2]]])).tolist()
    [[[2], [1]]]
    """


class RandomFlipTopBottom(_Flip):
    """The image mirrored from top to bottom, with probability `p`.

    >>> RandomFlipTopBottom(p=1.0)(np.array([[[1]], [[2]]])).tolist()
    [[[2]], [[1]]]
    """

    axis = 0


def _turned(array: np.ndarray, degrees: float, zoom_in: bool, zoom_out: bool) -> np.ndarray:
    if array.dtype == np.uint8:
        made: np.ndarray = _core.turned(np.ascontiguousarray(array), degrees, zoom_in, zoom_out)._numpy_view()
        return made
    module = pillow()
    h, w = array.shape[:2]
    angle = np.deg2rad(degrees)
    c, s = abs(np.cos(angle)), abs(np.sin(angle))
    zoom = 1.0
    if zoom_out:  # the whole image stays visible
        zoom = max((w * c + h * s) / w, (w * s + h * c) / h)
    elif zoom_in:  # no corner is empty: the largest part of the image's own shape inside the turned one
        zoom = min(w / (w * c + h * s), h / (w * s + h * c))
    cos, sin = np.cos(angle) * zoom, np.sin(angle) * zoom
    x, y = w / 2, h / 2  # Pillow counts from the corner of the first pixel
    matrix = (cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y)
    planes = []
    for plane in np.moveaxis(array, -1, 0):
        image = module.fromarray(np.ascontiguousarray(plane, np.float32))
        planes.append(np.asarray(image.transform((w, h), module.Transform.AFFINE, matrix, module.Resampling.BILINEAR)))
    result = np.stack(planes, -1)
    return np.rint(result).astype(array.dtype) if array.dtype.kind in "iu" else result.astype(array.dtype)


class Rotate(Single):
    """The image turned counter-clockwise by `rotation_degrees`; what comes from outside is 0.

    Images of other than bytes need Pillow.

    zoom_out: small enough that all of it stays visible. zoom_in: large enough that no corner is empty.

    >>> Rotate(180)(np.array([[[1.0], [2.0]]])).round(3).tolist()
    [[[2.0], [1.0]]]
    """

    def __init__(self, rotation_degrees: float, zoom_in: bool = False, zoom_out: bool = False) -> None:
        if zoom_in and zoom_out:
            raise ValueError("Rotate: zoom_in and zoom_out exclude each other")
        self._degrees, self._zoom = rotation_degrees, (zoom_in, zoom_out)

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        return [("rotate", *self._zoom, self._degrees)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        return _turned(array, self._degrees, *self._zoom)


class RandomRotation(Single):
    """The image turned by an angle drawn between the two limits, in degrees; see `Rotate`.

    >>> RandomRotation((-10, 10))(np.zeros((8, 6, 3), np.uint8)).shape
    (8, 6, 3)
    """

    random = True

    def __init__(
        self,
        angle_limits: tuple[float, float],
        zoom_in: bool = False,
        zoom_out: bool = False,
        rotate_with_proba: float = 1.0,
    ) -> None:
        if angle_limits[0] >= angle_limits[1] or (zoom_in and zoom_out):
            raise ValueError(f"RandomRotation: expected rising angle_limits and one zoom at most, got {angle_limits}")
        self._limits, self._zoom, self._p = angle_limits, (zoom_in, zoom_out), rotate_with_proba

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]]:
        return [("turn", *self._zoom, *self._limits, self._p)]

    def _apply(self, array: np.ndarray) -> np.ndarray:
        draw = generator()
        if draw.random() >= self._p:
            return array
        return _turned(array, draw.uniform(*self._limits) * strength(), *self._zoom)


class RandomApply:
    """A transform, or several one after the other, with probability `p`.

    >>> RandomApply(lambda image: image + 1, p=1.0)(np.zeros(1))
    array([1.])
    """

    batch = None
    random = True

    def __init__(self, transforms: Callable[[Any], Any] | list[Callable[[Any], Any]], p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"RandomApply: expected a probability from 0 to 1, got {p}")
        self._transform = Compose(transforms) if isinstance(transforms, (list, tuple)) else transforms
        self._p = p

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]] | None:
        steps: list[tuple[Any, ...]] = []
        for part in getattr(self._transform, "_transforms", [self._transform]):
            ours = type(part).__module__.rpartition(".")[0] == __package__
            found = part._step(height, width) if ours and hasattr(part, "_step") else None
            if found is None:
                return None
            steps += found
        return [("apply", steps, self._p)]

    def __call__(self, image: Any) -> Any:
        return self._transform(image) if generator().random() < self._p * strength() else image

    def __repr__(self) -> str:
        return f"RandomApply({self._transform}, p={self._p:g})"
