"""Together: calls of one program that each renew captured arrays become one call over all of their arrays.

An optimizer changes every weight by the same rule. One call instead of one a weight costs one dispatch, and its work is
cut by bytes instead of by weights, so that many small weights are not many small waits for threads. The joined calls
wait for the last of them. Large ones stay where they are: each is work enough for all threads, and its gradient would
have left the caches. So do the larger ones where waiting operands would make the fullest moment of memory fuller.
"""

from __future__ import annotations

from collections.abc import Iterator

from .. import _ops
from .._ir import EACH, FUSED, Graph, Node, Value, same_layout
from .._lifetimes import live_bytes
from .._rebuild import scopes_of

MAX_ARRAYS = 32  # of one program (kernels/cpu/tile_each.cpp)
LARGE = 256 * 1024  # bytes of an array that is work enough by itself


def together(graph: Graph) -> Graph:
    """The graph with such calls joined."""
    graph, _ = graph.clone()
    kinds: dict[tuple, list[Node]] = {}
    for node in _renewals(graph):
        kinds.setdefault(_kind(node), []).append(node)
    results = set(graph.results())
    for nodes in kinds.values():
        chosen = _within_memory(graph, nodes, results)
        if len(chosen) > 1:
            _join(graph, chosen)
    return graph


def _renewals(graph: Graph) -> Iterator[Node]:
    """The fused calls whose results are new values of small captured arrays of one layout, and nothing else."""
    used = graph.users()
    new: dict[Value, int] = {}
    for value in graph.results():
        new[value] = new.get(value, 0) + 1
    written = {state.new for state in graph.writes}
    for node in graph.nodes:
        fits = node.op == FUSED and _ops.is_elementwise(node) and len(node.inputs) + len(node.outputs) <= MAX_ARRAYS
        if (
            fits
            and all(o in written and new[o] == 1 and o not in used for o in node.outputs)
            and _small_and_alike(node)
        ):
            yield node


def _small_and_alike(node: Node) -> bool:
    first = node.outputs[0]
    return (
        first.nbytes <= LARGE
        and _ops.is_dense(first.shape, first.strides)
        and all(
            v is not None
            and (v.size == 1 or (v.shape == first.shape and same_layout(v.shape, v.strides, first.strides)))
            for v in [*node.inputs, *node.outputs]
        )
    )


def _kind(node: Node) -> tuple:
    """Equal for calls that compute the same of arrays of the same dtypes, beside the same single numbers."""
    shape = node.outputs[0].shape
    arrays = tuple((v.dtype, v.shape == shape) for v in node.inputs if v is not None)
    code = tuple((m, repr(o)) for m, o in node.tile.code)
    return node.register, node.tile.n_in, code, tuple(node.tile.outs), arrays, tuple(v.dtype for v in node.outputs)


def _within_memory(graph: Graph, nodes: list[Node], results: set[Value]) -> list[Node]:
    """As many of the calls as can wait for the last of them in the memory that there is, the smallest first."""
    limit = max(live_bytes(graph.nodes, results))
    chosen = nodes
    while len(chosen) > 1 and max(live_bytes(_moved(graph, chosen), results)) > limit:
        smallest = set(sorted(chosen, key=lambda node: node.outputs[0].nbytes)[: len(chosen) // 2])
        chosen = [node for node in chosen if node in smallest]
    return chosen


def _moved(graph: Graph, nodes: list[Node]) -> list[Node]:
    """The calls of the graph with `nodes` side by side, where the last of them is."""
    inside = set(nodes)
    at = graph.nodes.index(nodes[-1])
    before = [node for node in graph.nodes[:at] if node not in inside]
    return [*before, *nodes, *graph.nodes[at + 1 :]]


def _join(graph: Graph, nodes: list[Node]) -> None:
    """Puts one call in the place of `nodes`."""
    first, scopes = nodes[0], scopes_of(nodes)
    more = f" and {len(scopes) - 1} more" if len(scopes) > 1 else ""
    joined = Node(
        EACH, [v for node in nodes for v in node.inputs], first.attrs, scope="".join(scopes[:1]) + more,
        src=first.src, tile=first.tile, register=first.register, scopes=scopes,
        recorded=all(node.recorded for node in nodes),
    )  # fmt: skip
    graph.nodes = _moved(graph, nodes)
    at = graph.nodes.index(first)
    graph.nodes[at : at + len(nodes)] = [joined]
    changes: dict[Value, Value] = {}
    for out in (out for node in nodes for out in node.outputs):
        twin = Value(out.dtype, out.shape, out.strides, node=joined, index=len(joined.outputs), name=out.name)
        joined.outputs.append(twin)
        changes[out] = twin
    graph.replace(changes)
