"""Groups in the making: calls are joined with what they read from, never so that a path leads out and back in.

`Grouping` is what the fusion passes share; what may join, and what comes of a group, is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .._ir import FUSED, Graph, Node
from .._rebuild import scalar_of, scopes_of

MAX_INPUTS = 16
MAX_OUTPUTS = 8
MAX_CODE = 96
FAR = 2048  # units: of one that lies further back it is not asked whether another needs it, but taken to be so


@dataclass(eq=False)
class Unit:
    """A group in the making, or a single call that is not fused."""

    number: int
    members: list[Node]
    register: str = ""  # "" for calls that join no group
    shape: tuple[int, ...] = ()
    rows: int = 0  # how many trailing axes it reduces over, or leaves when it reduces over the others
    columns: bool = False  # whether it reduces over leading axes
    parents: set[Unit] = field(default_factory=set)  # units it reads from directly
    children: set[Unit] = field(default_factory=set)  # units that read from it
    below: int = 0  # bit k: unit `start` + k is needed, directly or not
    start: int = 0


class Grouping:
    """Joins the calls of a graph in its order: each with those that it reads from, the newest first."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.units: list[Unit] = []
        self.of: dict[Node, Unit] = {}
        self.start = 0  # units before this one are too far back

    def describe(self, unit: Unit, node: Node) -> None:
        """Fills in `register` and what else belongs to a call that may join a group."""
        raise NotImplementedError

    def fits(self, first: Unit, second: Unit) -> bool:
        """Whether `second`, which reads from `first`, can join it."""
        raise NotImplementedError

    def beside(self, unit: Unit) -> None:
        """Joins a unit with others that it does not read from, once it has been joined with those it does."""

    def sources(self, node: Node) -> list[Node]:
        """The calls that a call reads from."""
        return [value.node for value in node.inputs if value is not None and value.node is not None]

    def run(self) -> list[Unit]:
        for node in self.graph.nodes:
            unit = self.single(node)
            if unit.register:
                for parent in sorted(unit.parents, key=lambda u: -u.number):
                    if parent in unit.parents and parent.register == unit.register and self.fits(parent, unit):
                        unit = self.join(parent, unit)
                self.beside(unit)
        return [u for u in self.units if u.members]

    def single(self, node: Node) -> Unit:
        number = len(self.units)
        if number - self.start == 2 * FAR:
            self.start += FAR
        unit = Unit(number, [node], start=self.start)
        self.units.append(unit)
        self.of[node] = unit
        unit.parents.update(self.of[source] for source in self.sources(node))
        for parent in unit.parents:
            parent.children.add(unit)
            unit.below |= self._below(parent) | self._bit(parent)
        self.describe(unit, node)
        return unit

    def _below(self, unit: Unit) -> int:
        """`unit.below`, from `start` on: so it stays short, and asking takes as long in a graph of any size."""
        if unit.start != self.start:
            unit.below >>= self.start - unit.start
            unit.start = self.start
        return unit.below

    def _bit(self, unit: Unit) -> int:
        return 1 << unit.number - self.start if unit.number >= self.start else 0

    def needs(self, unit: Unit, other: Unit) -> bool:
        """Whether `unit` needs `other`, directly or not; one that is too far back it is taken to need."""
        at = other.number - self.start
        return at < 0 or bool(self._below(unit) >> at & 1)

    def independent(self, one: Unit, other: Unit) -> bool:
        """Whether neither needs the other."""
        return not (self.needs(one, other) or self.needs(other, one))

    def apart(self, first: Unit, second: Unit) -> bool:
        """Whether a path leads out of `first` and back into `second`, which reads from it."""
        return any(p is not first and self.needs(p, first) for p in second.parents)

    def join(self, first: Unit, second: Unit) -> Unit:
        """`first`, with the members of `second`."""
        first.members += second.members
        for node in second.members:
            self.of[node] = first
        for parent in second.parents:
            parent.children = (parent.children - {second}) | {first}
        for child in second.children:
            child.parents = (child.parents - {second}) | {first}
        first.parents = (first.parents | second.parents) - {first, second}
        first.children = (first.children | second.children) - {first, second}
        first.below = self._below(first) | self._below(second) & ~self._bit(first)
        bits, gone = first.below | self._bit(first), ~self._bit(second)
        stack = list(first.children)
        while stack:  # only what comes after the two can change
            unit = stack.pop()
            below = (self._below(unit) | bits) & gone
            if below != unit.below:
                unit.below = below
                stack += unit.children
        second.members, second.register, second.parents, second.children = [], "", set(), set()
        return first


def in_order(units: list[Unit]) -> list[Unit]:
    """Units in an order that respects what they read, as close to the old one as possible."""
    done: set[Unit] = set()
    ordered: list[Unit] = []
    for start in sorted(units, key=lambda u: u.number):
        stack = [start]
        while stack:
            unit = stack[-1]
            waiting = sorted((p for p in unit.parents if p not in done), key=lambda p: -p.number)
            if unit in done or not waiting:
                stack.pop()
                if unit not in done:
                    done.add(unit)
                    ordered.append(unit)
            else:
                stack.extend(waiting)
    for unit in ordered:  # so that they go when they have been used, and their calls with them
        unit.parents.clear()
        unit.children.clear()
    return ordered


def edges(members: list[Node]) -> tuple[int, int]:
    """Upper bounds for the numbers of inputs and outputs of a group."""
    made = {out for node in members for out in node.outputs}
    read = {v for node in members for v in node.inputs if v is not None and v not in made and scalar_of(v) is None}
    inside = {v for node in members for v in node.inputs if v in made}
    return len(read), len(made - inside) + 1


def label(members: list[Node], most: int = 4) -> str:
    """The operators of a group, with "+" between them; of more than `most` the first ones."""
    names: list[str] = []
    more = 0
    for node in members:
        for name in str(node.attrs[0]).split("+") if node.op == FUSED else [node.op]:
            if name.endswith(" more"):
                more += int(name.split()[0])
            else:
                names.append(name)
    if len(names) + more > most:
        more, names = len(names) + more - most + 1, names[: most - 1]
        return "+".join([*names, f"{more} more"])
    return "+".join(names)


def scope_of(members: list[Node]) -> str:
    """The layer of a group, in short."""
    scopes = scopes_of(members)
    return scopes[0] + (f" and {len(scopes) - 1} more" if len(scopes) > 1 else "") if scopes else ""
