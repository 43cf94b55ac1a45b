"""Whole training steps in `jit`: equal to imperative ones, and compiled once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array

import dlcore as dl
from dlcore import _core, autograd, gluon
from dlcore.gluon import nn


def make_step(optimizer: str, **options: Any) -> tuple[Any, Any, Any]:
    """A small convolutional network with batch normalisation and dropout, and its training step."""
    _core.seed(3)
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(4, 3, padding=1, in_channels=1), nn.BatchNorm(in_channels=4), nn.Activation("relu"), nn.MaxPool2D(2),
        nn.Flatten(), nn.Dropout(0.5), nn.Dense(8, activation="tanh", in_units=36), nn.Dense(3, in_units=8),
    )  # fmt: skip
    net.initialize(init=dl.init.Xavier())
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), optimizer, options)

    def step(x: Any, y: Any) -> Any:
        with autograd.record():
            value = loss(net(x), y).mean()
        value.backward()
        trainer.step(1)
        return value

    return net, trainer, step


def batch(seed: int, size: int = 8) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return array(rng.normal(size=(size, 1, 6, 6)), "float32"), array(rng.integers(0, 3, size), "int64")


def everything(net: Any) -> dict[str, np.ndarray]:
    return {name.split("_", 1)[-1]: p.data().asnumpy() for name, p in net.collect_params().items()}


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [("adam", {"learning_rate": 0.01}), ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "wd": 1e-3}), ("rmsprop", {})],
)
def test_a_compiled_training_step_equals_the_imperative_one(optimizer: str, options: dict) -> None:
    runs = []
    for compiled in (False, True):
        net, trainer, step = make_step(optimizer, **options)
        run = dl.jit(step) if compiled else step
        losses = []
        for k in range(5):
            if k == 3:
                trainer.set_learning_rate(0.003)
            losses.append(run(*batch(k)).item())
        losses.append(run(*batch(9, size=5)).item())  # the last batch of an epoch
        losses.append(run(*batch(10)).item())
        if compiled:
            assert run.compilations == 2, "one for each batch size, none for a new learning rate"
        runs.append((losses, everything(net)))
    np.testing.assert_allclose(runs[1][0], runs[0][0], rtol=1e-5)
    for (name, found), expected in zip(runs[1][1].items(), runs[0][1].values(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-6, err_msg=name)


@pytest.mark.parametrize("clip", [None, 0.1])
def test_right_answers_and_losses_are_added_up_in_the_step_itself(clip: float | None) -> None:
    """Bounded gradients, the update and what is counted: one program, and nothing is read until the end."""
    loss, found = gluon.loss.SoftmaxCrossEntropyLoss(), []
    for compiled in (False, True):
        net, trainer, _ = make_step("adam", learning_rate=0.01, clip_gradient=clip)
        total = array(np.zeros(3), "float32")

        def step(x: Any, y: Any, net: Any = net, trainer: Any = trainer, total: Any = total) -> None:
            with autograd.record():
                out = net(x)
                value = loss(out, y).mean()
            value.backward()
            trainer.step(1)
            total[0] += value
            total[1] += (out.argmax(axis=1) == y).sum()
            total[2] += y.shape[0]

        run = dl.jit(step) if compiled else step
        for k in range(4):
            run(*batch(k, size=8 if k < 3 else 5))
        assert not compiled or run.compilations == 2
        found.append(total.asnumpy())
    assert found[0][2] == 29 and found[0][1] > 0
    np.testing.assert_allclose(found[1], found[0], rtol=1e-4)


def test_deferred_shapes_and_optimizer_state_are_made_while_tracing() -> None:
    net = nn.Dense(2)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "adam")

    @dl.jit
    def step(x: Any) -> Any:
        with autograd.record():
            value = (net(x) ** 2).mean()
        value.backward()
        trainer.step(1)
        return value

    losses = [step(array(np.arange(12).reshape(3, 4), "float32")).item() for _ in range(20)]
    assert losses[-1] < losses[0] and step.compilations == 1
    assert net.weight.shape == (2, 4) and trainer.optimizer.num_update == 20


def test_a_schedule_is_followed_without_compiling_again() -> None:
    net = nn.Dense(1, in_units=1, use_bias=False)
    net.initialize(init="ones")
    schedule = dl.optim.lr_scheduler.FactorScheduler(step=1, factor=0.5, base_lr=1.0)
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1.0, "lr_scheduler": schedule})

    @dl.jit
    def step(x: Any) -> None:
        with autograd.record():
            value = net(x).sum()
        value.backward()
        trainer.step(1)

    rates = []
    for _ in range(4):
        before = net.weight.data().item()
        step(array([[1.0]], "float32"))
        rates.append(before - net.weight.data().item())
    expected = [schedule(k + 1) for k in range(4)]
    np.testing.assert_allclose(rates, expected, rtol=1e-5)
    assert step.compilations == 1 and rates[0] > rates[-1]
