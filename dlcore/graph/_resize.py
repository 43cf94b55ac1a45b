"""A function for a new size from two sizes it was compiled for: without a trace, where Python has seen no size.

A trace tells what Python does for one size. Two traces of which one is the other with other numbers tell what it does
for all, unless Python looked at a size: then it may do anything at a third one. The tracer notes whether it did
(`bind/sizes.cpp`), dlcore's own layers excepted that were read for it (`READERS`). So may what a function names
outside itself, or calls before every run: both must be the same for the two sizes and now. Everything else is
traced anew. What is left are numbers: see `_line`.
"""

from __future__ import annotations

import functools
import inspect
import os
import types
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from dlcore import _core

from . import _ops
from ._ir import Graph, Node, Value, bodies_of, numel
from ._line import MOVING, Different, Line, Span, need
from ._sizes import Outline, resized, shares_between
from ._source import PACKAGE
from ._trace import window
from .passes.taken_rows import few

if TYPE_CHECKING:
    from ._compiled import Compiled
    from ._function import GraphFunction

MOST = 16  # programs of one function that were made so, and are kept: each has an arena of its own
TRIES = 3  # pairs of sizes that are tried for a third
REMEMBERED = 64  # pairs of which it is known what lies between them

PLAIN = (type(None), bool, int, float, complex, str, bytes)  # what a function may do follows from their values

COUNTED = ("_checked",)  # what a block counts for itself

# Files that read sizes of arrays while they are traced, and make of them only shapes of other arrays, or an error.
READERS = (
    "array/_indexing.py", "array/_key.py", "array/_names/control.py", "gluon/_block.py", "gluon/_loss.py",
    "gluon/_loss_classification.py", "gluon/model_zoo/text/_gpt.py", "gluon/nn/_attention.py", "gluon/nn/_dropout.py",
    "graph/_control_emit.py", "graph/_control_trace.py", "metric/_classification.py", "metric/_counts.py",
    "metric/_likelihood.py", "metric/_regression.py", "metric/_similarity.py", "ops/attention.py", "ops/rnn.py",
)  # fmt: skip


class Signature(Protocol):
    """What is asked of an entry of a compiled function: its sizes in a row, and what it calls before every run."""

    sizes: tuple[int, ...]
    host_calls: list[Callable[[], None]]
    function: GraphFunction


S = TypeVar("S", bound=Signature)


def trust() -> None:
    """Tells the tracer which files may read sizes without its noting so."""
    _core.trust_sizes([os.path.join(PACKAGE, *name.split("/")) for name in READERS])


class Twins:
    """One traced function at two sizes, of which `first` and `last` are those of the first axis that differs."""

    def __init__(self, low: GraphFunction, high: GraphFunction, first: int, last: int) -> None:
        need(low.wish == high.wish, "other values that are computed again")
        a, b = low.outline, high.outline
        need(a is not None and b is not None and a.structure == b.structure, "another trace")
        assert a is not None and b is not None
        self.low, self.high, self.first, self.last = low, high, first, last
        mine, its = low.graph, high.graph
        pairs = zip(_nodes(mine), _nodes(its), strict=True)
        moving = (m.attrs == i.attrs or m.op in MOVING or bodies_of(m) for m, i in pairs)  # bodies: by their outlines
        need(all(moving), "an attribute that moves and is no shape")
        same = [window(s.array) == window(t.array) for s, t in zip(mine.states, its.states, strict=True)]
        need(all(same), "other arrays")
        self._outlines: tuple[Outline, Outline] = a, b
        self._numbers = Span(np.where(a.drawn, 0, a.sizes), np.where(b.drawn, 0, b.sizes))
        self._axes(mine, its)
        self._draws(mine, its)
        self._lines: dict[Any, Line | None] = {}

    def _axes(self, mine: Graph, its: Graph) -> None:
        moved: list[tuple[int, int]] = []
        for a, b in zip(_values(mine), _values(its), strict=True):
            found = [(m, n) for m, n in zip(a.shape, b.shape, strict=True) if m != n]
            need(len(found) <= 1, "two axes that move")
            need(all(m > 1 and n > 1 for m, n in found), "an axis of one")
            moved += found
        self._moved = Span([m for m, _ in moved], [n for _, n in moved])

    def _draws(self, mine: Graph, its: Graph) -> None:
        """Calls that draw random numbers, which get blocks in their order; and what `taken_rows` decides by."""
        need(not any(_ops.is_random(node) for node in mine.nodes if bodies_of(node)), "random numbers in a loop")
        both = list(zip(_nodes(mine), _nodes(its), strict=True))
        drawing = [(a, b) for a, b in both if _ops.is_random(a)]
        self._blocks = [a.rng for a, _ in drawing]
        self._drawn = Span([a.outputs[0].size for a, _ in drawing], [b.outputs[0].size for _, b in drawing])
        need(self._starts(self._drawn.low.tolist()) == (self._blocks, mine.rng_blocks), "random blocks that are shared")
        taken = [(a.inputs, b.inputs) for a, b in both if a.op == "take"]
        self._rows = [numel(table.shape[:1]) for (table, *_), _ in taken if table is not None]
        self._taken = Span([_size(own[1]) for own, _ in taken], [_size(own[1]) for _, own in taken])

    @staticmethod
    def _starts(sizes: list[int]) -> tuple[list[int], int]:
        starts, end = [], 0
        for size in sizes:
            starts.append(end)
            end += _ops.blocks_of(size)
        return starts, end

    def at(self, here: int) -> Third:
        """The function for a third size; `Different` where it is more than other numbers."""
        part, whole = here - self.first, self.last - self.first
        need(self._moved.at(part, whole).min(initial=2) > 1, "an axis of one")
        taken = zip(self._rows, self._taken.low.tolist(), self._taken.at(part, whole).tolist(), strict=True)
        need(all(few(rows, old) == few(rows, new) for rows, old, new in taken), "rows taken otherwise")
        low, high = self._outlines
        shares = shares_between(low.shares, high.shares, self.first, here, self.last)
        need(shares is not None, "a number that is no share of the size")
        starts, end = self._starts(self._drawn.at(part, whole).tolist())
        blocks = dict(zip(self._blocks, starts, strict=True))
        return Third(self, here, blocks, end, self._numbers.at(part, whole), shares or [])

    def line(self, which: Any, low: Compiled, high: Compiled) -> Line:
        """What lies between two programs of the function, worked out once."""
        if which not in self._lines:
            self._lines[which] = None
            self._lines[which] = Line.between(low, high, self.first, self.last)
        line = self._lines[which]
        if line is not None and line.made_of is not low.parts:  # it was made anew, to keep nothing from run to run
            line = self._lines[which] = Line.between(low, high, self.first, self.last)
        if line is None:
            raise Different("programs that differ in more than numbers")
        return line


@dataclass
class Third:
    """A function at a third size: what its parts need to know, and the parts as they are asked for.

    blocks   by the first random block of a call, where its blocks begin now;  numbers, shares: of the traced graph
    """

    twins: Twins
    here: int
    blocks: dict[int, int]
    all_blocks: int
    numbers: np.ndarray
    shares: list[float]

    def traced(self) -> Graph:
        """The graph that a trace would have given."""
        before = self.twins.low.graph
        graph = resized(before, self.numbers.tolist(), self.shares)
        for node, old in zip(_nodes(graph), _nodes(before), strict=True):
            node.rng = self.blocks.get(old.rng, -1)
        graph.rng_blocks = self.all_blocks
        return graph

    def part(self, which: Any, low: Compiled, high: Compiled, traced: Callable[[], Graph]) -> Compiled:
        """One of its programs, from those of the two sizes; `traced` gives its graph before the passes."""
        placed = self.twins.line(which, low, high).at(self.here, self.blocks, self.all_blocks)
        return low._resized(placed, traced)


def _size(value: Value | None) -> int:
    return 0 if value is None else value.size


def _values(graph: Graph) -> Iterator[Value]:
    """Every value of a graph and of the graphs inside it."""
    yield from graph.sources()
    for node in graph.nodes:
        yield from node.outputs
        for body in bodies_of(node).values():
            yield from _values(body)


def _nodes(graph: Graph) -> Iterator[Node]:
    """Every call of a graph and of the graphs inside it."""
    for node in graph.nodes:
        yield node
        for body in bodies_of(node).values():
            yield from _nodes(body)


class Relatives:
    """The signatures of one function that differ in sizes alone, and what lies between them."""

    def __init__(self) -> None:
        self._twins: dict[tuple[int, int], Twins | None] = {}

    def third(self, entries: Sequence[S], sizes: tuple[int, ...]) -> tuple[S, GraphFunction] | None:
        """The function for other sizes and the signature it is most like; None if it must be traced."""
        for low, high, first, here, last in _pairs(entries, sizes)[:TRIES]:
            twins = self._between(low, high, first, last)
            try:
                if twins is not None:
                    return low, twins.low._resized(twins.high, twins.at(here))
            except Different:
                continue
        return None

    def _between(self, low: Signature, high: Signature, first: int, last: int) -> Twins | None:
        key = id(low.function), id(high.function)
        if key not in self._twins:
            if len(self._twins) >= REMEMBERED:
                self._twins.clear()
            try:
                need(alike(low.host_calls, high.host_calls), "other calls before every run")
                self._twins[key] = Twins(low.function, high.function, first, last)
            except Different:
                self._twins[key] = None
        return self._twins[key]


def _pairs(entries: Sequence[S], sizes: tuple[int, ...]) -> list[tuple[S, S, int, int, int]]:
    """Pairs of signatures with `sizes` on the line through theirs, those first that have it between them, closely."""
    found: list[tuple[tuple[bool, int], tuple[S, S, int, int, int]]] = []
    for low in entries:
        for high in entries:
            at = next((i for i, (a, b) in enumerate(zip(low.sizes, high.sizes, strict=True)) if a != b), None)
            if at is None or low.sizes[at] > high.sizes[at]:
                continue
            first, here, last = low.sizes[at], sizes[at], high.sizes[at]
            whole, part = last - first, here - first
            if part and all(
                (c - a) * whole == (b - a) * part for a, b, c in zip(low.sizes, high.sizes, sizes, strict=True)
            ):
                outside = max(first - here, here - last, 0)
                found.append(((outside > 0, outside + whole), (low, high, first, here, last)))
    return [pair for _, pair in sorted(found, key=lambda item: item[0])]


def alike(one: Any, other: Any) -> bool:
    """Whether two things that Python would do are the same: functions of one code that hold the same values."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, functools.partial) and isinstance(other, functools.partial):
        return alike([one.func, *one.args], [other.func, *other.args]) and one.keywords == other.keywords
    if isinstance(one, types.FunctionType) and isinstance(other, types.FunctionType):
        held = [[cell.cell_contents for cell in f.__closure__ or ()] for f in (one, other)]
        return one.__code__ is other.__code__ and one.__defaults__ == other.__defaults__ and alike(*held)
    if isinstance(one, _core.NDArray) or isinstance(other, _core.NDArray):
        return one is other or (isinstance(one, _core.NDArray) and window(one) == window(other))
    return one is other or (type(one) is type(other) and bool(one == other))


def plain(function: Callable[..., Any]) -> dict[str, Any]:
    """The numbers, words and truth values that a function names outside itself: what it does may depend on them."""
    found: dict[str, Any] = {}
    for name, value in named(function):
        if isinstance(value, PLAIN):
            found[name] = value
    return found


def named(function: Callable[..., Any]) -> Iterator[tuple[str, Any]]:
    """What a function names outside itself: globals, variables of functions around it, attributes of its object."""
    function = inspect.unwrap(function)
    if isinstance(function, types.MethodType):
        owner, function = function.__self__, function.__func__
        yield from ((name, value) for name, value in getattr(owner, "__dict__", {}).items() if name not in COUNTED)
    if not isinstance(function, types.FunctionType):
        return
    for name in function.__code__.co_names:
        if name in function.__globals__:
            yield name, function.__globals__[name]
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not assigned yet
            continue
