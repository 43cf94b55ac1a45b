"""An executable for a new size from the programs for two others: new numbers in the same instructions.

Two programs of one function for two sizes mostly differ in numbers alone, and each number lies on a line through both.
`Line` holds what differs. `Line.at` puts it where a third size is, plans the arena anew by the same packing, asks the
core's inference about every call that something changed for, and makes the executable: no trace, no pass, no new graph.
Where a number is not whole, a size meets one or nothing, or inference says otherwise, there is no program for it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcore import _core

from . import _ops
from ._ir import ITEMSIZE, Graph, Node, Value, bodies_of, numel
from ._lower import Lowered, Recipe, control_of, program_of
from ._pack import pack
from ._sizes import SHAPES, shares_between, with_numbers, without_numbers
from .passes.plan import Place, Plan, padded

if TYPE_CHECKING:
    from ._compiled import Beside, Compiled
    from ._control import Program

# Calls whose whole numbers may move: shapes, and places of windows. Inference holds both against what they are for.
MOVING = SHAPES | {"slice", "_part", "_slice_grad", "_window"}

Parts = tuple[Graph, Plan, Lowered]
Row = tuple[str, tuple[int, ...], tuple[int, ...], str, int, int]  # of the table of values: see `Recipe`


class Different(Exception):
    """Two programs differ in more than numbers on a line, or the third size is not on it."""


def need(condition: Any, what: str) -> None:
    """`Different`, unless the condition holds."""
    if not condition:
        raise Different(what)


class Span:
    """Whole numbers at two sizes, and where they are at a third."""

    def __init__(self, low: Sequence[int] | np.ndarray, high: Sequence[int] | np.ndarray) -> None:
        need(len(low) == len(high), "numbers of different count")
        self.low = np.array(low, np.int64)
        self.steps = np.array(high, np.int64) - self.low

    def at(self, part: int, whole: int) -> np.ndarray:
        """The numbers `part` of `whole` steps from the first size to the second."""
        moved = self.steps * part
        need(not (moved % whole).any(), "a number that is not whole")
        return self.low + moved // whole


class Line:
    """The programs of a function for two sizes, `first` and `last`, as one program with numbers to be filled in."""

    beside: Beside

    def __init__(self, low: Parts, high: Parts, first: int, last: int) -> None:
        self.first, self.last = first, last
        self.made_of = self.graph, self.plan, self.lowered = low
        other_graph, other_plan, other_lowered = high
        self.values = list(self.plan.places)
        self.number = {value: i for i, value in enumerate(self.values)}
        self.recipe = self.lowered.recipe
        self._same_nodes(self.graph, other_graph, other_plan)
        self._rows(other_plan, self.recipe.table, other_lowered.recipe.table)
        self._attributes(other_graph)
        self._numbers(other_graph, other_lowered)
        self._bodies(other_lowered)

    @classmethod
    def between(cls, low: Compiled, high: Compiled, first: int, last: int) -> Line:
        """The line between whole programs, which run on captured arrays (`beside`)."""
        parts, beside = low.snapshot()
        line = cls(parts, high.parts, first, last)
        line.beside = beside
        return line

    def _same_nodes(self, low: Graph, high: Graph, plan: Plan) -> None:
        """Calls, operands, windows, buffers and last copies are the same but for their sizes."""
        others = list(plan.places)
        number = {value: i for i, value in enumerate(others)}
        need(len(low.nodes) == len(high.nodes) and len(self.values) == len(others), "another count")
        for a, b in zip(low.nodes, high.nodes, strict=True):
            need((a.op, a.rows, a.register, a.rng < 0) == (b.op, b.rows, b.register, b.rng < 0), "another call")
            need(not bodies_of(a) or a.attrs[0].kind == b.attrs[0].kind, "another loop or branch")
            one = [None if v is None else self.number[v] for v in (*a.inputs, *a.outputs)]
            other = [None if v is None else number[v] for v in (*b.inputs, *b.outputs)]
            need(one == other and len(a.outputs) == len(b.outputs), "other operands")
        for mine, its in zip(self.values, others, strict=True):
            roots = self.number[mine.root], number[its.root]
            need((mine.dtype, mine.weak, roots[0]) == (its.dtype, its.weak, roots[1]), "another value")
        self.buffers = [([self.number[v] for v in vs], start, end) for vs, start, end in self.plan.buffers]
        need(self.buffers == [([number[v] for v in vs], *when) for vs, *when in plan.buffers], "another plan")
        ends = [(self.number[v], self.number[s.value]) for v, s in self.plan.copies]
        need(ends == [(number[v], number[s.value]) for v, s in plan.copies], "another copy")

    def _rows(self, plan: Plan, low: list[Row], high: list[Row]) -> None:
        """Which values move, and how: shapes, strides, and offsets from the memory they are part of."""
        roots = [self.number[v.root] for v in self.values]
        self.inside = [low[i][5] - low[root][5] for i, root in enumerate(roots)]
        self.roots = roots
        self.moving: list[int] = []
        numbers: tuple[list[int], list[int]] = ([], [])
        sizes: list[bool] = []  # which of the numbers are sizes that move
        for i, (mine, its) in enumerate(zip(low, high, strict=True)):
            need((mine[0], *mine[3:5]) == (its[0], *its[3:5]), "another place")
            rel = self.inside[i], its[5] - high[roots[i]][5]
            if mine[1:3] == its[1:3] and rel[0] == rel[1]:
                continue
            need(len(mine[1]) == len(its[1]), "another number of axes")
            moved = [a != b for a, b in zip(mine[1], its[1], strict=True)]
            need(sum(moved) <= 1, "two axes that move")
            need(all(min(a, b) > 1 for a, b, m in zip(mine[1], its[1], moved, strict=True) if m), "an axis of one")
            self.moving.append(i)
            sizes += [*moved, *([False] * (len(mine[2]) + 1))]
            numbers[0].extend((*mine[1], *mine[2], rel[0]))
            numbers[1].extend((*its[1], *its[2], rel[1]))
        self.span, self.sizes = Span(*numbers), np.flatnonzero(sizes)

    def _attributes(self, high: Graph) -> None:
        """Whole numbers among attributes that move; the calls that inference must be asked about."""
        moves = set(self.moving)
        self.asked: list[tuple[Node, int, list[int], list[int]]] = []
        self.shaped: dict[Node, None] = {}
        shapes: tuple[list[int], list[int]] = ([], [])
        for mine, its in zip(self.graph.nodes, high.nodes, strict=True):
            if bodies_of(mine):  # see `_bodies`
                continue
            a: list[int] = []
            b: list[int] = []
            need(without_numbers(mine.attrs, a) == without_numbers(its.attrs, b) is not None, "another attribute")
            if a != b:
                need(mine.op in MOVING, "an attribute that moves and is no shape")
                self.shaped[mine] = None
                shapes[0].extend(a)
                shapes[1].extend(b)
            ins = [-1 if v is None else self.number[v] for v in mine.inputs]
            outs = [self.number[v] for v in mine.outputs]
            if not _ops.is_fused(mine) and (mine in self.shaped or not moves.isdisjoint((*ins, *outs))):
                self.asked.append((mine, _ops.record_of(mine.op).id, ins, outs))
        self.shapes = Span(*shapes)

    def _numbers(self, high: Graph, lowered: Lowered) -> None:
        """Single numbers of constants and of tile programs, as shares of a mean; every other constant is the same."""
        self.changed: list[tuple[int, Node]] = []  # instructions with other attributes, programs or random blocks
        self.consts: list[tuple[float, float] | None] = []
        for a, b in zip(self.graph.consts(), high.consts(), strict=True):
            one, other = np.asarray(a.const), np.asarray(b.const)
            same = a.shape == b.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()
            need(same or (a.dtype == "float32" and one.size == other.size == 1), "another constant")
            self.consts.append(None if same else (float(one.reshape(())), float(other.reshape(()))))
        self.tiles: dict[int, list[tuple[float, float]]] = {}  # by instruction: the numbers of a program that moves
        for i, (mine, its) in enumerate(zip(self.lowered.nodes, lowered.nodes, strict=True)):
            if mine in self.shaped or mine.rng >= 0 or mine.tile != its.tile:
                self.changed.append((i, mine))
            if mine.tile is None or mine.tile == its.tile:
                need((mine.tile is None) == (its.tile is None), "another program")
                continue
            pairs = list(zip(mine.tile.code, its.tile.code, strict=True))
            free = mine.register == "float32" == its.register
            need(all(m == n and (o == p or (m == "const" and free)) for (m, o), (n, p) in pairs), "another program")
            need(mine.tile._replace(code=()) == its.tile._replace(code=()), "another program")
            self.tiles[i] = [(o, p) for (m, o), (_, p) in pairs if m == "const"]

    def _bodies(self, high: Lowered) -> None:
        """The programs inside branches and loops, by instruction, and how many steps these have.

        What they take and give has the sizes of operands and results, which lie on the same line and need no question.
        """
        self.inside_of: dict[int, list[Line]] = {}
        for i, bodies in self.lowered.inside.items():
            pairs = zip(bodies, high.inside[i], strict=True)
            self.inside_of[i] = [Line(_parts(a), _parts(b), self.first, self.last) for a, b in pairs]
            need(not any(line.graph.rng_blocks for line in self.inside_of[i]), "random numbers in a loop")
        steps = [[low.nodes[i].attrs[0].length for i in self.inside_of] for low in (self.lowered, high)]
        self.steps = Span(*steps)

    def at(self, here: int, blocks: dict[int, int], all_blocks: int) -> Placed:
        """The program for the size `here`; `blocks` has the new random block of each call by the old one."""
        part, whole = here - self.first, self.last - self.first
        table = self._table(self.span.at(part, whole))
        spans = [
            (padded(max(numel(table[i][1]) * ITEMSIZE[table[i][0]] for i in members)), start, end)
            for members, start, end in self.buffers
        ]
        offsets, arena = pack(spans)
        for (members, _, _), offset in zip(self.buffers, offsets, strict=True):
            for i in members:
                table[i] = (*table[i][:5], offset)
        for i, root in enumerate(self.roots):
            if i != root:
                table[i] = (*table[i][:5], table[root][5] + table[i][5])
        moved = self.shapes.at(part, whole)
        need(moved[self.shapes.steps != 0].min(initial=0) >= 0, "a window that begins before its array")
        numbers = iter(moved.tolist())
        attrs = {node: with_numbers(node.attrs, numbers) for node in self.shaped}
        self._infer(table, attrs)
        steps = self.steps.at(part, whole)
        need(steps.min(initial=1) > 0, "a loop without a step")
        bodies = {i: [line.at(here, {}, 0) for line in lines] for i, lines in self.inside_of.items()}
        return Placed(self, here, table, arena, attrs, blocks, all_blocks, bodies, steps.tolist())

    def _table(self, moved: np.ndarray) -> list[Row]:
        """The rows with new shapes and strides; the last number is still the offset inside the memory it is part of."""
        need(moved[self.sizes].min(initial=2) > 1, "an axis of one")
        numbers = moved.tolist()
        table = [(*row[:5], inside) for row, inside in zip(self.recipe.table, self.inside, strict=True)]
        at = 0
        for i in self.moving:
            dtype, shape, _, kind, where, _ = table[i]
            middle, end = at + len(shape), at + 2 * len(shape)
            table[i] = (dtype, tuple(numbers[at:middle]), tuple(numbers[middle:end]), kind, where, numbers[end])
            at = end + 1
        return table

    def _infer(self, table: list[Row], attrs: dict[Node, tuple]) -> None:
        """Asks the core's rules whether every call that something changed for gives what the table says."""
        metas = [(row[0], row[1], row[2], value.weak) for row, value in zip(table, self.values, strict=True)]
        for node, number, ins, outs in self.asked:
            try:
                found = _core.infer(number, [None if i < 0 else metas[i] for i in ins], attrs.get(node, node.attrs))
            except (TypeError, ValueError, IndexError, RuntimeError) as error:
                raise Different(f"{node.op}: {error}") from None
            for i, (_, shape, strides, view_of, offset, *_) in zip(outs, found, strict=True):
                row = table[i]
                need((shape, strides) == row[1:3], "a shape that is not on the line")
                if view_of >= 0:
                    start = table[ins[view_of]][5] + offset * ITEMSIZE[row[0]]
                    need(row[5] == start, "a window that is not on the line")


class Placed:
    """The program of a `Line` for one size. Its graph and plan are made when somebody looks at them."""

    def __init__(
        self, line: Line, here: int, table: list[Row], arena: int, attrs: dict[Node, tuple], blocks: dict[int, int],
        all_blocks: int, bodies: dict[int, list[Placed]], steps: list[int],
    ) -> None:  # fmt: skip
        self.line, self.here, self.table, self.arena, self.attrs = line, here, table, arena, attrs
        self.blocks, self.all_blocks = blocks, all_blocks
        self.consts = [None if pair is None else self._shares([pair])[0] for pair in line.consts]
        self.tiles = {i: self._shares(pairs) for i, pairs in line.tiles.items()}
        self.bodies, self.steps = bodies, dict(zip(bodies, steps, strict=True))
        self.executable: Any = None

    def _shares(self, pairs: list[tuple[float, float]]) -> list[float]:
        low, high = (tuple(numbers) for numbers in zip(*pairs, strict=True))
        found = shares_between(low, high, self.line.first, self.here, self.line.last)
        need(found, "a number that is no share of the size")
        return found or []

    def make(self, device: str) -> Any:
        """The executable, on `device`."""
        self.recipe = self._recipe(device)
        self.executable = self.recipe.executable(device)
        return self.executable

    def _program(self, i: int, graphs: list[Graph] | None = None) -> Program:
        """The branch or loop of an instruction with its number of steps, and with other graphs inside."""
        program: Program = self.line.lowered.nodes[i].attrs[0].with_length(self.steps[i])
        given = iter(graphs or ())
        return program if graphs is None else program.with_bodies(lambda _: next(given))

    def _recipe(self, device: str) -> Recipe:
        """What the executable is made of."""
        line, recipe = self.line, self.line.recipe
        instrs, tiles = list(recipe.instrs), dict(recipe.tiles)
        for i, node in line.changed:
            op, ins, outs, attrs, rng = instrs[i]
            if i in self.tiles:
                tiles[i] = self._tile(node, i)
                op = program_of(node, tiles[i])
            instrs[i] = op, ins, outs, self.attrs.get(node, attrs), self.blocks[rng] if node.rng >= 0 else rng
        for i, bodies in self.bodies.items():
            (op, _), ins, outs, attrs, rng = instrs[i]
            control = control_of(self._program(i), [body.make(device) for body in bodies], device)
            instrs[i] = (op, control), ins, outs, attrs, rng
        consts = [
            kept if number is None else _core.from_numpy(np.full(kept.shape, number, np.float32), True)
            for kept, number in zip(recipe.consts, self.consts, strict=True)
        ]
        return recipe._replace(
            table=self.table, instrs=instrs, tiles=tiles, consts=consts, arena_bytes=self.arena,
            rng_blocks=self.all_blocks if recipe.rng_blocks else 0,
        )  # fmt: skip

    def _tile(self, node: Node, i: int) -> Any:
        """The program of a fused call with other numbers."""
        left = iter(self.tiles[i])
        return node.tile._replace(code=[(m, next(left) if m == "const" else o) for m, o in node.tile.code])

    def parts(self) -> tuple[Graph, Plan, Lowered]:
        """The graph and the plan behind the executable, with the numbers that it has."""
        line = self.line
        graph, copies = line.graph.clone()
        twins = [copies[value] for value in line.values]
        places: dict[Value, Place] = {}
        for twin, (_, shape, strides, kind, where, offset) in zip(twins, self.table, strict=True):
            twin.shape, twin.strides = shape, strides
            places[twin] = Place(kind, where, offset)
        for twin in twins:
            if twin.base is not None:
                twin.offset = (places[twin].offset - places[twin.base].offset) // ITEMSIZE[twin.dtype]
        for value, number in zip(graph.consts(), self.consts, strict=True):
            if number is not None:
                value.const = np.full(value.shape, number, np.float32) if value.shape else number
        number_of = dict(zip(map(id, line.lowered.nodes), range(len(line.lowered.nodes)), strict=True))
        twin_of: dict[Node, Node] = {}
        for node, twin_node in zip(line.graph.nodes, graph.nodes, strict=True):
            twin_of[node] = twin_node
            twin_node.attrs = self.attrs.get(node, node.attrs)
            twin_node.rng = self.blocks[node.rng] if node.rng >= 0 else node.rng
            if number_of.get(id(node)) in self.tiles:
                twin_node.tile = self._tile(node, number_of[id(node)])
        inside = {i: [body.parts() for body in bodies] for i, bodies in self.bodies.items()}
        for i, found in inside.items():
            twin_of[line.lowered.nodes[i]].attrs = (self._program(i, [body for body, _, _ in found]),)
        graph.rng_blocks = self.all_blocks if graph.rng_blocks else 0
        states = dict(zip(map(id, line.graph.states), graph.states, strict=True))
        plan = Plan(
            places,
            [(copies[value], states[id(state)]) for value, state in line.plan.copies],
            self.arena,
            sum(padded(root.nbytes) for members, _, _ in line.buffers for root in (twins[i] for i in members)),
            {copies[value]: life for value, life in line.plan.lives.items()},
            [([twins[i] for i in members], start, end) for members, start, end in line.buffers],
        )
        nodes = [twin_of.get(node, node) for node in line.lowered.nodes]
        lowered = {i: [low for _, _, low in found] for i, found in inside.items()}
        return graph, plan, Lowered(self.executable, nodes, self.arena, self.recipe, lowered, (graph, plan))


def _parts(body: Lowered) -> Parts:
    """The parts of a program inside a branch or a loop."""
    assert body.source is not None
    return *body.source, body
