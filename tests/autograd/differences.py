"""Functions of two arrays and their gradients against finite differences, for the tests of in-place writes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import dlcore as dl
from dlcore import autograd as ag
from dlcore.array import np as dnp

X = np.array([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7]])
V = np.array([2.0, 3.0, -1.0])


def check(function: Callable[[dl.NDArray, dl.NDArray], dl.NDArray]) -> None:
    """Gradients of a function of (x, v) against finite differences of the same function, not recorded."""
    x, v = dnp.array(X), dnp.array(V)
    x.attach_grad()
    v.attach_grad()
    with ag.record():
        loss = function(x, v)
    loss.backward()
    for variable, start, k in ((x, X, 0), (v, V, 1)):
        want = np.zeros_like(start)
        for at in np.ndindex(*start.shape):
            shift = np.zeros_like(start)
            shift[at] = 1e-6
            ends = []
            for sign in (1, -1):
                args = [dnp.array(X), dnp.array(V)]
                args[k] = dnp.array(start + sign * shift)
                ends.append(function(*args).item())
            want[at] = (ends[0] - ends[1]) / 2e-6
        np.testing.assert_allclose(variable.grad.asnumpy(), want, rtol=1e-7, atol=1e-8)


def recorded(action: Callable[[dl.NDArray, dl.NDArray], object]) -> None:
    x, v = dnp.array(X), dnp.array(V)
    x.attach_grad()
    v.attach_grad()
    with ag.record():
        action(x, v)
