"""The events of a training. A handler inherits from those it wants to hear of.

After `batch_end` and `epoch_end` the training stops if any handler gave True. Everything but the estimator is given by
name, so that `batch_end(self, estimator, *args, **kwargs)`, as MXNet's handlers are written, hears it too.
"""

from __future__ import annotations

from typing import Any


class TrainBegin:
    """Hears of the beginning of `fit`.

    >>> class Said(TrainBegin):
    ...     def train_begin(self, estimator):
    ...         print("train_begin")
    >>> Said().train_begin(None)
    train_begin
    """

    def train_begin(self, estimator: Any) -> None:
        """Called once, before the first epoch."""


class TrainEnd:
    """Hears of the end of `fit`.

    >>> class Said(TrainEnd):
    ...     def train_end(self, estimator):
    ...         print("train_end")
    >>> Said().train_end(None)
    train_end
    """

    def train_end(self, estimator: Any) -> None:
        """Called once, after the last epoch."""


class EpochBegin:
    """Hears of the beginning of each epoch.

    >>> class Said(EpochBegin):
    ...     def epoch_begin(self, estimator):
    ...         print("epoch_begin")
    >>> Said().epoch_begin(None)
    epoch_begin
    """

    def epoch_begin(self, estimator: Any) -> None:
        """Called before the first batch."""


class EpochEnd:
    """Hears of the end of each epoch, after validation.

    >>> class Said(EpochEnd):
    ...     def epoch_end(self, estimator):
    ...         print("epoch_end")
    >>> Said().epoch_end(None)
    epoch_end
    """

    def epoch_end(self, estimator: Any) -> bool | None:
        """Called after the last batch; True stops the training."""


class BatchBegin:
    """Hears of each batch before it is used.

    >>> class Said(BatchBegin):
    ...     def batch_begin(self, estimator, batch):
    ...         print("batch_begin")
    >>> Said().batch_begin(None, None)
    batch_begin
    """

    def batch_begin(self, estimator: Any, batch: Any) -> None:
        """Called with the batch."""


class BatchEnd:
    """Hears of each batch after its step.

    >>> class Said(BatchEnd):
    ...     def batch_end(self, estimator, batch, pred, label, loss):
    ...         print("batch_end")
    >>> Said().batch_end(None, None, None, None, None)
    batch_end
    """

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> bool | None:
        """Called with what was computed, lists with a part for each device; True stops the training."""
