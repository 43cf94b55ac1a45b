"""tile and resize of every shape, slopes at equal distances, and sets with and without a gradient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd
from dlcore import np as D

rng = np.random.default_rng(4)
expected: Any = np.gradient
SHAPES = [(), (1,), (3,), (2, 3), (2, 1, 3), (0, 3), (1, 1), (2, 1, 1, 2, 1, 1, 1, 2)]
COUNTS: list[Any] = [0, 1, 2, (2,), (1, 2), (2, 3), (0, 2), (2, 0, 2), (1, 1, 1), (2, 1, 2, 1)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_tile(shape: tuple[int, ...]) -> None:
    x = rng.random(shape).astype(np.float32)
    for counts in COUNTS:
        got = D.tile(D.array(x), counts)
        np.testing.assert_array_equal(got.asnumpy(), np.tile(x, counts), str(counts), strict=True)
    if x.size:
        for new in (1, 5, (2, 3), (7, 2)):
            np.testing.assert_array_equal(D.resize(D.array(x), new).asnumpy(), np.resize(x, new), strict=True)


def test_what_was_repeated_is_a_copy_with_a_gradient() -> None:
    x = D.array([[1.0, 2.0]])
    for counts in (1, 2, (3, 1)):
        y = D.tile(x, counts)
        y[0, 0] = 9
        assert x.tolist() == [[1, 2]] and (y.asnumpy() == 9).sum() == 1
    assert dl.jit(lambda a: D.tile(a, (2, 2)) + 1)(x).tolist() == [[2, 3, 2, 3]] * 2
    x.attach_grad()
    with autograd.record():
        y = (D.tile(x, (2, 3)) * D.arange(12).reshape(2, 6)).sum()
    y.backward()
    assert x.grad is not None and x.grad.tolist() == [[0 + 2 + 4 + 6 + 8 + 10, 1 + 3 + 5 + 7 + 9 + 11]]


@pytest.mark.parametrize("order", [1, 2])
def test_slopes(order: int) -> None:
    line, plane = rng.random(50), rng.random((9, 8))
    at = np.cumsum(rng.random(50) + 0.1)
    for distances in ((), (0.5,), (at,)):
        got = D.gradient(D.array(line), *distances, edge_order=order).asnumpy()
        np.testing.assert_allclose(got, expected(line, *distances, edge_order=order), atol=1e-5)
    for got, want in zip(
        D.gradient(D.array(plane), 2, 3, edge_order=order), expected(plane, 2, 3, edge_order=order), strict=True
    ):
        np.testing.assert_allclose(got.asnumpy(), want, atol=1e-5)


def test_sets_with_and_without_a_gradient() -> None:
    x = D.array([2.0, 1.0, 2.0, float("nan"), float("nan")])
    plain = (D.unique_values(x), *D.unique_counts(x), *D.unique_inverse(x))
    x.attach_grad()
    with autograd.record():
        traced = (D.unique_values(x), *D.unique_counts(x), *D.unique_inverse(x))
        loss = D.nan_to_num(traced[0]).sum()
    for a, b in zip(plain, traced, strict=True):
        np.testing.assert_array_equal(a.asnumpy(), b.asnumpy(), strict=True)
    loss.backward()
    assert x.grad is not None and x.grad.tolist()[:3] == [1, 1, 0]
