"""The last step: a planned graph becomes the flat instruction list of `_core.Executable`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from dlcore import _core
from dlcore._hooks import hook

from . import _ops
from ._control import Loop, Program
from ._ir import Graph, Node, Value, bodies_of
from .passes.plan import Place, Plan, plan, settle

LOCATION = re.compile(r" ?\[((?:other )?body )?instruction (\d+)\]")  # as the core writes it into error texts


class Recipe(NamedTuple):
    """What an executable is made of.

    table    for each value: dtype, shape, strides, kind of memory, which of that kind, offset in bytes
    instrs   operator or program, numbers of operands and results, attributes, random block;  tiles: their programs
    """

    table: list[tuple]
    instrs: list[tuple[Any, list[int], list[int], tuple, int]]
    tiles: dict[int, Any]
    n_inputs: int
    n_outputs: int
    arena_bytes: int
    consts: list[Any]
    rng_blocks: int

    def executable(self, device: str) -> Any:
        """The executable, for arrays on `device`."""
        make = _maker(self.tiles, device)
        return make(
            self.table, self.instrs, self.n_inputs, self.n_outputs, self.arena_bytes, self.consts, self.rng_blocks
        )


@dataclass
class Lowered:
    """The executable, and for each of its instructions the node it came from (for errors and profiles).

    recipe   what it was made of
    inside   per instruction that is a branch or a loop: its bodies
    source   of a body: its graph as it was planned, and the plan
    """

    executable: Any
    nodes: list[Node]
    arena_bytes: int
    recipe: Recipe
    inside: dict[int, list[Lowered]] = field(default_factory=dict)
    source: tuple[Graph, Plan] | None = None

    @property
    def all_arena_bytes(self) -> int:
        """Shared memory of this program and of the programs inside it."""
        return self.arena_bytes + sum(body.all_arena_bytes for bodies in self.inside.values() for body in bodies)

    def node(self, text: str) -> Node | None:
        """The node that an error text names as "[instruction 3]", or as "[body instruction 1] [instruction 3]"."""
        here, at = self, -1
        for body, number in reversed(LOCATION.findall(text)):
            if body:
                here = here.inside[at][body == "other body "]
            at = int(number)
        return None if at < 0 else here.nodes[at]


def lower(graph: Graph, memory: Plan, device: str = "cpu(0)") -> Lowered:
    """Builds the executable of a settled graph with its plan, for arrays on `device`."""
    values = list(memory.places)
    number = {value: i for i, value in enumerate(values)}
    table = [_entry(value, memory.places[value]) for value in values]
    instrs: list[tuple[Any, list[int], list[int], tuple, int]] = []
    nodes: list[Node] = []
    tiles: dict[int, Any] = {}
    inside: dict[int, list[Lowered]] = {}
    for node in graph.nodes:
        if _ops.is_view(node):
            continue
        ins = [-1 if v is None else number[v] for v in node.inputs]
        outs = [number[v] for v in node.outputs]
        if _ops.is_fused(node):
            tiles[len(instrs)] = node.tile
            instrs.append((program_of(node, node.tile), ins, outs, (), 0))
        elif bodies_of(node):
            inside[len(instrs)] = [_body(body, device) for body in bodies_of(node).values()]
            program = control_of(node.attrs[0], [body.executable for body in inside[len(instrs)]], device)
            instrs.append(((node.op, program), ins, outs, (), max(node.rng, 0)))
        else:
            instrs.append((_ops.record_of(node.op).id, ins, outs, node.attrs, max(node.rng, 0)))
        nodes.append(node)
    copy_id = _ops.record_of("copy").id
    for source, state in memory.copies:
        instrs.append((copy_id, [number[source]], [number[state.value]], _ops.normal_attrs("copy", ()), 0))
        nodes.append(Node("copy", [source], scope=source.node.scope if source.node else "", outputs=[state.value]))
    consts = [_ops.constant_array(value) for value in graph.consts()]
    sources = len(graph.inputs) + len(graph.states)
    recipe = Recipe(table, instrs, tiles, sources, len(graph.outputs), memory.arena_bytes, consts, graph.rng_blocks)
    return Lowered(recipe.executable(device), nodes, memory.arena_bytes, recipe, inside)


def program_of(node: Node, tile: Any) -> tuple:
    """What the instruction of a fused group runs: the core's operator, program and registers; of rows how many axes."""
    if node.rows:
        return "fused_rows", _core.RowProgram(*tile, trailing=node.rows), node.register, node.rows
    return node.op, _core.TileProgram(*tile), node.register


def _body(graph: Graph, device: str) -> Lowered:
    """The program of a graph inside a branch or a loop; the passes have been over it."""
    graph = settle(graph)
    memory = plan(graph)
    body = lower(graph, memory, device)
    body.source = graph, memory
    return body


def control_of(program: Program, executables: list[Any], device: str) -> Any:
    """What the instruction of a branch or a loop runs."""
    kind: dict[str, Any] = {"loop": False}
    if isinstance(program, Loop):
        kind = {
            "loop": True, "counted": program.counted, "reverse": program.reverse, "carried": program.carried,
            "scanned": program.scanned, "length": program.length,
        }  # fmt: skip
    if device.startswith("cpu"):
        return _core.Control(executables, **kind)
    return hook("device.gpu.control")(executables, **kind)


def _maker(tiles: dict[int, Any], device: str) -> Any:
    """What builds the executable: the core for the CPU, the GPU room for a GPU."""
    if device.startswith("cpu"):
        return _core.Executable
    return partial(hook("device.gpu.executable"), tiles=tiles, device=device)


def _entry(value: Value, place: Place) -> tuple:
    return (value.dtype, value.shape, value.strides, place.kind, place.where, place.offset)
