"""Branches and loops in a graph: nodes whose attribute is a program made of smaller graphs.

A `Branch` node ("_cond") takes a number and the operands of both bodies. A `Loop` node ("_loop") takes [how often, if
it is counted], carried arrays, scanned arrays (a step gets a row) and arrays that every step reads; it gives the last
carried arrays, stacked rows (0 where no step was) and, with a condition, the number of steps. Bodies capture nothing:
what they read is an operand, what they change is a result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ._ir import Graph, Value

COND, LOOP = "_cond", "_loop"
Meta = tuple[str, tuple[int, ...]]  # dtype and shape


@dataclass(eq=False, frozen=True)
class Branch:
    """`then` and `other` take the same arrays and give arrays of the same shapes and dtypes."""

    then: Graph
    other: Graph

    op, length = COND, 1

    @property
    def bodies(self) -> dict[str, Graph]:
        """The graphs inside, by what they are."""
        return {"if true": self.then, "if false": self.other}

    @property
    def blocks(self) -> int:
        """Random blocks that one run may use."""
        return max(self.then.rng_blocks, self.other.rng_blocks)

    def with_bodies(self, change: Callable[[Graph], Graph]) -> Branch:
        """The same branch with other graphs inside."""
        return replace(self, then=change(self.then), other=change(self.other))

    @property
    def kind(self) -> tuple:
        """What it is beside its graphs and its length."""
        return (self.op,)

    def with_length(self, length: int) -> Branch:
        """Itself: a branch has none."""
        return self

    def results(self) -> list[Meta]:
        """What comes out."""
        return [meta(value) for value in self.then.outputs]

    def check(self, inputs: list[Meta]) -> None:
        """ValueError when operands or results do not fit."""
        _same("operands", inputs[1:], self.then.inputs)
        _same("operands", inputs[1:], self.other.inputs)
        _same("results of the two bodies", self.results(), self.other.outputs)

    def __str__(self) -> str:
        return "branch"


@dataclass(eq=False, frozen=True)
class Loop:
    """`body` takes carried, scanned and read arrays; it gives new carried arrays and rows of results.

    condition   takes carried and read arrays and gives one number: whether there is another step
    length      the most steps;  counted: the first operand (int64) says how many there are
    reverse     the last row first
    """

    body: Graph
    condition: Graph | None
    carried: int
    scanned: int
    length: int
    counted: bool = False
    reverse: bool = False

    op = LOOP

    @property
    def bodies(self) -> dict[str, Graph]:
        """The graphs inside, by what they are."""
        return {"step": self.body} | ({} if self.condition is None else {"while": self.condition})

    @property
    def blocks(self) -> int:
        """Random blocks that one run may use."""
        return self.body.rng_blocks * self.length

    def with_bodies(self, change: Callable[[Graph], Graph]) -> Loop:
        """The same loop with other graphs inside."""
        body = change(self.body)
        return replace(self, body=body, condition=None if self.condition is None else change(self.condition))

    @property
    def kind(self) -> tuple:
        """What it is beside its graphs and its length."""
        return (self.op, self.condition is None, self.carried, self.scanned, self.counted, self.reverse)

    def with_length(self, length: int) -> Loop:
        """The same loop of another number of steps."""
        return replace(self, length=length)

    def results(self) -> list[Meta]:
        """What comes out."""
        found = [meta(value) for value in self.body.outputs[: self.carried]]
        found += [(v.dtype, (self.length, *v.shape)) for v in self.body.outputs[self.carried :]]
        return found if self.condition is None else [*found, ("int64", ())]

    def check(self, inputs: list[Meta]) -> None:
        """ValueError when operands or results do not fit."""
        if self.counted:
            if not inputs or inputs[0] != ("int64", ()):
                raise ValueError(f"a counted loop takes an int64 number first, got {inputs[:1]}")
            inputs = inputs[1:]
        c, s = self.carried, self.scanned
        rows = inputs[c : c + s]
        if any(shape[:1] != (self.length,) for _, shape in rows):
            raise ValueError(f"a loop of {self.length} steps cannot scan arrays of {[shape for _, shape in rows]}")
        taken = [*inputs[:c], *[(dtype, shape[1:]) for dtype, shape in rows], *inputs[c + s :]]
        _same("operands", taken, self.body.inputs)
        _same("carried arrays", inputs[:c], self.body.outputs[:c])
        if self.condition is not None:
            _same("operands of the condition", [*inputs[:c], *inputs[c + s :]], self.condition.inputs)
            if len(self.condition.outputs) != 1 or self.condition.outputs[0].size != 1:
                shapes = ", ".join(str(v.shape) for v in self.condition.outputs)
                raise ValueError(f"the condition of a loop gives one number, not shape {shapes}")

    def __str__(self) -> str:
        how = f"{'at most ' if self.condition or self.counted else ''}{self.length} steps"
        return f"loop of {how}, {self.carried} carried, {self.scanned} scanned{', last row first' * self.reverse}"


Program = Branch | Loop


def meta(value: Value) -> Meta:
    """Dtype and shape."""
    return (value.dtype, value.shape)


def _same(what: str, given: list[Meta], values: list[Value]) -> None:
    wanted = [meta(v) for v in values]
    if given != wanted:
        raise ValueError(f"{what}: expected {wanted}, got {given}")
