"""Dropout of elements, and of whole paths of a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dlcore import _core
from dlcore.graph import invalidate
from dlcore.ops import F

from .._hybrid_block import HybridBlock


class _Dropping(HybridBlock):
    """A layer with a rate that may be turned at any time. Compiled programs read it from memory.

    Only between 0, with which nothing is drawn, and other rates are they made anew.
    """

    def __init__(self, rate: float, prefix: str | None, params: Any) -> None:
        super().__init__(prefix, params)
        self._set(rate)

    @property
    def _rate(self) -> float:
        return self._dropped

    @_rate.setter
    def _rate(self, rate: float) -> None:
        before = self._dropped
        self._set(rate)
        if (before == 0) != (rate == 0):
            invalidate()

    def _set(self, rate: float) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"{type(self).__name__}: expected 0 <= rate < 1, got {rate}")
        self._dropped = rate
        if "_knob" not in self.__dict__:
            self._knob = _core.empty((), "float64")
        _core.assign(self._knob, float(rate))

    def _chance(self) -> Any:
        """The rate as a number, or where compiled programs read it."""
        return self._knob if _core.is_tracing() and _core.is_training() and self._dropped else self._dropped

    def _drop(self, x: Any, axes: tuple[int, ...] = ()) -> Any:
        """x with numbers dropped, in training: the same ones compiled and not."""
        rate = self._chance()
        if rate is not self._knob:
            return F.dropout(x, rate, axes=axes)
        shared = {axis % x.ndim for axis in axes}
        shape = tuple(1 if axis in shared else size for axis, size in enumerate(x.shape))
        like = x if shape == x.shape else F.ones(shape, x._dtype_name, x._device)
        return F.multiply(x, F._dropout_mask_at(like, rate))


class Dropout(_Dropping):
    """In training, sets each element to 0 with probability `rate` and divides the others by 1 - rate.

    Elsewhere x passes as it is. axes: along these one draw counts for the whole length, so that (2, 3) drops whole
    channels of (n, c, h, w). Keeps shapes. Raises ValueError for a rate outside [0, 1).

    >>> import dlcore as dl
    >>> Dropout(0.5)(dl.nd.ones((2,))).asnumpy()
    array([1., 1.], dtype=float32)
    """

    def __init__(self, rate: float, axes: Sequence[int] = (), prefix: str | None = None, params: Any = None) -> None:
        super().__init__(rate, prefix, params)
        self._axes = tuple(axes)

    def forward(self, x: Any) -> Any:
        return self._drop(x, self._axes)

    def _details(self) -> str:
        return f"p={self._rate}" + (f", axes={self._axes}" if self._axes else "")


class DropPath(_Dropping):
    """In training, sets whole samples of x to 0 with probability `rate` and divides the others by 1 - rate.

    For the branch of a residual block, which is then left out for some samples (stochastic depth: Huang et al., 2016).
    Elsewhere x passes as it is. Keeps shapes; the first axis counts samples.

    >>> import dlcore as dl
    >>> DropPath(0.5)(dl.nd.ones((2, 3))).shape
    (2, 3)
    """

    def __init__(self, rate: float, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(rate, prefix, params)

    def forward(self, x: Any) -> Any:
        if not self._rate:
            return x
        kept = self._drop(F.ones((x.shape[0],) + (1,) * (x.ndim - 1), x._dtype_name, x._device))
        return F.multiply(x, kept)

    def _details(self) -> str:
        return f"p={self._rate}"
