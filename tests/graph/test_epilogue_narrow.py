"""What follows a product of 16-bit floats is drawn into it: float32 until the end, where the result is rounded once."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np
import pytest
from core.arrays import threads
from graph.test_epilogue import PATTERNS, B, R, W, X, Y, _steps

import dlcore as dl
from dlcore import autograd, nd
from dlcore.graph.interpreter import interpret
from dlcore.ops import F

HALF_UNIT = {"bfloat16": 2.0**-8, "float16": 2.0**-11}  # the largest share of a number that rounding takes
NUMPY = {"bfloat16": ml_dtypes.bfloat16, "float16": np.float16}
ARRAYS = (X, W, B, Y, R)


def _wide(array: nd.NDArray) -> np.ndarray:
    return array.asnumpy().astype("f8")


@pytest.mark.parametrize("dtype", HALF_UNIT)
@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_round_once(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, steps = PATTERNS[name]
    half = HALF_UNIT[dtype]
    arrays = [nd.array(v).astype(dtype) for v in ARRAYS]
    exact = function(*(a.astype("float64") for a in arrays)).asnumpy()
    joined, made = dl.jit(function), []
    for count in (1, 2):
        with threads(count):
            made.append(_wide(joined(*arrays)))
    assert _steps(joined) == [steps]
    np.testing.assert_array_equal(made[0], made[1])
    # One rounding: half a unit of the result itself, and what sums in float32 leave.
    np.testing.assert_allclose(made[0], exact, rtol=1.01 * half, atol=1e-5)
    graph = getattr(joined.entries()[-1], "plain", joined.entries()[-1]).graph
    (read,), _ = interpret(graph, [v.astype(NUMPY[dtype]) for v in ARRAYS][: len(graph.inputs)])
    np.testing.assert_allclose(made[0], read.astype("f8"), rtol=2.02 * half, atol=1e-5)
    # Apart, each call rounds: of numbers as large as any on the way.
    monkeypatch.setenv("DLCORE_EPILOGUE", "0")
    apart = dl.jit(function)
    loose = 3 * half * max(np.abs(_wide(F.matmul(arrays[0], F.transpose(arrays[1])))).max(), np.abs(exact).max(), 4)
    np.testing.assert_allclose(_wide(apart(*arrays)), made[0], rtol=2 * half, atol=loose)
    assert not _steps(apart)
    np.testing.assert_allclose(_wide(function(*arrays)), made[0], rtol=2 * half, atol=loose)


@pytest.mark.parametrize("dtype", HALF_UNIT)
@pytest.mark.parametrize("op", ["add", "subtract", "multiply"])
def test_what_meets_float32_is_not_rounded(op: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x, w, b = (nd.array(v).astype(dtype) for v in (X, W, B))
    r = nd.array(R)

    def function(x: Any, w: Any, b: Any, r: Any) -> Any:
        return F.relu(getattr(F, op)(F.dense(x, w, b, flatten=False), r))

    joined = dl.jit(function)
    made = joined(x, w, b, r)
    assert _steps(joined) == [f"{op}+relu"] and made.dtype == np.float32
    exact = function(*(a.astype("float64") for a in (x, w, b, r))).asnumpy()
    np.testing.assert_allclose(made.asnumpy(), exact, rtol=1e-5, atol=1e-5)
    graph = getattr(joined.entries()[-1], "plain", joined.entries()[-1]).graph
    (read,), _ = interpret(graph, [v.asnumpy() for v in (x, w, b, r)])
    np.testing.assert_allclose(made.asnumpy(), read, rtol=1e-5, atol=1e-5)
    loose = 2 * HALF_UNIT[dtype] * np.abs(exact).max()
    np.testing.assert_allclose(function(x, w, b, r).asnumpy(), made.asnumpy(), rtol=0, atol=loose)
    monkeypatch.setenv("DLCORE_EPILOGUE", "0")
    np.testing.assert_allclose(dl.jit(function)(x, w, b, r).asnumpy(), made.asnumpy(), rtol=0, atol=loose)


@pytest.mark.parametrize("dtype", HALF_UNIT)
@pytest.mark.parametrize("activation", ["relu", "gelu_erf"])
def test_gradients_under_autocast(activation: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    x, w, b, v = (nd.array(0.2 * rng.standard_normal(s).astype("f4")) for s in ((120, 24), (70, 24), (70,), (64, 70)))

    def step(x: nd.NDArray) -> nd.NDArray:
        with autograd.record(), dl.amp.autocast(dtype):
            total = F.sum(F.dense(getattr(F, activation)(F.dense(x, w, b)), v, None) ** 2)
        total.backward()
        return total

    grads = []
    for epilogues, run in (("1", step), ("1", joined := dl.jit(step)), ("0", apart := dl.jit(step))):
        monkeypatch.setenv("DLCORE_EPILOGUE", epilogues)
        for a in (w, b, v):
            a.attach_grad()
        run(x)
        grads.append([a.grad.asnumpy() for a in (w, b, v)])
    assert sorted(_steps(joined)) == (["_relu_grad", "relu"] if activation == "relu" else ["multiply"])
    assert not _steps(apart)
    for other in grads[1:]:
        for one, two in zip(grads[0], other, strict=True):
            assert one.dtype == two.dtype == np.float32 and np.isfinite(one).all()
            np.testing.assert_allclose(one, two, rtol=0, atol=6 * HALF_UNIT[dtype] * np.abs(one).max())


@pytest.mark.parametrize("dtype", HALF_UNIT)
def test_what_is_not_a_number_stays(dtype: str) -> None:
    a = np.ones((80, 40), "f4")
    a[3, 5], a[7] = np.nan, -1
    for then in ("relu", "add+relu"):
        other = nd.zeros((80, 64)).astype(dtype) if "+" in then else None
        ones = nd.ones((40, 64)).astype(dtype)
        made = _wide(F._product(nd.array(a).astype(dtype), ones, None, other, then=then))
        assert np.isnan(made[3]).all() and (made[7] == 0).all() and (np.delete(made, (3, 7), 0) == 40).all()


@pytest.mark.parametrize("dtype", HALF_UNIT)
@pytest.mark.parametrize("then", ["", "relu", "multiply", "add+tanh"])
def test_products_of_any_form(dtype: str, then: str) -> None:
    """Batches, single lines, nothing to add up, odd sizes and lines with gaps."""
    rng = np.random.default_rng(4)
    forms: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((3, 5, 9), (3, 9, 7)), ((1, 65), (65, 33)), ((9, 0), (0, 4)), ((131, 33), (33, 47)), ((2, 3, 32), (32, 16)),
    ]  # fmt: skip
    for left, right in forms:
        a, b, bias = (nd.array(rng.standard_normal(s).astype("f4")).astype(dtype) for s in (left, right, right[-1:]))
        other: Any = nd.array(rng.standard_normal((*left[:-1], right[-1])).astype("f4")).astype(dtype)
        sums = _wide(a) @ _wide(b) + _wide(bias)
        steps = {"": sums, "relu": np.maximum(sums, 0), "multiply": sums * _wide(other),
                 "add+tanh": np.tanh(sums + _wide(other))}  # fmt: skip
        given = other if then in ("multiply", "add+tanh") else None
        padded = F.concat(b, nd.zeros((*right[:-1], 3)).astype(dtype), axis=-1)[..., : right[-1]]
        for right_side in (b, padded):
            made = _wide(F._product(a, right_side, bias, given, then=then))
            np.testing.assert_allclose(made, steps[then], rtol=1.01 * HALF_UNIT[dtype], atol=1e-5)


def test_explain_names_what_was_joined() -> None:
    arrays = [nd.array(v).astype("bfloat16") for v in ARRAYS]
    run = dl.jit(PATTERNS["sum, then sigmoid"][0])
    run(*arrays)
    assert [k.operators for k in dl.explain(run, *arrays).table if "product" in k.operators] == ["product+add+sigmoid"]
