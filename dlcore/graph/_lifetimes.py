"""How long values live in a given order of the nodes, and how many bytes are alive at each of them.

The arena of a plan cannot be smaller than the fullest moment, and is seldom much larger. Outputs and new values of
states lie elsewhere and do not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from . import _ops
from ._ir import EACH, Graph, Node, Value, same_layout


def may_share(node: Node, operand: Value, out: Value) -> bool:
    """Whether `node` may write `out` over `operand`: element i is read before element i is written, and never again."""
    return (
        _ops.writes_in_place(node, out)
        and operand.shape == out.shape
        and same_layout(out.shape, operand.strides, out.strides)
        and operand.root_offset == 0
        and (node.op != EACH or _of_one_set(node, operand, out))
    )


def _of_one_set(node: Node, operand: Value, out: Value) -> bool:
    """Whether only the set of arrays that makes `out` reads `operand`: the order of the sets is nobody's promise."""
    mine = out.index // len(node.tile.outs)
    return all(i // node.tile.n_in == mine for i, value in enumerate(node.inputs) if value is operand)


def reads(node: Node) -> dict[Value, None]:
    """The memory that a node reads, each piece once; a view reads nothing."""
    if _ops.is_view(node):
        return {}
    return {value if value.base is None else value.root: None for value in node.inputs if value is not None}


def live_bytes(nodes: Sequence[Node], results: Iterable[Value]) -> list[int]:
    """The bytes of intermediate values alive while each node runs; `results` live elsewhere."""
    elsewhere = set(results)
    read = [reads(node) for node in nodes]
    last = {root: index for index, roots in enumerate(read) for root in roots}
    live, found = 0, []
    for index, (node, roots) in enumerate(zip(nodes, read, strict=True)):
        made = [out for out in node.outputs if out.base is None and out not in elsewhere]
        dying = {root for root in roots if last[root] == index and root.kind == "node" and root not in elsewhere}
        for out in made:
            live += out.nbytes
            donor = next((root for root in dying if root.nbytes == out.nbytes and _handed_on(node, root, out)), None)
            if donor is not None:
                dying.discard(donor)
                live -= donor.nbytes
        found.append(live)
        live -= sum(root.nbytes for root in dying) + sum(out.nbytes for out in made if out not in last)
    return found


def _handed_on(node: Node, root: Value, out: Value) -> bool:
    return all(may_share(node, value, out) for value in node.inputs if value is not None and value.root is root)


def peak_bytes(nodes: Sequence[Node], results: Iterable[Value]) -> int:
    """The bytes alive at the fullest moment."""
    return max(live_bytes(nodes, results), default=0)


def forward_bytes(traced: Graph) -> int:
    """The outputs of the forward part of a traced program, each once: of all its calls if it takes no gradients.

    Twice this is what training takes without planning: values and their gradients.
    """
    nodes = [node for node in traced.nodes if node.recorded] or traced.nodes
    return sum(out.nbytes for node in nodes for out in node.outputs if out.base is None)


def naive_bytes(traced: Graph) -> int:
    """What a traced program takes when nothing shares memory: its forward outputs, twice where gradients are taken."""
    return forward_bytes(traced) * (2 if any(node.recorded for node in traced.nodes) else 1)
