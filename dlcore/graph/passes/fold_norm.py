"""Scales and shifts of channels move into the weights and bias of the convolution or dense layer before them.

conv2d(x, w, b) * s + t becomes conv2d(x, w * s, b * s + t) when s and t hold one number for each channel and follow,
like w and b, from captured arrays alone: batch normalisation by running averages is such a scale and shift. The
`hoist` pass then sees to it that w * s is computed once. Sums are rounded elsewhere than before; DLCORE_FOLD_NORM=0
leaves everything as it is.
"""

from __future__ import annotations

import os

from .._build import Builder
from .._ir import Graph, Node, Value, numel
from .._lasting import lasting
from .._rebuild import named_attrs, rebuild, scopes_of
from .dead_code import trimmed

LAYERS = ("conv1d", "conv2d", "conv3d", "dense")  # (x, weight, bias); the first axis of weight is axis 1 of the result
DTYPES = ("float32", "float64")  # 16-bit weights would be rounded a second time


def fold_norm(graph: Graph) -> Graph:
    """The graph with scales and shifts drawn into the layers before them, innermost first."""
    steady = lasting(graph) if os.environ.get("DLCORE_FOLD_NORM") != "0" else set()
    if not steady:
        return graph
    uses: dict[Value, int] = {}
    for value in graph.all_uses():
        uses[value] = uses.get(value, 0) + 1
    drawn: set[Value] = set()  # old results of scales and shifts that went into the layer before them

    def rule(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        if node.op not in ("multiply", "add", "subtract"):
            return None
        sides = list(zip(node.inputs, node.inputs[::-1], operands, operands[::-1], strict=True))
        for value, factor, made, new in sides[:1] if node.op == "subtract" else sides:
            if value is None or factor is None or made is None or new is None or made.node is None:
                continue
            foldable = value in drawn or _steady_layer(value, steady)
            if foldable and uses[value] == 1 and factor in steady and _per_channel(factor, value):
                drawn.add(node.outputs[0])
                return [_with(builder, made.node, node, new)]
        return None

    return trimmed(rebuild(graph, rule))


def _steady_layer(value: Value, steady: set[Value]) -> bool:
    node = value.node
    if node is None or node.op not in LAYERS or value.dtype not in DTYPES:
        return False
    if node.op == "dense" and len(value.shape) != 2:
        return False
    return all(v is None or v in steady for v in node.inputs[1:3])


def _per_channel(factor: Value, value: Value) -> bool:
    """Whether `factor` has one number for each channel of `value`, and its dtype."""
    ndim = len(value.shape)
    shape = (1,) * (ndim - len(factor.shape)) + factor.shape
    return factor.dtype == value.dtype and not factor.weak and shape == (1, value.shape[1], *(1,) * (ndim - 2))


def _with(builder: Builder, made: Node, node: Node, factor: Value) -> Value:
    """The layer `made`, then what `node` does with `factor`, as one layer."""
    op = node.op
    x, weight, bias = made.inputs[:3]
    assert x is not None and weight is not None
    builder.scope, builder.src = made.scope, made.src
    count = numel(factor.shape)
    flat = builder.one("reshape", [factor], (count,))
    if op == "multiply":
        weight = builder.one(
            "multiply", [weight, builder.one("reshape", [factor], (count, *(1,) * (len(weight.shape) - 1)))]
        )
        bias = None if bias is None else builder.one("multiply", [bias, flat])
    elif bias is None:
        bias = flat if op == "add" else builder.one("negative", [flat])
    else:
        bias = builder.one(op, [bias, flat])
    value = builder.one(made.op, [x, weight, bias], **named_attrs(made))
    builder.nodes[-1].scopes = scopes_of([made, node])
    return value
