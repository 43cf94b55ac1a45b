"""What the graph asks about operators: their records, and shape inference through the core."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore import _core
from dlcore.ops._record import RECORDS, Attr, Input, Op

from . import _rows
from ._control import COND, LOOP
from ._ir import EACH, FUSED, Node, Value, contiguous_strides, is_dense
from ._types import numpy_dtype

TILE_TYPES = {
    "bool": "int32",
    "int8": "int32",
    "int16": "int32",
    "int32": "int32",
    "uint8": "int32",
    "uint16": "int32",
    "int64": "int64",
    "uint32": "int64",
    "uint64": "uint64",
    "float16": "float32",
    "bfloat16": "float32",
    "float32": "float32",
    "float64": "float64",
    "complex64": "complex64",
    "complex128": "complex128",
}

_by_id: dict[int, str] = {}


def _control_record(name: str) -> Op:
    """Branches and loops are no operators of a stanza: only the graph makes them."""
    inputs, attrs = (Input("xs", optional=True, variadic=True),), (Attr("program", "obj"),)
    return Op(
        name, "*xs, program", "", inputs, attrs, ("xs", "program"), ("*",), dtype="", infer="", kernel="control",
        expr=None, grad=None, define=None, ref=None, samples=None, tol={}, errors=(), example="", formula="",
        aliases=(), method=False, np_name=None, random=False, inplace_ok=False, family="control", smooth=False,
        complex_rule="written", id=_core.op_id(name),
    )  # fmt: skip


CONTROL = {name: _control_record(name) for name in (COND, LOOP)}


def record_of(name: str) -> Op:
    """The record of operator `name`; KeyError with the name when there is none."""
    return RECORDS[name] if name in RECORDS else CONTROL[name]


def name_of(op_id: int) -> str:
    """The name of the operator with number `op_id` in the core."""
    if op_id not in _by_id:
        _by_id.update({record.id: name for name, record in (RECORDS | CONTROL).items()})
    return _by_id[op_id]


def infer(op: str, inputs: list[Value | None], attrs: tuple) -> list[tuple]:
    """The core's inference for one call: [(dtype, shape, strides, view_of, offset)] per output.

    Errors: TypeError and ValueError from the operator's rule, with its text.
    """
    if op in CONTROL:
        attrs[0].check([(v.dtype, v.shape) for v in inputs if v is not None])
        return [(dtype, shape, contiguous_strides(shape), -1, 0) for dtype, shape in attrs[0].results()]
    metas = [None if v is None else (v.dtype, v.shape, v.strides, v.weak) for v in inputs]
    return _core.infer(record_of(op).id, metas, attrs)


def infer_fused(node: Node) -> tuple[int, ...]:
    """The shape that a fused group runs over: its operands, broadcast together."""
    shape: tuple[int, ...] = ()
    for value in node.inputs:
        assert value is not None
        shape = broadcast(shape, value.shape)
    return shape


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy's rule; ValueError when the shapes do not go together."""
    if len(a) < len(b):
        a, b = b, a
    out = list(a)
    for i, size in enumerate(b):
        at = len(a) - len(b) + i
        if out[at] == 1:
            out[at] = size
        elif size not in (1, out[at]):
            raise ValueError(f"shapes {a} and {b} do not broadcast")
    return tuple(out)


def default_strides(shape: tuple[int, ...], inputs: list[Value | None]) -> tuple[int, ...]:
    """The layout of an elementwise result: that of the first dense operand of its shape, so channels-last stays so."""
    for value in inputs:
        if value is not None and value.shape == shape and shape and is_dense(shape, value.strides):
            tidy = contiguous_strides(shape)
            if any(size <= 1 for size in shape) and all(
                size <= 1 or a == b for size, a, b in zip(shape, value.strides, tidy, strict=True)
            ):
                return tidy
            return value.strides
    return contiguous_strides(shape)


def is_view(node: Node) -> bool:
    """Whether the node computes nothing: every output is a window on an input."""
    for out in node.outputs:
        if out.base is None:
            return False
    return bool(node.outputs)


def is_fused(node: Node) -> bool:
    """Whether the node has a program of its own, over one set of arrays or several."""
    return node.op in (FUSED, EACH)


def is_elementwise(node: Node) -> bool:
    """Whether the node is described by a tile program (an elementwise operator or a fused group)."""
    return (node.tile is not None and not node.rows) or (node.op != FUSED and record_of(node.op).elementwise)


def writes_in_place(node: Node, out: Value) -> bool:
    """Whether the node's kernel reads each element before it writes `out` there, and never again."""
    if node.rows:
        return _rows.written_last(node, out)
    return is_elementwise(node) or (node.op != FUSED and record_of(node.op).inplace_ok)


def is_control(node: Node) -> bool:
    """Whether the node is a branch or a loop, with a program of graphs as its attribute."""
    return node.op in CONTROL


def is_random(node: Node) -> bool:
    """Whether the node draws random numbers."""
    if node.op in CONTROL:
        return node.attrs[0].blocks > 0
    return not is_fused(node) and record_of(node.op).random


def random_blocks(node: Node) -> int:
    """How many random blocks a random node owns."""
    return node.attrs[0].blocks if node.op in CONTROL else blocks_of(node.outputs[0].size)


def blocks_of(size: int) -> int:
    """How many random blocks `size` numbers are drawn from."""
    return (size + 3) // 4


def normal_attrs(op: str, attrs: tuple | dict[str, Any]) -> tuple:
    """Attributes in the order of the record, with defaults filled in."""
    specs = record_of(op).attrs
    if isinstance(attrs, dict):
        unknown = set(attrs) - {s.name for s in specs}
        if unknown:
            raise TypeError(f"{op}: unknown attributes {sorted(unknown)}")
        return tuple(attrs.get(s.name, s.default) for s in specs)
    return tuple(attrs) + tuple(s.default for s in specs[len(attrs) :])


def constant_array(value: Value) -> Any:
    """The array of a constant."""
    return _core.from_numpy(np.array(value.const, dtype=numpy_dtype(value.dtype)), True)
