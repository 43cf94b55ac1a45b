"""Adding operator calls to a graph as `invoke` would make them: composites taken apart, numbers fitted, types set."""

from __future__ import annotations

from typing import Any

from .._fault import own_fault
from . import _ops
from ._ir import Node, Value, constant
from ._shared import DTYPES, shared
from ._types import compute_dtype, has_complex, is_complex, is_float, is_inexact

Resolved = Value | list[Value] | None


class Builder:
    """Appends nodes to a list; every new node gets the given scope and line."""

    def __init__(self, nodes: list[Node], scope: str = "", src: str = "", recorded: bool = False) -> None:
        self.nodes = nodes
        self.scope = scope
        self.src = src
        self.recorded = recorded

    def call(self, op: str, inputs: list[Value | None], *attrs: Any, **named: Any) -> list[Value]:
        """The outputs of `op` on `inputs`; composites become the calls that define them."""
        record = _ops.record_of(op)
        if record.complex_twin and has_complex(inputs):
            return self.call(record.complex_twin, inputs, *attrs, **named)
        full = _ops.normal_attrs(op, named or attrs)
        if not record.kernel and record.define_program is not None:
            slots = split_inputs(record, inputs)
            return self.program(record.define_program, record, full, {"in": slots}, None)  # type: ignore[return-value]
        node = Node(op, list(inputs), full, scope=self.scope, src=self.src, recorded=self.recorded)
        inside = _ops.is_control(node)
        if not inside:
            self._fit_numbers(record, node)
        for index, (dtype, shape, strides, view_of, offset) in enumerate(_ops.infer(op, node.inputs, full)):
            weak = not inside and shape == () and bool(node.inputs) and all(v is None or v.weak for v in node.inputs)
            value = Value(DTYPES[dtype], shared(shape), shared(strides), weak, node=node, index=index)
            if view_of >= 0:
                value.base, value.offset = node.inputs[view_of], offset
            node.outputs.append(value)
        self.nodes.append(node)
        return node.outputs

    def one(self, op: str, inputs: list[Value | None], *attrs: Any, **named: Any) -> Value:
        """The single output of `call`."""
        (value,) = self.call(op, inputs, *attrs, **named)
        return value

    def _fit_numbers(self, record: Any, node: Node) -> None:
        """Python numbers take the dtype the operator computes in, arrays are cast where its kernel wants one dtype."""
        common = compute_dtype(record.dtype, node)
        for i, value in enumerate(node.inputs):
            if value is not None and value.weak and value.kind == "const" and value.dtype != common:
                number = float(value.const) if is_float(common) else value.const
                if is_inexact(common) or not is_inexact(value.dtype):
                    node.inputs[i] = constant(number, common, weak=True)

    def program(
        self, program: dict, record: Any, attrs: tuple, env: dict[str, list[Any]], wanted: list[int] | None
    ) -> list[Resolved]:
        """Runs a Program of a record (gradient or definition) and gives the results numbered in `wanted` (all: None).

        `env` holds the lists "in", "out" and "gy", indexed like the record's slots; a variadic slot holds a list.
        """
        named = {spec.name: value for spec, value in zip(record.attrs, attrs, strict=True)}
        results = program["results"] if wanted is None else [program["results"][i] for i in wanted]
        needed = _needed_steps(program["steps"], results)
        slots: dict[int, Resolved] = {}
        for index, (op, refs, attr_exprs, first) in enumerate(program["steps"]):
            if index not in needed:
                continue
            operands: list[Value | None] = []
            for ref in refs:
                found = self._resolve(ref, named, env, slots)
                operands.extend(found) if isinstance(found, list) else operands.append(found)
            if op == "conj" and operands[0] is not None and not is_complex(operands[0].dtype):
                slots[first] = operands[0]  # rules hold for real and complex numbers alike
                continue
            outs = self.call(op, operands, *[_attr(expr, named) for expr in attr_exprs])
            if _ops.record_of(op).n_out == -1:
                slots[first] = list(outs)
            else:
                slots.update({first + i: out for i, out in enumerate(outs)})
        return [self._resolve(ref, named, env, slots) for ref in results]

    def _resolve(self, ref: Any, named: dict, env: dict[str, list[Any]], slots: dict[int, Resolved]) -> Resolved:
        if ref is None:
            return None
        kind, key = ref
        if kind in ("tmp", "tmp*"):
            return slots[key]
        if kind == "const":
            return constant(key, _number_dtype(key), weak=True)
        if kind == "attr":
            return constant(named[key], _number_dtype(named[key]), weak=True)
        found = env[kind.rstrip("*")]
        return list(found) if kind == "gy*" else found[key]


def split_inputs(record: Any, inputs: list[Value | None]) -> list[Any]:
    """Operands by slot of the record; a variadic last slot gets the list of all that remain."""
    if record.inputs and record.inputs[-1].variadic:
        plain = len(record.inputs) - 1
        return [*inputs[:plain], list(inputs[plain:])]
    return list(inputs)


def _number_dtype(number: Any) -> str:
    return (
        "bool"
        if isinstance(number, bool)
        else "int64"
        if isinstance(number, int)
        else "complex128"
        if isinstance(number, complex)
        else "float64"
    )


def _attr(expr: tuple, named: dict[str, Any]) -> Any:
    kind, content, *rest = expr
    if kind == "lit":
        return content
    if kind == "attr":
        return named[content]
    value = named[rest[0][0]]
    if content == "not":
        return not value
    if content == "neg":
        return -value
    if content == "dual_norm":
        return {"backward": "forward", "forward": "backward"}.get(value, value)
    if content == "inverse_perm":
        if value is None:
            return None
        ndim = len(value)
        order = [axis % ndim for axis in value]
        return tuple(order.index(axis) for axis in range(ndim))
    raise own_fault(f"graph: a rule uses the attribute function {content!r}, which the graph does not know")


def _needed_steps(steps: list[tuple], results: list[Any]) -> set[int]:
    owner: dict[int, int] = {}
    for index, (op, _, _, first) in enumerate(steps):
        for slot in range(first, first + max(_ops.record_of(op).n_out, 1)):
            owner[slot] = index
    needed: set[int] = set()
    todo = [ref for ref in results if ref is not None]
    while todo:
        kind, key = todo.pop()
        if kind in ("tmp", "tmp*") and owner[key] not in needed:
            needed.add(owner[key])
            todo.extend(ref for ref in steps[owner[key]][1] if ref is not None)
    return needed
