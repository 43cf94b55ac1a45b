"""VGG (Simonyan and Zisserman, "Very Deep Convolutional Networks", 2014)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from dlcore._kinds import Count

from ... import nn
from ._classifier import Classifier, no_weights


class VGG(Classifier):
    """Stages of layers[k] 3x3 convolutions with filters[k] channels, each ended by pooling; then two wide layers.

    batch_norm: normalization after every convolution.

    >>> import dlcore as dl
    >>> net = VGG([1, 1], [4, 8], classes=3, hidden=16)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 8, 8))).shape
    (1, 3)
    """

    def __init__(
        self,
        layers: Sequence[int],
        filters: Sequence[int],
        classes: Count = 1000,
        batch_norm: bool = False,
        hidden: Count = 4096,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        def fill(features: nn.HybridSequential) -> None:
            self._fill(features, zip(layers, filters, strict=True), hidden, batch_norm)

        super().__init__(classes, hidden, prefix, params, fill)

    @staticmethod
    def _fill(features: nn.HybridSequential, stages: Iterable[tuple[int, int]], hidden: int, batch_norm: bool) -> None:
        before = 3
        for count, width in stages:
            for _ in range(count):
                features.add(nn.Conv2D(width, 3, padding=1, in_channels=before))
                if batch_norm:
                    features.add(nn.BatchNorm(in_channels=width))
                features.add(nn.Activation("relu"))
                before = width
            features.add(nn.MaxPool2D(2, 2))
        for inputs in (0, hidden):
            features.add(nn.Dense(hidden, activation="relu", in_units=inputs), nn.Dropout(0.5))


# Convolutions in each stage, by the number of layers.
_PLANS = {11: [1, 1, 2, 2, 2], 13: [2, 2, 2, 2, 2], 16: [2, 2, 3, 3, 3], 19: [2, 2, 4, 4, 4]}


def get_vgg(
    num_layers: int, classes: int = 1000, pretrained: bool = False, batch_norm: bool = False, **old: Any
) -> VGG:
    """VGG with 11, 13, 16 or 19 layers; ValueError for another number.

    >>> get_vgg(11, classes=5).output
    Dense(4096 -> 5)
    """
    more = no_weights(f"vgg{num_layers}", pretrained, old)
    if num_layers not in _PLANS:
        raise ValueError(f"VGG: expected {', '.join(map(str, _PLANS))} layers, got {num_layers}")
    return VGG(_PLANS[num_layers], [64, 128, 256, 512, 512], classes, batch_norm, **more)


def vgg11(classes: int = 1000, pretrained: bool = False, **old: Any) -> VGG:
    """VGG-11 for images (n, 3, 224, 224), or another size that is a multiple of 32.

    >>> vgg11(classes=10).output
    Dense(4096 -> 10)
    """
    return get_vgg(11, classes, pretrained, **old)


def vgg13(classes: int = 1000, pretrained: bool = False, **old: Any) -> VGG:
    """VGG-13 for images (n, 3, 224, 224), or another size that is a multiple of 32.

    >>> vgg13(classes=10).output
    Dense(4096 -> 10)
    """
    return get_vgg(13, classes, pretrained, **old)


def vgg16(classes: int = 1000, pretrained: bool = False, **old: Any) -> VGG:
    """VGG-16 for images (n, 3, 224, 224), or another size that is a multiple of 32.

    >>> vgg16(classes=10).output
    Dense(4096 -> 10)
    """
    return get_vgg(16, classes, pretrained, **old)


def vgg19(classes: int = 1000, pretrained: bool = False, **old: Any) -> VGG:
    """VGG-19 for images (n, 3, 224, 224), or another size that is a multiple of 32.

    >>> vgg19(classes=10).output
    Dense(4096 -> 10)
    """
    return get_vgg(19, classes, pretrained, **old)


def vgg11_bn(classes: int = 1000, pretrained: bool = False, **old: Any) -> VGG:
    """VGG-11 with normalization after every convolution.

    >>> vgg11_bn(classes=10).output
    Dense(4096 -> 10)
    """
    return get_vgg(11, classes, pretrained, batch_norm=True, **old)


def vgg13_bn(classes: int = 1000, pretrained: bool = False, **old: Any) -> VGG:
    """VGG-13 with normalization after every convolution.

    >>> vgg13_bn(classes=10).output
    Dense(4096 -> 10)
    """
    return get_vgg(13, classes, pretrained, batch_norm=True, **old)


def vgg16_bn(classes: int = 1000, pretrained: bool = False, **old: Any) -> VGG:
    """VGG-16 with normalization after every convolution.

    >>> vgg16_bn(classes=10).output
    Dense(4096 -> 10)
    """
    return get_vgg(16, classes, pretrained, batch_norm=True, **old)


def vgg19_bn(classes: int = 1000, pretrained: bool = False, **old: Any) -> VGG:
    """VGG-19 with normalization after every convolution.

    >>> vgg19_bn(classes=10).output
    Dense(4096 -> 10)
    """
    return get_vgg(19, classes, pretrained, batch_norm=True, **old)
