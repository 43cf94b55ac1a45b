"""Computing values of the forward part again for the backward part, instead of keeping them.

`Program` sees a graph as numbers and answers quickly what a choice of values would cost and save; `rebuilt` makes the
graph of a choice. Every call is made again at most once, just before the backward part first needs its result, from
what was kept; random calls draw from the same blocks, so they give the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterable

from . import _ops
from ._cost import seconds
from ._ir import FUSED, Graph, Node, Value, bodies_of
from ._lifetimes import may_share, reads

# Calls with an effect outside the graph, or Python inside: once is once.
ONCE = frozenset({"_custom", "_custom_grad", "_allreduce"})


class Program:
    """The nodes of a graph with a forward and a backward part, `forward` being the number of nodes of the first.

    candidates   values that the backward part reads, in the order in which they are made: what may be dropped
    crossing     by value: bytes that forward calls still need from before, right after it is made
    """

    def __init__(self, graph: Graph, forward: int) -> None:
        self.graph, self.forward = graph, forward
        results = set(graph.results())
        self.reads = [[r for r in reads(node) if r.kind == "node" and r not in results] for node in graph.nodes]
        self.made = [[o for o in n.outputs if o.base is None and o not in results] for n in graph.nodes]
        self.cost = [seconds(node) for node in graph.nodes[:forward]]
        self.maker: dict[Value, int] = {}
        self.free: dict[Value, list[Value]] = {}  # by value: what it may be written over
        for i, (node, made) in enumerate(zip(graph.nodes, self.made, strict=True)):
            for out in made:
                self.free[out] = [v for v in self.reads[i] if _handed_on(node, v, out)]
                if i < forward and repeatable(node):
                    self.maker[out] = i
        later = {value for found in self.reads[forward:] for value in found}
        self.candidates = [out for out in self.maker if out in later]
        self.inner = [out for out in self.maker if out not in later]  # dead after the forward part in any case
        self.crossing = self._crossing()

    def _crossing(self) -> dict[Value, int]:
        last = {value: i for i, found in enumerate(self.reads[: self.forward]) for value in found}
        ends: dict[int, int] = {}
        live, crossing = 0, {}
        for i, made in enumerate(self.made[: self.forward]):
            live -= ends.get(i, 0)
            for out in made:
                if last.get(out, i) > i:
                    ends[last[out]] = ends.get(last[out], 0) + out.nbytes
                    live += out.nbytes
            crossing.update(dict.fromkeys(made, live))
        return crossing

    def sequence(self, dropped: set[Value]) -> list[tuple[int, bool]]:
        """The nodes in running order as (number, made again)."""
        found = [(i, False) for i in range(self.forward)]
        again: set[int] = set()
        for i in range(self.forward, len(self.graph.nodes)):
            stack = [self.maker[v] for v in self.reads[i] if v in dropped]
            while stack:
                number = stack[-1]
                waiting = [self.maker[v] for v in self.reads[number] if v in dropped and self.maker[v] not in again]
                if waiting and number not in again:
                    stack += waiting
                    continue
                stack.pop()
                if number not in again:
                    again.add(number)
                    found.append((number, True))
            found.append((i, False))
        return found

    def weigh(self, dropped: set[Value]) -> tuple[int, float]:
        """The bytes alive at the fullest moment, and the seconds spent again, if `dropped` were not kept."""
        steps = self.sequence(dropped)
        last: dict[tuple[Value, bool], int] = {}
        for at, (i, again) in enumerate(steps):
            for v in self.reads[i]:
                last[v, (again or i >= self.forward) and v in dropped] = at
        live = peak = 0
        spent = 0.0
        for at, (i, again) in enumerate(steps):
            renewed = again or i >= self.forward
            dying = {v for v in self.reads[i] if last[v, renewed and v in dropped] == at}
            freed = sum(v.nbytes for v in dying)
            for out in self.made[i]:
                live += out.nbytes
                donor = next((v for v in self.free[out] if v in dying), None)
                if donor is not None:
                    dying.discard(donor)
                    live -= donor.nbytes
                    freed -= donor.nbytes
                if (out, again) not in last:
                    freed += out.nbytes
            peak = max(peak, live)
            live -= freed
            if again:
                spent += self.cost[i]
        return peak, spent

    def rebuilt(self, dropped: set[Value]) -> Graph:
        """The graph (a new one) in which `dropped` is made again for the backward part."""
        renewed: dict[Value, Value] = {}
        nodes: list[Node] = []

        def fresh(value: Value | None) -> Value | None:
            if value is None or value.root not in dropped:
                return value
            if value not in renewed:  # a window on what was made again
                assert value.node is not None
                nodes.append(_twin(value.node, [fresh(v) for v in value.node.inputs], renewed))
            return renewed[value]

        graph, copies = self.graph.clone()
        originals, steps = graph.nodes, self.sequence(dropped)
        dropped = {copies[value] for value in dropped}
        for i, again in steps:
            node = originals[i]
            if again:
                nodes.append(_twin(node, [fresh(v) for v in node.inputs], renewed))
            else:
                if i >= self.forward and not _ops.is_view(node):
                    node.inputs = [fresh(v) for v in node.inputs]
                nodes.append(node)
        graph.nodes = nodes
        return graph


def repeatable(node: Node) -> bool:
    """Whether a call may be made twice."""
    return node.op not in ONCE and not bodies_of(node) and any(v is not None for v in node.inputs)


def _handed_on(node: Node, root: Value, out: Value) -> bool:
    """Whether `out` may lie where `root` does, if nobody needs that any more."""
    return root.nbytes == out.nbytes and all(may_share(node, v, out) for v in node.inputs if v and v.root is root)


def _twin(node: Node, operands: list[Value | None], renewed: dict[Value, Value]) -> Node:
    """The same call on other operands of the same layouts; `renewed` learns its outputs."""
    twin = Node(
        node.op, operands, node.attrs, [], node.scope, node.src, node.rng, node.tile, node.register, node.paused,
        node.scopes, rows=node.rows,
    )  # fmt: skip
    for out in node.outputs:
        value = Value(out.dtype, out.shape, out.strides, out.weak, twin, out.index, None, out.offset, None, "node")
        if out.base is not None:
            at = next(i for i, operand in enumerate(node.inputs) if operand is out.base)
            value.base = operands[at]
        renewed[out] = value
        twin.outputs.append(value)
    return twin


def boundary(nodes: Iterable[Node]) -> int:
    """How many of the nodes are the forward part: up to the last that was recorded for gradients; 0 if none was."""
    return max((i + 1 for i, node in enumerate(nodes) if node.recorded), default=0)


def belongs(node: Node, segment: str) -> bool:
    """Whether all of a call comes from the layer `segment` or from layers inside it."""
    scopes = node.scopes if node.op == FUSED and node.scopes else (node.scope,)
    return all(scope == segment or scope.startswith(segment + ".") for scope in scopes)
