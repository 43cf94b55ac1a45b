"""Residual networks, second version (He et al., "Identity Mappings in Deep Residual Networks", 2016): normalization and
activation come before each convolution, and nothing after the sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from ... import nn
from ..._hybrid_block import HybridBlock
from ._classifier import Classifier, no_weights
from ._resnet import channels_of, conv, make_v1, stages


class BasicBlockV2(HybridBlock):
    """x + body(relu(norm(x))), where body is two 3x3 convolutions; a 1x1 one fits x where the shape changes.

    >>> import dlcore as dl
    >>> block = BasicBlockV2(8, stride=2, in_channels=4)
    >>> block.initialize()
    >>> block(dl.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    def __init__(
        self, channels: Count, stride: int, in_channels: Length, prefix: str | None = None, params: Any = None
    ) -> None:
        super().__init__(prefix, params)
        self.before = nn.HybridSequential(nn.BatchNorm(in_channels=in_channels), nn.Activation("relu"), prefix="")
        self.body = self._body(channels, stride, in_channels)
        changes = stride != 1 or channels != in_channels
        self.downsample = conv(channels, 1, stride, in_channels) if changes else None

    @staticmethod
    def _body(channels: int, stride: int, in_channels: int) -> nn.HybridSequential:
        return nn.HybridSequential(
            conv(channels, 3, stride, in_channels),
            nn.BatchNorm(in_channels=channels),
            nn.Activation("relu"),
            conv(channels, 3, 1, channels),
            prefix="",
        )

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        ready = self.before(x)
        beside = x if self.downsample is None else self.downsample(ready)
        return F.add(self.body(ready), beside)


class BottleneckV2(BasicBlockV2):
    """x + body(relu(norm(x))), where body is a 1x1 convolution to a quarter of the channels, a 3x3 one, a 1x1 one back.

    >>> import dlcore as dl
    >>> block = BottleneckV2(8, stride=2, in_channels=4)
    >>> block.initialize()
    >>> block(dl.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    @staticmethod
    def _body(channels: int, stride: int, in_channels: int) -> nn.HybridSequential:
        inner = channels // 4
        return nn.HybridSequential(
            conv(inner, 1, 1, in_channels),
            nn.BatchNorm(in_channels=inner),
            nn.Activation("relu"),
            conv(inner, 3, stride, inner),
            nn.BatchNorm(in_channels=inner),
            nn.Activation("relu"),
            conv(channels, 1, 1, inner),
            prefix="",
        )


class ResNetV2(Classifier):
    """As `ResNetV1`, with blocks of the second version and the picture normalized first.

    >>> import dlcore as dl
    >>> net = ResNetV2([1, 1], [4, 4, 8], classes=3, small=True)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 8, 8))).shape
    (1, 3)
    """

    def __init__(
        self,
        layers: Sequence[int],
        channels: Sequence[int],
        classes: Count = 1000,
        small: bool = False,
        prefix: str | None = None,
        params: Any = None,
        block: type[BasicBlockV2] = BasicBlockV2,
    ) -> None:
        def fill(features: nn.HybridSequential) -> None:
            features.add(nn.BatchNorm(scale=False, center=False, in_channels=3))
            features.add(conv(channels[0], 3 if small else 7, 1 if small else 2, 3))
            if not small:
                features.add(nn.BatchNorm(in_channels=channels[0]), nn.Activation("relu"), nn.MaxPool2D(3, 2, 1))
            features.add(*stages(block, layers, channels))
            features.add(nn.BatchNorm(in_channels=channels[-1]), nn.Activation("relu"), nn.GlobalAvgPool2D())

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
    no_weights(f"resnet{num_layers}_v2", pretrained, old)
    layers, channels, bottleneck = channels_of(num_layers)
    return ResNetV2(layers, channels, classes, block=BottleneckV2 if bottleneck else BasicBlockV2)


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
