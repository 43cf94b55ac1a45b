"""The base of all optimizers and their registry."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from dlcore import _core
from dlcore._hints import Hinted, did_you_mean, unexpected
from dlcore.array.sparse import RowSparseNDArray
from dlcore.graph import every_call, invalidate
from dlcore.ops import F

from ._arrays import moved, scalar
from ._by_hand import ByHand
from .lr_scheduler import LRScheduler

State = tuple[_core.NDArray, ...]
Call = tuple[str, tuple[_core.NDArray, ...], dict[str, Any]]
_REGISTRY: dict[str, type[Optimizer]] = {}
_Class = TypeVar("_Class", bound="type[Optimizer]")
_HALF = ("float16", "bfloat16")


class Optimizer(ByHand, Hinted):
    """Changes weights by their gradients. A subclass gives `states` and `rule`.

    learning_rate, wd: knobs of every optimizer; a subclass adds its own with `self._knob(name, value)`.
    rescale_grad: factor on every gradient. clip_gradient: bound on every element of a gradient after that, or None.
    lr_scheduler: gives the learning rate from the number of steps; `learning_rate`, if given, is its base. Any function
        of that number will do.
    multi_precision: keep a float32 copy of float16 and bfloat16 weights and update that.
    param_dict: index -> parameter, for their `lr_mult` and `wd_mult`.
    lazy_update: a row-sparse gradient changes only the rows it has, of weight and states; unless told otherwise so do
        all rules that work number by number, and SGLD, LAMB, LARS and Muon do not.
    param_idx2name: index -> name, for factors by name; only names that end in _weight or _gamma then have weight decay.

    >>> import dlcore as dl
    >>> sgd = dl.optim.SGD(learning_rate=0.5)
    >>> w, g = dl.nd.array([1.0]), dl.nd.array([0.2])
    >>> sgd.update(0, w, g, sgd.create_state(0, w))
    >>> w.asnumpy()
    array([0.9], dtype=float32)
    """

    default_learning_rate = 0.01
    lazy_update = False  # whether rows without a gradient stay as they are; needs a rule that works number by number

    def __init__(
        self,
        learning_rate: float | None = None,
        wd: float = 0.0,
        rescale_grad: float = 1.0,
        clip_gradient: float | None = None,
        lr_scheduler: LRScheduler | Callable[[int], float] | None = None,
        multi_precision: bool = False,
        param_dict: dict[int, Any] | None = None,
        begin_num_update: int = 0,
        param_idx2name: Mapping[int, str] | None = None,
        lazy_update: bool | None = None,
        **unknown: Any,
    ) -> None:
        if lazy_update is not None:
            self.lazy_update = bool(lazy_update)
        if unknown:
            raise unexpected("Optimizer", type(self).__name__, unknown)
        if lr_scheduler is not None:
            learning_rate = self._base_rate(lr_scheduler, learning_rate, begin_num_update)
        self._arrays: dict[str, _core.NDArray] = {}
        self._values: dict[str, float] = {}
        self._knob("lr", self.default_learning_rate if learning_rate is None else learning_rate)
        self._knob("wd", wd)
        self.t = scalar(begin_num_update)
        self.rescale_grad = rescale_grad
        self._clip: float | None = None
        self._bound: _core.NDArray | None = None  # what steps read of it; there is none before there is a bound
        self._traced_unbound = False
        self.clip_gradient = clip_gradient
        self.lr_scheduler = lr_scheduler
        self.multi_precision = multi_precision
        self.param_dict = dict(param_dict or {})
        self.idx2name = dict(param_idx2name or {})
        self.set_wd_mult({n: 0.0 for n in self.idx2name.values() if not n.endswith(("_weight", "_gamma"))})
        self._seen: set[Any] = set()
        self._scaled: dict[tuple[str, float], _core.NDArray] = {}

    def _base_rate(self, scheduler: Any, learning_rate: float | None, begin: int) -> float:
        """The learning rate that a schedule starts from, which it is told if one is given."""
        if not hasattr(scheduler, "base_lr"):
            return float(scheduler(begin + 1))
        if learning_rate is not None:
            scheduler.base_lr = float(learning_rate)
        return scheduler.base_lr

    # Knobs.

    def _knob(self, name: str, value: float) -> None:
        self._arrays[name] = scalar(value)
        self._values[name] = float(value)

    @property
    def knobs(self) -> dict[str, float]:
        """Name and value of everything that `set_knob` can turn."""
        values = dict(self._values)
        if self.lr_scheduler is not None:
            values["lr"] = float(self._arrays["lr"].asnumpy())
        return values

    def set_knob(self, name: str, value: float) -> None:
        """Turn a knob ("lr", "wd", "momentum", ...), also between the runs of a compiled step.

        Raises KeyError naming the knobs for an unknown name, UserWarning for "lr" while a schedule decides it.
        """
        if name not in self._arrays:
            raise KeyError(f"{type(self).__name__}: a knob must be one of {', '.join(self._arrays)}, got {name!r}")
        if name == "lr" and self.lr_scheduler is not None:
            raise UserWarning("the learning rate is decided by the optimizer's lr_scheduler")
        _core.assign(self._arrays[name], scalar(value))
        self._values[name] = float(value)

    def load_knobs(self, values: Mapping[str, float]) -> None:
        """Put the knobs where `knobs` said they were; a learning rate that a schedule decides holds until it does."""
        for name, value in values.items():
            if name == "lr" and self.lr_scheduler is not None:
                _core.assign(self._arrays["lr"], scalar(value))
            else:
                self.set_knob(name, value)

    @property
    def learning_rate(self) -> float:
        """The learning rate now."""
        return self.knobs["lr"]

    @learning_rate.setter
    def learning_rate(self, lr: float) -> None:
        self.set_knob("lr", lr)

    lr = learning_rate

    def set_learning_rate(self, lr: float) -> None:
        """Same as `set_knob("lr", lr)`."""
        self.set_knob("lr", lr)

    @property
    def wd(self) -> float:
        """Weight decay."""
        return self._values["wd"]

    @wd.setter
    def wd(self, wd: float) -> None:
        self.set_knob("wd", wd)

    def set_lr_mult(self, args_lr_mult: Mapping[Any, float]) -> None:
        """Factors of the learning rate for weights, by what `update` calls them, or by their names."""
        self._set_factors("lr_mult", args_lr_mult)

    def set_wd_mult(self, args_wd_mult: Mapping[Any, float]) -> None:
        """Factors of the weight decay for weights, by what `update` calls them, or by their names."""
        self._set_factors("wd_mult", args_wd_mult)

    def _set_factors(self, which: str, factors: Mapping[Any, float]) -> None:
        indices = {name: index for index, name in self.idx2name.items()}
        for key, factor in factors.items():
            index = indices.get(key, key)
            one = self.param_dict.setdefault(index, SimpleNamespace(lr_mult=1.0, wd_mult=1.0))
            setattr(one, which, float(factor))

    @property
    def clip_gradient(self) -> float | None:
        """The bound on every element of a rescaled gradient, or None. May be set between the runs of a compiled step.

        Only the first bound of an optimizer whose steps were compiled without one makes them be compiled anew.
        """
        return self._clip

    @clip_gradient.setter
    def clip_gradient(self, bound: float | None) -> None:
        self._clip = bound
        value = math.inf if bound is None or bound <= 0 else float(bound)
        if self._bound is not None:
            _core.assign(self._bound, scalar(value))
        elif value < math.inf:
            self._bound = moved(scalar(value), self.t._device)
            if self._traced_unbound:
                invalidate()

    @property
    def num_update(self) -> int:
        """The number of steps so far."""
        return int(self.t.asnumpy())

    def counters(self) -> dict[str, _core.NDArray]:
        """The arrays that belong to the optimizer as a whole and change with every step, for saving: the count."""
        return {"t": self.t}

    def place(self, device: str) -> None:
        """Keep the knobs on `device`, where the weights are: a compiled step must not mix devices."""
        if self.t._device != device:
            self._arrays = {name: moved(array, device) for name, array in self._arrays.items()}
            self.t = moved(self.t, device)
            self._bound = None if self._bound is None else moved(self._bound, device)
            self._scaled.clear()

    # Steps.

    def begin_step(self) -> None:
        """Count one step and let the schedule set the learning rate. `update` calls it by itself where needed."""
        self._seen.clear()
        self._scaled.clear()
        if self.lr_scheduler is not None:
            every_call(self._follow_schedule)
        _core.assign(self.t, F.add(self.t, 1.0))

    def _follow_schedule(self) -> None:
        """Ask the schedule, plain Python, for the learning rate of the step that is about to run."""
        assert self.lr_scheduler is not None
        _core.assign(self._arrays["lr"], scalar(self.lr_scheduler(self.num_update + 1)))

    def create_state(self, index: Any, weight: _core.NDArray) -> State:
        """The arrays this rule keeps for one weight (float32 for half-precision weights), zeros to begin with."""
        dtype = np.float32 if weight.dtype.name in _HALF else weight.dtype
        zeros = [np.zeros(weight.shape, dtype) for _ in self.states]
        if self.multi_precision and weight.dtype.name in _HALF:
            zeros.append(weight.asnumpy().astype(np.float32))
        return tuple(moved(_core.from_numpy(array), weight._device) for array in zeros)

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Change `weight` and `state` in place by `grad`. Also takes equally long lists of all four.

        A second update of an index begins a new step. An `update` of a subclass may call this one, for the rule.
        """
        if isinstance(index, (list, tuple)):
            for item in zip(index, weight, grad, state, strict=True):
                self.update(*item)
            return
        if not self._counted:
            if index in self._seen or not self._seen:
                self.place(weight._device)
                self.begin_step()
            self._seen.add(index)
        own = type(self).update is not Optimizer.update
        (self._apply_rule if own else self.apply)(index, weight, grad, state)

    def apply(self, index: Any, weight: _core.NDArray, grad: _core.NDArray, state: State) -> None:
        """`update` of one weight as part of a step that `begin_step` has begun."""
        if self.updates_by_hand:
            self._update_by_hand(index, weight, grad, state)
        else:
            self._apply_rule(index, weight, grad, state)

    def _apply_rule(self, index: Any, weight: _core.NDArray, grad: _core.NDArray, state: State) -> None:
        if isinstance(grad, RowSparseNDArray):
            self._apply_rows(index, weight, grad, state)
            return
        parameter = self.param_dict.get(index)
        lr = self._times("lr", getattr(parameter, "lr_mult", 1.0))
        wd = self._times("wd", getattr(parameter, "wd_mult", 1.0))
        if len(state) > len(self.states):
            *own, master = state
            self.rule(master, grad, tuple(own), lr, wd)
            _core.assign(weight, master)
        else:
            self.rule(weight, grad, state, lr, wd)

    def _apply_rows(self, index: Any, weight: _core.NDArray, grad: RowSparseNDArray, state: State) -> None:
        """`apply` for a gradient of which only some rows are there: with `lazy_update` the rule sees only those."""
        if not self.lazy_update:
            self._apply_rule(index, weight, grad.tostype("default"), state)
            return
        if grad.indices.size == 0:
            return
        rows = grad.indices
        part = F.take(weight, rows)
        parts = tuple(F.take(array, rows) for array in state)
        self._apply_rule(index, part, grad.data, parts)
        for array, changed in zip((weight, *state), (part, *parts), strict=True):
            F.index_put(array, changed, rows, out=array)

    def _times(self, name: str, factor: float) -> _core.NDArray:
        """A knob times a parameter's own factor, computed once a step."""
        if factor == 1.0:
            return self._arrays[name]
        key = (name, factor)
        if key not in self._scaled:
            self._scaled[key] = F.multiply(self._arrays[name], factor)
        return self._scaled[key]

    def bound(self) -> _core.NDArray | None:
        """What `clip_gradient` is, in memory that compiled steps read (inf for none); None before the first bound."""
        self._traced_unbound |= self._bound is None and _core.is_tracing()
        return self._bound

    def tail(self) -> dict[str, Any]:
        """What the update operators take beside their knobs: rescale and clip (-1 for none)."""
        bound = self.bound()
        return {"rescale": self.rescale_grad, "clip": -1.0 if bound is None else bound}

    def gradient(self, weight: Any, grad: Any, wd: Any = None) -> Any:
        """clip(rescale * grad), plus wd * weight where `wd` is given: what rules of several operators begin with."""
        if self.rescale_grad != 1.0:
            grad = F.multiply(grad, self.rescale_grad)
        if (bound := self.bound()) is not None:
            bound = F.cast(bound, grad._dtype_name)
            grad = F.clip(grad, F.negative(bound), bound)
        return grad if wd is None else F.add(grad, F.multiply(weight, wd))

    @staticmethod
    def register(klass: Any) -> Any:
        """`optim.register`, as old programs call it."""
        return register(klass)

    @staticmethod
    def create_optimizer(name: str, **kwargs: Any) -> Any:
        """`optim.create`, as old programs call it."""
        return create(name, **kwargs)

    @property
    def updates_by_hand(self) -> bool:
        """Whether a subclass has an `update` or a `step` of its own; see `ByHand`."""
        return type(self).update is not Optimizer.update or hasattr(self, "step")

    @classmethod
    def is_one_rule(cls) -> bool:
        """Whether a step is what `call` says for every weight, so that all of them may be changed at once."""
        base, same = Optimizer, ("rule", "apply", "update")
        return cls.call is not base.call and all(getattr(cls, n) is getattr(base, n) for n in same)

    @property
    def states(self) -> Sequence[str]:
        """The names of the arrays the rule keeps for every weight."""
        return ()

    def call(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: Any) -> Call | None:
        """The rule as one operator: its name, its first arrays, and the others by name; None where it takes more.

        It must give the new weight and then the new state. A trainer can run it over all weights at once.
        """
        return None

    def rule(self, weight: _core.NDArray, grad: _core.NDArray, state: State, lr: _core.NDArray, wd: Any) -> None:
        """Write the new weight and state into the given arrays. Not needed by a subclass that gives `call`."""
        call = self.call(weight, grad, state, lr, wd)
        if call is None:
            raise NotImplementedError(f"{type(self).__name__} has no rule(weight, grad, state, lr, wd)")
        name, arrays, knobs = call
        getattr(F, name)(*arrays, **knobs, out=(weight, *state) if state else weight)

    def __repr__(self) -> str:
        knobs = ", ".join(f"{name}={value:g}" for name, value in self._values.items())
        return f"{type(self).__name__}({knobs})"


def register(cls: _Class) -> _Class:
    """Make an optimizer class known to `create` by its lower-case name.

    >>> @register
    ... class Straight(Optimizer):
    ...     def rule(self, weight, grad, state, lr, wd):
    ...         _core.assign(weight, weight - lr * grad)
    >>> create("straight", learning_rate=0.5)
    Straight(lr=0.5, wd=0)
    """
    _REGISTRY[cls.__name__.lower()] = cls
    return cls


def create(name: str | Optimizer, **kwargs: Any) -> Optimizer:
    """An optimizer by name; an Optimizer is given back as it is. Raises ValueError listing the names of all.

    >>> create("adam", learning_rate=0.01)
    Adam(lr=0.01, wd=0, beta1=0.9, beta2=0.999)
    """
    if isinstance(name, Optimizer):
        if kwargs:
            raise ValueError(f"optim.create: {name!r} is complete, so {', '.join(kwargs)} cannot be given as well")
        return name
    if not isinstance(name, str) or name.lower() not in _REGISTRY:
        fix = did_you_mean(name.lower(), _REGISTRY) if isinstance(name, str) else ""
        known = ", ".join(sorted(_REGISTRY))
        raise ValueError(f"optim.create: expected an Optimizer or one of {known}; got {name!r}{fix}")
    return _REGISTRY[name.lower()](**kwargs)
