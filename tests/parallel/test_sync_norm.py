"""SyncBatchNorm in two workers is BatchNorm of the joined batch: values, gradients, running averages, training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon, parallel
from dlcore.gluon import nn

pytestmark = pytest.mark.serial

RNG = np.random.default_rng(3)
X = (RNG.normal(size=(11, 3, 4, 4)) * 3 + 50).astype("float32")  # far from 0, where digits are lost easily
HEAD = RNG.normal(size=(11, 3, 4, 4)).astype("float32")

CELL = """
import dlcore as dl
part = slice(0, 4) if rank == 0 else slice(4, 11)  # parts of unequal size
x, head = dl.nd.array(X[part], dtype=dtype), dl.nd.array(HEAD[part], dtype=dtype)
layer = dl.gluon.nn.SyncBatchNorm(momentum=0.5)
layer.initialize()
layer.cast(dtype)
layer(x)
layer.gamma.set_data(dl.nd.array([1.0, 2.0, 3.0], dtype=dtype))
if compiled:
    layer.hybridize()
x.attach_grad()
for _ in range(2):
    with dl.autograd.record():
        loss = (layer(x) ** 2 * head).sum()
    loss.backward()
grads = [layer.gamma.grad(), layer.beta.grad()]
comm.allreduce(grads)
with dl.autograd.predict_mode():
    y = layer(x)
for array in (x.grad, *grads, layer.running_mean.data(), layer.running_var.data(), y):
    print(array.asnumpy().astype("float64").ravel().tolist())
"""


def whole(dtype: str) -> list[np.ndarray]:
    x, head = dl.nd.array(X, dtype=dtype), dl.nd.array(HEAD, dtype=dtype)
    layer = nn.BatchNorm(momentum=0.5)
    layer.initialize()
    layer.cast(dtype)
    layer(x)
    layer.gamma.set_data(dl.nd.array([1.0, 2.0, 3.0], dtype=dtype))
    x.attach_grad()
    for _ in range(2):
        with autograd.record():
            loss = (layer(x) ** 2 * head).sum()
        loss.backward()
    y = layer(x)
    found = (x.grad, layer.gamma.grad(), layer.beta.grad(), layer.running_mean.data(), layer.running_var.data(), y)
    return [a.asnumpy().astype("float64") for a in found]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize(("dtype", "tol"), [("float64", 1e-9), ("float32", 2e-3)])
def test_two_workers_do_what_one_does_with_the_joined_batch(compiled: bool, dtype: str, tol: float) -> None:
    said = ["", ""]

    def emit(rank: int, text: str) -> None:
        said[rank] += text

    parallel.run_cell(CELL, 2, {"X": X, "HEAD": HEAD, "dtype": dtype, "compiled": compiled}, emit)
    parts = [[np.array(eval(line)) for line in text.splitlines()] for text in said]  # noqa: S307  (our own cell's)
    want = whole(dtype)
    for k, array in enumerate(want):
        got = np.concatenate([parts[0][k], parts[1][k]]) if k in (0, 5) else parts[0][k]
        np.testing.assert_allclose(got, array.ravel(), rtol=tol, atol=tol)
        if k not in (0, 5):
            np.testing.assert_array_equal(parts[0][k], parts[1][k])


LENT = """
import dlcore as dl
from dlcore.comm._current import counting
layer = dl.gluon.nn.SyncBatchNorm(in_channels=3)
layer.initialize()
if compiled:
    layer.hybridize()
counts = dl.nd.array([1.0])
for turn in range(3):  # rank 1 has the second batch only to walk along with
    counts[:] = 1.0 if rank == 0 or turn != 1 else 0.0
    x = dl.nd.array(X[4 * rank : 4 * rank + 4] + 10 * turn)
    with counting(counts), dl.autograd.record():
        layer(x)
print(layer.running_mean.data().tolist(), layer.running_var.data().tolist())
"""


@pytest.mark.parametrize("compiled", [False, True])
def test_a_batch_that_is_lent_moves_no_averages(compiled: bool) -> None:
    said = ["", ""]

    def emit(rank: int, text: str) -> None:
        said[rank] += text

    parallel.run_cell(LENT, 2, {"X": X, "compiled": compiled}, emit)
    layer = nn.BatchNorm(in_channels=3)
    layer.initialize()
    for turn in range(3):
        with autograd.record():
            layer(dl.nd.array(X[: 4 if turn == 1 else 8] + 10 * turn))
    want = [layer.running_mean.data().tolist(), layer.running_var.data().tolist()]
    for text in said:
        mean, var = text.strip().split("] ")
        np.testing.assert_allclose([eval(mean + "]"), eval(var)], want, rtol=1e-4)  # noqa: S307


def network(norm: Any) -> Any:
    dl.random.seed(5)
    net = nn.HybridSequential(nn.Conv2D(4, 3, in_channels=3), norm, nn.Activation("relu"), nn.Dense(3, in_units=16))
    net.initialize(dl.init.Xavier())
    return net


def test_a_run_with_two_workers_ends_where_one_with_batch_norm_does() -> None:
    x = RNG.normal(size=(60, 3, 4, 4)).astype("float32")
    y = RNG.integers(0, 3, 60)
    arguments = {"epochs": 2, "batch": 13, "optimizer": "sgd", "lr": 0.1, "seed": 5, "show": False}
    alone, together = network(nn.BatchNorm(in_channels=4)), network(nn.SyncBatchNorm(in_channels=4))
    dl.run.train(alone, (x, y), **arguments)
    dl.run.train(together, (x, y), workers=2, **arguments)
    pairs = zip(alone.collect_params().items(), together.collect_params().values(), strict=True)
    for (name, one), two in pairs:
        np.testing.assert_allclose(two.data().asnumpy(), one.data().asnumpy(), rtol=1e-3, atol=1e-4, err_msg=name)


def test_in_one_process_it_is_batch_norm() -> None:
    x = dl.nd.array(X)
    layers = [nn.SyncBatchNorm(in_channels=3, num_devices=1), gluon.contrib.nn.SyncBatchNorm(3), nn.BatchNorm()]
    found = []
    for layer in layers:
        layer.initialize()
        with autograd.record():
            found.append(layer(x).asnumpy())
    np.testing.assert_array_equal(found[0], found[2])
    np.testing.assert_array_equal(found[1], found[2])
