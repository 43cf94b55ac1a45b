"""Which calls are reductions that a row group can have: over last axes, or over leading ones."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .. import _ops
from .._ir import Node, Value
from .._rebuild import named_attrs
from .._rows import column_shapes, row_shapes
from .._tile import TileBuilder
from .fuse import NARROW

REGISTERS = ("float32", "float64")
MOST_COUNTED = 1 << 24  # whole numbers up to here are exact in every register


@dataclass(frozen=True)
class Reduction:
    """What a call is inside a row group whose rows have `rows` axes: `mnemonic`, divided by `count` if that is set."""

    mnemonic: str
    rows: int
    count: int = 0


def of_rows(node: Node) -> Reduction | None:
    """What a reduction over last axes becomes inside a row group, None for other calls."""
    if (found := _operand(node)) is None:
        return None
    x, out = found
    counts = node.op == "sum" and x.node is not None and counted(x.node) and x.size // out.size <= MOST_COUNTED
    rows = _last_axes(node, x, out) if counts or _floating(x, out) else 0
    return _reduction("row", node, rows, x.shape[len(x.shape) - rows :]) if rows else None


def of_columns(node: Node) -> Reduction | None:
    """What a reduction over leading axes becomes inside a row group, None for other calls."""
    found = _operand(node)
    if found is None or not _floating(*found):
        return None
    x, out = found
    axes = _axes(node, x, out)
    lead = max((a + 1 for a in axes if x.shape[a] > 1), default=0)
    if any(a not in axes and x.shape[a] > 1 for a in range(lead)):
        return None
    while lead < len(x.shape) and x.shape[lead] == 1 and out.shape not in column_shapes(x.shape, len(x.shape) - lead):
        lead += 1
    rows = len(x.shape) - lead
    if out.size == 1 or out.shape not in column_shapes(x.shape, rows):
        return None
    return _reduction("column", node, rows, x.shape[:lead])


def counted(node: Node) -> bool:
    """Whether a fused call only makes whole numbers of truth values: registers of any type hold them and their sums."""
    if node.tile is None or node.tile.code or len(node.inputs) != 1 or node.inputs[0] is None:
        return False
    source, made = node.inputs[0], node.outputs[0]
    return source.dtype == "bool" and made.dtype.startswith("int")


def reduced(builder: TileBuilder, node: Node, operand: int) -> int:
    """A reduction as instructions, rounded as memory of its dtype would be."""
    found, dtype = of_rows(node) or of_columns(node), node.outputs[0].dtype
    assert found is not None
    made = builder.emit(found.mnemonic, [operand])
    if found.count:
        made = builder.emit("div", [made, builder.const(found.count)])
    return builder.emit(NARROW[dtype], [made]) if dtype in NARROW else made


def _operand(node: Node) -> tuple[Value, Value] | None:
    """What a reduction reads and makes, if it makes less of it."""
    if node.op not in ("sum", "mean", "prod", "max", "min", "sum_to"):
        return None
    (x, *_), (out, *_) = node.inputs, node.outputs
    return None if x is None or not x.size or x.size == out.size else (x, out)


def _floating(x: Value, out: Value) -> bool:
    return x.dtype == out.dtype and _ops.TILE_TYPES[x.dtype] in REGISTERS


def _reduction(over: str, node: Node, rows: int, reduced: tuple[int, ...]) -> Reduction:
    kind = "sum" if node.op in ("mean", "sum_to") else node.op
    return Reduction(f"{over}_{kind}", rows, math.prod(reduced) if node.op == "mean" else 0)


def _axes(node: Node, x: Value, out: Value) -> set[int]:
    """The axes that a reduction goes over."""
    if node.op == "sum_to":
        lead = len(x.shape) - len(out.shape)
        return {a for a in range(len(x.shape)) if a < lead or out.shape[a - lead] != x.shape[a]}
    axis = named_attrs(node)["axis"]
    given = range(len(x.shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return {a % len(x.shape) for a in given}


def _last_axes(node: Node, x: Value, out: Value) -> int:
    """How many last axes a reduction goes over; 0 if it goes over others, or drops other axes than these."""
    axes = _axes(node, x, out)
    first = min((a for a in axes if x.shape[a] > 1), default=len(x.shape))
    if any(a not in axes and x.shape[a] > 1 for a in range(first, len(x.shape))):
        return 0
    while first and x.shape[first - 1] == 1 and out.shape not in row_shapes(x.shape, len(x.shape) - first):
        first -= 1
    rows = len(x.shape) - first
    return rows if out.shape in row_shapes(x.shape, rows) else 0
