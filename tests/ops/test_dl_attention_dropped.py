"""Attention whose weights are dropped and never stored: which ones follows from a key, forward as in every gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain.sequences import softmax
from plain.slope import agree, draws, twice

import dlcore as dl
from dlcore import _core, autograd, nd
from dlcore.gluon import nn
from dlcore.ops import F, reference_attention

RNG = np.random.default_rng(8)
attend = F.scaled_dot_product_attention
KEY = np.array([2**50 + 9, 77, int(0.3 * 2**24)])


def drawn(*shapes: tuple[int, ...], dtype: str = "float64") -> list[Any]:
    return [nd.array(a, dtype=dtype) for a in draws(RNG, *shapes)]


def plain(q: Any, k: Any, v: Any, mask: Any, causal: bool, scale: float) -> Any:
    """The definition; of complex arrays too, whose imaginary part is the derivative."""
    scores = q @ np.swapaxes(k, -1, -2) * scale + (0 if mask is None else mask)
    if causal:
        scores = np.where(np.tri(*scores.shape[-2:], dtype=bool), scores, -np.inf)
    return (softmax(scores) * reference_attention.factors(KEY, scores.shape)) @ v


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_agrees_with_the_formula_across_tiles(causal: bool, masked: bool) -> None:
    lines, keys = 70, 530  # more than one tile each way, the last ones cut
    mask = RNG.uniform(-2, 2, (2, 1, 1, keys)) if masked else None
    given = nd.zeros((), dtype="float64") if mask is None else nd.array(mask, dtype="float64")
    key = nd.array(KEY, dtype="int64")
    agree(
        lambda q, k, v: F._attention_dropped(q, k, v, given, key, causal, 0.7)[0],
        lambda q, k, v: plain(q, k, v, mask, causal, 0.7),
        draws(RNG, (2, 3, lines, 5), (2, 3, keys, 5), (2, 3, keys, 4)),
        limit=1e-11,
    )


def seeded(*given: Any, seed: int = 3, **more: Any) -> Any:
    dl.random.seed(seed)
    with autograd.train_mode():
        return attend(*given, **more)


@pytest.mark.parametrize("causal", [False, True])
def test_second_derivatives(causal: bool) -> None:
    values = draws(RNG, (2, 18, 2), (2, 20, 2), (2, 20, 3))
    got, want = twice(lambda *given: seeded(*given, causal=causal, dropout=0.4), values)
    assert got == pytest.approx(want, rel=1e-6, abs=1e-7) and abs(want) > 1e-3


def test_a_learned_mask_meets_the_same_drops() -> None:
    """Its gradient needs the weights stored; they are those that the tiles drop."""
    q, k, v = drawn((2, 3, 21, 4), (2, 3, 40, 4), (2, 3, 40, 2))
    bias = nd.array(RNG.uniform(-1, 1, (21, 40)), dtype="float64")
    tiled = seeded(q, k, v, bias, dropout=0.3)
    bias.attach_grad()
    with autograd.record():
        stored = seeded(q, k, v, bias, dropout=0.3)
        total = (stored * stored).sum()
    total.backward()
    np.testing.assert_allclose(stored.asnumpy(), tiled.asnumpy(), rtol=1e-12, atol=1e-13)
    moved = bias.asnumpy().copy()
    moved[4, 7] += 1e-6
    again = seeded(q, k, v, nd.array(moved, dtype="float64"), dropout=0.3)
    assert float(bias.grad[4, 7]) == pytest.approx((float((again * again).sum()) - float(total)) / 1e-6, abs=1e-5)


def weights_of(rate: float, seed: int, batch: int = 3, lines: int = 200, keys: int = 100) -> np.ndarray:
    """All weights, which are alike but for what is dropped: values that are one each tell them apart."""
    q, k = nd.zeros((batch, lines, 4)), nd.zeros((batch, keys, 4))
    values = F.broadcast_to(nd.array(np.eye(keys)), (batch, keys, keys))
    return seeded(q, k, values, dropout=rate, seed=seed).asnumpy() * keys


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_as_many_are_dropped_as_the_rate_says(rate: float) -> None:
    weights = weights_of(rate, 5)
    dropped = weights == 0
    np.testing.assert_allclose(weights[~dropped], 1 / (1 - rate), rtol=1e-5)
    spread = (rate * (1 - rate) / dropped.size) ** 0.5
    assert abs(dropped.mean() - rate) < 4 * spread
    for axis in range(3):  # none of them follows from its neighbours, eight apart or sixteen, or from another seed
        for apart in (1, 8, 16) if axis else (1,):
            n = dropped.shape[axis]
            pair = [dropped.take(range(*ends), axis).astype(float) - rate for ends in ((0, n - apart), (apart, n))]
            assert abs((pair[0] * pair[1]).mean()) < 5 * rate * (1 - rate) / pair[0].size ** 0.5
    other = weights_of(rate, 6) == 0
    assert abs(((dropped - rate) * (other - rate)).mean()) < 5 * rate * (1 - rate) / dropped.size**0.5


def trained(layer: Any, compiled: bool) -> tuple[list[np.ndarray], Any]:
    """Two steps' results and gradients."""
    x = nd.array(np.random.default_rng(2).uniform(-1, 1, (2, 20, 8)).astype("float32"))

    def step(x: Any) -> Any:
        with autograd.record():
            y = layer(x)
            (y * y).sum().backward()
        return y, layer.query.weight.grad()

    call = dl.jit(step) if compiled else step
    dl.random.seed(11)
    found = [part.asnumpy() for _ in range(2) for part in call(x)]
    return found, call


@pytest.mark.parametrize("causal", [False, True])
def test_compiled_drops_what_imperative_drops(causal: bool) -> None:
    layer = nn.MultiHeadAttention(8, 2, dropout=0.25, causal=causal)
    layer.initialize(dl.init.Xavier())
    layer(nd.zeros((2, 20, 8)))
    ours, theirs = trained(layer, False)[0], trained(layer, True)[0]
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert abs(ours[0] - ours[2]).max() > 1e-3, "another step drops others"


def test_the_rate_is_read_from_memory() -> None:
    layer = nn.MultiHeadAttention(8, 2, dropout=0.5)
    layer.initialize(dl.init.Xavier())
    layer(nd.zeros((2, 20, 8)))
    _, call = trained(layer, True)
    x = nd.ones((2, 20, 8))
    for rate in (0.5, 0.05):
        layer._rate = rate
        dl.random.seed(4)
        compiled = call(x)[0].asnumpy()
        assert call.compilations == 1
        dl.random.seed(4)
        with autograd.train_mode():
            np.testing.assert_allclose(compiled, layer(x).asnumpy(), rtol=1e-5, atol=1e-6)


def test_nothing_of_the_size_of_the_weights_is_kept() -> None:
    heads, length, width = 4, 256, 8
    q, k, v = drawn(*[(heads, length, width)] * 3, dtype="float32")
    for a in (q, k, v):
        a.attach_grad()

    def train(rate: Any) -> Any:
        with autograd.record():
            total = (attend(q, k, v, causal=True, dropout=rate) ** 2).sum()
        total.backward()
        return total

    about = dl.explain(dl.jit(train), nd.array(0.2, dtype="float64"))
    assert 0 < about.arena_bytes < heads * length * length * 4 / 4
    assert "attention_dropped_grad" in [kernel.operators for kernel in about.table]


def test_numbers_do_not_depend_on_the_threads() -> None:
    given = drawn((3, 90, 8), (3, 70, 8), (3, 70, 8), dtype="float32")
    for a in given:
        a.attach_grad()
    before, found = _core.num_threads(), []
    try:
        for threads in (1, 2):
            _core.set_num_threads(threads)
            with autograd.record():
                y = seeded(*given, dropout=0.2)
                (y * y).sum().backward()
            found.append([y.asnumpy(), *(a.grad.asnumpy() for a in given)])
    finally:
        _core.set_num_threads(before)
    for a, b in zip(*found, strict=True):
        assert a.tobytes() == b.tobytes() and np.abs(a).max() > 0


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_drops_the_same(dtype: str) -> None:
    half = [F.cast(a, dtype) for a in drawn((2, 40, 8), (2, 600, 8), (2, 600, 8), dtype="float32")]
    grads = []
    for given in (half, [F.cast(a, "float32") for a in half]):
        for a in given:
            a.attach_grad()
        with autograd.record():
            y = seeded(*given, dropout=0.3)
            (F.cast(y, "float32") ** 2).sum().backward()
        grads.append([F.cast(a, "float32").asnumpy() for a in (y, *(a.grad for a in given))])
    for got, want in zip(*grads, strict=True):
        np.testing.assert_allclose(got, want, atol=(2e-3 if dtype == "float16" else 2e-2) * abs(want).max())


def test_a_rate_of_none_draws_nothing() -> None:
    q, k, v = drawn((4, 3), (5, 3), (5, 2))
    dl.random.seed(1)
    before = _core.rng_state()
    with autograd.train_mode():
        same = attend(q, k, v, dropout=0.0).asnumpy()
    assert _core.rng_state() == before
    assert (same == attend(q, k, v, dropout=0.9).asnumpy()).all(), "outside training nothing is dropped"
    for rate in (-0.5, 1.0):
        with autograd.train_mode(), pytest.raises(ValueError, match="p must be at least 0 and below 1"):
            attend(q, k, v, dropout=rate)
