"""Fusion: elementwise calls that feed each other become one group, which reads and writes memory once.

A group has one shape and one register type; calls on complex numbers stay alone. A value that stays inside must be
what its dtype would have held: narrow types are rounded or wrapped by an instruction, truth values are made 0 or 1.
Two groups are joined when no path leads out of one and back into the other.
"""

from __future__ import annotations

from dlcore.ops._expr import Tile

from .. import _ops
from .._ir import FUSED, Graph, Node, Value
from .._pause import release
from .._rebuild import scalar_of, scopes_of
from .._tile import TileBuilder, renumber, used_inputs
from .._types import compute_dtype, has_complex
from ._groups import MAX_CODE, MAX_INPUTS, MAX_OUTPUTS, Grouping, Unit, edges, in_order, label, scope_of

# What an instruction must do to a register so that it holds what memory of a narrower dtype would.
NARROW = {
    "float16": "round_f16",
    "bfloat16": "round_bf16",
    "int8": "wrap_i8",
    "int16": "wrap_i16",
    "uint8": "wrap_u8",
    "uint16": "wrap_u16",
    "uint32": "wrap_u32",
}


def fuse(graph: Graph) -> Graph:
    """Puts every elementwise call into a fused group."""
    graph, _ = graph.clone()
    units = _Grouping(graph).run()
    used = {v: set(nodes) for v, nodes in graph.users().items()}
    results = set(graph.results())
    nodes: list[Node] = []
    changes: dict[Value, Value] = {}
    gone: list[Node] = []
    for unit in in_order(units):
        nodes.extend(_emit(unit, used, results, changes) if unit.register else unit.members)
        gone += unit.members if unit.register else ()
    graph.nodes = nodes
    graph.replace(changes)
    release(gone)
    return graph


class _Grouping(Grouping):
    def describe(self, unit: Unit, node: Node) -> None:
        fusible = _ops.is_elementwise(node) and node.op != FUSED and not has_complex([*node.inputs, *node.outputs])
        if fusible and node.outputs[0].size:
            unit.shape = node.outputs[0].shape
            unit.register = _register(node, self.of)

    def fits(self, first: Unit, second: Unit) -> bool:
        if first.shape != second.shape or self.apart(first, second):
            return False
        joined = set(first.members)
        for node in second.members:
            for value in node.inputs:
                if value is not None and value.node in joined and not stays(value, first.register):
                    return False
        members = [*first.members, *second.members]
        code = sum(len(_tile_of(n).code) for n in members)
        inputs, outputs = edges(members)
        return code <= MAX_CODE and inputs <= MAX_INPUTS and outputs <= MAX_OUTPUTS


def _register(node: Node, of: dict[Node, Unit]) -> str:
    """The type of registers for a call alone.

    A cast may start a group in its result's type, as loads convert: to a type that registers have, so that it is
    rounded once, and from memory (or a truth value).
    """
    record = _ops.record_of(node.op)
    register = _ops.TILE_TYPES[compute_dtype(record.dtype, node)]
    if node.op == "cast":
        target = node.outputs[0].dtype
        native = _ops.TILE_TYPES[target]
        if target == native != register:
            source = node.inputs[0]
            inside = source is not None and source.node is not None and of[source.node].register
            if not inside or node.inputs[0].dtype == "bool":  # type: ignore[union-attr]
                return native
    return register


def _tile_of(node: Node) -> Tile:
    """The program of an elementwise operator; only such nodes come into a unit."""
    tile = _ops.record_of(node.op).tile
    assert tile is not None, node.op
    return tile


def stays(value: Value, register: str) -> bool:
    """Whether a value of this dtype can be handed on in a register."""
    return value.dtype == "bool" or _ops.TILE_TYPES[value.dtype] == register


def _emit(unit: Unit, used: dict[Value, set[Node]], results: set[Value], changes: dict[Value, Value]) -> list[Node]:
    """One fused node for the group."""
    made = {out for node in unit.members for out in node.outputs}
    inputs: list[Value] = []
    for node in unit.members:
        for value in node.inputs:
            if value is not None and value not in made and scalar_of(value) is None and value not in inputs:
                inputs.append(value)
    builder = TileBuilder(len(inputs), unit.register)
    number: dict[Value, int] = {value: i for i, value in enumerate(inputs)}
    stored: dict[Value, int] = {}
    members = set(unit.members)
    for node in unit.members:
        operands = [number[v] if v in number else builder.const(scalar_of(v)) for v in node.inputs if v is not None]
        for out, result in zip(node.outputs, builder.inline(_tile_of(node), operands), strict=True):
            number[out] = _as_stored(builder, node, out, result)
            if out in results or not used.get(out, set()) <= members:
                rounds = NARROW.get(out.dtype, "").startswith("round_")  # a store does that as well
                stored[out] = result if rounds and not used.get(out, set()) & members else number[out]
    if not stored:
        return []
    tile = builder.finish(list(stored.values()))
    keep = used_inputs(tile)
    first = unit.members[0]
    fused = Node(FUSED, [inputs[i] for i in keep], (label(unit.members),), scope=scope_of(unit.members), src=first.src)
    fused.tile, fused.register = renumber(tile, keep), unit.register
    fused.scopes = scopes_of(unit.members)
    fused.recorded = all(node.recorded for node in unit.members)
    for i, out in enumerate(stored):
        twin = Value(out.dtype, out.shape, out.strides, node=fused, index=i, name=out.name)
        fused.outputs.append(twin)
        changes[out] = twin
    return [fused]


def _as_stored(builder: TileBuilder, node: Node, out: Value, result: int) -> int:
    """The register value as memory of the output's dtype would give it back."""
    if out.dtype in NARROW and _ops.TILE_TYPES[out.dtype] == builder.register:
        return builder.emit(NARROW[out.dtype], [result])
    if out.dtype == "bool" and _ops.record_of(node.op).dtype not in ("bool_out", "predicate"):
        return builder.emit("ne", [result, builder.const(0)])
    return result
