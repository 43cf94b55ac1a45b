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
from .._lifetimes import peak_bytes
from .._pause import release
from .._rebuild import scopes_of

MAX_ARRAYS = 32  # of one program (kernels/cpu/tile_each.cpp)
MOST = 32  # of the calls that are joined: more would save next to nothing, and planning their memory takes the square
LARGE = 256 * 1024  # bytes of an array that is work enough by itself


def together(graph: Graph) -> Graph:
    """The graph with such calls joined."""
    if next(_renewals(graph), None) is None:
        return graph
    graph, _ = graph.clone()
    kinds: dict[tuple, list[Node]] = {}
    for node in _renewals(graph):
        kinds.setdefault(_kind(node), []).append(node)
    alike = [nodes[i : i + MOST] for nodes in kinds.values() for i in range(0, len(nodes), MOST)]
    changes: dict[Value, Value] = {}
    joined = [(_joined(nodes, changes), nodes) for nodes in _within_memory(graph, alike)]
    place = {nodes[-1]: node for node, nodes in joined}
    gone = {node for _, nodes in joined for node in nodes[:-1]}
    graph.nodes = [place.get(node, node) for node in graph.nodes if node not in gone]
    graph.replace(changes)
    release(node for _, nodes in joined for node in nodes)
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


def _within_memory(graph: Graph, alike: list[list[Node]]) -> list[list[Node]]:
    """As many of the calls as can wait for the last of their kind in the memory that there is, the smallest first."""
    results = set(graph.results())
    limit = peak_bytes(graph.nodes, results)
    while alike := [nodes for nodes in alike if len(nodes) > 1]:
        if peak_bytes(_moved(graph, alike), results) <= limit:
            break
        smallest = (set(sorted(nodes, key=lambda n: n.outputs[0].nbytes)[: len(nodes) // 2]) for nodes in alike)
        alike = [[n for n in nodes if n in kept] for nodes, kept in zip(alike, smallest, strict=True)]
    return alike


def _moved(graph: Graph, alike: list[list[Node]]) -> list[Node]:
    """The calls of the graph with those of each list side by side, where the last of them is."""
    last = {nodes[-1]: nodes for nodes in alike}
    inside = {node for nodes in alike for node in nodes}
    return [n for node in graph.nodes for n in last.get(node, () if node in inside else (node,))]


def _joined(nodes: list[Node], changes: dict[Value, Value]) -> Node:
    """One call in the place of `nodes`; `changes` learns what its results are in the place of."""
    first, scopes = nodes[0], scopes_of(nodes)
    more = f" and {len(scopes) - 1} more" if len(scopes) > 1 else ""
    joined = Node(
        EACH, [v for node in nodes for v in node.inputs], first.attrs, scope="".join(scopes[:1]) + more,
        src=first.src, tile=first.tile, register=first.register, scopes=scopes,
        recorded=all(node.recorded for node in nodes),
    )  # fmt: skip
    for out in (out for node in nodes for out in node.outputs):
        twin = Value(out.dtype, out.shape, out.strides, node=joined, index=len(joined.outputs), name=out.name)
        joined.outputs.append(twin)
        changes[out] = twin
    return joined
