"""Attention in tiles: every form's values and derivatives against the formula and by differences; what is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain.sequences import attention as plain_attention
from plain.slope import agree, draws, twice

from dlcore import autograd, nd
from dlcore.ops import F

RNG = np.random.default_rng(4)
attend = F.scaled_dot_product_attention


def arrays(*shapes: tuple[int, ...], dtype: str = "float64") -> list[Any]:
    found = [nd.array(RNG.uniform(-1, 1, s), dtype=dtype) for s in shapes]
    for a in found:
        a.attach_grad()
    return found


def masks(lines: int, keys: int) -> dict[str, Any]:
    flags = RNG.uniform(0, 1, (lines, keys)) > 0.4
    flags[:, 0] = True
    return {"none": None, "flags": flags, "numbers": RNG.uniform(-2, 2, (2, 1, 1, keys))}


@pytest.mark.parametrize("kind", ["none", "flags", "numbers"])
@pytest.mark.parametrize("causal", [False, True])
def test_agrees_with_the_formula_across_tiles(kind: str, causal: bool) -> None:
    lines, keys = 70, 530  # more than one tile each way, the last ones cut
    mask = masks(lines, keys)[kind]
    given = None if mask is None else nd.array(mask, dtype="bool" if mask.dtype == bool else "float64")
    agree(
        lambda q, k, v: attend(q, k, v, given, causal, 0.7),
        lambda q, k, v: plain_attention(q, k, v, mask, causal, 0.7),
        draws(RNG, (2, 3, lines, 5), (2, 3, keys, 5), (2, 3, keys, 4)),
        limit=1e-11,
    )


@pytest.mark.parametrize("kind", ["none", "flags", "numbers"])
@pytest.mark.parametrize("causal", [False, True])
def test_second_derivatives(kind: str, causal: bool) -> None:
    values = [RNG.uniform(-1, 1, s) for s in ((2, 3, 2), (2, 4, 2), (2, 4, 3))]
    mask = masks(3, 4)[kind]
    mask = mask if mask is None else nd.array(mask if mask.dtype == bool else mask[0], dtype=mask.dtype)
    got, want = twice(lambda q, k, v: attend(q, k, v, mask, causal), values)
    assert got == pytest.approx(want, rel=1e-6, abs=1e-7) and abs(want) > 1e-4


def test_a_query_that_may_look_at_nothing_gets_zeros() -> None:
    q, k, v = arrays((3, 4), (5, 4), (5, 2))
    mask = nd.array(np.array([[True] * 5, [False] * 5, [True] * 5]), dtype="bool")
    with autograd.record():
        y = attend(q, k, v, mask)
        total = y.sum()
    total.backward()
    assert (y[1].asnumpy() == 0).all() and (y[0].asnumpy() != 0).all()
    assert all(np.isfinite(a.grad.asnumpy()).all() for a in (q, k, v)) and (q.grad[1].asnumpy() == 0).all()


def test_the_gradient_of_a_learned_mask() -> None:
    q, k, v, bias = arrays((2, 3, 4), (2, 5, 4), (2, 5, 2), (3, 5))
    with autograd.record():
        total = (attend(q, k, v, bias) ** 2).sum()
    total.backward()
    moved = bias.asnumpy().copy()
    moved[1, 2] += 1e-6
    difference = float((attend(q, k, v, nd.array(moved, dtype="float64")) ** 2).sum()) - float(total)
    assert float(bias.grad[1, 2]) == pytest.approx(difference / 1e-6, abs=1e-5)


def test_leading_axes_are_broadcast() -> None:
    q, k, v = arrays((2, 4, 3, 5), (2, 1, 6, 5), (6, 2))
    y = attend(q, k, v)
    want = attend(q, F.broadcast_to(k, (2, 4, 6, 5)), F.broadcast_to(v, (2, 4, 6, 2)))
    np.testing.assert_array_equal(y.asnumpy(), want.asnumpy())


def test_dropout_acts_in_training_only_and_keeps_the_mean() -> None:
    q, k, v = arrays((4, 16, 8), (4, 32, 8), (4, 32, 8), dtype="float32")
    plain = attend(q, k, v).asnumpy()
    assert (attend(q, k, v, dropout=0.5).asnumpy() == plain).all()
    with autograd.train_mode():
        many = np.mean([attend(q, k, v, dropout=0.5).asnumpy() for _ in range(400)], axis=0)
    assert 0 < abs(many - plain).max() < 0.1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_follows_float32(dtype: str) -> None:
    half = [F.cast(a, dtype) for a in arrays((2, 40, 8), (2, 600, 8), (2, 600, 8), dtype="float32")]
    full = [F.cast(a, "float32") for a in half]
    grads = []
    for given in (half, full):
        for a in given:
            a.attach_grad()
        with autograd.record():
            y = attend(*given)
            total = (F.cast(y, "float32") ** 2).sum()
        total.backward()
        grads.append([F.cast(v, "float32").asnumpy() for v in (y, *(a.grad for a in given))])
    for got, want in zip(*grads, strict=True):
        np.testing.assert_allclose(got, want, atol=(2e-3 if dtype == "float16" else 2e-2) * abs(want).max())


def test_errors_say_what_was_expected() -> None:
    q, k, v = arrays((2, 3, 4), (2, 5, 4), (2, 5, 2))
    with pytest.raises(ValueError, match=r"expected query .* got \(2, 3, 4\), \(2, 5, 3\) and \(2, 5, 2\)"):
        attend(q, nd.zeros((2, 5, 3), dtype="float64"), v)
    with pytest.raises(ValueError, match=r"at least 2 dimensions, got \(4,\)"):
        attend(q[0, 0], k, v)
    with pytest.raises(ValueError, match="broadcast"):
        attend(q, k, v, nd.zeros((4, 5), dtype="float64"))


@pytest.mark.parametrize(("lines", "keys"), [(700, 40), (600, 1100), (1, 1), (65, 513)])
def test_causal_tiles_of_every_shape(lines: int, keys: int) -> None:
    q, k, v = arrays((1, lines, 3), (1, keys, 3), (1, keys, 2))
    with autograd.record():
        y = attend(q, k, v, None, True)
        total = (y * y).sum()
    total.backward()
    tiled = [y.asnumpy(), *(a.grad.asnumpy() for a in (q, k, v))]
    hidden = nd.array(np.triu(np.full((lines, keys), -np.inf), 1), dtype="float64")
    for a in (q, k, v):
        a.attach_grad()
    with autograd.record():
        scores = F.matmul(q * 3**-0.5, F.swap_last(k)) + hidden
        y = F.matmul(F.softmax(scores), v)
        total = (y * y).sum()
    total.backward()
    for got, want in zip(tiled, [y.asnumpy(), *(a.grad.asnumpy() for a in (q, k, v))], strict=True):
        np.testing.assert_allclose(got, want, atol=1e-11)
