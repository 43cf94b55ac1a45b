"""Proofs that a memory plan is sound, from the graph and the places alone: nothing here asks how the planner thought.

`prove` compares intervals of memory and of time, and is quick for graphs of thousands of calls; `simulate` plays the
instructions byte by byte. tests/conftest.py runs `prove` after every compilation in every test.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore.graph import _ops
from dlcore.graph._ir import EACH, ITEMSIZE, Graph, Value, sets
from dlcore.graph.passes.plan import Plan

FOREVER = np.iinfo(np.int64).max


def aligned(node: Any, value: Value, out: Value) -> bool:
    """In place is safe element by element: same shape, same bytes, and a kernel that promises it."""
    if node.op == EACH:  # the sets of arrays run in any order, side by side
        if [out in outs for operands, outs in sets(node) if value in operands] != [True]:
            return False
    steps = [(a, b) for size, a, b in zip(value.shape, value.strides, out.strides, strict=True) if size > 1]
    same = value.shape == out.shape and (0 in value.shape or all(a == b for a, b in steps))
    return _ops.writes_in_place(node, out) and same and value.root_offset == 0


def extent(value: Value) -> int:
    """Bytes from the first to the last of a value that owns its memory."""
    if 0 in value.shape:
        return 0
    steps = sum((size - 1) * stride for size, stride in zip(value.shape, value.strides, strict=True))
    return (steps + 1) * ITEMSIZE[value.dtype]


def lifetimes(graph: Graph, memory: Plan) -> dict[Value, tuple[int, int]]:
    """From the call that writes each piece of memory to the last that reads it, its views included."""
    born: dict[Value, int] = dict.fromkeys([*graph.sources(), *graph.consts()], -1)
    last: dict[Value, int] = {}
    for index, node in enumerate(graph.nodes):
        for out in node.outputs:
            if out.base is None:
                born[out] = index
        if not _ops.is_view(node):
            last.update({value.root: index for value in node.inputs if value is not None})
    end = len(graph.nodes)
    last.update({source.root: end for source, _ in memory.copies})
    for value in graph.results():
        place = memory.places[value]
        last[value.root] = end if place.kind == "arena" else FOREVER
    for state in graph.states:
        if state.new is None:
            last[state.value] = FOREVER
    return {value: (start, last.get(value, start)) for value, start in born.items()}


def prove(graph: Graph, memory: Plan) -> None:
    """No value is written over another that is still to be read, but by a call that does so element by element."""
    lives = lifetimes(graph, memory)
    pieces: dict[tuple[str, int], list[Value]] = {}
    for value in lives:
        place = memory.places[value]
        if extent(value):
            assert place.kind != "arena" or place.offset + extent(value) <= memory.arena_bytes, "beyond the arena"
            assert place.kind != "arena" or place.offset % 64 == 0, "a value that is not aligned"
            pieces.setdefault((place.kind, 0 if place.kind == "arena" else place.where), []).append(value)
    for values in pieces.values():
        _apart(graph, memory, lives, values)


def _apart(graph: Graph, memory: Plan, lives: dict[Value, tuple[int, int]], values: list[Value]) -> None:
    values = sorted(values, key=lambda v: memory.places[v].offset)
    starts = np.array([memory.places[v].offset for v in values])
    ends = starts + np.array([extent(v) for v in values])
    born = np.array([lives[v][0] for v in values])
    last = np.array([lives[v][1] for v in values])
    for i, value in enumerate(values):
        upto = int(np.searchsorted(starts, ends[i]))
        together = (born[i + 1 : upto] <= last[i]) & (born[i] <= last[i + 1 : upto])
        for j in i + 1 + np.flatnonzero(together):
            old, new = (value, values[j]) if born[i] <= born[j] else (values[j], value)
            _handed_on(graph, memory, lives, old, new)


def _handed_on(graph: Graph, memory: Plan, lives: dict[Value, tuple[int, int]], old: Value, new: Value) -> None:
    """`new` overlaps `old` in memory and time: right only where its call reads `old` for the last time, in place."""
    text = f"{old.type_text()} and {new.type_text()} overlap"
    assert new.node is not None, text
    at = lives[new][0]
    assert lives[old][1] == at and lives[old][0] < at, f"{text}: call {at} {new.node.op} writes what is still needed"
    assert memory.places[old].offset == memory.places[new].offset, text
    for value in new.node.inputs:
        if value is not None and value.root is old:
            assert aligned(new.node, value, new), f"{text}: call {at} {new.node.op} overwrites what it reads"


def addresses(value: Value, memory: Plan) -> tuple[tuple[str, int], np.ndarray]:
    """The buffer that a value lies in, and every byte of it."""
    place, size = memory.places[value], ITEMSIZE[value.dtype]
    buffer = (place.kind, 0 if place.kind == "arena" else place.where)
    if 0 in value.shape:
        return buffer, np.zeros((0,), np.int64)
    offsets = np.zeros((1,), np.int64)
    for length, stride in zip(value.shape, value.strides, strict=True):
        offsets = (offsets[:, None] + np.arange(length) * stride * size).reshape(-1)
    offsets = np.unique(offsets)
    return buffer, (place.offset + offsets[:, None] + np.arange(size)).reshape(-1)


class _Memory:
    """For every byte of every buffer the number of the value that wrote it last."""

    def __init__(self, memory: Plan) -> None:
        self.memory = memory
        self.numbers: dict[Value, int] = {}
        self.owners: dict[tuple[str, int], np.ndarray] = {}

    def at(self, value: Value) -> tuple[np.ndarray, np.ndarray]:
        buffer, found = addresses(value, self.memory)
        owner = self.owners.setdefault(buffer, np.zeros((0,), np.int64))
        if len(found) and found[-1] >= len(owner):
            grown = np.zeros((2 * int(found.max()) + 2,), np.int64)
            grown[: len(owner)] = owner
            self.owners[buffer] = owner = grown
        return owner, found

    def number(self, value: Value) -> int:
        return self.numbers.setdefault(value, len(self.numbers) + 1)

    def write(self, value: Value, who: Value) -> None:
        owner, found = self.at(value)
        owner[found] = self.number(who)

    def read(self, value: Value, who: Value, where: str) -> None:
        owner, found = self.at(value)
        assert (owner[found] == self.number(who)).all(), f"{where}: {value.type_text()} is not in its memory any more"


def simulate(graph: Graph, memory: Plan) -> None:
    """Plays the instructions: each byte remembers which value wrote it, and every read must find its own."""
    bytes_ = _Memory(memory)
    for value in [*graph.sources(), *graph.consts()]:
        bytes_.write(value, value.root)
    for number, node in enumerate(graph.nodes):
        if _ops.is_view(node):
            continue
        for value in node.inputs:
            if value is not None:
                bytes_.read(value, value.root, f"instruction {number} {node.op}")
        places = [addresses(out, memory) for out in node.outputs]
        for i, out in enumerate(node.outputs):
            for buffer, found in places[:i]:
                overlap = buffer == places[i][0] and np.intersect1d(found, places[i][1]).size
                assert not overlap, "two results of one instruction overlap"
            for value in node.inputs:
                buffer, found = addresses(value, memory) if value is not None else (None, None)
                if buffer == places[i][0] and np.intersect1d(found, places[i][1]).size:
                    assert aligned(node, value, out), f"instruction {number} {node.op} overwrites what it reads"
            bytes_.write(out, out)
    for source, state in memory.copies:
        bytes_.read(source, source.root, "copy into a state")
        bytes_.write(state.value, source)
    for value in graph.outputs:
        bytes_.read(value, value.root, "output")
    for state in graph.states:
        bytes_.read(state.value, state.new or state.value, "a state at the end")
