"""Drops nodes whose results nobody needs, and captured arrays that are no longer read or written."""

from __future__ import annotations

from .._ir import Graph, Node, Value
from .._pause import release


def dead_code(graph: Graph) -> Graph:
    """Keeps what outputs and state writes depend on. Random blocks stay reserved, so other draws do not change."""
    nodes, needed = needed_nodes(graph)
    if len(nodes) == len(graph.nodes) and all(s.new is not None or s.value in needed for s in graph.states):
        return graph
    return trimmed(graph.clone()[0])


def trimmed(graph: Graph) -> Graph:
    """`dead_code` for a graph that is the caller's own: it is changed in place."""
    before = graph.nodes
    graph.nodes, needed = needed_nodes(graph)
    if len(graph.nodes) < len(before):
        release(set(before).difference(graph.nodes))
    graph.states = [s for s in graph.states if s.new is not None or s.value in needed]
    return graph


def needed_nodes(graph: Graph) -> tuple[list[Node], set[Value]]:
    """The nodes that results depend on, in their order, and every value that they or the results are made of."""
    needed: set[Value] = set(graph.results())
    kept = []
    for node in reversed(graph.nodes):
        if any(out in needed for out in node.outputs):
            needed.update(v for v in node.inputs if v is not None)
            kept.append(node)
    return kept[::-1], needed
