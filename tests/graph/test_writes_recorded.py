"""Compiled functions that write in place while gradients are recorded: as outside of jit, or an error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd as ag
from dlcore.array import np as dnp

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])


def variable() -> dl.NDArray:
    x = dnp.array(X)
    x.attach_grad()
    return x


def gradient_of(function: Callable[[dl.NDArray], dl.NDArray]) -> np.ndarray:
    x = variable()
    with ag.record():
        loss = function(x)
    loss.backward()
    return x.grad.asnumpy()


def a_row_while_paused(x):
    h = x * 3.0
    with ag.pause():
        h[0] = 7.0
    return (h * dnp.array(X)).sum()


def all_of_it_while_paused(x):
    h = x * 3.0
    with ag.pause():
        h += 1.0
    return (h * h).sum()


@pytest.mark.parametrize("function", [a_row_while_paused, all_of_it_while_paused], ids=lambda f: f.__name__)
def test_what_is_written_while_paused_leaves_the_gradient_as_it_was(function: Callable) -> None:
    plain = gradient_of(function)
    assert np.abs(plain).max() > 1
    np.testing.assert_allclose(gradient_of(dl.jit(function)), plain, rtol=1e-12)


def written(x):
    h = x * 1.0
    h.detach()[0] = 7.0
    return (h * h).sum()


def read(x):
    h = x * 1.0
    before = h.detach()
    h[0] = 7.0
    return (h * before).sum()


@pytest.mark.parametrize("function", [written, read])
def test_what_is_detached_shares_the_memory(function: Callable) -> None:
    """Outside of jit the other one sees the write; inside it cannot, and says so."""
    with pytest.raises(dl._core.TraceError, match="changed in place"):
        dl.jit(function)(dnp.array(X))
