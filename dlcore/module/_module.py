"""Module: a Symbol, its parameters and an optimizer."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from dlcore import _core, init, optim
from dlcore.array import nd
from dlcore.comm._kvstore import store_of
from dlcore.symbol import Executor, Symbol

from . import _checkpoint
from ._fit import BaseModule
from ._reading import dtypes_of, fill, named, one_device, shapes_of
from ._stepper import Stepper


class _Factors(NamedTuple):
    """What the optimizer asks about a parameter."""

    lr_mult: float
    wd_mult: float


class Module(BaseModule):
    """Trains a Symbol: `bind`, `init_params`, `init_optimizer`, then batch by batch, or all at once with `fit`.

    data_names, label_names: which arguments come with each batch; all others are parameters.
    fixed_param_names: parameters that stay as they are. context: a device, of several the first.
    group2ctxs: {group: device} for parts that were made inside `AttrScope(ctx_group=group)`.

    >>> import dlcore as dl
    >>> net = dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=2, name="fc")
    >>> model = Module(dl.sym.SoftmaxOutput(net, name="softmax"))
    >>> model.bind([("data", (4, 3))], [("softmax_label", (4,))])
    >>> model.init_params(dl.init.One())
    >>> model.get_params()[0]["fc_weight"].shape
    (2, 3)
    """

    def __init__(
        self,
        symbol: Symbol,
        data_names: Sequence[str] = ("data",),
        label_names: Sequence[str] | None = ("softmax_label",),
        logger: Any = logging,
        context: Any = None,
        fixed_param_names: Sequence[str] | None = None,
        group2ctxs: Any = None,
    ) -> None:
        self.symbol, self.logger, self._context = symbol, logger, one_device(context)
        if isinstance(group2ctxs, (list, tuple)) and len(group2ctxs) == 1:
            group2ctxs = group2ctxs[0]
        self._groups = group2ctxs
        arguments = symbol.list_arguments()
        self.data_names = list(data_names)
        self.label_names = [n for n in label_names or () if n in arguments]
        fixed = list(fixed_param_names or ())
        for what, given in (("data_names", self.data_names), ("fixed_param_names", fixed)):
            for name in given:
                if name not in arguments:
                    raise ValueError(f"Module: {what} has {name!r}; the symbol's arguments are {', '.join(arguments)}")
        batch = {*self.data_names, *self.label_names}
        self._params = [n for n in arguments if n not in batch]
        self._fixed = set(fixed)
        self._executors: dict[Any, Executor] = {}
        self._exec: Executor | None = None
        self._monitor: Any = None
        self._stepper: Stepper | None = None
        self._loaded: tuple[Any, Any] | None = None
        self._loaded_states = ""
        self.for_training = self.inputs_need_grad = False

    # Shapes.

    def bind(
        self,
        data_shapes: Any,
        label_shapes: Any = None,
        for_training: bool = True,
        inputs_need_grad: bool = False,
        force_rebind: bool = False,
        grad_req: str = "write",
        shared_module: Module | None = None,
        **more: Any,
    ) -> None:
        """Makes the arrays for batches of these shapes ((name, shape) pairs or DataDesc). Done once, unless forced.

        shared_module: a bound module whose parameters and gradients this one uses wherever it has the same names.
        Parameters keep their values when bound again. ValueError where the shapes do not fit, naming the node.
        """
        if more:
            raise TypeError(f"Module.bind: unknown arguments {', '.join(more)}")
        if self.binded and not force_rebind:
            return
        shapes = {**shapes_of(data_shapes), **shapes_of(label_shapes)}
        missing = [n for n in self.data_names if n not in shapes]
        if missing:
            raise ValueError(f"Module.bind: no shape for {', '.join(missing)}; got {', '.join(shapes) or 'none'}")
        inputs = {*self.data_names, *self.label_names}
        shapes = {n: s for n, s in shapes.items() if n in inputs}
        reqs = dict.fromkeys(self.symbol.list_arguments(), "null")
        if for_training:
            reqs.update({n: grad_req for n in self._params if n not in self._fixed})
            reqs.update({n: grad_req for n in self.data_names if inputs_need_grad})
        types = {n: t for n, t in {**dtypes_of(data_shapes), **dtypes_of(label_shapes)}.items() if n in inputs}
        before = self.get_params() if self.params_initialized else self._loaded
        self._exec = self.symbol.simple_bind(self._context, reqs, types, self._groups, **shapes)
        if shared_module is not None:
            self._exec = self._exec.sharing(shared_module._bound, self._params)
            self.params_initialized = shared_module.params_initialized
        self._executors = {self._key(): self._exec}
        self.binded, self.for_training, self.inputs_need_grad = True, for_training, inputs_need_grad
        if before is not None:
            self.init_params(arg_params=before[0], aux_params=before[1], force_init=True)

    def reshape(self, data_shapes: Any, label_shapes: Any = None) -> None:
        """Other shapes for batches, the parameters staying; `forward` does it by itself where a batch needs it."""
        self._reshape(
            {**shapes_of(data_shapes), **{n: s for n, s in shapes_of(label_shapes).items() if n in self.label_names}}
        )

    def install_monitor(self, mon: Any) -> None:
        """Have a `Monitor` see the outputs of every node."""
        self._monitor = mon
        for executor in self._executors.values():
            mon.install(executor)

    def prepare(self, data_batch: Any, sparse_row_id_fn: Any = None) -> None:
        """Makes ready for a batch: nothing is to be done, since parameters are dense and in one place."""

    def get_states(self, merge_multi_context: bool = True) -> list[_core.NDArray]:
        """The values of the auxiliary states, in the order of the symbol's list."""
        return [array.copy() for array in self._bound.aux_dict.values()]

    def set_states(self, states: Any = None, value: float | None = None) -> None:
        """Writes values, or one number, into the auxiliary states."""
        own = list(self._bound.aux_dict.items())
        given = [nd.full(array.shape, value, dtype=array.dtype) for _, array in own] if states is None else list(states)
        if len(given) != len(own):
            raise ValueError(
                f"Module.set_states: expected {len(own)} arrays ({', '.join(n for n, _ in own)}), got {len(given)}"
            )
        self._bound.copy_params_from({}, {name: array for (name, _), array in zip(own, given, strict=True)})

    def borrow_optimizer(self, shared_module: Module) -> None:
        """Use another module's optimizer and what it keeps for parameters of the same names."""
        if not shared_module.optimizer_initialized:
            raise RuntimeError("borrow_optimizer: the other module has none; call its init_optimizer first")
        self._stepper = shared_module._stepping("borrow_optimizer").sharing()
        self.optimizer_initialized = True

    @property
    def data_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes of what a batch holds."""
        return [(n, tuple(self._bound.arg_dict[n].shape)) for n in self.data_names]

    @property
    def label_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the labels."""
        return [(n, tuple(self._bound.arg_dict[n].shape)) for n in self.label_names]

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        return self.symbol.list_outputs()

    @property
    def output_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the outputs."""
        return list(zip(self.output_names, self._bound.output_shapes, strict=True))

    @property
    def _bound(self) -> Executor:
        if self._exec is None:
            raise RuntimeError("Module: call bind (or fit) first")
        return self._exec

    def _key(self) -> tuple:
        return tuple(tuple(self._bound.arg_dict[n].shape) for n in (*self.data_names, *self.label_names))

    # Parameters.

    def init_params(
        self,
        initializer: Any = None,
        arg_params: Mapping[str, Any] | None = None,
        aux_params: Mapping[str, Any] | None = None,
        allow_missing: bool = False,
        force_init: bool = False,
        allow_extra: bool = False,
    ) -> None:
        """Fills the parameters: from the given values, the others with the initializer (default Uniform(0.01)).

        Done once, unless forced. ValueError for a parameter that the given values miss, unless `allow_missing`; then,
        as it could be a slip, for one that the symbol has not, unless `allow_extra`.
        """
        if self.params_initialized and not force_init:
            return
        initial = init.Uniform(0.01) if initializer is None else init.create(initializer)
        notes = self.symbol.attr_dict()
        own = {n: self._bound.arg_dict[n] for n in self._params}
        for what, arrays, given in (("arg", own, arg_params), ("aux", self._bound.aux_dict, aux_params)):
            extra = [n for n in given or {} if n not in arrays]
            if extra and allow_missing and not allow_extra:
                raise ValueError(f"{what}_params has {', '.join(extra)}, which the symbol has not (allow_extra=True)")
            missing = [n for n in arrays if given and n not in given]
            if missing and not allow_missing:
                raise ValueError(f"{what}_params has no {', '.join(missing)} (allow_missing=True fills them)")
            for name, array in arrays.items():
                if given and name in given:
                    self._bound.copy_params_from({name: given[name]}, {name: given[name]}, allow_extra_params=True)
                else:
                    fill(name, array, initial, notes.get(name, {}).get("__init__"))
        self.params_initialized = True

    def get_params(self) -> tuple[dict[str, _core.NDArray], dict[str, _core.NDArray]]:
        """Copies of the parameters and of the auxiliary states, by name."""
        bound = self._bound
        return {n: bound.arg_dict[n].copy() for n in self._params}, {n: a.copy() for n, a in bound.aux_dict.items()}

    def _sync_params_from_devices(self) -> None:
        """Nothing: parameters are kept on their devices only. Old loops call it after an update."""

    @property
    def _exec_group(self) -> SimpleNamespace:
        """What old loops look up of the arrays behind a module."""
        names, bound = list(self._params), self._bound
        arrays = [[bound.arg_dict[name]] for name in names]
        grads = [[bound.grad_dict.get(name)] for name in names]
        return SimpleNamespace(param_names=names, param_arrays=arrays, grad_arrays=grads, execs=[bound])

    def set_params(
        self,
        arg_params: Mapping[str, Any],
        aux_params: Mapping[str, Any],
        allow_missing: bool = False,
        force_init: bool = True,
        allow_extra: bool = False,
    ) -> None:
        """Writes values into the parameters; those that are missing stay, if that is allowed."""
        mine, aux = self.get_params() if allow_missing and self.params_initialized else ({}, {})
        self.init_params(None, {**mine, **arg_params}, {**aux, **aux_params}, allow_missing, force_init, allow_extra)

    # Steps.

    def init_optimizer(
        self,
        kvstore: Any = "local",
        optimizer: str | optim.Optimizer = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),),
        force_init: bool = False,
    ) -> None:
        """Makes the optimizer from a name and its arguments (a dict or pairs), or takes one. Done once, unless forced.

        By name, gradients are divided by the batch size unless `rescale_grad` is given, and, as in MXNet, only names
        that end in _weight or _gamma have weight decay (or what `wd_mult` of their variable says).
        kvstore: a store, or the name of one for several workers ("dist_sync"), over which gradients are added up, and
        which gives the parameters to who pulls them by name. In one process other names do nothing.
        """
        if self.optimizer_initialized and not force_init:
            return
        self._ready("init_optimizer")
        store = store_of(kvstore)
        if store is not None:
            store.hold({n: self._bound.arg_dict[n] for n in self._params})
        if isinstance(optimizer, str):
            words = dict(optimizer_params)
            workers = 1 if store is None else store.num_workers
            words.setdefault("rescale_grad", 1.0 / (self.data_shapes[0][1][0] * workers))
            optimizer = optim.create(optimizer, **words)
            optimizer.param_dict = {k: self._factors(n) for k, n in enumerate(self._params)}
        self._stepper = Stepper(optimizer, {n: k for k, n in enumerate(self._params)}, store)
        self.optimizer_initialized = True
        if self._loaded_states:
            self.load_optimizer_states(self._loaded_states)
            self._loaded_states = ""

    def _factors(self, name: str) -> _Factors:
        notes = self.symbol.attr_dict().get(name, {})
        wd = notes.get("__wd_mult__", 1.0 if name.endswith(("_weight", "_gamma")) else 0.0)
        return _Factors(float(notes.get("__lr_mult__", 1.0)), float(wd))

    def forward(self, data_batch: Any, is_train: bool | None = None) -> None:
        """Runs a batch (data, label); another batch size than the bound one is bound on the way, once.

        is_train: None means what `bind(for_training=...)` said.
        """
        self._ready("forward")
        given = named("data", self.data_names, data_batch.data)
        if getattr(data_batch, "label", None) and self.label_names:
            given.update(named("labels", self.label_names, data_batch.label))
        shapes = {n: tuple(a.shape) for n, a in given.items()}
        if any(tuple(self._bound.arg_dict[n].shape) != s for n, s in shapes.items()):
            self._reshape(shapes)
        self._bound.forward(self.for_training if is_train is None else is_train, **given)

    def _reshape(self, shapes: dict[str, tuple[int, ...]]) -> None:
        key = tuple(shapes.get(n) for n in (*self.data_names, *self.label_names))
        if key not in self._executors:
            self._executors[key] = self._bound.reshape(**shapes)
            if self._monitor is not None:
                self._monitor.install(self._executors[key])
        self._exec = self._executors[key]

    def backward(self, out_grads: Any = None) -> None:
        """The gradients of the last forward in training mode; `out_grads` arrives at outputs that are no loss."""
        self._bound.backward(out_grads)

    def update(self) -> None:
        """One step of the optimizer with the gradients of the last backward."""
        bound = self._bound
        self._stepping("update").step([(n, bound.arg_dict[n], bound.grad_dict[n]) for n in self._learned()])

    @property
    def _optimizer(self) -> optim.Optimizer | None:
        """Where old loops look the optimizer up."""
        return None if self._stepper is None else self._stepper.optimizer

    def _stepping(self, what: str) -> Stepper:
        if self._stepper is None:
            raise RuntimeError(f"{what}: call init_optimizer (or fit) first")
        return self._stepper

    def _learned(self) -> list[str]:
        """The parameters that have a gradient."""
        return [n for n in self._params if n in self._bound.grad_dict]

    def get_outputs(self) -> list[_core.NDArray]:
        """The outputs of the last forward."""
        return self._bound.outputs

    def get_input_grads(self) -> list[_core.NDArray]:
        """The gradients of the data; RuntimeError unless bound with `inputs_need_grad=True`."""
        if not all(n in self._bound.grad_dict for n in self.data_names):
            raise RuntimeError("get_input_grads: bind with inputs_need_grad=True")
        return [self._bound.grad_dict[n] for n in self.data_names]

    # Files.

    def save_checkpoint(self, prefix: str | os.PathLike[str], epoch: int, save_optimizer_states: bool = False) -> None:
        """As `model.save_checkpoint`, with the optimizer's states in `prefix-0001.states` if asked."""
        _checkpoint.save_checkpoint(prefix, epoch, self.symbol, *self.get_params())
        if save_optimizer_states:
            self.save_optimizer_states(f"{os.fspath(prefix)}-{epoch:04d}.states")

    @staticmethod
    def load(prefix: str | os.PathLike[str], epoch: int, load_optimizer_states: bool = False, **kwargs: Any) -> Module:
        """The module of a checkpoint; its parameters are filled when it is bound. kwargs: for `Module`."""
        symbol, arg_params, aux_params = _checkpoint.load_checkpoint(prefix, epoch)
        module = Module(symbol, **kwargs)
        module._loaded = (arg_params, aux_params)
        if load_optimizer_states:
            module._loaded_states = f"{os.fspath(prefix)}-{epoch:04d}.states"
        return module

    def save_params(self, fname: str | os.PathLike[str]) -> None:
        """Write parameters and auxiliary states to a file: MXNet's if it ends in `.params`, else safetensors."""
        _checkpoint.save_params(fname, *self.get_params())

    def load_params(self, fname: str | os.PathLike[str]) -> None:
        """Read a file of `save_params`. ValueError where it does not fit."""
        self.set_params(*_checkpoint.load_params(fname))

    def save_optimizer_states(self, fname: str | os.PathLike[str]) -> None:
        """Write the optimizer's arrays, step count and knobs as safetensors."""
        bound = self._bound
        self._stepping("save_optimizer_states").save(fname, [(n, bound.arg_dict[n]) for n in self._learned()])

    def load_optimizer_states(self, fname: str | os.PathLike[str]) -> None:
        """Read a file of `save_optimizer_states`, made with the same symbol and optimizer.

        Else ValueError, as for a damaged file, and nothing is changed.
        """
        bound = self._bound
        self._stepping("load_optimizer_states").load(fname, [(n, bound.arg_dict[n]) for n in self._learned()])
