"""Handlers that keep what was learned, go on from it, and stop when nothing more is learned."""

from __future__ import annotations

import math
import os
import re
from pathlib import Path
from typing import Any

from ..._checkpoint import load_checkpoint, save_checkpoint
from ..._saving import endings
from ._events import BatchEnd, EpochEnd, TrainBegin


class _Monitor:
    """Says whether a metric is better than ever before. mode: "min", "max", or "auto", by the metric's name."""

    def __init__(self, monitor: Any, mode: str, min_delta: float = 0.0, baseline: float | None = None) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode must be 'auto', 'min' or 'max', got {mode!r}")
        rising = mode == "max" or (mode == "auto" and any(w in monitor.name.lower() for w in ("acc", "f1")))
        self.monitor, self.sign, self.min_delta = monitor, 1 if rising else -1, min_delta
        self.best = -math.inf if baseline is None else self.sign * baseline

    def improved(self) -> bool:
        value = self.sign * self.monitor.get()[1]
        if value > self.best + self.min_delta:
            self.best = value
            return True
        return False


class CheckpointHandler(TrainBegin, BatchEnd, EpochEnd):
    """Keeps a training in `model_dir` after every `epoch_period` epochs, and every `batch_period` batches if given.

    `model-epoch3batch300.safetensors` has the weights as `net.save_parameters` writes them, `...state` beside it all
    that the next step depends on; each is replaced in one step. The newest `max_checkpoints` of both stay. With
    save_best and `monitor`, a metric of the estimator, `model-best.safetensors` is written whenever that improves.
    resume_from_checkpoint: `fit` goes on from the newest state in model_dir, to the same bits, for the epochs or
    batches that are left; data that can say where they were (a `DataLoader`) go on in the middle of an epoch too.
    verbose: 1 prints the name of each file.

    >>> CheckpointHandler("models").path("best").name
    'model-best.safetensors'
    """

    def __init__(
        self,
        model_dir: str | os.PathLike[str],
        model_prefix: str = "model",
        monitor: Any = None,
        verbose: int = 0,
        save_best: bool = False,
        mode: str = "auto",
        epoch_period: int | None = 1,
        batch_period: int | None = None,
        max_checkpoints: int = 5,
        resume_from_checkpoint: bool = False,
    ) -> None:
        if save_best and monitor is None:
            raise ValueError("CheckpointHandler: save_best needs a metric as monitor")
        self.model_dir, self.model_prefix, self.verbose = Path(model_dir), model_prefix, verbose
        self.epoch_period, self.batch_period = epoch_period, batch_period
        self.max_checkpoints, self.resume_from_checkpoint = max_checkpoints, resume_from_checkpoint
        self._best = _Monitor(monitor, mode) if save_best else None

    def path(self, what: str, kind: str = "") -> Path:
        """The file for "epoch3batch300" or "best"; kind: its ending, that of weights by default."""
        return self.model_dir / f"{self.model_prefix}-{what}.{kind or endings()[0]}"

    def train_begin(self, estimator: Any) -> None:
        self.model_dir.mkdir(parents=True, exist_ok=True)
        if self.resume_from_checkpoint and (states := self._kept("state")):
            told = load_checkpoint(states[-1], estimator.net, estimator.trainer, _placed(estimator.train_data))
            estimator.epoch, estimator.batch = told["epoch"], told["batch"]
            if self._best is not None and told["best"] is not None:
                self._best.best = told["best"]

    def batch_end(self, estimator: Any, batch: Any, pred: Any, label: Any, loss: Any) -> None:
        if self.batch_period is not None and estimator.batch % self.batch_period == 0:
            self._keep(estimator)

    def epoch_end(self, estimator: Any) -> None:
        if self._best is not None and self._best.improved():
            self._write(estimator, self.path("best"))
        if self.epoch_period is not None and estimator.epoch % self.epoch_period == 0:
            self._keep(estimator)

    def _keep(self, estimator: Any) -> None:
        what = f"epoch{estimator.epoch}batch{estimator.batch}"
        self._write(estimator, self.path(what))
        best = None if self._best is None or math.isinf(self._best.best) else self._best.best
        about = {"epoch": estimator.epoch, "batch": estimator.batch, "best": best}
        save_checkpoint(
            self.path(what, "state"), estimator.net, estimator.trainer, _placed(estimator.train_data), **about
        )
        for kind in (endings()[0], "state"):
            for old in self._kept(kind)[: -self.max_checkpoints]:
                old.unlink()

    def _write(self, estimator: Any, path: Path) -> None:
        estimator.net.save_parameters(path)
        if self.verbose:
            print(f"CheckpointHandler: wrote {path}")

    def _kept(self, kind: str) -> list[Path]:
        """The files of such a kind, the newest last."""
        form = re.compile(re.escape(self.model_prefix) + rf"-epoch(\d+)batch(\d+)\.{kind}")
        found = [(match, path) for path in self.model_dir.iterdir() if (match := form.fullmatch(path.name))]
        return [path for _, path in sorted(found, key=lambda one: (int(one[0][2]), int(one[0][1])))]


def _placed(data: Any) -> Any:
    """The data if they can say where they are, else None."""
    if not (hasattr(data, "state") and hasattr(data, "load_state")):
        return None
    try:
        data.state()
    except NotImplementedError:  # an iterator of the user's own
        return None
    return data


class EarlyStoppingHandler(TrainBegin, EpochEnd):
    """Stops once `monitor` (a metric of the estimator) has not improved by `min_delta` for `patience` epochs in a row.

    mode: "min", "max", or "auto", by the metric's name. baseline: what an epoch has to be better than from the start.
    `stopped_epoch` is the epoch it stopped after, 0 if it did not.

    >>> import dlcore as dl
    >>> EarlyStoppingHandler(dl.metric.Accuracy(), patience=3).patience
    3
    """

    def __init__(
        self,
        monitor: Any,
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
    ) -> None:
        self._made = (monitor, mode, min_delta, baseline)
        self.patience = patience
        self._best, self._waited, self.stopped_epoch = _Monitor(*self._made), 0, 0

    def train_begin(self, estimator: Any) -> None:
        self._best, self._waited, self.stopped_epoch = _Monitor(*self._made), 0, 0

    def epoch_end(self, estimator: Any) -> bool:
        self._waited = 0 if self._best.improved() else self._waited + 1
        if self._waited >= max(self.patience, 1):
            self.stopped_epoch = estimator.epoch
        return self.stopped_epoch > 0
