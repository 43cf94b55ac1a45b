"""Convolution epilogues: a sum and an activation right after a convolution are done while its results are in the cache.

conv2d -> (+ another array of its shape) -> (relu or relu6) becomes one `_conv2d_act`, which rounds where the calls one
by one would: results stay the same, bit for bit. In float16 only, which is made in float32, it is rounded once, at the
end; DLCORE_EPILOGUE=0 leaves these apart. Of two convolutions that are added up the later one takes the sum.
"""

from __future__ import annotations

import os

from .._build import Builder
from .._ir import Graph, Node, Value, same_layout
from .._pause import release
from .._rebuild import named_attrs, rebuild, scopes_of
from .dead_code import trimmed

JOINED = "_conv2d_act"
ACTIVATIONS = ("relu", "relu6")
DTYPES = ("float32", "float64", "bfloat16", "float16")


def conv_epilogue(graph: Graph) -> Graph:
    """The graph with sums, then activations, drawn into the convolutions before them."""
    if not any(node.op in ("conv2d", JOINED) for node in graph.nodes):
        return graph
    given = graph
    for ops in (("add",), ACTIVATIONS):
        before, graph = graph, _draw_in(graph, ops)
        if graph is not before is not given:
            release(before.nodes)
    return graph


def _draw_in(graph: Graph, ops: tuple[str, ...]) -> Graph:
    uses: dict[Value, int] = {}
    for value in graph.all_uses():
        uses[value] = uses.get(value, 0) + 1

    def drawn(value: Value | None, node: Node) -> bool:
        return value is not None and value.node is not None and uses[value] == 1 and _takes(value.node, value, node)

    if not any(node.op in ops and any(drawn(value, node) for value in node.inputs) for node in graph.nodes):
        return graph
    place = {node: i for i, node in enumerate(graph.nodes)}

    def rule(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        if node.op not in ops:
            return None
        found: list[tuple[int, Node, Value | None]] = []
        for value, new, other in zip(node.inputs, operands, operands[::-1], strict=True):
            if not drawn(value, node) or new is None or new.node is None:
                continue
            assert value is not None and value.node is not None
            if node.op != "add":
                other = None
            elif other is None or not _alike(other, node.outputs[0]) or not _beside(other, node.outputs[0]):
                continue
            found.append((place[value.node], new.node, other))
        return _join(builder, *max(found, key=lambda entry: entry[0])[1:], node) if found else None

    return trimmed(rebuild(graph, rule))


def _alike(value: Value, out: Value) -> bool:
    return not value.weak and (value.shape, value.dtype) == (out.shape, out.dtype)


def _beside(value: Value, out: Value) -> bool:
    """Whether `value` lies in memory as `out` does, so that nothing is turned to add it."""
    return same_layout(out.shape, value.strides, out.strides)


def _takes(made: Node, value: Value, node: Node) -> bool:
    """Whether the call `made` is a convolution that can do `node` as well, whose result lies in memory as its own."""
    out = node.outputs[0]
    free = made.op == "conv2d" or (made.op == JOINED and node.op in ACTIVATIONS and not named_attrs(made)["act"])
    known = out.dtype in DTYPES and (out.dtype != "float16" or os.environ.get("DLCORE_EPILOGUE") != "0")
    return free and _alike(value, out) and _beside(value, out) and known


def _join(builder: Builder, made: Node, other: Value | None, node: Node) -> list[Value]:
    """The call that does what the convolution `made` and `node` do."""
    builder.scope, builder.src = made.scope, made.src
    named = {**named_attrs(made), "act": node.op if node.op in ACTIVATIONS else ""}
    outs = builder.call(JOINED, [*made.inputs[:3], made.inputs[3] if made.op == JOINED else other], **named)
    builder.nodes[-1].scopes = scopes_of([made, node])
    return outs
