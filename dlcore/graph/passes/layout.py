"""Layouts: images lie with their channels side by side wherever convolutions and pooling read them.

Kernels choose the layout of their results in their shape rules (a convolution's are channels-last), elementwise calls
follow their operands; so within a chain nothing is ever turned. Where an image comes from somewhere else, such as a
reshape or part of another array, one `_channels_last` call is put at that border, and all that follow read its
result instead of turning the image again, each for itself.
"""

from __future__ import annotations

from .. import _ops
from .._build import Builder
from .._ir import FUSED, Graph, Node, Value, is_dense, same_layout
from .._rebuild import rebuild

TURN = "_channels_last"
# Which operands an operator reads channel by channel at each place.
READERS: dict[str, tuple[int, ...]] = {
    "conv2d": (0,),
    "_conv2d_act": (0, 3),
    "_conv2d_dx": (0,),
    "_conv2d_dw": (0, 1),
    **dict.fromkeys(("max_pool2d", "avg_pool2d"), (0,)),
}
# Calls beside elementwise ones whose first result lies in memory as their first dense operand of that shape does.
FOLLOWERS = ("batch_norm_train", "_batch_norm_grad")
JOIN = "concat"  # its result is channels-last when all its operands are
FEW = 4  # channels: a first layer reads that few from anywhere


def layout(graph: Graph) -> Graph:
    """The same calls with freshly inferred layouts, and images turned once at the borders."""
    wanted = _wanted(graph)
    turned: dict[Value, Value] = {}  # by the value in the new graph

    def rule(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value] | None:
        for i in _to_turn(node, operands, wanted):
            value = operands[i]
            assert value is not None
            if value not in turned:
                turned[value] = builder.one(TURN, [value])
            operands[i] = turned[value]
        if _follows(node) and _comes_turned(node, operands):
            operands[:] = [v if v is None else turned.get(v, v) for v in operands]
        return None

    return rebuild(graph, rule)


def _to_turn(node: Node, operands: list[Value | None], wanted: set[Value]) -> list[int]:
    """The operands that must be turned for `node` to read images as it wants, or to give one that is wanted."""
    if node.op in READERS or (node.op == JOIN and node.outputs[0] in wanted):
        places = READERS.get(node.op, range(len(operands)))
        return [i for i in places if _is_image(value := operands[i]) and not _is_turned(value)]  # type: ignore[arg-type]
    if not _follows(node) or node.outputs[0] not in wanted:
        return []
    shape = node.outputs[0].shape
    if _comes_turned(node, operands):
        return []
    alike = [i for i, value in enumerate(operands) if value is not None and value.shape == shape]
    leading = [i for i in alike if is_dense(shape, operands[i].strides)] or alike  # type: ignore[union-attr]
    return [i for i in leading[:1] if _is_image(operands[i])]


def _comes_turned(node: Node, operands: list[Value | None]) -> bool:
    """Whether the result of a call that follows its operands is an image with its channels side by side."""
    shape = node.outputs[0].shape
    return len(shape) == 4 and same_layout(shape, _ops.default_strides(shape, operands), channels_last(shape))


def channels_last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a dense image (n, c, h, w) whose channels are next to each other.

    >>> channels_last((2, 3, 4, 5))
    (60, 1, 15, 3)
    """
    _, c, h, w = shape
    return (c * h * w, 1, w * c, c)


def _is_turned(value: Value) -> bool:
    return same_layout(value.shape, value.strides, channels_last(value.shape))


def _is_image(value: Value | None) -> bool:
    return value is not None and len(value.shape) == 4 and value.shape[1] > FEW and not value.weak


def _follows(node: Node) -> bool:
    return node.op != FUSED and (_ops.is_elementwise(node) or node.op in FOLLOWERS)


def _wanted(graph: Graph) -> set[Value]:
    """The images that a reader reads, or that what it reads follows in layout."""
    wanted: set[Value] = set()
    for node in reversed(graph.nodes):
        out = node.outputs[0] if node.outputs else None
        for i, value in enumerate(node.inputs):
            if value is None or not _is_image(value):
                continue
            if node.op in READERS:
                wants = i in READERS[node.op]
            else:
                wants = out in wanted and (node.op == JOIN or (_follows(node) and value.shape == out.shape))  # type: ignore[union-attr]
            if wants:
                wanted.add(value)
    return wanted
