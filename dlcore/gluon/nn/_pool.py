"""Pooling along one, two and three axes."""

from __future__ import annotations

from typing import Any

from dlcore._kinds import Counts, Naturals
from dlcore.ops import F

from .._hybrid_block import HybridBlock
from ._conv import channels_last, numbers, to_first, to_last


class _Pool(HybridBlock):
    """What the windowed layers share."""

    axes = 2

    def _alias(self) -> str:
        return "pool"

    def __init__(
        self,
        pool_size: Counts = 2,
        strides: Counts | None = None,
        padding: Naturals = 0,
        layout: str | None = None,
        ceil_mode: bool = False,
        prefix: str | None = None,
        params: Any = None,
        stride: Counts | None = None,
    ) -> None:
        super().__init__(prefix, params)
        kind, axes = type(self).__name__, self.axes
        if strides is not None and stride is not None:
            raise ValueError(f"{kind}: strides and stride are one argument, got {strides} and {stride}")
        self._last = channels_last(layout, axes, kind)
        self._size = numbers(pool_size, axes, f"{kind} pool_size")
        steps = stride if strides is None else strides
        self._strides = self._size if steps is None else numbers(steps, axes, f"{kind} strides")
        self._padding = numbers(padding, axes, f"{kind} padding")
        self._ceil = ceil_mode

    def forward(self, x: Any) -> Any:
        return to_last(self._of(to_first(x, self.axes)), self.axes) if self._last else self._of(x)

    def _of(self, x: Any) -> Any:
        """The operator on x with its channels first."""
        raise NotImplementedError

    def _details(self) -> str:
        ceil = ", ceil_mode=True" if self._ceil else ""
        return f"size={self._size}, stride={self._strides}, padding={self._padding}{ceil}"


class _MaxPool(_Pool):
    def _of(self, x: Any) -> Any:
        pool = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[self.axes - 1]
        return pool(x, self._size, self._strides, self._padding, ceil=self._ceil)


class _AvgPool(_Pool):
    def __init__(
        self,
        pool_size: Counts = 2,
        strides: Counts | None = None,
        padding: Naturals = 0,
        layout: str | None = None,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        prefix: str | None = None,
        params: Any = None,
        stride: Counts | None = None,
    ) -> None:
        super().__init__(pool_size, strides, padding, layout, ceil_mode, prefix, params, stride)
        self._count = count_include_pad

    def _of(self, x: Any) -> Any:
        pool = (F.avg_pool1d, F.avg_pool2d, F.avg_pool3d)[self.axes - 1]
        return pool(x, self._size, self._strides, self._padding, count_include_pad=self._count, ceil=self._ceil)


class _GlobalPool(HybridBlock):
    axes = 2
    operators: tuple[str, str, str]

    def _alias(self) -> str:
        return "pool"

    def __init__(self, layout: str | None = None, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        self._last = channels_last(layout, self.axes, type(self).__name__)

    def forward(self, x: Any) -> Any:
        pool = getattr(F, self.operators[self.axes - 1])
        return to_last(pool(to_first(x, self.axes)), self.axes) if self._last else pool(x)


class _GlobalMax(_GlobalPool):
    operators = ("global_max_pool1d", "global_max_pool2d", "global_max_pool3d")


class _GlobalAvg(_GlobalPool):
    operators = ("global_avg_pool1d", "global_avg_pool2d", "global_avg_pool3d")


class MaxPool1D(_MaxPool):
    """The largest value of each window of x (n, c, w). See `MaxPool2D`.

    >>> import dlcore as dl
    >>> MaxPool1D(2)(dl.nd.ones((1, 3, 8))).shape
    (1, 3, 4)
    """

    axes = 1


class MaxPool2D(_MaxPool):
    """The largest value of each window of x (n, c, h, w). Padding never wins.

    strides (also `stride`) default to pool_size. ceil_mode: a last window may hang over the end.

    >>> import dlcore as dl
    >>> MaxPool2D(2)(dl.nd.ones((1, 3, 8, 6))).shape
    (1, 3, 4, 3)
    """


class MaxPool3D(_MaxPool):
    """The largest value of each window of x (n, c, d, h, w). See `MaxPool2D`.

    >>> import dlcore as dl
    >>> MaxPool3D(2)(dl.nd.ones((1, 3, 2, 8, 6))).shape
    (1, 3, 1, 4, 3)
    """

    axes = 3


class AvgPool1D(_AvgPool):
    """The mean of each window of x (n, c, w), padding counted as zeros if `count_include_pad`. See `AvgPool2D`.

    >>> import dlcore as dl
    >>> AvgPool1D(2)(dl.nd.ones((1, 3, 8))).shape
    (1, 3, 4)
    """

    axes = 1


class AvgPool2D(_AvgPool):
    """The mean of each window of x (n, c, h, w), padding counted as zeros if `count_include_pad`.

    >>> import dlcore as dl
    >>> AvgPool2D(2)(dl.nd.ones((1, 3, 8, 6))).shape
    (1, 3, 4, 3)
    """


class AvgPool3D(_AvgPool):
    """The mean of each window of x (n, c, d, h, w), padding counted as zeros if `count_include_pad`. See `AvgPool2D`.

    >>> import dlcore as dl
    >>> AvgPool3D(2)(dl.nd.ones((1, 3, 2, 8, 6))).shape
    (1, 3, 1, 4, 3)
    """

    axes = 3


class GlobalMaxPool1D(_GlobalMax):
    """The largest value of each channel: x (n, c, w) to (n, c, 1).

    >>> import dlcore as dl
    >>> GlobalMaxPool1D()(dl.nd.ones((1, 3, 8))).shape
    (1, 3, 1)
    """

    axes = 1


class GlobalMaxPool2D(_GlobalMax):
    """The largest value of each channel: x (n, c, h, w) to (n, c, 1, 1).

    >>> import dlcore as dl
    >>> GlobalMaxPool2D()(dl.nd.ones((1, 3, 8, 6))).shape
    (1, 3, 1, 1)
    """


class GlobalMaxPool3D(_GlobalMax):
    """The largest value of each channel: x (n, c, d, h, w) to (n, c, 1, 1, 1).

    >>> import dlcore as dl
    >>> GlobalMaxPool3D()(dl.nd.ones((1, 3, 2, 8, 6))).shape
    (1, 3, 1, 1, 1)
    """

    axes = 3


class GlobalAvgPool1D(_GlobalAvg):
    """The mean of each channel: x (n, c, w) to (n, c, 1).

    >>> import dlcore as dl
    >>> GlobalAvgPool1D()(dl.nd.ones((1, 3, 8))).shape
    (1, 3, 1)
    """

    axes = 1


class GlobalAvgPool2D(_GlobalAvg):
    """The mean of each channel: x (n, c, h, w) to (n, c, 1, 1).

    >>> import dlcore as dl
    >>> GlobalAvgPool2D()(dl.nd.ones((1, 3, 8, 6))).shape
    (1, 3, 1, 1)
    """


class GlobalAvgPool3D(_GlobalAvg):
    """The mean of each channel: x (n, c, d, h, w) to (n, c, 1, 1, 1).

    >>> import dlcore as dl
    >>> GlobalAvgPool3D()(dl.nd.ones((1, 3, 2, 8, 6))).shape
    (1, 3, 1, 1, 1)
    """

    axes = 3
