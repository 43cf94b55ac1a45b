"""Losses with a margin: right is not enough, it has to be right by some distance."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from ._loss import Loss, label_like


class _WithMargin(Loss):
    """A loss that begins where the distance is smaller than `margin`."""

    def __init__(
        self,
        margin: float = 1.0,
        weight: float | None = None,
        batch_axis: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        self._margin = margin


class HingeLoss(_WithMargin):
    """max(0, margin - pred * label) for labels -1 and 1 (Cortes and Vapnik, 1995).

    Gives (batch,): the mean over all other axes.

    >>> import dlcore as dl
    >>> HingeLoss()(dl.nd.array([[0.2], [3.0]]), dl.nd.array([[1.0], [1.0]])).asnumpy()
    array([0.8, 0. ], dtype=float32)
    """

    def forward(self, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        label = label_like(label, pred, type(self).__name__)
        return self._finish(self._of(F.relu(F.subtract(self._margin, F.multiply(pred, label)))), sample_weight)

    def _of(self, short: Any) -> Any:
        """The loss of what is missing to the margin."""
        return short


class SquaredHingeLoss(HingeLoss):
    """max(0, margin - pred * label)^2 for labels -1 and 1. Gives (batch,): the mean over all other axes.

    >>> import dlcore as dl
    >>> SquaredHingeLoss()(dl.nd.array([[0.5]]), dl.nd.array([[1.0]])).asnumpy()
    array([0.25], dtype=float32)
    """

    def _of(self, short: Any) -> Any:
        return F.square(short)


class TripletLoss(_WithMargin):
    """max(0, |pred - positive|^2 - |pred - negative|^2 + margin): like things near, unlike things far.

    pred, positive, negative: one shape; the squares are summed over all axes but the first. Gives (batch,).
    Source: F. Schroff, D. Kalenichenko and J. Philbin, "FaceNet", 2015.

    >>> import dlcore as dl
    >>> a, near, far = (dl.nd.array([[v]]) for v in (0.0, 1.0, 3.0))
    >>> TripletLoss(margin=10)(a, near, far).asnumpy()
    array([2.], dtype=float32)
    """

    def forward(self, pred: Any, positive: Any, negative: Any, sample_weight: Any = None) -> Any:
        near = F.square(F.subtract(label_like(positive, pred, "TripletLoss"), pred))
        far = F.square(F.subtract(label_like(negative, pred, "TripletLoss"), pred))
        others = tuple(axis for axis in range(pred.ndim) if axis != self._batch_axis % max(pred.ndim, 1))
        apart = F.subtract(near, far)
        return self._finish(F.relu(F.add(F.sum(apart, axis=others) if others else apart, self._margin)), sample_weight)


class CosineEmbeddingLoss(Loss):
    """1 - cos(a, b) for pairs labelled 1, max(0, cos(a, b) - margin) for pairs labelled -1.

    input1, input2: (batch, features). label: (batch,) of 1 and -1. Gives (batch,).

    >>> import dlcore as dl
    >>> a, b = dl.nd.array([[1.0, 0.0], [1.0, 0.0]]), dl.nd.array([[2.0, 0.0], [3.0, 0.0]])
    >>> CosineEmbeddingLoss()(a, b, dl.nd.array([1, -1])).asnumpy()
    array([0., 1.], dtype=float32)
    """

    def __init__(
        self,
        weight: float | None = None,
        batch_axis: int = 0,
        margin: float = 0.0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        self._margin = margin

    def forward(self, input1: Any, input2: Any, label: Any, sample_weight: Any = None) -> Any:
        if tuple(input1.shape) != tuple(input2.shape):
            raise ValueError(
                f"CosineEmbeddingLoss: expected inputs of one shape, got {tuple(input1.shape)}, {tuple(input2.shape)}"
            )
        below = F.sqrt(F.multiply(_squares(input1), _squares(input2)))
        cosine = F.divide(F.sum(F.multiply(input1, input2), axis=-1), F.maximum(below, 1e-12))
        label = label_like(label, cosine, "CosineEmbeddingLoss")
        alike, unlike = F.subtract(1.0, cosine), F.relu(F.subtract(cosine, self._margin))
        return self._finish(F.where(F.equal(label, 1.0), alike, unlike), sample_weight)


def _squares(x: Any) -> Any:
    return F.sum(F.square(x), axis=-1)


class SDMLLoss(Loss):
    """Smoothed deep metric learning: row i of x1 belongs to row i of x2, and to no other row of the batch.

    The squared distances between all rows become probabilities by a softmax, which are compared with the pairing,
    smoothed by `smoothing_parameter` (0 to 1), by the Kullback-Leibler divergence. x1, x2: (batch, features), at
    least two rows. Gives (batch,).
    Source: P. Bonadiman, A. Kumar and A. Mittal, "Large Scale Question Paraphrase Retrieval with Smoothed Deep
    Metric Learning", 2019.

    >>> import dlcore as dl
    >>> x = dl.nd.array([[0.0], [10.0]])
    >>> SDMLLoss(smoothing_parameter=0.0)(x, x).asnumpy().round(4)
    array([0., 0.], dtype=float32)
    """

    def __init__(
        self,
        smoothing_parameter: float = 0.3,
        weight: float | None = 1.0,
        batch_axis: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        if not 0 <= smoothing_parameter < 1:
            raise ValueError(f"SDMLLoss: expected smoothing_parameter from 0 up to 1, got {smoothing_parameter}")
        self._smoothing = smoothing_parameter

    def forward(self, x1: Any, x2: Any) -> Any:
        rows = x1.shape[0]
        if tuple(x1.shape) != tuple(x2.shape) or x1.ndim != 2 or rows < 2:
            shapes = f"{tuple(x1.shape)} and {tuple(x2.shape)}"
            raise ValueError(f"SDMLLoss: expected two arrays (batch, features) of two rows or more, got {shapes}")
        apart = F.subtract(F.expand_dims(x1, 1), F.expand_dims(x2, 0))
        logs = F.log_softmax(F.negative(F.sum(F.square(apart), axis=2)), axis=1)
        pairing = F.one_hot(F.arange(0, rows, 1, dtype="int64"), rows, dtype="float32")
        smooth = self._smoothing / (rows - 1)
        label = F.add(F.multiply(pairing, 1 - self._smoothing - smooth), smooth)
        divergence = F.multiply(label, F.subtract(F.log(F.add(label, 1e-12)), logs))
        return self._finish(F.sum(divergence, axis=1), None)
