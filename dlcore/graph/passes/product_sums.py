"""Sums beside products: what multiplies the lines of an array also adds them up.

The gradient of a dense layer's weights multiplies the gradient of its result, transposed, by the layer's input; that of
its bias is the sum of the same gradient over all rows. One `_product_sums` reads it once for both. For float32, where
the product reads its operands where they lie; the sums are added up 256 rows at a time, so that they round otherwise
than by themselves. DLCORE_PRODUCT_SUMS=0 leaves them apart; so are graphs for a GPU.
"""

from __future__ import annotations

import os

from .._ir import Graph, Node, Value, contiguous_strides, same_layout
from .._rebuild import named_attrs, scopes_of

JOINED = "_product_sums"
FEWEST_LINES, FEWEST_SUMMED, WIDTH = 8, 32, 16  # see in_place in csrc/kernels/cpu/panels.cpp
SAME_SETS = 4096  # numbers from line to line from which on lines push each other out of a cache

Key = tuple[Value, int, int, int]  # the memory, where in it, rows, columns


def product_sums(graph: Graph) -> Graph:
    """The graph with sums over rows drawn into the products of what is summed up."""
    if os.environ.get("DLCORE_PRODUCT_SUMS") == "0":
        return graph
    sums = {key: i for i, node in enumerate(graph.nodes) if (key := _summed(node)) is not None}
    if not sums or not all(state.array._device.startswith("cpu") for state in graph.states):
        return graph
    pairs: list[tuple[int, int]] = []
    for i, node in enumerate(graph.nodes):
        key = _multiplied(node)
        if key in sums and not _read_between(graph, *sorted((i, sums[key]))):
            pairs.append((i, sums.pop(key)))
    if not pairs:
        return graph
    graph, _ = graph.clone()
    changes: dict[Value, Value] = {}
    gone: set[Node] = set()
    for pair in pairs:
        product, total = (graph.nodes[i] for i in pair)
        gone.add(graph.nodes[min(pair)])
        graph.nodes[max(pair)] = _joined(product, total, changes)
    graph.nodes = [node for node in graph.nodes if node not in gone]
    graph.replace(changes)
    return graph


def _summed(node: Node) -> Key | None:
    """What a call adds up, if it adds up all rows of an array that lies in one piece."""
    if node.op != "sum" or node.inputs[0] is None or node.outputs[0].dtype != "float32":
        return None
    x, out, axis = node.inputs[0], node.outputs[0], named_attrs(node)["axis"]
    leading = {*range(len(x.shape) - 1)}
    axes = {a % len(x.shape) for a in ((axis,) if isinstance(axis, int) else axis or ())} if x.shape else set()
    if not leading or axes != leading or out.shape != x.shape[-1:] or x.dtype != "float32" or 0 in x.shape:
        return None
    if not same_layout(x.shape, x.strides, contiguous_strides(x.shape)):
        return None
    return x.root, x.root_offset, x.size // x.shape[-1], x.shape[-1]


def _multiplied(node: Node) -> Key | None:
    """The rows that a product multiplies, transposed, by rows beside them, reading both where they lie."""
    if node.op != "matmul":
        return None
    a, b = node.inputs
    if a is None or b is None or not (a.dtype == b.dtype == "float32" and len(a.shape) == len(b.shape) == 2):
        return None
    (lines, summed), width = a.shape, b.shape[1]
    tidy = a.strides == (1, lines) and b.strides[1] == 1 and max(lines, b.strides[0]) < SAME_SETS
    if not tidy or lines < FEWEST_LINES or summed < FEWEST_SUMMED or width % WIDTH:
        return None
    return a.root, a.root_offset, summed, lines


def _read_between(graph: Graph, first: int, last: int) -> bool:
    """Whether the result of one call is read before another, which is to make both results, has its turn."""
    made = graph.nodes[first].outputs[0]
    return any(v is not None and v.root is made for node in graph.nodes[first + 1 : last] for v in node.inputs)


def _joined(product: Node, total: Node, changes: dict[Value, Value]) -> Node:
    """One call in the place of both; `changes` learns what its results are in the place of."""
    joined = Node(JOINED, product.inputs, (), scope=product.scope, src=product.src, scopes=scopes_of([product, total]))
    for index, out in enumerate((product.outputs[0], total.outputs[0])):
        strides = contiguous_strides(out.shape)
        twin = Value(out.dtype, out.shape, strides, node=joined, index=index, name=out.name)
        joined.outputs.append(twin)
        changes[out] = twin
    return joined
