"""Random programs agree interpreted, imperative and compiled, and their gradients with finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from graph.programs import Program, array, random_program

from dlcore import _core, autograd
from dlcore.graph import Compiled, GraphFunction
from dlcore.graph._ir import Graph
from dlcore.graph._trace import trace, window
from dlcore.graph.interpreter import interpret
from dlcore.graph.verify import verify

TOLERANCE = {"float32": 2e-5, "float64": 1e-12, "float16": 2e-2}


def traced(program: Program, states: list) -> Graph:
    """The graph of a program; `states` become captured arrays."""

    def call(stand_ins: list) -> tuple[None, list]:
        return None, program(stand_ins, states)

    return verify(trace(call, program.arrays(), "random").graph, "trace")


def close(actual: np.ndarray, expected: np.ndarray, program: Program) -> None:
    """Equal up to what the coarsest dtype in the program allows; exactly where there are only whole numbers."""
    assert actual.shape == expected.shape and actual.dtype == expected.dtype
    limit = max((TOLERANCE.get(dtype, 0.0) for dtype in program.dtypes), default=0.0)
    np.testing.assert_allclose(actual.astype(np.float64), expected.astype(np.float64), rtol=limit, atol=limit * 10)


@pytest.mark.parametrize("seed", range(60))
def test_interpreted_imperative_and_compiled_agree(seed: int) -> None:
    dtype = ("float32", "float64", "float32", "int32", "float16")[seed % 5]
    program = random_program(seed, dtype)
    imperative_states = program.state_arrays()
    imperative = [a.asnumpy() for a in program(program.arrays(), imperative_states)]
    held = [a.asnumpy() for a in imperative_states]

    states = program.state_arrays()
    graph = traced(program, states)
    interpreted, after = interpret(graph, program.inputs)
    for found, expected in zip(interpreted, imperative, strict=True):
        close(found, expected, program)
    changed = {window(state.array): value for state, value in zip(graph.states, after, strict=True)}
    for found, expected in zip(states, held, strict=True):
        if window(found) in changed:
            close(changed[window(found)], expected, program)

    for optimized in (False, True):
        compiled_states = program.state_arrays()
        compiled = Compiled(traced(program, compiled_states), optimized)
        found_outputs = compiled.run(program.arrays())
        for found, expected in zip(found_outputs, imperative, strict=True):
            close(found.asnumpy(), expected, program)
        for found, expected in zip(compiled_states, held, strict=True):
            close(found.asnumpy(), expected, program)


@pytest.mark.parametrize("seed", range(6))
def test_running_twice_goes_on_from_the_changed_state(seed: int) -> None:
    program = next(p for p in (random_program(100 + 50 * seed + k) for k in range(50)) if p.writes)
    states = program.state_arrays()
    compiled = Compiled(traced(program, states))
    expected_states = program.state_arrays()
    for _ in range(3):
        expected = [a.asnumpy() for a in program(program.arrays(), expected_states)]
        for found, wanted in zip(compiled.run(program.arrays()), expected, strict=True):
            close(found.asnumpy(), wanted, program)
    for found, wanted in zip(states, expected_states, strict=True):
        close(found.asnumpy(), wanted.asnumpy(), program)


def scalar_of(program: Program, arrays: list, weights: list[np.ndarray]) -> object:
    """A weighted sum of the program's floating-point outputs."""
    total = sum((a.sum() for a in arrays[1:]), arrays[0].sum())
    for out, weight in zip(program(arrays, []), weights, strict=True):
        if out.dtype.kind == "f":
            total = total + (out * array(weight, "float64")).sum()
    return total


@pytest.mark.parametrize("seed", range(40))
def test_gradients_of_tape_pass_and_finite_differences_agree(seed: int) -> None:
    program = random_program(1000 + seed, "float64", n_steps=8, smooth=True, states=False)
    rng = np.random.default_rng(seed)
    weights = [rng.uniform(-1, 1, a.shape) for a in program(program.arrays(), [])]

    def with_tape(function: object) -> list[np.ndarray]:
        arrays = program.arrays()
        for a in arrays:
            a.attach_grad()
        with autograd.record():
            loss = function(arrays)  # type: ignore[operator]
        loss.backward()
        return [a.grad.asnumpy() for a in arrays]

    tape = with_tape(lambda arrays: scalar_of(program, arrays, weights))

    def call(stand_ins: list) -> tuple[None, list]:
        return None, [scalar_of(program, stand_ins, weights)]

    with autograd.record():
        graph = trace(call, program.arrays(), "gradient").graph
    compiled = GraphFunction(verify(graph, "trace"))
    from_pass = with_tape(lambda arrays: compiled(arrays)[0])
    for found, expected in zip(from_pass, tape, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)

    step = 1e-6
    for number, given in enumerate(program.inputs):
        direction = rng.uniform(-1, 1, given.shape)
        ends = []
        for sign in (1, -1):
            moved = [a.copy() for a in program.inputs]
            moved[number] = given + sign * step * direction
            ends.append(float(scalar_of(program, [array(a) for a in moved], weights).item()))  # type: ignore[attr-defined]
        slope = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose(np.sum(tape[number] * direction), slope, rtol=1e-5, atol=1e-6)


# Programs with writes that the tape can follow: it refuses one that changes what a gradient still needs.
@pytest.mark.parametrize("seed", [1, 2, 3, 4, 10, 11, 16, 20, 23, 24, 25, 26, 27, 29])
def test_gradients_through_arrays_changed_in_place(seed: int) -> None:
    program = random_program(seed, "float64", 10, smooth=True)
    assert program.writes

    def loss(arrays: list, states: list) -> object:
        total = sum((a.sum() for a in arrays[1:]), arrays[0].sum())
        for out in program(arrays, states):
            total = total + (out * out).sum()
        return total

    def results(function: object, states: list) -> list[np.ndarray]:
        arrays = program.arrays()
        for a in arrays:
            a.attach_grad()
        with autograd.record():
            value = function(arrays, states)  # type: ignore[operator]
        value.backward()
        return [value.asnumpy(), *(a.grad.asnumpy() for a in arrays), *(s.asnumpy() for s in states)]

    expected = results(loss, program.state_arrays())
    states = program.state_arrays()
    with autograd.record():
        graph = trace(lambda arrays: (None, [loss(arrays, states)]), program.arrays(), "changed").graph
    compiled = GraphFunction(graph)
    for found, wanted in zip(results(lambda arrays, _: compiled(arrays)[0], states), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", range(10))
def test_second_derivatives_of_a_compiled_function(seed: int) -> None:
    program = random_program(2000 + seed, "float64", n_steps=6, smooth=True, states=False)

    def second(function: object) -> np.ndarray:
        x = program.arrays()
        x[0].attach_grad()
        with autograd.record():
            y = function(x)  # type: ignore[operator]
            (first,) = _core.grad([y], [x[0]], None, True, True, True)
            z = (first * first).sum() + y * y
        z.backward()
        return x[0].grad.asnumpy()

    weights = [np.ones(a.shape) for a in program(program.arrays(), [])]
    expected = second(lambda x: scalar_of(program, x, weights))

    def call(stand_ins: list) -> tuple[None, list]:
        return None, [scalar_of(program, stand_ins, weights)]

    with autograd.record():
        compiled = GraphFunction(trace(call, program.arrays(), "second").graph)
    np.testing.assert_allclose(second(lambda x: compiled(x)[0]), expected, rtol=1e-9, atol=1e-11)
