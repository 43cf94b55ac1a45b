"""Products of rows taken from a small table: the table is multiplied, and the rows are taken from the result.

`dense(take(e, i), w)` is `take(dense(e, w), i)`; with fewer rows in e than numbers in i, as with letters in a text,
that is so much less work. And back: with s, the gradient summed up for each row of the table, the gradient of w is
s^T e, that of e is s w. Forward nothing changes by it; gradients are summed in another order. Only float32, and only
where it halves the rows or better. DLCORE_TAKEN_ROWS=0 leaves products where they are.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .._build import Builder
from .._ir import Graph, Node, Value, numel
from .._rebuild import named_attrs, rebuild
from .dead_code import trimmed

LESS = 2  # how many times more rows must be taken than there are


def taken_rows(graph: Graph) -> Graph:
    """The graph with products of taken rows turned into products of tables."""
    if os.environ.get("DLCORE_TAKEN_ROWS") == "0" or not any(node.op == "take" for node in graph.nodes):
        return graph
    return trimmed(rebuild(graph, _Rule(graph)))


class _Rule:
    def __init__(self, graph: Graph) -> None:
        self.uses: dict[Value, int] = {}
        for value in graph.all_uses():
            self.uses[value] = self.uses.get(value, 0) + 1
        self.tables: dict[tuple[Value, Value], Value] = {}  # (e, w) -> e w^T
        self.sums: dict[Value, Value] = {}  # gradients of rows -> their sums for each row of the table

    def __call__(self, builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        rewrite: dict[str, Callable[[Builder, Node, list[Value | None]], Value | None]] = {
            "dense": self.forward, "matmul": self.weight_gradient, "_take_grad": self.table_gradient,
            "sum": self.bias_gradient,
        }  # fmt: skip
        if node.op not in rewrite or node.outputs[0].dtype != "float32":
            return None
        found = rewrite[node.op](builder, node, operands)
        return None if found is None else [found]

    def forward(self, builder: Builder, node: Node, operands: list[Value | None]) -> Value | None:
        """dense(take(e, i), w, bias) -> take(dense(e, w, bias), i)"""
        x, w, bias = operands
        rows = _rows(builder, x) if x is not None and (not named_attrs(node)["flatten"] or len(x.shape) == 2) else None
        if rows is None or w is None:
            return None
        e, indices = rows
        if (e, w) not in self.tables:
            self.tables[e, w] = builder.one("dense", [e, w, bias], flatten=False)
        elif self.tables[e, w].node.inputs[2] is not bias:  # type: ignore[union-attr]
            return None
        return builder.one("take", [self.tables[e, w], indices], axis=0)

    def weight_gradient(self, builder: Builder, node: Node, operands: list[Value | None]) -> Value | None:
        """matmul(g^T, take(e, i)) -> matmul(s^T, e) with s, the rows of g summed up by i"""
        turned, x = operands
        if turned is None or x is None or turned.node is None or turned.node.op != "transpose" or len(x.shape) != 2:
            return None
        g = turned.node.inputs[0]
        rows = _rows(builder, x)
        if rows is None or g is None or g.shape[0] != x.shape[0] or len(g.shape) != 2:
            return None
        e, indices = rows
        like = next((t for (of, _), t in self.tables.items() if of is e and t.shape[1] == g.shape[1]), None)
        if like is None:
            return None
        self.sums[g] = builder.one("_take_grad", [g, indices, like], axis=0)
        return builder.one("matmul", [builder.one("transpose", [self.sums[g]], (1, 0)), e])

    def bias_gradient(self, builder: Builder, node: Node, operands: list[Value | None]) -> Value | None:
        """sum(g, axis=0) -> sum(s, axis=0), where s is made anyway; g may be seen with more axes than s was made of"""
        g, named = operands[0], named_attrs(node)
        made = next((s for of, s in self.sums.items() if g is of or (g is not None and _same_lines(of, g))), None)
        if g is None or made is None or named["keepdims"] or _leading(named["axis"]) != [*range(len(g.shape) - 1)]:
            return None
        return builder.one("sum", [made], axis=0)

    def table_gradient(self, builder: Builder, node: Node, operands: list[Value | None]) -> Value | None:
        """_take_grad(matmul(g, w), i, e) -> matmul(s, w)"""
        value, indices, e = operands
        old = node.inputs[0]
        if indices is None or e is None or len(e.shape) != 2 or named_attrs(node)["axis"] not in (0, -2):
            return None
        while value is not None and value.node is not None and value.node.op in ("transpose", "reshape"):
            before = value.node.inputs[0]
            back = (
                None
                if before is None or old is None or self.uses[old] != 1
                else _undone(builder, value, before, indices)
            )
            if back is None:
                return None
            value, old, indices = before, old.node.inputs[0], back  # type: ignore[union-attr]
        if value is None or old is None or self.uses[old] != 1 or value.node is None or value.node.op != "matmul":
            return None
        g, w = value.node.inputs
        if g is None or w is None or (e, w) not in self.tables or len(g.shape) != 2:
            return None
        return builder.one("matmul", [builder.one("_take_grad", [g, indices, self.tables[e, w]], axis=0), w])


def few(rows: int, taken: int) -> bool:
    """Whether a table has so few rows that its product is less work than that of the rows taken."""
    return LESS * rows <= taken


def _same_lines(seen: Value, of: Value) -> bool:
    """Whether `seen` is `of` with other leading axes."""
    node = seen.node
    return node is not None and node.op == "reshape" and node.inputs[0] is of and seen.shape[-1:] == of.shape[-1:]


def _leading(axis: Any) -> list[int]:
    """The axes of a reduction in order; none of them if it goes over all."""
    return [] if axis is None else sorted(axis) if isinstance(axis, tuple) else [axis]


def _rows(builder: Builder, value: Value | None) -> tuple[Value, Value] | None:
    """(e, i) if `value` is take(e, i) of a small table, seen with its rows in whatever order and shape."""
    if value is None or value.node is None or value.node.inputs[0] is None:
        return None
    node, inner = value.node, value.node.inputs[0]
    if node.op == "take":
        indices = node.inputs[1]
        fits = len(inner.shape) == 2 and named_attrs(node)["axis"] in (0, -2) and inner.dtype == value.dtype
        small = indices is not None and few(inner.shape[0], numel(indices.shape))
        return (inner, indices) if fits and small and indices is not None else None
    if node.op not in ("transpose", "reshape") or not inner.shape or inner.shape[-1] != value.shape[-1]:
        return None
    rows = _rows(builder, inner)
    if rows is None:
        return None
    if node.op == "reshape":
        return rows[0], builder.one("reshape", [rows[1]], value.shape[:-1])
    axes = _axes(node)
    if axes[-1] != len(axes) - 1:
        return None
    return rows[0], builder.one("transpose", [rows[1]], axes[:-1])


def _undone(builder: Builder, value: Value, before: Value, indices: Value) -> Value | None:
    """The indices of the rows of `before`, given those of the view `value` of it; None if lines are not kept whole."""
    assert value.node is not None
    if not before.shape or before.shape[-1] != value.shape[-1]:
        return None
    if value.node.op == "reshape":
        return builder.one("reshape", [indices], before.shape[:-1])
    axes = _axes(value.node)
    if axes[-1] != len(axes) - 1:
        return None
    return builder.one("transpose", [indices], tuple(axes.index(i) for i in range(len(axes) - 1)))


def _axes(node: Node) -> tuple[int, ...]:
    ndim = len(node.outputs[0].shape)
    axes = named_attrs(node)["axes"]
    return tuple(range(ndim))[::-1] if axes is None else tuple(a % ndim for a in axes)
