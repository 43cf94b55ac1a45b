"""Augmenters of pictures with boxes: what is done to the picture is done to the boxes.

A label is an array (objects, 5 or more): class, left, top, right, bottom as shares of the picture, then anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore._core import NDArray

from . import _augment as basic
from ._augmenters import (
    MEAN,
    STD,
    Augmenter,
    CastAug,
    ColorJitterAug,
    ColorNormalizeAug,
    ForceResizeAug,
    HueJitterAug,
    LightingAug,
    Named,
    RandomGrayAug,
    ResizeAug,
)

Both = tuple[NDArray, np.ndarray]
Range = Sequence[float]


class DetAugmenter(Named):
    """Base: a subclass gives `__call__(picture, label)`, which gives both; its words are kept for `dumps`.

    >>> DetHorizontalFlipAug(0.5).dumps()
    '["dethorizontalflipaug", {"p": 0.5}]'
    """

    def __call__(self, src: Any, label: np.ndarray) -> Both:
        raise NotImplementedError(f"{type(self).__name__} has no __call__(picture, label)")


class DetBorrowAug(DetAugmenter):
    """An augmenter of pictures that moves nothing, the boxes staying as they are.

    >>> from dlcore.io.image import CastAug
    >>> picture, boxes = DetBorrowAug(CastAug())(np.zeros((2, 2, 3), np.uint8), np.array([[0, 0.1, 0.1, 0.5, 0.5]]))
    >>> picture.dtype.name, boxes.shape
    ('float32', (1, 5))
    """

    def __init__(self, augmenter: Augmenter) -> None:
        super().__init__(augmenter=augmenter.dumps())
        self.augmenter = augmenter

    def __call__(self, src: Any, label: np.ndarray) -> Both:
        return self.augmenter(src), label


class DetRandomSelectAug(DetAugmenter):
    """One of several augmenters of pictures with boxes, or, with probability `skip_prob`, none.

    >>> len(DetRandomSelectAug([DetHorizontalFlipAug(1.0)], skip_prob=0.5).aug_list)
    1
    """

    def __init__(self, aug_list: Sequence[DetAugmenter], skip_prob: float = 0.0) -> None:
        super().__init__(skip_prob=skip_prob)
        self.aug_list, self.skip_prob = list(aug_list), skip_prob if aug_list else 1.0

    def dumps(self) -> Any:
        return [type(self).__name__.lower(), [a.dumps() for a in self.aug_list]]

    def __call__(self, src: Any, label: np.ndarray) -> Both:
        skip, which = basic.draw(2)
        if skip < self.skip_prob:
            return basic.made(basic.pixels(src)), label
        return self.aug_list[int(which * len(self.aug_list))](src, label)


class DetHorizontalFlipAug(DetAugmenter):
    """Left and right exchanged with the probability `p`, in the boxes as well.

    >>> DetHorizontalFlipAug(1.0)(np.zeros((2, 2, 3)), np.array([[0, 0.1, 0.2, 0.4, 0.9]]))[1].round(2).tolist()
    [[0.0, 0.6, 0.2, 0.9, 0.9]]
    """

    def __init__(self, p: float) -> None:
        super().__init__(p=p)
        self.p = p

    def __call__(self, src: Any, label: np.ndarray) -> Both:
        image = basic.pixels(src)
        if basic.draw()[0] >= self.p:
            return basic.made(image), label
        label = label.copy()
        label[:, [1, 3]] = 1 - label[:, [3, 1]]
        return basic.made(image[:, ::-1]), label


class DetRandomCropAug(DetAugmenter):
    """A part of the picture that still shows enough of the objects; boxes are cut with it, or go.

    min_object_covered: of every object that is touched at all, at least this share lies inside. aspect_ratio_range and
    area_range: of the part, proportions and share of the picture's area. min_eject_coverage: objects of which less than
    this share is inside are left out. max_attempts: tries, after which the picture stays as it is.

    >>> crop = DetRandomCropAug(min_object_covered=0.5, area_range=(0.5, 1.0))
    >>> picture, boxes = crop(np.zeros((8, 8, 3), np.uint8), np.array([[0, 0.2, 0.2, 0.8, 0.8]]))
    >>> bool((boxes[:, 1:] >= 0).all() and (boxes[:, 1:] <= 1).all())
    True
    """

    def __init__(
        self,
        min_object_covered: float = 0.1,
        aspect_ratio_range: Range = (0.75, 1.33),
        area_range: Range = (0.05, 1.0),
        min_eject_coverage: float = 0.3,
        max_attempts: int = 50,
    ) -> None:
        areas = (area_range, area_range) if isinstance(area_range, (int, float)) else tuple(area_range)
        ratios = (
            (aspect_ratio_range, aspect_ratio_range)
            if isinstance(aspect_ratio_range, (int, float))
            else tuple(aspect_ratio_range)
        )
        super().__init__(
            min_object_covered=min_object_covered, aspect_ratio_range=ratios, area_range=areas,
            min_eject_coverage=min_eject_coverage, max_attempts=max_attempts,
        )  # fmt: skip
        if not (0 < areas[0] <= areas[1] <= 1 and 0 < ratios[0] <= ratios[1]):
            raise ValueError(
                f"DetRandomCropAug: expected 0 < areas <= 1 and 0 < proportions, both rising; got {areas} and {ratios}"
            )
        self.covered, self.eject, self.attempts = min_object_covered, min_eject_coverage, max_attempts
        self.areas, self.ratios = areas, ratios

    def __call__(self, src: Any, label: np.ndarray) -> Both:
        image = basic.pixels(src)
        height, width = image.shape[:2]
        for _ in range(self.attempts):
            part = _part(height, width, self.areas, self.ratios)
            if part is None:
                continue
            x, y, w, h = part
            window = np.array([x / width, y / height, (x + w) / width, (y + h) / height])
            kept = self._kept(label, window)
            if kept is not None:
                return basic.fixed_crop(image, x, y, w, h), kept
        return basic.made(image), label

    def _kept(self, label: np.ndarray, window: np.ndarray) -> np.ndarray | None:
        """The objects of the part with their boxes in it; None where it shows too little of them."""
        inside = np.clip(label[:, 1:5], window[[0, 1, 0, 1]], window[[2, 3, 2, 3]])
        whole = np.maximum(_area(label[:, 1:5]), 1e-12)
        seen = _area(inside) / whole
        touched = seen > 0
        if not touched.any() or seen[touched].min() < self.covered:
            return None
        chosen = touched & (seen >= self.eject)
        if not chosen.any():
            return None
        kept = label[chosen].copy()
        size = np.tile(window[2:] - window[:2], 2)
        kept[:, 1:5] = (inside[chosen] - np.tile(window[:2], 2)) / size
        return kept


class DetRandomPadAug(DetAugmenter):
    """The picture somewhere in a larger one of `pad_val`; its objects get smaller.

    aspect_ratio_range, area_range: proportions of the larger one, and its area as a multiple of the picture's.

    >>> pad = DetRandomPadAug(area_range=(2.0, 3.0))
    >>> picture, boxes = pad(np.zeros((8, 8, 3), np.uint8), np.array([[0, 0.0, 0.0, 1.0, 1.0]]))
    >>> picture.shape[0] * picture.shape[1] > 64, bool(_area(boxes[:, 1:])[0] < 0.7)
    (True, True)
    """

    def __init__(
        self,
        aspect_ratio_range: Range = (0.75, 1.33),
        area_range: Range = (1.0, 3.0),
        max_attempts: int = 50,
        pad_val: Sequence[float] = (128, 128, 128),
    ) -> None:
        super().__init__(
            aspect_ratio_range=tuple(aspect_ratio_range), area_range=tuple(area_range), max_attempts=max_attempts,
            pad_val=tuple(pad_val),
        )  # fmt: skip
        self.ratios, self.areas = tuple(aspect_ratio_range), tuple(area_range)
        self.attempts, self.pad_val = max_attempts, tuple(pad_val)
        if not (1 <= self.areas[0] <= self.areas[1] and 0 < self.ratios[0] <= self.ratios[1]):
            raise ValueError(f"DetRandomPadAug: expected areas from 1 up, rising; got {self.areas} and {self.ratios}")

    def __call__(self, src: Any, label: np.ndarray) -> Both:
        image = basic.pixels(src)
        height, width = image.shape[:2]
        for _ in range(self.attempts):
            size = _size(height, width, self.areas, self.ratios)
            if size[0] < height or size[1] < width or size == (height, width):
                continue
            down, across = basic.draw(2)
            y, x = int(down * (size[0] - height + 1)), int(across * (size[1] - width + 1))
            larger = np.empty((*size, image.shape[2]), image.dtype)
            larger[:] = np.asarray(self.pad_val[: image.shape[2]], image.dtype)
            larger[y : y + height, x : x + width] = image
            label = label.copy()
            label[:, [1, 3]] = (label[:, [1, 3]] * width + x) / size[1]
            label[:, [2, 4]] = (label[:, [2, 4]] * height + y) / size[0]
            return basic.made(larger), label
        return basic.made(image), label


def _area(boxes: np.ndarray) -> np.ndarray:
    return np.maximum(boxes[:, 2] - boxes[:, 0], 0) * np.maximum(boxes[:, 3] - boxes[:, 1], 0)


def _size(height: int, width: int, areas: Any, ratios: Any) -> tuple[int, int]:
    """Height and width of a random share of the area and random proportions (width to height)."""
    share, shape = basic.draw(2)
    area = (areas[0] + share * (areas[1] - areas[0])) * height * width
    ratio = float(np.exp(np.log(ratios[0]) + shape * (np.log(ratios[1]) - np.log(ratios[0]))))
    return round(float(np.sqrt(area / ratio))), round(float(np.sqrt(area * ratio)))


def _part(height: int, width: int, areas: Any, ratios: Any) -> tuple[int, int, int, int] | None:
    h, w = _size(height, width, areas, ratios)
    down, across = basic.draw(2)
    if not (1 <= h <= height and 1 <= w <= width):
        return None
    return int(across * (width - w + 1)), int(down * (height - h + 1)), w, h


def CreateMultiRandCropAugmenter(
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 1.0),
    min_eject_coverage: Any = 0.3,
    max_attempts: Any = 50,
    skip_prob: float = 0.0,
) -> DetRandomSelectAug:
    """One of several random crops; an argument that is a list has one entry for each of them.

    >>> len(CreateMultiRandCropAugmenter(min_object_covered=[0.1, 0.5, 0.9]).aug_list)
    3
    """
    given = [min_object_covered, aspect_ratio_range, area_range, min_eject_coverage, max_attempts]
    lists = [list(v) if isinstance(v, list) else None for v in given]
    count = max([len(v) for v in lists if v is not None], default=1)
    if any(v is not None and len(v) not in (1, count) for v in lists):
        raise ValueError(f"CreateMultiRandCropAugmenter: lists of different lengths: {[v and len(v) for v in lists]}")
    pairs = zip(given, lists, strict=True)
    full = [[v] * count if listed is None else listed * (count // len(listed)) for v, listed in pairs]
    return DetRandomSelectAug([DetRandomCropAug(*words) for words in zip(*full, strict=True)], skip_prob)


def CreateDetAugmenter(
    data_shape: Sequence[int],
    resize: int = 0,
    rand_crop: float = 0,
    rand_pad: float = 0,
    rand_gray: float = 0,
    rand_mirror: bool = False,
    mean: Any = None,
    std: Any = None,
    brightness: float = 0,
    contrast: float = 0,
    saturation: float = 0,
    pca_noise: float = 0,
    hue: float = 0,
    inter_method: int = 2,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Any = (0.75, 1.33),
    area_range: Any = (0.05, 3.0),
    min_eject_coverage: Any = 0.3,
    max_attempts: Any = 50,
    pad_val: Sequence[float] = (127, 127, 127),
) -> list[DetAugmenter]:
    """The usual list for pictures of `data_shape` (channels, height, width) with boxes.

    rand_crop, rand_pad: probabilities. area_range: below 1 for parts, above for padding. mean and std may be True for
    ImageNet's. The picture is brought to data_shape whole.

    >>> [type(a).__name__ for a in CreateDetAugmenter((3, 4, 4), rand_mirror=True)]
    ['DetHorizontalFlipAug', 'DetBorrowAug', 'DetBorrowAug']
    """
    found: list[DetAugmenter] = [DetBorrowAug(ResizeAug(resize, inter_method))] if resize > 0 else []
    if rand_crop > 0:
        parts = (area_range[0], min(1.0, area_range[1]))
        found.append(
            CreateMultiRandCropAugmenter(
                min_object_covered, aspect_ratio_range, parts, min_eject_coverage, max_attempts, 1 - rand_crop
            )
        )
    found += [DetHorizontalFlipAug(0.5)] if rand_mirror else []
    if rand_pad > 0:
        pad = DetRandomPadAug(aspect_ratio_range, (1.0, max(1.0, area_range[1])), max_attempts, pad_val)
        found.append(DetRandomSelectAug([pad], 1 - rand_pad))
    plain: list[Augmenter] = [ForceResizeAug((data_shape[2], data_shape[1]), inter_method), CastAug()]
    plain += [ColorJitterAug(brightness, contrast, saturation)] if brightness or contrast or saturation else []
    plain += [HueJitterAug(hue)] if hue else []
    plain += [LightingAug(pca_noise)] if pca_noise > 0 else []
    plain += [RandomGrayAug(rand_gray)] if rand_gray > 0 else []
    mean, std = MEAN if mean is True else mean, STD if std is True else std
    plain += [ColorNormalizeAug(mean, std)] if mean is not None or std is not None else []
    return found + [DetBorrowAug(augmenter) for augmenter in plain]
