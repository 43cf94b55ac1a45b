"""What an estimator does with one batch."""

from __future__ import annotations

from typing import Any

from dlcore import autograd
from dlcore._kinds import shown

from ...utils import split_and_load

# Data, labels, predictions and losses of a batch: in each a list, with what each device got.
Parts = tuple[list[Any], list[Any], list[Any], list[Any]]


class BatchProcessor:
    """Forward and backward of a batch for training, forward alone for validation.

    For another step (two networks, an adversary) override `fit_batch`, and give the object to `Estimator` as
    batch_processor. A batch is (x, label); x and label are cut along batch_axis, a part for each device.

    >>> import dlcore as dl
    >>> class Noisy(BatchProcessor):
    ...     def fit_batch(self, estimator, train_batch, batch_axis=0):
    ...         x, label = train_batch
    ...         return super().fit_batch(estimator, (x + 0.1 * dl.nd.random.normal(shape=x.shape), label), batch_axis)
    >>> est = dl.gluon.contrib.estimator.Estimator(
    ...     dl.gluon.nn.Dense(2), dl.gluon.loss.SoftmaxCELoss(), batch_processor=Noisy())
    >>> est.fit([(dl.nd.ones((4, 3)), dl.nd.zeros((4,)))], epochs=1, event_handlers=[])
    >>> est.batch
    1
    """

    def fit_batch(self, estimator: Any, train_batch: Any, batch_axis: int = 0) -> Parts:
        """Gradients of a batch. Updating the weights is the `GradientUpdateHandler`'s."""
        data, label = self._cut(estimator, train_batch, batch_axis)
        with autograd.record():
            pred = [estimator.net(x) for x in data]
            loss = [estimator.loss(p, y) for p, y in zip(pred, label, strict=True)]
        autograd.backward(loss)
        return data, label, pred, loss

    def evaluate_batch(self, estimator: Any, val_batch: Any, batch_axis: int = 0) -> Parts:
        """The same with `val_net` and `val_loss`, without gradients."""
        data, label = self._cut(estimator, val_batch, batch_axis)
        pred = [estimator.val_net(x) for x in data]
        return data, label, pred, [estimator.val_loss(p, y) for p, y in zip(pred, label, strict=True)]

    @staticmethod
    def _cut(estimator: Any, batch: Any, batch_axis: int) -> tuple[list[Any], list[Any]]:
        parts = batch[:2] if isinstance(batch, (list, tuple)) else ()
        if len(parts) != 2 or not all(hasattr(part, "shape") for part in parts):
            raise TypeError(f"BatchProcessor: a batch must be a pair (data, label) of arrays, got {shown(batch)}")
        x, label = (split_and_load(part, estimator.context, batch_axis, even_split=False) for part in parts)
        return x, label
