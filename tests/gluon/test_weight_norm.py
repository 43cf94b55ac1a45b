"""WeightNorm: nothing changes at first, gradients are those of the formula, cells and files work; wrong layers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd
from dlcore.gluon import nn

X = np.random.default_rng(1).normal(size=(4, 3, 5, 5)).astype("float32")


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("make", [lambda: nn.Conv2D(2, 3), lambda: nn.Dense(2), lambda: nn.Conv2D(2, 3, in_channels=3)])
def test_at_first_nothing_changes(make: Any, hybrid: bool) -> None:
    layer = nn.WeightNorm(make())
    layer.initialize(dl.init.Normal(0.5))
    if hybrid:
        layer.hybridize()
    for _ in range(2):
        y = layer(nd.array(X))
    np.testing.assert_allclose(y.asnumpy(), layer.layer(nd.array(X)).asnumpy(), rtol=1e-4, atol=1e-5)
    layer.g.set_data(layer.g.data() * 2)
    plain = layer.layer(nd.array(X)).asnumpy()  # biases are 0
    np.testing.assert_allclose(layer(nd.array(X)).asnumpy(), 2 * plain, rtol=1e-4, atol=1e-5)


def test_gradients_are_those_of_the_formula() -> None:
    layer = nn.WeightNorm(nn.Dense(2, in_units=4, use_bias=False))
    layer.initialize(dl.init.Normal(0.5))
    layer.cast("float64")
    x, head = (
        nd.array(np.random.default_rng(k).normal(size=s), dtype="float64") for k, s in ((2, (3, 4)), (3, (3, 2)))
    )
    layer(x)
    g, v = layer.g.data().asnumpy() * 1.5, layer.layer.weight.data().asnumpy()
    layer.g.set_data(nd.array(g, dtype="float64"))
    with autograd.record():
        loss = (layer(x) * head).sum()
    loss.backward()
    dw = head.asnumpy().T @ x.asnumpy()
    length = np.sqrt((v**2).sum(1))
    dg = (dw * v).sum(1) / length
    np.testing.assert_allclose(layer.g.grad().asnumpy(), dg, rtol=1e-10)
    dv = (g / length)[:, None] * dw - (g * dg / length**2)[:, None] * v
    np.testing.assert_allclose(layer.layer.weight.grad().asnumpy(), dv, rtol=1e-9)


def test_recurrent_cells_and_training() -> None:
    dl.random.seed(0)
    cell = nn.WeightNorm(gluon.rnn.RNNCell(3, input_size=5), "h2h_weight", axis=0)
    cell.initialize(dl.init.Normal(0.4))
    trainer = gluon.Trainer(cell.collect_params(), "adam", {"learning_rate": 0.05})
    x, losses = nd.array(X[:, 0]), []
    for _ in range(40):
        with autograd.record():
            states = [nd.zeros((4, 3))]
            for t in range(5):
                out, states = cell(x[:, t], states)
            loss = ((out - 0.5) ** 2).mean()
        loss.backward()
        trainer.step(1)
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 5 and isinstance(cell.layer.h2h_weight, gluon.Parameter)


def test_files_bring_lengths_and_directions(tmp_path: Path) -> None:
    nets = [nn.HybridSequential(nn.WeightNorm(nn.Dense(2))) for _ in range(2)]
    for net in nets:
        net.initialize(dl.init.Normal(0.5))
    nets[0](nd.array(X))
    nets[0][0].g.set_data(nets[0][0].g.data() * 3)
    nets[0].save_parameters(tmp_path / "net")
    nets[1].load_parameters(tmp_path / "net")
    np.testing.assert_array_equal(nets[1](nd.array(X)).asnumpy(), nets[0](nd.array(X)).asnumpy())


def test_an_error_leaves_the_layer_whole() -> None:
    layer = nn.WeightNorm(nn.Dense(2, in_units=4))
    layer.initialize()
    layer(nd.ones((1, 4)))
    with pytest.raises(ValueError, match="dense"):
        layer(nd.ones((1, 5)))
    assert layer.layer.weight is layer.layer._reg_params["weight"]


def test_wrong_layers_are_named() -> None:
    with pytest.raises(TypeError, match="WeightNorm: layer must be a HybridBlock, got 3"):
        nn.WeightNorm(3)
    with pytest.raises(ValueError, match="Dense has no parameter 'kernel'; it has weight, bias"):
        nn.WeightNorm(nn.Dense(2), "kernel")
