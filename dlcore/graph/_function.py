"""A graph as a differentiable function of arrays.

While gradients are recorded, a call runs a forward graph that also hands out what the backward graph will need, and
puts one node on the tape. The backward graph comes from the autodiff pass.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dlcore import _core

from ._compiled import Compiled, device_of
from ._ir import Graph
from ._line import Different, need
from ._pause import no_collection, release
from ._sizes import Family, Outline, outline_of
from ._split import ancestors, split
from ._types import is_inexact
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
        self.wish, self.family = wish, family or Family()
        self.plain = Compiled(self._graph, wish=wish if alone is None else alone, family=self.family)
        self._pairs: dict[tuple[bool, ...], _Pair] = {}
        self._lock = threading.Lock()

    def __call__(self, arrays: Sequence[Any]) -> list[Any]:
        """The outputs for `arrays` (one per graph input)."""
        if not _core.is_recording():
            return self.plain.run(arrays)
        operands = [*arrays, *self._states]
        mask = tuple([a._tracked and is_inexact(a._dtype_name) for a in operands])
        if not any(mask):
            return _unrecorded(self.plain, arrays)
        pair = self._pairs.get(mask)
        if pair is None:
            with self._lock:
                with no_collection():
                    pair = self._pairs.get(mask)
                    if pair is None:
                        pair = self._pairs[mask] = _Pair(self, mask, device_of(operands))
        return pair(arrays, operands)

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


def with_gradients(graph: Graph, mask: Sequence[bool]) -> tuple[Joint, Graph]:
    """The graph and its gradients by the inputs and states that `mask` marks, in one: as it is made, and tidied."""
    wrt = [value for value, wanted in zip(graph.sources(), mask, strict=True) if wanted]
    found = autodiff(graph, wrt)
    joint = verify(found.graph, "autodiff")
    for rewrite in (canonicalize, fold, cse):
        before, joint = joint, verify(rewrite(joint), rewrite.__name__)
        if joint is not before is not found.graph:
            release(before.nodes)
    return found, joint


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
        self._joint: Graph | None = found.graph
        self.heads = found.heads

        def make(aim: Remat) -> tuple[None, int]:
            halves = split(made_again(joint, self.n_outputs, aim), self.n_outputs, len(self.heads))
            parts = {"forward": dead_code(halves.forward), "backward": halves.backward}
            self.direct, self._draws = halves.direct, bool(halves.backward.rng_blocks)
            for which, part in parts.items():
                family = None if wish.budget else function.family.part(which, mask)
                setattr(self, which, Compiled(part, family=family, device=device))
            return None, self.memory_bytes if wish.budget else 0

        self.forward: Compiled
        self.backward: Compiled
        within_budget(wish, graph.name, make)
        release(joint.nodes if joint is not found.graph else ())
        self._again: GraphFunction | None = None

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
        if (self.heads, self.direct) != (other.heads, other.direct):
            raise Different("other operands are kept")
        made = copy(self)
        made.function, made._joint, made._again = function, None, None

        def traced(which: str) -> Callable[[], Graph]:
            return lambda: getattr(_Pair(function, self.mask), which).traced

        for which in ("forward", "backward"):
            low, high = getattr(self, which), getattr(other, which)
            setattr(made, which, third.part((which, self.mask), low, high, traced(which)))
        budget = function.wish.budget
        need(budget is None or made.memory_bytes <= budget, "parts beyond the memory budget")
        return made

    def __call__(self, arrays: Sequence[Any], operands: list[Any]) -> list[Any]:
        rng = _core.rng_state()
        results = _unrecorded(self.forward, arrays)
        outputs, saved = results[: self.n_outputs], results[self.n_outputs :]
        direct = [operands[i] for i in self.direct]
        versions = [a._version for a in direct]

        def gradient(given: list[Any]) -> list[Any]:
            for array, version in zip(direct, versions, strict=True):
                if array._version != version:
                    raise RuntimeError(
                        f"backward of {self.forward.name}: an array of shape {array.shape} that it needs was "
                        f"changed in place after the forward pass (version {version}, now {array._version})"
                    )
            heads = [given[i] for i in self.heads]
            if _core.is_recording():
                return self._differentiable(operands, heads, rng)
            needed = [*saved, *direct, *heads]
            if not self._draws:
                return self.backward.run(needed)
            with _random_numbers_of(rng):  # for what is computed again
                return self.backward.run(needed)

        wanted = [a for a, mine in zip(operands, self.mask, strict=True) if mine]
        _core.make_function_node(wanted, outputs, gradient, title=self.forward.name)
        return outputs

    def _differentiable(self, operands: list[Any], heads: list[Any], rng: tuple[int, int]) -> list[Any]:
        """The gradients as a function of everything they depend on, for gradients of gradients.

        The forward part runs again, with the random numbers it had.
        """
        if self._again is None:
            if self._joint is None:
                self._joint = _Pair(self.function, self.mask)._joint
            assert self._joint is not None
            graph, _ = self._joint.clone()
            graph.name = graph.name.replace(".joint", ".backward")
            for state in graph.states:
                state.value.kind = "input"
            n = self.n_inputs
            graph.inputs = graph.inputs[:n] + [s.value for s in graph.states] + graph.inputs[n:]
            graph.states = []
            graph.outputs = graph.outputs[self.n_outputs :]
            self._again = GraphFunction(dead_code(graph))
        with _random_numbers_of(rng):
            return self._again([*operands, *heads])


@contextmanager
def _random_numbers_of(state: tuple[int, int]) -> Iterator[None]:
    """Draws the numbers again that came after `state`, without moving on."""
    now = _core.rng_state()
    _core.set_rng_state(state)
    try:
        yield
    finally:
        _core.set_rng_state(now)


def _unrecorded(compiled: Compiled, arrays: Sequence[Any]) -> list[Any]:
    recording = _core.set_recording(False)
    try:
        return compiled.run(arrays)
    finally:
        _core.set_recording(recording)
