"""Rewriting node by node: the common ground of passes that replace calls by other calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from .._fault import own_fault
from . import _ops
from ._build import Builder
from ._ir import FUSED, Graph, Node, State, Value, contiguous_strides
from ._shared import DTYPES, shared

# Gets the builder, the old node, and its operands in the new graph; returns the new outputs, or None to keep the call.
Rule = Callable[[Builder, Node, list[Value | None]], list[Value] | None]


def can_stand_for(value: Value | None, node: Node) -> bool:
    """Whether `value` can take the place of the node's result."""
    out = node.outputs[0]
    return value is not None and not value.weak and (value.shape, value.dtype) == (out.shape, out.dtype)


def rebuild(graph: Graph, rule: Rule) -> Graph:
    """A new graph in which every call was offered to `rule`; layouts of what follows are inferred anew.

    Shapes and dtypes must stay as they were; ValueError names the node when a rule breaks that.
    """
    new: dict[Value, Value] = {}
    fresh = Graph(name=graph.name, rng_blocks=graph.rng_blocks, steady=graph.steady, kept=graph.kept)

    def moved(value: Value) -> Value:
        if value not in new:
            new[value] = Value(
                value.dtype, value.shape, value.strides, value.weak, const=value.const, kind=value.kind, name=value.name
            )
        return new[value]

    fresh.inputs = [moved(v) for v in graph.inputs]
    fresh.states = [State(moved(s.value), s.array, made=s.made, last=s.last, taped=s.taped) for s in graph.states]
    for node in graph.nodes:
        operands = [None if v is None else moved(v) for v in node.inputs]
        builder = Builder(fresh.nodes, node.scope, node.src, node.recorded)
        outs = rule(builder, node, operands)
        if outs is None or any(old.weak != out.weak for old, out in zip(node.outputs, outs, strict=True)):
            outs = repeat(builder, node, operands)  # a number that turned into an array would promote differently
        for old, out in zip(node.outputs, outs, strict=True):
            if (old.shape, old.dtype) != (out.shape, out.dtype):
                raise own_fault(
                    f"graph: rewriting {node.op} ({node.place()}) turned {old.type_text()} into {out.type_text()}"
                )
            new[old] = out
    fresh.outputs = [moved(v) for v in graph.outputs]
    for state, before in zip(fresh.states, graph.states, strict=True):
        if before.new is not None and moved(before.new) is not state.value:
            state.new = moved(before.new)
    return fresh


def repeat(builder: Builder, node: Node, operands: list[Value | None]) -> list[Value]:
    """The same call on new operands."""
    twin = Node(
        node.op, operands, node.attrs, [], node.scope, node.src, node.rng, node.tile, node.register, node.paused,
        node.scopes, node.recorded, node.rows,
    )  # fmt: skip
    builder.nodes.append(twin)
    if node.op == FUSED:
        for i, out in enumerate(node.outputs):
            strides = contiguous_strides(out.shape) if node.rows else _ops.default_strides(out.shape, operands)
            twin.outputs.append(Value(out.dtype, out.shape, strides, node=twin, index=i))
        return twin.outputs
    for i, (dtype, shape, strides, view_of, offset) in enumerate(_ops.infer(node.op, operands, node.attrs)):
        old = node.outputs[i]
        out = Value(DTYPES[dtype], shared(shape), shared(strides), old.weak, node=twin, index=i, name=old.name)
        if view_of >= 0:
            out.base, out.offset = operands[view_of], offset
        twin.outputs.append(out)
    return twin.outputs


def named_attrs(node: Node) -> dict[str, Any]:
    """The attributes of a call by name."""
    specs = _ops.record_of(node.op).attrs
    return {spec.name: value for spec, value in zip(specs, node.attrs, strict=True)}


def scalar_of(value: Value | None) -> object:
    """The number that every element of `value` has, if it is a constant (or a constant, repeated), else None."""
    if value is None:
        return None
    root = value.root
    if root.kind == "const" and root.size == 1:
        const = root.const
        return const.item() if hasattr(const, "item") else const
    return None


def scopes_of(nodes: Iterable[Node]) -> tuple[str, ...]:
    """The layers of the nodes, and of what was joined into them before."""
    return tuple(dict.fromkeys(scope for node in nodes for scope in node.scopes or (node.scope,) if scope))
