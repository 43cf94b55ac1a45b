"""Random deep programs with gradients agree: imperative, interpreted, compiled in each way, on one thread or more."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from graph.deep_programs import HELD, SOURCES, Deep, arrays, loss_and_gradients, programs, run
from graph.proof import simulate
from hypothesis import HealthCheck, example, given, settings

from dlcore import _core
from dlcore.graph import Compiled
from dlcore.graph._ir import Graph
from dlcore.graph._trace import trace, window
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import PIPELINE, optimize
from dlcore.graph.passes.fuse import fuse
from dlcore.graph.passes.plan import plan, settle
from dlcore.graph.passes.remat import Remat
from dlcore.graph.verify import verify

EXAMPLES = int(os.environ.get("DLCORE_FUZZ_EXAMPLES", "12"))  # of each kind; a night may have thousands
FUZZ = settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
LIMIT = {"float32": 2e-4, "float64": 1e-9, "bfloat16": 6e-2}
# Its logsumexp is over an axis of one: nothing varies along it, though its operands have strides there.
OVER_ONE = Deep((*[(0, 0, 0, 0)] * 8, (2018, 0, 0, 185), (314, 0, 0, 212)), "float32", 0)
UNFUSED = tuple(rewrite for rewrite in PIPELINE if rewrite is not fuse)


@pytest.fixture(autouse=True)
def training() -> Iterator[None]:
    before, threads = _core.is_training(), _core.num_threads()
    _core.set_training(True)
    yield
    _core.set_training(before)
    _core.set_num_threads(threads)


def numbers(values: list[Any]) -> list[np.ndarray]:
    """Arrays as NumPy, in a dtype that it has."""
    return [np.asarray(v.asnumpy()).astype(np.float64) for v in values]


def close(found: list[np.ndarray], expected: list[np.ndarray], dtype: str, what: str) -> None:
    """Equal within the dtype's limit, measured by the largest number of each array."""
    assert len(found) == len(expected)
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert a.shape == b.shape, what
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        np.testing.assert_allclose(a, b, rtol=0, atol=LIMIT[dtype] * scale, err_msg=f"{what}, result {i}")


def imperative(program: Deep) -> tuple[list[np.ndarray], list[np.ndarray]]:
    given, held = arrays(program, SOURCES, 1), arrays(program, HELD, 2)
    _core.seed(program.seed)
    return numbers(loss_and_gradients(program, given, held)), numbers(held)


def traced(program: Deep) -> tuple[Graph, list[Any], list[Any]]:
    given, held = arrays(program, SOURCES, 1), arrays(program, HELD, 2)
    call = lambda stand_ins: (None, loss_and_gradients(program, stand_ins, held))  # noqa: E731
    return verify(trace(call, given, "deep").graph, "trace"), given, held


def compiled(program: Deep, **options: Any) -> tuple[list[np.ndarray], list[np.ndarray], Compiled]:
    graph, given, held = traced(program)
    pipeline = options.pop("pipeline", None)
    made = Compiled(optimize(graph, pipeline) if pipeline else graph, optimized=not pipeline, **options)
    _core.seed(program.seed)
    results = numbers(made.run(given))
    return results, numbers(held), made


def agree(program: Deep) -> None:
    expected, states = imperative(program)
    graph, given, held = traced(program)
    _core.seed(program.seed)
    found, after = interpret(graph, [a.asnumpy() for a in given], rng=_core.rng_state())
    close([np.asarray(a, np.float64) for a in found], expected, program.dtype, "interpreted")
    changed = {window(s.array): np.asarray(v, np.float64) for s, v in zip(graph.states, after, strict=True)}
    close([changed.get(window(a), b) for a, b in zip(held, states, strict=True)], states, program.dtype, "states")
    whole, whole_states, made = compiled(program)
    simulate(made.graph, made.plan)
    close(whole, expected, program.dtype, "compiled")
    close(whole_states, states, program.dtype, "states of the compiled")
    plain, plain_states, _ = compiled(program, pipeline=UNFUSED)
    close(plain, expected, program.dtype, "unfused")
    close(plain_states, states, program.dtype, "states of the unfused")


@FUZZ
@example(OVER_ONE)
@given(programs(("float32",)))
def test_single_precision(program: Deep) -> None:
    agree(program)


@FUZZ
@given(programs(("float64",)))
def test_double_precision(program: Deep) -> None:
    agree(program)


@FUZZ
@given(programs(("bfloat16",), most=25))
def test_sixteen_bits(program: Deep) -> None:
    agree(program)


@FUZZ
@given(programs(("float32", "float64", "bfloat16")))
def test_recomputed_values_and_other_numbers_of_threads_give_the_same_bits(program: Deep) -> None:
    expected, states, _ = compiled(program)
    again, again_states, made = compiled(program, wish=Remat(least=True))
    simulate(made.graph, made.plan)
    for a, b in zip(again + again_states, expected + states, strict=True):
        np.testing.assert_array_equal(a, b)
    for threads in (1, 3):
        _core.set_num_threads(threads)
        found, found_states, _ = compiled(program)
        for a, b in zip(found + found_states, expected + states, strict=True):
            np.testing.assert_array_equal(a, b)


@FUZZ
@example(OVER_ONE)
@given(programs(("float32", "bfloat16")))
def test_plans_after_every_pass(program: Deep) -> None:
    """Whatever passes have run, what is left can be planned, and the plan is sound."""
    graph, _, _ = traced(program)
    for rewrite in PIPELINE:
        graph = verify(rewrite(graph), rewrite.__name__)
        settled = settle(graph)
        simulate(settled, plan(settled))


@FUZZ
@given(programs(("float32",), most=20))
def test_a_compiled_function_on_the_tape(program: Deep) -> None:
    """A graph with a backward graph of its own, kept whole or with everything computed again."""
    from dlcore import autograd
    from dlcore.graph import GraphFunction

    def gradients(wish: Remat | None) -> list[np.ndarray]:
        given, held = arrays(program, SOURCES, 1), arrays(program, HELD, 2)
        for a in given:
            a.attach_grad()
        _core.seed(program.seed)
        with autograd.record():
            if wish is None:
                outs = run(program, given, held)
            else:
                graph = trace(lambda s: (None, run(program, s, held)), given, "deep").graph
                outs = GraphFunction(graph, wish)(given)
            total = sum((out * out).mean() for out in outs)
        total.backward()
        return numbers([total, *(a.grad for a in given), *held])

    expected = gradients(None)
    kept = gradients(Remat())
    close(kept, expected, program.dtype, "compiled on the tape")
    for a, b in zip(gradients(Remat(least=True)), kept, strict=True):
        np.testing.assert_array_equal(a, b)
