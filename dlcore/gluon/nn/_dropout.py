"""Dropout."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from .._hybrid_block import HybridBlock


class Dropout(HybridBlock):
    """In training, sets each element to 0 with probability `rate` and divides the others by 1 - rate.

    Elsewhere x passes as it is. Keeps shapes. Raises ValueError for a rate outside [0, 1).

    >>> import dlcore as dl
    >>> Dropout(0.5)(dl.nd.ones((2,))).asnumpy()
    array([1., 1.], dtype=float32)
    """

    def __init__(self, rate: float, axes: Any = (), prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: expected 0 <= rate < 1, got {rate}")
        if tuple(axes):
            raise ValueError("Dropout: masks shared along axes are not available; use axes=()")
        self._rate = rate

    def forward(self, x: Any) -> Any:
        return F.dropout(x, self._rate)

    def _details(self) -> str:
        return f"p={self._rate}"
