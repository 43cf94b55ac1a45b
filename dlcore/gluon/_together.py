"""Together: the step of an optimizer over all parameters as one call of the core."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcore import _core, optim
from dlcore.ops import get

from ._parameter import Parameter, generation


class Together:
    """Runs steps of an optimizer whose rule is one operator (`Optimizer.call`), on arrays that fit (`_core.Updates`).

    The list of arrays is made once and used as long as nothing has changed of what it was made from.
    """

    def __init__(self, optimizer: optim.Optimizer, params: Sequence[Parameter], state: Callable[[int], Any]) -> None:
        self._possible = optimizer.is_one_rule()
        self._optimizer, self._all, self._state = optimizer, params, state
        self._generation = -1
        self._params: list[Parameter] = []  # those that are updated; none where it has to be done weight by weight
        self._items: list[tuple[_core.NDArray, tuple[_core.NDArray, ...]]] = []
        self._made_for: list[Any] = []
        self._updates: Any = None

    def step(self) -> bool:
        """One step; False, with nothing done, where it has to be done weight by weight."""
        if not self._possible:
            return False
        if self._generation != generation[0]:
            self._look()
        versions = []
        for parameter in self._params:
            version = parameter._data.grad._version  # type: ignore[union-attr]
            if version == parameter.grad_seen or parameter.lr_mult != 1.0 or parameter.wd_mult != 1.0:
                return False
            versions.append(version)
        if not versions:
            return False
        self._optimizer.begin_step()
        self._prepare()
        self._updates.run()
        for parameter, version in zip(self._params, versions, strict=True):
            parameter.grad_seen = version
        return True

    def _look(self) -> None:
        """Find the arrays, and see whether the core takes them together."""
        self._generation = generation[0]
        chosen = [i for i, p in enumerate(self._all) if p.grad_req != "null"]
        self._params = [self._all[i] for i in chosen]
        self._items = [(self._all[i].held(), self._state(i)) for i in chosen]
        self._made_for = []
        copies = any(len(state) > len(self._optimizer.states) for _, state in self._items)
        if copies or any(p.grad_stype != "default" for p in self._params):
            self._params = []  # a copy in higher precision is updated and then cast; rows are updated by themselves
            return
        try:
            self._prepare()
        except ValueError:
            self._params = []

    def _prepare(self) -> None:
        """See that the list is there and fits the optimizer's knobs."""
        if not self._items:
            return
        knobs = self._optimizer._arrays
        lr, wd = knobs["lr"], knobs["wd"]
        data, state = self._items[0]
        call = self._optimizer.call(data, data.grad, state, lr, wd)
        assert call is not None
        name, _, values = call
        now = [name, *values.values()]
        before = self._made_for
        same = len(now) == len(before) and all(
            a is b or (type(a) is type(b) is float and a == b) for a, b in zip(now, before, strict=True)
        )
        if same and self._updates.current():
            return
        rest = get(name).inputs
        items = []
        for data, state in self._items:
            arrays = (data, data.grad, *state)
            others = tuple(values.get(i.name, i.default) for i in rest[len(arrays) :])
            items.append((data, data.grad, arrays + others, (data, *state)))
        self._updates = _core.Updates(name, items)
        self._made_for = now
