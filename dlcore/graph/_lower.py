"""The last step: a planned graph becomes the flat instruction list of `_core.Executable`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from dlcore import _core
from dlcore._hooks import hook

from . import _ops
from ._ir import FUSED, Graph, Node, Value
from .passes.plan import Place, Plan


@dataclass
class Lowered:
    """The executable, and for each of its instructions the node it came from (for errors and profiles)."""

    executable: Any
    nodes: list[Node]


def lower(graph: Graph, plan: Plan, device: str = "cpu(0)") -> Lowered:
    """Builds the executable of a settled graph with its plan, for arrays on `device`."""
    values = list(plan.places)
    number = {value: i for i, value in enumerate(values)}
    table = [_entry(value, plan.places[value]) for value in values]
    instrs: list[tuple[Any, list[int], list[int], tuple, int]] = []
    nodes: list[Node] = []
    tiles: dict[int, Any] = {}
    for node in graph.nodes:
        if _ops.is_view(node):
            continue
        ins = [-1 if v is None else number[v] for v in node.inputs]
        outs = [number[v] for v in node.outputs]
        if node.op == FUSED:
            program = _core.TileProgram(node.tile.n_in, node.tile.code, node.tile.outs)
            tiles[len(instrs)] = node.tile
            instrs.append((("fused", program, node.register), ins, outs, (), 0))
        else:
            instrs.append((_ops.record_of(node.op).id, ins, outs, node.attrs, max(node.rng, 0)))
        nodes.append(node)
    copy_id = _ops.record_of("copy").id
    for source, state in plan.copies:
        instrs.append((copy_id, [number[source]], [number[state.value]], _ops.normal_attrs("copy", ()), 0))
        nodes.append(Node("copy", [source], scope=source.node.scope if source.node else "", outputs=[state.value]))
    executable = _maker(tiles, device)(
        table,
        instrs,
        len(graph.inputs) + len(graph.states),
        len(graph.outputs),
        plan.arena_bytes,
        [_ops.constant_array(value) for value in graph.consts()],
        graph.rng_blocks,
    )
    return Lowered(executable, nodes)


def _maker(tiles: dict[int, Any], device: str) -> Any:
    """What builds the executable: the core for the CPU, the GPU room for a GPU."""
    if device.startswith("cpu"):
        return _core.Executable
    return partial(hook("device.gpu.executable"), tiles=tiles, device=device)


def _entry(value: Value, place: Place) -> tuple:
    return (value.dtype, value.shape, value.strides, place.kind, place.where, place.offset)
