"""The way back through calls of a compiled function.

The tape holds it, and the tape is held by the arrays that the function writes. So nothing here may hold the function,
which holds these arrays: they would keep each other alive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from dlcore import _core

from ._compiled import Compiled
from ._ir import Graph
from .passes.dead_code import dead_code

Again = tuple[Callable[[list[Any]], list[Any]], list[int]]  # a function; which operands it takes, before the heads


@dataclass(eq=False)
class Back:
    """Of the gradients of a function by the operands that need them: what all calls share.

    program  takes saved values, operands as they are (`direct`) and head gradients
    heads    numbers of the outputs, and of the written states after them, that have a head gradient
    reaches  for each head the gradients that follow from it, as bits
    n_saved  how many values the forward part saves for the program;  before: where it hands out overwritten operands
    draws    whether random numbers are drawn once more
    make     makes the gradients a function of operands and heads, from a graph
    joint    gives the graph of that function, and how many operands there are
    """

    program: Compiled
    heads: list[int]
    reaches: list[int]
    direct: list[int]
    n_saved: int
    before: dict[int, int]
    draws: bool
    make: Callable[[Graph], Callable[[list[Any]], list[Any]]]
    joint: Callable[[], tuple[Graph, int]] | None = None
    made: Again | None = None

    @property
    def kept(self) -> tuple:
        """What two sizes of one function must have in common."""
        return self.heads, self.reaches, self.direct, self.n_saved, self.before

    def again(self) -> Again:
        """The gradients as a function of operands and heads, for gradients of gradients."""
        if self.made is None:
            assert self.joint is not None
            graph, n = self.joint()
            graph = dead_code(graph)
            used = set(graph.all_uses())
            taken = [i for i, value in enumerate(graph.inputs[:n]) if value in used]
            graph.inputs = [graph.inputs[i] for i in taken] + graph.inputs[n:]
            self.made, self.joint = (self.make(graph), taken), None
        return self.made

    def that_arrive(self, gradients: list[Any]) -> list[Any]:
        """Without the zeros where nothing flows from the heads that have a gradient: as if each were recorded alone."""
        arrived = _core.arrived_heads()
        if all(arrived):
            return gradients
        reached = 0
        for head, bits in zip(self.heads, self.reaches, strict=True):
            reached |= bits if arrived[head] else 0
        return [g if reached >> i & 1 else None for i, g in enumerate(gradients)]


def without_states(joint: Graph, n_inputs: int, n_outputs: int) -> int:
    """Makes of a joint graph, in place, one that gives gradients alone, of operands and heads; how many operands."""
    for state in joint.states:
        state.value.kind = "input"
    joint.name = joint.name.replace(".joint", ".backward")
    joint.inputs = joint.inputs[:n_inputs] + [s.value for s in joint.states] + joint.inputs[n_inputs:]
    joint.outputs = joint.outputs[n_outputs:]
    count, joint.states = n_inputs + len(joint.states), []
    return count


class Call:
    """The way back through one call, as the tape takes it.

    operands  the arguments and the captured arrays, in arrays of their own: those may come to hold on to this call
    versions  theirs before the call;  kept: what the forward part handed out for this
    places    the places on the tape of the operands that the call has overwritten
    """

    def __init__(
        self, back: Back, operands: list[Any], versions: list[int], kept: list[Any], places: dict[int, Any], rng: Any
    ) -> None:
        self._back, self._operands, self._versions, self._rng = back, operands, versions, rng
        self._saved = kept[: back.n_saved]
        self._before = {i: (kept[k], places[i]) for i, k in back.before.items()}

    def __call__(self, given: list[Any]) -> list[Any]:
        back = self._back
        direct = self._as_they_were(back.direct)
        heads = [given[i] for i in back.heads]
        if _core.is_recording():
            return back.that_arrive(self._differentiable(heads))
        needed = [*self._saved, *direct, *heads]
        if not back.draws:
            return back.that_arrive(back.program.run(needed))
        with random_numbers_of(self._rng):  # for what is computed again
            return back.that_arrive(back.program.run(needed))

    def _as_they_were(self, numbers: Sequence[int]) -> list[Any]:
        """Operands. Errors: RuntimeError when one was changed since the call."""
        arrays = [self._operands[i] for i in numbers]
        for i, array in zip(numbers, arrays, strict=True):
            if array._version != self._versions[i]:
                raise RuntimeError(
                    f"backward of {self._back.program.name.replace('.backward', '.forward')}: an array of shape "
                    f"{array.shape} that it needs was changed in place after the forward pass (version "
                    f"{self._versions[i]}, now {array._version})"
                )
        return arrays

    def _differentiable(self, heads: list[Any]) -> list[Any]:
        """The gradients as a function of everything they depend on: the forward part runs once more.

        It gets the random numbers that it had, and operands that it has overwritten as they were.
        """
        function, taken = self._back.again()
        self._as_they_were([i for i in taken if i not in self._before])
        with random_numbers_of(self._rng):
            return function([*[self._operand(i) for i in taken], *heads])

    def _operand(self, i: int) -> Any:
        if i not in self._before:
            return self._operands[i]
        array, place = self._before[i]
        array = array.detach()
        if place is not None:
            _core.make_function_node([place], [array], lambda heads: heads)
        return array


@contextmanager
def random_numbers_of(state: tuple[int, int]) -> Iterator[None]:
    """Draws the numbers again that came after `state`, without moving on."""
    now = _core.rng_state()
    _core.set_rng_state(state)
    try:
        yield
    finally:
        _core.set_rng_state(now)
