"""Layers against PyTorch's, forward and gradients, with the same weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import dlcore as dl  # noqa: E402
from dlcore import _core  # noqa: E402
from dlcore.gluon import nn  # noqa: E402

T = torch.nn


def values(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


CASES = {
    "dense": (lambda: nn.Dense(5), lambda: T.Linear(12, 5), (4, 12)),
    "dense, no bias, not flat": (
        lambda: nn.Dense(5, use_bias=False, flatten=False),
        lambda: T.Linear(6, 5, bias=False),
        (4, 3, 6),
    ),
    "dense, flat, relu": (
        lambda: nn.Dense(5, activation="relu"),
        lambda: T.Sequential(T.Flatten(), T.Linear(12, 5), T.ReLU()),
        (4, 3, 4),
    ),
    "conv": (
        lambda: nn.Conv2D(6, 3, strides=2, padding=(1, 2), dilation=1, activation="sigmoid"),
        lambda: T.Sequential(T.Conv2d(4, 6, 3, stride=2, padding=(1, 2)), T.Sigmoid()),
        (2, 4, 9, 8),
    ),
    "conv in groups": (
        lambda: nn.Conv2D(6, (3, 2), groups=2, dilation=(2, 1), use_bias=False),
        lambda: T.Conv2d(4, 6, (3, 2), groups=2, dilation=(2, 1), bias=False),
        (2, 4, 9, 8),
    ),
    "max pool": (lambda: nn.MaxPool2D(3, 2, 1), lambda: T.MaxPool2d(3, 2, 1), (2, 3, 8, 7)),
    "max pool default": (lambda: nn.MaxPool2D(), lambda: T.MaxPool2d(2), (2, 3, 8, 7)),
    "avg pool": (lambda: nn.AvgPool2D((3, 2), 2, (1, 0)), lambda: T.AvgPool2d((3, 2), 2, (1, 0)), (2, 3, 8, 7)),
    "avg pool without padding": (
        lambda: nn.AvgPool2D(3, 2, 1, count_include_pad=False),
        lambda: T.AvgPool2d(3, 2, 1, count_include_pad=False),
        (2, 3, 8, 7),
    ),
    "global avg": (lambda: nn.GlobalAvgPool2D(), lambda: T.AdaptiveAvgPool2d(1), (2, 3, 8, 7)),
    "global max": (lambda: nn.GlobalMaxPool2D(), lambda: T.AdaptiveMaxPool2d(1), (2, 3, 8, 7)),
    "flatten": (lambda: nn.Flatten(), lambda: T.Flatten(), (2, 3, 4)),
    "layer norm": (lambda: nn.LayerNorm(), lambda: T.LayerNorm(6), (4, 3, 6)),
    "batch norm": (lambda: nn.BatchNorm(), lambda: T.BatchNorm2d(3), (4, 3, 5, 6)),
    "leaky relu": (lambda: nn.LeakyReLU(0.1), lambda: T.LeakyReLU(0.1), (4, 5)),
    "elu": (lambda: nn.ELU(0.7), lambda: T.ELU(0.7), (4, 5)),
    "selu": (lambda: nn.SELU(), lambda: T.SELU(), (4, 5)),
    "gelu": (lambda: nn.GELU(), lambda: T.GELU(), (4, 5)),
    "gelu tanh": (lambda: nn.GELU("tanh"), lambda: T.GELU("tanh"), (4, 5)),
    "silu": (lambda: nn.SiLU(), lambda: T.SiLU(), (4, 5)),
    "swish": (lambda: nn.Swish(), lambda: T.SiLU(), (4, 5)),
    "softmax": (lambda: nn.Softmax(1), lambda: T.Softmax(1), (4, 5, 2)),
    "prelu": (lambda: nn.PReLU(in_channels=3), lambda: T.PReLU(3), (4, 3, 5)),
    "tanh": (lambda: nn.Tanh(), lambda: T.Tanh(), (4, 5)),
    **{
        name: ((lambda n=name: nn.Activation(n)), reference, (4, 5))
        for name, reference in [
            ("relu", T.ReLU),
            ("sigmoid", T.Sigmoid),
            ("softrelu", T.Softplus),
            ("softsign", T.Softsign),
        ]
    },
}


@pytest.mark.parametrize("name", CASES)
def test_layer_agrees_with_pytorch(name):
    make, reference, shape = CASES[name]
    layer, other = make(), reference()
    layer.initialize()
    x = _core.from_numpy(values(*shape))
    layer(x)
    learned = [p for p in layer.collect_params().values() if p.grad_req != "null"]
    theirs = [p for p in other.parameters()]
    for k, (mine, parameter) in enumerate(zip(learned, theirs, strict=True)):
        new = values(*mine.shape, seed=k + 1)
        mine.set_data(new)
        parameter.data = torch.tensor(new)
    tx = torch.tensor(values(*shape), requires_grad=True)
    x.attach_grad()
    with dl.autograd.record():
        y = layer(x)
        (y * y * y).sum().backward()
    ty = other(tx)
    (ty**3).sum().backward()
    close = dict(rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(y.asnumpy(), ty.detach().numpy(), **close)
    np.testing.assert_allclose(x.grad.asnumpy(), tx.grad.numpy(), **close)
    for mine, parameter in zip(learned, theirs, strict=True):
        scale = max(1.0, float(parameter.grad.abs().max()))
        np.testing.assert_allclose(mine.grad().asnumpy() / scale, parameter.grad.numpy() / scale, **close)


def test_batch_norm_statistics():
    layer = nn.BatchNorm(momentum=0.8, epsilon=1e-3)
    layer.initialize()
    x = values(50, 3, 4, 4) * 2 + 1
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
    with pytest.raises(ValueError, match="only the layout 'NCHW' is available, got 'NHWC'"):
        nn.Conv2D(1, 1, layout="NHWC")
    with pytest.raises(ValueError, match="ceil_mode=True is not available"):
        nn.MaxPool2D(ceil_mode=True)
    with pytest.raises(ValueError, match="3 groups do not divide"):
        nn.Conv2D(4, 1, groups=3)
    norm = nn.BatchNorm(axis=3)
    norm.initialize()
    with pytest.raises(ValueError, match=r"x of shape \(2, 3\) has no axis 3"):
        norm(dl.nd.ones((2, 3)))
