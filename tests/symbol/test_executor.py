"""Executors against NumPy and against the tape: values, gradients, states, heads."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

import dlcore as dl
from dlcore import autograd, nd, sym

RNG = np.random.default_rng(3)


def real(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def head(net: sym.Symbol, data: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    run = net.simple_bind(dl.cpu(), data=data.shape, label=label.shape)
    (y,) = run.forward(is_train=True, data=data, label=label)
    run.backward([nd.ones(y.shape) * 7])  # what arrives does not matter
    np.testing.assert_array_equal(run.forward(is_train=False)[0].asnumpy(), y.asnumpy())
    return y.asnumpy(), run.grad_dict["data"].asnumpy()


@pytest.mark.parametrize(
    ("words", "scale"), [({}, 1.0), ({"normalization": "batch"}, 1 / 4), ({"grad_scale": 3.0}, 3.0)]
)
def test_softmax_output(words: dict, scale: float) -> None:
    data, label = real(4, 3), np.array([0, 2, 1, 2], np.float32)
    y, grad = head(sym.SoftmaxOutput(sym.var("data"), sym.var("label"), **words), data, label)
    p = special.softmax(data, axis=1)
    np.testing.assert_allclose(y, p, rtol=1e-6)
    np.testing.assert_allclose(grad, (p - np.eye(3)[label.astype(int)]) * scale, atol=1e-6)


def test_softmax_output_over_places_and_ignored_labels() -> None:
    data, label = real(2, 3, 4), np.array([[0, 2, -1, 1], [1, -1, -1, 0]], np.float32)
    words = dict(multi_output=True, use_ignore=True, ignore_label=-1)
    p = special.softmax(data, axis=1)
    hot = np.moveaxis(np.eye(3)[label.astype(int) % 3], -1, 1)
    expected = (p - hot) * (label != -1)[:, None]
    _, grad = head(sym.SoftmaxOutput(sym.var("data"), sym.var("label"), **words), data, label)
    np.testing.assert_allclose(grad, expected / 4, atol=1e-6)
    _, grad = head(sym.SoftmaxOutput(sym.var("data"), sym.var("label"), normalization="valid", **words), data, label)
    np.testing.assert_allclose(grad, expected / 5, atol=1e-6)


def test_regression_heads() -> None:
    data, label = real(4, 3), real(4, 3)
    x, t = sym.var("data"), sym.var("label")
    y, grad = head(sym.LinearRegressionOutput(x, t), data, label)
    np.testing.assert_allclose(grad, (data - label) / 3, atol=1e-6)
    y, grad = head(sym.LogisticRegressionOutput(x, t), data, label)
    np.testing.assert_allclose(grad, (special.expit(data) - label) / 3, atol=1e-6)
    y, grad = head(sym.MAERegressionOutput(x, t), data, label)
    np.testing.assert_allclose(grad, np.sign(data - label) / 3, atol=1e-6)


def test_gradients_are_those_of_the_tape() -> None:
    x, w = real(3, 4), real(2, 4)
    net = sym.tanh(sym.FullyConnected(sym.var("x"), sym.var("w"), num_hidden=2, no_bias=True)) ** 2
    grads = {"x": nd.zeros((3, 4)), "w": nd.ones((2, 4))}
    run = net.bind(dl.cpu(), [x, w], grads, {"x": "write", "w": "add"})
    run.forward(is_train=True)
    out = real(3, 2)
    run.backward(nd.array(out))
    a, b = nd.array(x), nd.array(w)
    a.attach_grad(), b.attach_grad()
    with autograd.record():
        y = nd.tanh(nd.dot(a, b.T)) ** 2
    y.backward(nd.array(out))
    np.testing.assert_allclose(grads["x"].asnumpy(), a.grad.asnumpy(), atol=1e-6)
    np.testing.assert_allclose(grads["w"].asnumpy(), b.grad.asnumpy() + 1, atol=1e-6)
    assert a.grad is not grads["x"] and not run.arg_dict["x"]._tracked


def test_moving_averages_move_in_training_only() -> None:
    data = real(5, 3)
    run = sym.BatchNorm(sym.var("data"), name="bn", momentum=0.5).simple_bind(dl.cpu(), data=(5, 3))
    run.aux_dict["bn_moving_var"][:] = 1
    run.forward(is_train=False, data=data)
    assert run.aux_dict["bn_moving_mean"].asnumpy().tolist() == [0, 0, 0]
    run.forward(is_train=True)
    np.testing.assert_allclose(run.aux_dict["bn_moving_mean"].asnumpy(), data.mean(0) / 2, atol=1e-6)


def test_dropout_follows_the_mode() -> None:
    run = sym.Dropout(sym.var("x"), p=0.5).simple_bind(dl.cpu(), x=(100,))
    ones = np.ones(100, np.float32)
    assert run.forward(is_train=False, x=ones)[0].asnumpy().tolist() == ones.tolist()
    first, second = (run.forward(is_train=True)[0].asnumpy() for _ in range(2))
    assert set(first) == {0.0, 2.0} and (first != second).any()


def test_arrays_stay_the_users_and_shapes_are_checked() -> None:
    x = nd.array([1.0, 2.0])
    run = (sym.var("x") * 3).bind(dl.cpu(), {"x": x})
    assert run.forward()[0].tolist() == [3, 6]
    x[:] = 5
    assert run.forward()[0].tolist() == [15, 15] and run.arg_dict["x"] is x
    with pytest.raises(ValueError, match=r"x: expected shape \(2,\), got \(3,\)"):
        run.forward(x=np.ones(3))
    with pytest.raises(KeyError, match="'y' is no argument"):
        run.forward(y=np.ones(3))
    with pytest.raises(RuntimeError, match="is_train=True"):
        run.backward()
    other = run.reshape(x=(4,))
    assert other.forward(x=np.ones(4))[0].tolist() == [3] * 4


def test_an_error_while_running_names_the_node() -> None:
    net = sym.Embedding(sym.var("i"), input_dim=3, output_dim=2, name="words")
    run = net.simple_bind(dl.cpu(), i=(2,))
    with pytest.raises(IndexError, match="(?s)out of range.*words"):
        run.forward(i=np.array([0, 9], np.float32))
