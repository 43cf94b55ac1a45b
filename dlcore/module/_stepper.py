"""Steps of an optimizer over a module's parameters, and what it keeps for them, to and from files."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import is_
from typing import Any

from dlcore import _core, optim
from dlcore.array import nd
from dlcore.io import load_arrays, load_metadata, save_arrays
from dlcore.ops import get

_FORMAT = "dlcore.module.states"

Weight = tuple[str, _core.NDArray]
Learned = tuple[str, _core.NDArray, _core.NDArray]  # name, weight, gradient


@dataclass(eq=False)
class _Group:
    """Parameters with the same multipliers, and the updates of all of them as one call."""

    lr_mult: float
    wd_mult: float
    learned: list[Learned]
    states: list[Any]
    made_for: list[Any] = field(default_factory=list)
    updates: Any = None


class Stepper:
    """An optimizer with its states by the names of parameters.

    numbers: what the optimizer calls each of them. store: adds the gradients of all workers up.
    Rules of one operator run over all parameters in one call of the core for each pair of multipliers, others weight by
    weight.
    """

    def __init__(self, optimizer: optim.Optimizer, numbers: dict[str, int], store: Any = None) -> None:
        self.optimizer, self._numbers, self._store = optimizer, numbers, store
        self._states: dict[str, Any] = {}
        self._at_once = optimizer.is_one_rule()
        self._flat: list[Any] = []  # the arrays that the groups were made of
        self._groups: list[_Group] = []

    def sharing(self) -> Stepper:
        """Another one with the same optimizer and states, for a module with some of the same parameters."""
        other = Stepper(self.optimizer, self._numbers, self._store)
        other._states = self._states
        return other

    def state(self, name: str, weight: _core.NDArray) -> Any:
        """The optimizer's arrays for a parameter, made when first needed."""
        if name not in self._states:
            self._states[name] = self.optimizer.create_state(name, weight)
        return self._states[name]

    def step(self, learned: Sequence[Learned]) -> None:
        """Change all weights by their gradients."""
        if self._store is not None:
            self._store.add_up([grad for _, _, grad in learned])
        if learned:
            self.optimizer.place(learned[0][1]._device)
        self.optimizer.begin_step()
        if self._at_once and len({weight._device for _, weight, _ in learned}) == 1 and self._together(learned):
            return
        for name, weight, grad in learned:
            self.optimizer.place(weight._device)  # parts of a model may be on different devices
            number = self._numbers.setdefault(name, len(self._numbers))
            self.optimizer.apply(number, weight, grad, self.state(name, weight))

    def _together(self, learned: Sequence[Learned]) -> bool:
        """One call for all parameters with the same multipliers; False, with nothing done, where that does not fit."""
        flat: list[Any] = [bool(self.optimizer.wd)]
        for _, weight, grad in learned:
            flat += (weight, grad)
        if len(flat) != len(self._flat) or not all(map(is_, flat, self._flat)):
            self._group(learned)
            self._flat = flat
        if not all(map(self._ready, self._groups)):
            return False
        for group in self._groups:
            group.updates.run()
        return True

    def _group(self, learned: Sequence[Learned]) -> None:
        """Part the parameters by their multipliers."""
        groups: dict[tuple[float, float], list[Learned]] = {}
        for one in learned:
            factors = self.optimizer.param_dict.get(self._numbers.setdefault(one[0], len(self._numbers)))
            wd = getattr(factors, "wd_mult", 1.0) if self.optimizer.wd else 1.0
            groups.setdefault((getattr(factors, "lr_mult", 1.0), wd), []).append(one)
        self._groups = [_Group(*key, group, [self.state(n, w) for n, w, _ in group]) for key, group in groups.items()]

    def _ready(self, group: _Group) -> bool:
        """See that the list of updates of a group is there and fits the knobs."""
        optimizer = self.optimizer
        lr, wd = optimizer._times("lr", group.lr_mult), optimizer._times("wd", group.wd_mult)
        if len(group.states[0]) > len(optimizer.states):
            return False  # a copy in higher precision is updated and then cast
        call = optimizer.call(group.learned[0][1], group.learned[0][2], group.states[0], lr, wd)
        if call is None:
            return False
        name, _, values = call
        now, before = [name, *values.values()], group.made_for
        same = len(now) == len(before) and all(
            a is b or (type(a) is type(b) is float and a == b) for a, b in zip(now, before, strict=True)
        )
        if same and group.updates.current():
            return True
        rest = get(name).inputs
        items = []
        for (_, weight, grad), state in zip(group.learned, group.states, strict=True):
            own = (weight, grad, *state)
            others = tuple(values.get(i.name, i.default) for i in rest[len(own) :])
            items.append((weight, grad, own + others, (weight, *state)))
        try:
            group.updates = _core.Updates(name, items)
        except ValueError:
            return False
        group.made_for = now
        return True

    def _arrays(self, weights: Sequence[Weight]) -> dict[str, _core.NDArray]:
        found = dict(self.optimizer.counters())
        for name, weight in weights:
            found.update({f"{name}/{k}": array for k, array in enumerate(optim.arrays_of(self.state(name, weight)))})
        return found

    def save(self, fname: str | os.PathLike[str], weights: Sequence[Weight]) -> None:
        """Write the states for these weights, the count of steps and the knobs."""
        told = json.dumps({"optimizer": type(self.optimizer).__name__, "knobs": self.optimizer.knobs})
        save_arrays(fname, self._arrays(weights), {"format": _FORMAT, "module": told})

    def load(self, fname: str | os.PathLike[str], weights: Sequence[Weight]) -> None:
        """Go on from a file of `save`; ValueError, with nothing changed, where it does not fit."""
        arrays, header = load_arrays(fname), load_metadata(fname)
        mine, where, own = self._arrays(weights), os.fspath(fname), type(self.optimizer).__name__
        try:
            told = json.loads(header["module"]) if header.get("format") == _FORMAT else {}
            kind = told.get("optimizer", "no optimizer's states")
            knobs = {str(name): float(value) for name, value in told.get("knobs", {}).items()}
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise ValueError(f"{where}: damaged: its numbers cannot be read") from None
        shapes = {n: (a.shape, a.dtype) for n, a in arrays.items()}
        if kind != own or shapes != {n: (tuple(a.shape), a.dtype) for n, a in mine.items()}:
            raise ValueError(
                f"{where}: expected states of {own} for {', '.join(mine)}; found {kind} for {', '.join(arrays)}"
            )
        if not set(knobs) <= set(self.optimizer.knobs):
            raise ValueError(f"{where}: {own} has the knobs {', '.join(self.optimizer.knobs)}, not {', '.join(knobs)}")
        for name, array in mine.items():
            _core.assign(array, nd.array(arrays[name], dtype=arrays[name].dtype))
        self.optimizer.load_knobs(knobs)
