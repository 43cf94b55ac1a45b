"""Compiled programs keep weights in their kernels' layout; whatever changes weights must show in the next result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd, gluon
from dlcore.gluon import nn


def network(channels: int) -> Any:
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(channels, 3, padding=1, in_channels=16, use_bias=False),
        nn.Conv2D(24, 3, strides=2, in_channels=channels),
    )
    net.initialize(init=dl.init.Xavier())
    return net


def plainly(net: Any, x: Any) -> np.ndarray:
    """The same, not compiled."""
    return net[1].forward(net[0].forward(x)).asnumpy()


def by_set_data(weight: Any) -> None:
    weight.set_data(weight.data() * 2)


def by_assignment(weight: Any) -> None:
    weight.data()[:] = weight.data() * -1.5


def by_operator(weight: Any) -> None:
    array = weight.data()
    array *= 0.5


def by_buffer(weight: Any) -> None:
    np.asarray(weight.data().detach())[...] *= 3


CHANGES: list[Callable[[Any], None]] = [by_set_data, by_assignment, by_operator, by_buffer]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("channels", [8, 64])  # plain sums of products, and the kind with fewer products
def test_changed_weights_are_seen(change: Callable[[Any], None], channels: int) -> None:
    _core.seed(0)
    net = network(channels)
    x = dl.nd.array(np.random.default_rng(0).standard_normal((2, 16, 20, 20)).astype("float32"))
    net.hybridize()
    for _ in range(3):
        before = net(x).asnumpy()
    for _ in range(3):
        for weight in (net[0].weight, net[1].weight):
            change(weight)
        for _ in range(3):
            found = net(x).asnumpy()
        np.testing.assert_allclose(found, plainly(net, x), rtol=1e-4, atol=1e-4 * np.abs(found).max())
        assert np.abs(found - before).max() > 1e-2 * np.abs(before).max()
        before = found


def test_a_writer_that_kept_its_view_is_seen() -> None:
    net = network(64)
    x = dl.nd.ones((1, 16, 12, 12))
    view = np.asarray(net[0].weight.data().detach())
    net.hybridize()
    for factor in (1, 2, 3):
        view[...] = factor
        np.testing.assert_allclose(net[0](x).asnumpy()[0, 0, 5, 5], 144 * factor, rtol=1e-5)
        net(x)


def test_weights_as_arguments_are_told_apart() -> None:
    run = dl.jit(lambda x, w: dl.npx.convolution(x, w, kernel=(3, 3), num_filter=32, no_bias=True, pad=(1, 1)))
    x = dl.nd.ones((1, 32, 12, 12))
    for k in range(12):
        w = dl.nd.full((32, 32, 3, 3), float(k % 4))
        np.testing.assert_allclose(run(x, w).asnumpy()[0, 0, 5, 5], 288.0 * (k % 4), rtol=1e-5, atol=1e-5)


def test_training_and_inference_in_turns() -> None:
    _core.seed(1)
    net, x = network(64), dl.nd.ones((2, 16, 12, 12))
    net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1e-3})
    for _ in range(3):
        with autograd.record():
            loss = net(x).mean()
        loss.backward()
        trainer.step(1)
        for _ in range(3):
            found = net(x).asnumpy()
        np.testing.assert_allclose(found, plainly(net, x), rtol=1e-4, atol=1e-4)
