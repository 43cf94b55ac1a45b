"""What follows from captured arrays alone moves into a graph of its own, which runs again only when one has changed.

Inference computes its folded weights, casts and scales once: they become captured arrays of the program themselves,
`State.made` telling which output of `Graph.kept` each of them holds. Calls whose results are larger than what they read
stay where they are.
"""

from __future__ import annotations

from dlcore import _core

from .. import _ops
from .._ir import Graph, Node, State, Value, contiguous_strides, same_layout
from .._lasting import follows, lasting
from .dead_code import trimmed


def hoist(graph: Graph) -> Graph:
    """The graph without those calls, and with the graph of them as `kept`."""
    if graph.kept is not None or not _movable(graph):
        return graph
    graph, _ = graph.clone()
    moved = _movable(graph)
    inside = set(moved)
    outside = [node for node in graph.nodes if node not in inside]
    needed = _needed(outside, list(graph.results()), inside)
    kept, copies = graph.clone()
    twins = dict(zip(graph.nodes, kept.nodes, strict=True))
    kept.name, kept.steady, kept.inputs, kept.rng_blocks = f"{graph.name}.kept", False, [], 0
    kept.nodes = [twins[node] for node in moved]
    kept.outputs = [copies[value] for value in needed]
    graph.nodes = [node for node in graph.nodes if node not in inside or _ops.is_view(node)]
    changes: dict[Value, Value] = {}
    devices = [state.array._device for state in graph.states]  # single numbers may lie on the CPU
    device = next((name for name in devices if not name.startswith("cpu")), devices[0])
    for i, value in enumerate(needed):
        array = _core.empty(value.shape, value.dtype, device)
        changes[value] = Value(value.dtype, value.shape, value.strides, kind="state", name=value.name or "kept")
        graph.states.append(State(changes[value], array, made=i))
    graph.replace(changes)
    graph.kept = trimmed(kept)
    return trimmed(graph)


def _movable(graph: Graph) -> list[Node]:
    """The calls to move, and views of what they make; none when there are only views."""
    found = lasting(graph) and {state.value for state in graph.states}
    moved: list[Node] = []
    for node in graph.nodes:
        if not follows(node, found) or _ops.is_control(node):
            continue
        if not _ops.is_view(node):
            most = max(v.root.size for v in node.inputs if v is not None and v.kind != "const")
            if not all(out.size <= most and _plain(out) for out in node.outputs):
                continue
        moved.append(node)
        found.update(node.outputs)
    return moved if any(not _ops.is_view(node) for node in moved) else []


def _plain(value: Value) -> bool:
    return not value.weak and same_layout(value.shape, value.strides, contiguous_strides(value.shape))


def _needed(outside: list[Node], results: list[Value], moved: set[Node]) -> list[Value]:
    """The values that the calls outside, or the program's results, take from the moved ones; for views, their roots."""
    used = [v for node in outside for v in node.inputs if v is not None] + results
    roots = (v.root for v in used)
    return list(dict.fromkeys(root for root in roots if root.node is not None and root.node in moved))
