"""The base of all losses."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from ._hybrid_block import HybridBlock


class Loss(HybridBlock):
    """Base of losses: a subclass defines `forward(pred, label, sample_weight=None)`.

    weight: a factor on the loss. batch_axis: the axis that counts samples; both may be None in losses that do without.

    >>> import dlcore as dl
    >>> class Distance(Loss):
    ...     def forward(self, pred, label, sample_weight=None):
    ...         return self._finish(F.abs(F.subtract(pred, label)), sample_weight)
    >>> Distance(weight=2.0, batch_axis=0)(dl.nd.ones((2, 3)), dl.nd.zeros((2, 3))).asnumpy()
    array([2., 2.], dtype=float32)
    """

    def __init__(
        self, weight: float | None, batch_axis: int | None, prefix: str | None = None, params: Any = None
    ) -> None:
        super().__init__(prefix, params)
        self._weight, self._batch_axis = weight, batch_axis

    def _finish(self, loss: Any, sample_weight: Any, reduce: Any = F.mean) -> Any:
        """Apply the weights, then take the mean (or what else `reduce` is) over all axes but the batch's."""
        if sample_weight is not None:
            loss = F.multiply(loss, sample_weight)
        if self._weight is not None and self._weight != 1.0:
            loss = F.multiply(loss, self._weight)
        batch = (self._batch_axis or 0) % loss.ndim if loss.ndim else 0
        others = tuple(axis for axis in range(loss.ndim) if axis != batch)
        return reduce(loss, axis=others) if others else loss

    def _details(self) -> str:
        return f"batch_axis={self._batch_axis}, w={self._weight}"


def label_like(label: Any, pred: Any, loss: str) -> Any:
    """`label` in the shape of `pred`, which must have as many elements."""
    if tuple(label.shape) == tuple(pred.shape):
        return label
    if label.size != pred.size:
        raise ValueError(f"{loss}: expected a label of shape {tuple(pred.shape)}, got {tuple(label.shape)}")
    return F.reshape(label, tuple(pred.shape))


# What losses in MXNet's style import from its module of losses; F is the namespace that hybrid_forward gets.


def _reshape_like(F: Any, x: Any, y: Any) -> Any:  # noqa: N803
    """x in the shape of y."""
    return F.reshape_like(x, y)


def _apply_weighting(F: Any, loss: Any, weight: float | None = None, sample_weight: Any = None) -> Any:  # noqa: N803
    """The loss times a factor and the weights of samples, where there are any."""
    if sample_weight is not None:
        loss = F.broadcast_mul(loss, sample_weight)
    return loss if weight is None else loss * weight
