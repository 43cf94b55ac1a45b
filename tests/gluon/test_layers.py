"""Layers against plain NumPy and SciPy, and their gradients against differences in float64."""

import math

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import correlate2d
from scipy.special import erf, expit, softmax

import dlcore as dl
from dlcore import _core
from dlcore.gluon import nn


def values(*shape, seed=0):
    """Normal numbers, none of them near enough to another (or to 0) for a difference to step over a kink."""
    count = math.prod(shape)
    ranks = np.random.default_rng(seed).permutation(count)
    return ((ranks - count / 2 + 0.25) * (4 / count)).reshape(shape)


def conv(x, w, b=None, stride=(1, 1), pad=(0, 0), dilate=(1, 1), groups=1):
    x = np.pad(x, ((0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2))
    wide = np.zeros((*w.shape[:2], *((k - 1) * d + 1 for k, d in zip(w.shape[2:], dilate, strict=True))))
    wide[:, :, :: dilate[0], :: dilate[1]] = w
    of, per = len(w) // groups, w.shape[1]
    out = [
        [sum(correlate2d(image[o // of * per + c], wide[o, c], "valid") for c in range(per)) for o in range(len(w))]
        for image in x
    ]
    y = np.array(out)[:, :, :: stride[0], :: stride[1]]
    return y if b is None else y + b[:, None, None]


def pool(x, size, stride, pad, fn, fill):
    x = np.pad(x, ((0, 0), (0, 0), (pad[0],) * 2, (pad[1],) * 2), constant_values=fill)
    return fn(sliding_window_view(x, size, (2, 3))[:, :, :: stride[0], :: stride[1]], (4, 5))


def normal(x, axes, eps=1e-5):
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + eps)


def along(v):
    return v[:, None, None]


CASES = {
    "dense": (lambda: nn.Dense(5), lambda x, w, b: x @ w.T + b, (4, 12)),
    "dense, no bias, not flat": (lambda: nn.Dense(5, use_bias=False, flatten=False), lambda x, w: x @ w.T, (4, 3, 6)),
    "dense, flat, relu": (
        lambda: nn.Dense(5, activation="relu"),
        lambda x, w, b: np.maximum(x.reshape(4, 12) @ w.T + b, 0),
        (4, 3, 4),
    ),
    "conv": (
        lambda: nn.Conv2D(6, 3, strides=2, padding=(1, 2), activation="sigmoid"),
        lambda x, w, b: expit(conv(x, w, b, (2, 2), (1, 2))),
        (2, 4, 9, 8),
    ),
    "conv in groups": (
        lambda: nn.Conv2D(6, (3, 2), groups=2, dilation=(2, 1), use_bias=False),
        lambda x, w: conv(x, w, dilate=(2, 1), groups=2),
        (2, 4, 9, 8),
    ),
    "max pool": (lambda: nn.MaxPool2D(3, 2, 1), lambda x: pool(x, (3, 3), (2, 2), (1, 1), np.max, -9), (2, 3, 8, 7)),
    "max pool default": (lambda: nn.MaxPool2D(), lambda x: pool(x, (2, 2), (2, 2), (0, 0), np.max, 0), (2, 3, 8, 7)),
    "avg pool": (
        lambda: nn.AvgPool2D((3, 2), 2, (1, 0)),
        lambda x: pool(x, (3, 2), (2, 2), (1, 0), np.mean, 0),
        (2, 3, 8, 7),
    ),
    "avg pool without padding": (
        lambda: nn.AvgPool2D(3, 2, 1, count_include_pad=False),
        lambda x: pool(x, (3, 3), (2, 2), (1, 1), np.nanmean, np.nan),
        (2, 3, 8, 7),
    ),
    "global avg": (lambda: nn.GlobalAvgPool2D(), lambda x: x.mean((2, 3), keepdims=True), (2, 3, 8, 7)),
    "global max": (lambda: nn.GlobalMaxPool2D(), lambda x: x.max((2, 3), keepdims=True), (2, 3, 8, 7)),
    "flatten": (lambda: nn.Flatten(), lambda x: x.reshape(2, 12), (2, 3, 4)),
    "layer norm": (lambda: nn.LayerNorm(), lambda x, g, b: normal(x, (-1,)) * g + b, (4, 3, 6)),
    "layer norm on another axis": (
        lambda: nn.LayerNorm(axis=1, epsilon=1e-3),
        lambda x, g, b: normal(x, (1,), 1e-3) * g[:, None] + b[:, None],
        (4, 3, 6),
    ),
    "batch norm": (
        lambda: nn.BatchNorm(),
        lambda x, g, b: normal(x, (0, 2, 3)) * along(g) + along(b),
        (4, 3, 5, 6),
    ),
    "leaky relu": (lambda: nn.LeakyReLU(0.1), lambda x: np.where(x > 0, x, 0.1 * x), (4, 5)),
    "elu": (lambda: nn.ELU(0.7), lambda x: np.where(x > 0, x, 0.7 * np.expm1(x)), (4, 5)),
    "selu": (
        lambda: nn.SELU(),
        lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
        (4, 5),
    ),
    "gelu": (lambda: nn.GELU(), lambda x: x * (1 + erf(x / np.sqrt(2))) / 2, (4, 5)),
    "gelu tanh": (
        lambda: nn.GELU("tanh"),
        lambda x: x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2,
        (4, 5),
    ),
    "silu": (lambda: nn.SiLU(), lambda x: x * expit(x), (4, 5)),
    "swish": (lambda: nn.Swish(1.5), lambda x: x * expit(1.5 * x), (4, 5)),
    "softmax": (lambda: nn.Softmax(1), lambda x: softmax(x, axis=1), (4, 5, 2)),
    "prelu": (lambda: nn.PReLU(in_channels=3), lambda x, a: np.where(x > 0, x, a[:, None] * x), (4, 3, 5)),
    "tanh": (lambda: nn.Tanh(), np.tanh, (4, 5)),
    "sigmoid layer": (lambda: nn.Sigmoid(), expit, (4, 5)),
    "relu layer": (lambda: nn.ReLU(), lambda x: np.maximum(x, 0), (4, 5)),
    "relu": (lambda: nn.Activation("relu"), lambda x: np.maximum(x, 0), (4, 5)),
    "sigmoid": (lambda: nn.Activation("sigmoid"), expit, (4, 5)),
    "softrelu": (lambda: nn.Activation("softrelu"), lambda x: np.log1p(np.exp(x)), (4, 5)),
    "softsign": (lambda: nn.Activation("softsign"), lambda x: x / (1 + np.abs(x)), (4, 5)),
}


def made(name):
    """The layer with weights set, its input, and its learned parameters, in float64."""
    make, reference, shape = CASES[name]
    layer = make()
    layer.initialize()
    layer.cast("float64")
    x = _core.from_numpy(values(*shape))
    layer(x)
    learned = [p for p in layer.collect_params().values() if p.grad_req != "null"]
    for k, parameter in enumerate(learned):
        parameter.set_data(values(*parameter.shape, seed=k + 1))
    return layer, reference, x, learned


def run(layer, x):
    with dl.autograd.record():
        return layer(x)


@pytest.mark.parametrize("name", CASES)
def test_layer_computes_its_formula(name):
    layer, reference, x, learned = made(name)
    expected = reference(x.asnumpy(), *[p.data().asnumpy() for p in learned])
    y = run(layer, x)
    assert y.shape == expected.shape
    np.testing.assert_allclose(y.asnumpy(), expected, rtol=1e-9, atol=1e-9)
    layer.cast("float32")
    single = run(layer, x.astype("float32"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single.asnumpy(), expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", CASES)
def test_gradients_agree_with_differences(name):
    layer, _, x, learned = made(name)
    x.attach_grad()
    pull = values(*run(layer, x).shape, seed=9)
    with dl.autograd.record():
        out = (layer(x) * _core.from_numpy(pull)).sum()
    out.backward()
    for k, (array, grad) in enumerate([(x, x.grad), *[(p.data(), p.grad()) for p in learned]]):
        direction, here, step = values(*array.shape, seed=20 + k), array.asnumpy(), 1e-6
        sides = []
        for sign in (1, -1):
            _core.assign(array, _core.from_numpy(here + sign * step * direction))
            sides.append((run(layer, x).asnumpy() * pull).sum())
        _core.assign(array, _core.from_numpy(here))
        slope = (sides[0] - sides[1]) / (2 * step)
        assert (grad.asnumpy() * direction).sum() == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_batch_norm_statistics():
    layer = nn.BatchNorm(momentum=0.8, epsilon=1e-3)
    layer.initialize()
    x = values(50, 3, 4, 4).astype(np.float32) * 2 + 1
    with dl.autograd.record():
        y = layer(_core.from_numpy(x))
    mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    axes = (slice(None), None, None)
    np.testing.assert_allclose(y.asnumpy(), (x - mean[axes]) / np.sqrt(var[axes] + 1e-3), atol=1e-4)
    np.testing.assert_allclose(layer.running_mean.data().asnumpy(), 0.2 * mean, rtol=1e-4)
    np.testing.assert_allclose(layer.running_var.data().asnumpy(), 0.8 + 0.2 * var, rtol=1e-4)
    out = layer(_core.from_numpy(x)).asnumpy()
    np.testing.assert_allclose(out, (x - 0.2 * mean[axes]) / np.sqrt(0.8 + 0.2 * var[axes] + 1e-3), atol=1e-4)
    fixed = nn.BatchNorm(use_global_stats=True, scale=False, center=False)
    fixed.initialize()
    with dl.autograd.record():
        y = fixed(_core.from_numpy(x))
    np.testing.assert_allclose(y.asnumpy(), x / np.sqrt(1 + 1e-5), rtol=1e-5)
    assert fixed.gamma.grad_req == fixed.beta.grad_req == "null"


def test_dropout_keeps_the_mean_and_only_in_training():
    layer = nn.Dropout(0.3)
    x = dl.nd.ones((200, 200))
    assert (layer(x).asnumpy() == 1).all()
    with dl.autograd.record():
        y = layer(x).asnumpy()
    kept = y != 0
    assert kept.mean() == pytest.approx(0.7, abs=0.01)
    np.testing.assert_allclose(y[kept], 1 / 0.7, rtol=1e-6)
    with dl.autograd.record(train_mode=False):
        assert (layer(x).asnumpy() == 1).all()
    with pytest.raises(ValueError, match="0 <= rate < 1, got 1.5"):
        nn.Dropout(1.5)


def test_embedding_looks_up_and_refuses_what_is_outside():
    layer = nn.Embedding(10, 4)
    layer.initialize()
    table = layer.weight.data().asnumpy()
    numbers = np.array([[1, 9], [1, 0]])
    with dl.autograd.record():
        y = layer(_core.from_numpy(numbers))
    assert (y.asnumpy() == table[numbers]).all()
    y.backward()
    counts = np.bincount(numbers.ravel(), minlength=10)
    assert (layer.weight.grad().asnumpy() == counts[:, None]).all()
    for bad in (10, -11):
        with pytest.raises(IndexError):
            layer(_core.from_numpy(np.array([bad])))


def test_lambda_concatenate_identity():
    x = dl.nd.array([[-1.0, 2.0]])
    assert nn.Lambda("relu")(x).asnumpy().tolist() == [[0, 2]]
    assert nn.HybridLambda("relu")(x).asnumpy().tolist() == [[0, 2]]
    assert nn.HybridLambda(lambda F, a: F.relu(a))(x).asnumpy().tolist() == [[0, 2]]
    both = nn.HybridConcatenate(axis=1)
    both.add(nn.Identity(), nn.Activation("relu"))
    assert both(x).asnumpy().tolist() == [[-1, 2, 0, 2]]
    with pytest.raises(ValueError, match="no operator 'rellu'"):
        nn.Lambda("rellu")


def test_what_is_not_available_says_so():
    with pytest.raises(ValueError, match="expected the layout 'NCHW' or 'NHWC', got 'CHWN'"):
        nn.Conv2D(1, 1, layout="CHWN")
    with pytest.raises(ValueError, match="3 groups do not divide"):
        nn.Conv2D(4, 1, groups=3)
    norm = nn.BatchNorm(axis=3)
    norm.initialize()
    with pytest.raises(ValueError, match=r"x of shape \(2, 3\) has no axis 3"):
        norm(dl.nd.ones((2, 3)))
