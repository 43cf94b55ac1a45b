"""The average of weights: by its formula, compiled too, lent and given back, saved and taken up again."""

from __future__ import annotations

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon
from dlcore.gluon import nn
from dlcore.gluon.utils import WeightAverage, clip_global_norm


def network():
    dl.random.seed(0)
    net = nn.HybridSequential(nn.Dense(5, in_units=3), nn.BatchNorm(in_channels=5), nn.Dense(2, in_units=5))
    net.initialize(dl.init.Xavier())
    return net


def values(net):
    return [p.data().asnumpy().copy() for p in net.collect_params().values()]


def stepper(net, average=None, max_norm=None):
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.3})
    x = dl.nd.array(np.random.default_rng(0).normal(size=(8, 3)).astype("float32"))

    def step():
        with autograd.record():
            loss = (net(x) ** 2).mean() + net(x).mean()
        loss.backward()
        if max_norm is not None:
            clip_global_norm([p.grad() for p in trainer._params if p.grad_req != "null"], max_norm)
        trainer.step(1)
        if average is not None:
            average.update()
        return loss

    return step


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("decay", [0.0, 0.3, 0.99])
def test_it_is_the_average_of_the_formula(decay, compiled) -> None:
    net = network()
    average = WeightAverage(net.collect_params(), decay)
    step = stepper(net, average)
    step = dl.jit(step) if compiled else step
    expected = [v.astype("float64") for v in values(net)]
    for n in range(1, 13):
        step()
        d = min(decay, (1 + n) / (10 + n))
        expected = [d * e + (1 - d) * v for e, v in zip(expected, values(net), strict=True)]
    own = values(net)
    with average.used():
        for mine, right in zip(values(net), expected, strict=True):
            np.testing.assert_allclose(mine, right, rtol=1e-5, atol=1e-6)
    for mine, before in zip(values(net), own, strict=True):
        np.testing.assert_array_equal(mine, before)


def test_the_weights_come_back_after_an_error_too() -> None:
    net = network()
    average = WeightAverage(net.collect_params())
    net[0].weight.set_data(net[0].weight.data() + 1)
    own = values(net)
    with pytest.raises(KeyError), average.used():
        assert not np.array_equal(values(net)[0], own[0])
        raise KeyError
    np.testing.assert_array_equal(values(net)[0], own[0])


def test_it_goes_on_from_what_was_saved(tmp_path) -> None:
    net = network()
    average = WeightAverage(net.collect_params(), 0.9)
    step = stepper(net, average)
    for _ in range(3):
        step()
    dl.io.save_arrays(tmp_path / "average.safetensors", average.state())
    again = WeightAverage(net.collect_params(), 0.9)
    again.load_state(dl.io.load_arrays(tmp_path / "average.safetensors"))
    net[0].weight.set_data(net[0].weight.data() * 2)
    average.update(), again.update()
    average.copy_to()
    mine = values(net)
    again.copy_to()
    for one, other in zip(mine, values(net), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match=r"average/0: expected shape \(5, 3\), found None"):
        again.load_state({})


def test_wrong_arguments_are_told() -> None:
    net = network()
    with pytest.raises(ValueError, match="decay from 0 up to but not 1, got 1"):
        WeightAverage(net.collect_params(), 1)
    with pytest.raises(TypeError, match="sequence of Parameters, got an array of shape"):
        WeightAverage([net[0].weight.data()])


def test_clipping_may_be_part_of_a_compiled_step() -> None:
    """The norm of finite numbers is checked by nobody there, since a trace has no values."""
    one, other = network(), network()
    plain, compiled = stepper(one, max_norm=0.1), dl.jit(stepper(other, max_norm=0.1))
    for _ in range(3):
        plain(), compiled()
    for mine, right in zip(values(other), values(one), strict=True):
        np.testing.assert_allclose(mine, right, rtol=1e-5, atol=1e-6)
