"""The functions that choose between operators: gates, random slopes, normalisation by length, dropout of whole axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import autograd, jit, nd
from dlcore.ops import F

RNG = np.random.default_rng(9)


def test_glu_is_one_half_gated_by_the_other() -> None:
    x = RNG.uniform(-2, 2, (3, 4, 5))
    y = F.glu(nd.array(x, dtype="float64"), 1).asnumpy()
    np.testing.assert_allclose(y, x[:, :2] / (1 + np.exp(-x[:, 2:])), atol=1e-14)
    with pytest.raises(ValueError, match=r"axis 2 of shape \(3, 4, 5\) cannot be cut into halves"):
        F.glu(nd.array(x), 2)


def test_rrelu_draws_slopes_in_training_and_takes_their_mean_otherwise() -> None:
    x = nd.array(np.full((4000,), -1.0))
    assert (F.rrelu(x, 0.2, 0.4).asnumpy() == np.float32(-0.3)).all()
    x.attach_grad()
    with autograd.record():
        y = F.rrelu(x, 0.2, 0.4)
    y.backward()
    drawn = -y.asnumpy()
    assert 0.2 <= drawn.min() < 0.21 and 0.39 < drawn.max() <= 0.4 and abs(drawn.mean() - 0.3) < 0.005
    np.testing.assert_array_equal(x.grad.asnumpy(), drawn)  # the gradient has the slope that was drawn
    with pytest.raises(ValueError, match="expected 0 <= low <= high, got 0.5 and 0.2"):
        F.rrelu(x, 0.5, 0.2)


@pytest.mark.parametrize(("mode", "axes"), [("instance", (1, 2, 3)), ("channel", (1,)), ("spatial", (2, 3))])
def test_l2_normalization(mode: str, axes: tuple[int, ...]) -> None:
    x = RNG.uniform(-1, 1, (2, 3, 4, 5))
    y = F.l2_normalization(nd.array(x, dtype="float64"), mode=mode).asnumpy()
    np.testing.assert_allclose(y, x / np.sqrt((x * x).sum(axes, keepdims=True) + 1e-10), atol=1e-14)
    with pytest.raises(ValueError, match="mode must be"):
        F.l2_normalization(nd.array(x), mode="rows")


def test_dropout_along_axes_drops_whole_lines() -> None:
    x = nd.ones((64, 8, 16))
    with autograd.train_mode():
        y = F.dropout(x, 0.25, axes=(2,)).asnumpy()
    assert (y == y[:, :, :1]).all() and set(np.unique(y)) == {0.0, np.float32(1 / 0.75)}
    assert 0.15 < (y[:, :, 0] == 0).mean() < 0.35
    assert (F.dropout(x, 0.25, axes=(2,)).asnumpy() == 1).all()


def compiled(run: Any, *arrays: Any) -> tuple[Any, Any]:
    return run(*arrays).asnumpy(), jit(run)(*arrays).asnumpy()


def test_compiled_functions_give_the_same() -> None:
    x = nd.array(RNG.uniform(-1, 1, (5, 2, 3)))
    weights = [nd.array(RNG.uniform(-1, 1, s)) for s in ((8, 3), (8, 2), (8,), (8,))]
    states = [nd.zeros((1, 2, 2))] * 2
    q = nd.array(RNG.uniform(-1, 1, (2, 6, 4)))
    image, grid = nd.array(RNG.uniform(-1, 1, (1, 2, 5, 5))), nd.array(RNG.uniform(-1, 1, (1, 3, 3, 2)))
    kernel = nd.array(RNG.uniform(-1, 1, (2, 3, 2, 2)))
    labels = nd.array([[1, 2], [2, 0]], dtype="int64")

    def loss_of(run: Any) -> Any:
        def step(v: Any) -> Any:
            v.attach_grad()
            with autograd.record():
                total = (run(v) ** 2).sum()
            total.backward()
            return v.grad

        return step

    for run, given in (
        (lambda v: F.rnn(v, weights, states)[0], x),
        (lambda v: F.scaled_dot_product_attention(v, v, v, None, True), q),
        (lambda v: F.grid_sample(v, grid), image),
        (lambda v: F.deconv2d(v, kernel, None, 2, 1, 1, 1), image),
        (lambda v: F.max_pool2d(v, 3, 2, 1, True), image),
        (lambda v: F.resize(v, (7, 3), "cubic"), image),
        (lambda v: F.ctc_loss(v, labels), x),
        (lambda v: F.group_norm(v, nd.ones((2,)), nd.zeros((2,)), 2), image),
    ):
        for form in (run, loss_of(run)):
            eager, traced = compiled(form, given.copy())
            np.testing.assert_allclose(traced, eager, rtol=2e-5, atol=2e-5)
