"""Mixed precision: casts where the fewest bytes flow.

Which operators compute in 16 bits is said by the lists of `dlcore.amp`, and their casts are part of the trace: what
dtype an array has can be seen by a program, so it is the same whether it is compiled or not. What is left to choose is
where a cast is made. Casts that undo each other disappear, and a cast to 16 bits goes before calls that only move
numbers or choose among them: these then move half the bytes, and the cast joins the call that made the numbers. No bit
changes by it, since rounding keeps the order of numbers.
"""

from __future__ import annotations

from .. import _ops
from .._build import Builder
from .._ir import Graph, Node, Value
from .._rebuild import named_attrs, rebuild
from .dead_code import trimmed

# Dtypes that hold every number of a narrower one, by the narrower.
EXACT = {"float16": ("float32", "float64"), "bfloat16": ("float32", "float64"), "float32": ("float64",)}
NARROW = ("float16", "bfloat16")
# Calls on one array whose results are numbers of that array, 0 or 6.
MOVES = (
    *("reshape", "transpose", "slice", "flip", "_channels_last", "relu", "relu6"),
    *("max_pool1d", "max_pool2d", "max_pool3d"),
)


def amp(graph: Graph) -> Graph:
    """The graph with its casts dropped or moved."""
    if not any(node.op == "cast" for node in graph.nodes):
        return graph
    uses: dict[Value, int] = {}
    for value in graph.all_uses():
        uses[value] = uses.get(value, 0) + 1

    def rule(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        value, old = operands[0] if operands else None, node.inputs[0] if operands else None
        if node.op != "cast" or value is None or old is None or value.weak:
            return None
        dtype = node.outputs[0].dtype
        if value.dtype in EXACT.get(dtype, ()) and value.node is not None and value.node.op == "cast":
            source = value.node.inputs[0]
            if source is not None and source.dtype == dtype:
                return [source]
        if dtype not in NARROW or value.dtype != "float32":
            return None
        moves, source = _moves(value, old, uses)
        return [_moved(builder, source, moves, dtype)] if moves else None

    return trimmed(rebuild(graph, rule))


def _moves(value: Value, old: Value, uses: dict[Value, int]) -> tuple[list[Node], Value]:
    """The calls that made `value` (`old` in the graph before) by moving numbers for it alone, last first, and of what.

    They begin where the cast joins the call before them, or else where there are no more numbers than at their end.
    """
    found: list[Node] = []
    best: tuple[list[Node], Value] = ([], value)
    while value.node is not None and old.node is not None and uses[old] == 1:
        made = value.node
        if made.op not in MOVES or made.op != old.node.op or made.inputs[0] is None or old.node.inputs[0] is None:
            break
        found.append(made)
        value, old = made.inputs[0], old.node.inputs[0]
        if value.dtype != "float32":
            break
        if _joins(value, old, uses) or value.size <= best[1].size:
            best = (list(found), value)
    return best


def _joins(value: Value, old: Value, uses: dict[Value, int]) -> bool:
    """Whether a cast of `value` will be fused into the call that makes it, which then writes 16 bits only."""
    return value.node is not None and _ops.is_elementwise(value.node) and uses[old] == 1


def _moved(builder: Builder, source: Value, moves: list[Node], dtype: str) -> Value:
    value = builder.one("cast", [source], dtype)
    for made in reversed(moves):
        value = builder.one(made.op, [value], **named_attrs(made))
    return value
