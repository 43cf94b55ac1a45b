"""Convolution along one, two and three axes."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from dlcore._kinds import Count, Counts, Length, Naturals
from dlcore.ops import F

from .._block import shape_of
from .._hybrid_block import HybridBlock
from ._activation import activate, check

Numbers = int | Sequence[int]
AXES = {1: "NCW", 2: "NCHW", 3: "NCDHW"}


def numbers(value: Numbers, axes: int, what: str) -> tuple[int, ...]:
    """(3, 3) for 3 and two axes; as many numbers as axes as a tuple."""
    found = (value,) * axes if isinstance(value, int) else tuple(value)
    if len(found) != axes:
        raise ValueError(f"{what}: expected a number or {axes} of them, got {value}")
    return found


def channels_last(layout: str | None, axes: int, layer: str) -> bool:
    """Whether a layout has its channels last: "NHWC" and the like, else "NCHW" and the like."""
    first = AXES[axes]
    last = "N" + first[2:] + "C"
    if layout not in (None, first, last):
        raise ValueError(f"{layer}: expected the layout {first!r} or {last!r}, got {layout!r}")
    return layout == last


def to_first(x: Any, axes: int) -> Any:
    """x with its last axis, the channels, moved behind the first."""
    return F.transpose(x, (0, axes + 1, *range(1, axes + 1)))


def to_last(x: Any, axes: int) -> Any:
    """x with its second axis, the channels, moved to the end."""
    return F.transpose(x, (0, *range(2, axes + 2), 1))


class Windowed(HybridBlock):
    """What convolutions of either direction share: their arguments, shapes and description."""

    axes = 2

    def _alias(self) -> str:
        return "conv"

    def __init__(
        self,
        channels: Count,
        kernel_size: Counts,
        strides: Counts | None = None,
        padding: Naturals = 0,
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
        super().__init__(prefix, params)
        kind, axes = type(self).__name__, self.axes
        if strides is not None and stride is not None:
            raise ValueError(f"{kind}: strides and stride are one argument, got {strides} and {stride}")
        if channels % groups or in_channels % groups:
            raise ValueError(f"{kind}: {groups} groups do not divide {in_channels} -> {channels} channels")
        self._channels, self._groups = channels, groups
        self._last = channels_last(layout, axes, kind)
        self._kernel = numbers(kernel_size, axes, f"{kind} kernel_size")
        steps = stride if strides is None else strides
        self._strides = numbers(1 if steps is None else steps, axes, f"{kind} strides")
        self._padding = numbers(padding, axes, f"{kind} padding")
        self._dilation = numbers(dilation, axes, f"{kind} dilation")
        self._activation = check(activation, kind)
        self.weight = self.params.get(
            "weight", shape=self._weight_shape(in_channels), init=weight_initializer, allow_deferred_init=True
        )
        self.bias = self.params.get("bias", shape=(channels,), init=bias_initializer) if use_bias else None

    def _pair(self, in_channels: int) -> tuple[int, int]:
        """The first two axes of the weight, channels first."""
        raise NotImplementedError

    def _weight_shape(self, in_channels: int) -> tuple[int, ...]:
        before, after = self._pair(in_channels)
        return (before, *self._kernel, after) if self._last else (before, after, *self._kernel)

    def infer_shape(self, x: Any) -> None:
        shape, kind = shape_of(x), type(self).__name__
        if len(shape) != self.axes + 2:
            layout = AXES[self.axes]
            order = ("N" + layout[2:] + "C" if self._last else layout).lower()
            raise ValueError(f"{kind}: expected x of shape ({', '.join(order)}), got {shape}")
        found = shape[-1 if self._last else 1]
        if found % self._groups:
            raise ValueError(f"{kind}: {self._groups} groups do not divide the {found} channels of x {shape}")
        self.weight.shape = self._weight_shape(found)

    @functools.cached_property
    def _kwargs(self) -> dict[str, Any]:
        """The words with which classes that derive from this one call MXNet's operator."""
        layout = AXES[self.axes]
        return {
            "kernel": self._kernel, "stride": self._strides, "dilate": self._dilation, "pad": self._padding,
            "num_filter": self._channels, "num_group": self._groups, "no_bias": self.bias is None,
            "layout": f"N{layout[2:]}C" if self._last else layout,
        }  # fmt: skip

    def forward(self, x: Any) -> Any:
        weight = self.weight.data()
        bias = self.bias.data() if self.bias is not None else None
        if not self._last:
            return activate(self._of(x, weight, bias), self._activation)
        y = self._of(to_first(x, self.axes), to_first(weight, self.axes), bias)
        return activate(to_last(y, self.axes), self._activation)

    def _of(self, x: Any, weight: Any, bias: Any) -> Any:
        """The operator on arrays with their channels first."""
        raise NotImplementedError

    def _in_channels(self) -> int:
        """As far as it is known; 0 before the first x."""
        raise NotImplementedError

    def _details(self) -> str:
        text = f"{self._in_channels() or '?'} -> {self._channels}, kernel_size={self._kernel}, stride={self._strides}"
        if any(self._padding):
            text += f", padding={self._padding}"
        if any(d != 1 for d in self._dilation):
            text += f", dilation={self._dilation}"
        if self._groups != 1:
            text += f", groups={self._groups}"
        if self.bias is None:
            text += ", bias=False"
        return text + (f", {self._activation}" if self._activation else "")


class _Conv(Windowed):
    def _pair(self, in_channels: int) -> tuple[int, int]:
        return self._channels, in_channels // self._groups

    def _in_channels(self) -> int:
        shape = self.weight.shape or (0, 0)
        return shape[-1 if self._last else 1] * self._groups

    def _of(self, x: Any, weight: Any, bias: Any) -> Any:
        conv = (F.conv1d, F.conv2d, F.conv3d)[self.axes - 1]
        where: dict[str, Any] = {"stride": self._strides, "pad": self._padding, "dilate": self._dilation}
        return conv(x, weight, bias, **where, groups=self._groups)


class Conv1D(_Conv):
    """Convolution of x (n, c, w) with weight (channels, c / groups, kw), giving (n, channels, ow); see `Conv2D`.

    >>> import dlcore as dl
    >>> layer = Conv1D(8, kernel_size=3)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 16))).shape
    (2, 8, 14)
    """

    axes = 1


class Conv2D(_Conv):
    """Convolution of x (n, c, h, w) with weight (channels, c / groups, kh, kw), giving (n, channels, oh, ow).

    oh = (h + 2 * padding - dilation * (kh - 1) - 1) // stride + 1, and likewise ow. in_channels 0 is learned from the
    first x. kernel_size, strides (also `stride`), padding and dilation are numbers or pairs. layout "NHWC": x and y
    with their channels last, weight (channels, kh, kw, c / groups).

    >>> import dlcore as dl
    >>> layer = Conv2D(8, kernel_size=3, padding=1, activation="relu")
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 16, 16))).shape
    (2, 8, 16, 16)
    """


class Conv3D(_Conv):
    """Convolution of x (n, c, d, h, w) with weight (channels, c / groups, kd, kh, kw); see `Conv2D`.

    >>> import dlcore as dl
    >>> layer = Conv3D(8, kernel_size=3)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 5, 6, 7))).shape
    (2, 8, 3, 4, 5)
    """

    axes = 3
