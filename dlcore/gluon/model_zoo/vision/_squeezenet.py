"""SqueezeNet (Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", 2016)."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count

from ... import nn
from ._classifier import Classifier, no_weights


def _conv(channels: int, kernel: int, before: int) -> nn.HybridSequential:
    conv = nn.Conv2D(channels, kernel, padding=kernel // 2, in_channels=before)
    return nn.HybridSequential(conv, nn.Activation("relu"), prefix="")


def _fire(before: int, narrow: int) -> nn.HybridSequential:
    """A 1x1 convolution to few channels, then a 1x1 and a 3x3 one to four times as many, one behind the other."""
    squeeze = _conv(narrow, 1, before)
    both = nn.HybridConcatenate(axis=1, prefix="")
    both.add(_conv(4 * narrow, 1, narrow), _conv(4 * narrow, 3, narrow))
    return nn.HybridSequential(squeeze, both, prefix="")


# Channels and size of the stem, and channels of the fires (narrow, a quarter of each wide part); 0 is pooling.
_PLANS = {
    "1.0": (96, 7, [16, 16, 32, 0, 32, 48, 48, 64, 0, 64]),
    "1.1": (64, 3, [16, 16, 0, 32, 32, 0, 48, 48, 64, 64]),
}


class SqueezeNet(Classifier):
    """SqueezeNet of version "1.0" or "1.1"; ValueError for another.

    >>> import dlcore as dl
    >>> net = SqueezeNet("1.1", classes=3)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 64, 64))).shape
    (1, 3)
    """

    def __init__(self, version: str, classes: Count = 1000, prefix: str | None = None, params: Any = None) -> None:
        if version not in _PLANS:
            raise ValueError(f"SqueezeNet: expected version {' or '.join(map(repr, _PLANS))}, got {version!r}")

        def output() -> nn.HybridSequential:
            last = _conv(classes, 1, 8 * _PLANS[version][2][-1])
            return nn.HybridSequential(*last, nn.GlobalAvgPool2D(), nn.Flatten(), prefix="")

        super().__init__(classes, 0, prefix, params, lambda features: _fill(features, *_PLANS[version]), output)


def _fill(features: nn.HybridSequential, width: int, kernel: int, fires: list[int]) -> None:
    features.add(nn.Conv2D(width, kernel, 2, in_channels=3), nn.Activation("relu"))
    features.add(nn.MaxPool2D(3, 2, ceil_mode=True))
    for narrow in fires:
        if narrow == 0:
            features.add(nn.MaxPool2D(3, 2, ceil_mode=True))
            continue
        features.add(_fire(width, narrow))
        width = 8 * narrow
    features.add(nn.Dropout(0.5))


def squeezenet1_0(classes: int = 1000, pretrained: bool = False, **old: Any) -> SqueezeNet:
    """SqueezeNet 1.0 for images (n, 3, 224, 224).

    >>> squeezenet1_0(classes=10).output[0]
    Conv2D(512 -> 10, kernel_size=(1, 1), stride=(1, 1))
    """
    return SqueezeNet("1.0", classes, **no_weights("squeezenet1.0", pretrained, old))


def squeezenet1_1(classes: int = 1000, pretrained: bool = False, **old: Any) -> SqueezeNet:
    """SqueezeNet 1.1, with 2.4 times less arithmetic, for images (n, 3, 224, 224).

    >>> squeezenet1_1(classes=10).output[0]
    Conv2D(512 -> 10, kernel_size=(1, 1), stride=(1, 1))
    """
    return SqueezeNet("1.1", classes, **no_weights("squeezenet1.1", pretrained, old))
