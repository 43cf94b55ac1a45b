"""Penalties on weights: their value and gradient, what they do in training, compiled too; wrong use."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd
from dlcore.gluon import nn
from dlcore.gluon.utils import weight_penalty

RNG = np.random.default_rng(0)


def network() -> Any:
    dl.random.seed(1)
    net = nn.HybridSequential(nn.Dense(4, in_units=6), nn.BatchNorm(in_channels=4), nn.Dense(2, in_units=4))
    net.initialize(dl.init.Normal(0.5))
    return net


def test_value_and_gradient_count_weights_only() -> None:
    net = network()
    net[0].bias.set_data(nd.ones((4,)))
    weights = [net[0].weight, net[2].weight]
    with autograd.record():
        value = weight_penalty(net.collect_params(), l1=0.3, l2=0.7)
    value.backward()
    arrays = [w.data().asnumpy() for w in weights]
    np.testing.assert_allclose(float(value), sum(0.3 * np.abs(a).sum() + 0.7 * (a**2).sum() for a in arrays), rtol=1e-5)
    for weight, a in zip(weights, arrays, strict=True):
        np.testing.assert_allclose(weight.grad().asnumpy(), 0.3 * np.sign(a) + 1.4 * a, rtol=1e-5)
    assert net[0].bias.grad().asnumpy().tolist() == [0.0] * 4


def test_shared_weights_count_once_and_fixed_ones_not_at_all() -> None:
    net = network()
    once = float(weight_penalty([net[0].weight], l2=1.0))
    assert float(weight_penalty([net[0].weight, net[0].weight], l2=1.0)) == once
    net[2].weight.grad_req = "null"
    assert float(weight_penalty(net.collect_params(), l2=1.0)) == once
    assert float(weight_penalty([net[0].weight])) == 0.0


@pytest.mark.parametrize("compiled", [False, True])
def test_in_plain_sgd_l2_is_weight_decay(compiled: bool) -> None:
    x = nd.array(RNG.normal(size=(8, 6)))
    found = []
    for l2, wd in ((0.05, 0.0), (0.0, 0.1)):
        net = nn.Dense(2, in_units=6, use_bias=False)
        dl.random.seed(2)
        net.initialize(dl.init.Normal(0.5))
        trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "wd": wd})

        def step(x: Any, net: Any = net, l2: float = l2, trainer: Any = trainer) -> None:
            with autograd.record():
                loss = (net(x) ** 2).mean() + weight_penalty(net.collect_params(), l2=l2)
            loss.backward()
            trainer.step(1)

        call = dl.jit(step) if compiled else step
        for _ in range(5):
            call(x)
        found.append(net.weight.data().asnumpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-5)


def test_l1_finds_the_few_inputs_that_matter() -> None:
    x = RNG.normal(size=(200, 12)).astype("float32")
    y = nd.array(x[:, :1] * 2 - x[:, 3:4])
    net = nn.Dense(1, in_units=12)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.05})
    for _ in range(200):
        with autograd.record():
            loss = ((net(nd.array(x)) - y) ** 2).mean() + weight_penalty(net.collect_params(), l1=0.2)
        loss.backward()
        trainer.step(1)
    weight = np.abs(net.weight.data().asnumpy()[0])
    assert weight[[0, 3]].min() > 0.5 and np.delete(weight, [0, 3]).max() < 0.03


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: weight_penalty([], l1=1.0), ValueError, "none of 0 parameters is a weight"),
        (lambda: weight_penalty([gluon.Parameter("bias", shape=(3,))], l1=1.0), ValueError, "none of 1 parameters"),
        (lambda: weight_penalty([gluon.Parameter("w", shape=(3, 2))], l1=-1.0), ValueError, "got l1=-1.0 and l2=0.0"),
        (lambda: weight_penalty([gluon.Parameter("w", shape=(3, 2))], l1=1.0), RuntimeError, "not been initialized"),
    ],
)
def test_wrong_use_is_named(call: Any, kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        call()
