"""FeedForward: the oldest way to train a symbol, over `Module`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcore import init
from dlcore.io import DataIter, NDArrayIter

from ._checkpoint import load_checkpoint, save_checkpoint
from ._module import Module


class FeedForward:
    """Trains a symbol with one label on arrays or an iterator: `fit`, `predict`, `score`, `save`, `load`.

    numpy_batch_size: of batches made from arrays. kwargs: for the optimizer (learning_rate=...). `Module` does more.

    >>> import dlcore as dl
    >>> net = dl.sym.SoftmaxOutput(dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=2), name="softmax")
    >>> x = np.array([[1.0, 0.0], [0.0, 1.0]] * 8)
    >>> model = FeedForward(net, num_epoch=20, numpy_batch_size=4, learning_rate=0.5)
    >>> model.fit(x, x.argmax(1))
    >>> model.predict(x).argmax(1)[:2].tolist()
    [0, 1]
    """

    def __init__(
        self,
        symbol: Any,
        ctx: Any = None,
        num_epoch: int | None = None,
        epoch_size: int | None = None,
        optimizer: Any = "sgd",
        initializer: Any = None,
        numpy_batch_size: int = 128,
        arg_params: Mapping[str, Any] | None = None,
        aux_params: Mapping[str, Any] | None = None,
        allow_extra_params: bool = False,
        begin_epoch: int = 0,
        **kwargs: Any,
    ) -> None:
        if epoch_size is not None:
            raise ValueError("FeedForward: epoch_size is not offered; io.ResizeIter makes passes of another length")
        self.symbol, self.ctx, self.num_epoch, self.begin_epoch = symbol, ctx, num_epoch, begin_epoch
        self.optimizer, self.kwargs = optimizer, kwargs
        self.initializer = init.Uniform(0.01) if initializer is None else initializer
        self.numpy_batch_size, self.allow_extra_params = numpy_batch_size, allow_extra_params
        self.arg_params = None if arg_params is None else dict(arg_params)
        self.aux_params = None if aux_params is None else dict(aux_params)

    def _batches(self, data: Any, label: Any, train: bool) -> Any:
        if isinstance(data, DataIter):
            return data
        size = min(self.numpy_batch_size, len(data))
        kept = np.zeros(len(data), np.float32) if label is None else np.asarray(label)
        return NDArrayIter(
            np.asarray(data), kept, size, shuffle=train, last_batch_handle="roll_over" if train else "pad"
        )

    def _module(self, batches: Any, train: bool) -> Module:
        data, labels = ([one[0] for one in given] for given in (batches.provide_data, batches.provide_label))
        module = Module(self.symbol, data, labels, context=self.ctx)
        module.bind(batches.provide_data, batches.provide_label, for_training=train)
        module.init_params(
            self.initializer if train else None, self.arg_params, self.aux_params,
            allow_missing=train, allow_extra=self.allow_extra_params,
        )  # fmt: skip
        return module

    def fit(
        self,
        X: Any,
        y: Any = None,
        eval_data: Any = None,
        eval_metric: Any = "acc",
        epoch_end_callback: Any = None,
        batch_end_callback: Any = None,
        kvstore: Any = "local",
        logger: Any = None,
        monitor: Any = None,
        eval_end_callback: Any = None,
        eval_batch_end_callback: Any = None,
    ) -> None:
        """Train until `num_epoch`. eval_data: an iterator or a pair of arrays. ValueError without num_epoch."""
        batches = self._batches(X, y, True)
        module = self._module(batches, True)
        if logger is not None:
            module.logger = logger
        if isinstance(eval_data, (tuple, list)):
            eval_data = self._batches(eval_data[0], eval_data[1], False)
        module.fit(
            batches, eval_data, eval_metric, epoch_end_callback, batch_end_callback, kvstore, self.optimizer,
            self.kwargs, eval_end_callback, eval_batch_end_callback, begin_epoch=self.begin_epoch,
            num_epoch=self.num_epoch, monitor=monitor,
        )  # fmt: skip
        self.arg_params, self.aux_params = module.get_params()

    def _trained(self, what: str) -> None:
        if self.arg_params is None:
            raise RuntimeError(f"FeedForward.{what}: call fit or load first")

    def predict(self, X: Any, num_batch: int | None = None, return_data: bool = False, reset: bool = True) -> Any:
        """The outputs as NumPy arrays; one array where there is one output. RuntimeError before `fit`."""
        if return_data:
            raise ValueError("FeedForward.predict: return_data is not offered; the caller has the data")
        self._trained("predict")
        batches = self._batches(X, None, False)
        found = self._module(batches, False).predict(batches, num_batch, reset=reset)
        return [a.asnumpy() for a in found] if isinstance(found, list) else found.asnumpy()

    def score(
        self, X: Any, y: Any = None, eval_metric: Any = "acc", num_batch: int | None = None, reset: bool = True
    ) -> float:
        """The metric over X, a number. RuntimeError before `fit`."""
        self._trained("score")
        batches = self._batches(X, y, False)
        return float(self._module(batches, False).score(batches, eval_metric, num_batch, reset=reset)[0][1])

    def save(self, prefix: str | os.PathLike[str], epoch: int | None = None) -> None:
        """Write symbol and parameters as `dlcore.model.save_checkpoint` does; the epoch is the last by default."""
        self._trained("save")
        save_checkpoint(prefix, (self.num_epoch or 0) if epoch is None else epoch, self.symbol, self.arg_params or {},
                        self.aux_params or {})  # fmt: skip

    @staticmethod
    def load(prefix: str | os.PathLike[str], epoch: int, ctx: Any = None, **kwargs: Any) -> FeedForward:
        """The model that `save` wrote; training goes on after `epoch`."""
        symbol, arg_params, aux_params = load_checkpoint(prefix, epoch)
        words = {"begin_epoch": epoch, **kwargs}
        return FeedForward(symbol, ctx, arg_params=arg_params, aux_params=aux_params, **words)

    @staticmethod
    def create(
        symbol: Any, X: Any, y: Any = None, ctx: Any = None, num_epoch: int | None = None, eval_data: Any = None,
        eval_metric: Any = "acc", **kwargs: Any,
    ) -> FeedForward:  # fmt: skip
        """A model made with `kwargs` and trained on X, y."""
        model = FeedForward(symbol, ctx, num_epoch, **kwargs)
        model.fit(X, y, eval_data, eval_metric)
        return model
