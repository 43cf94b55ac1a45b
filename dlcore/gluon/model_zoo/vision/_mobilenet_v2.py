"""MobileNet, second version (Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018)."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count, Length
from dlcore.ops import F

from ... import nn
from ..._hybrid_block import HybridBlock
from ._classifier import Classifier, no_weights

# How much wider a block is inside, its channels, how many blocks, and the first one's stride.
_STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


class _Relu6(HybridBlock):
    def forward(self, x: Any) -> Any:  # type: ignore[override]
        return F.relu6(x)


def _conv(channels: int, before: int, kernel: int, stride: int, groups: int = 1) -> list[HybridBlock]:
    conv = nn.Conv2D(channels, kernel, stride, kernel // 2, groups=groups, use_bias=False, in_channels=before)
    return [conv, nn.BatchNorm(in_channels=channels)]


class LinearBottleneck(HybridBlock):
    """A 1x1 convolution to `wider` times the channels, a depthwise 3x3 one, a 1x1 one without activation; x is added
    where the shape stays.

    >>> import dlcore as dl
    >>> block = LinearBottleneck(4, 8, wider=6, stride=2)
    >>> block.initialize()
    >>> block(dl.nd.ones((1, 4, 6, 6))).shape
    (1, 8, 3, 3)
    """

    def __init__(
        self,
        in_channels: Length,
        channels: Count,
        wider: int,
        stride: int,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        self._shortcut = stride == 1 and in_channels == channels
        inner = in_channels * wider
        with self.name_scope():
            self.out = nn.HybridSequential(prefix="")
            self.out.add(*_conv(inner, in_channels, 1, 1), _Relu6())
            self.out.add(*_conv(inner, inner, 3, stride, groups=inner), _Relu6(), *_conv(channels, inner, 1, 1))

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        return F.add(x, self.out(x)) if self._shortcut else self.out(x)


class MobileNetV2(Classifier):
    """Inverted residual blocks; `multiplier` scales all channel numbers, the last one only upwards.

    >>> import dlcore as dl
    >>> net = MobileNetV2(0.25, classes=3)
    >>> net.initialize()
    >>> net(dl.nd.ones((1, 3, 32, 32))).shape
    (1, 3)
    """

    def __init__(
        self, multiplier: float = 1.0, classes: Count = 1000, prefix: str | None = None, params: Any = None
    ) -> None:
        if multiplier * 16 < 1:
            raise ValueError(f"MobileNetV2: multiplier {multiplier} leaves no channels")
        last = int(1280 * max(multiplier, 1.0))
        super(Classifier, self).__init__(prefix, params)
        with self.name_scope():
            self.features = nn.HybridSequential(prefix="features_")
            with self.features.name_scope():
                self._fill(multiplier, last)
            self.output = nn.HybridSequential(prefix="output_")
            with self.output.name_scope():
                self.output.add(nn.Conv2D(classes, 1, use_bias=False, in_channels=last, prefix="pred_"), nn.Flatten())

    def _fill(self, multiplier: float, last: int) -> None:
        before = int(32 * multiplier)
        self.features.add(*_conv(before, 3, 3, 2), _Relu6())
        for wider, channels, count, stride in _STAGES:
            for k in range(count):
                width = int(channels * multiplier)
                self.features.add(LinearBottleneck(before, width, wider, stride if k == 0 else 1))
                before = width
        self.features.add(*_conv(last, before, 1, 1), _Relu6(), nn.GlobalAvgPool2D())


def get_mobilenet_v2(multiplier: float, classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNetV2:
    """MobileNet of the second version, with all channel numbers times `multiplier`.

    >>> get_mobilenet_v2(0.5, classes=10).output[0]
    Conv2D(1280 -> 10, kernel_size=(1, 1), stride=(1, 1), bias=False)
    """
    return MobileNetV2(multiplier, classes, **no_weights(f"mobilenet_v2_{multiplier}", pretrained, old))


def mobilenet_v2_1_0(classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNetV2:
    """MobileNet of the second version with all channels for images (n, 3, 224, 224).

    >>> mobilenet_v2_1_0(classes=10).output[0]
    Conv2D(1280 -> 10, kernel_size=(1, 1), stride=(1, 1), bias=False)
    """
    return get_mobilenet_v2(1.0, classes, pretrained, **old)


def mobilenet_v2_0_75(classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNetV2:
    """MobileNet of the second version with three quarters of the channels for images (n, 3, 224, 224).

    >>> mobilenet_v2_0_75(classes=10).output[0]
    Conv2D(1280 -> 10, kernel_size=(1, 1), stride=(1, 1), bias=False)
    """
    return get_mobilenet_v2(0.75, classes, pretrained, **old)


def mobilenet_v2_0_5(classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNetV2:
    """MobileNet of the second version with half the channels for images (n, 3, 224, 224).

    >>> mobilenet_v2_0_5(classes=10).output[0]
    Conv2D(1280 -> 10, kernel_size=(1, 1), stride=(1, 1), bias=False)
    """
    return get_mobilenet_v2(0.5, classes, pretrained, **old)


def mobilenet_v2_0_25(classes: int = 1000, pretrained: bool = False, **old: Any) -> MobileNetV2:
    """MobileNet of the second version with a quarter of the channels for images (n, 3, 224, 224).

    >>> mobilenet_v2_0_25(classes=10).output[0]
    Conv2D(1280 -> 10, kernel_size=(1, 1), stride=(1, 1), bias=False)
    """
    return get_mobilenet_v2(0.25, classes, pretrained, **old)
