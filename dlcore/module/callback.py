"""What `Module.fit` may call: after every batch (Speedometer) or every epoch (do_checkpoint)."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from dlcore._kinds import shown

from ._checkpoint import save_checkpoint


class Speedometer:
    """Logs samples per second and the training metric every `frequent` batches; a batch_end_callback.

    auto_reset: a line covers the batches since the one before, else the epoch so far; what `fit` logs at an epoch's end
    covers all of it either way.

    >>> Speedometer(batch_size=32, frequent=10).frequent
    10
    """

    def __init__(self, batch_size: int, frequent: int = 50, auto_reset: bool = True) -> None:
        self.batch_size, self.frequent, self.auto_reset = batch_size, frequent, auto_reset
        self._since = time.perf_counter()
        self._last = 0

    def __call__(self, param: Any) -> None:
        if param.nbatch <= self._last:  # a new epoch
            self._since, self._last = time.perf_counter(), param.nbatch
            return
        if param.nbatch % self.frequent:
            return
        now = time.perf_counter()
        speed = (param.nbatch - self._last) * self.batch_size / max(now - self._since, 1e-9)
        text = "".join(f"\t{name}={value:f}" for name, value in _pairs(param.eval_metric))
        logging.info(
            "Epoch[%d] Batch [%d-%d]\tSpeed: %.2f samples/sec%s", param.epoch, self._last, param.nbatch, speed, text
        )
        if self.auto_reset and param.eval_metric is not None:
            param.eval_metric.reset_local()
        self._since, self._last = now, param.nbatch


def _pairs(metric: Any) -> list[tuple[str, float]]:
    return [] if metric is None else metric.get_name_value()


def do_checkpoint(prefix: str | os.PathLike[str], period: int = 1) -> Callable[..., None]:
    """An epoch_end_callback that saves the symbol and the parameters every `period` epochs.

    >>> callable(do_checkpoint("model"))
    True
    """

    def save(epoch: int, symbol: Any = None, arg_params: Any = None, aux_params: Any = None) -> None:
        if (epoch + 1) % max(period, 1) == 0:
            save_checkpoint(prefix, epoch + 1, symbol, arg_params, aux_params)

    return save


def module_checkpoint(
    mod: Any, prefix: str | os.PathLike[str], period: int = 1, save_optimizer_states: bool = False
) -> Callable[..., None]:
    """An epoch_end_callback that saves a module, with its optimizer's states if asked, every `period` epochs.

    >>> callable(module_checkpoint(None, "model"))
    True
    """

    def save(epoch: int, symbol: Any = None, arg_params: Any = None, aux_params: Any = None) -> None:
        if (epoch + 1) % max(period, 1) == 0:
            mod.save_checkpoint(prefix, epoch + 1, save_optimizer_states)

    return save


def log_train_metric(period: int, auto_reset: bool = False) -> Callable[[Any], None]:
    """A batch_end_callback that logs the training metric every `period` batches.

    >>> callable(log_train_metric(10))
    True
    """

    def log(param: Any) -> None:
        if param.nbatch % period == 0 and param.eval_metric is not None:
            for name, value in _pairs(param.eval_metric):
                logging.info("Iter[%d] Batch[%d] Train-%s=%f", param.epoch, param.nbatch, name, value)
            if auto_reset:
                param.eval_metric.reset_local()

    return log


class LogValidationMetricsCallback:
    """Logs the metrics at the end of a validation; an eval_end_callback."""

    def __call__(self, param: Any) -> None:
        for name, value in _pairs(param.eval_metric):
            logging.info("Epoch[%d] Validation-%s=%f", param.epoch, name, value)


class ProgressBar:
    """Logs how far a pass of `total` batches is, as a bar of `length` signs; a batch_end_callback.

    >>> ProgressBar(total=4, length=8).text(1)
    '[====----] 50%'
    """

    def __init__(self, total: int, length: int = 80) -> None:
        if not isinstance(total, int):
            raise TypeError(f"ProgressBar: total must be a whole number, got {shown(total)}")
        if total < 1:
            raise ValueError(f"ProgressBar: expected at least one batch, got total={total}")
        self.total, self.bar_len = total, length

    def text(self, nbatch: int) -> str:
        """The bar after batch `nbatch`, counted from 0."""
        share = min((nbatch + 1) / self.total, 1.0)
        filled = round(self.bar_len * share)
        return f"[{'=' * filled}{'-' * (self.bar_len - filled)}] {round(100 * share)}%"

    def __call__(self, param: Any) -> None:
        logging.info("%s", self.text(param.nbatch))
