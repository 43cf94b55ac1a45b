"""What `Module.fit` may call: after every batch (Speedometer) or every epoch (do_checkpoint)."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from ._checkpoint import save_checkpoint


class Speedometer:
    """Logs samples per second and the training metric every `frequent` batches; a batch_end_callback.

    auto_reset: the metric starts anew after each line, else it covers the epoch so far.

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
            param.eval_metric.reset()
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
