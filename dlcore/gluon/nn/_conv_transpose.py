"""Transposed convolution: what a convolution does to gradients, as a layer that enlarges."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count, Counts, Length, Naturals
from dlcore.ops import F

from ._conv import Windowed, numbers


class _ConvTranspose(Windowed):
    def __init__(
        self,
        channels: Count,
        kernel_size: Counts,
        strides: Counts | None = None,
        padding: Naturals = 0,
        output_padding: Naturals = 0,
        dilation: Counts = 1,
        groups: Count = 1,
        layout: str | None = None,
        activation: str | None = None,
        use_bias: bool = True,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_channels: Length = 0,
        prefix: str | None = None,
        params: Any = None,
        stride: Counts | None = None,
    ) -> None:
        super().__init__(
            channels, kernel_size, strides, padding, dilation, groups, layout, activation, use_bias,
            weight_initializer, bias_initializer, in_channels, prefix, params, stride,
        )  # fmt: skip
        kind = type(self).__name__
        self._more = numbers(output_padding, self.axes, f"{kind} output_padding")
        if any(more >= max(s, d) for more, s, d in zip(self._more, self._strides, self._dilation, strict=True)):
            raise ValueError(f"{kind}: output_padding {self._more} must be below strides {self._strides} or dilation")

    def _pair(self, in_channels: int) -> tuple[int, int]:
        return in_channels, self._channels // self._groups

    def _in_channels(self) -> int:
        return (self.weight.shape or (0,))[0]

    def _of(self, x: Any, weight: Any, bias: Any) -> Any:
        deconv = (F.deconv1d, F.deconv2d, F.deconv3d)[self.axes - 1]
        where: dict[str, Any] = {
            "stride": self._strides,
            "pad": self._padding,
            "dilate": self._dilation,
            "adj": self._more,
        }
        return deconv(x, weight, bias, **where, groups=self._groups)


class Conv1DTranspose(_ConvTranspose):
    """Transposed convolution of x (n, c, w) with weight (c, channels / groups, kw); see `Conv2DTranspose`.

    >>> import dlcore as dl
    >>> layer = Conv1DTranspose(8, kernel_size=4, strides=2, padding=1)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 16))).shape
    (2, 8, 32)
    """

    axes = 1


class Conv2DTranspose(_ConvTranspose):
    """Transposed convolution of x (n, c, h, w) with weight (c, channels / groups, kh, kw): (n, channels, oh, ow).

    oh = (h - 1) * stride - 2 * padding + dilation * (kh - 1) + output_padding + 1, and likewise ow.

    >>> import dlcore as dl
    >>> layer = Conv2DTranspose(8, kernel_size=4, strides=2, padding=1)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 16, 16))).shape
    (2, 8, 32, 32)
    """


class Conv3DTranspose(_ConvTranspose):
    """Transposed convolution of x (n, c, d, h, w) with weight (c, channels / groups, kd, kh, kw).

    See `Conv2DTranspose`.

    >>> import dlcore as dl
    >>> layer = Conv3DTranspose(4, kernel_size=2, strides=2)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((1, 3, 2, 3, 4))).shape
    (1, 4, 4, 6, 8)
    """

    axes = 3
