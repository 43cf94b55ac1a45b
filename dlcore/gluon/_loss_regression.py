"""Losses of regressions."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from ._loss import Loss, label_like


class L2Loss(Loss):
    """(label - pred)^2 / 2 (times `weight`). Gives (batch,): the mean over all other axes.

    >>> import dlcore as dl
    >>> L2Loss()(dl.nd.array([[1.0, 2.0]]), dl.nd.array([[3.0, 2.0]])).asnumpy()
    array([1.], dtype=float32)
    """

    def __init__(self, weight: float = 1.0, batch_axis: int = 0, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(weight, batch_axis, prefix, params)

    def forward(self, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        half = F.multiply(F.square(F.subtract(label_like(label, pred, "L2Loss"), pred)), 0.5)
        return self._finish(half, sample_weight)


class L1Loss(Loss):
    """|label - pred|. Gives (batch,): the mean over all other axes.

    >>> import dlcore as dl
    >>> L1Loss()(dl.nd.array([[1.0, 2.0]]), dl.nd.array([[3.0, 2.0]])).asnumpy()
    array([1.], dtype=float32)
    """

    def __init__(
        self, weight: float | None = None, batch_axis: int = 0, prefix: str | None = None, params: Any = None
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)

    def forward(self, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        return self._finish(F.abs(F.subtract(label_like(label, pred, "L1Loss"), pred)), sample_weight)


class HuberLoss(Loss):
    """e^2 / (2 rho) for errors e = |label - pred| up to rho, and e - rho / 2 beyond (Huber, 1964).

    Gives (batch,): the mean over all other axes.

    >>> import dlcore as dl
    >>> HuberLoss()(dl.nd.array([[0.0], [0.0]]), dl.nd.array([[1.0], [3.0]])).asnumpy()
    array([0.5, 2.5], dtype=float32)
    """

    def __init__(
        self,
        rho: float = 1.0,
        weight: float | None = None,
        batch_axis: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        self._rho = rho

    def forward(self, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        error = F.abs(F.subtract(label_like(label, pred, "HuberLoss"), pred))
        near = F.multiply(F.square(error), 0.5 / self._rho)
        far = F.subtract(error, 0.5 * self._rho)
        return self._finish(F.where(F.greater(error, self._rho), far, near), sample_weight)
