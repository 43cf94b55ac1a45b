"""What the members of a row group read from each other and from outside, and whether that can be one group."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .._ir import Node, Value, contiguous_strides, same_layout
from .._rows import along_row, column_shapes, gone_over_once, levels, row_shapes, strides_along
from ._reductions import counted, of_columns
from .fuse import stays

MAX_AGAIN = 16 * 1024  # elements of a row that is gone over more than once: it stays in the cache


class Members:
    """Calls that may become one row group over the shape `whole`, whose last `rows` axes are a row.

    inputs   what they read from outside;  made: what they make
    by_row   inputs that lack the axes of a row and have one number for each: they are to be given these axes
    columns  what they make of one number a column;  after: those that compute such numbers from others
    """

    def __init__(self, members: Sequence[Node], whole: tuple[int, ...], rows: int) -> None:
        self.members, self.whole_shape, self.rows = members, whole, rows
        self.made = {out for node in members for out in node.outputs}
        self.columns: set[Value] = set()
        self.after: set[Node] = set()
        for node in members:
            if node.tile is not None and any(v is not None and v.root in self.columns for v in node.inputs):
                self.after.add(node)
            if node in self.after or of_columns(node):
                self.columns.update(node.outputs)
        self.inputs = list(
            dict.fromkeys(v for node in members for v in map(self.source, node.inputs) if v not in self.made)
        )
        lead = row_shapes(whole, rows)[1]
        self.by_row = {
            v for node in members if lead and self.shape_of(node) == lead and node not in self.after
            for v in node.inputs if v is not None and v.root not in self.made and v.shape == lead
        }  # fmt: skip

    def source(self, value: Value | None) -> Value:
        """Where a member gets `value` from: a member's own output, though it be through views, or outside."""
        assert value is not None
        return value.root if value.root in self.made else value

    def shape_of(self, node: Node) -> tuple[int, ...]:
        """The shape that a member runs over."""
        return self.whole_shape if node.tile is None or node.rows else node.outputs[0].shape

    @property
    def wide_inputs(self) -> list[bool]:
        """Of each input whether it has a number per element."""
        return [
            value not in self.by_row and along_row(value, self.whole_shape, self.rows) != 0 for value in self.inputs
        ]


def sound(found: Members, register: str) -> bool:
    """Whether the members can be one group with registers of this type."""
    shapes = row_shapes(found.whole_shape, found.rows)
    for node in found.members:
        shape = found.shape_of(node)
        if node in found.after:
            if not _of_columns_only(found, register, node, shape):
                return False
            continue
        if shape != found.whole_shape and shape not in shapes:
            return False
        for value in node.inputs:
            if value is None or not _readable(found, register, shape, value):
                return False
        for out in node.outputs:
            if out.shape == found.whole_shape and along_row(out, found.whole_shape, found.rows) != 1:
                return False
    return _gone_over_once(found) or math.prod(found.whole_shape[-found.rows :]) <= MAX_AGAIN


def _readable(found: Members, register: str, shape: tuple[int, ...], value: Value) -> bool:
    """Whether a member of this shape can read `value` inside the group."""
    if value.root not in found.made:
        if value in found.by_row:  # for others it would be spread along the last axes
            alone = len(shape) == len(value.shape)
            return alone and same_layout(value.shape, value.strides, contiguous_strides(value.shape))
        if len(shape) < len(found.whole_shape) and value.size > 1:
            return False
        return along_row(value, found.whole_shape, found.rows) is not None
    root = value.root
    if root in found.columns or not (stays(root, register) or _is_count(root)):
        return False
    if root.shape == found.whole_shape:
        return value is root and shape == found.whole_shape
    return value.root_offset == 0 and _row_by_row(found, root, value, shape)


def _of_columns_only(found: Members, register: str, node: Node, shape: tuple[int, ...]) -> bool:
    """Whether a member makes numbers of columns from such numbers, each from those of its own column."""
    shapes = column_shapes(found.whole_shape, found.rows)
    if node.rows or any(out.shape not in shapes or not _tidy(out) for out in node.outputs):
        return False
    for value in node.inputs:
        if value is None:
            return False
        if value.root not in found.made:
            if value.size > 1 and (value.shape not in shapes or not _tidy(value)):
                return False
        elif value.root not in found.columns or not stays(value.root, register):
            return False
        elif value.size != value.root.size or value.root_offset or not _tidy(value):
            return False
    return True


def _tidy(value: Value) -> bool:
    return same_layout(value.shape, value.strides, contiguous_strides(value.shape))


def _is_count(value: Value) -> bool:
    """Whether a member's value is a whole number of truth values, or how many of them are true."""
    assert value.node is not None
    source = value.node.inputs[0]
    if value.node.tile is None and source is not None and source.node is not None:
        return counted(source.node)
    return counted(value.node)


def _row_by_row(found: Members, root: Value, value: Value, shape: tuple[int, ...]) -> bool:
    """Whether a view of one number a row gives each row of a member of this shape its own."""
    lead = len(found.whole_shape) - found.rows
    if shape[:lead] != found.whole_shape[:lead]:
        return False
    steps = strides_along(value, shape)
    rows_agree = same_layout(shape[:lead], steps[:lead], root.strides[:lead])
    return rows_agree and all(step == 0 or size == 1 for step, size in zip(steps[lead:], shape[lead:], strict=True))


def _gone_over_once(found: Members) -> bool:
    """Whether nothing over elements depends on a reduction."""
    level: dict[Value, int] = {}
    for node in found.members:
        if node in found.after:
            continue
        over_elements = node.tile is None or found.shape_of(node) == found.whole_shape
        before = max((level.get(found.source(value), 0) for value in node.inputs), default=0)
        if (over_elements and before) or (node.rows and not gone_over_once(node)):
            return False
        own = [int(node.tile is None)] * len(node.outputs)
        if node.rows:
            own = [levels(node.tile)[at] for at in node.tile.outs]
        level.update((out, before + step) for out, step in zip(node.outputs, own, strict=True))
    return True
