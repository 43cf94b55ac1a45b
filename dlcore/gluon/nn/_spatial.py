"""Layers that move or add places: padding by reflection, and channels that become places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore._kinds import Counts
from dlcore.ops import F

from .._hybrid_block import HybridBlock
from ._conv import numbers


class ReflectionPad2D(HybridBlock):
    """x (n, c, h, w) with rows and columns added that mirror those inside the edge, without the edge itself.

    padding: one number for all four sides, or (left, right, top, bottom), or MXNet's eight numbers for four axes.

    >>> import dlcore as dl
    >>> ReflectionPad2D(1)(dl.nd.array([[[[1.0, 2.0], [3.0, 4.0]]]])).asnumpy()[0, 0, 0]
    array([4., 3., 4., 3.], dtype=float32)
    """

    def __init__(self, padding: int | Sequence[int] = 0, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        sides = (padding,) * 4 if isinstance(padding, int) else tuple(padding)
        if len(sides) == 8 and not any(sides[:4]):
            sides = (sides[6], sides[7], sides[4], sides[5])
        if len(sides) != 4 or min(sides) < 0:
            raise ValueError(f"ReflectionPad2D: expected one number or (left, right, top, bottom), got {padding}")
        self._sides = sides

    def forward(self, x: Any) -> Any:
        left, right, top, bottom = self._sides
        if x.ndim != 4 or max(left, right) >= x.shape[3] or max(top, bottom) >= x.shape[2]:
            raise ValueError(
                f"ReflectionPad2D: {self._sides} needs x (n, c, h, w) that is larger, got {tuple(x.shape)}"
            )
        return F.pad_repeat(x, (0, 0, top, left), (0, 0, bottom, right), "reflect")

    def _details(self) -> str:
        return str(self._sides)


class _PixelShuffle(HybridBlock):
    axes = 2

    def __init__(self, factor: Counts, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self._factors = numbers(factor, self.axes, f"{type(self).__name__} factor")

    def forward(self, x: Any) -> Any:
        axes, area = self.axes, 1
        for f in self._factors:
            area *= f
        if x.ndim != axes + 2 or x.shape[1] % area:
            raise ValueError(
                f"{type(self).__name__}: expected x of {axes + 2} axes whose second is a multiple of {area}, "
                f"got {tuple(x.shape)}"
            )
        n, c, *sizes = x.shape
        y = F.reshape(x, (n, c // area, *self._factors, *sizes))
        order = [0, 1]
        for k in range(axes):
            order += [2 + axes + k, 2 + k]
        y = F.transpose(y, tuple(order))
        return F.reshape(y, (n, c // area, *(s * f for s, f in zip(sizes, self._factors, strict=True))))

    def _details(self) -> str:
        return f"factor={self._factors}"


class PixelShuffle1D(_PixelShuffle):
    """x (n, f * c, w) to (n, c, w * f); see `PixelShuffle2D`.

    >>> import dlcore as dl
    >>> PixelShuffle1D(2)(dl.nd.array([[[1.0, 2.0], [3.0, 4.0]]])).asnumpy()
    array([[[1., 3., 2., 4.]]], dtype=float32)
    """

    axes = 1


class PixelShuffle2D(_PixelShuffle):
    """x (n, f1 * f2 * c, h, w) to (n, c, h * f1, w * f2): channels become places (Shi et al., 2016).

    >>> import dlcore as dl
    >>> PixelShuffle2D((2, 3))(dl.nd.ones((1, 12, 3, 5))).shape
    (1, 2, 6, 15)
    """


class PixelShuffle3D(_PixelShuffle):
    """x (n, f1 * f2 * f3 * c, d, h, w) to (n, c, d * f1, h * f2, w * f3); see `PixelShuffle2D`.

    >>> import dlcore as dl
    >>> PixelShuffle3D(2)(dl.nd.ones((1, 8, 3, 5, 7))).shape
    (1, 1, 6, 10, 14)
    """

    axes = 3
