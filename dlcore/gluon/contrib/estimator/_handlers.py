"""Handlers that come with the estimator."""

from __future__ import annotations

import logging
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

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

    Where logging has not been set up, what it writes goes to standard output.

    >>> LoggingHandler(log_interval=50).log_interval
    50
    """

    def __init__(self, log_interval: int | str = "epoch") -> None:
        if log_interval != "epoch" and not (isinstance(log_interval, int) and log_interval > 0):
            raise ValueError(f"LoggingHandler: log_interval must be 'epoch' or a positive number, got {log_interval!r}")
        self.log_interval = log_interval
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
        text = _text([*estimator.train_metrics, *estimator.val_metrics])
        self.logger.info("epoch %d, %.1f s: %s", estimator.epoch, seconds, text)

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> None:
        if isinstance(self.log_interval, int) and estimator.batch % self.log_interval == 0:
            self.logger.info("batch %d: %s", estimator.batch, _text(estimator.train_metrics))


def _text(metrics: list[Any]) -> str:
    pairs = [pair for metric in metrics for pair in metric.get_name_value()]
    return ", ".join(f"{name} {value:.4f}" for name, value in pairs if not math.isnan(value))


class ValidationHandler(BatchEnd, EpochEnd):
    """Calls `eval_fn(val_data)` after every `epoch_period` epochs and, if given, every `batch_period` batches.

    eval_fn: `Estimator.evaluate`, or a function of one's own. `fit(..., val_data=)` evaluates by itself after each
    epoch; this is for other periods and other data. ValueError for periods below 1.

    >>> ValidationHandler([], print, epoch_period=2).epoch_period
    2
    """

    def __init__(
        self,
        val_data: Any,
        eval_fn: Callable[[Any], Any],
        epoch_period: int | None = 1,
        batch_period: int | None = None,
    ) -> None:
        for name, period in (("epoch_period", epoch_period), ("batch_period", batch_period)):
            if period is not None and period < 1:
                raise ValueError(f"ValidationHandler: expected {name} of at least 1, got {period}")
        self.val_data, self.eval_fn = val_data, eval_fn
        self.epoch_period, self.batch_period = epoch_period, batch_period

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> None:
        if self.batch_period is not None and estimator.batch % self.batch_period == 0:
            self.eval_fn(self.val_data)

    def epoch_end(self, estimator: Any) -> None:
        if self.epoch_period is not None and estimator.epoch % self.epoch_period == 0:
            self.eval_fn(self.val_data)


class _Monitor:
    """Says whether a metric is better than ever before. mode: "min", "max", or "auto", by the metric's name."""

    def __init__(self, monitor: Any, mode: str, min_delta: float = 0.0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}")
        rising = mode == "max" or (mode == "auto" and any(w in monitor.name.lower() for w in ("acc", "f1")))
        self.monitor, self.sign, self.min_delta = monitor, 1 if rising else -1, min_delta
        self.best = -math.inf

    def improved(self) -> bool:
        value = self.sign * self.monitor.get()[1]
        if value > self.best + self.min_delta:
            self.best = value
            return True
        return False


class CheckpointHandler(EpochEnd):
    """Writes `model_dir/model_prefix-epoch3.safetensors` after every `epoch_period` epochs.

    With `monitor` (a metric of the estimator) and save_best, also `model_prefix-best.safetensors` whenever it improves.
    Files are those of `net.save_parameters`; each is replaced in one step.

    >>> CheckpointHandler("models").path("best").name
    'model-best.safetensors'
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str],
        model_prefix: str = "model",
        monitor: Any = None,
        mode: str = "auto",
        save_best: bool = False,
        epoch_period: int = 1,
    ) -> None:
        if save_best and monitor is None:
            raise ValueError("CheckpointHandler: save_best needs a metric as monitor")
        self.model_dir, self.model_prefix, self.epoch_period = Path(model_dir), model_prefix, epoch_period
        self._best = _Monitor(monitor, mode) if save_best else None

    def path(self, what: str) -> Path:
        """The file for "epoch3" or "best"."""
        return self.model_dir / f"{self.model_prefix}-{what}.safetensors"

    def epoch_end(self, estimator: Any) -> None:
        self.model_dir.mkdir(parents=True, exist_ok=True)
        if estimator.epoch % self.epoch_period == 0:
            estimator.net.save_parameters(self.path(f"epoch{estimator.epoch}"))
        if self._best is not None and self._best.improved():
            estimator.net.save_parameters(self.path("best"))


class EarlyStoppingHandler(TrainBegin, EpochEnd):
    """Stops when `monitor` (a metric of the estimator) has not improved by `min_delta` for more than `patience` epochs.

    >>> import dlcore as dl
    >>> EarlyStoppingHandler(dl.metric.Accuracy(), patience=3).patience
    3
    """

    def __init__(self, monitor: Any, min_delta: float = 0.0, patience: int = 0, mode: str = "auto") -> None:
        self._made = (monitor, mode, min_delta)
        self.patience = patience
        self._best, self._waited = _Monitor(*self._made), 0

    def train_begin(self, estimator: Any) -> None:
        self._best, self._waited = _Monitor(*self._made), 0

    def epoch_end(self, estimator: Any) -> bool:
        self._waited = 0 if self._best.improved() else self._waited + 1
        return self._waited > self.patience
