"""Takes out of fused groups what is the same for every element.

A group over an array may compute with numbers that live in memory (learning rate, step count): 1 - pow(beta, t) in an
optimizer's update, for example. Such work moves to a group of its own that runs once over a single element.
"""

from __future__ import annotations

from .. import _ops
from .._ir import FUSED, Graph, Node, Value
from .._tile import TileBuilder, renumber, used_inputs

MIN_SIZE = 64  # elements: below this an extra instruction costs more than it saves


def hoist(graph: Graph) -> Graph:
    """Splits off the uniform part of every group over at least MIN_SIZE elements."""
    graph, _ = graph.clone()
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.op == FUSED and node.outputs[0].size >= MIN_SIZE:
            scalar = _split(node)
            if scalar is not None:
                nodes.append(scalar)
        nodes.append(node)
    graph.nodes = nodes
    return graph


def _split(node: Node) -> Node | None:
    """Moves the uniform instructions of `node` to a new node, which is returned; None when there are none."""
    tile, n_in = node.tile, node.tile.n_in
    uniform = {i for i, v in enumerate(node.inputs) if v is not None and v.size == 1}
    moved: set[int] = set()
    for i, (mnemonic, operands) in enumerate(tile.code):
        if mnemonic == "const" or all(o in uniform for o in operands):
            uniform.add(n_in + i)
            if mnemonic != "const":
                moved.add(n_in + i)
    varying = [c for i, c in enumerate(tile.code) if n_in + i not in uniform]
    wanted = sorted({o for _, operands in varying for o in operands if o in moved} | {o for o in tile.outs if o in moved})
    if not wanted:
        return None
    scalar = _scalar_node(node, moved, wanted)
    made = {old: n_in + k for k, old in enumerate(wanted)}
    builder = TileBuilder(n_in + len(wanted), node.register)
    numbers = {i: i for i in range(n_in)} | made
    for i, (mnemonic, operands) in enumerate(tile.code):
        if n_in + i in moved:
            continue
        if mnemonic == "const":
            numbers[n_in + i] = builder.const(operands)
        else:
            numbers[n_in + i] = builder.emit(mnemonic, [numbers[o] for o in operands])
    rest = builder.finish([numbers[o] for o in tile.outs])
    keep = used_inputs(rest)
    inputs = [*node.inputs, *scalar.outputs]
    node.inputs, node.tile = [inputs[k] for k in keep], renumber(rest, keep)
    return scalar


def _scalar_node(node: Node, moved: set[int], wanted: list[int]) -> Node:
    tile, n_in = node.tile, node.tile.n_in
    builder = TileBuilder(n_in, node.register)
    numbers = {i: i for i in range(n_in)}
    for i, (mnemonic, operands) in enumerate(tile.code):
        if mnemonic == "const":
            numbers[n_in + i] = builder.const(operands)
        elif n_in + i in moved:
            numbers[n_in + i] = builder.emit(mnemonic, [numbers[o] for o in operands])
    small = builder.finish([numbers[o] for o in wanted])
    keep = used_inputs(small)
    scalar = Node(FUSED, [node.inputs[k] for k in keep], ("uniform",), scope=node.scope, src=node.src)
    scalar.tile, scalar.register = renumber(small, keep), node.register
    shape = _ops.infer_fused(scalar)
    strides = _ops.default_strides(shape, scalar.inputs)
    scalar.outputs = [Value(node.register, shape, strides, node=scalar, index=k) for k in range(len(wanted))]
    return scalar
