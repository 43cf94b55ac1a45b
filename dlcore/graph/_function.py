"""A graph as a differentiable function of arrays.

While gradients are recorded, a call runs a forward graph that also hands out what the backward graph will need, and
puts one node on the tape. The backward graph comes from the autodiff pass.
"""

from __future__ import annotations

import functools
import itertools
import operator
import threading
import weakref
from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dlcore import _core

from ._back import Back, Call, without_states
from ._compiled import Compiled, device_of
from ._ir import Graph
from ._line import Different, need
from ._pause import no_collection, release
from ._sizes import Family, Outline, outline_of
from ._split import ancestors, overwritten, split
from .passes.autodiff import Joint, autodiff
from .passes.canonicalize import canonicalize
from .passes.cse import cse
from .passes.dead_code import dead_code
from .passes.fold import fold
from .passes.prune import prune
from .passes.remat import KEEP, Remat, remat, within_budget
from .verify import verify

if TYPE_CHECKING:
    from ._resize import Third


class GraphFunction:
    """Runs a graph on arrays, and takes part in the recording of gradients when one is going on.

    wish   what a backward part computes again instead of finding it kept;  alone: the same where none is asked for
    family what the same function became for other sizes

    >>> import dlcore as dl
    >>> from dlcore.graph import trace
    >>> graph = trace(lambda arrays: (None, [arrays[0] * 2]), [dl.np.ones((2,))], "double").graph
    >>> GraphFunction(graph)([dl.np.ones((2,))])[0].tolist()
    [2.0, 2.0]
    """

    def __init__(
        self, graph: Graph, wish: Remat = KEEP, family: Family | None = None, alone: Remat | None = None
    ) -> None:
        self._graph: Graph | Third = prune(graph)
        self._states = [state.array for state in graph.states]
        self._taped = [i for i, state in enumerate(graph.states) if state.taped and state.new is not None]
        self._read = _read_while_recording(graph)
        self.wish, self.family = wish, family or Family()
        self.plain = Compiled(self._graph, wish=wish if alone is None else alone, family=self.family)
        self._pairs: dict[tuple[bool, ...], _Pair] = {}
        self._lock = threading.Lock()

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """The outputs for `arrays` (one per graph input)."""
        if not _core.is_recording():
            return self.plain.run(arrays)
        operands = [*arrays, *self._states]
        mask, versions = _core.look_at_operands(operands, self._read, self.plain.name)
        if not any(mask):
            results = _unrecorded(self.plain, arrays)
            for i in self._taped:
                _core.took_constant(self._states[i])
            return results
        pair = self._pairs.get(mask)
        if pair is None:
            with self._lock:
                with no_collection():
                    pair = self._pairs.get(mask)
                    if pair is None:
                        pair = self._pairs[mask] = _Pair(self, mask, device_of(operands))
        return pair(arrays, operands, versions)

    @property
    def graph(self) -> Graph:
        """The traced graph."""
        if not isinstance(self._graph, Graph):
            self._graph = self._graph.traced()
        return self._graph

    @cached_property
    def outline(self) -> Outline | None:
        """The traced graph without its sizes, to be held against that of another size."""
        return outline_of(self.graph)

    def _resized(self, high: GraphFunction, third: Third) -> GraphFunction:
        """The function for a third size, from this one and that for another size; `Different` if there is no way."""
        made = copy(self)
        made.__dict__.pop("outline", None)
        made._graph, made._pairs, made._lock = third, {}, threading.Lock()
        ready = self.plain.is_ready and high.plain.is_ready
        if ready:
            made.plain = third.part("plain", self.plain, high.plain, third.traced)
        else:
            made.plain = Compiled(third.traced, wish=self.plain.wish, family=self.family, device=self.plain.device)
        for mask, pair in list(self._pairs.items()):
            other = high._pairs.get(mask)
            if other is not None and pair.is_ready and other.is_ready:
                made._pairs[mask] = pair.resized(made, other, third)
        if not ready and not made._pairs:
            raise Different("no program that both sizes have")
        return made

    def newest_pair(self) -> _Pair | None:
        """The forward and backward parts that were made last, where gradients were recorded."""
        return list(self._pairs.values())[-1] if self._pairs else None


def _read_while_recording(graph: Graph) -> bytes:
    """For each input and state a 1 where the function reads or writes it while gradients are recorded, else a 0."""
    met = {v for node in graph.nodes if not node.paused for v in node.inputs} | set(graph.outputs)
    met |= {state.value for state in graph.writes if state.taped}
    return bytes(value in met for value in graph.sources())


def with_gradients(graph: Graph, mask: Sequence[bool]) -> tuple[Joint, Graph]:
    """The graph and its gradients by the inputs and states that `mask` marks, in one: as it is made, and tidied."""
    wrt = [value for value, wanted in zip(graph.sources(), mask, strict=True) if wanted]
    found = autodiff(graph, wrt, taped=True)
    joint = verify(found.graph, "autodiff")
    for rewrite in (canonicalize, fold, cse):
        before, joint = joint, verify(rewrite(joint), rewrite.__name__)
        if joint is not before is not found.graph:
            release(before.nodes)
    return found, joint


def _reached(mask: tuple[bool, ...], found: Joint) -> tuple[bool, ...]:
    """Which of the operands that `mask` marks a gradient can flow to at all."""
    bits = functools.reduce(operator.or_, found.reaches, 0)
    numbers = itertools.count()
    return tuple([wanted and bool(bits >> next(numbers) & 1) for wanted in mask])


def made_again(joint: Graph, n_outputs: int, wish: Remat) -> Graph:
    """A joint graph with what `wish` does not keep made again in its backward part."""
    if not wish:
        return joint
    forward = ancestors(joint, n_outputs)
    count = max((i + 1 for i, node in enumerate(joint.nodes) if node in forward), default=0)
    return verify(remat(joint, wish, count), "remat")


class _Pair:
    """The forward and backward graphs for one choice of operands that need gradients.

    A memory budget is for what both hold in their arenas and what is kept between them.
    """

    def __init__(self, function: GraphFunction, mask: tuple[bool, ...], device: str = "") -> None:
        self.function, self.mask = function, mask
        graph, wish = function.graph, function.wish
        self.n_inputs, self.n_outputs = len(graph.inputs), len(graph.outputs)
        found, joint = with_gradients(graph, mask)
        self.flowing = _reached(mask, found)
        if self.flowing != mask:
            found, joint = with_gradients(graph, self.flowing)
        self.written = found.written
        heads = [*found.heads, *range(self.n_outputs, self.n_outputs + len(found.written))]
        before = overwritten(found.graph, self.n_outputs, self.n_inputs)
        self.forward: Compiled
        self.back: Back

        def make(aim: Remat) -> tuple[None, int]:
            halves = split(made_again(joint, self.n_outputs, aim), self.n_outputs, len(heads), before)
            parts = {"forward": dead_code(halves.forward), "backward": halves.backward}
            families = {which: None if wish.budget else function.family.part(which, mask) for which in parts}
            self.forward, backward = (Compiled(parts[w], family=families[w], device=device) for w in parts)
            draws = bool(halves.backward.rng_blocks)
            self.back = Back(
                backward, heads, found.reaches, halves.direct, halves.n_saved, halves.before, draws, GraphFunction
            )
            return None, self.memory_bytes if wish.budget else 0

        within_budget(wish, graph.name, make)
        release(joint.nodes if joint is not found.graph else ())
        count = without_states(found.graph, self.n_inputs, self.n_outputs)
        self.back.joint = lambda: (found.graph, count)

    @property
    def backward(self) -> Compiled:
        """The backward part."""
        return self.back.program

    @property
    def memory_bytes(self) -> int:
        """What intermediate values take: both arenas, and what is kept between the two parts."""
        kept = sum(value.nbytes for value in self.forward.graph.outputs[self.n_outputs :])
        return self.forward.plan.arena_bytes + kept + self.backward.plan.arena_bytes

    @property
    def is_ready(self) -> bool:
        """Whether both parts have run."""
        return self.forward.is_ready and self.backward.is_ready

    def resized(self, function: GraphFunction, other: _Pair, third: Third) -> _Pair:
        """The parts for a third size, from these and those for another size."""
        need((self.written, self.back.kept) == (other.written, other.back.kept), "other operands are kept")
        made, known = copy(self), weakref.ref(function)
        made.function = function

        def anew() -> _Pair:
            function = known()
            if function is None:
                raise RuntimeError("a gradient of a gradient needs the compiled function, which is gone")
            return _Pair(function, self.mask)

        part, mask, back = third.part, self.mask, self.back
        made.forward = part(("forward", mask), self.forward, other.forward, lambda: anew().forward.traced)
        program = part(("backward", mask), self.backward, other.backward, lambda: anew().backward.traced)
        made.back = replace(back, program=program, made=None, joint=lambda: _joint_of(anew()))
        budget = function.wish.budget
        need(budget is None or made.memory_bytes <= budget, "parts beyond the memory budget")
        return made

    def __call__(self, arrays: Sequence[Any], operands: list[Any], versions: list[int]) -> list[Any]:
        states, taped = self.function._states, self.function._taped
        for i in taped:
            _core.check_writable(states[i])
        places = {i: _core.record_of(operands[i]) for i in self.back.before}
        rng = _core.rng_state()
        results = _unrecorded(self.forward, arrays)
        outputs, kept = results[: self.n_outputs], results[self.n_outputs :]
        wanted = [a for a, mine in zip(operands, self.flowing, strict=True) if mine]
        call = Call(self.back, _core.kept_operands(operands), versions, kept, places, rng)
        new = [states[i] for i in self.written]
        _core.make_function_node(wanted, outputs, call, title=self.forward.name, overwritten=new)
        for i in taped:
            if i not in self.written:
                _core.took_constant(states[i])
        return outputs


def _joint_of(pair: _Pair) -> tuple[Graph, int]:
    assert pair.back.joint is not None
    return pair.back.joint()


def _unrecorded(compiled: Compiled, arrays: Sequence[Any]) -> list[Any]:
    recording = _core.set_recording(False)
    try:
        return compiled.run(arrays)
    finally:
        _core.set_recording(recording)
