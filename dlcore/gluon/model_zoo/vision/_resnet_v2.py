"""Residual networks, second version (He et al., "Identity Mappings in Deep Residual Networks", 2016): normalization and
activation come before each convolution, and nothing after the sum."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from ... import nn
from ..._hybrid_block import HybridBlock
from ._classifier import Classifier, no_weights
from ._resnet import channels_of, conv, make_v1, stages


class BasicBlockV2(HybridBlock):
    """x + conv2(relu(bn2(conv1(y)))) with y = relu(bn1(x)) and 3x3 convolutions.

    In x's place comes a 1x1 convolution of y where the shape changes, or with `downsample`.

    >>> import dlcore as dl
    >>> block = BasicBlockV2(8, stride=2, in_channels=4)
    >>> block.initialize()
    >>> block(dl.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    bn1: nn.BatchNorm
    conv1: nn.Conv2D

    def __init__(
        self,
        channels: Count,
        stride: int,
        downsample: bool = False,
        in_channels: Length = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        before = in_channels
        for number, (width, kernel, step) in enumerate(self._convolutions(channels, stride), 1):
            setattr(self, f"bn{number}", nn.BatchNorm(in_channels=before))
            setattr(self, f"conv{number}", conv(width, kernel, step, before))
            before = width
        self._count = number
        fits = downsample or stride != 1 or in_channels not in (0, channels)
        self.downsample = conv(channels, 1, stride, in_channels) if fits else None

    @staticmethod
    def _convolutions(channels: int, stride: int) -> list[tuple[int, int, int]]:
        """Channels, kernel and stride of each."""
        return [(channels, 3, stride), (channels, 3, 1)]

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        ready = F.relu(self.bn1(x))
        beside = x if self.downsample is None else self.downsample(ready)
        y = self.conv1(ready)
        for number in range(2, self._count + 1):
            y = getattr(self, f"conv{number}")(F.relu(getattr(self, f"bn{number}")(y)))
        return F.add(y, beside)


class BottleneckV2(BasicBlockV2):
    """As `BasicBlockV2`, with a 1x1 convolution to a quarter of the channels, a 3x3 one, and a 1x1 one back.

    >>> import dlcore as dl
    >>> block = BottleneckV2(8, stride=2, in_channels=4)
    >>> block.initialize()
    >>> block(dl.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    @staticmethod
    def _convolutions(channels: int, stride: int) -> list[tuple[int, int, int]]:
        return [(channels // 4, 1, 1), (channels // 4, 3, stride), (channels, 1, 1)]


class ResNetV2(Classifier):
    """As `ResNetV1`, with blocks of the second version and the picture normalized first.

    >>> import dlcore as dl
    >>> net = ResNetV2(BasicBlockV2, [1, 1], [4, 4, 8], classes=3, thumbnail=True)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 8, 8))).shape
    (1, 3)
    """

    def __init__(
        self,
        block: Callable[..., HybridBlock],
        layers: Sequence[int],
        channels: Sequence[int],
        classes: Count = 1000,
        thumbnail: bool = False,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        def fill(features: nn.HybridSequential) -> None:
            features.add(nn.BatchNorm(scale=False, center=False, in_channels=3))
            features.add(conv(channels[0], 3 if thumbnail else 7, 1 if thumbnail else 2, 3))
            if not thumbnail:
                features.add(nn.BatchNorm(in_channels=channels[0]), nn.Activation("relu"), nn.MaxPool2D(3, 2, 1))
            features.add(*stages(block, layers, channels))
            features.add(nn.BatchNorm(in_channels=channels[-1]), nn.Activation("relu"), nn.GlobalAvgPool2D())
            features.add(nn.Flatten())

        super().__init__(classes, channels[-1], prefix, params, fill)


def get_resnet(version: int, num_layers: int, classes: int = 1000, pretrained: bool = False, **old: Any) -> Classifier:
    """ResNet of version 1 or 2 with 18, 34, 50, 101 or 152 layers; ValueError for others.

    >>> get_resnet(2, 18, classes=5).output
    Dense(512 -> 5)
    """
    if version not in (1, 2):
        raise ValueError(f"ResNet: expected version 1 or 2, got {version}")
    return (_v2 if version == 2 else make_v1)(num_layers, classes, pretrained, old)


def _v2(num_layers: int, classes: int, pretrained: bool, old: dict[str, Any]) -> ResNetV2:
    more = no_weights(f"resnet{num_layers}_v2", pretrained, old, "thumbnail")
    layers, channels, bottleneck = channels_of(num_layers)
    return ResNetV2(BottleneckV2 if bottleneck else BasicBlockV2, layers, channels, classes, **more)


def resnet18_v2(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV2:
    """ResNet-18 of the second version for images (n, 3, 224, 224).

    >>> resnet18_v2(classes=10).output
    Dense(512 -> 10)
    """
    return _v2(18, classes, pretrained, old)


def resnet34_v2(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV2:
    """ResNet-34 of the second version for images (n, 3, 224, 224).

    >>> resnet34_v2(classes=10).output
    Dense(512 -> 10)
    """
    return _v2(34, classes, pretrained, old)


def resnet50_v2(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV2:
    """ResNet-50 of the second version for images (n, 3, 224, 224).

    >>> resnet50_v2(classes=10).output
    Dense(2048 -> 10)
    """
    return _v2(50, classes, pretrained, old)


def resnet101_v2(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV2:
    """ResNet-101 of the second version for images (n, 3, 224, 224).

    >>> resnet101_v2(classes=10).output
    Dense(2048 -> 10)
    """
    return _v2(101, classes, pretrained, old)


def resnet152_v2(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV2:
    """ResNet-152 of the second version for images (n, 3, 224, 224).

    >>> resnet152_v2(classes=10).output
    Dense(2048 -> 10)
    """
    return _v2(152, classes, pretrained, old)
