"""Handlers that come with the estimator."""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable
from typing import Any

from dlcore.metric import Loss

from ._events import BatchEnd, EpochBegin, EpochEnd, TrainBegin, TrainEnd


class StoppingHandler(BatchEnd, EpochEnd):
    """Stops after `max_epoch` epochs or `max_batch` batches; `fit` adds one by itself.

    >>> StoppingHandler(max_epoch=2).max_epoch
    2
    """

    def __init__(self, max_epoch: int | None = None, max_batch: int | None = None) -> None:
        self.max_epoch, self.max_batch = max_epoch, max_batch

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> bool:
        return self.max_batch is not None and estimator.batch >= self.max_batch

    def epoch_end(self, estimator: Any) -> bool:
        return self.max_epoch is not None and estimator.epoch >= self.max_epoch


class LoggingHandler(TrainBegin, TrainEnd, EpochBegin, EpochEnd, BatchEnd):
    """Writes metrics to the logger "dlcore.estimator": "epoch", or every so many batches as well.

    metrics: those it writes; all of the estimator's where they are not given.
    Where logging has not been set up, what it writes goes to standard output.

    >>> LoggingHandler(log_interval=50).log_interval
    50
    """

    def __init__(self, log_interval: int | str = "epoch", metrics: Any = None, priority: float = math.inf) -> None:
        if log_interval != "epoch" and not (isinstance(log_interval, int) and log_interval > 0):
            raise ValueError(f"LoggingHandler: log_interval must be 'epoch' or a positive number, got {log_interval!r}")
        self.log_interval, self.metrics, self.priority = log_interval, metrics, priority
        self.logger = logging.getLogger("dlcore.estimator")
        self._begun = self._epoch_begun = 0.0

    def train_begin(self, estimator: Any) -> None:
        if not self.logger.hasHandlers():
            self.logger.addHandler(logging.StreamHandler(sys.stdout))
            self.logger.setLevel(logging.INFO)
        self._begun = time.perf_counter()
        self.logger.info("training begins, learning rate %g", estimator.trainer.learning_rate)

    def train_end(self, estimator: Any) -> None:
        self.logger.info("training ended after %d epochs, %.1f s", estimator.epoch, time.perf_counter() - self._begun)

    def epoch_begin(self, estimator: Any) -> None:
        self._epoch_begun = time.perf_counter()

    def epoch_end(self, estimator: Any) -> None:
        seconds = time.perf_counter() - self._epoch_begun
        text = _text(self._chosen([*estimator.train_metrics, *estimator.val_metrics]))
        self.logger.info("epoch %d, %.1f s: %s", estimator.epoch, seconds, text)

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> None:
        if isinstance(self.log_interval, int) and estimator.batch % self.log_interval == 0:
            self.logger.info("batch %d: %s", estimator.batch, _text(self._chosen(estimator.train_metrics)))

    def _chosen(self, every: list[Any]) -> list[Any]:
        if self.metrics is None:
            return every
        return list(self.metrics) if isinstance(self.metrics, (list, tuple)) else [self.metrics]


def _text(metrics: list[Any]) -> str:
    pairs = [pair for metric in metrics for pair in metric.get_name_value()]
    return ", ".join(f"{name} {value:.4f}" for name, value in pairs if not math.isnan(value))


class MetricHandler(EpochBegin, BatchEnd):
    """Begins metrics anew with each epoch and shows them each batch; `fit` has one for the training metrics.

    priority, of any handler: those with lower numbers hear of an event first (0 where there is none).

    >>> import dlcore as dl
    >>> MetricHandler(dl.metric.Accuracy()).priority
    -1000
    """

    def __init__(self, metrics: Any, priority: float = -1000) -> None:
        self.metrics = list(metrics) if isinstance(metrics, (list, tuple)) else [metrics]
        self.priority = priority

    def epoch_begin(self, estimator: Any) -> None:
        for metric in self.metrics:
            metric.reset()

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> None:
        for metric in self.metrics:
            metric.update(label, loss if isinstance(metric, Loss) else pred)


class GradientUpdateHandler(BatchEnd):
    """Updates the weights after every batch; `fit` has one. Override `batch_end` to update them at other times.

    >>> GradientUpdateHandler().priority
    -2000
    """

    def __init__(self, priority: float = -2000) -> None:
        self.priority = priority

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> None:
        parts = loss if isinstance(loss, (list, tuple)) else [loss]
        estimator.trainer.step(sum(part.shape[0] if part.shape else 1 for part in parts))


class ValidationHandler(BatchEnd, EpochEnd):
    """Calls `eval_fn(val_data=val_data)` after every `epoch_period` epochs and, if given, every `batch_period` batches.

    eval_fn: `Estimator.evaluate`, or a function of one's own. `fit(..., val_data=)` makes one for every epoch.
    ValueError for periods below 1.

    >>> ValidationHandler([], print, epoch_period=2).epoch_period
    2
    """

    def __init__(
        self,
        val_data: Any,
        eval_fn: Callable[..., Any],
        epoch_period: int | None = 1,
        batch_period: int | None = None,
        priority: float = -1000,
        event_handlers: Any = None,
    ) -> None:
        for name, period in (("epoch_period", epoch_period), ("batch_period", batch_period)):
            if period is not None and period < 1:
                raise ValueError(f"ValidationHandler: expected {name} of at least 1, got {period}")
        self.val_data, self.eval_fn, self.priority = val_data, eval_fn, priority
        self.epoch_period, self.batch_period = epoch_period, batch_period
        self._more = {} if event_handlers is None else {"event_handlers": event_handlers}

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> None:
        if self.batch_period is not None and estimator.batch % self.batch_period == 0:
            self.eval_fn(val_data=self.val_data, **self._more)

    def epoch_end(self, estimator: Any) -> None:
        if self.epoch_period is not None and estimator.epoch % self.epoch_period == 0:
            self.eval_fn(val_data=self.val_data, **self._more)
