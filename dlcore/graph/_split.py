"""Cuts a joint graph in two: a forward graph that also returns what must be kept, a backward graph that takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import _ops
from ._ir import Graph, Node, Value
from ._pause import release


@dataclass
class Halves:
    """The two graphs.

    forward    outputs: those of the function, then the saved values
    backward   inputs: the saved values, then operands of the function, then head gradients; outputs: the gradients
    direct     which operands the backward graph takes (numbers among inputs, then states, of the joint graph)
    n_saved    how many values are saved for the backward graph
    before     where among the saved values, and others after them, operands are as they were before they were written
    """

    forward: Graph
    backward: Graph
    direct: list[int]
    n_saved: int
    before: dict[int, int]


def split(joint: Graph, n_outputs: int, n_heads: int, before: Sequence[int] = ()) -> Halves:
    """Cuts `joint`: its first `n_outputs` outputs and state writes are the function's, its last inputs the heads.

    The forward graph also hands out the operands numbered in `before`, which it overwrites.
    """
    forward = ancestors(joint, n_outputs)
    written = {s.value for s in joint.writes}
    heads = set(joint.inputs[len(joint.inputs) - n_heads :])
    backward = _ancestors(joint, joint.outputs[n_outputs:]) - forward
    operands = [v for v in joint.sources() if v not in heads]

    saved: dict[Value, None] = {}
    direct: dict[Value, None] = {}
    views: set[Node] = set()

    def take(value: Value | None) -> None:
        """Sees to it that the backward graph gets `value`."""
        if value is None or value.kind == "const" or value in heads or value.node in backward or value in saved:
            return
        if value.node is None:
            (saved if value in written else direct)[value] = None
        elif _ops.is_view(value.node):  # the memory is kept, and looked at anew
            if value.node not in views:
                views.add(value.node)
                for operand in value.node.inputs:
                    take(operand)
        else:
            saved[value] = None

    for node in joint.nodes:
        if node in backward:
            for operand in node.inputs:
                take(operand)
    for value in joint.outputs[n_outputs:]:
        take(value)
    kept = list(saved | dict.fromkeys(operands[i] for i in before))
    return Halves(
        _forward(joint, forward, n_outputs, kept, n_heads),
        _backward(joint, backward | views, n_outputs, list(saved), list(direct), n_heads),
        [operands.index(v) for v in direct],
        len(saved),
        {i: kept.index(operands[i]) for i in before},
    )


def ancestors(joint: Graph, n_outputs: int) -> set[Node]:
    """The nodes that the first outputs and the new values of states depend on: the forward part."""
    return _ancestors(joint, joint.outputs[:n_outputs] + [s.new for s in joint.writes if s.new is not None])


def overwritten(joint: Graph, n_outputs: int, n_inputs: int) -> list[int]:
    """Which operands of the function, of `n_inputs` inputs, it overwrites though its gradients follow from them."""
    read = set(joint.outputs[n_outputs:])
    for node in _ancestors(joint, joint.outputs[n_outputs:]):
        read.update(v for v in node.inputs if v is not None)
    return [n_inputs + i for i, s in enumerate(joint.states) if s.new is not None and s.value in read]


def _ancestors(graph: Graph, results: list[Value]) -> set[Node]:
    """The nodes that `results` depend on."""
    needed = set(results)
    found: set[Node] = set()
    for node in reversed(graph.nodes):
        if any(out in needed for out in node.outputs):
            found.add(node)
            needed.update(v for v in node.inputs if v is not None)
    return found


def _keep(copy: Graph, kept: list[bool]) -> None:
    """Drops the other nodes of a graph."""
    gone = [node for node, mine in zip(copy.nodes, kept, strict=True) if not mine]
    copy.nodes = [node for node, mine in zip(copy.nodes, kept, strict=True) if mine]
    release(gone)


def _forward(joint: Graph, nodes: set[Node], n_outputs: int, saved: list[Value], n_heads: int) -> Graph:
    copy, copies = joint.clone()
    copy.name = joint.name.replace(".joint", ".forward")
    _keep(copy, [node in nodes for node in joint.nodes])
    copy.inputs = copy.inputs[: len(copy.inputs) - n_heads]
    copy.outputs = copy.outputs[:n_outputs] + [copies[v] for v in saved]
    return copy


def _backward(
    joint: Graph, nodes: set[Node], n_outputs: int, saved: list[Value], direct: list[Value], n_heads: int
) -> Graph:
    copy, copies = joint.clone()
    copy.name = joint.name.replace(".joint", ".backward")
    _keep(copy, [node in nodes for node in joint.nodes])
    heads = copy.inputs[len(copy.inputs) - n_heads :]
    copy.inputs = [copies[v] for v in saved + direct] + heads
    for value in copy.inputs:
        value.kind, value.node, value.index, value.base, value.offset = "input", None, 0, None, 0
    copy.states = []
    if not any(_ops.is_random(node) for node in copy.nodes):
        copy.rng_blocks = 0  # the numbers come with the saved values
    copy.outputs = copy.outputs[n_outputs:]
    return copy
