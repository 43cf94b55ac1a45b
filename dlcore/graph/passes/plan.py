"""Memory: which value lives where, so that buffers whose times do not overlap share one arena.

First `settle` gives every result (output or new value of a state) a buffer of its own. Then `plan` places: arguments
and states where they are, results straight into outputs and states where that is safe, views inside their base, and
everything else in the arena (`_pack`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .. import _ops
from .._ir import ITEMSIZE, Graph, Node, State, Value, same_layout
from .._lifetimes import may_share
from .._pack import pack

ALIGN = 64


@dataclass(slots=True)
class Place:
    """kind is "input", "output", "const" or "arena"; `where` the number in that list; offset from there in bytes."""

    kind: str
    where: int
    offset: int = 0


@dataclass
class Plan:
    """Where every value lives; `copies` are (source, state) pairs to be done after the last node.

    buffers   of the arena: the roots that use each in turn, the first and the last node
    """

    places: dict[Value, Place]
    copies: list[tuple[Value, State]]
    arena_bytes: int
    naive_bytes: int
    lives: dict[Value, tuple[int, int]] = field(default_factory=dict)
    buffers: list[tuple[list[Value], int, int]] = field(default_factory=list)


def settle(graph: Graph) -> Graph:
    """Inserts copies so that every result is a fresh buffer, made by a node and claimed once."""
    if len(set(results := list(graph.results()))) == len(results) and all(map(_fresh, results)):
        return graph
    graph, _ = graph.clone()
    claimed: set[Value] = set()
    pending: list[tuple[Value, Node]] = []

    def claim(value: Value) -> Value:
        if _fresh(value) and value not in claimed:
            claimed.add(value)
            return value
        node = Node("copy", [value], _ops.normal_attrs("copy", ()), scope=value.node.scope if value.node else "")
        dtype, shape, strides, *_ = _ops.infer("copy", node.inputs, node.attrs)[0]
        node.outputs = [Value(dtype, shape, strides, node=node)]
        pending.append((value, node))
        claimed.add(node.outputs[0])
        return node.outputs[0]

    for state in graph.writes:
        assert state.new is not None
        state.new = claim(state.new)
    graph.outputs = [claim(value) for value in graph.outputs]
    after: dict[Node | None, list[Node]] = {}
    for value, node in pending:
        after.setdefault(value.node, []).append(node)
    nodes = list(after.get(None, ()))
    for node in graph.nodes:
        nodes.append(node)
        nodes.extend(after.get(node, ()))
    graph.nodes = nodes
    return graph


def _fresh(value: Value) -> bool:
    """Whether a node makes this value in memory of its own."""
    return value.kind == "node" and value.base is None


def plan(graph: Graph) -> Plan:
    """Places every value of a settled graph."""
    return _Planner(graph).run()


class _Planner:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.end = len(graph.nodes)
        self.defined: dict[Value, int] = {}
        self.readers: dict[Value, list[int]] = {}  # root -> indices of nodes that read it or a view of it
        for index, node in enumerate(graph.nodes):
            for value in node.inputs:
                if value is not None and not _ops.is_view(node):
                    self.readers.setdefault(value.root, []).append(index)
            for out in node.outputs:
                self.defined[out] = index
        self.by_root: dict[int, dict[Value, list[Value]]] = {}  # of each node that was asked about
        self.places: dict[Value, Place] = {}
        self.copies: list[tuple[Value, State]] = []

    def run(self) -> Plan:
        graph = self.graph
        for i, value in enumerate(graph.sources()):
            self.places[value] = Place("input", i)
        for i, value in enumerate(graph.consts()):
            self.places[value] = Place("const", i)
        for i, value in enumerate(graph.outputs):
            self.places[value] = Place("output", i)
        self.bind_states()
        buffers = self.share()
        arena_bytes, naive_bytes = self.pack(buffers)
        for node in graph.nodes:
            for out in node.outputs:
                if out.base is not None:
                    root = self.places[out.root]
                    step = out.root_offset * ITEMSIZE[out.dtype]
                    self.places[out] = Place(root.kind, root.where, root.offset + step)
        lives = {root: (start, end) for members, start, end in buffers for root in members}
        return Plan(self.places, self.copies, arena_bytes, naive_bytes, lives, buffers)

    def bind_states(self) -> None:
        """New values go straight into their state where nobody needs the old one any more, else by a last copy.

        So do those of states that a run which fails must leave alone.
        """
        for i, state in enumerate(self.graph.states):
            if state.new is None:
                continue
            if not state.last and self.can_bind(state, state.new):
                self.places[state.new] = Place("input", len(self.graph.inputs) + i)
            else:
                self.copies.append((state.new, state))

    def can_bind(self, state: State, new: Value) -> bool:
        if not same_layout(new.shape, new.strides, state.value.strides):
            return False
        at = self.defined[new]
        for index in self.readers.get(state.value, ()):
            if index > at:
                return False
            if index != at:
                continue
            if new.node is None or not all(may_share(new.node, v, new) for v in self.operands(at, state.value)):
                return False
        return True

    def operands(self, index: int, root: Value) -> list[Value]:
        """The operands of a node that lie in `root`."""
        if index not in self.by_root:
            found = self.by_root[index] = {}
            for value in self.graph.nodes[index].inputs:
                if value is not None:
                    found.setdefault(value.root, []).append(value)
        return self.by_root[index].get(root, [])

    def share(self) -> list[tuple[list[Value], int, int]]:
        """Buffers of the arena as (roots that use it in turn, first node, last node); in-place reuse chains roots."""
        copied = {value for value, _ in self.copies}
        buffers: list[tuple[list[Value], int, int]] = []
        current: dict[Value, int] = {}
        for index, node in enumerate(self.graph.nodes):
            for out in node.outputs:
                if out.base is not None or out in self.places:
                    continue
                last = self.end if out in copied else max(self.readers.get(out, [index]))
                donor = self.donor(node, index, out, buffers, current)
                if donor is None:
                    current[out] = len(buffers)
                    buffers.append(([out], index, last))
                else:
                    slot = current[donor]
                    members, start, _ = buffers[slot]
                    buffers[slot] = ([*members, out], start, last)
                    current[out] = slot
        return buffers

    def donor(self, node: Node, index: int, out: Value, buffers: list, current: dict[Value, int]) -> Value | None:
        """An operand whose buffer `out` may take over because this node is its last reader."""
        for value in node.inputs:
            if value is None or value.root not in current:
                continue
            root = value.root
            members, _, last = buffers[current[root]]
            if members[-1] is not root or last != index or root.nbytes != out.nbytes:
                continue
            if all(may_share(node, v, out) for v in self.operands(index, root)):
                return root
        return None

    def pack(self, buffers: list[tuple[list[Value], int, int]]) -> tuple[int, int]:
        """Offsets in the arena for every buffer; bytes of the arena, and bytes without any sharing."""
        spans = [(padded(max(root.nbytes for root in members)), start, end) for members, start, end in buffers]
        offsets, total = pack(spans)
        for (members, _, _), offset in zip(buffers, offsets, strict=True):
            for root in members:
                self.places[root] = Place("arena", 0, offset)
        return total, sum(padded(root.nbytes) for members, _, _ in buffers for root in members)


def padded(size: int) -> int:
    """The bytes that a buffer of `size` takes."""
    return -(-size // ALIGN) * ALIGN
