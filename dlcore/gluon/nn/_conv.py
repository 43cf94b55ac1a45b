"""Conv2D: convolution over images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore.ops import F

from .._block import shape_of
from .._hybrid_block import HybridBlock
from ._activation import activate, check

Pair = int | Sequence[int]


def pair(value: Pair, what: str) -> tuple[int, int]:
    """(3, 3) for 3; two numbers as a tuple."""
    numbers = (value, value) if isinstance(value, int) else tuple(value)
    if len(numbers) != 2:
        raise ValueError(f"{what}: expected a number or two, got {value}")
    return numbers[0], numbers[1]


def check_layout(layout: str, layer: str) -> None:
    """Only (n, c, h, w); inside compiled graphs the core chooses the order in memory by itself."""
    if layout != "NCHW":
        raise ValueError(f"{layer}: only the layout 'NCHW' is available, got {layout!r}")


class Conv2D(HybridBlock):
    """Convolution of x (n, c, h, w) with weight (channels, c / groups, kh, kw), giving (n, channels, oh, ow).

    oh = (h + 2 * padding - dilation * (kh - 1) - 1) // stride + 1, and likewise ow. in_channels 0 is learned from the
    first x. kernel_size, strides, padding and dilation are numbers or pairs.

    >>> import dlcore as dl
    >>> layer = Conv2D(8, kernel_size=3, padding=1, activation="relu")
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 16, 16))).shape
    (2, 8, 16, 16)
    """

    def __init__(
        self,
        channels: int,
        kernel_size: Pair,
        strides: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
        groups: int = 1,
        layout: str = "NCHW",
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        check_layout(layout, "Conv2D")
        if channels % groups or in_channels % groups:
            raise ValueError(f"Conv2D: {groups} groups do not divide {in_channels} -> {channels} channels")
        self._channels, self._groups = channels, groups
        self._kernel = pair(kernel_size, "Conv2D kernel_size")
        self._strides = pair(strides, "Conv2D strides")
        self._padding = pair(padding, "Conv2D padding")
        self._dilation = pair(dilation, "Conv2D dilation")
        self._activation = check(activation, "Conv2D")
        self.weight = self.params.get(
            "weight",
            shape=(channels, in_channels // groups, *self._kernel),
            init=weight_initializer,
            allow_deferred_init=True,
        )
        self.bias = self.params.get("bias", shape=(channels,), init=bias_initializer) if use_bias else None

    def infer_shape(self, x: Any) -> None:
        shape = shape_of(x)
        if len(shape) != 4:
            raise ValueError(f"Conv2D: expected x of shape (n, c, h, w), got {shape}")
        if shape[1] % self._groups:
            raise ValueError(f"Conv2D: {self._groups} groups do not divide the {shape[1]} channels of x {shape}")
        self.weight.shape = (self._channels, shape[1] // self._groups, *self._kernel)

    def forward(self, x: Any) -> Any:
        bias = self.bias.data() if self.bias is not None else None
        y = F.conv2d(
            x,
            self.weight.data(),
            bias,
            stride=self._strides,
            pad=self._padding,
            dilate=self._dilation,
            groups=self._groups,
        )
        return activate(y, self._activation)

    def _details(self) -> str:
        in_channels = (self.weight.shape or (0, 0))[1] * self._groups
        text = f"{in_channels or '?'} -> {self._channels}, kernel_size={self._kernel}, stride={self._strides}"
        if self._padding != (0, 0):
            text += f", padding={self._padding}"
        if self._dilation != (1, 1):
            text += f", dilation={self._dilation}"
        if self._groups != 1:
            text += f", groups={self._groups}"
        if self.bias is None:
            text += ", bias=False"
        return text + (f", {self._activation}" if self._activation else "")
