"""Estimator: a plain training loop."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from dlcore import autograd
from dlcore import metric as metrics

from ..._block import Block
from ...trainer import Trainer
from ._events import BatchBegin, BatchEnd, EpochBegin, EpochEnd, TrainBegin, TrainEnd
from ._handlers import LoggingHandler, StoppingHandler


class Estimator:
    """Trains `net` to lower `loss`.

    loss: a loss block, called with (prediction, label). train_metrics, val_metrics: metrics, names, or lists of these;
    the latter are made anew from the former if not given. trainer: default, Adam with learning rate 0.001.
    A network that is not initialized gets Xavier's values.
    While fitting, `epoch` and `batch` count what is done, and `stopped` says whether a handler ended the training.

    >>> import dlcore as dl
    >>> data = dl.gluon.data.DataLoader(dl.gluon.data.ArrayDataset(dl.nd.ones((4, 2)), dl.nd.zeros((4,))), 2)
    >>> est = Estimator(dl.gluon.nn.Dense(3), dl.gluon.loss.SoftmaxCrossEntropyLoss(), "acc")
    >>> est.fit(data, epochs=3, event_handlers=[])
    >>> est.epoch, list(est.evaluate(data))
    (3, ['validation loss', 'validation accuracy'])
    """

    def __init__(
        self,
        net: Block,
        loss: Any,
        train_metrics: Any = None,
        val_metrics: Any = None,
        trainer: Trainer | None = None,
        context: Any = None,
    ) -> None:
        self.net, self.loss, self.context = net, loss, context
        self.train_metrics = [metrics.Loss(), *_listed(train_metrics)]
        given = _listed(train_metrics, anew=True) if val_metrics is None else _listed(val_metrics)
        self.val_metrics = [metrics.Loss(), *given]
        for which, found in (("training", self.train_metrics), ("validation", self.val_metrics)):
            for metric in found:
                metric.name = f"{which} {metric.name.removeprefix('training ').removeprefix('validation ')}"
        if any(p._data is None and p._waiting is None for p in net.collect_params().values()):
            net.initialize(init="xavier", ctx=context)
        self.trainer = trainer or Trainer(net.collect_params(), "adam", {"learning_rate": 0.001})
        self.epoch = self.batch = 0
        self.stopped = False

    def fit(
        self,
        train_data: Iterable[Any],
        val_data: Iterable[Any] | None = None,
        epochs: int | None = None,
        event_handlers: Sequence[Any] | None = None,
        batches: int | None = None,
        batch_axis: int = 0,
    ) -> None:
        """Train for `epochs` epochs or `batches` batches, one of which must be given, else ValueError.

        train_data, val_data: iterables of batches (x, label), of loaders for instance, begun anew for each epoch.
        event_handlers: see `_events.py`; default, one LoggingHandler; [] is silent.
        """
        if (epochs is None) == (batches is None):
            raise ValueError(f"Estimator.fit: expected either epochs or batches, got {epochs} and {batches}")
        given = [LoggingHandler()] if event_handlers is None else list(event_handlers)
        handlers = [StoppingHandler(epochs, batches), *given]
        self.epoch = self.batch = 0
        self.stopped = (epochs if batches is None else batches) == 0
        _call(handlers, TrainBegin, "train_begin", self)
        while not self.stopped:
            before = self.batch
            for metric in self.train_metrics:
                metric.reset()
            _call(handlers, EpochBegin, "epoch_begin", self)
            for batch in train_data:
                _call(handlers, BatchBegin, "batch_begin", self, batch)
                results = self.fit_batch(batch, batch_axis)
                self.batch += 1
                if _call(handlers, BatchEnd, "batch_end", self, batch, *results):
                    self.stopped = True
                    break
            if self.batch == before:
                raise ValueError("Estimator.fit: train_data gave no batch; an iterator cannot be gone through twice")
            if val_data is not None:
                self.evaluate(val_data)
            self.epoch += 1
            self.stopped = _call(handlers, EpochEnd, "epoch_end", self) or self.stopped
        _call(handlers, TrainEnd, "train_end", self)

    def fit_batch(self, batch: Any, batch_axis: int = 0) -> tuple[Any, Any, Any]:
        """One step; gives (prediction, label, loss)."""
        x, label = batch[0], batch[1]
        with autograd.record():
            pred = self.net(x)
            loss = self.loss(pred, label)
        loss.backward()
        self.trainer.step(x.shape[batch_axis])
        _update(self.train_metrics, label, pred, loss)
        return pred, label, loss

    def evaluate(self, val_data: Iterable[Any]) -> dict[str, float]:
        """The validation metrics over `val_data`, by name, computed without training."""
        for metric in self.val_metrics:
            metric.reset()
        with autograd.predict_mode():
            for batch in val_data:
                pred = self.net(batch[0])
                _update(self.val_metrics, batch[1], pred, self.loss(pred, batch[1]))
        return dict(pair for metric in self.val_metrics for pair in metric.get_name_value())


def _listed(given: Any, anew: bool = False) -> list[Any]:
    """A list of metrics from one, several or None; `anew` copies them, so that both sets count apart."""
    found = [metrics.create(m) for m in (given if isinstance(given, (list, tuple)) else [given]) if m is not None]
    return copy.deepcopy(found) if anew else found


def _update(found: list[Any], label: Any, pred: Any, loss: Any) -> None:
    for metric in found:
        metric.update(label, loss if isinstance(metric, metrics.Loss) else pred)


def _call(handlers: list[Any], event: type, method: str, *args: Any) -> bool:
    """Tell every handler that wants to hear of the event; True if one of them gave True."""
    return any([bool(getattr(handler, method)(*args)) for handler in handlers if isinstance(handler, event)])
