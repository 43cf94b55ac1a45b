"""Turning a knob of a compiled training step changes what it computes and compiles nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import amp, autograd, gluon, nd
from dlcore.gluon import nn
from dlcore.gluon.utils import clip_global_norm


def training(compiled: bool, optimizer: str = "sgd", rate: float = 0.5, **settings: Any) -> tuple[Any, Any, Any]:
    """A network, its trainer and its step."""
    dl.random.seed(1)
    net = nn.HybridSequential(prefix="net")
    net.add(nn.Dense(16, activation="tanh", in_units=4), nn.Dropout(rate), nn.Dense(2, in_units=16))
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": 0.1, **settings})

    def step(x: Any) -> Any:
        with autograd.record():
            loss = (net(x) ** 2).mean()
        loss.backward()
        trainer.step(1)
        return loss

    return net, trainer, dl.jit(step) if compiled else step


def turn_dropout(net: Any, trainer: Any) -> None:
    net[1]._rate = 0.1


def set_knob(name: str, value: float) -> Callable[[Any, Any], None]:
    return lambda net, trainer: trainer.optimizer.set_knob(name, value)


def set_clip(bound: float | None) -> Callable[[Any, Any], None]:
    return lambda net, trainer: setattr(trainer.optimizer, "clip_gradient", bound)


KNOBS = {
    "lr": ("sgd", {}, set_knob("lr", 0.7)),
    "lr of adam": ("adam", {}, lambda net, trainer: trainer.set_learning_rate(0.5)),
    "wd": ("sgd", {"wd": 0.01}, set_knob("wd", 0.9)),
    "momentum": ("sgd", {"momentum": 0.9}, set_knob("momentum", 0.1)),
    "beta1": ("adam", {}, set_knob("beta1", 0.2)),
    "dropout": ("sgd", {}, turn_dropout),
    "clip": ("sgd", {"clip_gradient": 1e-5}, set_clip(1e-4)),
    "clip of adam": ("adam", {"clip_gradient": 1.0, "epsilon": 0.01}, set_clip(1e-5)),
    "clip of a rule of several operators": ("lars", {"clip_gradient": 0.1, "eta": 1.0, "wd": 0.5}, set_clip(1e-5)),
    "clip taken away": ("nag", {"clip_gradient": 1e-5}, set_clip(None)),
}


@pytest.mark.parametrize("knob", KNOBS)
def test_a_knob_is_read_from_memory(knob: str) -> None:
    optimizer, settings, turn = KNOBS[knob]
    x = nd.array(np.random.default_rng(0).normal(size=(8, 4)).astype("float32"))
    found = []
    for compiled, turned in ((True, True), (False, True), (True, False)):
        net, trainer, step = training(compiled, optimizer, **settings)
        dl.random.seed(2)
        losses = [step(x).item() for _ in range(2)]
        if turned:
            turn(net, trainer)
        losses += [step(x).item() for _ in range(3)]
        found.append(losses)
        assert not compiled or step.compilations == 1
    np.testing.assert_allclose(found[0], found[1], rtol=2e-5)
    assert not np.allclose(found[0][2:], found[2][2:], rtol=1e-3), "the knob changed nothing"


@pytest.mark.parametrize("optimizer", ["sgd", "adamw", "lamb", "signum"])
def test_only_the_first_bound_on_gradients_is_compiled_in(optimizer: str) -> None:
    settings = {"momentum": 0.0} if optimizer == "signum" else {}
    x = nd.array(np.random.default_rng(0).normal(size=(8, 4)).astype("float32"))
    found = []
    for compiled in (True, False):
        net, trainer, step = training(compiled, optimizer, **settings)
        dl.random.seed(2)
        step(x)
        for bound, compilations in ((1e-4, 2), (1e-6, 2), (None, 2), (1e-5, 2), (-1.0, 2)):
            trainer.optimizer.clip_gradient = bound
            assert trainer.optimizer.clip_gradient == bound
            step(x)
            assert not compiled or step.compilations == compilations
        found.append([p.data().asnumpy() for p in net.collect_params().values()])
    for one, same in zip(*found, strict=True):
        np.testing.assert_allclose(one, same, rtol=2e-5, atol=1e-7)


def test_a_bound_that_no_gradient_reaches_changes_no_bit() -> None:
    x = nd.array(np.random.default_rng(0).normal(size=(8, 4)).astype("float32"))
    found = []
    for settings in ({}, {"clip_gradient": 1e30}):
        net, _, step = training(True, "adam", **settings)
        dl.random.seed(2)
        for _ in range(3):
            step(x)
        found.append([p.data().asnumpy() for p in net.collect_params().values()])
    for one, same in zip(*found, strict=True):
        np.testing.assert_array_equal(one, same)


def test_a_bound_on_the_norm_of_all_gradients_is_read_from_memory() -> None:
    bound = nd.array(1.0)
    f = dl.jit(lambda x: (clip_global_norm([x], bound, False), x)[1])
    for most in (1.0, 2.5, 0.1, float("inf")):
        bound[...] = most
        found = f(nd.array([3.0, 4.0])).asnumpy()
        np.testing.assert_allclose(found, np.array([3.0, 4.0]) * min(most / 5, 1), rtol=1e-6)
    assert f.compilations == 1


def test_steps_counts_and_random_numbers_are_read_from_memory() -> None:
    """Adam's count of steps, a schedule's rate, and where the random numbers are."""
    layer = nn.Dropout(0.5)
    net, trainer, _ = training(False, "adam", lr_scheduler=lambda t: 0.1 / t)

    @dl.jit
    def step(x: Any) -> Any:
        with autograd.record():
            dropped = layer(x)
            loss = (net(dropped) ** 2).mean()
        loss.backward()
        trainer.step(1)
        return dropped

    masks = [step(nd.ones((16, 4))).asnumpy() for _ in range(4)]
    assert step.compilations == 1 and trainer.optimizer.num_update == 4
    assert trainer.learning_rate == pytest.approx(0.1 / 4)
    assert all((masks[i] != masks[j]).any() for i in range(4) for j in range(i))
    dl.random.seed(9)
    again = step(nd.ones((16, 4))).asnumpy()
    dl.random.seed(9)
    np.testing.assert_array_equal(step(nd.ones((16, 4))).asnumpy(), again)
    assert step.compilations == 1


def test_a_loss_scale_is_read_from_memory() -> None:
    net, trainer, _ = training(False)
    amp.init_trainer(trainer)

    @dl.jit
    def step(x: Any) -> Any:
        with autograd.record():
            loss = (net(x) ** 2).mean()
            with amp.scale_loss(loss, trainer) as scaled:
                scaled.backward()
        scale = trainer.loss_scaler.scale * 1
        trainer.step(1)
        return scale

    x = nd.ones((2, 4))
    first = step(x).item()
    trainer.loss_scaler.scale[...] = 8.0
    assert step(x).item() == 8.0 != first and step.compilations == 1


def test_dropout_is_the_same_compiled_and_not() -> None:
    x = nd.ones((64, 32))
    for layer in (nn.Dropout(0.3), nn.Dropout(0.3, axes=(1,)), nn.DropPath(0.3)):
        results = []
        for call in (layer, dl.jit(lambda x, layer=layer: layer(x))):
            dl.random.seed(4)
            with autograd.train_mode():
                results.append([call(x).asnumpy() for _ in range(2)])
        np.testing.assert_array_equal(results[0], results[1])
        assert 0.5 < results[0][0].astype(bool).mean() < 0.9


def test_dropout_switched_off_and_on_again_is_compiled_anew() -> None:
    layer = nn.Dropout(0.5)
    f = dl.jit(lambda x: layer(x))
    x = nd.ones((100,))
    with autograd.train_mode():
        for rate, compilations in ((0.5, 1), (0.25, 1), (0.0, 2), (0.75, 3), (0.5, 3)):
            layer._rate = rate
            kept = f(x).asnumpy()
            assert f.compilations == compilations
            np.testing.assert_allclose(kept[kept != 0], 1 / (1 - rate), rtol=1e-6)
    with pytest.raises(ValueError, match="Dropout: expected 0 <= rate < 1, got 1"):
        layer._rate = 1


def test_another_last_batch_is_compiled_once() -> None:
    _, _, step = training(True)
    for _ in range(3):
        for rows in (8, 8, 3):
            step(nd.ones((rows, 4)))
    assert step.compilations == 2
