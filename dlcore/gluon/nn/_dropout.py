"""Dropout of elements, and of whole paths of a network."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from .._hybrid_block import HybridBlock


class Dropout(HybridBlock):
    """In training, sets each element to 0 with probability `rate` and divides the others by 1 - rate.

    Elsewhere x passes as it is. axes: along these one draw counts for the whole length, so that (2, 3) drops whole
    channels of (n, c, h, w). Keeps shapes. Raises ValueError for a rate outside [0, 1).

    >>> import dlcore as dl
    >>> Dropout(0.5)(dl.nd.ones((2,))).asnumpy()
    array([1., 1.], dtype=float32)
    """

    def __init__(self, rate: float, axes: Any = (), prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: expected 0 <= rate < 1, got {rate}")
        self._rate, self._axes = rate, tuple(axes)

    def forward(self, x: Any) -> Any:
        return F.dropout(x, self._rate, axes=self._axes)

    def _details(self) -> str:
        return f"p={self._rate}" + (f", axes={self._axes}" if self._axes else "")


class DropPath(HybridBlock):
    """In training, sets whole samples of x to 0 with probability `rate` and divides the others by 1 - rate.

    For the branch of a residual block, which is then left out for some samples (stochastic depth: Huang et al., 2016).
    Elsewhere x passes as it is. Keeps shapes; the first axis counts samples.

    >>> import dlcore as dl
    >>> DropPath(0.5)(dl.nd.ones((2, 3))).shape
    (2, 3)
    """

    def __init__(self, rate: float, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        if not 0 <= rate < 1:
            raise ValueError(f"DropPath: expected 0 <= rate < 1, got {rate}")
        self._rate = rate

    def forward(self, x: Any) -> Any:
        if not self._rate:
            return x
        kept = F.dropout(F.ones((x.shape[0],) + (1,) * (x.ndim - 1), x.dtype.name), self._rate)
        return F.multiply(x, kept)

    def _details(self) -> str:
        return f"p={self._rate}"
