"""VGG (Simonyan and Zisserman, "Very Deep Convolutional Networks", 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import nn
from ._classifier import Classifier, no_weights


class VGG(Classifier):
    """Stages of layers[k] 3x3 convolutions with channels[k] channels, each ended by pooling; then two wide layers.

    >>> import dlcore as dl
    >>> net = VGG([1, 1], [4, 8], classes=3, hidden=16)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 8, 8))).shape
    (1, 3)
    """

    def __init__(
        self,
        layers: Sequence[int],
        channels: Sequence[int],
        classes: int = 1000,
        hidden: int = 4096,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(classes, hidden, prefix, params)
        before = 3
        for count, width in zip(layers, channels, strict=True):
            for _ in range(count):
                self.features.add(nn.Conv2D(width, 3, padding=1, activation="relu", in_channels=before))
                before = width
            self.features.add(nn.MaxPool2D(2, 2))
        for inputs in (0, hidden):
            self.features.add(nn.Dense(hidden, activation="relu", in_units=inputs), nn.Dropout(0.5))


def vgg11(classes: int = 1000, pretrained: bool = False) -> VGG:
    """VGG-11 for images (n, 3, 224, 224), or another size that is a multiple of 32."""
    no_weights("vgg11", pretrained)
    return VGG([1, 1, 2, 2, 2], [64, 128, 256, 512, 512], classes)


def vgg16(classes: int = 1000, pretrained: bool = False) -> VGG:
    """VGG-16 for images (n, 3, 224, 224), or another size that is a multiple of 32."""
    no_weights("vgg16", pretrained)
    return VGG([2, 2, 3, 3, 3], [64, 128, 256, 512, 512], classes)
