"""Functions that are flat wherever they have a derivative: their gradient is 0, not an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlcore import autograd, jit, nd
from dlcore.ops import F

FLAT: dict[str, Callable[[Any], Any]] = {"sign": F.sign, "floor": F.floor, "ceil": F.ceil, "trunc": F.trunc,
                                         "rint": F.rint, "nd.round": nd.round, "nd.fix": nd.fix}  # fmt: skip


@pytest.mark.parametrize("name", FLAT)
@pytest.mark.parametrize("dtype", ["float32", "float16", "float64"])
def test_the_gradient_is_zero_whatever_arrives(name: str, dtype: str) -> None:
    x = nd.array([-2.6, -1.0, 0.0, 0.3, 1.7], dtype=dtype)
    x.attach_grad()
    with autograd.record():
        y = FLAT[name](x)
    y.backward(nd.array([1.0, np.inf, np.nan, 2.0, -1.0], dtype=dtype))
    assert x.grad.dtype == x.dtype and x.grad.tolist() == [0.0] * 5
    with autograd.record():
        y = FLAT[name](x) * x
    y.backward()
    np.testing.assert_array_equal(x.grad.asnumpy(), FLAT[name](x).asnumpy())


def test_the_second_derivative_of_an_absolute_value() -> None:
    x = nd.array([-2.0, 3.0])
    x.attach_grad()
    with autograd.record():
        (slope,) = autograd.grad(nd.abs(x), [x], create_graph=True, retain_graph=True)
    assert slope.tolist() == [-1.0, 1.0]
    slope.backward()
    assert x.grad.tolist() == [0.0, 0.0]


def test_compiled_too() -> None:
    f = jit(lambda x: nd.floor(x) * nd.exp(x) + nd.sign(x))
    x = nd.array([1.5, -0.5])
    x.attach_grad()
    with autograd.record():
        y = f(x)
    y.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), np.floor([1.5, -0.5]) * np.exp([1.5, -0.5]), rtol=1e-6)
