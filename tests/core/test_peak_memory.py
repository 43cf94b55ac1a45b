"""Peak memory of an expression is what its live values need, plus at most a tenth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlcore import _core, autograd, nd
from dlcore.np import linalg as np_linalg

SHAPE = (1100, 1003)  # no round number of bytes
X = nd.array(np.random.default_rng(0).normal(size=SHAPE).astype(np.float32))
Y = nd.array(np.random.default_rng(1).normal(size=SHAPE[::-1]).astype(np.float32)).T

HALVES = X.astype("float16")


def peak(work: Callable[[], Any]) -> float:
    """The most that was held at once beside what was held before, in arrays of SHAPE."""
    work()
    before = _core.memory_stats()["allocated"]
    _core.reset_peak_memory()
    work()
    return (_core.memory_stats()["peak"] - before) / X.nbytes


def in_place() -> Any:
    y = X * 1
    y += 1
    y *= 2
    return y.sum()


# An operator needs its input and its result; what came before is gone.
CHAINS: dict[str, tuple[Callable[[], Any], float]] = {
    "elementwise": (lambda: ((X * 2 + 1).tanh() - X).exp().sum(), 2),
    "softmax": (lambda: nd.softmax(X * 2, axis=1).sum(), 2),
    "transposed": (lambda: (X.T + 1).sum(), 1),
    "across": (lambda: ((X * 2 + Y) - Y.exp()).max(), 3),
    "matrices": (lambda: (X[:1000, :1000] + X[:1000, :1000].T).max(), 1000 * 1000 / X.size),
    "a choice": (lambda: nd.where(X > 0, X, Y).sum(), 1.25),
    "a running sum": (lambda: nd.cumsum(X, axis=0).max(), 1),
    "a running sum of halves": (lambda: nd.cumsum(HALVES, axis=0), 0.5),
    "a running sum of lines of halves": (lambda: nd.cumsum(HALVES, axis=1), 0.5),
    "a running sum of all halves": (lambda: nd.cumsum(HALVES), 0.5),
    "softmax of a transposed array": (lambda: nd.softmax(X.T, axis=1), 1),
    "softmax of halves": (lambda: nd.log_softmax(HALVES, axis=0), 0.5),
    "softmax across": (lambda: nd.softmax(X.T * 2, axis=0).sum(), 2),
    "a norm": (lambda: nd.layer_norm(X * 2, X[0], X[0]).sum(), 2),
    "a copy": (lambda: (X.T.reshape(-1) * 2).sum(), 2),
    "broadcast": (lambda: ((X - X.mean(axis=0)) / X.max(axis=1, keepdims=True)).sum(), 2),
    "views": (lambda: (X[1:] * X[:-1])[::2].reshape(-1).max(), 1.5),
    "cast": (lambda: X.astype("float64").sum(), 2),
    "in place": (in_place, 1),
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_holds_what_lives(name: str) -> None:
    work, live = CHAINS[name]
    assert live * 0.99 <= peak(work) <= live * 1.1


def test_reductions_hold_next_to_nothing() -> None:
    for x in (X, Y, X.astype("float16"), X[::2, ::3]):

        def work(x: Any = x) -> Any:
            places = x.argmax(axis=1).sum() + x.T.argmin(axis=1).sum() + x.argmax()
            squares = x.var(axis=0) * np_linalg.norm(x) + x.std()
            return x.sum(axis=0) + x.max(axis=0) - x.mean(axis=0) + squares + places

        assert peak(work) <= 0.1


def test_the_tape_keeps_what_gradients_read() -> None:
    x = X.detach()
    x.attach_grad()

    def forward() -> Any:
        with autograd.record():
            return ((x * 2 + 1).exp()).sum()  # exp keeps its result; sum and + read shapes only

    def step() -> None:
        forward().backward()  # two at a time again: the gradient's buffer takes the last of them over

    assert peak(forward) <= 2 * 1.1
    assert peak(step) <= 2 * 1.1
    held = _core.memory_stats()["allocated"]
    loss = forward()
    assert _core.memory_stats()["allocated"] - held <= X.nbytes * 1.1
    del loss
    assert _core.memory_stats()["allocated"] == held


def test_gradients_keep_their_array() -> None:
    x = nd.array(np.ones(300, np.float32))
    x.attach_grad()
    kept, view, seen = x.grad, x.grad[:2], x.grad._numpy_view()
    for factor in (2.0, 3.0):
        with autograd.record():
            y = (x * factor * x).sum()
        version = x.grad._version
        y.backward()
        assert x.grad is not None and kept.tolist() == [2 * factor] * 300 and kept._version > version
        assert view.tolist() == [2 * factor] * 2 and seen[5] == 2 * factor  # whoever looks at it sees it change
    del view, seen
    with autograd.record():
        y = (x * x).sum()
    y.backward()
    assert kept.tolist() == [2.0] * 300
    head = nd.array(np.full(300, 5, np.float32))
    with autograd.record():
        y = x + 0.0
    y.backward(head)
    kept += 1
    assert head.tolist() == [5.0] * 300 and kept.tolist() == [6.0] * 300  # never shared with what was given


def test_blocks_waste_little() -> None:
    for elements in (300, 5000, 70_001, 1_000_003, 5_000_011):
        before = _core.memory_stats()["allocated"]
        x = nd.empty((elements,))
        used = _core.memory_stats()["allocated"] - before
        assert elements * 4 <= used <= elements * 4 * 1.07 + 64
        del x
