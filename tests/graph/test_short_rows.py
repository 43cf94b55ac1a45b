"""Softmax and normalisation of short rows, taken apart: one group with what is around them, and the same numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

import dlcore as dl
from dlcore import autograd
from dlcore.graph import Compiled
from dlcore.graph._ir import Graph
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import optimize
from dlcore.ops import F

CASES: dict[str, Callable[..., Any]] = {
    "softmax": lambda x, y, g: F.softmax(x * 0.5 + y) * g,
    "log_softmax": lambda x, y, g: F.log_softmax(x + y) - g,
    "layer_norm": lambda x, y, g: F.relu(F.layer_norm(x + y, g, g)),
    "alone": lambda x, y, g: F.softmax(x),
    "columns": lambda x, y, g: (F.softmax(x) - y, F.sum(F.softmax(x) - y, axis=0) * g),
}


def given(shape: tuple[int, ...], dtype: str = "float32") -> list[Any]:
    rng = np.random.default_rng(sum(shape))
    return [array(rng.normal(size=s), dtype) for s in (shape, shape, shape[-1:])]


def counts(graph: Graph) -> Counter[str]:
    return Counter("rows" if node.rows else node.op for node in graph.nodes)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_one_call_with_what_is_around(name: str, dtype: str) -> None:
    for shape in ((40, 10), (300, 15), (64, 2), (30, 3, 5)):
        if len(shape) == 3 and name == "columns":
            continue
        arrays = given(shape, dtype)
        traced = trace_of(CASES[name], *arrays)
        graph = optimize(traced)
        assert counts(graph) == {"rows": 1}, graph
        numbers = [a.asnumpy() for a in arrays]
        wanted, limit = interpret(traced, numbers)[0], 2e-5 if dtype == "float32" else 1e-12
        for found, other, expected in zip(
            Compiled(traced).run(arrays), interpret(graph, numbers)[0], wanted, strict=True
        ):
            np.testing.assert_allclose(found.asnumpy(), expected, rtol=limit, atol=limit)
            np.testing.assert_allclose(other, expected, rtol=limit, atol=limit)


@pytest.mark.parametrize(
    ("what", "x", "axis"),
    [
        ("long rows", np.ones((40, 16)), -1),
        ("other axes", np.ones((10, 40)), 0),
        ("few elements", np.ones((4, 10)), -1),
        ("half precision", np.ones((40, 10), "float16"), -1),
    ],
)
def test_others_keep_their_kernels(what: str, x: np.ndarray, axis: int) -> None:
    given = array(x, x.dtype if x.dtype == "float16" else "float32")
    assert what and counts(optimize(trace_of(lambda x: F.softmax(x, axis=axis), given))) == {"softmax": 1}


def test_special_numbers_as_the_kernel_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).normal(size=(40, 10)).astype("float32")
    x[1, 3], x[2, 4], x[3, 5], x[4] = np.nan, np.inf, -np.inf, -np.inf
    x[5], x[6] = 3e38, -3e38
    traced = trace_of(lambda x: (F.softmax(x), F.log_softmax(x)), array(x))
    apart = [out.asnumpy() for out in Compiled(traced).run([array(x)])]
    monkeypatch.setenv("DLCORE_SHORT_ROWS", "0")
    assert counts(optimize(traced)) == {"softmax": 1, "log_softmax": 1}
    for found, expected in zip(apart, Compiled(traced).run([array(x)]), strict=True):
        np.testing.assert_allclose(found, expected.asnumpy(), rtol=2e-6, atol=1e-6)


def test_gradients_of_a_compiled_step() -> None:
    arrays = given((30, 10), "float64")

    def gradients(x: Any, y: Any, g: Any) -> list[Any]:
        for a in (x, y, g):
            a.attach_grad()
        with autograd.record():
            loss = sum(F.sum(F.square(f(x, y, g))) for name, f in CASES.items() if name != "columns")
        loss.backward()
        return [a.grad for a in (x, y, g)]

    expected = [a.asnumpy() for a in gradients(*[a.copy() for a in arrays])]
    found = dl.jit(lambda *xs: gradients(*[x * 1.0 for x in xs]))(*arrays)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-9, atol=1e-11)
