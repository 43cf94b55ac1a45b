"""AlexNet as one tower (Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014)."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count

from ... import nn
from ._classifier import Classifier, no_weights


class AlexNet(Classifier):
    """Five convolutions, three poolings, two wide layers.

    >>> AlexNet(classes=5).output
    Dense(4096 -> 5)
    """

    def __init__(self, classes: Count = 1000, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(classes, 4096, prefix, params, _fill)


def alexnet(classes: int = 1000, pretrained: bool = False, **old: Any) -> AlexNet:
    """AlexNet for images (n, 3, 224, 224).

    >>> alexnet(classes=5).output
    Dense(4096 -> 5)
    """
    return AlexNet(classes, **no_weights("alexnet", pretrained, old))


def _fill(features: nn.HybridSequential) -> None:
    before = 3
    for width, kernel, stride, pad, pooled in (
        (64, 11, 4, 2, True),
        (192, 5, 1, 2, True),
        (384, 3, 1, 1, False),
        (256, 3, 1, 1, False),
        (256, 3, 1, 1, True),
    ):
        features.add(nn.Conv2D(width, kernel, stride, pad, activation="relu", in_channels=before))
        if pooled:
            features.add(nn.MaxPool2D(3, 2))
        before = width
    features.add(nn.Flatten())
    for inputs in (256 * 6 * 6, 4096):
        features.add(nn.Dense(4096, activation="relu", in_units=inputs), nn.Dropout(0.5))
