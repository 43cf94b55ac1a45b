"""GELU and its derivative in float32 against the normal distribution in double precision, by math.erfc."""

from __future__ import annotations

import math

import numpy as np
import pytest

from dlcore import autograd, nd
from dlcore.ops import F

X = np.concatenate([np.linspace(-14, 14, 60_001), np.geomspace(1e-38, 1, 2_000), -np.geomspace(1e-38, 1, 2_000)])
X = X.astype(np.float32).astype(np.float64)
BELOW = np.array([0.5 * math.erfc(-x / math.sqrt(2)) for x in X])
BELL = np.exp(-X * X / 2) / math.sqrt(2 * math.pi)


def values(name: str) -> tuple[np.ndarray, np.ndarray]:
    """GELU and its derivative as this operator gives them."""
    x = nd.array(X.astype(np.float32))
    if name == "pair":
        y, slope = F._gelu_pair(x)
    elif name == "pair with gaps":
        y, slope = F._gelu_pair(nd.array(np.repeat(X, 2).astype(np.float32))[::2])
    else:
        x.attach_grad()
        with autograd.record():
            y = F.gelu(x)
            y.sum().backward()
        slope = x.grad
    return y.asnumpy().astype(np.float64), slope.asnumpy().astype(np.float64)


@pytest.mark.parametrize("name", ["pair", "pair with gaps", "alone"])
def test_errors_are_a_few_units_in_the_last_place(name: str) -> None:
    y, slope = values(name)
    want = X * BELOW
    unit = np.spacing(np.abs(want).astype(np.float32)).astype(np.float64)
    error = np.abs(y - want)
    assert (error[X > 0] <= 2.5 * unit[X > 0]).all(), (error / unit)[X > 0].max()
    assert error[X < 0].max() <= 8e-8 and (error[X < 0] <= 5e-3 * np.abs(want[X < 0]) + 1e-13)[X[X < 0] > -5].all()
    assert np.abs(slope - (BELOW + X * BELL)).max() <= 1.6e-7
    assert (y[X < -13.1] == 0).all() and (slope[X > 13.1] == 1).all()


def test_edges() -> None:
    x = nd.array([np.inf, np.nan, 0.0, -0.0, 3e38, -3e38])
    assert np.array_equal(F.gelu(x).asnumpy(), np.array([np.inf, np.nan, 0, -0.0, 3e38, -0.0], "f4"), equal_nan=True)
    assert np.array_equal(F._gelu_slope(x).asnumpy()[1:], np.array([np.nan, 0.5, 0.5, 1, 0], "f4"), equal_nan=True)
