"""Drops nodes whose results nobody needs, and captured arrays that are no longer read or written."""

from __future__ import annotations

from .._ir import Graph, Value


def dead_code(graph: Graph) -> Graph:
    """Keeps what outputs and state writes depend on. Random blocks stay reserved, so other draws do not change."""
    graph, _ = graph.clone()
    needed: set[Value] = set(graph.results())
    kept = []
    for node in reversed(graph.nodes):
        if any(out in needed for out in node.outputs):
            needed.update(v for v in node.inputs if v is not None)
            kept.append(node)
    graph.nodes = kept[::-1]
    graph.states = [s for s in graph.states if s.new is not None or s.value in needed]
    return graph
