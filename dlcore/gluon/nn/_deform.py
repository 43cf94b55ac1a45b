"""Convolutions that learn where to look."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Count, Counts, Length, Naturals
from dlcore.ops import F

from ._activation import activate
from ._conv import _Conv


class DeformableConvolution(_Conv):
    """Convolution whose taps a second convolution of x moves (Dai et al., arXiv:1703.06211).

    x (n, c, h, w) gives (n, channels, oh, ow) as `Conv2D` does. `offset_weight` and `offset_bias` give each of the
    kh * kw taps two numbers at every place, how far down and right it reads; num_deformable_group parts of the channels
    move by themselves. They begin at zero, where this is `Conv2D`. ValueError for x of another shape.

    >>> import dlcore as dl
    >>> layer = DeformableConvolution(8, kernel_size=3, padding=1)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 16, 16))).shape, layer.offset_weight.shape
    ((2, 8, 16, 16), (18, 3, 3, 3))
    """

    _per_tap = 2
    _border = True

    def __init__(
        self,
        channels: Count,
        kernel_size: Counts = 1,
        strides: Counts = 1,
        padding: Naturals = 0,
        dilation: Counts = 1,
        groups: Count = 1,
        num_deformable_group: Count = 1,
        layout: str = "NCHW",
        use_bias: bool = True,
        in_channels: Length = 0,
        activation: str | None = None,
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        offset_weight_initializer: Any = "zeros",
        offset_bias_initializer: Any = "zeros",
        offset_use_bias: bool = True,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        if layout != "NCHW":
            raise ValueError(f"{type(self).__name__}: expected the layout 'NCHW', got {layout!r}")
        super().__init__(
            channels, kernel_size, strides, padding, dilation, groups, layout, activation, use_bias,
            weight_initializer, bias_initializer, in_channels, prefix, params,
        )  # fmt: skip
        self._parts = num_deformable_group
        rows = self._per_tap * self._kernel[0] * self._kernel[1] * num_deformable_group
        self.offset_weight = self.params.get(
            "offset_weight",
            shape=(rows, in_channels, *self._kernel),
            init=offset_weight_initializer,
            allow_deferred_init=True,
        )
        self.offset_bias = (
            self.params.get("offset_bias", shape=(rows,), init=offset_bias_initializer) if offset_use_bias else None
        )

    def infer_shape(self, x: Any) -> None:
        super().infer_shape(x)
        channels = self.weight.shape[1] * self._groups
        if channels % self._parts:
            raise ValueError(f"{type(self).__name__}: {self._parts} groups do not divide the {channels} channels of x")
        self.offset_weight.shape = (self.offset_weight.shape[0], channels, *self._kernel)

    def forward(self, x: Any) -> Any:
        where: dict[str, Any] = {"stride": self._strides, "pad": self._padding, "dilate": self._dilation}
        bias = None if self.offset_bias is None else self.offset_bias.data()
        told = F.conv2d(x, self.offset_weight.data(), bias, **where)
        offset, mask = self._read(told)
        bias = None if self.bias is None else self.bias.data()
        y = F.deformable_conv2d(
            x, offset, self.weight.data(), bias, mask, **where, groups=self._groups, offset_groups=self._parts,
            border=self._border,
        )  # fmt: skip
        return activate(y, self._activation)

    def _read(self, told: Any) -> tuple[Any, Any]:
        """Offsets and factors of the taps in what the second convolution gave."""
        return told, None


class ModulatedDeformableConvolution(DeformableConvolution):
    """`DeformableConvolution` that also weighs each tap, by 2 sigmoid of a third number (Zhu et al., arXiv:1811.11168).

    >>> import dlcore as dl
    >>> layer = ModulatedDeformableConvolution(8, kernel_size=3)
    >>> layer.initialize()
    >>> layer(dl.nd.ones((2, 3, 16, 16))).shape, layer.offset_weight.shape
    ((2, 8, 14, 14), (27, 3, 3, 3))
    """

    _per_tap = 3
    _border = False

    def _read(self, told: Any) -> tuple[Any, Any]:
        count = told.shape[1] // 3
        offset, mask = F.split(told, sizes=(2 * count, count), axis=1)
        return offset, F.multiply(F.sigmoid(mask), 2.0)
