"""Trainer: applies an optimizer to the parameters of a network."""

from __future__ import annotations

import functools
import itertools
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dlcore import _core, optim
from dlcore._hints import Hinted, hinted
from dlcore.comm._current import sum_number
from dlcore.comm._kvstore import store_of
from dlcore.graph import invalidate, outside_trace
from dlcore.graph._types import is_float
from dlcore.io import load_arrays, load_metadata, save_arrays
from dlcore.ops import F
from dlcore.ops.functions import function

from . import _places, _trainer_states
from ._parameter import Parameter
from ._together import Together

_FORMAT = "dlcore.trainer"


class Trainer(Hinted):
    """Changes parameters by their gradients, once for every `step`.

    params: `net.collect_params()`, another dict, or a list of Parameters; those without gradient stay as they are.
    optimizer: a name ("sgd", "adam", "rmsprop", ...) with `optimizer_params` for it, or an Optimizer.
    comm: a communicator; gradients are then averaged over all workers before each step, so that workers with equal
        shares of a batch do what one process would do with all of it.
    kvstore: a store, or the name of one for several workers ("dist_sync"): gradients are then added up over them, as
        scripts count on that call `step` with the size of all shares, and the first step gives all workers the values
        of worker 0. Other names, compression_params and update_on_kvstore are accepted for old scripts.

    A step may be compiled (`dlcore.jit`): the learning rate and the other knobs are arrays that it reads, and the count
    of steps is one that it writes. With workers the average of the gradients is a call inside it.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(1, in_units=1, use_bias=False)
    >>> net.initialize(init="ones")
    >>> trainer = Trainer(net.collect_params(), "sgd", {"learning_rate": 0.5})
    >>> with dl.autograd.record():
    ...     loss = net(dl.nd.ones((2, 1))).sum()
    >>> loss.backward()
    >>> trainer.step(2)
    >>> net.weight.data().asnumpy()
    array([[0.5]], dtype=float32)
    """

    def __init__(
        self,
        params: Mapping[str, Parameter] | Iterable[Parameter],
        optimizer: str | optim.Optimizer,
        optimizer_params: Mapping[str, Any] | None = None,
        kvstore: Any = "device",
        compression_params: Any = None,
        update_on_kvstore: bool | None = None,
        comm: Any = None,
    ) -> None:
        self._names, self._params = _named(params)
        self._init_optimizer(optimizer, optimizer_params)
        self.comm = comm
        self._kvstore = store_of(kvstore)
        self._told: set[int] = set()  # which parameters all workers have from worker 0
        self.loss_scaler: Any = None  # amp.init_trainer sets it

    def _init_optimizer(
        self, optimizer: str | optim.Optimizer, optimizer_params: Mapping[str, Any] | None = None
    ) -> None:
        """Begin with this optimizer, without the states of one before; old loops call it to lower a learning rate."""
        if hasattr(self, "_optimizer"):
            invalidate()  # compiled steps hold the arrays of the one before
        self._optimizer = optim.create(optimizer, **dict(optimizer_params or {}))
        self._optimizer.param_dict = dict(enumerate(self._params))
        self._scale = float(self._optimizer.rescale_grad)
        self._states: list[optim.Optimizer | tuple[_core.NDArray, ...] | None] = [None] * len(self._params)
        self._together = Together(self._optimizer, self._params, self._state)

    @property
    def optimizer(self) -> optim.Optimizer:
        """The optimizer."""
        return self._optimizer

    @property
    def learning_rate(self) -> float:
        """The learning rate now."""
        return self._optimizer.learning_rate

    def set_learning_rate(self, lr: float) -> None:
        """Set the learning rate, also between the runs of a compiled step."""
        self._optimizer.set_learning_rate(lr)

    @hinted("Trainer.step")
    def step(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """One step with gradients divided by `batch_size` (1 if the loss is a mean already).

        Raises UserWarning naming a parameter whose gradient no backward pass has renewed since the last step, unless
        `ignore_stale_grad`, which leaves such parameters as they are.
        """
        self.allreduce_grads()
        self.update(batch_size, ignore_stale_grad)

    def allreduce_grads(self) -> None:
        """Add up the gradients of all devices of a parameter, and average them over all workers."""
        if _places.used[0]:
            for parameter in self._params:
                parameter.gather()
        if self.comm is not None and self.comm.size > 1:
            if _core.is_tracing() and self._averages_inside():
                self._average_inside()
                return
            chosen = [p for p in self._params if p.grad_req != "null"]
            grads = [p.grad().tostype("default") for p in chosen]  # rows differ from worker to worker
            self.comm.allreduce(grads, op="mean")
            for parameter, grad in zip(chosen, grads, strict=True):
                parameter.take_reduced(grad)
        if self._kvstore is not None:
            self._add_up(self._kvstore)

    def _add_up(self, store: Any) -> None:
        """Add up the gradients over the workers of a store, which holds the values under the numbers of parameters."""
        if _core.is_tracing() and store.num_workers > 1:
            raise _core.TraceError("Trainer: a step with a kvstore talks to other workers: call it outside of jit")
        fresh = [k for k, p in enumerate(self._params) if k not in self._told and p._data is not None]
        store.hold({k: self._params[k].held() for k in fresh})
        self._told.update(fresh)
        if store.num_workers == 1:
            return
        chosen = [p for p in self._params if p.grad_req != "null"]
        grads = [p.grad().tostype("default") for p in chosen]
        store.add_up(grads)
        for parameter, grad in zip(chosen, grads, strict=True):
            parameter.take_reduced(grad)

    def _averages_inside(self) -> bool:
        """Whether a compiled step can average the gradients over all workers itself."""
        if self.comm is None or self.comm.size == 1:
            return False
        chosen = [p for p in self._params if p.grad_req != "null"]
        return bool(chosen) and all(map(_is_plain, chosen))

    def _average_inside(self, numbers: Sequence[_core.NDArray] = ()) -> list[_core.NDArray]:
        """The average over all workers as a call of the compiled step: one for all gradients, so in one order.

        `numbers`, single ones, are averaged with them and returned.
        """
        params = [p for p in self._params if p.grad_req != "null"]
        grads = [p.grad() for p in params]
        wide = "float64" if any(grad._dtype_name == "float64" for grad in grads) else "float32"
        shapes = [p.shape or () for p in params]
        recording = _core.set_recording(False)
        try:
            flat = F.concat(*[F.cast(F.reshape(a, (-1,)), wide) for a in (*grads, *numbers)], axis=0)
            whole = function("_allreduce")(flat, number=sum_number(self.comm))
            mean, sizes = F.divide(whole, self.comm.size), [*map(math.prod, shapes), *[1] * len(numbers)]
            starts = itertools.accumulate(sizes, initial=0)
            parts = [F.slice(mean, start=(start,), size=(size,)) for start, size in zip(starts, sizes, strict=False)]
            for grad, part, shape in zip(grads, parts, shapes, strict=False):
                _core.assign(grad, F.reshape(part, shape))
            means = zip(numbers, parts[len(grads) :], strict=True)
            return [F.cast(F.reshape(part, ()), number._dtype_name) for number, part in means]
        finally:
            _core.set_recording(recording)

    def update(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """`step` without the averaging: for gradients that are treated by hand after `allreduce_grads`."""
        if self.loss_scaler is None:
            self._update(batch_size, ignore_stale_grad)
        else:
            recording = _core.set_recording(False)
            try:
                update = functools.partial(self._update, batch_size, ignore_stale_grad)
                self.loss_scaler.step(self.gradients(), self._written, update)
            finally:
                _core.set_recording(recording)
        if _places.used[0]:
            for parameter in self._params:
                parameter.spread()

    def gradients(self) -> list[_core.NDArray]:
        """The gradients of all parameters that have one."""
        return [p.grad() for p in self._params if p.grad_req != "null"]

    def _written(self) -> list[_core.NDArray]:
        """The arrays that a step changes."""
        return [*(p.held() for p in self._params if p.grad_req != "null"), *self.state_arrays().values()]

    def _update(self, batch_size: float, ignore_stale_grad: bool) -> None:
        self._optimizer.rescale_grad = self._scale / batch_size
        tracing = _core.is_tracing()
        recording = _core.set_recording(False)
        try:
            if not tracing and self._together.step():
                return
            chosen = [i for i, p in enumerate(self._params) if p.grad_req != "null"]
            if not tracing:
                chosen = self._fresh(chosen, ignore_stale_grad)
            if chosen:
                device = self._params[chosen[0]].held()._device
                outside_trace(lambda: self._optimizer.place(device))
            self._optimizer.begin_step()
            for index in chosen:
                parameter = self._params[index]
                data, grad = parameter.held(), parameter.grad()
                self._optimizer.apply(index, data, grad, self._state(index))
                parameter.grad_seen = grad._version
        finally:
            _core.set_recording(recording)

    def _fresh(self, chosen: list[int], ignore: bool) -> list[int]:
        """Those of `chosen` with a gradient newer than the last step."""
        stale = [i for i in chosen if self._params[i].grad()._version == self._params[i].grad_seen]
        if stale and not ignore:
            raise UserWarning(
                f"Parameter {self._names[stale[0]]}: its gradient has not been renewed by a backward pass since the "
                "last step. If only a part of the network was used on purpose, call step with ignore_stale_grad=True"
            )
        return [i for i in chosen if i not in set(stale)]

    def _state(self, index: int) -> Any:
        """The optimizer's arrays for one parameter, made when first needed."""
        if self._states[index] is None:
            data = self._params[index].held()
            self._states[index] = outside_trace(lambda: self._optimizer.create_state(index, data))
        return self._states[index]

    def state_arrays(self) -> dict[str, _core.NDArray]:
        """The optimizer's own arrays by name: counts of the whole, and what it keeps for each parameter."""
        arrays = dict(self._optimizer.counters())
        for index, name in enumerate(self._names):
            if self._params[index].grad_req != "null":
                mine = optim.arrays_of(self._state(index))
                arrays.update({f"{name}/{k}": array for k, array in enumerate(mine)})
        return arrays

    def named_parameters(self) -> list[tuple[str, Parameter]]:
        """The parameters with the names that `state_arrays` gives them."""
        return list(zip(self._names, self._params, strict=True))

    def save_states(self, fname: str | os.PathLike[str]) -> None:
        """Write the optimizer's arrays, step count, knobs and schedule to a safetensors file, for going on from here.

        `gluon.save_checkpoint` keeps these together with weights, random state and the place in the data.
        """
        told = json.dumps(_trainer_states.about(self))
        save_arrays(fname, _trainer_states.arrays(self), {"format": _FORMAT, "trainer": told})

    def load_states(self, fname: str | os.PathLike[str]) -> None:
        """Read a file of `save_states`, made with the same parameters and optimizer.

        Else ValueError, as for a damaged file, and nothing is changed.
        """
        metadata, given = load_metadata(fname), load_arrays(fname)
        where = os.fspath(fname)
        if metadata.get("format") != _FORMAT:
            raise ValueError(f"{where}: not a file of Trainer.save_states")
        told = _trainer_states.read_json(metadata.get("trainer"), where)
        _trainer_states.check(self, told, given, where)
        _trainer_states.write(self, told, given)


def _named(params: Mapping[str, Parameter] | Iterable[Parameter]) -> tuple[list[str], list[Parameter]]:
    """Names and parameters, each parameter once."""
    if isinstance(params, Mapping):
        pairs = list(params.items())
    else:
        listed = list(params)
        pairs = [(f"{i}.{getattr(p, 'path', '') or getattr(p, 'name', '')}", p) for i, p in enumerate(listed)]
    for name, parameter in pairs:
        if not isinstance(parameter, Parameter):
            raise TypeError(f"Trainer: expected Parameters, got {type(parameter).__name__} for {name!r}")
    once = {id(parameter): (name, parameter) for name, parameter in reversed(pairs)}
    chosen = [pair for pair in pairs if once[id(pair[1])][0] == pair[0]]
    return [name for name, _ in chosen], [parameter for _, parameter in chosen]


def _is_plain(parameter: Parameter) -> bool:
    """Whether its gradient is one dense array of real numbers, on one device."""
    alone = len(parameter.list_ctx()) == 1 and parameter.grad_stype == "default"
    return alone and is_float(parameter.grad()._dtype_name)
