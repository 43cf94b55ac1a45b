"""A program for a new size from the programs for a smaller and a larger one, without the passes.

Two traces of one function for different batch sizes mostly differ in numbers alone: shapes, strides, places in memory.
So do the graphs that the passes made of them. When a third trace lies between the two, with every number on the line
through theirs, its optimized graph is put on the line too, and verified like that of a pass, which infers each shape
again. Only what both neighbours agree on is used, so that a size above which a pass decides otherwise lies beyond one
of them. Everything else is optimized anew: another structure, a number off the line, a whole number that is more than
a shape. Of other numbers only counts in proportion to the batch, and one over these, move: so means do.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from dlcore import _core

from ._ir import Graph, Node, Value, bodies_of

# Operators whose whole numbers are shapes, which inference checks.
SHAPES = frozenset({"reshape", "broadcast_to", "zeros", "ones"})
KEPT = 8  # programs of one function that are remembered
LARGEST = 2**22  # a count: float32 tells it, and one over it, from its neighbours


class Outline(NamedTuple):
    """A graph without its sizes; `sizes` has them in order, `shares` the single numbers that may be parts of a mean.

    fixed   for each size, whether neighbours must agree on it;  drawn: whether it is a number of random blocks
    """

    structure: tuple
    sizes: np.ndarray
    shares: tuple[float, ...]
    fixed: np.ndarray
    drawn: np.ndarray


class Known:
    """A graph before and after the passes, with their outlines once they are asked for."""

    def __init__(self, traced: Graph, optimized: Graph) -> None:
        self.traced, self.optimized = traced, optimized

    @cached_property
    def before(self) -> Outline | None:
        return outline_of(self.traced)

    @cached_property
    def after(self) -> Outline | None:
        return outline_of(self.optimized)


class Family:
    """The programs that one function became for different sizes."""

    def __init__(self) -> None:
        self._known: list[Known] = []
        self._parts: dict[tuple, Family] = {}
        self._lock = threading.Lock()
        self.found = 0  # how many programs were made without the passes

    def between(self, traced: Graph) -> Graph | None:
        """The optimized graph for `traced`, or None where its neighbours do not determine it."""
        with self._lock:
            known = list(self._known)
        outline = outline_of(traced) if len(known) > 1 else None
        if outline is None:
            return None
        around = _around(known, outline)
        made = around and _made(*around, outline)
        if not around or not made:
            return None
        with self._lock:
            self.found += 1
        return _placed(around[0], traced, *made)

    def add(self, traced: Graph, optimized: Graph) -> None:
        """Remembers what the passes made of a graph."""
        with self._lock:
            self._known = [*self._known[-KEPT + 1 :], Known(traced, optimized)]

    def part(self, *which: Any) -> Family:
        """The family of a part of the function: its forward or backward half."""
        with self._lock:
            return self._parts.setdefault(which, Family())


def _around(known: list[Known], outline: Outline) -> tuple[Known, Known, int] | None:
    """The nearest pair that has the graph between it, and the number of a size in which the three differ."""
    alike = [k for k in known if k.before is not None and k.before.structure == outline.structure]
    found: list[tuple[int, Known, Known, int]] = []
    for low in alike:
        for high in alike:
            assert low.before is not None and high.before is not None
            moved = np.flatnonzero(high.before.sizes - low.before.sizes)
            if not len(moved) or not _same(low.before.shares, outline.shares, high.before.shares):
                continue
            at = int(moved[0])
            first, here, last = (int(sizes[at]) for sizes in (low.before.sizes, outline.sizes, high.before.sizes))
            if first < here < last:
                line = _on_line(low.before.sizes, high.before.sizes, first, here, last)
                if line is not None and (line == outline.sizes).all():
                    found.append((last - first, low, high, at))
    return min(found, key=lambda pair: pair[0])[1:] if found else None


def _made(low: Known, high: Known, at: int, outline: Outline) -> tuple[np.ndarray, list[float]] | None:
    """The sizes and single numbers of the optimized graph between two, or None."""
    if low.after is None or high.after is None or low.after.structure != high.after.structure:
        return None
    assert low.before is not None and high.before is not None
    here = int(low.before.sizes[at]), int(outline.sizes[at]), int(high.before.sizes[at])
    sizes = _on_line(low.after.sizes, high.after.sizes, *here)
    shares = shares_between(low.after.shares, high.after.shares, *here)
    if sizes is None or shares is None or (low.after.sizes != high.after.sizes)[low.after.fixed].any():
        return None
    return sizes, shares


def _same(*shares: tuple[float, ...]) -> bool:
    return len({np.array(numbers).tobytes() for numbers in shares}) == 1


def _on_line(low: np.ndarray, high: np.ndarray, first: int, here: int, last: int) -> np.ndarray | None:
    """Each number as far from `low` to `high` as `here` is from `first` to `last`; None where one is not whole."""
    steps = (high - low) * (here - first)
    return None if (steps % (last - first)).any() else low + steps // (last - first)


def shares_between(
    low: tuple[float, ...], high: tuple[float, ...], first: int, here: int, last: int
) -> list[float] | None:
    """Numbers on which both agree as they are; a count in proportion to the size, or one over it rounded to float32."""
    found = []
    for a, b in zip(low, high, strict=True):
        if _same((a,), (b,)):
            found.append(a)
            continue
        inverse = abs(a) < 1
        m, n = _count(a, inverse), _count(b, inverse)
        if not m or not n or m * last != n * first or m * here % first:
            return None
        count = m * here // first
        found.append(float(np.float32(1 / count if inverse else count)))
    return found


def _count(number: float, inverse: bool) -> int:
    """The whole number that `number` is, or is one over; 0 if it is not that."""
    if not 0 < abs(number) <= LARGEST or abs(number) * LARGEST < 1:
        return 0
    count = round(1 / number if inverse else number)
    return count if count and np.float32(1 / count if inverse else count) == number else 0


def outline_of(graph: Graph) -> Outline | None:
    """The outline of a graph and of those inside its branches and loops; None where an attribute may hide a size."""
    found = _Reading()
    lines = found.of(graph)
    if lines is None:
        return None
    blocks = np.zeros(len(found.sizes), bool)
    blocks[found.drawn] = True
    return Outline(lines, np.array(found.sizes, np.int64), tuple(found.shares), np.array(found.fixed), blocks)


class _Reading:
    """The numbers of graphs in one order, which `_Renewal` keeps to."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.fixed: list[bool] = []
        self.drawn: list[int] = []
        self.shares: list[float] = []
        self.number: dict[Value, int] = {}

    def name(self, value: Value | None) -> Any:
        """A value by its number, a constant by what it is."""
        if value is None or value in self.number:
            return None if value is None else self.number[value]
        content = np.asarray(value.const)
        if value.dtype == "float32" and content.size == 1:
            self.shares.append(float(content.reshape(())))
            return ("share", value.dtype, value.weak, value.shape)
        return ("const", value.dtype, value.weak, value.shape, content.tobytes())

    def describe(self, value: Value) -> tuple:
        """A value without its sizes, from where it is made."""
        self.number[value] = len(self.number)
        found = [*value.shape, *value.strides, value.offset, value.size]  # two axes that grow are off the line by this
        self.sizes.extend(found)
        self.fixed.extend([False] * len(found))
        return (value.dtype, len(value.shape), value.weak, value.name)

    def draws(self, blocks: int) -> None:
        """A number of random blocks."""
        self.drawn.append(len(self.sizes))
        self.sizes.append(blocks)
        self.fixed.append(False)

    def of(self, graph: Graph) -> tuple | None:
        """The lines of a graph without its sizes."""
        lines: list[Any] = [self.describe(value) for value in graph.sources()]
        for node in graph.nodes:
            found = self.node(node)
            if found is None:
                return None
            lines += found
        lines += [(None if s.new is None else self.name(s.new), s.made, s.last) for s in graph.states]
        lines.append((tuple(map(self.name, graph.outputs)), graph.steady))
        if graph.kept is not None:  # it follows from captured arrays alone: no size moves it
            inner = outline_of(graph.kept)
            if inner is None:
                return None
            lines.append((inner.structure, inner.sizes.tobytes(), inner.shares))
        self.draws(graph.rng_blocks)
        return tuple(lines)

    def node(self, node: Node) -> list[Any] | None:
        """The lines of a call."""
        attrs: list[int] = []
        bodies = bodies_of(node)
        if bodies:
            attrs, text = [node.attrs[0].length], node.attrs[0].kind
        else:
            text = without_numbers(node.attrs, attrs)
        if text is None:
            return None
        self.sizes.extend(attrs)
        self.fixed.extend([node.op not in SHAPES and not bodies] * len(attrs))
        self.draws(node.rng)
        inputs = tuple(map(self.name, node.inputs))
        lines: list[Any] = [(node.op, inputs, text, _program(node, self.shares), node.paused, node.recorded)]
        for body in bodies.values():
            lines.append(self.of(body))
        if None in lines:
            return None
        return lines + [(None if out.base is None else self.name(out.base), self.describe(out)) for out in node.outputs]


def without_numbers(attrs: Any, found: list[int]) -> Any:
    """Attributes with their whole numbers taken out; None for what is no number, word or tuple of such."""
    if isinstance(attrs, (list, tuple)):
        parts = [without_numbers(part, found) for part in attrs]
        return None if None in parts else (type(attrs).__name__, *parts)
    if isinstance(attrs, int) and not isinstance(attrs, bool):
        found.append(attrs)
        return "int"
    return (type(attrs).__name__, repr(attrs)) if attrs is None or isinstance(attrs, (bool, float, str)) else None


def with_numbers(attrs: Any, given: Iterator[int]) -> Any:
    """Attributes with other whole numbers, in the order of `without_numbers`."""
    if isinstance(attrs, (list, tuple)):
        return type(attrs)([with_numbers(part, given) for part in attrs])
    return int(next(given)) if isinstance(attrs, int) and not isinstance(attrs, bool) else attrs


def _program(node: Node, shares: list[float]) -> Any:
    """A fused node's program, without the numbers of one that computes in float32."""
    if node.tile is None:
        return None
    free = node.register == "float32"
    shares.extend(value for mnemonic, value in node.tile.code if mnemonic == "const" and free)
    code = tuple((m, None if m == "const" and free else repr(o)) for m, o in node.tile.code)
    return node.register, node.tile.n_in, code, tuple(node.tile.outs), getattr(node, "rows", 0)


def resized(graph: Graph, sizes: list[int], shares: list[float]) -> Graph:
    """A graph with other sizes and single numbers, in the order of its outline."""
    return _Renewal(sizes, shares).of(graph)


class _Renewal:
    """Gives graphs other numbers, which come in the order of `_Reading`."""

    def __init__(self, sizes: list[int], shares: list[float]) -> None:
        self.given, self.numbers = iter(sizes), iter(shares)
        self.seen: set[Value] = set()

    def resize(self, value: Value) -> None:
        """Other sizes, where a value is made."""
        self.seen.add(value)
        value.shape = tuple(next(self.given) for _ in value.shape)
        value.strides = tuple(next(self.given) for _ in value.strides)
        value.offset = next(self.given)
        next(self.given)  # its number of elements

    def renew(self, value: Value | None) -> None:
        """Another number in a constant."""
        if value is None or value in self.seen or value.dtype != "float32" or np.asarray(value.const).size != 1:
            return
        number = next(self.numbers)
        value.const = np.full(value.shape, number, np.float32) if value.shape else number

    def of(self, graph: Graph) -> Graph:
        """A copy of a graph with other numbers."""
        graph, _ = graph.clone()
        for value in graph.sources():
            self.resize(value)
        for node in graph.nodes:
            self.node(node)
        for result in [*(state.new for state in graph.states), *graph.outputs]:
            self.renew(result)
        graph.rng_blocks = next(self.given)
        return graph

    def node(self, node: Node) -> None:
        """Other numbers in a call, in what is inside it, and in what it makes."""
        bodies = bodies_of(node)
        if bodies:
            node.attrs = (node.attrs[0].with_length(next(self.given)),)
        else:
            node.attrs = with_numbers(node.attrs, self.given)
        node.rng = next(self.given)
        for operand in node.inputs:
            self.renew(operand)
        if node.tile is not None and node.register == "float32":
            code = [(m, next(self.numbers) if m == "const" else o) for m, o in node.tile.code]
            node.tile = node.tile._replace(code=code)
        if bodies:
            node.attrs = (node.attrs[0].with_bodies(self.of),)
        for out in node.outputs:
            if out.base is not None:
                self.renew(out.base)
            self.resize(out)


def _placed(known: Known, traced: Graph, sizes: np.ndarray, shares: list[float]) -> Graph:
    """The optimized graph of `known` with other sizes, on the arrays that `traced` captured."""
    graph = resized(known.optimized, sizes.tolist(), shares)
    place = {id(state.array): i for i, state in enumerate(known.traced.states)}
    for state in graph.states:
        if state.made < 0:
            state.array = traced.states[place[id(state.array)]].array
        else:
            state.array = _core.empty(state.value.shape, state.value.dtype, state.array._device)
    return graph
