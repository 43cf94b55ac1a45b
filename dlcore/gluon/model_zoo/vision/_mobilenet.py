"""MobileNet, first version (Howard et al., "MobileNets", 2017)."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count

from ... import nn
from ..._hybrid_block import HybridBlock
from ._classifier import Classifier, no_weights

# Channels and stride of each pair of a depthwise and a 1x1 convolution.
_PAIRS = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1)]


class MobileNet(Classifier):
    """Depthwise 3x3 and 1x1 convolutions in turn; `multiplier` scales all channel numbers.

    >>> import dlcore as dl
    >>> net = MobileNet(0.25, classes=3)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 32, 32))).shape
    (1, 3)
    """

    def __init__(
        self, multiplier: float = 1.0, classes: Count = 1000, prefix: str | None = None, params: Any = None
    ) -> None:
        if multiplier * 32 < 1:
            raise ValueError(f"MobileNet: multiplier {multiplier} leaves no channels")

        def fill(features: nn.HybridSequential) -> None:
            before = int(32 * multiplier)
            features.add(*_conv(before, 3, 3, 2))
            for width, stride in _PAIRS:
                features.add(*_conv(before, before, 3, stride, groups=before))
                features.add(*_conv(int(width * multiplier), before, 1, 1))
                before = int(width * multiplier)
            features.add(nn.GlobalAvgPool2D())

        super().__init__(classes, int(1024 * multiplier), prefix, params, fill)


def _conv(channels: int, before: int, kernel: int, stride: int, groups: int = 1) -> list[HybridBlock]:
    conv = nn.Conv2D(channels, kernel, stride, kernel // 2, groups=groups, use_bias=False, in_channels=before)
    return [conv, nn.BatchNorm(in_channels=channels), nn.Activation("relu")]


def mobilenet_v1(multiplier: float = 1.0, classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNet:
    """MobileNet for images (n, 3, 224, 224).

    >>> mobilenet_v1(classes=10).output
    Dense(1024 -> 10)
    """
    return MobileNet(multiplier, classes, **no_weights("mobilenet_v1", pretrained, old))


def mobilenet1_0(classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNet:
    """MobileNet with all channels for images (n, 3, 224, 224).

    >>> mobilenet1_0(classes=10).output
    Dense(1024 -> 10)
    """
    return mobilenet_v1(1.0, classes, pretrained, **old)


def mobilenet0_75(classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNet:
    """MobileNet with three quarters of the channels for images (n, 3, 224, 224).

    >>> mobilenet0_75(classes=10).output
    Dense(768 -> 10)
    """
    return mobilenet_v1(0.75, classes, pretrained, **old)


def mobilenet0_5(classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNet:
    """MobileNet with half the channels for images (n, 3, 224, 224).

    >>> mobilenet0_5(classes=10).output
    Dense(512 -> 10)
    """
    return mobilenet_v1(0.5, classes, pretrained, **old)


def mobilenet0_25(classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNet:
    """MobileNet with a quarter of the channels for images (n, 3, 224, 224).

    >>> mobilenet0_25(classes=10).output
    Dense(256 -> 10)
    """
    return mobilenet_v1(0.25, classes, pretrained, **old)
