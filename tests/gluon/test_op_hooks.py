"""Hooks on operators: what every operator gives, also in training and in compiled networks; they change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd, nd
from dlcore.gluon import nn

X = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")


def network() -> Any:
    net = nn.HybridSequential(nn.Dense(5, in_units=3, activation="relu"), nn.Dropout(0.5), nn.Dense(2, in_units=5))
    net.initialize(dl.init.Normal(0.5))
    return net


@pytest.mark.parametrize("hybrid", [False, True])
def test_the_values_are_those_of_the_call(hybrid: bool) -> None:
    net, seen = network(), {}
    if hybrid:
        net.hybridize()
    net(nd.array(X))
    handle = net.register_op_hook(lambda name, op, array: seen.setdefault(op, []).append((name, array.asnumpy())))
    y = net(nd.array(X))
    (_, first), (name, last) = seen["dense"]
    np.testing.assert_allclose(last, y.asnumpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(seen["relu"][0][1], np.maximum(first, 0), rtol=1e-6)
    assert "2_dense" in name and name.endswith("_output0")
    count = len(seen["dense"])
    handle.detach()
    net(nd.array(X))
    assert len(seen["dense"]) == count


def test_inputs_are_shown_when_asked_for() -> None:
    net, names = network(), []
    with net[0].register_op_hook(lambda name, op, array: names.append((op, name.rpartition("_")[2])), monitor_all=True):
        net(nd.array(X))
    assert [last for op, last in names if op == "dense"] == ["output0", "input0", "input1", "input2"]


def test_looking_changes_no_random_number_and_no_gradient() -> None:
    found = []
    for looked in (False, True):
        dl.random.seed(3)
        net = network()
        if looked:
            net.register_op_hook(lambda name, op, array: None)
        with autograd.record():
            loss = (net(nd.array(X)) ** 2).sum()
        loss.backward()
        found.append([p.grad().asnumpy() for p in net.collect_params().values()] + [np.array(_core.rng_state())])
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


def test_dropout_is_that_of_the_call() -> None:
    net, seen = nn.Dropout(0.5), []
    net.register_op_hook(lambda name, op, array: seen.append(array.asnumpy()))
    dl.random.seed(1)
    with autograd.record():
        y = net(nd.ones((20,)))
    np.testing.assert_array_equal(seen[-1], y.asnumpy())
