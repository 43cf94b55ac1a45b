"""The memory plan: no two live buffers overlap, nothing is read before it is written or after it is gone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array, random_program, trace_of
from graph.proof import prove, simulate
from graph.test_jit_training import batch, make_step

from dlcore import _core
from dlcore.graph._ir import Graph
from dlcore.graph.passes import optimize
from dlcore.graph.passes.plan import Plan, plan, settle
from dlcore.graph.verify import verify
from dlcore.ops import F


def planned(graph: Graph) -> tuple[Graph, Plan]:
    graph = verify(settle(optimize(graph)), "settle")
    return graph, plan(graph)


@pytest.mark.parametrize("seed", range(80))
def test_plans_of_random_programs(seed: int) -> None:
    program = random_program(3000 + seed, ("float32", "float64", "float16")[seed % 3], n_steps=18)
    states = program.state_arrays()
    graph, memory = planned(trace_of(lambda *a: program(list(a), states), *program.arrays()))
    simulate(graph, memory)
    prove(graph, memory)
    assert memory.arena_bytes <= memory.naive_bytes


def test_plan_of_a_training_step() -> None:
    net, _, step = make_step("adam")
    step(*batch(0))  # makes gradients and optimizer state
    graph, memory = planned(trace_of(step, *batch(1, size=4)))
    simulate(graph, memory)
    prove(graph, memory)
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
        prove(graph, memory)
    with pytest.raises(AssertionError):
        simulate(graph, memory)
