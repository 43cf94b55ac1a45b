"""The deep-learning operators, values and gradients, against their definitions in plain NumPy (tests/plain)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain import pointwise, sequences, windows
from plain.slope import agree, draws

from dlcore import autograd, nd
from dlcore.ops import F

RNG = np.random.default_rng(11)


@pytest.mark.parametrize("nd_", [1, 2, 3])
@pytest.mark.parametrize("hard", [False, True])
def test_convolution(nd_: int, hard: bool) -> None:
    stride, pad, dilate, groups = (2, 1, 2, 2) if hard else (1, 0, 1, 1)
    size, kernel = (7, 8, 9)[-nd_:], (2, 3, 3)[-nd_:]
    agree(
        lambda x, w, b: getattr(F, f"conv{nd_}d")(x, w, b, (stride,) * nd_, (pad,) * nd_, (dilate,) * nd_, groups),
        lambda x, w, b: windows.convolve(x, w, b, stride, pad, dilate, groups),
        draws(RNG, (2, 4, *size), (6, 4 // groups, *kernel), (6,)),
    )


@pytest.mark.parametrize("nd_", [1, 2, 3])
@pytest.mark.parametrize("hard", [False, True])
def test_transposed_convolution(nd_: int, hard: bool) -> None:
    stride, pad, dilate, adj, groups = (3, 1, 2, 2, 2) if hard else (1, 0, 1, 0, 1)
    size, kernel = (3, 4, 3)[-nd_:], (2, 3, 3)[-nd_:]
    spread = [(v,) * nd_ for v in (stride, pad, dilate, adj)]
    agree(
        lambda x, w, b: getattr(F, f"deconv{nd_}d")(x, w, b, *spread, groups),
        lambda x, w, b: windows.transposed(x, w, b, stride, pad, dilate, adj, groups),
        draws(RNG, (2, 4, *size), (4, 6 // groups, *kernel), (6,)),
    )


@pytest.mark.parametrize("nd_", [1, 2, 3])
@pytest.mark.parametrize("ceil", [False, True])
def test_pooling(nd_: int, ceil: bool) -> None:
    where = ((3,) * nd_, (2,) * nd_, (1,) * nd_)
    ours_max, ours_avg = (getattr(F, f"{w}_pool{nd_}d") for w in ("max", "avg"))
    values = draws(RNG, (2, 3, *(7, 8, 9)[-nd_:]))
    agree(lambda x: ours_max(x, *where, ceil), lambda x: windows.pool(x, *where, ceil), values)
    for count in (True, False):
        agree(
            lambda x, count=count: ours_avg(x, *where, count, ceil),
            lambda x, count=count: windows.pool(x, *where, ceil, True, count),
            values,
        )


def test_p_norm_pooling() -> None:
    agree(lambda x: F.lp_pool2d(x, (2, 3), 3), lambda x: windows.power_pool(x, (2, 3), 3), draws(RNG, (2, 3, 6, 6)))


@pytest.mark.parametrize("name", pointwise.ACTIVATIONS)
def test_activation(name: str) -> None:
    knobs, formula = pointwise.ACTIVATIONS[name]
    agree(lambda x: getattr(F, name)(x, *knobs), formula, draws(RNG, (4, 9), reach=4.0))


def test_norms() -> None:
    values = draws(RNG, (3, 4, 5, 6), (4,), (4,))
    agree(lambda x, g, b: F.group_norm(x, g, b, 2), lambda x, g, b: pointwise.group_norm(x, g, b, 2), values)
    agree(F.instance_norm, pointwise.instance_norm, values)
    agree(F.rms_norm, pointwise.rms_norm, draws(RNG, (3, 4, 5), (5,)))


def test_losses() -> None:
    agree(lambda x, y: F.huber(x, y, 0.5), lambda x, y: pointwise.huber(x, y, 0.5), draws(RNG, (4, 5), (4, 5)))
    target = RNG.uniform(0.1, 0.9, (4, 5))
    given = nd.array(target, dtype="float64")
    chances = pointwise.sigmoid
    agree(
        lambda x: F.bce_with_logits(x, given, 1.5),
        lambda x: pointwise.binary_cross_entropy(chances(x), target, 1.5),
        draws(RNG, (4, 5)),
    )
    agree(
        lambda x: F.bce(F.sigmoid(x), given),
        lambda x: pointwise.binary_cross_entropy(chances(x), target),
        draws(RNG, (4, 5)),
    )
    agree(lambda x: F.kl_div(x, given), lambda x: target * (np.log(target) - x), draws(RNG, (4, 5)))
    labels = np.array([[0, 2, 1], [4, -100, 3]])
    agree(
        lambda x: F.cross_entropy(x, nd.array(labels, dtype="int64"), 1, 0.1),
        lambda x: pointwise.cross_entropy(x, labels, 1, 0.1),
        draws(RNG, (2, 5, 3)),
    )


def test_a_class_that_cannot_be_costs_nothing() -> None:
    """A logit of minus infinity, as masks make them: with smoothing it costs infinitely much, without it nothing."""
    x = nd.array([[0.5, 1.0, -np.inf]], dtype="float64")
    x.attach_grad()
    with autograd.record():
        loss = F.cross_entropy(x, nd.array([0], dtype="int64"))
    loss.backward()
    share = 1 / (1 + np.exp(0.5))
    np.testing.assert_allclose(loss.asnumpy(), [-np.log(share)], rtol=1e-14)
    np.testing.assert_allclose(x.grad.asnumpy(), [[share - 1, 1 - share, 0.0]], rtol=1e-14)
    assert F.cross_entropy(x, nd.array([0], dtype="int64"), -1, 0.1).asnumpy() == np.inf


def test_softplus_with_a_negative_factor() -> None:
    agree(lambda x: F.softplus(x, -2.5), lambda x: -np.log(1 + np.exp(-2.5 * x)) / 2.5, draws(RNG, (4, 9), reach=4.0))


@pytest.mark.parametrize("mode", ["lstm", "gru", "rnn_tanh", "rnn_relu"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_recurrent_layers(mode: str, bidirectional: bool) -> None:
    layers, ways, hidden = 2, 1 + bidirectional, 6
    rows = hidden * {"lstm": 4, "gru": 3}.get(mode, 1)
    states = 2 if mode == "lstm" else 1
    shapes = []
    for layer in range(layers):
        inputs = ways * hidden if layer else 4
        shapes += [(rows, inputs), (rows, hidden), (rows,), (rows,)] * ways

    def plain(x: Any, *rest: Any) -> Any:
        y, last = sequences.recurrent(x, rest[:states], rest[states:], mode, ways)
        return np.concatenate([y.ravel(), *(s.ravel() for s in last)])

    def ours(x: Any, *rest: Any) -> Any:
        y, last = F.rnn(x, list(rest[states:]), list(rest[:states]), mode, bidirectional)
        return F.concat(*(F.reshape(v, (-1,)) for v in (y, *last)), axis=0)

    agree(ours, plain, draws(RNG, (7, 5, 4), *[(layers * ways, 5, hidden)] * states, *shapes))


def test_huge_attributes_are_refused_before_they_overflow() -> None:
    x, w = nd.zeros((1, 1, 4, 4)), nd.zeros((1, 1, 3, 3))
    for call in (
        lambda: F.conv2d(x, w, None, 1, 2**62),
        lambda: F.conv3d(nd.zeros((1, 1, 4, 4, 4)), nd.zeros((1, 1, 3, 3, 3)), None, 1, 0, 2**62),
        lambda: F.deconv2d(x, w, None, 2**40),
        lambda: F.max_pool2d(x, 2**62),
        lambda: F.resize(x, 2**50),
        lambda: F.im2col(x, 2, 1, 1, 2**62),
    ):
        with pytest.raises(ValueError, match=r"must be less than 2\*\*31"):
            call()
