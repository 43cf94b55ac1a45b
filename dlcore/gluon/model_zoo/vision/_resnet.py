"""Residual networks, first version (He et al., "Deep Residual Learning for Image Recognition", 2015)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from ... import nn
from ..._hybrid_block import HybridBlock
from ._classifier import Classifier, no_weights


def conv(channels: int, kernel: int, stride: int, in_channels: int, use_bias: bool = False) -> nn.Conv2D:
    return nn.Conv2D(channels, kernel, stride, kernel // 2, use_bias=use_bias, in_channels=in_channels)


def _conv3x3(channels: int, stride: int, in_channels: int) -> nn.Conv2D:
    """What libraries of networks import from here."""
    return conv(channels, 3, stride, in_channels)


class BasicBlockV1(HybridBlock):
    """relu(body(x) + x), where body is two 3x3 convolutions; a 1x1 one fits x where the shape changes.

    downsample: whether it does so even where the shape stays.

    >>> import dlcore as dl
    >>> block = BasicBlockV1(8, stride=2, in_channels=4)
    >>> block.initialize()
    >>> block(dl.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

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
        self.body = self._body(channels, stride, in_channels)
        self.downsample = None
        if downsample or stride != 1 or in_channels not in (0, channels):
            fit = conv(channels, 1, stride, in_channels)
            self.downsample = nn.HybridSequential(fit, nn.BatchNorm(in_channels=channels), prefix="")

    @staticmethod
    def _body(channels: int, stride: int, in_channels: int) -> nn.HybridSequential:
        return nn.HybridSequential(
            conv(channels, 3, stride, in_channels),
            nn.BatchNorm(in_channels=channels),
            nn.Activation("relu"),
            conv(channels, 3, 1, channels),
            nn.BatchNorm(in_channels=channels),
            prefix="",
        )

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        beside = x if self.downsample is None else self.downsample(x)
        return F.relu(F.add(self.body(x), beside))


class BottleneckV1(BasicBlockV1):
    """relu(body(x) + x), where body is a 1x1 convolution to a quarter of the channels, a 3x3 one, and a 1x1 one back.

    The 1x1 ones have a bias, as in MXNet, whose files of parameters hold them; the normalisation takes it off again.

    >>> import dlcore as dl
    >>> block = BottleneckV1(8, stride=2, in_channels=4)
    >>> block.initialize()
    >>> block(dl.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    @staticmethod
    def _body(channels: int, stride: int, in_channels: int) -> nn.HybridSequential:
        inner = channels // 4
        return nn.HybridSequential(
            conv(inner, 1, stride, in_channels, use_bias=True),
            nn.BatchNorm(in_channels=inner),
            nn.Activation("relu"),
            conv(inner, 3, 1, inner),
            nn.BatchNorm(in_channels=inner),
            nn.Activation("relu"),
            conv(channels, 1, 1, inner, use_bias=True),
            nn.BatchNorm(in_channels=channels),
            prefix="",
        )


def stages(
    block: Callable[..., HybridBlock], layers: Sequence[int], channels: Sequence[int]
) -> list[nn.HybridSequential]:
    """Stages of `layers[k]` blocks with channels[k + 1] channels, each but the first halving the picture."""
    if len(channels) != len(layers) + 1:
        raise ValueError(f"ResNet: expected {len(layers) + 1} channels for {len(layers)} stages, got {channels}")
    made = []
    for number, (count, before, width) in enumerate(zip(layers, channels, channels[1:], strict=False)):
        stage = nn.HybridSequential(prefix=f"stage{number + 1}_")
        with stage.name_scope():
            stage.add(block(width, 1 if number == 0 else 2, width != before, before, prefix=""))
            stage.add(*(block(width, 1, False, width, prefix="") for _ in range(count - 1)))
        made.append(stage)
    return made


class ResNetV1(Classifier):
    """Stages of `layers[k]` blocks with channels[k + 1] channels, after a stem of channels[0].

    block: `BasicBlockV1` or `BottleneckV1`. thumbnail: a 3x3 convolution as stem, for images of 32x32; else a 7x7 one
    with stride 2, normalization and pooling, for 224x224.

    >>> import dlcore as dl
    >>> net = ResNetV1(BasicBlockV1, [1, 1], [4, 4, 8], classes=3, thumbnail=True)
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
            features.add(*self._stem(channels[0], thumbnail), *stages(block, layers, channels), nn.GlobalAvgPool2D())

        super().__init__(classes, channels[-1], prefix, params, fill)

    def _stem(self, width: int, thumbnail: bool) -> list[HybridBlock]:
        if thumbnail:
            return [conv(width, 3, 1, 3)]
        return [conv(width, 7, 2, 3), nn.BatchNorm(in_channels=width), nn.Activation("relu"), nn.MaxPool2D(3, 2, 1)]


class CIFARResNetV1(ResNetV1):
    """`ResNetV1` for images of 32x32 as its authors trained it there: the 3x3 stem is normalized too.

    >>> import dlcore as dl
    >>> net = CIFARResNetV1(BasicBlockV1, [1, 1], [4, 4, 8], classes=3)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 8, 8))).shape
    (1, 3)
    """

    def __init__(
        self,
        block: Callable[..., HybridBlock],
        layers: Sequence[int],
        channels: Sequence[int],
        classes: Count = 10,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(block, layers, channels, classes, True, prefix, params)

    def _stem(self, width: int, thumbnail: bool) -> list[HybridBlock]:
        return [conv(width, 3, 1, 3), nn.BatchNorm(in_channels=width), nn.Activation("relu")]


# Blocks of each stage, and whether they are bottlenecks, by the number of layers.
PLANS = {
    18: ([2, 2, 2, 2], False),
    34: ([3, 4, 6, 3], False),
    50: ([3, 4, 6, 3], True),
    101: ([3, 4, 23, 3], True),
    152: ([3, 8, 36, 3], True),
}


def channels_of(num_layers: int) -> tuple[list[int], list[int], bool]:
    """Blocks and channels of each stage, and whether they are bottlenecks. ValueError for another number of layers."""
    if num_layers not in PLANS:
        raise ValueError(f"ResNet: expected {', '.join(map(str, PLANS))} layers, got {num_layers}")
    layers, bottleneck = PLANS[num_layers]
    return layers, [64, 256, 512, 1024, 2048] if bottleneck else [64, 64, 128, 256, 512], bottleneck


def make_v1(num_layers: int, classes: int, pretrained: bool, old: dict[str, Any]) -> ResNetV1:
    """ResNet of the first version with so many layers."""
    more = no_weights(f"resnet{num_layers}_v1", pretrained, old, "thumbnail")
    layers, channels, bottleneck = channels_of(num_layers)
    return ResNetV1(BottleneckV1 if bottleneck else BasicBlockV1, layers, channels, classes, **more)


def resnet18_v1(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV1:
    """ResNet-18 for images (n, 3, 224, 224).

    >>> resnet18_v1(classes=10).output
    Dense(512 -> 10)
    """
    return make_v1(18, classes, pretrained, old)


def resnet34_v1(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV1:
    """ResNet-34 for images (n, 3, 224, 224).

    >>> resnet34_v1(classes=10).output
    Dense(512 -> 10)
    """
    return make_v1(34, classes, pretrained, old)


def resnet50_v1(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV1:
    """ResNet-50 for images (n, 3, 224, 224).

    >>> resnet50_v1(classes=10).output
    Dense(2048 -> 10)
    """
    return make_v1(50, classes, pretrained, old)


def resnet101_v1(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV1:
    """ResNet-101 for images (n, 3, 224, 224).

    >>> resnet101_v1(classes=10).output
    Dense(2048 -> 10)
    """
    return make_v1(101, classes, pretrained, old)


def resnet152_v1(classes: int = 1000, pretrained: bool = False, **old: Any) -> ResNetV1:
    """ResNet-152 for images (n, 3, 224, 224).

    >>> resnet152_v1(classes=10).output
    Dense(2048 -> 10)
    """
    return make_v1(152, classes, pretrained, old)


def cifar_resnet20_v1(classes: int = 10, pretrained: bool = False, **old: Any) -> ResNetV1:
    """ResNet-20 for images (n, 3, 32, 32).

    >>> cifar_resnet20_v1(classes=10).output
    Dense(64 -> 10)
    """
    more = no_weights("cifar_resnet20_v1", pretrained, old)
    return CIFARResNetV1(BasicBlockV1, [3, 3, 3], [16, 16, 32, 64], classes, **more)
