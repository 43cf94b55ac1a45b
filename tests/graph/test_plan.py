"""The memory plan: no two live buffers overlap, nothing is read before it is written or after it is gone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array, random_program, trace_of
from graph.test_jit import batch, make_step

from dlcore import _core
from dlcore.graph import _ops
from dlcore.graph._ir import ITEMSIZE, Graph, Value
from dlcore.graph.passes import optimize
from dlcore.graph.passes.plan import Plan, plan, settle
from dlcore.graph.verify import verify
from dlcore.ops import F


def planned(graph: Graph) -> tuple[Graph, Plan]:
    graph = verify(settle(optimize(graph)), "settle")
    return graph, plan(graph)


def addresses(value: Value, memory: Plan) -> set[tuple[str, int, int]]:
    """Every byte of a value, as (buffer kind, number, byte)."""
    place, size = memory.places[value], ITEMSIZE[value.dtype]
    if 0 in value.shape:
        return set()
    offsets = np.zeros((1,), np.int64)
    for length, stride in zip(value.shape, value.strides, strict=True):
        offsets = (offsets[:, None] + np.arange(length) * stride * size).reshape(-1)
    where = 0 if place.kind == "arena" else place.where
    return {(place.kind, where, place.offset + int(o) + b) for o in offsets for b in range(size)}


def simulate(graph: Graph, memory: Plan) -> None:
    """Plays the instructions: each byte remembers which root wrote it, and every read must find its own."""
    owner: dict[tuple[str, int, int], Value] = {}
    for value in [*graph.sources(), *graph.consts()]:
        for byte in addresses(value, memory):
            owner[byte] = value.root

    def read(value: Value, where: str) -> None:
        for byte in addresses(value, memory):
            assert owner.get(byte) is value.root, f"{where}: {value.type_text()} is not in its memory any more"

    for number, node in enumerate(graph.nodes):
        if _ops.is_view(node):
            continue
        for value in node.inputs:
            if value is not None:
                read(value, f"instruction {number} {node.op}")
        written = [addresses(out, memory) for out in node.outputs]
        for i, out in enumerate(node.outputs):
            assert not any(written[i] & other for other in written[:i]), "two results of one instruction overlap"
            for value in node.inputs:
                shared = set() if value is None else written[i] & addresses(value, memory)
                if shared:
                    assert aligned(node, value, out), f"instruction {number} {node.op} overwrites what it reads"
            for byte in written[i]:
                owner[byte] = out
    for source, state in memory.copies:
        read(source, "copy into a state")
        for byte in addresses(state.value, memory):
            owner[byte] = source
    for value in graph.outputs:
        read(value, "output")
    for state in graph.writes:
        assert state.new is not None
        for byte in addresses(state.value, memory):
            assert owner[byte] is state.new, "a state does not hold its new value at the end"
    for state in graph.states:
        if state.new is None:
            read(state.value, "an unwritten state")


def aligned(node: Any, value: Value, out: Value) -> bool:
    """In-place is safe element by element: same shape, same bytes, and a kernel that promises it."""
    promise = _ops.is_elementwise(node) or _ops.record_of(node.op).inplace_ok
    return promise and value.shape == out.shape and value.strides == out.strides and value.root_offset == 0


def overlaps(memory: Plan) -> None:
    """The independent check over intervals: arena buffers that live at the same time are apart."""
    placed = [(v, memory.places[v].offset, v.nbytes, life) for v, life in memory.lives.items() if v.nbytes]
    for i, (a, start_a, size_a, life_a) in enumerate(placed):
        assert memory.places[a].kind == "arena" and start_a + size_a <= memory.arena_bytes
        for b, start_b, size_b, life_b in placed[:i]:
            together = life_a[0] <= life_b[1] and life_b[0] <= life_a[1]
            apart = start_a + size_a <= start_b or start_b + size_b <= start_a
            same_buffer = life_a == life_b and start_a == start_b  # handed on in place
            assert not together or apart or same_buffer, f"{a.type_text()} and {b.type_text()} overlap"


@pytest.mark.parametrize("seed", range(80))
def test_plans_of_random_programs(seed: int) -> None:
    program = random_program(3000 + seed, ("float32", "float64", "float16")[seed % 3], n_steps=18)
    states = program.state_arrays()
    graph, memory = planned(trace_of(lambda *a: program(list(a), states), *program.arrays()))
    simulate(graph, memory)
    overlaps(memory)
    assert memory.arena_bytes <= memory.naive_bytes


def test_plan_of_a_training_step() -> None:
    net, _, step = make_step("adam")
    step(*batch(0))  # makes gradients and optimizer state
    graph, memory = planned(trace_of(step, *batch(1, size=4)))
    simulate(graph, memory)
    overlaps(memory)
    assert memory.arena_bytes < 0.8 * memory.naive_bytes
    assert not memory.copies, "every weight, gradient and moment is written in place"


def test_a_state_is_written_in_place_only_after_its_last_reader() -> None:
    w = array(np.ones((4, 4)), "float32")

    def late_reader(x: Any) -> Any:
        old = F.add(w, 0.5)
        new = F.matmul(x, w)
        _core.assign(w, new)
        return F.matmul(old, x)

    graph, memory = planned(trace_of(late_reader, array(np.ones((4, 4)), "float32")))
    simulate(graph, memory)
    assert len(memory.copies) == 1, "matmul must not write over its own operand"

    def elementwise(x: Any) -> None:
        _core.assign(w, F.subtract(w, F.multiply(x, 0.1)))

    graph, memory = planned(trace_of(lambda x: (elementwise(x), F.relu(x))[1], array(np.ones((4, 4)), "float32")))
    simulate(graph, memory)
    assert not memory.copies


def test_a_transposed_read_of_a_state_keeps_it_from_being_overwritten() -> None:
    w = array(np.arange(9).reshape(3, 3), "float32")
    graph, memory = planned(trace_of(lambda x: (_core.assign(w, F.add(w, F.transpose(w))), x * 1)[1], w * 1))
    simulate(graph, memory)
    assert len(memory.copies) == 1


def test_intermediates_are_computed_in_place_and_share_memory() -> None:
    def chain(x: Any) -> Any:
        for _ in range(6):
            x = F.softmax(F.tanh(F.matmul(x, x)))
        return x

    graph, memory = planned(trace_of(chain, array(np.ones((16, 16)), "float32")))
    simulate(graph, memory)
    assert memory.arena_bytes <= 2 * 16 * 16 * 4 + 128 < memory.naive_bytes


def test_the_checkers_notice_a_bad_plan() -> None:
    def f(x: Any) -> Any:
        return F.matmul(F.softmax(x), F.log_softmax(x))

    graph, memory = planned(trace_of(f, array(np.ones((8, 8)), "float32")))
    simulate(graph, memory)
    first, second = list(memory.lives)[:2]
    memory.places[first].offset = memory.places[second].offset
    with pytest.raises(AssertionError, match="overlap"):
        overlaps(memory)
    with pytest.raises(AssertionError):
        simulate(graph, memory)
