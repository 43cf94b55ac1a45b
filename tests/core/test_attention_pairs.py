"""Attention of bfloat16 arrays against the same in double precision: tiles, masks, dropped weights, threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from core.arrays import threads

from dlcore import _core, autograd, nd
from dlcore.ops import F

# (queries, keys, depth, width): one tile and more, cut ones, keys beyond 512, heads of one panel and of several; odd
# depths and, where queries see what is before them alone, odd numbers of queries go another way.
SIZES = [(2, 2, 2, 2), (34, 34, 32, 32), (70, 530, 6, 40), (128, 128, 64, 64), (65, 33, 16, 8), (40, 40, 7, 8)]


def _results(dtype: str, arrays: list[np.ndarray], **how: Any) -> list[np.ndarray]:
    _core.seed(7)  # the same weights are dropped
    q, k, v, g = (nd.array(a).astype("bfloat16").astype(dtype) for a in arrays)
    for a in (q, k, v):
        a.attach_grad()
    with autograd.record(train_mode=True):
        y = F.scaled_dot_product_attention(q, k, v, **how)
    y.backward(g)
    return [a.asnumpy().astype("f8") for a in (y, q.grad, k.grad, v.grad)]


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_agrees_with_double_precision(size: tuple[int, ...], causal: bool) -> None:
    queries, keys, depth, width = size
    rng = np.random.default_rng(queries)
    shapes = ((2, 3, n, d) for n, d in ((queries, depth), (keys, depth), (keys, width), (queries, width)))
    arrays = [rng.standard_normal(s).astype("f4") for s in shapes]
    mask = np.where(rng.uniform(size=(1, 1, keys)) > 0.2, 0, -3).astype("f4")
    for more in ({}, {"mask": nd.array(mask)}, {"dropout": 0.25}):
        given: dict[str, Any] = {**more, "causal": causal}
        right = _results("float64", arrays, **given)
        made = []
        for count in (1, 2):
            with threads(count):
                made.append(_results("bfloat16", arrays, **given))
        for one, other, exact in zip(*made, right, strict=True):
            np.testing.assert_array_equal(one, other)
            # Weights and their slopes are rounded to 8 bits before they are multiplied, results once more.
            assert np.abs(one - exact).max() <= 0.02 * np.abs(exact).max()


def test_what_is_behind_a_tile_of_queries_does_not_reach_it() -> None:
    rng = np.random.default_rng(1)
    q, k, v, g = (rng.standard_normal((1, 2, 64, 16)).astype("f4") for _ in range(4))
    before = _results("bfloat16", [q, k, v, g], causal=True)[0]
    k[:, :, 34:], v[:, :, 34:] = 5, np.inf
    after = _results("bfloat16", [q, k, v, g], causal=True)[0]
    np.testing.assert_array_equal(before[:, :, :32], after[:, :, :32])


def test_heads_in_another_layout() -> None:
    rng = np.random.default_rng(2)
    whole = nd.array(rng.standard_normal((2, 36, 3, 4, 8)).astype("f4")).astype("bfloat16")  # (n, l, 3, heads, d)
    q, k, v = (F.transpose(whole[:, :, i], (0, 2, 1, 3)) for i in range(3))
    made = F.scaled_dot_product_attention(q, k, v, causal=True).asnumpy()
    q, k, v = (nd.array(h.asnumpy()) for h in (q, k, v))
    np.testing.assert_array_equal(made, F.scaled_dot_product_attention(q, k, v, causal=True).asnumpy())
