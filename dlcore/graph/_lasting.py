"""Which values follow from captured arrays alone: they need not be computed again while those stay as they are."""

from __future__ import annotations

from . import _ops
from ._ir import Graph, Node, Value


def lasting(graph: Graph) -> set[Value]:
    """The values that no argument, random number or write of the program has a part in.

    Empty for programs that change their captured arrays, and for the halves of one whose gradients are recorded: what
    they captured is about to change.
    """
    found: set[Value] = set()
    if graph.writes or not graph.steady:
        return found
    found.update(state.value for state in graph.states)
    for node in graph.nodes:
        if follows(node, found):
            found.update(node.outputs)
    return found


def follows(node: Node, found: set[Value]) -> bool:
    """Whether `node` computes from values in `found`, at least one, and constants."""
    operands = [v for v in node.inputs if v is not None and v.kind != "const"]
    return bool(operands) and not _ops.is_random(node) and all(v in found for v in operands)
