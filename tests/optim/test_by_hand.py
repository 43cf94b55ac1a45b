"""Optimizers with an `update` of their own, as MXNet's documentation taught: in every loop that takes an optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, nd, optim


@optim.register
class HandMomentum(optim.Optimizer):
    """SGD with momentum as people wrote it: numbers from `_get_lr`, arrays changed in place."""

    def __init__(self, momentum: float = 0.9, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum
        self.counts: list[int] = []

    def create_state(self, index: Any, weight: Any) -> Any:
        return nd.zeros(weight.shape, dtype=weight.dtype)

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        self._update_count(index)
        self.counts.append(self._index_update_count[index])
        lr, wd = self._get_lr(index), self._get_wd(index)
        grad = grad * self.rescale_grad
        state[:] = self.momentum * state - lr * (grad + wd * weight)
        weight[:] += state


class HandSteps(optim.Optimizer):
    """The later form: `step` with lists, and no state."""

    def create_state(self, index: Any, weight: Any) -> None:
        return None

    def step(self, indices: Any, weights: Any, grads: Any, states: Any) -> None:
        self._update_count(indices)
        for weight, grad, lr in zip(weights, grads, self._get_lrs(indices), strict=True):
            weight[:] -= lr * self.rescale_grad * grad


def data() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).standard_normal((16, 3)).astype("float32")
    return x, x @ np.array([[1.0], [-2.0], [0.5]], np.float32)


def trained(optimizer: Any, **more: Any) -> list[np.ndarray]:
    net = gluon.nn.Dense(1, in_units=3)
    net.initialize(dl.init.One())
    net.bias.lr_mult = 0.5
    trainer = gluon.Trainer(net.collect_params(), optimizer, more or None)
    x, y = map(nd.array, data())
    for _ in range(5):
        with autograd.record():
            loss = ((net(x) - y) ** 2).sum()
        loss.backward()
        trainer.step(16)
    return [p.data().asnumpy() for p in net.collect_params().values()]


def test_it_steps_as_the_rule_does() -> None:
    mine = HandMomentum(learning_rate=0.05, wd=0.1)
    for got, expected in zip(trained(mine), trained("sgd", learning_rate=0.05, momentum=0.9, wd=0.1), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    assert mine.counts == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5] and mine.num_update == 5
    for got, expected in zip(trained(HandSteps(learning_rate=0.05)), trained("sgd", learning_rate=0.05), strict=True):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_an_update_that_replaces_a_rule_is_what_runs() -> None:
    class Still(optim.SGD):
        def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
            self._update_count(index)

    assert trained(Still(learning_rate=0.05))[0].tolist() == [[1.0, 1.0, 1.0]]


def test_runs_and_modules_take_it() -> None:
    x, y = data()
    weights = []
    for optimizer in (HandMomentum(learning_rate=0.05), optim.SGD(learning_rate=0.05, momentum=0.9)):
        net = gluon.nn.Dense(1, in_units=3)
        net.initialize(dl.init.One())
        dl.run.train(net, (x, y), epochs=2, batch=4, seed=0, optimizer=optimizer, show=False)
        weights.append(net.weight.data().asnumpy())
        fed = dl.io.NDArrayIter(x, y, 4, label_name="y")
        output = dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=1, name="fc")
        model = dl.mod.Module(dl.sym.LinearRegressionOutput(output, dl.sym.var("y")), label_names=["y"])
        model.fit(fed, num_epoch=2, optimizer=optimizer, initializer=dl.init.One())
        weights.append(model.get_params()[0]["fc_weight"].asnumpy())
    np.testing.assert_allclose(weights[0], weights[2], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights[1], weights[3], rtol=1e-5, atol=1e-6)


def test_called_without_a_trainer_it_counts_steps() -> None:
    mine = HandMomentum(learning_rate=0.1)
    weights = [nd.ones((2,)), nd.ones((3,))]
    states = [mine.create_state(k, w) for k, w in enumerate(weights)]
    for _ in range(3):
        for k in range(2):
            mine.update(k, weights[k], nd.ones(weights[k].shape), states[k])
    assert mine.num_update == 3 and mine.counts == [1, 1, 2, 2, 3, 3]


def test_its_states_are_saved(tmp_path: Any) -> None:
    def made() -> Any:
        net = gluon.nn.Dense(1, in_units=3)
        net.initialize(dl.init.One())
        return net, gluon.Trainer(net.collect_params(), HandMomentum(learning_rate=0.05))

    def step(net: Any, trainer: Any) -> None:
        with autograd.record():
            loss = (net(nd.ones((2, 3))) ** 2).sum()
        loss.backward()
        trainer.step(2)

    net, trainer = made()
    step(net, trainer)
    gluon.save_checkpoint(tmp_path / "state", net, trainer)
    step(net, trainer)
    other, its = made()
    gluon.load_checkpoint(tmp_path / "state", other, its)
    step(other, its)
    np.testing.assert_array_equal(other.weight.data().asnumpy(), net.weight.data().asnumpy())
    assert its.optimizer.num_update == 2


def test_a_compiled_function_refuses_it() -> None:
    net = gluon.nn.Dense(1, in_units=3)
    net.initialize()
    trainer = gluon.Trainer(net.collect_params(), HandMomentum())

    @dl.jit
    def step(x: Any) -> Any:
        with autograd.record():
            loss = net(x).sum()
        loss.backward()
        trainer.step(1)
        return loss

    with pytest.raises(dl._core.TraceError, match="HandMomentum has an update of its own"):
        step(nd.ones((2, 3)))
