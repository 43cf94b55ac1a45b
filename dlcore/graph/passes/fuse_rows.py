"""Row fusion: reductions over the last axes join the elementwise groups before and after them.

So a softmax, a normalisation or a loss written with elementary calls reads each row once and finishes it while it is
in the cache (`_rows` says what such a group is). One number a row may pass through views on its way back to the row's
shape. DLCORE_FUSE_ROWS=0 leaves this pass out.
"""

from __future__ import annotations

import os
from collections.abc import Callable

from dlcore.ops._expr import Tile

from .. import _ops
from .._build import Builder
from .._ir import FUSED, Graph, Node, Value
from .._pause import release
from .._rebuild import scopes_of
from .._rows import COLUMNS, REDUCTIONS, is_wide, of_columns, row_shapes, whole_shape
from .._tile import TileBuilder, renumber, used_inputs
from ._groups import MAX_CODE, MAX_INPUTS, MAX_OUTPUTS, Grouping, Unit, edges, in_order, label, scope_of
from ._reductions import REGISTERS, counted, of_rows, reduced
from ._row_values import Members, sound

NAMES = 6  # of operators in a group's label


def fuse_rows(graph: Graph) -> Graph:
    """Joins reductions over the last axes with what is elementwise around them."""
    if os.environ.get("DLCORE_FUSE_ROWS") == "0" or not any(map(of_rows, graph.nodes)):
        return graph
    graph, _ = graph.clone()
    return emit(graph, RowGrouping(graph).run())


def emit(graph: Graph, units: list[Unit], pays: Callable[[Tile, Members], bool] = lambda tile, found: True) -> Graph:
    """The graph with one node for each unit that reduces and gains by it; `pays` may refuse a program."""
    order = _Emission(graph, pays)
    for unit in in_order(units):
        if not (unit.rows and len(unit.members) > 1 and order.group(unit)):
            for node in unit.members:
                order.add(node)
    order.finish()
    return graph


class RowGrouping(Grouping):
    """Elementwise groups and reductions over last axes."""

    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.users = graph.users()

    def describe(self, unit: Unit, node: Node) -> None:
        if node.op == FUSED and not node.rows and node.register in REGISTERS:
            unit.register, unit.shape = node.register, node.outputs[0].shape
        elif found := of_rows(node):
            (x, *_) = node.inputs
            assert x is not None
            unit.register = _ops.TILE_TYPES[x.dtype]
            unit.shape, unit.rows = x.shape, found.rows
        if (node.op == FUSED and counted(node)) or (unit.rows and unit.register not in REGISTERS):
            makers = [self.of[source].register for source in self.sources(node)]
            unit.shape = unit.shape or node.outputs[0].shape
            unit.register = makers[0] if makers and makers[0] in REGISTERS else ""

    def sources(self, node: Node) -> list[Node]:
        """Views are looked through: they are no calls."""
        found: list[Node] = []
        stack = [node]
        while stack:
            for source in super().sources(stack.pop()):
                (stack if _ops.is_view(source) else found).append(source)
        return found

    def single(self, node: Node) -> Unit:
        if _ops.is_view(node):
            return Unit(-1, [])
        return super().single(node)

    def fits(self, first: Unit, second: Unit) -> bool:
        reducing = first if first.rows else second
        if not reducing.rows or self.apart(first, second):
            return False
        if first.rows and second.rows and (first.shape, first.rows) != (second.shape, second.rows):
            return False
        members = [*first.members, *second.members]
        code = sum(len(node.tile.code) if node.tile else 2 for node in members)
        inputs, outputs = edges(members)
        if code > MAX_CODE or inputs > MAX_INPUTS or outputs > MAX_OUTPUTS:
            return False
        return sound(Members(members, reducing.shape, reducing.rows), first.register)

    def beside(self, unit: Unit) -> None:
        """Groups that read the same rows become one, if neither needs the other."""
        if not unit.rows:
            return
        for value in Members(unit.members, unit.shape, unit.rows).inputs:
            readers = self.users[value] if value.shape == unit.shape else ()
            for other in dict.fromkeys(self.of[node] for node in readers if node in self.of):
                independent = self.independent(unit, other)
                alike = other.register == unit.register and (other.shape, other.rows) == (unit.shape, unit.rows)
                if other is not unit and alike and independent and self.fits(other, unit):
                    unit = self.join(other, unit)

    def join(self, first: Unit, second: Unit) -> Unit:
        if second.rows:
            first.shape, first.rows = second.shape, second.rows
        return super().join(first, second)


class _Emission:
    """The nodes of the new graph in their order; a view comes just before what first needs it."""

    def __init__(self, graph: Graph, pays: Callable[[Tile, Members], bool]) -> None:
        self.graph = graph
        self.pays = pays
        self.users = graph.users()
        self.results = set(graph.results())
        self.nodes: list[Node] = []
        self.done: set[Node] = set()
        self.changes: dict[Value, Value] = {}
        self.gone: list[Node] = []

    def add(self, node: Node) -> None:
        for value in node.inputs:
            self.need(value)
        self.nodes.append(node)

    def need(self, value: Value | None) -> None:
        """Sees to it that the views that `value` is made by are there."""
        if value is None or value.node is None or not _ops.is_view(value.node) or value.node in self.done:
            return
        self.done.add(value.node)
        self.add(value.node)

    def finish(self) -> None:
        for value in self.results:
            self.need(value)
        self.graph.nodes = self.nodes
        self.graph.replace(self.changes)
        release(self.gone)

    def group(self, unit: Unit) -> bool:
        """Adds one node for the group; False if that would gain nothing."""
        found = Members(unit.members, unit.shape, unit.rows)
        tile, stored = self.program(found, unit.register)
        keep = used_inputs(tile)
        if not stored:
            return True
        read = [found.inputs[i] for i in keep]
        if not (_gains(tile, found, stored) and _spans(found, read) and self.pays(tile, found)):
            return False
        inputs: list[Value | None] = [self.with_row_axes(found, value) for value in read]
        node = Node(FUSED, inputs, (label(unit.members, NAMES),), scope=scope_of(unit.members))
        node.src, node.scopes, node.rows = unit.members[0].src, scopes_of(unit.members), unit.rows
        node.tile, node.register = renumber(tile, keep), unit.register
        node.recorded = all(member.recorded for member in unit.members)
        for i, out in enumerate(stored):
            twin = Value(out.dtype, out.shape, out.strides, node=node, index=i, name=out.name)
            node.outputs.append(twin)
            self.changes[out] = twin
        self.add(node)
        self.gone += unit.members
        return True

    def with_row_axes(self, found: Members, value: Value) -> Value:
        """An input as the group reads it."""
        if value not in found.by_row:
            return value
        views: list[Node] = []
        seen = Builder(views).one("reshape", [value], row_shapes(found.whole_shape, found.rows)[0])
        self.need(seen)
        return seen

    def program(self, found: Members, register: str) -> tuple[Tile, list[Value]]:
        """The program of a group and the values that it stores."""
        builder = TileBuilder(len(found.inputs), register)
        number = {value: i for i, value in enumerate(found.inputs)}
        inside = set(found.members)
        stored: list[Value] = []
        for node in found.members:
            operands = [number[found.source(value)] for value in node.inputs if value is not None]
            if node.tile is not None:
                made = builder.inline(node.tile, operands)
            else:
                made = [reduced(builder, node, operands[0])]
            for out, result in zip(node.outputs, made, strict=True):
                number[out] = result
                if self.outside(out, inside):
                    stored.append(out)
        return builder.finish([number[value] for value in stored]), stored

    def outside(self, value: Value, inside: set[Node]) -> bool:
        """Whether anything but the members of a group reads a value, as it is or through views."""
        if value in self.results:
            return True
        for user in self.users.get(value, ()):
            if _ops.is_view(user):
                if any(self.outside(out, inside) for out in user.outputs):
                    return True
            elif user not in inside:
                return True
        return False


def _spans(found: Members, inputs: list[Value]) -> bool:
    """Whether the inputs that are left broadcast to the shape that the group runs over."""
    return whole_shape([value for value in inputs if value not in found.by_row]) == found.whole_shape


def _gains(tile: Tile, found: Members, stored: list[Value]) -> bool:
    """Whether a program computes something of elements, which reductions alone do not, and each value has one number
    per element, per row or per column as its place says.
    """
    wide, column = is_wide(tile, found.wide_inputs), of_columns(tile)
    sources = [operands[0] for mnemonic, operands in tile.code if mnemonic in REDUCTIONS or mnemonic in COLUMNS]
    for at, value in zip(tile.outs, stored, strict=True):
        if (wide[at] and value.shape != found.whole_shape) or column[at] != (value in found.columns):
            return False
    return bool(sources) and all(wide[at] for at in sources) and any(wide[tile.n_in :])
