"""Recomputation: the backward part makes again what the forward part did not keep, so that less is alive at once.

The user names segments (layers of which only what goes in and out is kept), or gives a budget of bytes, or asks for as
little as possible. Method for the last two: values are dropped in the order of the time it takes to make them again per
byte that this saves, and a segment ends, where the fewest bytes cross, once what it dropped fills a given size. Chen,
Xu, Zhang and Guestrin, "Training Deep Nets with Sublinear Memory Cost" (2016), Algorithm 3, has the segments of a given
size; the order by cost is that of Kirisame et al., "Dynamic Tensor Rematerialization" (2021). For n equal layers and
segments of the size of the root of n layers, memory grows with the root of n for one more forward part of time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from .._ir import Graph, Value
from .._recompute import Program, belongs, boundary
from .dead_code import needed_nodes

TRIES = 4  # programs made until one keeps to its budget, before the one that takes the least memory
T = TypeVar("T")
_PIECES = (1, 2, 4, 8, 16, 32, 64, 128)  # sizes of segments that are tried, as parts of what there is to drop


@dataclass(frozen=True)
class Remat:
    """What is asked for: layers that are segments, the least memory of all, or at most `budget` bytes."""

    segments: tuple[str, ...] = ()
    least: bool = False
    budget: int | None = None

    def __bool__(self) -> bool:
        return bool(self.segments) or self.least or self.budget is not None

    def tightened(self, factor: float) -> Remat:
        """The same with a budget that is smaller by `factor` and a little more."""
        return self if self.budget is None else replace(self, budget=int(self.budget / factor * 0.99))

    def unbounded(self) -> Remat:
        """The same without a budget."""
        return replace(self, budget=None)


KEEP = Remat()  # nothing is computed again


def within_budget(wish: Remat, name: str, make: Callable[[Remat], tuple[T, int]]) -> T:
    """What `make` gives for the wish, together with the bytes it takes: aimed lower until these keep to the budget.

    Errors: ValueError with the smallest budget that can be kept to.
    """
    aim = wish
    for _ in range(TRIES):
        made, taken = make(aim)
        if wish.budget is None or taken <= wish.budget:
            return made
        aim = aim.tightened(taken / wish.budget)
    made, taken = make(replace(wish, least=True, budget=None))
    if taken <= wish.budget:  # type: ignore[operator]
        return made
    raise ValueError(
        f"memory_budget: {name} needs {taken} bytes for intermediate values even when it computes again what it can; "
        f"{wish.budget} were given"
    )


def remat(graph: Graph, wish: Remat, forward: int | None = None) -> Graph:
    """The graph with what `wish` drops made again in its backward part. Without a backward part, the graph itself.

    forward   how many of its nodes are the forward part; None: up to the last that was recorded for gradients
    """
    program = Program(graph, boundary(graph.nodes) if forward is None else forward)
    dropped = chosen(program, wish)
    if not dropped:
        return graph
    graph = program.rebuilt(dropped)
    graph.nodes, _ = needed_nodes(graph)  # all captured arrays stay: the caller may have numbered them
    return graph


def chosen(program: Program, wish: Remat) -> set[Value]:
    """The values that are not kept. With segments and a budget, the segments go first."""
    dropped = _inside(program, wish.segments) if wish.segments else set()
    if not (wish.least or wish.budget is not None) or not program.candidates:
        return dropped
    if wish.budget is not None and program.weigh(dropped)[0] <= wish.budget:
        return dropped
    return _Choice(program).best(None if wish.least else wish.budget)


def _inside(program: Program, segments: tuple[str, ...]) -> set[Value]:
    """What is made inside a segment and read by no forward call outside it."""
    nodes = program.graph.nodes[: program.forward]
    home = [next((s for s in segments if belongs(node, s)), None) for node in nodes]
    escapes = {v for i in range(len(nodes)) for v in program.reads[i] if v in program.maker and
               home[program.maker[v]] != home[i]}  # fmt: skip
    return {v for v, i in program.maker.items() if home[i] is not None and v not in escapes}


class _Choice:
    def __init__(self, program: Program) -> None:
        self.program = program
        price = self._prices()
        largest = max(v.nbytes for v in program.candidates)
        # Values of a few bytes are not worth a call.
        self.worth = sorted((v for v in program.candidates if v.nbytes * 64 > largest), key=lambda v: price[v])
        self.total = sum(v.nbytes for v in self.worth)

    def _prices(self) -> dict[Value, float]:
        """Seconds per byte to make each candidate again, with what is not kept on the way to it."""
        inner = set(self.program.inner)
        again: dict[Value, float] = {}
        for value, number in self.program.maker.items():
            on_the_way = sum(again[v] for v in self.program.reads[number] if v in inner)
            again[value] = self.program.cost[number] + on_the_way
        return {v: again[v] / max(v.nbytes, 1) for v in self.program.candidates}

    def best(self, budget: int | None) -> set[Value]:
        """The choice that takes the least time within the budget, or the least memory if there is none (or no way)."""
        every = {piece: self.program.weigh(self.drop(len(self.worth), piece)) for piece in _PIECES}
        least = min(every, key=lambda piece: every[piece])
        if budget is None or every[least][0] > budget:
            return self.drop(len(self.worth), least)
        # The longest segments keep the fewest values for themselves, the best ones leave the most room to keep others.
        tried = {least, min(piece for piece in _PIECES if every[piece][0] <= budget)}
        return min((self.fewest(piece, budget) for piece in tried), key=lambda choice: choice[0][1])[1]

    def fewest(self, piece: int, budget: int) -> tuple[tuple[int, float], set[Value]]:
        """By bisection, the smallest number of droppable values, the cheapest first, that keeps to the budget."""
        low, high = 0, len(self.worth)
        dropped = self.drop(high, piece)
        best = self.program.weigh(dropped), dropped
        while high - low > max(1, len(self.worth) // 128):
            middle = (low + high) // 2
            dropped = self.drop(middle, piece)
            weight = self.program.weigh(dropped)
            if weight[0] <= budget:
                best, high = (weight, dropped), middle
            else:
                low = middle
        return best

    def drop(self, count: int, piece: int) -> set[Value]:
        """Drops the `count` values that are cheapest to make again, in segments of a part of all there is to drop."""
        allowed, limit = set(self.worth[:count]), self.total // piece
        dropped = set(self.program.inner)
        open_: list[Value] = []  # dropped since the last value that was kept
        size = 0
        for value in self.program.candidates:
            if value not in allowed:
                continue
            open_.append(value)
            size += value.nbytes
            if size > limit:
                half = open_[len(open_) // 2 :]
                kept = min(half, key=lambda v: self.program.crossing[v])
                at = open_.index(kept)
                dropped.update(open_[:at])
                open_ = open_[at + 1 :]
                size = sum(v.nbytes for v in open_)
        dropped.update(open_)
        return dropped
