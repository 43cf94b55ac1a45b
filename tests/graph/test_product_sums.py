"""What multiplies the gradient of a dense layer's result also sums it up: the same numbers, in fewer calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from core.arrays import threads
from graph.programs import trace_of
from graph.proof import prove

import dlcore as dl
from dlcore import autograd, nd
from dlcore.graph import Compiled
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import optimize
from dlcore.ops import F

RNG = np.random.default_rng(7)


def _normal(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype("f4")


def _joined(function: Any) -> int:
    return sum(node.op == "_product_sums" for node in function.entries()[-1].plain.graph.nodes)


def _step(shape: tuple[int, ...], units: int) -> tuple[Any, list[nd.NDArray]]:
    """Gradients of a dense layer over the last axis of an array of `shape`, and what they are with respect to."""
    x, y = nd.array(_normal(*shape)), nd.array(_normal(*shape[:-1], units))
    held = [nd.array(_normal(units, shape[-1])), nd.array(_normal(units))]
    for a in held:
        a.attach_grad()

    def step() -> nd.NDArray:
        with autograd.record():
            loss = (F.tanh(F.dense(x, *held, False)) * y).sum()
        loss.backward()
        return loss

    return step, held


@pytest.mark.parametrize(("shape", "units"), [((60, 32), 48), ((600, 144), 70), ((4, 50, 16), 130)], ids=str)
def test_gradients_of_weights_and_bias(shape: tuple, units: int, monkeypatch: pytest.MonkeyPatch) -> None:
    step, held = _step(shape, units)
    step()
    plain = [a.grad.asnumpy() for a in held]
    found = []
    for count in (1, 2, 3):
        with threads(count):
            compiled = dl.jit(step)
            compiled()
            assert _joined(compiled) == 1
            found.append([a.grad.asnumpy() for a in held])
    assert "product_sums" in [kernel.operators for kernel in dl.explain(compiled).table]
    for other in found[1:]:
        assert all((one == two).all() for one, two in zip(found[0], other, strict=True))
    monkeypatch.setenv("DLCORE_PRODUCT_SUMS", "0")
    apart = dl.jit(step)
    apart()
    assert not _joined(apart)
    for made, a, wanted in zip(found[0], held, plain, strict=True):
        np.testing.assert_allclose(made, a.grad.asnumpy(), rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(made, wanted, rtol=1e-5, atol=1e-4)


def test_the_interpreter_and_the_plan_know_it() -> None:
    g, x = _normal(300, 24), _normal(300, 32)
    arrays = [nd.array(g), nd.array(x)]
    graph = optimize(trace_of(lambda g, x: (F.matmul(F.transpose(g), x), F.sum(g, axis=0)), *arrays))
    assert [node.op for node in graph.nodes if not node.outputs[0].base] == ["_product_sums"]
    compiled = Compiled(graph, optimized=False)
    prove(compiled.graph, compiled.plan)
    made = [a.asnumpy() for a in compiled.run(arrays)]
    read, _ = interpret(graph, [g, x])
    for one, two, right in zip(made, read, (g.T.astype("f8") @ x, g.sum(0, dtype="f8")), strict=True):
        np.testing.assert_allclose(one, right, rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(two, right, rtol=1e-5, atol=1e-4)


CASES = {
    "of another array": lambda g, x: (F.matmul(F.transpose(g), x), F.sum(g * 2, axis=0)),
    "over other axes": lambda g, x: (F.matmul(F.transpose(g), x), F.sum(g, axis=1)),
    "with its axis kept": lambda g, x: (F.matmul(F.transpose(g), x), F.sum(g, axis=0, keepdims=True)),
    "read before the product can be made": lambda g, x: (F.matmul(F.transpose(g), F.sum(g, axis=0)[:16] * x[:, :16]),),
    "rows that are not read where they lie": lambda g, x: (F.matmul(F.transpose(g), F.transpose(x[:32])[:, :16]),
                                                           F.sum(g, axis=0)),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_what_is_left_apart(name: str) -> None:
    rows = 32 if "lie" in name else 64
    arrays = [nd.array(_normal(rows, 24)), nd.array(_normal(rows, 32))]
    function = CASES[name]
    compiled = dl.jit(function)
    made, wanted = compiled(*arrays), function(*arrays)
    assert not _joined(compiled)
    for one, two in zip(made, wanted, strict=True):
        np.testing.assert_allclose(one.asnumpy(), two.asnumpy(), rtol=1e-5, atol=1e-4)


def test_sums_that_pass_the_range_on_the_way() -> None:
    g = np.ones((64, 16), "f4")
    g[:2], g[2:4] = 3e38, -3e38
    y, sums = F._product_sums(nd.array(g).T, nd.zeros((64, 16)))
    np.testing.assert_array_equal(sums.asnumpy(), np.full(16, 60, "f4"))
    np.testing.assert_array_equal(y.asnumpy(), np.zeros((16, 16), "f4"))
