"""Fusion: elementwise calls that feed each other become one group, which reads and writes memory once.

A group has one shape and one register type; calls on complex numbers stay alone. A value that stays inside must be
what its dtype would have held: narrow types are rounded or wrapped by an instruction, truth values are made 0 or 1.
Two groups are joined when no path leads out of one and back into the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from dlcore.ops._expr import Tile

from .. import _ops
from .._ir import FUSED, Graph, Node, Value
from .._rebuild import scalar_of, scopes_of
from .._tile import TileBuilder, renumber, used_inputs
from .._types import compute_dtype, has_complex

MAX_INPUTS = 16
MAX_OUTPUTS = 8
MAX_CODE = 96
# What an instruction must do to a register so that it holds what memory of a narrower dtype would.
_NARROW = {
    "float16": "round_f16",
    "bfloat16": "round_bf16",
    "int8": "wrap_i8",
    "int16": "wrap_i16",
    "uint8": "wrap_u8",
    "uint16": "wrap_u16",
    "uint32": "wrap_u32",
}


@dataclass(eq=False)
class _Unit:
    """A group in the making, or a single call that is not fused."""

    number: int
    members: list[Node]
    register: str = ""  # "" for calls that are not elementwise
    shape: tuple[int, ...] = ()
    parents: set[_Unit] = field(default_factory=set)  # units it reads from directly
    children: set[_Unit] = field(default_factory=set)  # units that read from it
    below: int = 0  # bit k: unit k is needed, directly or not


def fuse(graph: Graph) -> Graph:
    """Puts every elementwise call into a fused group."""
    graph, _ = graph.clone()
    units = _Grouping(graph).run()
    used = {v: set(nodes) for v, nodes in graph.users().items()}
    results = set(graph.results())
    nodes: list[Node] = []
    changes: dict[Value, Value] = {}
    for unit in _in_order(units):
        nodes.extend(_emit(unit, used, results, changes) if unit.register else unit.members)
    graph.nodes = nodes
    graph.replace(changes)
    return graph


class _Grouping:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.units: list[_Unit] = []
        self.of: dict[Node, _Unit] = {}

    def run(self) -> list[_Unit]:
        for node in self.graph.nodes:
            unit = self.single(node)
            if unit.register:
                for parent in sorted(unit.parents, key=lambda u: -u.number):
                    if parent in unit.parents and self.fits(parent, unit):
                        unit = self.join(parent, unit)
        return [u for u in self.units if u.members]

    def single(self, node: Node) -> _Unit:
        unit = _Unit(len(self.units), [node])
        self.units.append(unit)
        self.of[node] = unit
        for value in node.inputs:
            if value is not None and value.node is not None:
                unit.parents.add(self.of[value.node])
        for parent in unit.parents:
            parent.children.add(unit)
            unit.below |= parent.below | 1 << parent.number
        fusible = _ops.is_elementwise(node) and node.op != FUSED and not has_complex([*node.inputs, *node.outputs])
        if fusible and node.outputs[0].size:
            unit.shape = node.outputs[0].shape
            unit.register = _register(node, self.of)
        return unit

    def fits(self, first: _Unit, second: _Unit) -> bool:
        """Whether `second`, which reads from `first`, can join it."""
        if first.register != second.register or first.shape != second.shape:
            return False
        if any(p is not first and p.below >> first.number & 1 for p in second.parents):
            return False  # a path leads out of `first` and back into `second`
        joined = set(first.members)
        for node in second.members:
            for value in node.inputs:
                if value is not None and value.node in joined and not _stays(value, first.register):
                    return False
        members = [*first.members, *second.members]
        code = sum(len(_tile_of(n).code) for n in members)
        inputs, outputs = _edges(members)
        return code <= MAX_CODE and inputs <= MAX_INPUTS and outputs <= MAX_OUTPUTS

    def join(self, first: _Unit, second: _Unit) -> _Unit:
        first.members += second.members
        for node in second.members:
            self.of[node] = first
        for parent in second.parents:
            parent.children = (parent.children - {second}) | {first}
        for child in second.children:
            child.parents = (child.parents - {second}) | {first}
        first.parents = (first.parents | second.parents) - {first, second}
        first.children = (first.children | second.children) - {first, second}
        first.below |= second.below & ~(1 << first.number)
        bits, gone = first.below | 1 << first.number, ~(1 << second.number)
        stack = list(first.children)
        while stack:  # only what comes after the two can change
            unit = stack.pop()
            below = (unit.below | bits) & gone
            if below != unit.below:
                unit.below = below
                stack += unit.children
        second.members, second.register, second.parents, second.children = [], "", set(), set()
        return first


def _register(node: Node, of: dict[Node, _Unit]) -> str:
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


def _stays(value: Value, register: str) -> bool:
    """Whether a value of this dtype can be handed on in a register."""
    return value.dtype == "bool" or _ops.TILE_TYPES[value.dtype] == register


def _edges(members: list[Node]) -> tuple[int, int]:
    """Upper bounds for the numbers of inputs and outputs of a group."""
    made = {out for node in members for out in node.outputs}
    read = {v for node in members for v in node.inputs if v is not None and v not in made and scalar_of(v) is None}
    inside = {v for node in members for v in node.inputs if v in made}
    return len(read), len(made - inside) + 1


def _in_order(units: list[_Unit]) -> list[_Unit]:
    """Units in an order that respects what they read, as close to the old one as possible."""
    done: set[_Unit] = set()
    ordered: list[_Unit] = []
    for start in sorted(units, key=lambda u: u.number):
        stack = [start]
        while stack:
            unit = stack[-1]
            waiting = sorted((p for p in unit.parents if p not in done), key=lambda p: -p.number)
            if unit in done or not waiting:
                stack.pop()
                if unit not in done:
                    done.add(unit)
                    ordered.append(unit)
            else:
                stack.extend(waiting)
    return ordered


def _emit(unit: _Unit, used: dict[Value, set[Node]], results: set[Value], changes: dict[Value, Value]) -> list[Node]:
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
                stored[out] = number[out]
    if not stored:
        return []
    tile = builder.finish(list(stored.values()))
    keep = used_inputs(tile)
    first = unit.members[0]
    fused = Node(FUSED, [inputs[i] for i in keep], (_label(unit.members),), scope=_scope(unit.members), src=first.src)
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
    if out.dtype in _NARROW and _ops.TILE_TYPES[out.dtype] == builder.register:
        return builder.emit(_NARROW[out.dtype], [result])
    if out.dtype == "bool" and _ops.record_of(node.op).dtype not in ("bool_out", "predicate"):
        return builder.emit("ne", [result, builder.const(0)])
    return result


def _label(members: list[Node]) -> str:
    names = [node.op for node in members]
    return "+".join(names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"])


def _scope(members: list[Node]) -> str:
    scopes = scopes_of(members)
    return scopes[0] + (f" and {len(scopes) - 1} more" if len(scopes) > 1 else "") if scopes else ""
