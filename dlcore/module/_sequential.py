"""SequentialModule: modules one after the other, gradients going back through all of them."""

from __future__ import annotations

import logging
from typing import Any

from dlcore._core import NDArray
from dlcore.io import DataBatch

from ._fit import BaseModule

META_TAKE_LABELS = "take_labels"
META_AUTO_WIRING = "auto_wiring"


class SequentialModule(BaseModule):
    """Modules in a row: each gets the outputs of the one before as data.

    `add(module, take_labels=True)`: this one also gets the labels of a batch. Outputs go to data by their order
    whatever the names are.

    >>> import dlcore as dl
    >>> x = dl.sym.var("data")
    >>> first = dl.mod.Module(dl.sym.FullyConnected(x, num_hidden=3, name="a"), label_names=None)
    >>> second = dl.mod.Module(dl.sym.SoftmaxOutput(dl.sym.FullyConnected(x, num_hidden=2, name="b"), name="softmax"))
    >>> model = SequentialModule().add(first).add(second, take_labels=True)
    >>> model.bind([("data", (4, 5))], [("softmax_label", (4,))])
    >>> model.init_params()
    >>> sorted(model.get_params()[0])
    ['a_bias', 'a_weight', 'b_bias', 'b_weight']
    """

    META_TAKE_LABELS, META_AUTO_WIRING = META_TAKE_LABELS, META_AUTO_WIRING

    def __init__(self, logger: Any = logging) -> None:
        self.logger = logger
        self._modules: list[Any] = []
        self._labelled: list[bool] = []
        self._labels: Any = None

    def add(self, module: Any, take_labels: bool = False, auto_wiring: bool = True) -> SequentialModule:
        """Append a module; gives this one, so that calls can be chained."""
        self._modules.append(module)
        self._labelled.append(take_labels)
        self.binded = self.params_initialized = self.optimizer_initialized = False
        return self

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
        """Binds every module to the shapes that the one before gives."""
        if self.binded and not force_rebind:
            return
        if not self._modules:
            raise RuntimeError("SequentialModule.bind: it has no modules; add(module) first")
        shapes = [(d[0], tuple(d[1])) for d in data_shapes]
        for place, (module, labelled) in enumerate(zip(self._modules, self._labelled, strict=True)):
            if len(shapes) != len(module.data_names):
                raise ValueError(
                    f"SequentialModule: module {place} takes {', '.join(module.data_names)}, it would get {shapes}"
                )
            named = [(name, shape) for name, (_, shape) in zip(module.data_names, shapes, strict=True)]
            module.bind(
                named, label_shapes if labelled else None, for_training=for_training,
                inputs_need_grad=inputs_need_grad or (for_training and place > 0), force_rebind=force_rebind,
                grad_req=grad_req, **more,
            )  # fmt: skip
            shapes = module.output_shapes
        self.binded = True

    @property
    def output_shapes(self) -> Any:
        """Names and shapes of the last module's outputs."""
        return self._modules[-1].output_shapes

    @property
    def data_names(self) -> list[str]:
        """The first module's."""
        return self._modules[0].data_names

    def init_params(self, initializer: Any = None, arg_params: Any = None, aux_params: Any = None, **more: Any) -> None:
        """Fills the parameters of all; ValueError where two modules have one of the same name."""
        seen: dict[str, int] = {}
        for place, module in enumerate(self._modules):
            words = {**more, "allow_extra": True}
            module.init_params(initializer=initializer, arg_params=arg_params, aux_params=aux_params, **words)
            for group in module.get_params():
                for name in group:
                    if name in seen:
                        raise ValueError(f"SequentialModule: modules {seen[name]} and {place} both have {name!r}")
                    seen[name] = place
        self.params_initialized = True

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Copies of the parameters and auxiliary states of all modules."""
        arg: dict[str, NDArray] = {}
        aux: dict[str, NDArray] = {}
        for module in self._modules:
            mine = module.get_params()
            arg.update(mine[0])
            aux.update(mine[1])
        return arg, aux

    def init_optimizer(self, *args: Any, **more: Any) -> None:
        """An optimizer for each module."""
        for module in self._modules:
            module.init_optimizer(*args, **more)
        self.optimizer_initialized = True

    def forward(self, data_batch: Any, is_train: bool | None = None) -> None:
        """Runs a batch through all."""
        self._ready("forward")
        data = data_batch.data
        for module, labelled in zip(self._modules, self._labelled, strict=True):
            module.forward(DataBatch(list(data), data_batch.label if labelled else []), is_train)
            data = module.get_outputs()

    def backward(self, out_grads: Any = None) -> None:
        """Gradients from the last module to the first."""
        for place, module in reversed(list(enumerate(self._modules))):
            module.backward(out_grads)
            if place:
                out_grads = module.get_input_grads()

    def update(self) -> None:
        """One step of every optimizer."""
        for module in self._modules:
            module.update()

    def get_outputs(self) -> list[NDArray]:
        """The last module's outputs."""
        return self._modules[-1].get_outputs()

    def get_input_grads(self) -> list[NDArray]:
        """The gradients of the first module's data."""
        return self._modules[0].get_input_grads()

    def install_monitor(self, mon: Any) -> None:
        """Have a Monitor see every module."""
        for module in self._modules:
            module.install_monitor(mon)
