"""The order of calls: the peak of memory falls where it can, and nothing else changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array, peak_of, random_program, trace_of
from graph.proof import prove, simulate

from dlcore import _core
from dlcore.graph import Compiled
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes.order import order
from dlcore.graph.passes.plan import plan, settle
from dlcore.graph.verify import verify
from dlcore.ops import F

N = 32
X = np.arange(N * N, dtype=np.float32).reshape(N, N) / N


def wide(x: Any, count: int = 6) -> Any:
    """Makes all large values first, then sums each: nothing need be alive together."""
    large = [F.matmul(x, x * float(i)) for i in range(count)]
    sums = [F.sum(value, axis=0) for value in large]
    return F.stack(*sums, axis=0)


def test_what_sets_memory_free_goes_first() -> None:
    graph = trace_of(wide, array(X))
    ordered = verify(order(graph), "order")
    assert peak_of(graph) > 6 * X.nbytes
    assert peak_of(ordered) < 3 * X.nbytes
    assert sorted(n.op for n in ordered.nodes) == sorted(n.op for n in graph.nodes)
    np.testing.assert_array_equal(interpret(ordered, [X])[0][0], interpret(graph, [X])[0][0])
    memory = plan(settle(ordered))
    assert memory.arena_bytes < 3 * X.nbytes + 1024 * 6
    simulate(settled := settle(ordered), plan(settled))


def test_an_update_comes_as_soon_as_its_gradient_is_there() -> None:
    weights = [array(X * 0 + i) for i in range(5)]

    def step(x: Any) -> Any:
        gradients = [F.matmul(x, w) for w in weights]
        for w, g in zip(weights, gradients, strict=True):
            _core.assign(w, F.subtract(w, F.multiply(g, 0.1)))
        return F.sum(x)

    graph = trace_of(step, array(X))
    ordered = order(graph)
    assert peak_of(graph) >= 5 * X.nbytes and peak_of(ordered) <= 2 * X.nbytes
    compiled = Compiled(graph)
    compiled.run([array(X)])
    assert not compiled.plan.copies, "every weight is still written in place"
    for i, w in enumerate(weights):
        np.testing.assert_allclose(w.asnumpy(), (X * 0 + i) - 0.1 * (X @ (X * 0 + i)), rtol=1e-5)


def test_who_reads_an_old_value_stays_before_the_new_one() -> None:
    w = array(X)

    def step(x: Any) -> Any:
        late = [F.matmul(x, w) for _ in range(3)]
        _core.assign(w, F.add(w, x))
        return F.stack(*[F.sum(F.add(a, float(i))) for i, a in enumerate(late)], axis=0)

    ordered = order(trace_of(step, array(X)))
    (state,) = ordered.states
    assert state.new is not None and state.new.node is not None
    writer = ordered.nodes.index(state.new.node)
    assert all(ordered.nodes.index(n) <= writer for n in ordered.nodes if state.value in n.inputs)


def test_an_order_that_gains_nothing_is_left() -> None:
    graph = trace_of(lambda x: F.tanh(F.matmul(F.tanh(F.matmul(x, x)), x)), array(X))
    assert [n.op for n in order(graph).nodes] == [n.op for n in graph.nodes]


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_give_the_same_numbers_and_never_need_more(seed: int) -> None:
    program = random_program(7000 + seed, "float32", n_steps=24)
    states = program.state_arrays()
    graph = trace_of(lambda *a: program(list(a), states), *program.arrays())
    ordered = verify(order(graph), "order")
    assert peak_of(ordered) <= peak_of(graph)
    for found, expected in zip(interpret(ordered, program.inputs), interpret(graph, program.inputs), strict=True):
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)
    settled = settle(ordered)
    memory = plan(settled)
    simulate(settled, memory)
    prove(settled, memory)
    assert memory.arena_bytes >= peak_of(settled)
