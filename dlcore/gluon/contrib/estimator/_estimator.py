"""Estimator: a plain training loop."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from dlcore import autograd
from dlcore import metric as metrics
from dlcore.array.context import cpu, gpu, num_gpus

from ..._block import Block
from ...trainer import Trainer
from ._batch_processor import BatchProcessor
from ._events import BatchBegin, BatchEnd, EpochBegin, EpochEnd, TrainBegin, TrainEnd
from ._handlers import GradientUpdateHandler, LoggingHandler, MetricHandler, StoppingHandler, ValidationHandler


class Estimator:
    """Trains `net` to lower `loss`.

    loss: a loss block, called with (prediction, label). train_metrics, val_metrics: metrics, names, or lists of these;
    the latter are made anew from the former if not given. A network that is not initialized gets the values of
    `initializer` (default: Xavier's). trainer: default, Adam with learning rate 0.001. context: a device or a list of
    them, among which batches are divided (default: where the network is). val_net, val_loss: what validation runs
    (default: the same). batch_processor: see `BatchProcessor`.
    While fitting, `epoch` and `batch` count what is done, `max_epoch` and `max_batch` are what was asked for, and
    `stopped` says whether a handler ended the training.

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
        initializer: Any = None,
        trainer: Trainer | None = None,
        context: Any = None,
        val_net: Block | None = None,
        val_loss: Any = None,
        batch_processor: BatchProcessor | None = None,
    ) -> None:
        self.net, self.loss = net, loss
        self.val_net, self.val_loss = net if val_net is None else val_net, loss if val_loss is None else val_loss
        self.batch_processor = BatchProcessor() if batch_processor is None else batch_processor
        self.train_metrics = [metrics.Loss(), *_listed(train_metrics)]
        given = _listed(train_metrics, anew=True) if val_metrics is None else _listed(val_metrics)
        self.val_metrics = [metrics.Loss(), *given]
        for which, found in (("training", self.train_metrics), ("validation", self.val_metrics)):
            for metric in found:
                metric.name = f"{which} {metric.name.removeprefix('training ').removeprefix('validation ')}"
        self.context = self._begun(initializer, context)
        self.trainer = trainer or Trainer(net.collect_params(), "adam", {"learning_rate": 0.001})
        self.epoch = self.batch = 0
        self.max_epoch: int | None = None
        self.max_batch: int | None = None
        self.stopped = False

    def _begun(self, initializer: Any, context: Any) -> list[Any]:
        """The devices, after the network has been initialized on them where it was not."""
        parameters = list(self.net.collect_params().values())
        fresh = any(p._data is None and p._waiting is None for p in parameters)
        if context is None:
            context = [gpu(0) if num_gpus() else cpu()] if fresh or not parameters else parameters[0].list_ctx()
        devices = list(context) if isinstance(context, (list, tuple)) else [context]
        if fresh:
            self.net.initialize(init="xavier" if initializer is None else initializer, ctx=devices)
        return devices

    def fit(
        self,
        train_data: Iterable[Any],
        val_data: Iterable[Any] | None = None,
        epochs: int | None = None,
        event_handlers: Any = None,
        batches: int | None = None,
        batch_axis: int = 0,
    ) -> None:
        """Train for `epochs` epochs or `batches` batches, one of which must be given, else ValueError.

        train_data, val_data: iterables of batches (x, label), of loaders for instance, begun anew for each epoch.
        event_handlers: see `_events.py`; default, one LoggingHandler; [] is silent. What updates weights and metrics
        and validates are handlers too; one of these classes among event_handlers takes the place of the usual one.
        """
        if (epochs is None) == (batches is None):
            raise ValueError(f"Estimator.fit: expected either epochs or batches, got {epochs} and {batches}")
        self.epoch = self.batch = 0
        self.max_epoch, self.max_batch = epochs, batches
        self.train_data = train_data
        handlers = self._handlers(val_data, event_handlers)
        _call(handlers, TrainBegin, "train_begin", self)
        begun = self.batch  # above 0 where a handler went on from a checkpoint
        self.stopped = self.epoch >= epochs if epochs is not None else begun >= (batches or 0)
        while not self.stopped:
            before = self.batch
            _call(handlers, EpochBegin, "epoch_begin", self)
            for batch in train_data:
                _call(handlers, BatchBegin, "batch_begin", self, batch=batch)
                _, label, pred, loss = self.batch_processor.fit_batch(self, batch, batch_axis)
                self.batch += 1
                if _call(handlers, BatchEnd, "batch_end", self, batch=batch, pred=pred, label=label, loss=loss):
                    self.stopped = True
                    break
            if self.batch == before and not before == begun > 0:
                raise ValueError("Estimator.fit: train_data gave no batch; an iterator cannot be gone through twice")
            self.epoch += 1
            self.stopped = _call(handlers, EpochEnd, "epoch_end", self) or self.stopped
        _call(handlers, TrainEnd, "train_end", self)

    def _handlers(self, val_data: Any, given: Any) -> list[Any]:
        """Those given, and the usual ones of kinds that are not among them, by priority."""
        if given is None:
            found: list[Any] = [LoggingHandler()]
        else:
            found = list(given) if isinstance(given, Sequence) else [given]
        usual: list[Any] = [StoppingHandler(self.max_epoch, self.max_batch)]
        usual += [GradientUpdateHandler(), MetricHandler(self.train_metrics)]
        if val_data is not None:
            usual.append(ValidationHandler(val_data, self.evaluate))
        found += [one for one in usual if not any(isinstance(other, type(one)) for other in found)]
        return sorted(found, key=lambda handler: getattr(handler, "priority", 0))

    def evaluate(self, val_data: Iterable[Any], batch_axis: int = 0, event_handlers: Any = ()) -> dict[str, float]:
        """The validation metrics over `val_data`, by name, computed without training.

        event_handlers: hear of its batches, and of its beginning and end as of an epoch's.
        """
        handlers = list(event_handlers) if isinstance(event_handlers, Sequence) else [event_handlers]
        update = MetricHandler(self.val_metrics)
        handlers = [update, *handlers]
        with autograd.predict_mode():
            _call(handlers, EpochBegin, "epoch_begin", self)
            for batch in val_data:
                _call(handlers, BatchBegin, "batch_begin", self, batch=batch)
                _, label, pred, loss = self.batch_processor.evaluate_batch(self, batch, batch_axis)
                _call(handlers, BatchEnd, "batch_end", self, batch=batch, pred=pred, label=label, loss=loss)
            _call(handlers, EpochEnd, "epoch_end", self)
        return dict(pair for metric in self.val_metrics for pair in metric.get_name_value())


def _listed(given: Any, anew: bool = False) -> list[Any]:
    """A list of metrics from one, several or None; `anew` copies them, so that both sets count apart."""
    found = [metrics.create(m) for m in (given if isinstance(given, (list, tuple)) else [given]) if m is not None]
    return copy.deepcopy(found) if anew else found


def _call(handlers: list[Any], event: type, method: str, *args: Any, **named: Any) -> bool:
    """Tell every handler that wants to hear of the event; True if one of them gave True."""
    return any([bool(getattr(handler, method)(*args, **named)) for handler in handlers if isinstance(handler, event)])
