"""Reverse-mode gradients on the graph, from the same gradient programs as the tape uses.

Method: walk the nodes backwards, give each the summed gradients of its outputs, instantiate its gradient program as
nodes, and add what comes out to the gradients of its operands (Griewank and Walther, "Evaluating derivatives", ch. 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..._fault import own_fault
from .. import _ops
from .._build import Builder, split_inputs
from .._control import Branch, Program
from .._control_grad import Back, differentiate, needing, result_numbers, unread
from .._ir import FUSED, Graph, Node, Value, constant, contiguous_strides
from .._split import split
from .._types import has_complex, is_complex, is_inexact
from ..verify import verify
from .canonicalize import canonicalize
from .cse import cse
from .dead_code import dead_code
from .fold import fold

Flow = dict[Value | None, int]  # values, and which of those that gradients are asked for they follow from, as bits


@dataclass
class Joint:
    """Forward and backward in one graph.

    graph      inputs: those of the forward graph, then one head gradient per floating-point output, then one per state
               in `written`; outputs: those of the forward graph, then one gradient per entry of `wrt` (zeros where
               nothing flows)
    n_forward  how many of its nodes are the forward graph's;  heads: numbers of the outputs that have a head gradient
    written    numbers of the states whose new value has one
    reaches    for each head gradient the entries of `wrt` that something flows to from there, as bits
    """

    graph: Graph
    n_forward: int
    heads: list[int]
    written: list[int]
    reaches: list[int]


def autodiff(graph: Graph, wrt: list[Value], taped: bool = False) -> Joint:
    """The joint graph for gradients of the outputs with respect to `wrt` (inputs or states of `graph`).

    With `taped`, what the graph writes into states while gradients are recorded is differentiated like an output.

    Errors: ValueError when `wrt` names something else, or a value that is not floating-point.
    """
    sources = set(graph.sources())
    for value in wrt:
        if value not in sources or not is_inexact(value.dtype):
            raise ValueError(
                f"autodiff: {value.type_text()} is no floating-point or complex input or state of {graph.name}"
            )
    joint, copies = _expand(graph)
    heads = [i for i, out in enumerate(joint.outputs) if is_inexact(out.dtype)]
    walk = _Walk(joint, [copies[v] for v in wrt])
    written = [i for i, state in enumerate(joint.states) if taped and state.taped and state.new in walk.active]
    results = {f"gradient of output {i}": joint.outputs[i] for i in heads}
    results |= {f"gradient of state {i}": v for i in written if (v := joint.states[i].new) is not None}
    for name, result in results.items():
        head = Value(result.dtype, result.shape, _dense(result), kind="input", name=name)
        joint.inputs.append(head)
        walk.add(result, head)
    n_forward = len(joint.nodes)
    reaches = [walk.active.get(result, 0) for result in results.values()]
    joint.outputs = joint.outputs + walk.run()
    joint.name, joint.steady = f"{graph.name}.joint", False  # who takes gradients is about to change what was captured
    return Joint(joint, n_forward, heads, written, reaches)


def _expand(graph: Graph) -> tuple[Graph, dict[Value, Value]]:
    """A clone in which calls that have a definition but no gradient of their own are taken apart."""
    graph, copies = graph.clone()
    nodes: list[Node] = []
    changes: dict[Value, Value] = {}
    for node in graph.nodes:
        record = _ops.record_of(node.op) if node.op != FUSED else None
        if record is None or record.grad_program is not None or record.define_program is None or node.paused:
            nodes.append(node)
            continue
        builder = Builder(nodes, node.scope, node.src)
        operands = [changes.get(v, v) if v is not None else None for v in node.inputs]
        env = {"in": split_inputs(record, operands)}
        results = builder.program(record.define_program, record, node.attrs, env, None)
        changes.update(zip(node.outputs, results, strict=True))  # type: ignore[arg-type]
    graph.nodes = nodes
    graph.replace(changes)
    return graph, copies


def _dense(value: Value) -> tuple[int, ...]:
    return _ops.default_strides(value.shape, [value])


class _Walk:
    def __init__(self, graph: Graph, wrt: list[Value]) -> None:
        self.graph = graph
        self.wrt = wrt
        self.forward = list(graph.nodes)
        self.grads: dict[Value, Value] = {}
        self.active: Flow = {}
        for i, value in enumerate(wrt):
            self.active[value] = self.active.get(value, 0) | 1 << i
        flow(self.forward, self.active)

    def run(self) -> list[Value]:
        for node in reversed(self.forward):
            grads = [self.grads.get(out) for out in node.outputs]
            if any(g is not None for g in grads) and any(out in self.active for out in node.outputs):
                self.step(node, grads)
        builder = Builder(self.graph.nodes)
        return [self.grads.get(v) or zeros(builder, v) for v in self.wrt]

    def step(self, node: Node, grads: list[Value | None]) -> None:
        if node.op == FUSED:
            raise own_fault("autodiff: a fused group has no gradient rule, fusion comes later")
        if _ops.is_control(node):
            self.control(node, grads)
            return
        record = _ops.record_of(node.op)
        program = record.grad_program
        if has_complex([*node.inputs, *node.outputs]):
            program = record.complex_grad_program or program
        assert program is not None, node.op
        builder = Builder(self.graph.nodes, node.scope, node.src)
        used = {key for _, refs, _, _ in program["steps"] for kind, key in filter(None, refs) if kind == "gy"}
        gys = [
            zeros(builder, out) if g is None and (i in used or record.n_out == -1) else g
            for i, (g, out) in enumerate(zip(grads, node.outputs, strict=True))
        ]
        slots = split_inputs(record, node.inputs)
        wanted = [i for i, slot in enumerate(slots) if self.wants(slot)]
        env = {"in": slots, "out": list(node.outputs), "gy": gys}
        found = builder.program(program, record, node.attrs, env, wanted)
        for i, result in zip(wanted, found, strict=True):
            operands = slots[i] if isinstance(slots[i], list) else [slots[i]]
            results = result if isinstance(result, list) else [result]
            if result is None:
                continue
            for operand, gradient in zip(operands, results, strict=True):
                if operand in self.active and gradient is not None:
                    self.add(operand, fit(builder, gradient, operand), builder)

    def control(self, node: Node, grads: list[Value | None]) -> None:
        """A branch or a loop: the node itself also gives what its backward form, a node like it, needs."""
        wanted = needing(node.attrs[0], [v in self.active for v in node.inputs])
        if not any(wanted):
            return
        gradient = differentiate(node.attrs[0], wanted, halve)
        results = list(node.outputs)
        node.attrs = (gradient.forward,)
        node.outputs = [
            Value(dtype, shape, contiguous_strides(shape), node=node) for dtype, shape in gradient.forward.results()
        ]
        for number, value in zip(result_numbers(gradient.forward, len(results)), results, strict=True):
            node.outputs[number] = value
        for index, out in enumerate(node.outputs):
            out.index = index
        builder = Builder(self.graph.nodes, node.scope, node.src)

        def operand(kind: str, key: Any) -> Value | None:
            if kind == "in":
                return node.inputs[key]
            if kind == "out":
                return node.outputs[key]
            return zeros(builder, unread(key)) if kind == "zeros" else grads[key] or zeros(builder, results[key])

        taken = [operand(kind, key) for kind, key in gradient.takes]
        found = builder.call(gradient.backward.op, taken, gradient.backward)
        for at, value in zip(gradient.of, found, strict=True):
            self.add(node.inputs[at], value, builder)  # type: ignore[arg-type]

    def wants(self, slot: Value | list[Value] | None) -> bool:
        return any(v in self.active for v in (slot if isinstance(slot, list) else [slot]))

    def add(self, value: Value, gradient: Value, builder: Builder | None = None) -> None:
        if value not in self.active:
            return
        known = self.grads.get(value)
        if known is not None:
            builder = builder or Builder(self.graph.nodes)
            gradient = builder.one("add", [known, gradient])
        self.grads[value] = gradient


def flow(nodes: Iterable[Node], active: Flow) -> None:
    """Adds to the values in `active` those that follow from them, with the sources that gradients flow to."""
    for node in nodes:
        if not _differentiable(node) or not any(v in active for v in node.inputs):
            continue
        found = _through_control(node, active) if _ops.is_control(node) else _through(node, active)
        active.update(
            (out, bits)
            for out, bits in zip(node.outputs, found, strict=True)
            if bits is not None and is_inexact(out.dtype)
        )


def _through(node: Node, active: Flow) -> list[int | None]:
    rules = (_ops.record_of(node.op).grad_program or {}).get("results", [])
    bits = 0
    for i, value in enumerate(node.inputs):
        if not rules or rules[min(i, len(rules) - 1)] is not None:
            bits |= active.get(value, 0)
    return [bits] * len(node.outputs)


def _through_control(node: Node, active: Flow) -> list[int | None]:
    """For each result of a branch or a loop what it follows from; None where that is nothing."""
    program: Program = node.attrs[0]
    if isinstance(program, Branch):
        ends = [_through_body(body, node.inputs[1:], active) for body in (program.then, program.other)]
        return [_both(*pair) for pair in zip(*ends, strict=True)]
    carried = program.carried
    operands = node.inputs[int(program.counted) :]
    before = dict(active)
    while True:
        found = _through_body(program.body, operands, before)
        known = [before.get(v) for v in operands[:carried]]
        new = [_both(a, b) for a, b in zip(known, found, strict=False)]
        if new == known:
            return [*new, *found[carried:], *([] if program.condition is None else [None])]
        before.update((v, bits) for v, bits in zip(operands, new, strict=False) if bits is not None)


def _through_body(body: Graph, operands: Sequence[Value | None], active: Flow) -> list[int | None]:
    inside: Flow = {mine: active[v] for mine, v in zip(body.inputs, operands, strict=True) if v in active}
    flow(body.nodes, inside)
    return [inside.get(v) for v in body.outputs]


def _both(a: int | None, b: int | None) -> int | None:
    return b if a is None else a if b is None else a | b


def halve(graph: Graph, wrt: list[int]) -> Back:
    """The gradient of a body of a branch or a loop with respect to the inputs of these numbers."""
    found = autodiff(graph, [graph.inputs[i] for i in wrt])
    joint = verify(found.graph, "autodiff")
    for rewrite in (canonicalize, fold, cse):
        joint = verify(rewrite(joint), rewrite.__name__)
    halves = split(joint, len(graph.outputs), len(found.heads))
    halves = replace(halves, forward=dead_code(halves.forward))
    return Back(halves, found.heads, halves.forward.outputs[len(graph.outputs) :])


def _differentiable(node: Node) -> bool:
    if node.op == FUSED or node.paused:
        return node.op == FUSED
    if _ops.is_control(node):
        return True
    record = _ops.record_of(node.op)
    return record.grad_program is not None or record.define_program is not None  # which is taken apart


def fit(builder: Builder, gradient: Value, like: Value) -> Value:
    """A broadcast gradient summed back to the shape of `like` and cast to its dtype (to a real one, its real part)."""
    if gradient.shape != like.shape:
        gradient = builder.one("sum_to", [gradient], like.shape)
    if is_complex(gradient.dtype) and not is_complex(like.dtype):
        gradient = builder.one("real", [gradient])
    if gradient.dtype != like.dtype:
        gradient = builder.one("cast", [gradient], like.dtype)
    return gradient


def zeros(builder: Builder, like: Value) -> Value:
    """Zeros of the shape and dtype of `like`."""
    return builder.one("broadcast_to", [constant(0.0, like.dtype)], like.shape)
