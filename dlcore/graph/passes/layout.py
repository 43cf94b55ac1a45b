"""Layouts: infers every stride anew from the operands, so that a channels-last chain stays channels-last.

Kernels choose the layout of their results in their shape rules; elementwise calls follow their operands. What earlier
passes replaced may change what follows, and this pass carries the change through.
"""

from __future__ import annotations

from .._build import Builder
from .._ir import Graph, Node, Value
from .._rebuild import rebuild


def layout(graph: Graph) -> Graph:
    """The same calls with freshly inferred layouts."""

    def keep(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        return None

    return rebuild(graph, keep)
