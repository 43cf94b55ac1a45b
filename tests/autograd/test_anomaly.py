"""Anomaly mode, and what errors of the backward pass say."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd
from dlcore.array import np as dnp
from dlcore.gluon import nn

HERE = __file__


def line_of(text: str) -> int:
    """Where in this file `text` stands, at the end of a line."""
    with open(HERE) as file:
        return next(k for k, line in enumerate(file, 1) if line.rstrip().endswith(text))


def test_forward_names_the_operator_and_the_line() -> None:
    x = dnp.array([[1.0, -1.0], [4.0, -9.0]])
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        dnp.exp(dnp.sqrt(x))  # the square root
    message = str(caught.value)
    assert "sqrt of (2, 2) made NaN in 2 of 4 elements, first at (0, 1)" in message
    assert (
        f"{HERE}:{line_of('# the square root')} in test_forward_names" in message and "dnp.exp(dnp.sqrt(x))" in message
    )


def test_backward_names_the_operator_whose_gradient_it_was() -> None:
    x = dnp.array([0.0, 4.0])
    x.attach_grad()
    with autograd.detect_anomaly():
        with autograd.record():
            y = dnp.sqrt(x)  # recorded here
            z = (y * 3).sum()
        with pytest.raises(FloatingPointError) as caught:
            z.backward()
    message = str(caught.value)
    assert "the gradient of sqrt ((2,) -> (2,)) made an infinity in 1 of 2 elements, first at (0,)" in message
    assert f"recorded\n  at {HERE}:{line_of('# recorded here')}" in message


def test_infinity_only_on_wish_and_nan_always() -> None:
    x = dnp.array([0.0])
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match="divide .* made an infinity"):
        1 / x
    with autograd.detect_anomaly(inf=False):
        y = 1 / x
        with pytest.raises(FloatingPointError, match="made NaN"):
            y - y


def test_what_was_there_before_is_nobodys_fault() -> None:
    x = dnp.array([np.nan, np.inf, 1.0])
    with autograd.detect_anomaly():
        assert np.isnan((x * 2).asnumpy()[0]) and (x + 1).tolist()[1] == np.inf
        mask = dnp.where(dnp.array([True, False]), dnp.zeros(2), -np.inf)
        np.testing.assert_allclose(dl.ops.F.softmax(mask).asnumpy(), [1.0, 0.0])
        assert dnp.full((2,), np.inf).tolist() == [np.inf] * 2


def test_the_layer_is_named() -> None:
    net = nn.Sequential()
    net.add(nn.Dense(2, in_units=2), nn.Lambda(lambda x: dnp.log(x)))
    net.initialize(dl.init.Constant(-1.0))
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match=r"log of \(1, 2\) in layer .*1.* made NaN"):
        net(dnp.ones((1, 2)))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_every_floating_dtype(dtype: str) -> None:
    x = dnp.array([-1.0], dtype=dtype)
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match=dtype):
        dnp.log(x)


def test_compiled_functions_run_uncompiled_in_it() -> None:
    @dl.jit
    def f(x):
        return dnp.log(x) * 2  # in a compiled function

    x = dnp.array([-1.0])
    assert np.isnan(f(x).item())
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError) as caught:
        f(x)
    assert f"{HERE}:{line_of('# in a compiled function')}" in str(caught.value)


def test_what_is_written_over_its_own_input() -> None:
    x, y = dnp.array([3e38]), dnp.array([2.0])
    with autograd.detect_anomaly():
        y *= 2
        y.log(out=y)
        with pytest.raises(FloatingPointError, match="multiply .* made an infinity"):
            x *= 10
    assert y.item() == pytest.approx(np.log(4)) and x.item() == pytest.approx(3e38)  # left as it was


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_an_update_of_an_optimizer(name: str) -> None:
    net = nn.Dense(1, in_units=1)
    net.initialize(dl.init.Constant(1.0))
    trainer = dl.gluon.Trainer(net.collect_params(), name, {"learning_rate": 3e38})
    x = dnp.array([[1e10]])
    for _ in range(2):  # the first step prepares what the later ones reuse
        with autograd.record():
            loss = (net(x) * 1e-9).sum()
        loss.backward()
    with autograd.detect_anomaly(), pytest.raises(FloatingPointError, match=rf"{name}\w* of .* made an infinity"):
        for _ in range(3):
            trainer.step(1)


def test_it_ends_with_its_scope() -> None:
    x = dnp.array([-1.0])
    with autograd.detect_anomaly():
        with autograd.detect_anomaly(inf=False):
            assert _core.anomaly() == 1
        assert _core.anomaly() == 2
    assert _core.anomaly() == 0 and np.isnan(dnp.log(x).item())


@pytest.mark.parametrize(("value", "want"), [("1", "FloatingPointError"), ("nan", "FloatingPointError"), ("0", "nan")])
def test_the_environment_switches_it_on(value: str, want: str) -> None:
    done = _program("print(dlcore.np.log(dlcore.np.array(-1.0)).item())", value)
    assert want in done.stdout + done.stderr


def test_a_wrong_value_in_the_environment() -> None:
    assert "DLCORE_ANOMALY must be 0, 1 or nan, got 'yes'" in _program("dlcore.np", "yes").stderr


def _program(text: str, value: str) -> subprocess.CompletedProcess[str]:
    import os

    environment = {**os.environ, "DLCORE_ANOMALY": value}
    return subprocess.run(
        [sys.executable, "-c", f"import dlcore\n{text}"], env=environment, capture_output=True, text=True
    )


def test_an_error_while_walking_back_names_the_forward_operator() -> None:
    x, w = dnp.ones((2, 3)), dnp.ones((3, 4))
    x.attach_grad()
    for anomaly in (False, True):
        scope = autograd.detect_anomaly() if anomaly else autograd.pause()
        with scope, autograd.record():
            y = dnp.matmul(x, w)  # the product
        w[:] = 2
        with pytest.raises(RuntimeError) as caught:
            y.backward()
        message = str(caught.value)
        assert "backward of matmul ((2, 3), (3, 4) -> (2, 4)): its input was changed in place" in message
        assert (f"{HERE}:{line_of('# the product')}" in message) == anomaly
        assert ("detect_anomaly() tells the line" in message) != anomaly


def test_inside_a_gradient_of_ones_own_the_operator_and_its_line_are_named() -> None:
    class Wrong(autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, gy):
            return dnp.log(gy - 2.0)  # in a backward of one's own

    x = dnp.ones((3,))
    x.attach_grad()
    with autograd.detect_anomaly(), autograd.record():
        y = Wrong()(x)
        with pytest.raises(FloatingPointError, match=r"log of \(3,\) made NaN in 3 of 3 .*(?s:.)*one's own"):
            y.backward()


def test_inside_a_checkpoint_the_operator_and_its_line_are_named() -> None:
    def root(v):
        return dnp.sqrt(v).sum()  # in a checkpoint

    x = dnp.zeros((3,))
    x.attach_grad()
    with autograd.detect_anomaly(), autograd.record():
        y = autograd.checkpoint(root)(x)
        with pytest.raises(FloatingPointError, match=r"the gradient of sqrt .*(?s:.)*# in a checkpoint"):
            y.backward()


def test_nan_that_somebody_wrote_is_not_the_gradients_fault() -> None:
    x = dnp.ones((3,))
    x.attach_grad()
    with autograd.detect_anomaly(), autograd.record():
        h = x * 1.0
        h[1] = np.nan
        y = (h * h).sum()
        y.backward()
    assert x.grad[0].item() == 2.0
