"""What every network needs of an image: a float tensor, normalised; and transforms one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._hints import hinted
from dlcore._kinds import no_array, shown


class Transform:
    """Base: a subclass gives `_apply(array)` on NumPy arrays whose last axes are one image's.

    >>> class Negative(Transform):
    ...     def _apply(self, array):
    ...         return 255 - array
    >>> Negative()(np.full((1, 1, 1), 5, np.uint8)).item()
    250
    """

    @hinted("Transform")
    def __call__(self, image: Any) -> Any:
        if isinstance(image, np.ndarray):
            return self._apply(image)
        if hasattr(image, "asnumpy"):
            return _core.from_numpy(np.ascontiguousarray(self._apply(image.asnumpy())))
        return self._apply(np.asarray(self._picture(image)))

    def _picture(self, image: Any) -> Any:
        """`image`, which must be numbers."""
        if no_array(image):
            raise TypeError(f"{type(self).__name__}: image must be an array of numbers, got {shown(image)}")
        return image

    def batch(self, images: np.ndarray) -> np.ndarray:
        """The transform of a NumPy batch (n, ...) of images."""
        return self._apply(images)

    # Whether each value becomes what it becomes wherever it stands, whatever the others are.
    pointwise = False

    def _step(self, height: int, width: int) -> list[tuple[Any, ...]] | None:
        """What is done to the pixels of an image of bytes, in the words of `BatchPlan`; None where it has none."""
        return None

    def _apply(self, array: np.ndarray) -> np.ndarray:
        raise NotImplementedError(f"{type(self).__name__} has no _apply(array)")

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class ToTensor(Transform):
    """Image (h, w, c) of bytes 0..255 to float32 (c, h, w) in [0, 1]; a stack (n, h, w, c) likewise.

    >>> ToTensor()(np.full((2, 2, 3), 255, np.uint8)).max()
    np.float32(1.0)
    """

    pointwise = True

    def _apply(self, array: np.ndarray) -> np.ndarray:
        if array.ndim not in (3, 4):
            raise ValueError(f"ToTensor: expected (h, w, c) or (n, h, w, c), got shape {array.shape}")
        planes = np.moveaxis(array, -1, -3)
        result = np.empty(planes.shape, np.float32)
        return np.divide(planes, np.float32(255), out=result, dtype=np.float32)

    def batch(self, images: np.ndarray) -> np.ndarray:
        if images.ndim != 4:  # a stack of pictures without channels is no picture
            raise ValueError(f"ToTensor: expected images (h, w, c), got shape {images.shape[1:]}")
        return self._apply(images)


class Normalize(Transform):
    """(x - mean) / std for images (c, h, w) or stacks (n, c, h, w); mean and std are numbers or one value a channel.

    >>> Normalize(mean=1.0, std=2.0)(np.full((1, 1, 1), 5, np.float32))
    array([[[2.]]], dtype=float32)
    """

    pointwise = True

    def __init__(self, mean: float | Sequence[float] = 0.0, std: float | Sequence[float] = 1.0) -> None:
        self._mean = np.asarray(mean, np.float32).reshape(-1, 1, 1)
        self._std = np.asarray(std, np.float32).reshape(-1, 1, 1)
        if (self._std == 0).any():
            raise ValueError(f"Normalize: std must not be 0, got {std}")
        self._said = f"mean={mean}, std={std}"

    def _apply(self, array: np.ndarray) -> np.ndarray:
        channels = max(len(self._mean), len(self._std))
        if array.ndim < 3 or channels not in (1, array.shape[-3]):
            raise ValueError(f"Normalize: expected (..., {channels}, h, w), got shape {array.shape}")
        result = np.subtract(array, self._mean, dtype=np.float32)
        result /= self._std
        return result

    def __repr__(self) -> str:
        return f"Normalize({self._said})"


class Cast(Transform):
    """Change the dtype.

    >>> Cast("float16")(np.zeros(2)).dtype
    dtype('float16')
    """

    pointwise = True

    def __init__(self, dtype: Any = "float32") -> None:
        self._dtype = dtype

    def _apply(self, array: np.ndarray) -> np.ndarray:
        return array.astype(self._dtype)

    def __repr__(self) -> str:
        return f"Cast({self._dtype})"


class Compose:
    """One transform after the other. Takes functions too; it works on batches when all its parts do.

    >>> Compose([Cast("float32"), lambda image: image * 2])(np.ones(1))
    array([2.], dtype=float32)
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self._transforms = list(transforms)

    def __call__(self, image: Any) -> Any:
        for transform in self._transforms:
            image = transform(image)
        return image

    @property
    def batch(self) -> Callable[[np.ndarray], np.ndarray] | None:
        """The form for batches, or None if one of the parts has none."""
        parts = [getattr(transform, "batch", None) for transform in self._transforms]
        if any(part is None for part in parts):
            return None

        def apply(images: np.ndarray) -> np.ndarray:
            for part in parts:
                assert part is not None
                images = part(images)
            return images

        return apply

    def __repr__(self) -> str:
        return f"Compose({self._transforms})"


class Single(Transform):
    """Base of transforms of single images (h, w, c) only: a batch is done image by image."""

    batch = None  # type: ignore[assignment]

    def __call__(self, image: Any) -> Any:
        shape = np.shape(self._picture(image))
        if len(shape) != 3:
            raise ValueError(f"{type(self).__name__}: expected an image (h, w, c), got shape {tuple(shape)}")
        return super().__call__(image)
