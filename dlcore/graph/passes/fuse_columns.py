"""Column fusion: reductions over leading axes join the groups that make, or read, what they reduce.

So the gradient of a bias is summed while the gradient it is a sum of is being written, and that of a scale without
what it is a sum of ever being written; statistics of batches are taken on the way as well. What follows from the sums
alone, such as a mean's division, is part of the group; what brings them back to all elements is not, since that takes
another walk over memory. Long rows are left alone where that was measured to be as quick: their sums fall out of the
nearest cache. DLCORE_FUSE_COLUMNS=0 leaves this pass out.
"""

from __future__ import annotations

import os

from dlcore.ops._expr import Tile

from .._ir import FUSED, Graph, Node, numel
from .._rows import COLUMNS, REDUCTIONS, whole_shape
from ._groups import Unit
from ._reductions import REGISTERS, of_columns
from ._row_values import Members
from .fuse_rows import RowGrouping, emit

MOST_COLUMNS = 8192
FEW_ROWS, FEW_ELEMENTS = 32, 32 * 1024  # more elements in fewer rows would be one thread's work
SHORT_ROW = 512  # elements whose sums are as good as free
LARGE = 4 << 20  # elements that no cache keeps until a second reading


def fuse_columns(graph: Graph) -> Graph:
    """Joins reductions over leading axes with elementwise groups and with row groups."""
    if os.environ.get("DLCORE_FUSE_COLUMNS") == "0" or not any(map(of_columns, graph.nodes)):
        return graph
    graph, _ = graph.clone()
    return emit(graph, _Grouping(graph).run(), _pays)


def _pays(tile: Tile, found: Members) -> bool:
    """Whether a group was measured not to be slower than its parts."""
    columns, size = numel(found.whole_shape[-found.rows :]), numel(found.whole_shape)
    if columns > MOST_COLUMNS or (size > FEW_ELEMENTS and size // columns < FEW_ROWS):
        return False
    summed = [operands[0] for mnemonic, operands in tile.code if mnemonic in COLUMNS]
    unwritten = any(at >= tile.n_in and at not in tile.outs for at in summed)
    once = size >= LARGE and not any(mnemonic in REDUCTIONS for mnemonic, _ in tile.code)
    return columns <= SHORT_ROW or unwritten or once


class _Grouping(RowGrouping):
    def __init__(self, graph: Graph) -> None:
        super().__init__(graph)
        self.written = {state.new for state in graph.writes}

    def describe(self, unit: Unit, node: Node) -> None:
        if node.op == FUSED and node.register in REGISTERS and self.written.isdisjoint(node.outputs):
            unit.register, unit.rows = node.register, node.rows
            unit.shape = whole_shape(node.inputs) if node.rows else node.outputs[0].shape
        elif found := of_columns(node):
            (x, *_) = node.inputs
            assert x is not None
            unit.register = "float64" if x.dtype == "float64" else "float32"
            unit.shape, unit.rows, unit.columns = x.shape, found.rows, True

    def fits(self, first: Unit, second: Unit) -> bool:
        return (first.columns or second.columns) and super().fits(first, second)

    def beside(self, unit: Unit) -> None:
        """Groups that read the same elements become one, if one of them reduces columns and neither needs the other."""
        made = {out for node in unit.members for out in node.outputs}
        shared = {v: None for node in unit.members for v in node.inputs if v is not None and v not in made}
        for value in shared:
            readers = self.users[value] if value.shape == unit.shape else ()
            for other in dict.fromkeys(self.of[node] for node in readers if node in self.of):
                independent = self.independent(unit, other)
                alike = (other.register, other.shape) == (unit.register, unit.shape)
                if other is not unit and alike and independent and self.fits(other, unit):
                    unit = self.join(other, unit)

    def join(self, first: Unit, second: Unit) -> Unit:
        first.columns = first.columns or second.columns
        return super().join(first, second)
