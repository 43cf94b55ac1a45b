"""Order: the same calls in an order in which values live less long, where that lowers the peak of memory.

List scheduling by hand of the old order: the next call is the first that is ready, but one that sets free at least as
much as it makes goes first. So weights are updated as soon as their gradient is there, sums of gradients are taken as
the summands come, and what only makes something small of something large does not wait (compare Sethi and Ullman, "The
generation of optimal code for arithmetic expressions", 1970, where the larger need goes first).
"""

from __future__ import annotations

import heapq

from .._ir import Graph, Node, Value
from .._lifetimes import peak_bytes, reads


def order(graph: Graph) -> Graph:
    """The graph in the new order if fewer bytes are alive at its fullest moment, else in the old one."""
    results = set(graph.results())
    found = _Schedule(graph, results).run()
    if peak_bytes(found, results) >= peak_bytes(graph.nodes, results):
        return graph
    place = {node: i for i, node in enumerate(graph.nodes)}
    graph, _ = graph.clone()
    graph.nodes = [graph.nodes[place[node]] for node in found]
    return graph


class _Schedule:
    """Nodes and pieces of memory go by their numbers: it is asked about them again and again."""

    def __init__(self, graph: Graph, results: set[Value]) -> None:
        self.nodes = graph.nodes
        number: dict[Value, int] = {}  # of each piece of memory that is read
        self.reads = [[number.setdefault(root, len(number)) for root in reads(node)] for node in graph.nodes]
        self.freed = [root.nbytes if root.kind == "node" and root not in results else 0 for root in number]
        self.made = [sum(o.nbytes for o in n.outputs if o.base is None and o not in results) for n in graph.nodes]
        self.readers: list[list[int]] = [[] for _ in number]
        for index, roots in enumerate(self.reads):
            for root in roots:
                self.readers[root].append(index)
        self.unread = list(map(len, self.readers))
        self.waiting = [0] * len(graph.nodes)  # for how many others each node waits
        self.after: list[list[int]] = [[] for _ in graph.nodes]
        self.done = [False] * len(graph.nodes)
        self._edges(graph, number)

    def _edges(self, graph: Graph, number: dict[Value, int]) -> None:
        at = {node: index for index, node in enumerate(graph.nodes)}
        for index, node in enumerate(graph.nodes):
            self._wait(index, {at[v.node] for v in node.inputs if v is not None and v.node is not None})
        for state in graph.writes:  # who reads the old value goes before the new one, so that it may lie there
            assert state.new is not None
            if state.new.node is not None and state.value in number:
                writer = at[state.new.node]
                self._wait(writer, {r for r in self.readers[number[state.value]] if r < writer})

    def _wait(self, index: int, others: set[int]) -> None:
        self.waiting[index] += len(others)
        for other in others:
            self.after[other].append(index)

    def growth(self, index: int) -> int:
        """By how much more is alive once this node has run."""
        more = self.made[index]
        for root in self.reads[index]:
            if self.unread[root] == 1:
                more -= self.freed[root]
        return more

    def run(self) -> list[Node]:
        ready = [i for i, count in enumerate(self.waiting) if count == 0]
        helpful = [i for i in ready if self.growth(i) <= 0]
        ordered: list[Node] = []
        while ready:
            index = heapq.heappop(helpful or ready)
            if self.done[index]:
                continue
            self.done[index] = True
            ordered.append(self.nodes[index])
            changed = []
            for other in self.after[index]:
                self.waiting[other] -= 1
                if self.waiting[other] == 0:
                    heapq.heappush(ready, other)
                    changed.append(other)
            for root in self.reads[index]:
                self.unread[root] -= 1
                if self.unread[root] == 1:  # its last reader would now set it free
                    changed += [r for r in self.readers[root] if not self.done[r] and self.waiting[r] == 0]
            for other in changed:
                if self.growth(other) <= 0:
                    heapq.heappush(helpful, other)
        return ordered
