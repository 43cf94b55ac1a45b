"""Epilogues of matrix products: what is done to a product's result alone is done while its blocks are in the cache.

dense or matmul -> (bias) -> activation, sum or product with another array, or the mask of ReLU's gradient: one
`_product`. A vector added to a matmul becomes its bias, from which sums start. In float32 nothing is rounded in
between; in 16-bit floats, whose sums are float32, the result is rounded once, at the end, where the calls apart would
round after each, and not at all where a float32 array is added. DLCORE_EPILOGUE=0 leaves them apart.
"""

from __future__ import annotations

import os

from .._build import Builder
from .._ir import Graph, Node, Value, contiguous_strides, same_layout
from .._pause import release
from .._rebuild import named_attrs, rebuild, scopes_of
from .dead_code import trimmed

JOINED = "_product"
PRODUCTS = ("dense", "matmul", JOINED)
DTYPES = ("float32", "bfloat16", "float16")
ACTIVATIONS = ("relu", "sigmoid", "tanh", "silu", "gelu_erf", "gelu_tanh")
OF_TWO = ("add", "subtract", "multiply", "_relu_grad")
EITHER_WAY = ("add", "multiply")  # the product may be the second operand
WIDENING = ("add", "subtract", "multiply")  # of a product of 16-bit floats and a float32 array
MOST_STEPS = 3
FEWEST = 4096  # results of one product below which a call more costs less than one step more


def epilogue(graph: Graph) -> Graph:
    """The graph with elementwise calls drawn into the products before them."""
    if os.environ.get("DLCORE_EPILOGUE") == "0":
        return graph
    given = graph
    for _ in range(MOST_STEPS):
        before, graph = graph, _draw_in(graph)
        if graph is not before is not given:
            release(before.nodes)
    return graph


def _draw_in(graph: Graph) -> Graph:
    """One step more for every product that has one."""
    uses: dict[Value, int] = {}
    for value in graph.all_uses():
        uses[value] = uses.get(value, 0) + 1
    if not any(_fitting(node, uses) for node in graph.nodes):
        return graph
    place = {node: i for i, node in enumerate(graph.nodes)}

    def rule(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        fitting = _fitting(node, uses)
        if not fitting:
            return None
        at = max(fitting, key=lambda i: place[_product_of(node.inputs[i])])  # type: ignore[index]
        made = _product_of(operands[at])
        return None if made is None else _join(builder, made, operands, at, node)

    return trimmed(rebuild(graph, rule))


def _fitting(node: Node, uses: dict[Value, int]) -> list[int]:
    """Which operands of a call are products that it can join."""
    if node.op not in ACTIVATIONS and node.op not in OF_TWO:
        return []
    if node.outputs[0].dtype not in DTYPES or node.outputs[0].size < FEWEST:
        return []
    return [
        i for i in ((0, 1) if node.op in EITHER_WAY else (0,)) if _made_alone(node.inputs[i], node, uses) is not None
    ]


def _product_of(value: Value | None) -> Node | None:
    """The product that made `value`, directly or seen with another shape."""
    node = None if value is None else value.node
    if node is not None and node.op == "reshape" and node.inputs[0] is not None and node.outputs[0].base is not None:
        node = node.inputs[0].node
    return node if node is not None and node.op in PRODUCTS else None


def _made_alone(value: Value | None, node: Node, uses: dict[Value, int]) -> Node | None:
    """The product whose result, `value`, is read by `node` and by nobody else, where `node` can join it."""
    made = _product_of(value)
    if made is None or value is None or uses[value] != 1 or uses[made.outputs[0]] != 1:
        return None
    out, result = node.outputs[0], made.outputs[0]
    narrow = {v.dtype for v in made.inputs[:3] if v is not None}
    if value.shape != out.shape or len(narrow) > 1 or (made.op != JOINED and result.dtype not in narrow):
        return None
    if result.dtype != out.dtype and (node.op not in WIDENING or out.dtype != "float32"):
        return None
    if not all(same_layout(v.shape, v.strides, contiguous_strides(v.shape)) for v in (value, out)):
        return None
    if made.op == "dense" and named_attrs(made)["flatten"] and len(made.inputs[0].shape) != 2:  # type: ignore[union-attr]
        return None
    if made.op == JOINED:
        steps = named_attrs(made)["then"].split("+")
        if len(steps) >= MOST_STEPS or (node.op in OF_TWO and made.inputs[3] is not None):
            return None
    return made


def _join(builder: Builder, made: Node, operands: list[Value | None], at: int, node: Node) -> list[Value] | None:
    """The call that does what the product `made` and `node` do; None where the other operand does not suit."""
    out, shape = node.outputs[0], made.outputs[0].shape
    a, b, bias, other, turned, then = _parts(made)
    if node.op in OF_TWO:
        other = operands[1 - at]
        if other is None or other.weak or other.dtype != out.dtype:
            return None
        vector = other.shape == shape[-1:] == out.shape[-1:] and other.dtype == made.outputs[0].dtype
        if node.op == "add" and bias is None and not then and vector:
            bias, other = other, None
            return _call(builder, made, node, [a, b, bias, None], turned, then)
        if other.shape != out.shape or other.node is made:
            return None
        if shape != out.shape:
            if not same_layout(other.shape, other.strides, contiguous_strides(other.shape)):
                return None  # would have to be copied
            other = builder.one("reshape", [other], shape)
    return _call(builder, made, node, [a, b, bias, other], turned, f"{then}+{node.op}" if then else node.op)


def _parts(made: Node) -> tuple[Value | None, Value | None, Value | None, Value | None, bool, str]:
    """Operands and attributes of a product as `_product` takes them."""
    if made.op == JOINED:
        named = named_attrs(made)
        a, b, bias, other = made.inputs
        return a, b, bias, other, named["transpose_b"], named["then"]
    return made.inputs[0], made.inputs[1], (*made.inputs, None)[2], None, made.op == "dense", ""


def _call(
    builder: Builder, made: Node, node: Node, operands: list[Value | None], turned: bool, then: str
) -> list[Value]:
    builder.scope, builder.src = made.scope, made.src
    result = builder.one(JOINED, operands, transpose_b=turned, then=then)
    builder.nodes[-1].scopes = scopes_of([made, node])
    shape = node.outputs[0].shape
    return [result if result.shape == shape else builder.one("reshape", [result], shape)]
