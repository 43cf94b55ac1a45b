"""Programs for a size between two others: exactly those that the passes would have made, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import array

import dlcore as dl
from dlcore import _core, autograd, gluon, nd
from dlcore.gluon import nn
from dlcore.gluon.model_zoo import text
from dlcore.graph import Jit
from dlcore.graph._resize import Relatives
from dlcore.ops import F


@pytest.fixture(autouse=True)
def traced_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if Python looked at sizes; where it does not, see test_resize.py."""
    monkeypatch.setattr(Relatives, "third", lambda *_: None)


def drawn(*shape: int) -> Any:
    return array(np.random.default_rng(sum(shape)).normal(size=shape), "float32")


def programs(jit: Jit, arguments: tuple) -> list[Any]:
    """What a call runs: the whole, or the two halves where gradients are recorded."""
    function = jit.program(*arguments)
    pair = function.newest_pair()
    return [function.plain] if function.plain.is_ready or pair is None else [pair.forward, pair.backward]


def found(jit: Jit) -> int:
    """How many programs were made without the passes."""
    families = [jit._family, *jit._family._parts.values()]
    return sum(family.found for family in families)


def mlp() -> Any:
    return nn.HybridSequential(nn.Dense(12, activation="relu", in_units=6), nn.Dense(4, in_units=12))


def conv() -> Any:
    return nn.HybridSequential(
        nn.Conv2D(4, 3, padding=1, in_channels=3), nn.BatchNorm(in_channels=4), nn.Activation("relu"),
        nn.GlobalAvgPool2D(), nn.Flatten(), nn.Dense(4, in_units=4),
    )  # fmt: skip


NETS: dict[str, tuple[Callable[[], Any], Callable[[int], Any]]] = {
    "mlp": (mlp, lambda n: drawn(n, 6)),
    "dropout": (lambda: nn.HybridSequential(nn.Dropout(0.4), mlp()), lambda n: drawn(n, 6)),
    "conv": (conv, lambda n: drawn(n, 3, 8, 8)),
    "gpt": (
        lambda: text.GPT(11, context=8, units=16, num_layers=2, num_heads=2),
        lambda n: nd.array(np.arange(n * 8).reshape(n, 8) % 11, dtype="int32"),
    ),
    "lstm": (
        lambda: text.LSTMLanguageModel(11, 8, 8),
        lambda n: nd.array(np.arange(n * 6).reshape(n, 6) % 11, dtype="int32"),
    ),
}


def made(name: str, optimizer: str = "") -> tuple[Callable[..., Any], list[Any], Callable[[int], tuple]]:
    """A step or a network as a function, the arrays that a step changes, and its arguments for a size."""
    dl.random.seed(3)
    net = NETS[name][0]()
    net.initialize(dl.init.Uniform(0.2))
    net(NETS[name][1](4))
    params = [p.data() for p in net.collect_params().values()]
    if not optimizer:
        return lambda x: net(x), params, lambda n: (NETS[name][1](n),)
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": 0.05})
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()

    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            loss = criterion(net(x), y).mean()
        loss.backward()
        trainer.step(1)
        return loss

    def arguments(n: int) -> tuple:
        x = NETS[name][1](n)
        labels = np.arange(x.size if x.dtype.kind == "i" else n) % 4
        return x, nd.array(labels.reshape(x.shape if x.dtype.kind == "i" else (n,)), dtype="int32")

    return step, params, arguments


def run(jit: Jit, params: list[Any], given: tuple) -> list[np.ndarray]:
    """What comes out, and what the weights are afterwards; they start from the same place."""
    for i, param in enumerate(params):
        param[...] = array(np.random.default_rng(i).uniform(-0.3, 0.3, param.shape), "float32")
    _core.seed(5)
    out = jit(*given)
    return [a.asnumpy() for a in [*(out if isinstance(out, (list, tuple)) else [out]), *params]]


@pytest.mark.parametrize("optimizer", ["", "sgd"])
@pytest.mark.parametrize("name", NETS)
def test_between_two_sizes_nothing_is_optimized_anew(name: str, optimizer: str) -> None:
    function, params, arguments = made(name, optimizer)
    jit = dl.jit(function)
    for size in (16, 8):
        jit(*arguments(size))
    assert not found(jit)
    for size in (12, 10):
        exact, given = dl.jit(function), arguments(size)
        for one, other in zip(run(jit, params, given), run(exact, params, given), strict=True):
            np.testing.assert_array_equal(one, other)
        for mine, its in zip(programs(jit, given), programs(exact, given), strict=True):
            assert str(mine.graph) == str(its.graph) and mine.plan.arena_bytes == its.plan.arena_bytes
    assert found(jit) == 2


def test_recorded_networks_have_halves_for_every_size() -> None:
    net = mlp()
    net.initialize()
    net.hybridize()

    def gradients(n: int) -> np.ndarray:
        with autograd.record():
            loss = (net(drawn(n, 6)) ** 2).mean()
        loss.backward()
        return net[0].weight.grad().asnumpy()

    gradients(9), gradients(3)
    mine = gradients(5)
    assert found(net._compiled) == 2
    net.hybridize(False)
    np.testing.assert_allclose(mine, gradients(5), rtol=2e-5, atol=1e-7)


def test_weights_that_were_folded_follow_their_change() -> None:
    """What is kept from run to run belongs to each program, and is renewed for each."""
    net = nn.HybridSequential(nn.Conv2D(4, 3, in_channels=3), nn.BatchNorm(in_channels=4))
    net.initialize()
    f = dl.jit(lambda x: net(x))
    for n in (8, 2, 5):
        f(drawn(n, 3, 6, 6))
    assert found(f) == 1
    for factor in (2.0, 3.0):
        net[1].gamma.set_data(net[1].gamma.data() * factor)
        for n in (5, 8, 2):
            np.testing.assert_allclose(f(drawn(n, 3, 6, 6)).asnumpy(), net(drawn(n, 3, 6, 6)).asnumpy(), rtol=1e-4,
                                       atol=1e-5)  # fmt: skip


def several_means(x: Any) -> Any:
    """Its gradient is multiplied by one over the square of the size."""
    return F.mean(F.multiply(F.sum(F.mean(x, axis=0, keepdims=True), axis=1), F.ones((x.shape[0], 1))))


REFUSED: dict[str, Callable[[Any], Any]] = {
    "a branch in Python": lambda x: x * 2 if x.shape[0] != 6 else x * 3,
    "a number from the size": lambda x: x * (1.0 / (x.shape[0] - 1)),
    "a number that is the same twice": lambda x: x * float(x.shape[0] == 6),
    "a cut that is a part": lambda x: x[: x.shape[0] // 2] * 2,
    "a loop in Python": lambda x: sum((x[i] for i in range(x.shape[0])), x[0]),
    "pairs": lambda x: F.mean(F.matmul(x, F.transpose(x))),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_line_is_compiled_anew(name: str) -> None:
    def gradient(function: Any, n: int) -> Any:
        x = drawn(n, 6)
        x.attach_grad()
        with autograd.record():
            y = function(x).sum()
        y.backward()
        return y.asnumpy(), x.grad.asnumpy()

    def step(x: Any) -> Any:
        return REFUSED[name](x)

    jit = dl.jit(step)
    for n in (12, 4, 6):
        for one, other in zip(gradient(jit, n), gradient(step, n), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert not jit._family.part("forward", (True,)).found


def test_a_mean_of_a_mean_is_not_guessed() -> None:
    w = drawn(1, 6)
    w.attach_grad()

    def step(x: Any) -> Any:
        with autograd.record():
            loss = several_means(F.multiply(x, w))
        loss.backward()
        return w.grad * 1

    jit = dl.jit(step)
    for n in (12, 3, 6, 9):
        np.testing.assert_allclose(jit(drawn(n, 6)).asnumpy(), step(drawn(n, 6)).asnumpy(), rtol=1e-5, atol=1e-7)


def test_two_sizes_that_grow_are_no_line_where_they_meet() -> None:
    jit = dl.jit(lambda x: F.mean(F.tanh(x)) + F.mean(F.exp(x), axis=1))
    for n, m in ((2, 4), (6, 12), (4, 8), (7, 12), (3, 12)):  # then: beyond both, and with one neighbour on its line
        jit(drawn(n, m))
        assert not found(jit)
    x = drawn(4, 12)
    np.testing.assert_allclose(jit(x).asnumpy(), np.tanh(x.asnumpy()).mean() + np.exp(x.asnumpy()).mean(1), rtol=1e-5)
    assert found(jit) == 1


STEPS: tuple[Callable[[Any, Any, int], Any], ...] = (
    lambda x, w, n: F.tanh(F.matmul(x, w)),
    lambda x, w, n: F.multiply(F.add(x, 1.0), x),
    lambda x, w, n: F.softmax(x, axis=-1),
    lambda x, w, n: F.subtract(x, F.mean(x, axis=0, keepdims=True)),
    lambda x, w, n: F.reshape(F.reshape(x, (-1,)), (n, 6)),
    lambda x, w, n: F.multiply(x, F.sum(x)),
    lambda x, w, n: F.flip(x, axis=0),
    lambda x, w, n: F.transpose(F.transpose(x)),
    lambda x, w, n: F.divide(x, F.add(F.mean(F.square(x)), 1.0)),
    lambda x, w, n: F.add(x, w[:1]),
    lambda x, w, n: F.dropout(x, 0.5),
    lambda x, w, n: F.matmul(F.softmax(F.matmul(x, F.transpose(x)), axis=-1), x),  # pairs
)


@pytest.mark.parametrize("seed", range(12))
def test_random_programs(seed: int) -> None:
    """Whatever was found is what the passes make, to the letter and to the bit."""
    steps = [0, *np.random.default_rng(seed).integers(0, len(STEPS), 7).tolist()]
    weights = [drawn(6, 6) for _ in steps]
    for w in weights:
        w.attach_grad()

    def program(x: Any) -> Any:
        for kind, w in zip(steps, weights, strict=True):
            x = STEPS[kind](x, w, x.shape[0])
        return x

    def step(x: Any) -> Any:
        with autograd.record():
            loss = F.mean(program(x))
        loss.backward()
        return [loss, *[w.grad * 1 for w in weights]]

    jit = dl.jit(step)
    jit(drawn(18, 6)), jit(drawn(4, 6))
    for n in (8, 10):
        exact = dl.jit(step)
        results = []
        for function in (jit, exact):
            _core.seed(1)
            results.append([a.asnumpy() for a in function(drawn(n, 6))])
        for one, other in zip(*results, strict=True):
            np.testing.assert_array_equal(one, other)
        (mine,), (its,) = programs(jit, (drawn(n, 6),)), programs(exact, (drawn(n, 6),))
        assert str(mine.graph) == str(its.graph)
    high, low = jit._family._known[:2]
    alike = high.after.structure == low.after.structure  # else some pass decided by the size
    assert found(jit) == (2 if alike and len(STEPS) - 1 not in steps else 0)
