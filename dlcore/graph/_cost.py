"""What one call costs, from its shapes alone: operations, bytes moved, and a rough time. The same on every machine."""

from __future__ import annotations

import math

from . import _ops, _rows
from ._ir import FUSED, ITEMSIZE, Node, Value, sets

# Of a machine with two cores: what matters is their relation, a hundred operations or so for each float moved.
OPERATIONS_PER_SECOND = 3e11
BYTES_PER_SECOND = 1e10
SECONDS_PER_CALL = 1e-6
_PRODUCTS = (
    "matmul", "dense", "product", "product_sums", "attention", "attention_dropped", "lstm_steps", "gru_steps",
    "rnn_steps",
)  # fmt: skip


def operations(node: Node) -> int:
    """Arithmetic operations, a multiplication and its addition as two.

    >>> from dlcore.graph._ir import Value, contiguous_strides
    >>> operand = lambda *shape: Value("float32", shape, contiguous_strides(shape))
    >>> operations(Node("matmul", [operand(2, 3), operand(3, 4)], (), [operand(2, 4)]))
    48
    """
    sizes = [value.size for value in [*node.inputs[:2], *node.outputs[:1]] if value is not None]
    if node.op == FUSED and node.rows:
        return math.prod(_rows.whole_shape(node.inputs)) * len(node.tile.code)
    if _ops.is_fused(node):
        return sum(outs[0].size for _, outs in sets(node)) * len(node.tile.code)
    stem = (_ops.record_of(node.op).kernel or "").removesuffix("_grad")
    if stem.startswith(("conv", "deconv")):
        # Each weight meets each place of the result (of a convolution's input, for its gradients) once per sample.
        ours, weight = _convolution(node, stem)
        return 2 * ours.size * weight.size // max(weight.shape[0], 1)
    if stem in _PRODUCTS and len(sizes) == 3:
        return 2 * math.isqrt(sizes[0] * sizes[1] * sizes[2])  # m*k, k*n and m*n numbers: m*n*k products
    return sum(out.size for out in node.outputs)


def _convolution(node: Node, stem: str) -> tuple[Value, Value]:
    first, second = node.inputs[0], node.inputs[1]
    assert first is not None and second is not None
    if stem.endswith("_dw"):
        return first, node.outputs[0]
    if stem.startswith("deconv"):
        return first, second
    return (first if stem.endswith("_dx") else node.outputs[0]), second


def traffic(node: Node) -> int:
    """Bytes read and written, each operand once."""
    values = [value for value in [*node.inputs, *node.outputs] if value is not None]
    return sum(_distinct(value) * ITEMSIZE[value.dtype] for value in values)


def _distinct(value: Value) -> int:
    """Elements of memory behind a value: one that is broadcast is read once."""
    return math.prod(size for size, stride in zip(value.shape, value.strides, strict=True) if stride)


def seconds(node: Node) -> float:
    """A rough time for one call, for comparing calls with each other."""
    if _ops.is_view(node):
        return 0.0
    return SECONDS_PER_CALL + max(operations(node) / OPERATIONS_PER_SECOND, traffic(node) / BYTES_PER_SECOND)
