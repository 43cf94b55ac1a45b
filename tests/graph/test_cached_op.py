"""CachedOp: hybridized blocks give what plain ones give: values, gradients, running statistics, random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from graph.programs import array

import dlcore as dl
from dlcore import _core, autograd, gluon
from dlcore.gluon import nn
from dlcore.graph import CachedOp
from dlcore.ops import F


def network() -> Any:
    net = nn.HybridSequential()
    net.add(
        nn.Conv2D(4, 3, padding=1, in_channels=2), nn.BatchNorm(in_channels=4), nn.Activation("relu"),
        nn.MaxPool2D(2), nn.Dropout(0.3), nn.Flatten(), nn.Dense(5, activation="tanh", in_units=36),
        nn.LayerNorm(in_channels=5), nn.Dense(3, in_units=5),
    )  # fmt: skip
    return net


def train(hybrid: bool, steps: int = 4) -> tuple[list[np.ndarray], list[np.ndarray], list[np.ndarray]]:
    """Outputs, gradients of the input, and parameters after some steps of training with a loss outside the block."""
    _core.seed(5)
    net = network()
    net.initialize(init=dl.init.Xavier())
    if hybrid:
        net.hybridize()
    trainer = gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    loss = gluon.loss.SoftmaxCrossEntropyLoss()
    outputs, gradients = [], []
    rng = np.random.default_rng(1)
    for _ in range(steps):
        x, y = array(rng.normal(size=(6, 2, 6, 6)), "float32"), array(rng.integers(0, 3, 6))
        x.attach_grad()
        with autograd.record():
            out = net(x)
            value = loss(out, y)
        value.backward()
        trainer.step(6)
        outputs.append(out.asnumpy())
        gradients.append(x.grad.asnumpy())
    outputs.append(net(x).asnumpy())  # prediction: running statistics, no dropout
    return outputs, gradients, [p.data().asnumpy() for p in net.collect_params().values()]


def test_training_a_hybrid_network_equals_training_a_plain_one() -> None:
    for plain, hybrid in zip(train(False), train(True), strict=True):
        for a, b in zip(plain, hybrid, strict=True):
            np.testing.assert_allclose(b, a, rtol=3e-4, atol=3e-6)


def test_a_call_is_one_node_and_compiles_once_per_signature() -> None:
    op = CachedOp(lambda x: (F.exp(x) * x).sum(), name="mine")
    x = array([1.0, 2.0])
    x.attach_grad()
    for _ in range(3):
        with autograd.record():
            y = op(x)
        y.backward()
        np.testing.assert_allclose(x.grad.asnumpy(), np.exp([1, 2]) * [2, 3])
    assert op.compilations == 1
    op(x)
    assert op.compilations == 2, "outside of recording it is another graph"


def test_random_numbers_of_the_backward_pass_are_those_of_the_forward_pass() -> None:
    op = CachedOp(lambda x: F.dropout_train(x, 0.5))
    x = array(np.ones(1000), "float32")
    x.attach_grad()
    for _ in range(2):
        with autograd.record():
            y = op(x)
        y.backward()
        np.testing.assert_array_equal(x.grad.asnumpy(), y.asnumpy())
        assert 300 < (y.asnumpy() == 0).sum() < 700


def test_the_same_random_numbers_as_the_imperative_call() -> None:
    x = array(np.ones((3, 5)), "float32")
    op = CachedOp(lambda x: F.dropout_train(x, 0.5) + F.random_normal(shape=(3, 5)))
    _core.seed(11)
    first = op(x).asnumpy()
    _core.seed(11)
    expected = (F.dropout_train(x, 0.5) + F.random_normal(shape=(3, 5))).asnumpy()
    np.testing.assert_array_equal(first, expected)


def test_gradients_stop_at_detach_and_pause() -> None:
    def f(x: Any) -> Any:
        with autograd.pause():
            scale = x * 3
        return x * scale + x.detach() * x

    x = array([1.0, 2.0])
    x.attach_grad()
    op = CachedOp(f)
    for call in (f, op):
        with autograd.record():
            y = call(x).sum()
        y.backward()
        np.testing.assert_allclose(x.grad.asnumpy(), [4, 8])


def test_a_gradient_written_in_python_is_kept() -> None:
    class Twice(autograd.Function):
        def forward(self, x: Any) -> Any:
            return x * 2

        def backward(self, dy: Any) -> Any:
            return dy * 100

    x = array([1.0, 2.0])
    x.attach_grad()
    op = CachedOp(lambda x: Twice()(x) + x)
    for _ in range(2):
        with autograd.record():
            y = op(x)
        y.backward()
        np.testing.assert_allclose(x.grad.asnumpy(), [101, 101])
        np.testing.assert_allclose(op(x).asnumpy(), [3, 6])


def test_gradients_of_gradients() -> None:
    def f(x: Any) -> Any:
        return (F.exp(x) * F.tanh(x)).sum()

    results = []
    for call in (f, CachedOp(f)):
        x = array([0.3, -0.7, 1.1])
        x.attach_grad()
        with autograd.record():
            (g,) = _core.grad([call(x)], [x], None, True, True, True)
            z = (g * g).sum()
        z.backward()
        results.append((g.asnumpy(), x.grad.asnumpy()))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)


def test_only_what_needs_a_gradient_gets_one_and_grad_req_add_adds() -> None:
    w, x = array([2.0, 3.0]), array([5.0, 7.0])
    w.attach_grad("add")
    op = CachedOp(lambda x: x * w)
    for k in range(1, 4):
        with autograd.record():
            y = op(x)
        y.backward()
        np.testing.assert_array_equal(w.grad.asnumpy(), [5 * k, 7 * k])
    assert x.grad is None


def test_an_operand_changed_before_backward_is_an_error() -> None:
    w, x = array([2.0]), array([5.0])
    w.attach_grad()
    op = CachedOp(lambda x: x * w)
    with autograd.record():
        y = op(x)
    _core.assign(x, 6.0)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


def test_several_outputs_some_unused() -> None:
    op = CachedOp(lambda x: (x * 2, {"square": x * x, "where": F.argmax(x, axis=0)}))
    x = array([1.0, 4.0, 3.0])
    x.attach_grad()
    with autograd.record():
        twice, more = op(x)
        loss = more["square"].sum()
    loss.backward()
    np.testing.assert_array_equal(x.grad.asnumpy(), [2, 8, 6])
    assert more["where"].item() == 1 and twice.asnumpy().tolist() == [2, 8, 6]


def test_views_and_the_input_itself_can_be_outputs() -> None:
    op = CachedOp(lambda x: (x, F.reshape(x, (4,)), F.transpose(x)))
    x = array([[1.0, 2.0], [3.0, 4.0]])
    x.attach_grad()
    with autograd.record():
        a, b, c = op(x)
        loss = (a * 2).sum() + (b * 3).sum() + (c * c).sum()
    loss.backward()
    np.testing.assert_array_equal(x.grad.asnumpy(), 5 + 2 * x.asnumpy())
    assert a.shape == (2, 2) and b.shape == (4,) and c.asnumpy().tolist() == [[1, 3], [2, 4]]
    assert a._storage_id != x._storage_id, "an output is memory of its own"
