"""Pooling over images."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from .._hybrid_block import HybridBlock
from ._conv import Pair, check_layout, pair


class _Pool(HybridBlock):
    """What MaxPool2D and AvgPool2D share."""

    def __init__(
        self,
        pool_size: Pair = (2, 2),
        strides: Pair | None = None,
        padding: Pair = 0,
        layout: str = "NCHW",
        ceil_mode: bool = False,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(prefix, params)
        kind = type(self).__name__
        check_layout(layout, kind)
        if ceil_mode:
            raise ValueError(f"{kind}: ceil_mode=True is not available; pad the input instead")
        self._size = pair(pool_size, f"{kind} pool_size")
        self._strides = self._size if strides is None else pair(strides, f"{kind} strides")
        self._padding = pair(padding, f"{kind} padding")

    def _details(self) -> str:
        return f"size={self._size}, stride={self._strides}, padding={self._padding}"


class MaxPool2D(_Pool):
    """The largest value of each window of x (n, c, h, w). strides default to pool_size; padding never wins.

    >>> import dlcore as dl
    >>> MaxPool2D(2)(dl.nd.ones((1, 3, 8, 6))).shape
    (1, 3, 4, 3)
    """

    def forward(self, x: Any) -> Any:
        return F.max_pool2d(x, self._size, self._strides, self._padding)


class AvgPool2D(_Pool):
    """The mean of each window of x (n, c, h, w), padding counted as zeros if `count_include_pad`.

    >>> import dlcore as dl
    >>> AvgPool2D(2)(dl.nd.ones((1, 3, 8, 6))).shape
    (1, 3, 4, 3)
    """

    def __init__(
        self,
        pool_size: Pair = (2, 2),
        strides: Pair | None = None,
        padding: Pair = 0,
        layout: str = "NCHW",
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(pool_size, strides, padding, layout, ceil_mode, prefix, params)
        self._count = count_include_pad

    def forward(self, x: Any) -> Any:
        return F.avg_pool2d(x, self._size, self._strides, self._padding, count_include_pad=self._count)


class _GlobalPool(HybridBlock):
    def __init__(self, layout: str = "NCHW", prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        check_layout(layout, type(self).__name__)


class GlobalAvgPool2D(_GlobalPool):
    """The mean of each channel: x (n, c, h, w) to (n, c, 1, 1).

    >>> import dlcore as dl
    >>> GlobalAvgPool2D()(dl.nd.ones((2, 3, 8, 6))).shape
    (2, 3, 1, 1)
    """

    def forward(self, x: Any) -> Any:
        return F.global_avg_pool2d(x)


class GlobalMaxPool2D(_GlobalPool):
    """The largest value of each channel: x (n, c, h, w) to (n, c, 1, 1)."""

    def forward(self, x: Any) -> Any:
        return F.global_max_pool2d(x)
