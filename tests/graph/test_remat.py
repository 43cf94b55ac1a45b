"""Recomputation: less memory, the same numbers to the last bit, and no more time than one more forward part."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from graph.programs import array, peak_of, random_program, trace_of
from graph.proof import prove, simulate

import dlcore as dl
from dlcore import _core, autograd, gluon
from dlcore.gluon import nn
from dlcore.gluon.model_zoo.vision import BasicBlockV1
from dlcore.graph import GraphFunction
from dlcore.graph._cost import operations, seconds
from dlcore.graph._ir import Graph
from dlcore.graph._recompute import Program, _twin, boundary
from dlcore.graph._trace import trace
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes import optimize
from dlcore.graph.passes.plan import plan, settle
from dlcore.graph.passes.remat import Remat, chosen, remat
from dlcore.graph.verify import GraphError, verify
from dlcore.ops import F


def residual(depth: int, channels: int = 4) -> Any:
    """A residual network with dropout in every block, so that masks have to come back as they were."""
    net = nn.HybridSequential()
    net.add(nn.Conv2D(channels, 3, 1, 1, use_bias=False, in_channels=3))
    for _ in range(depth // 2):
        net.add(nn.HybridSequential(BasicBlockV1(channels, 1, in_channels=channels), nn.Dropout(0.2)))
    net.add(nn.GlobalAvgPool2D(), nn.Dense(10, in_units=channels))
    return net


class Training:
    """A few steps of a residual network, compiled in one way or another."""

    def __init__(self, depth: int = 16, **options: Any) -> None:
        _core.seed(3)
        self.net = residual(depth)
        self.net.initialize()
        layers = options.pop("layers", None)
        if layers:
            options["remat"] = [self.net[i] for i in range(1, 1 + depth // 2)]
        criterion = gluon.loss.SoftmaxCrossEntropyLoss()
        trainer = gluon.Trainer(self.net.collect_params(), "sgd", {"learning_rate": 0.05, "momentum": 0.9})
        draw = np.random.default_rng(0)
        x, y = array(draw.normal(size=(4, 3, 8, 8)), "float32"), array(draw.integers(0, 10, 4), "int64")

        def step(x: Any, y: Any) -> Any:
            with autograd.record():
                loss = criterion(self.net(x), y).mean()
            loss.backward()
            trainer.step(1)
            return loss

        self.step = dl.jit(step, **options)
        self.losses = [float(self.step(x, y)) for _ in range(3)]
        (function,) = self.step.entries()
        self.compiled = function.plain
        self.arena = self.compiled.plan.arena_bytes
        self.weights = [p.data().asnumpy() for p in self.net.collect_params().values()]

    def equals(self, other: Training) -> bool:
        return self.losses == other.losses and all(map(np.array_equal, self.weights, other.weights))


@pytest.fixture(scope="module")
def plain() -> Training:
    return Training()


def test_a_budget_is_kept_and_the_numbers_are_the_same_to_the_last_bit(plain: Training) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for part in (2, 3):
            budget = plain.arena // part
            found = Training(memory_budget=budget)
            assert found.arena <= budget
            assert found.equals(plain)
            assert len(found.compiled.graph.nodes) > len(plain.compiled.graph.nodes)
            simulate(found.compiled.graph, found.compiled.plan)
            prove(found.compiled.graph, found.compiled.plan)


def test_a_budget_that_is_met_anyway_changes_nothing(plain: Training) -> None:
    found = Training(memory_budget=2 * plain.arena)
    assert [n.op for n in found.compiled.graph.nodes] == [n.op for n in plain.compiled.graph.nodes]


def named(error: Exception) -> int:
    """The budget that an error about one too small says is enough."""
    found = re.match(r"memory_budget: \w+ needs (\d+) bytes .*; \d+ were given", str(error))
    assert found is not None
    return int(found[1])


def test_a_budget_that_cannot_be_met_is_refused_with_one_that_can(plain: Training) -> None:
    with pytest.raises(ValueError, match=r"1000 were given") as caught:
        Training(memory_budget=1000)
    least = named(caught.value)
    assert least < plain.arena / 2
    found = Training(memory_budget=least)
    assert found.equals(plain) and found.arena <= least
    with pytest.raises(ValueError, match=f"needs {least} bytes"):
        Training(memory_budget=found.arena - 1)


def test_the_least_memory_and_layers_named_as_segments(plain: Training) -> None:
    least, layers = Training(remat=True), Training(layers=True)
    assert least.arena < plain.arena / 2.5 and layers.arena < plain.arena / 2
    assert least.equals(plain) and layers.equals(plain)


def test_memory_grows_with_the_root_of_the_depth() -> None:
    arenas = [Training(depth, remat=True).arena for depth in (16, 64)]
    assert arenas[1] < 2.6 * arenas[0]  # four times the layers; kept, it takes four times the memory
    assert Training(64).arena > 3.5 * Training(16).arena


def test_nothing_is_made_again_twice(plain: Training) -> None:
    found = Training(remat=True)
    once, twice = (sorted(n.op for n in t.compiled.graph.nodes if n.op == "conv2d") for t in (plain, found))
    assert len(once) < len(twice) <= 2 * len(once)


def test_bad_options_are_refused() -> None:
    with pytest.raises(ValueError, match="memory_budget: expected a positive number of bytes, got 0"):
        dl.jit(abs, memory_budget=0)
    with pytest.raises(TypeError, match="remat: expected True, False or layers, got str"):
        dl.jit(abs, remat=["conv"])


def gradients(hybridize: dict[str, Any], inner: dict[str, Any] | None = None) -> tuple[list[np.ndarray], Any]:
    """Loss and gradients of a hybridized network, whose tape does not see inside."""
    _core.seed(5)
    net = residual(12)
    net.initialize()
    net.hybridize(**hybridize)
    if inner:
        for block in list(net)[1:7]:
            block.hybridize(**inner)
    x = array(np.random.default_rng(1).normal(size=(4, 3, 8, 8)), "float32")
    net(x)
    _core.seed(6)
    with autograd.record():
        loss = (net(x) ** 2).sum()
    loss.backward()
    grads = [p.grad().asnumpy() for p in net.collect_params().values() if p.grad_req != "null"]
    (function,) = [f for f in net._compiled.entries() if f._pairs]
    (pair,) = function._pairs.values()
    return [loss.asnumpy(), *grads], pair


def kept(pair: Any) -> int:
    """Bytes that live between the forward and the backward call."""
    return sum(value.nbytes for value in pair.forward.traced.outputs[pair.n_outputs :])


@pytest.mark.parametrize(
    ("hybridize", "inner", "part"),
    [
        ({"remat": True}, None, 20),
        ({}, {"remat": True}, 3),
        ({"memory_budget": 110_000}, None, 1.8),
    ],
)
def test_hybridized_blocks_keep_less_and_give_the_same_gradients(hybridize: dict, inner: dict, part: float) -> None:
    expected, all_kept = gradients({})
    found, pair = gradients(hybridize, inner)
    assert kept(pair) < kept(all_kept) / part
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_budget_of_a_hybridized_block_holds_for_all_that_its_parts_take() -> None:
    expected, whole = gradients({})
    for part in (1.0, 0.7, 0.5):
        budget = int(whole.memory_bytes * part)
        found, pair = gradients({"memory_budget": budget})
        arenas = pair.forward.lowered.executable.arena_bytes + pair.backward.lowered.executable.arena_bytes
        assert arenas + kept(pair) == pair.memory_bytes <= budget
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_array_equal(a, b)


def test_too_small_a_budget_of_a_hybridized_block_is_refused_with_one_that_is_not() -> None:
    with pytest.raises(ValueError, match="2000 were given") as caught:
        gradients({"memory_budget": 2000})
    found, pair = gradients({"memory_budget": named(caught.value)})
    assert pair.memory_bytes <= named(caught.value)
    for a, b in zip(found, gradients({})[0], strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_budget_of_a_hybridized_block_is_for_gradients_only() -> None:
    net = residual(4)
    net.initialize()
    net.hybridize(memory_budget=1)
    x = array(np.ones((4, 3, 8, 8)), "float32")
    assert net(x).shape == net(x).shape == (4, 10)
    with pytest.raises(ValueError, match="memory_budget"), autograd.record():
        net(x)


def test_remat_of_a_block_can_be_taken_back_and_is_not_for_those_inside() -> None:
    net = residual(4)
    net.hybridize(remat=True)
    assert net._remat and not net[1]._remat
    net.hybridize()
    assert net._remat
    net.hybridize(remat=False)
    assert not net._remat


def step_graph(net: Any, x: Any) -> Graph:
    def step(x: Any) -> Any:
        with autograd.record():
            loss = (net(x) ** 2).sum()
        loss.backward()
        return loss

    step(x)
    return trace_of(step, x)


def test_the_weight_of_a_choice_is_that_of_its_graph() -> None:
    """`Program.weigh` foretells the peak of what `rebuilt` makes."""
    net = residual(8)
    net.initialize()
    graph = optimize(step_graph(net, array(np.ones((2, 3, 8, 8)), "float32")))
    program = Program(graph, boundary(graph.nodes))
    assert program.weigh(set())[0] == peak_of(graph)
    for wish in (Remat(least=True), Remat(budget=peak_of(graph) // 2)):
        dropped = chosen(program, wish)
        assert dropped
        rebuilt = verify(remat(graph, wish), "remat")
        assert program.weigh(dropped)[0] == peak_of(rebuilt) < peak_of(graph)


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_with_gradients(seed: int) -> None:
    """Interpreted before and after, and every plan proved."""
    program = random_program(9000 + seed, "float64", n_steps=12, smooth=True, states=False)

    def step(*arrays: Any) -> list[Any]:
        for a in arrays:
            a.attach_grad()
        with autograd.record():
            total = sum((a.sum() for a in arrays[1:]), arrays[0].sum())
            for out in program(list(arrays), []):
                total = total + (F.dropout(out, 0.5) * out).sum()
        total.backward()
        return [total, *(a.grad * 1.0 for a in arrays)]

    _core.set_training(True)
    try:
        graph = optimize(trace(lambda given: (None, step(*given)), program.arrays(), "step").graph)
    finally:
        _core.set_training(False)
    again = verify(remat(graph, Remat(least=True)), "remat")
    for a, b in zip(interpret(again, program.inputs)[0], interpret(graph, program.inputs)[0], strict=True):
        np.testing.assert_array_equal(a, b)
    settled = verify(settle(again), "settle")
    memory = plan(settled)
    simulate(settled, memory)
    prove(settled, memory)


def test_a_mask_may_be_drawn_again_in_several_segments() -> None:
    x = array(np.ones((4, 3)), "float32")
    with autograd.record():
        graph = trace(lambda given: (None, [F.dropout(given[0], 0.4)]), [x], "masked").graph
    draw = next(node for node in graph.nodes if node.op == "_dropout_mask")
    graph.nodes += [_twin(draw, list(draw.inputs), {}) for _ in range(2)]
    assert draw.recorded and not graph.nodes[-1].recorded
    verify(graph, "remat")
    graph.nodes[-1].recorded = True
    with pytest.raises(GraphError, match="share random blocks"):
        verify(graph, "remat")
    draw.recorded = graph.nodes[-1].recorded = False
    with pytest.raises(GraphError, match="share random blocks"):
        verify(graph, "remat")


def test_second_derivatives_with_segments() -> None:
    def f(x: Any) -> Any:
        return F.sum(F.tanh(F.matmul(F.tanh(F.matmul(x, x)), x)))

    def second(wish: Remat) -> np.ndarray:
        x = array(np.linspace(-1, 1, 16).reshape(4, 4), "float64")
        x.attach_grad()
        with autograd.record():
            compiled = GraphFunction(trace(lambda a: (None, [f(a[0])]), [x], "f").graph, wish)
            (first,) = _core.grad([compiled([x])[0]], [x], None, True, True, True)
            total = (first * first).sum()
        total.backward()
        return x.grad.asnumpy()

    np.testing.assert_array_equal(second(Remat(least=True)), second(Remat()))


def test_costs_of_calls() -> None:
    """Multiplications and additions, counted by hand."""

    def only(function: Any, *shapes: tuple[int, ...]) -> Any:
        graph = trace_of(function, *[array(np.ones(s), "float32") for s in shapes])
        return next(n for n in graph.nodes if operations(n) > 0)

    conv = only(lambda x, w: F.conv2d(x, w, pad=(1, 1)), (2, 3, 8, 8), (5, 3, 3, 3))
    assert operations(conv) == 2 * (2 * 5 * 8 * 8) * (3 * 3 * 3)
    product = only(F.matmul, (32, 64), (64, 16))
    assert operations(product) == 2 * 32 * 64 * 16
    assert operations(only(F.relu, (7, 9))) == 63
    assert seconds(conv) < seconds(only(F.matmul, (512, 512), (512, 512)))
