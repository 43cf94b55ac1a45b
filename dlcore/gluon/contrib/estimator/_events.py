"""The events of a training. A handler inherits from those it wants to hear of.

After `batch_end` and `epoch_end` the training stops if any handler gave True.
"""

from __future__ import annotations

from typing import Any


class TrainBegin:
    """Hears of the beginning of `fit`."""

    def train_begin(self, estimator: Any) -> None:
        """Called once, before the first epoch."""


class TrainEnd:
    """Hears of the end of `fit`."""

    def train_end(self, estimator: Any) -> None:
        """Called once, after the last epoch."""


class EpochBegin:
    """Hears of the beginning of each epoch."""

    def epoch_begin(self, estimator: Any) -> None:
        """Called before the first batch."""


class EpochEnd:
    """Hears of the end of each epoch, after validation."""

    def epoch_end(self, estimator: Any) -> bool | None:
        """Called after the last batch; True stops the training."""


class BatchBegin:
    """Hears of each batch before it is used."""

    def batch_begin(self, estimator: Any, batch: Any) -> None:
        """Called with the batch."""


class BatchEnd:
    """Hears of each batch after its step."""

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> bool | None:
        """Called with what was computed; True stops the training."""
