"""Casts of mixed precision are moved to where fewer bytes flow, and dropped in pairs, without changing a bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import array, trace_of

import dlcore as dl
from dlcore import _core, autograd
from dlcore.gluon import nn
from dlcore.graph import Compiled, Graph, jit, verify
from dlcore.graph._ir import FUSED
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import PIPELINE, optimize
from dlcore.graph.passes.amp import amp
from dlcore.ops import F

X = array(np.random.default_rng(0).standard_normal((2, 8, 6, 6)) * 3, "float32")


def calls(graph: Graph) -> list[str]:
    return [f"{node.op} {node.outputs[0].dtype}" for node in graph.nodes]


def after(function: Callable[..., Any], x: Any = X) -> list[str]:
    """The calls after the pass, which must give the very same numbers, compiled and interpreted."""
    traced = trace_of(function, x)
    graph = verify(amp(traced), "amp")
    wanted = function(x).asnumpy().astype("float32")
    for pipeline in (PIPELINE, tuple(p for p in PIPELINE if p is not amp)):
        compiled = Compiled(optimize(traced, pipeline), optimized=False)
        np.testing.assert_array_equal(compiled.run([x])[0].asnumpy().astype("float32"), wanted)
    np.testing.assert_array_equal(
        interpret(graph, [x.asnumpy()])[0][0].astype("float32"),
        interpret(traced, [x.asnumpy()])[0][0].astype("float32"),
    )
    return calls(graph)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_a_cast_joins_what_made_the_numbers(dtype: str) -> None:
    found = after(lambda x: F.cast(F.max_pool2d(F.relu(F.multiply(x, x)), (2, 2)), dtype))
    assert found == ["multiply float32", f"cast {dtype}", f"relu {dtype}", f"max_pool2d {dtype}"]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_what_is_only_stored_in_16_bits_is_rounded_once(dtype: str) -> None:
    def roundings(function: Callable[..., Any]) -> int:
        after(function)
        nodes = optimize(trace_of(function, X)).nodes
        return sum(m.startswith("round_") for node in nodes if node.op == FUSED for m, _ in node.tile.code)

    assert roundings(lambda x: F.cast(x, dtype)) == 0
    assert roundings(lambda x: F.tanh(F.cast(F.exp(x), dtype))) == 1  # between the two, not behind them
    assert roundings(lambda x: F.add(F.cast(F.cast(F.exp(x), dtype), "float32"), x)) == 1


def test_a_cast_does_not_grow() -> None:
    pooled = after(lambda x: F.cast(F.max_pool2d(x, (2, 2)), "bfloat16"))
    assert pooled == ["max_pool2d float32", "cast bfloat16"]
    cut = after(lambda x: F.cast(x[:, 0], "bfloat16"))
    assert cut == ["slice float32", "cast bfloat16", "reshape bfloat16"]


def test_what_others_need_in_float32_stays() -> None:
    def two(x: Any) -> Any:
        y = F.reshape(F.tanh(x), (2, -1))
        return F.add(F.cast(F.cast(y, "bfloat16"), "float32"), y)

    assert after(two) == ["tanh float32", "reshape float32", "cast bfloat16", "cast float32", "add float32"]


def test_pairs_that_undo_each_other_disappear_and_others_do_not() -> None:
    narrow = F.cast(X, "bfloat16")
    assert after(lambda x: F.cast(F.cast(x, "float32"), "bfloat16") * 2, narrow) == ["multiply bfloat16"]
    assert after(lambda x: F.cast(F.cast(x, "bfloat16"), "float32") * 2)[:2] == ["cast bfloat16", "cast float32"]
    other = after(lambda x: F.cast(F.cast(x, "float16"), "bfloat16") * 2, narrow)
    assert other[:2] == ["cast float16", "cast bfloat16"]


def test_special_numbers() -> None:
    odd = array(np.array([np.nan, np.inf, -np.inf, -0.0, 1e-45, -1e-45, 7e4, 6.01]).reshape(1, 2, 2, 2), "float32")
    for dtype in ("bfloat16", "float16"):
        after(lambda x, dtype=dtype: F.cast(F.relu6(F.max_pool2d(F.negative(x), (2, 1))), dtype), odd)


def trained(compiled: bool) -> list[float]:
    """The losses of some steps in mixed precision; results have the dtype of the last layer."""
    _core.seed(0)
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(8, 3, in_channels=8), nn.BatchNorm(in_channels=8), nn.Activation("relu"), nn.MaxPool2D(2),
        nn.Conv2D(4, 2, in_channels=8), nn.Flatten(), nn.Dense(3, in_units=4),
    )  # fmt: skip
    net.initialize(init=dl.init.Uniform(0.1))
    trainer = dl.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05})

    def step(x: Any) -> Any:
        with autograd.record(), dl.amp.autocast():
            y = net(x)
            loss = F.mean(F.square(F.cast(y, "float32") - 1))
        loss.backward()
        trainer.step(1)
        return loss, y

    run = jit(step) if compiled else step
    results = [run(X) for _ in range(8)]
    assert {y.dtype.name for _, y in results} == {"bfloat16"}
    return [float(loss.item()) for loss, _ in results]


def test_a_network_trains_alike_and_shows_the_same_dtypes() -> None:
    plain, compiled = trained(False), trained(True)
    assert plain[-1] < plain[0] / 2
    np.testing.assert_allclose(compiled, plain, rtol=2e-2)
