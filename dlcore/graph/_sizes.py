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

from ._ir import Graph, Node, Value

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
    """The outline of a graph; None where sizes may hide: in graphs inside branches and loops."""
    sizes: list[int] = []
    fixed: list[bool] = []
    drawn: list[int] = []
    shares: list[float] = []
    number: dict[Value, int] = {}

    def name(value: Value | None) -> Any:
        if value is None or value in number:
            return None if value is None else number[value]
        content = np.asarray(value.const)
        if value.dtype == "float32" and content.size == 1:
            shares.append(float(content.reshape(())))
            return ("share", value.dtype, value.weak, value.shape)
        return ("const", value.dtype, value.weak, value.shape, content.tobytes())

    def describe(value: Value) -> tuple:
        number[value] = len(number)
        found = [*value.shape, *value.strides, value.offset, value.size]  # two axes that grow are off the line by this
        sizes.extend(found)
        fixed.extend([False] * len(found))
        return (value.dtype, len(value.shape), value.weak, value.name)

    lines: list[Any] = [describe(value) for value in graph.sources()]
    for node in graph.nodes:
        attrs: list[int] = []
        text = without_numbers(node.attrs, attrs)
        if text is None:
            return None
        sizes.extend([*attrs, node.rng])
        drawn.append(len(sizes) - 1)
        fixed.extend([node.op not in SHAPES] * len(attrs) + [False])
        inputs = tuple(name(value) for value in node.inputs)
        lines.append((node.op, inputs, text, _program(node, shares), node.paused, node.recorded))
        lines += [(None if out.base is None else name(out.base), describe(out)) for out in node.outputs]
    lines += [(None if state.new is None else name(state.new), state.made, state.last) for state in graph.states]
    lines.append((tuple(name(value) for value in graph.outputs), graph.steady))
    if graph.kept is not None:  # it follows from captured arrays alone: no size moves it
        inner = outline_of(graph.kept)
        if inner is None:
            return None
        lines.append((inner.structure, inner.sizes.tobytes(), inner.shares))
    sizes.append(graph.rng_blocks)
    blocks = np.zeros(len(sizes), bool)
    blocks[[*drawn, -1]] = True
    return Outline(tuple(lines), np.array(sizes, np.int64), tuple(shares), np.array([*fixed, False]), blocks)


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
    graph, _ = graph.clone()
    given, numbers = iter(sizes), iter(shares)
    seen: set[Value] = set()

    def resize(value: Value) -> None:
        seen.add(value)
        value.shape = tuple(next(given) for _ in value.shape)
        value.strides = tuple(next(given) for _ in value.strides)
        value.offset = next(given)
        next(given)  # its number of elements

    def renew(value: Value | None) -> None:
        if value is not None and value not in seen and value.dtype == "float32" and np.asarray(value.const).size == 1:
            number = next(numbers)
            value.const = np.full(value.shape, number, np.float32) if value.shape else number

    for value in graph.sources():
        resize(value)
    for node in graph.nodes:
        node.attrs = with_numbers(node.attrs, given)
        node.rng = next(given)
        for operand in node.inputs:
            renew(operand)
        if node.tile is not None and node.register == "float32":
            code = [(m, next(numbers) if m == "const" else o) for m, o in node.tile.code]
            node.tile = node.tile._replace(code=code)
        for out in node.outputs:
            if out.base is not None:
                renew(out.base)
            resize(out)
    for result in [*(state.new for state in graph.states), *graph.outputs]:
        renew(result)
    graph.rng_blocks = next(given)
    return graph


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
