"""AlexNet as one tower (Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014)."""

from __future__ import annotations

from typing import Any

from ... import nn
from ._classifier import Classifier, no_weights


def alexnet(classes: int = 1000, pretrained: bool = False, **old: Any) -> Classifier:
    """AlexNet for images (n, 3, 224, 224): five convolutions, three poolings, two wide layers.

    >>> alexnet(classes=5).output
    Dense(4096 -> 5)
    """
    no_weights("alexnet", pretrained, old)
    return Classifier(classes, in_units=4096, fill=_fill)


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
