"""DenseNet (Huang et al., "Densely Connected Convolutional Networks", 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore._kinds import Chance, Count

from ... import nn
from ._classifier import Classifier, no_weights
from ._resnet import conv


class DenseNet(Classifier):
    """Stages of block_config[k] layers that add `growth_rate` channels each; half the channels and pooling in between.

    bn_size: how many times growth_rate the 1x1 convolution of a layer makes. dropout: behind each layer.

    >>> import dlcore as dl
    >>> net = DenseNet(8, 4, [2, 2], classes=3)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 32, 32))).shape
    (1, 3)
    """

    def __init__(
        self,
        num_init_features: Count,
        growth_rate: Count,
        block_config: Sequence[int],
        bn_size: Count = 4,
        dropout: Chance = 0,
        classes: Count = 1000,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        def fill(features: nn.HybridSequential) -> None:
            width = num_init_features
            features.add(conv(width, 7, 2, 3), nn.BatchNorm(in_channels=width), nn.Activation("relu"))
            features.add(nn.MaxPool2D(3, 2, 1))
            for number, count in enumerate(block_config):
                if number > 0:
                    features.add(_between(width))
                    width //= 2
                stage = nn.HybridSequential(prefix=f"stage{number + 1}_")
                with stage.name_scope():
                    for _ in range(count):
                        stage.add(_layer(width, growth_rate, bn_size, dropout))
                        width += growth_rate
                features.add(stage)
            features.add(nn.BatchNorm(in_channels=width), nn.Activation("relu"), nn.GlobalAvgPool2D(), nn.Flatten())
            self._width = width

        super().__init__(classes, 0, prefix, params, fill, lambda: nn.Dense(classes, in_units=self._width))


def _layer(width: int, growth: int, bn_size: int, dropout: float) -> nn.HybridConcatenate:
    """x with `growth` more channels behind it."""
    body = nn.HybridSequential(prefix="")
    for channels, before, kernel in ((bn_size * growth, width, 1), (growth, bn_size * growth, 3)):
        body.add(nn.BatchNorm(in_channels=before), nn.Activation("relu"), conv(channels, kernel, 1, before))
    if dropout:
        body.add(nn.Dropout(dropout))
    both = nn.HybridConcatenate(axis=1, prefix="")
    both.add(nn.Identity(), body)
    return both


def _between(width: int) -> nn.HybridSequential:
    """Half the channels, half the height and width."""
    norm, half = nn.BatchNorm(in_channels=width), conv(width // 2, 1, 1, width)
    return nn.HybridSequential(norm, nn.Activation("relu"), half, nn.AvgPool2D(2, 2), prefix="")


# Channels of the stem, growth, and layers in each stage, by the number of layers.
_PLANS = {
    121: (64, 32, [6, 12, 24, 16]),
    161: (96, 48, [6, 12, 36, 24]),
    169: (64, 32, [6, 12, 32, 32]),
    201: (64, 32, [6, 12, 48, 32]),
}


def _densenet(num_layers: int, classes: int, pretrained: bool, old: dict[str, Any]) -> DenseNet:
    more = no_weights(f"densenet{num_layers}", pretrained, old, "bn_size", "dropout")
    return DenseNet(*_PLANS[num_layers], classes=classes, **more)


def densenet121(classes: int = 1000, pretrained: bool = False, **old: Any) -> DenseNet:
    """DenseNet-121 for images (n, 3, 224, 224).

    >>> densenet121(classes=10).output
    Dense(1024 -> 10)
    """
    return _densenet(121, classes, pretrained, old)


def densenet161(classes: int = 1000, pretrained: bool = False, **old: Any) -> DenseNet:
    """DenseNet-161 for images (n, 3, 224, 224).

    >>> densenet161(classes=10).output
    Dense(2208 -> 10)
    """
    return _densenet(161, classes, pretrained, old)


def densenet169(classes: int = 1000, pretrained: bool = False, **old: Any) -> DenseNet:
    """DenseNet-169 for images (n, 3, 224, 224).

    >>> densenet169(classes=10).output
    Dense(1664 -> 10)
    """
    return _densenet(169, classes, pretrained, old)


def densenet201(classes: int = 1000, pretrained: bool = False, **old: Any) -> DenseNet:
    """DenseNet-201 for images (n, 3, 224, 224).

    >>> densenet201(classes=10).output
    Dense(1920 -> 10)
    """
    return _densenet(201, classes, pretrained, old)
