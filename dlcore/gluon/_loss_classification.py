"""Losses of classifiers."""

from __future__ import annotations

from typing import Any

from dlcore.ops import F

from ._loss import Loss, label_like


class SoftmaxCrossEntropyLoss(Loss):
    """-log(softmax(pred)[label]): for classes that exclude each other.

    pred: scores with the classes along `axis` (their log-probabilities with `from_logits`). label: the classes, in the
    shape of pred without that axis; or with `sparse_label=False` probabilities in the shape of pred.
    sample_weight: factors that broadcast against pred with one element along `axis`, (batch, 1) for instance.
    label_smoothing: this share of every label is spread evenly over all classes (Szegedy et al., 2015).
    Gives (batch,): the mean over all other axes. Raises ValueError when shapes do not meet.

    >>> import dlcore as dl
    >>> loss = SoftmaxCrossEntropyLoss()
    >>> loss(dl.nd.zeros((2, 10)), dl.nd.array([3, 4])).asnumpy().round(4)
    array([2.3026, 2.3026], dtype=float32)
    """

    def __init__(
        self,
        axis: int = -1,
        sparse_label: bool = True,
        from_logits: bool = False,
        weight: float | None = None,
        batch_axis: int = 0,
        prefix: str | None = None,
        params: Any = None,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        if not 0 <= label_smoothing < 1:
            raise ValueError(f"SoftmaxCrossEntropyLoss: expected label_smoothing from 0 up to 1, got {label_smoothing}")
        self._axis, self._sparse, self._from_logits = axis, sparse_label, from_logits
        self._smoothing = label_smoothing

    def forward(self, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        axis = self._axis % pred.ndim
        weighted = sample_weight is not None
        if self._sparse:
            loss = self._of_classes(pred, label, axis)
            if weighted:
                loss = F.expand_dims(loss, axis)
        else:
            label = label_like(label, pred, "SoftmaxCrossEntropyLoss")
            loss = F.negative(F.sum(F.multiply(self._logs(pred, axis), label), axis=axis, keepdims=weighted))
        if self._smoothing:
            even = F.negative(F.mean(self._logs(pred, axis), axis=axis, keepdims=weighted))
            loss = F.add(F.multiply(loss, 1 - self._smoothing), F.multiply(even, self._smoothing))
        return self._finish(loss, sample_weight)

    def _logs(self, pred: Any, axis: int) -> Any:
        return pred if self._from_logits else F.log_softmax(pred, axis=axis)

    def _of_classes(self, pred: Any, label: Any, axis: int) -> Any:
        expected = tuple(pred.shape[:axis]) + tuple(pred.shape[axis + 1 :])
        if tuple(label.shape) != expected:
            if label.size != pred.size // max(pred.shape[axis], 1):
                raise ValueError(
                    f"SoftmaxCrossEntropyLoss: for pred {tuple(pred.shape)} expected classes of shape {expected}, "
                    f"got {tuple(label.shape)} (sparse_label=False takes probabilities)"
                )
            label = F.reshape(label, expected)
        if self._from_logits:
            return F.negative(F.pick(pred, label, axis=axis))
        return F.softmax_cross_entropy(pred, label, axis=axis)


class SigmoidBinaryCrossEntropyLoss(Loss):
    """-(label * log(p) + (1 - label) * log(1 - p)) with p = sigmoid(pred), for yes-or-no questions.

    pred and label have one shape; with `from_sigmoid` pred holds the p themselves. pos_weight: factor on the first
    part. Gives (batch,): the mean over all other axes.

    >>> import dlcore as dl
    >>> SigmoidBinaryCrossEntropyLoss()(dl.nd.zeros((2, 1)), dl.nd.array([[1.0], [0.0]])).asnumpy().round(4)
    array([0.6931, 0.6931], dtype=float32)
    """

    def __init__(
        self,
        from_sigmoid: bool = False,
        weight: float | None = None,
        batch_axis: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        super().__init__(weight, batch_axis, prefix, params)
        self._from_sigmoid = from_sigmoid

    def forward(self, pred: Any, label: Any, sample_weight: Any = None, pos_weight: Any = None) -> Any:
        label = label_like(label, pred, "SigmoidBinaryCrossEntropyLoss")
        if self._from_sigmoid:
            yes = F.multiply(F.log(F.add(pred, 1e-12)), label)
            no = F.multiply(F.log(F.add(F.subtract(1.0, pred), 1e-12)), F.subtract(1.0, label))
            loss = F.negative(F.add(yes if pos_weight is None else F.multiply(yes, pos_weight), no))
        else:
            # log(1 + exp(-|x|)) never overflows; softplus(-x) = -log(sigmoid(x)).
            tail = F.softplus(F.negative(F.abs(pred)))
            positive = F.relu(F.negative(pred))
            minus_log_p = F.add(tail, positive)
            if pos_weight is not None:
                factor = F.add(F.multiply(F.subtract(pos_weight, 1.0), label), 1.0)
                minus_log_p = F.multiply(minus_log_p, factor)
            loss = F.add(F.multiply(pred, F.subtract(1.0, label)), minus_log_p)
        return self._finish(loss, sample_weight)
