"""The loops around a module: fit, score and predict."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from dlcore import init, io, metric
from dlcore._core import NDArray
from dlcore._hints import HINTS, Hinted, hinted
from dlcore.array import nd


class BatchEndParam(NamedTuple):
    """What a batch_end_callback gets.

    >>> import dlcore as dl
    >>> speed = dl.callback.Speedometer(32, 10)
    >>> speed(BatchEndParam(epoch=0, nbatch=1, eval_metric=None, locals=None))
    """

    epoch: int
    nbatch: int
    eval_metric: Any
    locals: Any


def _call(callbacks: Any, *args: Any) -> None:
    for callback in callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]:
        if callback is not None:
            callback(*args)


def _rows(arrays: list[NDArray], pad: int | None) -> list[NDArray]:
    """Without the `pad` samples that fill the last batch up."""
    return [a[: a.shape[0] - pad] for a in arrays] if pad else list(arrays)


class BaseModule(Hinted):
    """What every module can do once it has the single steps; see `Module`.

    >>> import dlcore as dl
    >>> isinstance(dl.mod.Module(dl.sym.var("data") * 2, label_names=None), BaseModule)
    True
    """

    logger: Any = logging
    binded = params_initialized = optimizer_initialized = False
    symbol: Any = None

    def bind(self, data_shapes: Any, label_shapes: Any = None, **more: Any) -> None:
        """Makes the arrays for batches of these shapes."""
        raise NotImplementedError(f"{type(self).__name__} has no bind")

    def init_params(self, *args: Any, **more: Any) -> None:
        """Fills the parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no init_params")

    def init_optimizer(self, *args: Any, **more: Any) -> None:
        """Makes the optimizer."""
        raise NotImplementedError(f"{type(self).__name__} has no init_optimizer")

    def forward(self, data_batch: Any, is_train: bool | None = None) -> None:
        """Runs a batch."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def backward(self, out_grads: Any = None) -> None:
        """Computes the gradients of the batch."""
        raise NotImplementedError(f"{type(self).__name__} has no backward")

    def update(self) -> None:
        """Lets the optimizer change the parameters."""
        raise NotImplementedError(f"{type(self).__name__} has no update")

    def get_outputs(self) -> list[NDArray]:
        """The outputs of the last forward."""
        raise NotImplementedError(f"{type(self).__name__} has no get_outputs")

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Copies of parameters and auxiliary states."""
        raise NotImplementedError(f"{type(self).__name__} has no get_params")

    def install_monitor(self, mon: Any) -> None:
        """Have a `Monitor` see the arrays."""
        raise NotImplementedError(f"{type(self).__name__} has no install_monitor")

    def forward_backward(self, data_batch: Any) -> None:
        """Forward in training mode, then backward."""
        self.forward(data_batch, is_train=True)
        self.backward()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """A module is no function: TypeError that says what to call."""
        raise TypeError(f"{type(self).__name__}: {HINTS['Module()']}")

    def update_metric(self, eval_metric: Any, labels: Any, pre_sliced: bool = False) -> None:
        """Shows a metric the labels and the outputs of the last forward."""
        eval_metric.update(list(labels or []), self.get_outputs())

    @hinted("Module.fit")
    def fit(
        self,
        train_data: Any,
        eval_data: Any = None,
        eval_metric: Any = "acc",
        epoch_end_callback: Any = None,
        batch_end_callback: Any = None,
        kvstore: Any = "local",
        optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),),
        eval_end_callback: Any = None,
        eval_batch_end_callback: Any = None,
        initializer: Any = None,
        arg_params: Any = None,
        aux_params: Any = None,
        allow_missing: bool = False,
        force_rebind: bool = False,
        force_init: bool = False,
        begin_epoch: int = 0,
        num_epoch: int | None = None,
        validation_metric: Any = None,
        monitor: Any = None,
    ) -> None:
        """Trains for the epochs from `begin_epoch` up to `num_epoch`, binding and initializing first where needed.

        train_data, eval_data: iterators of batches. Metrics are logged after each epoch. batch_end_callback gets a
        BatchEndParam; epoch_end_callback gets (epoch, symbol, arg_params, aux_params). kvstore: see
        `Module.init_optimizer`. monitor: a `Monitor`. ValueError without num_epoch.
        """
        if num_epoch is None:
            raise ValueError("fit: num_epoch says how long to train; it is not given")
        self.bind(train_data.provide_data, train_data.provide_label, for_training=True, force_rebind=force_rebind)
        if monitor is not None:
            self.install_monitor(monitor)
        self.init_params(
            initializer=init.Uniform(0.01) if initializer is None else initializer,
            arg_params=arg_params,
            aux_params=aux_params,
            allow_missing=allow_missing,
            force_init=force_init,
        )
        self.init_optimizer(kvstore, optimizer, optimizer_params)
        validation_metric = eval_metric if validation_metric is None else validation_metric
        eval_metric = metric.create(eval_metric)
        for epoch in range(begin_epoch, num_epoch):
            self._fit_epoch(epoch, train_data, eval_metric, batch_end_callback, monitor)
            if epoch_end_callback is not None:
                _call(epoch_end_callback, epoch, self.symbol, *self.get_params())
            if eval_data is not None:
                found = self.score(
                    eval_data, validation_metric, None, eval_batch_end_callback, eval_end_callback, epoch=epoch
                )
                self._log(epoch, "Validation", found)
        train_data.reset()

    def _fit_epoch(self, epoch: int, train_data: Any, eval_metric: Any, callback: Any, monitor: Any) -> None:
        """All batches once."""
        start = time.perf_counter()
        eval_metric.reset()
        train_data.reset()
        for nbatch, data_batch in enumerate(train_data):
            if monitor is not None:
                monitor.tic()
            self.forward_backward(data_batch)
            self.update()
            self.update_metric(eval_metric, data_batch.label)
            if monitor is not None:
                monitor.toc_print()
            _call(callback, BatchEndParam(epoch, nbatch, eval_metric, locals()))
        self._log(epoch, "Train", eval_metric.get_global_name_value())
        self.logger.info("Epoch[%d] Time cost=%.3f", epoch, time.perf_counter() - start)

    def _log(self, epoch: int, what: str, values: list[tuple[str, float]]) -> None:
        for name, value in values:
            self.logger.info("Epoch[%d] %s-%s=%f", epoch, what, name, value)

    def score(
        self,
        eval_data: Any,
        eval_metric: Any,
        num_batch: int | None = None,
        batch_end_callback: Any = None,
        score_end_callback: Any = None,
        reset: bool = True,
        epoch: int = 0,
    ) -> list[tuple[str, float]]:
        """The metric over an iterator as [(name, value)]; samples that only fill up the last batch do not count."""
        self._ready("score")
        if reset:
            eval_data.reset()
        eval_metric = metric.create(eval_metric)
        eval_metric.reset()
        nbatch = -1
        for nbatch, batch in enumerate(eval_data):
            if nbatch == num_batch:
                break
            self.forward(batch, is_train=False)
            eval_metric.update(_rows(batch.label, batch.pad), _rows(self.get_outputs(), batch.pad))
            _call(batch_end_callback, BatchEndParam(epoch, nbatch, eval_metric, locals()))
        _call(score_end_callback, BatchEndParam(epoch, nbatch, eval_metric, locals()))
        return eval_metric.get_global_name_value()  # type: ignore[no-any-return]

    def iter_predict(
        self, eval_data: Any, num_batch: int | None = None, reset: bool = True
    ) -> Iterator[tuple[list[NDArray], int, Any]]:
        """(outputs, number of the batch, batch) for every batch, without the samples that fill up the last one.

        eval_data: an iterator, or one array as the only batch.
        """
        self._ready("predict")
        if isinstance(eval_data, (NDArray, np.ndarray)):
            eval_data = io.NDArrayIter(eval_data, batch_size=eval_data.shape[0])
        if reset:
            eval_data.reset()
        for nbatch, batch in enumerate(eval_data):
            if nbatch == num_batch:
                break
            self.forward(batch, is_train=False)
            yield _rows(self.get_outputs(), batch.pad), nbatch, batch

    def predict(
        self,
        eval_data: Any,
        num_batch: int | None = None,
        merge_batches: bool = True,
        reset: bool = True,
        always_output_list: bool = False,
    ) -> Any:
        """The outputs over an iterator, joined: one array, or a list of them where there are several outputs.

        eval_data: may be one array as well. merge_batches=False gives a list for each batch.
        """
        found = [[out.copy() for out in outputs] for outputs, _, _ in self.iter_predict(eval_data, num_batch, reset)]
        if not found or not merge_batches:
            return found
        merged = [nd.concat(*parts, dim=0) for parts in zip(*found, strict=True)]
        return merged if always_output_list or len(merged) > 1 else merged[0]

    def _ready(self, what: str) -> None:
        if not (self.binded and self.params_initialized):
            raise RuntimeError(f"{what}: call bind and init_params (or fit) first")
