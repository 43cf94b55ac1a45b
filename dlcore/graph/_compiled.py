"""A graph made ready to run: the passes, the plan, the executable, and what errors and reports need to know of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any

from dlcore.array._copies import copy_on

from . import _show
from ._ir import Graph
from ._keeping import Kept
from ._line import Placed, need
from ._lower import LOCATION, Lowered, lower
from ._pause import no_collection
from ._sizes import Family
from .passes import optimize
from .passes.plan import Plan, plan, settle
from .passes.remat import KEEP, Remat, remat, within_budget
from .verify import verify

Beside = tuple[list[Any], frozenset[int], Kept | None]  # the captured arrays, which of them are written, what is kept


class Compiled:
    """Runs a graph on arrays. Compilation happens at the first run (or `prepare()`), once, whatever the thread.

    wish   what the backward part computes again instead of finding it kept
    family what the same function became for other sizes

    >>> import dlcore as dl
    >>> from dlcore.graph import trace
    >>> graph = trace(lambda arrays: (None, [arrays[0] * 2 + 1]), [dl.np.ones((2,))], "f").graph
    >>> compiled = Compiled(graph)
    >>> compiled.run([dl.np.ones((2,))])[0].tolist()
    [3.0, 3.0]
    >>> len(graph.nodes), len(compiled.graph.nodes)
    (2, 1)
    """

    def __init__(
        self,
        graph: Graph | Callable[[], Graph],
        optimized: bool = True,
        wish: Remat = KEEP,
        family: Family | None = None,
        device: str = "",
    ) -> None:
        self._traced = graph
        self.optimized = optimized
        self.wish = wish
        self.family = family
        self.compile_seconds = 0.0
        self.device = device or device_of(state.array for state in self.traced.states)
        self._lock = threading.RLock()
        self._ready: tuple[Graph, Plan, Lowered] | Placed | None = None
        self._call: tuple[Any, list[Any]] | None = None  # the executable, the states it takes
        self._written: frozenset[int] = frozenset()
        self._kept: Kept | None = None

    def _resized(self, program: Placed, traced: Callable[[], Graph]) -> Compiled:
        """The same for another size, with a program that was made from this one's; `traced` gives its traced graph.

        What is kept from run to run follows from captured arrays alone, so both share it. `Different` where it takes
        more memory than it may.
        """
        start = time.perf_counter()
        need(self.wish.budget is None or program.arena <= self.wish.budget, "a program beyond the memory budget")
        made = copy(self)
        made._traced, made._ready, made._lock = traced, program, threading.RLock()
        program.make(self.device)
        states, made._written, made._kept = program.line.beside
        made._call = (program.executable, states)
        made.compile_seconds = time.perf_counter() - start
        return made

    @property
    def traced(self) -> Graph:
        """The graph before the passes."""
        if not isinstance(self._traced, Graph):
            self._traced = self._traced()
        return self._traced

    @property
    def name(self) -> str:
        """The name of the function."""
        return self._ready.line.graph.name if isinstance(self._ready, Placed) else self.traced.name

    def prepare(self) -> Compiled:
        """Compiles now, unless that is done already."""
        with self._lock:
            if self._ready is None:
                start = time.perf_counter()
                with no_collection():
                    self._ready = self._build()
                self.compile_seconds = time.perf_counter() - start
        return self

    def _build(self) -> tuple[Graph, Plan, Lowered]:
        graph = self._optimized() if self.optimized else verify(self.traced, "trace")
        graph, memory = self._planned(graph)
        _show.stage("ir", "settle", graph)
        _show.show_plan(graph, memory)
        _show.show_cuda(graph)
        lowered = lower(graph, memory, self.device)
        self._written = frozenset(state.array._storage_id for state in graph.writes)
        self._call = (lowered.executable, [state.array for state in graph.states])
        self._kept = None if graph.kept is None else Kept(graph, Compiled(graph.kept, optimized=False).prepare())
        return graph, memory, lowered

    def _optimized(self) -> Graph:
        """The graph after the passes, or one on the line between what they made for other sizes."""
        if self.family is None:
            return optimize(self.traced)
        found = self.family.between(self.traced)
        if found is not None:
            _show.stage("passes", "sizes", found)
            return verify(found, "sizes")
        graph = optimize(self.traced)
        self.family.add(self.traced, graph)
        return graph

    def _planned(self, graph: Graph) -> tuple[Graph, Plan]:
        """The graph with what is computed again, and its plan, which keeps to the budget."""

        def make(aim: Remat) -> tuple[tuple[Graph, Plan], int]:
            again = verify(remat(graph, aim), "remat") if aim else graph
            if aim:
                _show.stage("passes", "remat", again)
            settled = verify(settle(again), "settle")
            memory = plan(settled)
            return (settled, memory), memory.arena_bytes

        return within_budget(self.wish, self.traced.name, make)

    @property
    def is_ready(self) -> bool:
        """Whether it is compiled already."""
        return self._ready is not None

    @property
    def graph(self) -> Graph:
        """The graph after all passes."""
        return self.parts[0]

    @property
    def plan(self) -> Plan:
        """Where its values live."""
        return self.parts[1]

    @property
    def lowered(self) -> Lowered:
        """The executable and the node behind each instruction."""
        return self.parts[2]

    def snapshot(self) -> tuple[tuple[Graph, Plan, Lowered], Beside]:
        """`parts`, and what a run takes beside the executable."""
        with self._lock:
            parts = self.parts
            assert self._call is not None
            return parts, (self._call[1], self._written, self._kept)

    @property
    def parts(self) -> tuple[Graph, Plan, Lowered]:
        """The graph after all passes, where its values live, and the executable."""
        self.prepare()
        if isinstance(self._ready, Placed):
            self._ready = self._ready.parts()
        assert self._ready is not None
        return self._ready

    def run(self, arrays: Sequence[Any]) -> list[Any]:
        """Runs on `arrays` (one per graph input) and the captured states; returns the output arrays."""
        if self._ready is None:
            if self.device.startswith("cpu"):
                self.device = device_of(arrays)
            self.prepare()
        given = list(arrays)
        if self._written:  # an argument that is also a state: the program sees what it holds now
            given = [copy_on(a, a._device) if a._storage_id in self._written else a for a in given]
        self._bring_up_to_date()
        assert self._call is not None
        executable, states = self._call
        try:
            return executable.run(given + states)
        except (ValueError, IndexError, TypeError, RuntimeError) as error:
            raise self._located(error) from None

    def _bring_up_to_date(self) -> None:
        """What is kept from run to run is computed again where need be; not kept any more where need be too often."""
        kept = self._kept
        if kept is None or kept.refresh():
            return
        with self._lock:
            if self._kept is kept:
                self._traced, _ = self.traced.clone()
                self._traced.steady = False
                self._ready = self._build()

    def profile(self, arrays: Sequence[Any]) -> list[tuple[Any, float]]:
        """One run as [(node, seconds)] in running order; like `run`, it changes states."""
        self.prepare()
        self._bring_up_to_date()
        lowered, states = self.lowered, [state.array for state in self.graph.states]
        seconds = lowered.executable.profile(list(arrays) + states)
        return list(zip(lowered.nodes, seconds, strict=True))

    def _located(self, error: Exception) -> Exception:
        """The same error with the layer and the user's line of the instruction that raised it."""
        node = self.lowered.node(str(error))
        if node is None:
            return error
        text = LOCATION.sub("", str(error)).rstrip()
        place = node.place()
        word = "in layer" if node.scope else "at"
        return type(error)(f"{text}\n  {word} {place}" if place and "in layer" not in text else text)


def device_of(arrays: Iterable[Any]) -> str:
    """The device that a program over these arrays runs on; single numbers may lie on the CPU all the same.

    Errors: ValueError when they lie on two GPUs.
    """
    found = {a._device for a in arrays if not (a._device.startswith("cpu") and a.ndim == 0)}
    if len(found) > 1:
        raise ValueError(
            f"a compiled function got arrays on {' and '.join(sorted(found))}; move them with as_in_context"
        )
    return found.pop() if found else "cpu(0)"
