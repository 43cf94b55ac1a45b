"""GELU where its derivative is wanted as well: one call makes both, which share the costly part, the error function.

The derivative is then kept for the backward part in place of the array it is a function of; what is multiplied by it
there is mostly a matrix product's result, and `epilogue` draws that in.
"""

from __future__ import annotations

from .._build import Builder
from .._ir import Graph, Node, Value
from .._rebuild import rebuild
from .dead_code import trimmed

MEMBERS = ("gelu_erf", "_gelu_slope")


def gelu_pair(graph: Graph) -> Graph:
    """The graph with one `_gelu_pair` for every array of which both are taken."""
    taken: dict[Value, set[str]] = {}
    for node in graph.nodes:
        if node.op in MEMBERS and node.inputs[0] is not None:
            taken.setdefault(node.inputs[0], set()).add(node.op)
    both = {value for value, ops in taken.items() if len(ops) == len(MEMBERS)}
    made: dict[Value, list[Value]] = {}

    def rule(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        if node.op not in MEMBERS or node.inputs[0] not in both:
            return None
        if node.inputs[0] not in made:
            made[node.inputs[0]] = builder.call("_gelu_pair", operands)
        return [made[node.inputs[0]][MEMBERS.index(node.op)]]

    return trimmed(rebuild(graph, rule)) if both else graph
