"""What follows a matrix product is drawn into it, and gives what the calls give one by one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from core.arrays import threads

import dlcore as dl
from dlcore import autograd, nd
from dlcore.graph.interpreter import interpret
from dlcore.ops import F

RNG = np.random.default_rng(5)
X, W, B = (RNG.standard_normal(shape).astype("f4") for shape in ((3, 40, 24), (70, 24), (70,)))
Y, R = (RNG.standard_normal(shape).astype("f4") for shape in ((120, 70), (3, 40, 70)))


def _two(x: nd.NDArray) -> nd.NDArray:
    return F.reshape(x, (120, 24))


PATTERNS: dict[str, tuple[Callable[..., Any], str]] = {
    "relu": (lambda x, w, b, y, r: F.relu(F.dense(x, w, b, flatten=False)), "relu"),
    "gelu": (lambda x, w, b, y, r: F.gelu_erf(F.dense(x, w, b, flatten=False)), "gelu_erf"),
    "tanh without bias": (lambda x, w, b, y, r: F.tanh(F.dense(x, w, None, flatten=False)), "tanh"),
    "sum, then sigmoid": (lambda x, w, b, y, r: F.sigmoid(F.dense(x, w, b, flatten=False) + r), "add+sigmoid"),
    "the other way round": (lambda x, w, b, y, r: r + F.dense(x, w, b, flatten=False), "add"),
    "difference": (lambda x, w, b, y, r: F.dense(x, w, b, flatten=False) - r, "subtract"),
    "matmul": (lambda x, w, b, y, r: F.silu(F.matmul(_two(x), F.transpose(w)) * y), "multiply+silu"),
    "bias of a matmul": (lambda x, w, b, y, r: F.relu(F.matmul(_two(x), F.transpose(w)) + b), "relu"),
    "batched": (lambda x, w, b, y, r: F.relu(F.matmul(x, F.transpose(w)) + r), "add+relu"),
    "mask": (lambda x, w, b, y, r: F._relu_grad(F.matmul(_two(x), F.transpose(w)), y), "_relu_grad"),
    "through another shape": (
        lambda x, w, b, y, r: F.reshape(F.matmul(_two(x), F.transpose(w)), (3, 40, 70)) + r, "add",
    ),
}  # fmt: skip


def _steps(function: Any) -> list[str]:
    entry = function.entries()[-1]
    nodes = getattr(entry, "plain", entry).graph.nodes
    return [node.attrs[1] for node in nodes if node.op == "_product"]


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("count", [1, 2])
def test_patterns(name: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    function, steps = PATTERNS[name]
    arrays = [nd.array(v) for v in (X, W, B, Y, R)]
    with threads(count):
        joined = dl.jit(function)
        made = joined(*arrays).asnumpy()
        assert _steps(joined) == [steps]
        monkeypatch.setenv("DLCORE_EPILOGUE", "0")
        apart = dl.jit(function)
        np.testing.assert_allclose(made, apart(*arrays).asnumpy(), rtol=1e-6, atol=1e-5)
        assert not _steps(apart)
        np.testing.assert_allclose(made, function(*arrays).asnumpy(), rtol=1e-6, atol=1e-5)
    entry = joined.entries()[-1]
    graph = getattr(entry, "plain", entry).graph
    (read,), _ = interpret(graph, [X, W, B, Y, R][: len(graph.inputs)])
    np.testing.assert_allclose(made, read, rtol=1e-5, atol=1e-5)


def test_gradients_take_the_mask_in() -> None:
    x, w, v = nd.array(X.reshape(120, 24)), nd.array(W), nd.array(RNG.standard_normal((64, 70)).astype("f4"))

    def step(x: nd.NDArray) -> nd.NDArray:
        with autograd.record():
            total = (F.dense(F.relu(F.dense(x, w, None)), v, None) ** 2).sum()
        total.backward()
        return total

    grads = []
    for run in (step, compiled := dl.jit(step)):
        for a in (w, v):
            a.attach_grad()
        run(x)
        grads.append((w.grad.asnumpy(), v.grad.asnumpy()))
    assert sorted(_steps(compiled)) == ["_relu_grad", "relu"]
    for one, other in zip(*grads, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)


def test_gelu_and_its_derivative_come_from_one_call() -> None:
    x, w = nd.array(X.reshape(120, 24)), nd.array(W)
    v = nd.array(RNG.standard_normal((64, 70)).astype("f4"))

    def step(x: nd.NDArray) -> nd.NDArray:
        with autograd.record():
            total = (F.dense(F.gelu_erf(F.dense(x, w, None)), v, None) ** 2).sum()
        total.backward()
        return total

    grads = []
    for run in (step, compiled := dl.jit(step)):
        for a in (w, v):
            a.attach_grad()
        run(x)
        grads.append((w.grad.asnumpy(), v.grad.asnumpy()))
    assert _steps(compiled) == ["multiply"]
    labels = [str(node.attrs) for node in compiled.entries()[-1].plain.graph.nodes]
    assert sum("gelu" in label for label in labels) == sum("_gelu_pair" in label for label in labels) == 1
    for one, other in zip(*grads, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: F.relu(y := F.dense(x, w, None)) + y,  # read twice
        lambda x, w: F.relu(F.cast(F.dense(F.cast(x, "bfloat16"), F.cast(w, "bfloat16"), None), "float16")),
        lambda x, w: F.relu(F.dense(x[:2], w, None)),  # too few to be worth it
    ],
    ids=["used twice", "two dtypes", "few"],
)
def test_what_stays_apart(function: Any) -> None:
    run = dl.jit(function)
    x, w = nd.array(X.reshape(120, 24)), nd.array(W)
    np.testing.assert_array_equal(run(x, w).asnumpy(), function(x, w).asnumpy())
    assert not _steps(run)


def test_one_line() -> None:
    """A single sample, for which nothing is packed."""
    w, b = RNG.standard_normal((5000, 64)).astype("f4"), RNG.standard_normal(5000).astype("f4")
    x = RNG.standard_normal((1, 64)).astype("f4")
    run = dl.jit(lambda x, w, b: F.relu(F.dense(x, w, b)))
    got = run(nd.array(x), nd.array(w), nd.array(b)).asnumpy()
    assert _steps(run) == ["relu"]
    np.testing.assert_allclose(got, np.maximum(x.astype("f8") @ w.T + b, 0), rtol=1e-5, atol=1e-5)


def test_nothing_to_add_up_still_gets_its_steps() -> None:
    got = F._product(nd.zeros((3, 0)), nd.zeros((0, 4)), nd.array([1.0, -1.0, 2.0, -2.0]), None, then="relu")
    assert got.tolist() == [[1, 0, 2, 0]] * 3


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("then", ["add", "multiply", "relu", "_relu_grad"])
def test_a_step_waits_until_all_is_summed_up(then: str, turned: bool) -> None:
    a, b, other = (RNG.standard_normal(shape).astype("f4") for shape in ((90, 1100), (1100, 48), (90, 48)))
    a[7, 3] = np.nan
    given = F.transpose(nd.array(np.ascontiguousarray(a.T))) if turned else nd.array(a)
    made = F._product(given, nd.array(b), None, None if then == "relu" else nd.array(other), then=then).asnumpy()
    sums = a.astype("f8") @ b
    right = {"add": sums + other, "multiply": sums * other, "relu": np.maximum(sums, 0),
             "_relu_grad": np.where(other > 0, sums, 0)}[then]  # fmt: skip
    np.testing.assert_allclose(made, right, rtol=1e-4, atol=3e-4)
