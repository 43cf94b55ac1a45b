"""Short rows: softmax, log_softmax and layer_norm of rows of a few elements, taken apart so that row fusion joins them.

Their own kernels go row by row, in vectors that such rows do not fill; a row group takes many rows side by side, and
what is elementwise before and after, or sums the columns, comes with it. Longer rows keep their kernels: a group of
elementary calls took 1.0 to 2.3 of the time of a kernel and the two groups around it, on rows of 32 to 1024 elements
in a cache, gradients included (`benchmarks/row_groups.py --ready`); only arrays beyond every cache gain, and not with
every run. In 32 bits and more, where nothing is rounded in between.
DLCORE_SHORT_ROWS=0 leaves this pass out.
"""

from __future__ import annotations

import os

from .._build import Builder
from .._ir import Graph, Node, Value, constant, contiguous_strides, same_layout
from .._rebuild import named_attrs, rebuild

SHORT = 16  # elements: fewer fill no vector of the widest kind
FEWEST = 128  # elements of all rows below which one call is as quick as the other


def short_rows(graph: Graph, end: int = SHORT) -> Graph:
    """The graph with such calls on rows of fewer than `end` elements written in elementary ones."""
    if os.environ.get("DLCORE_SHORT_ROWS") == "0" or not any(_short(node, end) for node in graph.nodes):
        return graph

    def rule(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        return [_apart(builder, node, operands)] if _short(node, end) else None

    return rebuild(graph, rule)


def _short(node: Node, end: int) -> bool:
    if node.op not in ("softmax", "log_softmax", "layer_norm"):
        return False
    x, last = node.inputs[0], (-1, len(node.outputs[0].shape) - 1)
    if x is None or not x.shape or x.dtype not in ("float32", "float64") or named_attrs(node)["axis"] not in last:
        return False
    tidy = same_layout(x.shape, x.strides, contiguous_strides(x.shape))
    alike = all(value is not None and value.dtype == x.dtype for value in node.inputs)
    return tidy and alike and 1 < x.shape[-1] < end and x.size >= FEWEST


def _apart(builder: Builder, node: Node, operands: list[Value | None]) -> Value:
    def of_row(op: str, value: Value | None) -> Value:
        return builder.one(op, [value], axis=-1, keepdims=True)

    x = operands[0]
    if node.op == "layer_norm":
        eps = constant(named_attrs(node)["eps"], node.outputs[0].dtype, weak=True)
        from_mean = builder.one("subtract", [x, of_row("mean", x)])
        variance = of_row("mean", builder.one("square", [from_mean]))
        scaled = builder.one("multiply", [from_mean, builder.one("rsqrt", [builder.one("add", [variance, eps])])])
        return builder.one("add", [builder.one("multiply", [scaled, operands[1]]), operands[2]])
    below = builder.one("subtract", [x, of_row("max", x)])
    e = builder.one("exp", [below])
    if node.op == "softmax":
        return builder.one("divide", [e, of_row("sum", e)])
    return builder.one("subtract", [below, builder.one("log", [of_row("sum", e)])])
