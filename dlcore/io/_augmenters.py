"""Augmenters: objects that change a picture, some at random; lists of them are what `ImageIter` and others apply."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore._core import NDArray
from dlcore.array import image as ops
from dlcore.array import nd

from . import _augment as basic

_GREY = np.array([0.299, 0.587, 0.114], np.float32)
# Principal components of the colours of ImageNet (Krizhevsky et al., 2012) and its means, on the scale 0 to 255.
_EIGVAL = np.array([55.46, 4.794, 1.148], np.float32)
_EIGVEC = np.array(
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]], np.float32
)  # fmt: skip
MEAN, STD = np.array([123.68, 116.28, 103.53], np.float32), np.array([58.395, 57.12, 57.375], np.float32)


class Named:
    """What keeps the words it was made with."""

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = {k: v.tolist() if hasattr(v, "tolist") else v for k, v in kwargs.items()}

    def dumps(self) -> Any:
        """The augmenter's name and words as JSON."""
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v}' for k, v in self._kwargs.items())})"


class Augmenter(Named):
    """Base: a subclass gives `__call__(picture)`; its words are kept for `dumps`.

    >>> class Negative(Augmenter):
    ...     def __call__(self, src):
    ...         return basic.made(255 - basic.pixels(src))
    >>> Negative()(np.full((1, 1, 3), 5, np.uint8)).asnumpy().tolist(), Negative().dumps()
    ([[[250, 250, 250]]], '["negative", {}]')
    """

    def __call__(self, src: Any) -> NDArray:
        raise NotImplementedError(f"{type(self).__name__} has no __call__(picture)")


class ResizeAug(Augmenter):
    """The shorter edge as long as `size`.

    >>> ResizeAug(2)(np.full((4, 6, 3), 100, np.uint8)).shape
    (2, 3, 3)
    """

    def __init__(self, size: int, interp: int = 2) -> None:
        super().__init__(size=size, interp=interp)
        self.size, self.interp = size, interp

    def __call__(self, src: Any) -> NDArray:
        return basic.resize_short(src, self.size, self.interp)


class ForceResizeAug(Augmenter):
    """The size (width, height), whatever the proportions.

    >>> ForceResizeAug((2, 5))(np.full((4, 6, 3), 100, np.uint8)).shape
    (5, 2, 3)
    """

    def __init__(self, size: Sequence[int], interp: int = 2) -> None:
        super().__init__(size=size, interp=interp)
        self.size, self.interp = size, interp

    def __call__(self, src: Any) -> NDArray:
        return basic.imresize(src, self.size[0], self.size[1], self.interp)


class RandomCropAug(ForceResizeAug):
    """A part of the size (width, height) from a random place.

    >>> RandomCropAug((2, 3))(np.full((4, 6, 3), 100, np.uint8)).shape
    (3, 2, 3)
    """

    def __call__(self, src: Any) -> NDArray:
        return basic.random_crop(src, self.size, self.interp)[0]


class CenterCropAug(ForceResizeAug):
    """The middle, of the size (width, height).

    >>> CenterCropAug((2, 3))(np.full((4, 6, 3), 100, np.uint8)).shape
    (3, 2, 3)
    """

    def __call__(self, src: Any) -> NDArray:
        return basic.center_crop(src, self.size, self.interp)[0]


class RandomSizedCropAug(Augmenter):
    """A part of random area and proportions, in the size (width, height).

    >>> RandomSizedCropAug((2, 3), 0.5, (0.75, 1.33))(np.full((4, 6, 3), 100, np.uint8)).shape
    (3, 2, 3)
    """

    def __init__(self, size: Sequence[int], area: Any, ratio: Sequence[float], interp: int = 2) -> None:
        super().__init__(size=size, area=area, ratio=ratio, interp=interp)
        self.size, self.area, self.ratio, self.interp = size, area, ratio, interp

    def __call__(self, src: Any) -> NDArray:
        return basic.random_size_crop(src, self.size, self.area, self.ratio, self.interp)[0]


class HorizontalFlipAug(Augmenter):
    """Left and right exchanged with the probability `p`.

    >>> HorizontalFlipAug(1.0)(np.array([[[1], [2]]])).asnumpy().ravel().tolist()
    [2, 1]
    """

    def __init__(self, p: float) -> None:
        super().__init__(p=p)
        self.p = p

    def __call__(self, src: Any) -> NDArray:
        image = basic.pixels(src)
        return basic.made(image[:, ::-1] if basic.draw()[0] < self.p else image)


class CastAug(Augmenter):
    """Another dtype.

    >>> CastAug()(np.full((4, 6, 3), 100, np.uint8)).dtype.name
    'float32'
    """

    def __init__(self, typ: str = "float32") -> None:
        super().__init__(type=typ)
        self.typ = typ

    def __call__(self, src: Any) -> NDArray:
        return basic.made(basic.pixels(src).astype(self.typ))


class ColorNormalizeAug(Augmenter):
    """(picture - mean) / std.

    >>> float(ColorNormalizeAug(90.0, 5.0)(np.full((4, 6, 3), 100, np.uint8)).max())
    2.0
    """

    def __init__(self, mean: Any, std: Any) -> None:
        super().__init__(mean=mean, std=std)
        self.mean, self.std = mean, std

    def __call__(self, src: Any) -> NDArray:
        return basic.color_normalize(src, self.mean, self.std)


class BrightnessJitterAug(Augmenter):
    """Every colour times a random number between 1 - `amount` and 1 + `amount`.

    >>> BrightnessJitterAug(0.2)(np.full((4, 6, 3), 100, np.uint8)).shape
    (4, 6, 3)
    """

    def __init__(self, amount: float) -> None:
        super().__init__(amount=amount)
        self.amount = amount

    def _factor(self) -> float:
        return 1.0 + self.amount * (2 * basic.draw()[0] - 1)

    def _other(self, image: np.ndarray) -> Any:
        """What the picture is mixed with."""
        return np.float32(0)

    def __call__(self, src: Any) -> NDArray:
        image, factor = basic.pixels(src).astype(np.float32), np.float32(self._factor())
        return basic.made(image * factor + self._other(image) * (1 - factor))


class ContrastJitterAug(BrightnessJitterAug):
    """Colours nearer to, or farther from, the mean grey by a random factor.

    >>> ContrastJitterAug(0.2)(np.full((4, 6, 3), 100, np.uint8)).shape
    (4, 6, 3)
    """

    def _other(self, image: np.ndarray) -> Any:
        return (image * _GREY).sum(axis=2).mean()


class SaturationJitterAug(BrightnessJitterAug):
    """Colours nearer to, or farther from, their own grey by a random factor.

    >>> SaturationJitterAug(0.2)(np.full((4, 6, 3), 100, np.uint8)).shape
    (4, 6, 3)
    """

    def _other(self, image: np.ndarray) -> Any:
        return (image * _GREY).sum(axis=2, keepdims=True)


class HueJitterAug(Augmenter):
    """Colours turned by a random part of the circle, at most `hue` of it.

    >>> HueJitterAug(0.1)(np.full((4, 6, 3), 100, np.uint8)).shape
    (4, 6, 3)
    """

    def __init__(self, hue: float) -> None:
        super().__init__(hue=hue)
        self.hue = hue

    def __call__(self, src: Any) -> NDArray:
        return ops.random_hue(nd.array(basic.pixels(src), dtype="float32"), 1 - self.hue, 1 + self.hue)


class LightingAug(Augmenter):
    """A random colour along the principal components of ImageNet's colours, added to the picture.

    >>> LightingAug(0.1)(np.full((4, 6, 3), 100, np.uint8)).shape
    (4, 6, 3)
    """

    def __init__(self, alphastd: float, eigval: Any = _EIGVAL, eigvec: Any = _EIGVEC) -> None:
        super().__init__(alphastd=alphastd, eigval=eigval, eigvec=eigvec)
        self.alphastd, self.eigval, self.eigvec = alphastd, np.asarray(eigval), np.asarray(eigvec)

    def __call__(self, src: Any) -> NDArray:
        alpha = nd.random.normal(0, self.alphastd, shape=(3,)).asnumpy()
        return basic.made(basic.pixels(src).astype(np.float32) + (self.eigvec * alpha) @ self.eigval)


class RandomGrayAug(Augmenter):
    """Grey with the probability `p`.

    >>> RandomGrayAug(1.0)(np.full((4, 6, 3), 100, np.uint8)).shape
    (4, 6, 3)
    """

    def __init__(self, p: float) -> None:
        super().__init__(p=p)
        self.p = p

    def __call__(self, src: Any) -> NDArray:
        image = basic.pixels(src)
        if basic.draw()[0] < self.p:
            image = np.repeat((image * _GREY).sum(axis=2, keepdims=True), 3, axis=2).astype(np.float32)
        return basic.made(image)


class SequentialAug(Augmenter):
    """Several, one after the other.

    >>> SequentialAug([ResizeAug(2), CenterCropAug((2, 2))])(np.full((4, 6, 3), 100, np.uint8)).shape
    (2, 2, 3)
    """

    def __init__(self, ts: Sequence[Augmenter]) -> None:
        super().__init__()
        self.ts = list(ts)

    def __call__(self, src: Any) -> NDArray:
        for augmenter in self.ts:
            src = augmenter(src)
        return src


class RandomOrderAug(SequentialAug):
    """Several in a random order.

    >>> RandomOrderAug([BrightnessJitterAug(0.2), HorizontalFlipAug(0.5)])(np.full((4, 6, 3), 100, np.uint8)).shape
    (4, 6, 3)
    """

    def __call__(self, src: Any) -> NDArray:
        for k in np.argsort(basic.draw(len(self.ts))):
            src = self.ts[k](src)
        return src


class ColorJitterAug(RandomOrderAug):
    """Brightness, contrast and saturation by random amounts, in a random order.

    >>> ColorJitterAug(0.2, 0.2, 0.2)(np.full((4, 6, 3), 100, np.uint8)).shape
    (4, 6, 3)
    """

    def __init__(self, brightness: float, contrast: float, saturation: float) -> None:
        kinds = ((BrightnessJitterAug, brightness), (ContrastJitterAug, contrast), (SaturationJitterAug, saturation))
        super().__init__([kind(amount) for kind, amount in kinds if amount > 0])


def CreateAugmenter(
    data_shape: Sequence[int],
    resize: int = 0,
    rand_crop: bool = False,
    rand_resize: bool = False,
    rand_mirror: bool = False,
    mean: Any = None,
    std: Any = None,
    brightness: float = 0,
    contrast: float = 0,
    saturation: float = 0,
    hue: float = 0,
    pca_noise: float = 0,
    rand_gray: float = 0,
    inter_method: int = 2,
) -> list[Augmenter]:
    """The usual list for pictures of `data_shape` (channels, height, width); mean and std may be True for ImageNet's.

    >>> [type(a).__name__ for a in CreateAugmenter((3, 4, 4), resize=5, rand_mirror=True)]
    ['ResizeAug', 'CenterCropAug', 'HorizontalFlipAug', 'CastAug']
    """
    if len(tuple(data_shape)) != 3:
        raise ValueError(f"CreateAugmenter: expected data_shape (channels, height, width), got {tuple(data_shape)}")
    size = (data_shape[2], data_shape[1])
    found: list[Augmenter] = [ResizeAug(resize, inter_method)] if resize > 0 else []
    if rand_resize:
        if not rand_crop:
            raise ValueError("CreateAugmenter: rand_resize needs rand_crop=True")
        found.append(RandomSizedCropAug(size, 0.08, (3 / 4, 4 / 3), inter_method))
    else:
        found.append((RandomCropAug if rand_crop else CenterCropAug)(size, inter_method))
    found += [HorizontalFlipAug(0.5)] if rand_mirror else []
    found.append(CastAug())
    found += [ColorJitterAug(brightness, contrast, saturation)] if brightness or contrast or saturation else []
    found += [HueJitterAug(hue)] if hue else []
    found += [LightingAug(pca_noise)] if pca_noise > 0 else []
    found += [RandomGrayAug(rand_gray)] if rand_gray > 0 else []
    mean, std = MEAN if mean is True else mean, STD if std is True else std
    return found + ([ColorNormalizeAug(mean, std)] if mean is not None or std is not None else [])
