"""Rows taken from a small table are multiplied in the table: fewer products, the same results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import trace_of
from hypothesis import given, settings
from hypothesis import strategies as st

import dlcore as dl
from dlcore import autograd, nd
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes.canonicalize import canonicalize
from dlcore.graph.passes.taken_rows import taken_rows
from dlcore.graph.verify import verify
from dlcore.ops import F

RNG = np.random.default_rng(2)
E, W, B = (RNG.standard_normal(shape).astype("f4") for shape in ((9, 20), (40, 20), (40,)))
ROWS = RNG.integers(0, 9, (6, 8)).astype("i4")


def _nodes(run: Any) -> list[Any]:
    entry = run.entries()[-1]
    return getattr(entry, "plain", entry).graph.nodes


def _products(run: Any) -> list[tuple[int, ...]]:
    """The shapes of all products' results."""
    return [n.outputs[0].shape for n in _nodes(run) if n.op in ("dense", "matmul", "_product")]


WAYS: dict[str, Callable[..., Any]] = {
    "as they come": lambda i, e, w, b: F.dense(F.take(e, i, axis=0), w, b, flatten=False),
    "steps first": lambda i, e, w, b: F.dense(F.transpose(F.take(e, i, axis=0), (1, 0, 2)), w, b, flatten=False),
    "in one line": lambda i, e, w, b: F.dense(F.reshape(F.take(e, i, axis=0), (48, 20)), w, None),
}


@pytest.mark.parametrize("name", WAYS)
def test_forward_is_the_same_to_the_bit(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    arrays = nd.array(ROWS, dtype="int32"), nd.array(E), nd.array(W), nd.array(B)
    run = dl.jit(WAYS[name])
    made = run(*arrays).asnumpy()
    assert _products(run) == [(9, 40)]
    monkeypatch.setenv("DLCORE_TAKEN_ROWS", "0")
    apart = dl.jit(WAYS[name])
    np.testing.assert_array_equal(made, apart(*arrays).asnumpy())
    assert _products(apart)[0][-1] == 40 and _products(apart) != [(9, 40)]
    np.testing.assert_array_equal(made, WAYS[name](*arrays).asnumpy())


@pytest.mark.parametrize("name", WAYS)
def test_gradients(name: str) -> None:
    i, e, w, b = nd.array(ROWS, dtype="int32"), nd.array(E), nd.array(W), nd.array(B)

    def step(i: nd.NDArray) -> nd.NDArray:
        with autograd.record():
            total = (F.tanh(WAYS[name](i, e, w, b)) ** 2).sum()
        total.backward()
        return total

    found = []
    for run in (step, compiled := dl.jit(step)):
        for a in (e, w, b):
            a.attach_grad()
        run(i)
        found.append([a.grad.asnumpy() for a in (e, w, b)])
    assert sorted(_products(compiled)) == [(9, 20), (9, 40), (40, 20)]
    assert sum(n.op == "_take_grad" for n in _nodes(compiled)) == 1
    if name != "in one line":  # the bias: what was summed up for each row of the table is summed up, not all rows
        sums = [n for n in _nodes(compiled) if n.op == "sum" and n.outputs[0].shape == (40,)]
        assert [n.inputs[0].shape for n in sums] == [(9, 40)]
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("rows", [25, 48, 1000])
def test_a_table_that_is_not_small_stays(rows: int) -> None:
    e = nd.array(RNG.standard_normal((rows, 20)).astype("f4"))
    run = dl.jit(WAYS["as they come"])
    run(nd.array(ROWS, dtype="int32"), e, nd.array(W), nd.array(B))
    assert _products(run) == [(6, 8, 40)]


def test_a_row_that_is_not_there_is_an_error_all_the_same() -> None:
    run = dl.jit(WAYS["as they come"])
    with pytest.raises(IndexError, match="take"):
        run(nd.array(ROWS + 5, dtype="int32"), nd.array(E), nd.array(W), nd.array(B))


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 6), st.integers(4, 9), st.integers(3, 7), st.permutations([0, 1]), st.booleans(), st.integers(0, 99)
)
def test_any_order_of_the_rows(table: int, n: int, t: int, order: list[int], flat: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    i = rng.integers(0, table, (n, t)).astype("i4")
    e, w = rng.standard_normal((table, 4)).astype("f4"), rng.standard_normal((5, 4)).astype("f4")

    def run(i: nd.NDArray, e: nd.NDArray, w: nd.NDArray) -> nd.NDArray:
        x = F.transpose(F.take(e, i, axis=0), (*order, 2))
        return F.dense(F.reshape(x, (n * t, 4)) if flat else x, w, None, flatten=False)

    graph = canonicalize(trace_of(run, nd.array(i, dtype="int32"), nd.array(e), nd.array(w)))
    (before,), _ = interpret(graph, [i, e, w])
    (after,), _ = interpret(verify(taken_rows(graph), "taken_rows"), [i, e, w])
    np.testing.assert_allclose(after, before, rtol=1e-5, atol=1e-6)


def test_a_table_of_single_numbers_is_left_alone() -> None:
    """Numbers taken from a line, whose gradient comes through a reshape that happens to end in as many."""
    line, which = dl.np.array(np.ones(12, "f4")), dl.np.array(np.array([1, 0, -1]))

    def step(x: Any) -> Any:
        x.attach_grad()
        with autograd.record():
            y = F.matmul(F.reshape(F.take(x, which, axis=0), shape=(1, 3)), F.reshape(x, shape=(3, 4)))
            loss = F.sum(y)
        loss.backward()
        return x.grad * 1

    expected = step(line).asnumpy()
    graph = trace_of(step, line)
    for rewrite in (canonicalize, taken_rows):
        graph = verify(rewrite(graph), rewrite.__name__)
    np.testing.assert_allclose(interpret(graph, [np.ones(12, "f4")])[0][0], expected, rtol=1e-6)
