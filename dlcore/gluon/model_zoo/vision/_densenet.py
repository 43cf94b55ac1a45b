"""DenseNet (Huang et al., "Densely Connected Convolutional Networks", 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from ... import nn
from ..._hybrid_block import HybridBlock
from ._classifier import Classifier, no_weights
from ._resnet import conv


class DenseLayer(HybridBlock):
    """x with `growth` more channels behind it: norm, relu, a 1x1 convolution to 4 * growth, norm, relu, a 3x3 one.

    >>> import dlcore as dl
    >>> layer = DenseLayer(4, growth=2)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((1, 4, 6, 6))).shape
    (1, 6, 6, 6)
    """

    def __init__(self, in_channels: Length, growth: Count, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self.body = nn.HybridSequential(
            nn.BatchNorm(in_channels=in_channels),
            nn.Activation("relu"),
            conv(4 * growth, 1, 1, in_channels),
            nn.BatchNorm(in_channels=4 * growth),
            nn.Activation("relu"),
            conv(growth, 3, 1, 4 * growth),
            prefix="",
        )

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        return F.concat(x, self.body(x), axis=1)


class DenseNet(Classifier):
    """Stages of layers[k] `DenseLayer`s; between them a 1x1 convolution to half the channels, and pooling.

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
        layers: Sequence[int],
        classes: Count = 1000,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        def fill(features: nn.HybridSequential) -> None:
            self._fill(features, num_init_features, growth_rate, layers)

        super().__init__(classes, 0, prefix, params, fill, lambda: nn.Dense(classes, in_units=self._width))

    def _fill(self, features: nn.HybridSequential, width: int, growth_rate: int, layers: Sequence[int]) -> None:
        features.add(conv(width, 7, 2, 3), nn.BatchNorm(in_channels=width), nn.Activation("relu"))
        features.add(nn.MaxPool2D(3, 2, 1))
        for number, count in enumerate(layers):
            stage = nn.HybridSequential(prefix=f"stage{number + 1}_")
            with stage.name_scope():
                stage.add(*(DenseLayer(width + k * growth_rate, growth_rate, prefix="") for k in range(count)))
            width += count * growth_rate
            features.add(stage, nn.BatchNorm(in_channels=width), nn.Activation("relu"))
            if number < len(layers) - 1:
                features.add(conv(width // 2, 1, 1, width), nn.AvgPool2D(2, 2))
                width //= 2
        features.add(nn.GlobalAvgPool2D())
        self._width = width


# Channels of the stem, growth, and layers in each stage, by the number of layers.
_PLANS = {
    121: (64, 32, [6, 12, 24, 16]),
    161: (96, 48, [6, 12, 36, 24]),
    169: (64, 32, [6, 12, 32, 32]),
    201: (64, 32, [6, 12, 48, 32]),
}


def _densenet(num_layers: int, classes: int, pretrained: bool, old: dict[str, Any]) -> DenseNet:
    no_weights(f"densenet{num_layers}", pretrained, old)
    return DenseNet(*_PLANS[num_layers], classes)


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
