"""Two small networks for digits: mlp and lenet."""

from __future__ import annotations

from ... import nn
from ._classifier import Classifier, no_weights


def mlp(classes: int = 10, pretrained: bool = False) -> Classifier:
    """Dense layers of 128, 64 and `classes` units.

    >>> import dlcore as dl
    >>> net = mlp()
    >>> net.initialize()
    >>> net(dl.nd.ones((2, 1, 28, 28))).shape
    (2, 10)
    """
    no_weights("mlp", pretrained, {})
    layers = ((128, 0), (64, 128))

    def fill(features: nn.HybridSequential) -> None:
        features.add(*(nn.Dense(units, activation="relu", in_units=before) for units, before in layers))

    return Classifier(classes, in_units=64, fill=fill)


def lenet(classes: int = 10, pretrained: bool = False) -> Classifier:
    """LeNet (LeCun et al., 1998) with the widths that Caffe and MXNet's examples use: 20, 50, 500.

    >>> import dlcore as dl
    >>> net = lenet()
    >>> net.initialize()
    >>> net(dl.nd.ones((2, 1, 28, 28))).shape
    (2, 10)
    """
    no_weights("lenet", pretrained, {})

    def fill(features: nn.HybridSequential) -> None:
        for channels in (20, 50):
            features.add(nn.Conv2D(channels, 5, activation="tanh"), nn.MaxPool2D(2, 2))
        features.add(nn.Dense(500, activation="tanh"))

    return Classifier(classes, in_units=500, fill=fill)
