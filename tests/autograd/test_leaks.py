"""Nothing stays behind: as many bytes are held after gradients of every kind as before."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd
from dlcore.array import np as dnp
from dlcore.ops import F


@pytest.fixture(autouse=True, scope="module")
def only_new_objects() -> Iterator[None]:
    """What other tests have left is not looked through at each of a hundred collections."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def plain(x):
    y = dnp.tanh(dnp.matmul(x, x.T)).sum()
    y.backward()


def kept_and_walked_twice(x):
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()


def never_walked(x):
    dnp.exp(dnp.sin(x)).sum()


def gradient_of_gradient(x):
    first = autograd.grad((x**3).sum(), x, create_graph=True)
    (first * first).sum().backward()


def walked_in_part(x):
    y = dnp.exp(x)
    autograd.grad((y * 2).sum(), y)


class Own(autograd.Function):
    def forward(self, x):
        y = x * x
        self.save_for_backward(x, y)
        return y

    def backward(self, gy):
        x, _ = self.saved_tensors
        return gy * 2 * x


def own_function(x):
    Own()(x).sum().backward()


def own_function_never_walked(x):
    Own()(x).sum()


def recomputed(x):
    autograd.checkpoint(lambda v: F.dropout(dnp.tanh(v), 0.5))(x).sum().backward()


def recomputed_never_walked(x):
    autograd.checkpoint(dnp.tanh)(x).sum()


def written_in_place(x):
    h = x * 2
    h[0] = x[1] * 3
    h[1] += x[0]
    h.sum().backward()


def a_view_is_written(x):
    h = x * 2
    row = h[0]
    row += x[1]
    row.sum().backward()


def with_an_error(x):
    class Wrong(autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, gy):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        Wrong()(x).sum().backward()


def transforms(x):
    def value(v):
        return (dnp.sin(v) * v).sum()

    v = x.detach()
    autograd.vjp(dnp.sin, v)[1](v)
    autograd.jvp(dnp.sin, (v,), (v,))
    autograd.value_and_grad(value)(v)
    autograd.hessian(value)(v[0])
    autograd.hvp(value, (v,), (v,))


def compiled(x):
    COMPILED(x).sum().backward()


COMPILED = dl.jit(lambda v: dnp.tanh(v) * v)


def written_by_a_compiled_function(x):
    held = dnp.zeros((64, 64))

    @dl.jit
    def write(v):
        held[:] = held * v + v

    for _ in range(2):
        write(x)
    (held * x).sum()


def in_anomaly_mode(x):
    with autograd.detect_anomaly():
        dnp.exp(x).sum().backward()
        with pytest.raises(FloatingPointError):
            dnp.log(x * -1)


ALL = [plain, kept_and_walked_twice, never_walked, gradient_of_gradient, walked_in_part, own_function,
       own_function_never_walked, recomputed, recomputed_never_walked, written_in_place, a_view_is_written,
       with_an_error, transforms, compiled, written_by_a_compiled_function, in_anomaly_mode]  # fmt: skip


@pytest.mark.parametrize("action", ALL, ids=lambda f: f.__name__)
def test_nothing_stays_behind(action: Callable[[dl.NDArray], None]) -> None:
    x = dnp.array(np.linspace(0.1, 1, 64 * 64, dtype=np.float32).reshape(64, 64))
    x.attach_grad()

    def once() -> None:
        with autograd.record():
            action(x)

    def held() -> int:
        gc.collect()
        return _core.memory_stats()["allocated"]

    once()  # compiles, fills caches
    before = held()
    for _ in range(3):
        once()
    assert held() == before


@pytest.mark.parametrize(
    "action", [plain, own_function, recomputed, written_in_place, transforms], ids=lambda f: f.__name__
)
def test_nothing_waits_for_the_garbage_collector(action: Callable[[dl.NDArray], None]) -> None:
    x = dnp.array(np.linspace(0.1, 1, 64 * 64, dtype=np.float32).reshape(64, 64))
    x.attach_grad()
    with autograd.record():
        action(x)
    gc.collect()
    gc.disable()
    try:
        before = _core.memory_stats()["allocated"]
        with autograd.record():
            action(x)
        assert _core.memory_stats()["allocated"] == before
    finally:
        gc.enable()
