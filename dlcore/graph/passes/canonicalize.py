"""One form for what can be written in several ways, so that the later passes see fewer cases.

Reads of an array that only need its shape become attributes, arrays of one number become broadcast constants, calls
that change nothing disappear, chains of views become one view.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _ops
from .._build import Builder, split_inputs
from .._ir import FUSED, Graph, Node, Value, constant, numel, same_layout
from .._rebuild import can_stand_for, named_attrs, rebuild, scalar_of
from .._types import is_complex, is_float

Operands = list[Value | None]
Rewrite = Callable[[Builder, Node, Operands], list[Value] | None]


def canonicalize(graph: Graph) -> Graph:
    """Applies the first rule of RULES that fits each call, and to what definitions are made of once more."""

    def rule(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
        rewrite = RULES.get(node.op) if node.op != FUSED else None
        return rewrite(builder, node, operands) if rewrite else None

    defined = any(RULES.get(node.op) is _definition for node in graph.nodes)
    graph = rebuild(graph, rule)
    return rebuild(graph, rule) if defined else graph


def _definition(builder: Builder, node: Node, operands: Operands) -> list[Value]:
    """What has a kernel for single calls only: fusion joins its parts with what is around them."""
    record = _ops.record_of(node.op)
    assert record.define_program is not None
    slots = split_inputs(record, operands)
    return builder.program(record.define_program, record, node.attrs, {"in": slots}, None)  # type: ignore[return-value]


def _widened(builder: Builder, node: Node, operands: Operands) -> list[Value]:
    return [_as(builder, operands[0], node.outputs[0].dtype)]


def _as(builder: Builder, value: Value | None, dtype: str) -> Value:
    assert value is not None
    return value if value.dtype == dtype else builder.one("cast", [value], dtype)


def _scaled(builder: Builder, node: Node, operands: Operands) -> list[Value]:
    """x * s + t as the calls that passes know."""
    total = builder.one("add", [builder.one("multiply", operands[:2]), operands[2]])
    return [_as(builder, total, node.outputs[0].dtype)]


def _number(number: Any, out: Value, builder: Builder) -> list[Value]:
    """An array full of one number: a 0-d constant, seen with the shape of `out`."""
    typed: Any = (
        complex(number)
        if is_complex(out.dtype)
        else float(number)
        if is_float(out.dtype)
        else bool(number)
        if out.dtype == "bool"
        else int(number)
    )
    scalar = constant(typed, out.dtype)
    return [scalar] if out.shape == () else [builder.one("broadcast_to", [scalar], out.shape)]


def _filled(number: Any) -> Rewrite:
    return lambda builder, node, operands: _number(number, node.outputs[0], builder)


def _full(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    number = scalar_of(operands[-1])
    return None if number is None else _number(number, node.outputs[0], builder)


def _axis_size(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    x, axis = operands[0], named_attrs(node)["axis"]
    assert x is not None
    ndim = max(len(x.shape), 1)
    if node.op == "_size_but":
        axes = set(range(len(x.shape))) - {axis % ndim}
    else:
        axes = (
            set(range(len(x.shape)))
            if axis is None
            else {a % ndim for a in ((axis,) if isinstance(axis, int) else axis)}
        )
    return _number(numel(x.shape[a] for a in axes), node.outputs[0], builder)


def _unreduce(builder: Builder, node: Node, operands: Operands) -> list[Value]:
    g, x = operands[0], operands[1]
    assert g is not None and x is not None
    axis = named_attrs(node)["axis"]
    ndim = max(len(x.shape), 1)
    axes = (
        set(range(len(x.shape))) if axis is None else {a % ndim for a in ((axis,) if isinstance(axis, int) else axis)}
    )
    kept = tuple(1 if i in axes else size for i, size in enumerate(x.shape))
    if g.shape != kept:
        g = builder.one("reshape", [g], kept)
    return [g if kept == x.shape else builder.one("broadcast_to", [g], x.shape)]


def _broadcast(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    x, shape = operands[0], node.outputs[0].shape
    assert x is not None
    if x.shape == shape:
        return [x]
    return None if node.op == "broadcast_to" else [builder.one("broadcast_to", [x], shape)]


def _reshape(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    """Every operator that only gives a new shape becomes `reshape`, from the first array of a chain of them."""
    x, shape = operands[0], node.outputs[0].shape
    assert x is not None
    first = x
    while first.node is not None and first.node.op == "reshape" and first.node.inputs[0] is not None:
        first = first.node.inputs[0]
    if first.shape == shape:
        return [first]
    if 0 in shape:
        return None
    return [builder.one("reshape", [first], shape)]


def _transpose(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    """swap_last becomes transpose, two transposes one, and one that moves nothing none."""
    x = operands[0]
    assert x is not None
    axes = _axes(node.op, node.attrs, len(x.shape))
    source: Value | None = x
    if x.node is not None and x.node.op == "transpose":
        inner = _axes("transpose", x.node.attrs, len(x.shape))
        axes, source = tuple(inner[a] for a in axes), x.node.inputs[0]
    if axes == tuple(range(len(axes))):
        return [source]  # type: ignore[list-item]
    return [builder.one("transpose", [source], axes)]


def _axes(op: str, attrs: tuple, ndim: int) -> tuple[int, ...]:
    if op == "swap_last":
        return (*range(ndim - 2), ndim - 1, ndim - 2)
    given = attrs[0]
    return tuple(range(ndim))[::-1] if given is None else tuple(a % ndim for a in given)


def _identity(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    """copy, positive, stop_gradient, a cast to the same dtype: values are written once, so the operand will do."""
    return [operands[0]] if can_stand_for(operands[0], node) else None  # type: ignore[list-item]


def _sum_to(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    x = operands[0]
    assert x is not None
    if x.shape == node.outputs[0].shape:
        return [x]
    return [builder.one("reshape", [x], node.outputs[0].shape)] if x.size == node.outputs[0].size == 1 else None


def _reduce(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    """A sum, mean or extreme over axes of length 1 only drops them, one over the first axis of an array whose leading
    axes were made one goes over these axes.
    """
    x, out = operands[0], node.outputs[0]
    assert x is not None
    if x.size == out.size and x.size and x.dtype == out.dtype:
        return [x] if x.shape == out.shape else [builder.one("reshape", [x], out.shape)]
    named = named_attrs(node)
    inner = x.node.inputs[0] if x.node is not None and x.node.op == "reshape" else None
    if inner is None or named["axis"] not in (0, (0,)) or named["keepdims"] or len(x.shape) < 2:
        return None
    lead = len(inner.shape) - len(x.shape) + 1
    if lead < 2 or not x.size or inner.shape[lead:] != x.shape[1:]:
        return None
    return builder.call(node.op, [inner], **(named | {"axis": tuple(range(lead))}))


def _neutral(side: str, number: float) -> Rewrite:
    """x * 1, x / 1, x - 0: exact for every x, NaN and -0.0 too."""

    def rewrite(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
        for i, other in ((1, 0), (0, 1)) if side == "both" else ((1, 0),):
            if scalar_of(operands[i]) == number and can_stand_for(operands[other], node):
                return [operands[other]]  # type: ignore[list-item]
        return None

    return rewrite


def _power(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    exponent = scalar_of(operands[1])
    if exponent == 1 and can_stand_for(operands[0], node):
        return [operands[0]]  # type: ignore[list-item]
    if exponent == 2 and can_stand_for(operands[0], node):
        return builder.call("square", [operands[0]])
    return None


def _negative(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
    x = operands[0]
    if x is not None and x.node is not None and x.node.op == "negative":
        inner = x.node.inputs[0]
        if can_stand_for(inner, node) and same_layout(inner.shape, inner.strides, x.strides):  # type: ignore[union-attr]
            return [inner]  # type: ignore[list-item]
    return None


RULES: dict[str, Rewrite] = {
    **dict.fromkeys(("zeros", "zeros_like"), _filled(0)),
    **dict.fromkeys(("ones", "ones_like"), _filled(1)),
    "full": _full,
    "full_like": _full,
    **dict.fromkeys(("_axis_size", "_size_but"), _axis_size),
    "_unreduce": _unreduce,
    **dict.fromkeys(("broadcast_to", "broadcast_like"), _broadcast),
    **dict.fromkeys(("reshape", "_reshape_like", "flatten2d", "expand_dims", "squeeze", "_along"), _reshape),
    **dict.fromkeys(("transpose", "swap_last"), _transpose),
    **dict.fromkeys(("copy", "positive", "stop_gradient", "cast"), _identity),
    **dict.fromkeys(("var", "norm2"), _definition),
    "_widened": _widened,
    "_scaled": _scaled,
    "sum_to": _sum_to,
    **dict.fromkeys(("sum", "mean", "max", "min"), _reduce),
    "multiply": _neutral("both", 1),
    "divide": _neutral("right", 1),
    "subtract": _neutral("right", 0),
    "power": _power,
    "negative": _negative,
}
