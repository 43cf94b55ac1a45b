"""BucketingModule: one set of parameters under a symbol for each kind of batch."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from dlcore._core import NDArray

from ._fit import BaseModule
from ._module import Module


class BucketingModule(BaseModule):
    """Trains symbols that differ with the batch (sequences of several lengths) and share their parameters.

    sym_gen: a function that gives (symbol, data names, label names) for a bucket's key. A batch says its key
    (`bucket_key`) and its shapes (`provide_data`, `provide_label`). default_bucket_key: that of the symbol which has
    every parameter, the longest as a rule. Each bucket is bound once, when it first comes.

    >>> import dlcore as dl
    >>> def unrolled(steps):
    ...     words = dl.sym.sum(dl.sym.var("data"), axis=1, keepdims=True)
    ...     net = dl.sym.FullyConnected(words, num_hidden=2, name="fc")
    ...     return dl.sym.SoftmaxOutput(net, name="softmax"), ["data"], ["softmax_label"]
    >>> model = BucketingModule(unrolled, default_bucket_key=9)
    >>> model.bind([("data", (4, 9))], [("softmax_label", (4,))])
    >>> model.init_params()
    >>> sorted(model.get_params()[0])
    ['fc_bias', 'fc_weight']
    """

    def __init__(
        self,
        sym_gen: Callable[[Any], tuple[Any, Any, Any]],
        default_bucket_key: Any = None,
        logger: Any = logging,
        context: Any = None,
        fixed_param_names: Any = None,
    ) -> None:
        if default_bucket_key is None:
            raise ValueError("BucketingModule: default_bucket_key names the symbol that has every parameter")
        self._make, self._default = sym_gen, default_bucket_key
        self.logger, self._words = (
            logger,
            {"logger": logger, "context": context, "fixed_param_names": fixed_param_names},
        )
        self._buckets: dict[Any, Module] = {}
        self._current: Module | None = None
        self._how: dict[str, Any] = {}
        self._monitor: Any = None

    def _module(self, key: Any) -> Module:
        symbol, data_names, label_names = self._make(key)
        return Module(symbol, data_names, label_names, **self._words)

    @property
    def _now(self) -> Module:
        if self._current is None:
            raise RuntimeError("BucketingModule: call bind (or fit) first")
        return self._current

    @property
    def symbol(self) -> Any:  # type: ignore[override]
        """The symbol of the bucket that ran last."""
        return self._now.symbol

    def __getattr__(self, name: str) -> Any:
        if name in ("data_names", "label_names", "data_shapes", "label_shapes", "output_names", "output_shapes"):
            return getattr(self._now, name)
        return super().__getattr__(name)  # type: ignore[misc]

    def bind(
        self,
        data_shapes: Any,
        label_shapes: Any = None,
        for_training: bool = True,
        inputs_need_grad: bool = False,
        force_rebind: bool = False,
        grad_req: str = "write",
        **more: Any,
    ) -> None:
        """Binds the default bucket; see `Module.bind`. The others follow with their first batches."""
        if self.binded and not force_rebind:
            return
        self._how = {"for_training": for_training, "inputs_need_grad": inputs_need_grad, "grad_req": grad_req}
        first = self._module(self._default)
        before = self.get_params() if self.params_initialized else None
        first.bind(data_shapes, label_shapes, **self._how, **more)
        if before is not None:
            first.init_params(arg_params=before[0], aux_params=before[1], force_init=True)
        self._buckets, self._current, self.binded = {self._default: first}, first, True

    def init_params(self, *args: Any, **more: Any) -> None:
        """Fills the parameters, once for all buckets; see `Module.init_params`."""
        self._first.init_params(*args, **more)
        self.params_initialized = True

    @property
    def _first(self) -> Module:
        if self._default not in self._buckets:
            raise RuntimeError("BucketingModule: call bind (or fit) first")
        return self._buckets[self._default]

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Copies of parameters and auxiliary states."""
        return self._first.get_params()

    def set_params(self, *args: Any, **more: Any) -> None:
        """Writes values into the parameters of all buckets; see `Module.set_params`."""
        self._first.set_params(*args, **more)
        self.params_initialized = True

    def init_optimizer(self, *args: Any, **more: Any) -> None:
        """Makes the one optimizer of all buckets; see `Module.init_optimizer`."""
        self._first.init_optimizer(*args, **more)
        for module in self._buckets.values():
            module.borrow_optimizer(self._first)
        self.optimizer_initialized = True

    def switch_bucket(self, bucket_key: Any, data_shapes: Any, label_shapes: Any = None) -> None:
        """Goes to the module of a bucket, binding it to the parameters of the default one if it is new."""
        if bucket_key not in self._buckets:
            module = self._module(bucket_key)
            module.bind(data_shapes, label_shapes, shared_module=self._first, **self._how)
            if self.optimizer_initialized:
                module.borrow_optimizer(self._first)
            if self._monitor is not None:
                module.install_monitor(self._monitor)
            self._buckets[bucket_key] = module
        self._current = self._buckets[bucket_key]

    def prepare(self, data_batch: Any, sparse_row_id_fn: Any = None) -> None:
        """Binds the bucket of a batch ahead of its time; the one in use stays."""
        now = self._now
        self._switch(data_batch)
        self._current = now

    def _switch(self, batch: Any) -> None:
        key = self._default if batch.bucket_key is None else batch.bucket_key
        if key in self._buckets:
            self._current = self._buckets[key]
        elif batch.provide_data is None:
            raise ValueError(f"BucketingModule: the first batch of bucket {key!r} must say its shapes (provide_data)")
        else:
            self.switch_bucket(key, batch.provide_data, batch.provide_label)

    def forward(self, data_batch: Any, is_train: bool | None = None) -> None:
        """Runs a batch with the symbol of its bucket."""
        self._ready("forward")
        self._switch(data_batch)
        self._now.forward(data_batch, is_train)

    def backward(self, out_grads: Any = None) -> None:
        """The gradients of the last forward."""
        self._now.backward(out_grads)

    def update(self) -> None:
        """One step of the optimizer on the parameters that the last bucket uses."""
        self._now.update()

    def get_outputs(self) -> list[NDArray]:
        """The outputs of the last forward."""
        return self._now.get_outputs()

    def get_input_grads(self) -> list[NDArray]:
        """The gradients of the data of the last batch."""
        return self._now.get_input_grads()

    def install_monitor(self, mon: Any) -> None:
        """Have a Monitor see the outputs of every node of all buckets."""
        self._monitor = mon
        for module in self._buckets.values():
            module.install_monitor(mon)

    def save_checkpoint(self, prefix: Any, epoch: int, save_optimizer_states: bool = False) -> None:
        """Write the default bucket's symbol and the parameters; see `Module.save_checkpoint`."""
        self._first.save_checkpoint(prefix, epoch, save_optimizer_states)
