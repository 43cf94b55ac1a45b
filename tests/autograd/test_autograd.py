"""Recording, walking back, higher derivatives, and functions of one's own."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from dlcore import autograd
from dlcore.array import nd
from dlcore.array import np as dnp
from dlcore.ops import F


def variable(*values: float) -> nd.NDArray:
    x = nd.array(list(values))
    x.attach_grad()
    return x


def test_scopes_switch_and_switch_back() -> None:
    def state() -> tuple[bool, bool]:
        return autograd.is_recording(), autograd.is_training()

    assert state() == (False, False)
    with autograd.record():
        assert state() == (True, True)
        with autograd.pause():
            assert state() == (False, False)
            with autograd.train_mode():
                assert state() == (False, True)
        with autograd.predict_mode():
            assert state() == (True, False)
        assert state() == (True, True)
    with autograd.record(train_mode=False):
        assert state() == (True, False)
    scope = autograd.record()
    with pytest.raises(ZeroDivisionError), scope, scope:
        raise ZeroDivisionError
    assert state() == (False, False)
    assert autograd.set_recording(True) is False and autograd.set_recording(False) is True


def test_chain_rule_and_sharing() -> None:
    x = variable(1.0, 2.0, 3.0)
    with autograd.record():
        y = x * x
        z = (y + y * x).sum()
    z.backward()
    np.testing.assert_allclose(x.grad.asnumpy(), 2 * x.asnumpy() + 3 * x.asnumpy() ** 2)


def test_nothing_is_recorded_outside() -> None:
    x = variable(1.0)
    y = x * 2
    with pytest.raises((RuntimeError, ValueError)):
        y.backward()
    with autograd.record():
        with autograd.pause():
            z = x * 3
        w = x * 2 + z
    w.backward()
    assert x.grad.tolist() == [2.0]


def test_write_add_and_null() -> None:
    x, y, z = (nd.array([2.0]) for _ in range(3))
    for v, req in ((x, "write"), (y, "add"), (z, "null")):
        v.attach_grad(req)
    for _ in range(2):
        with autograd.record():
            total = x * 3 + y * 4 + z * 5
        total.backward()
    assert x.grad.tolist() == [3.0] and y.grad.tolist() == [8.0] and z.grad is None
    y.zero_grad()
    assert y.grad.tolist() == [0.0]
    with pytest.raises(ValueError, match="grad_req"):
        x.attach_grad("sometimes")


def test_head_gradients_and_several_heads() -> None:
    x = variable(1.0, 2.0)
    with autograd.record():
        y, z = x * 2, x * x
    autograd.backward([y, z], [nd.array([1.0, 10.0]), nd.array([0.5, 0.0])])
    np.testing.assert_allclose(x.grad.asnumpy(), [3.0, 20.0])
    with autograd.record():
        y = x * 2
    y.backward(nd.array([3.0, 4.0]))
    assert x.grad.tolist() == [6.0, 8.0]
    with autograd.record():
        y = x * 2
    with pytest.raises(ValueError, match="head gradients"):
        autograd.backward([y], [nd.ones((2,)), nd.ones((2,))])


def test_the_record_is_used_up_unless_kept() -> None:
    x = variable(2.0)
    with autograd.record():
        y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [4.0]
    with pytest.raises(RuntimeError):
        y.backward()


def test_a_saved_value_changed_in_place_is_an_error() -> None:
    x = variable(2.0)
    w = nd.array([3.0])
    with autograd.record():
        y = x * w
    w[:] = 5
    with pytest.raises(RuntimeError, match="in place|changed"):
        y.backward()


def test_grad_returns_instead_of_storing() -> None:
    x, w = variable(3.0), variable(4.0)
    with autograd.record():
        y = x * x * w
    gx, gw = autograd.grad(y, [x, w])
    assert gx.tolist() == [24.0] and gw.tolist() == [9.0] and x.grad.tolist() == [0.0]


def test_higher_derivatives() -> None:
    x = variable(0.7)
    with autograd.record():
        y = F.sin(x)
        d1 = autograd.grad(y, x, create_graph=True)
        d2 = autograd.grad(d1, x, create_graph=True)
        d3 = autograd.grad(d2, x, create_graph=True)
    d3.backward()
    for got, want in ((d1, np.cos(0.7)), (d2, -np.sin(0.7)), (d3, -np.cos(0.7)), (x.grad, np.sin(0.7))):
        assert got.item() == pytest.approx(want, rel=1e-5)


def test_gradient_of_a_gradient_penalty() -> None:
    x, w = variable(1.0, -2.0), variable(0.5, 0.3)
    with autograd.record():
        y = (F.tanh(x * w)).sum()
        g = autograd.grad(y, x, create_graph=True)
        penalty = (g * g).sum()
    penalty.backward()
    step = 1e-3

    def value(shift: np.ndarray) -> float:
        z = w.asnumpy().astype(np.float64) + shift
        return float((((1 - np.tanh(x.asnumpy() * z) ** 2) * z) ** 2).sum())

    for k in range(2):
        shift = np.eye(2)[k] * step
        want = (value(shift) - value(-shift)) / (2 * step)
        assert w.grad.asnumpy()[k] == pytest.approx(want, rel=1e-3)


def test_broadcasting_is_summed_back_and_dtypes_kept() -> None:
    x = nd.array(np.ones((3, 1), np.float16))
    b = nd.array(np.ones(4, np.float32))
    x.attach_grad()
    b.attach_grad()
    with autograd.record():
        y = (x * b).sum()
    y.backward()
    assert x.grad.shape == (3, 1) and x.grad.dtype == np.float16 and x.grad.tolist() == [[4.0]] * 3
    assert b.grad.tolist() == [3.0] * 4 and b.grad.dtype == np.float32


def test_mark_variables() -> None:
    x, y = nd.array([2.0]), nd.array([3.0])
    gx, gy = nd.zeros((1,)), nd.array([100.0])
    autograd.mark_variables([x, y], [gx, gy], ["write", "add"])
    with autograd.record():
        z = x * y
    z.backward()
    assert gx.tolist() == [3.0] and gy.tolist() == [102.0]
    with pytest.raises(ValueError, match="2 variables"):
        autograd.mark_variables([x, y], [gx])
    with pytest.raises(ValueError, match="mark_variables: grad_req must be 'write', 'add' or 'null', got 'once'"):
        autograd.mark_variables(x, gx, "once")
    with pytest.raises(TypeError, match="heads"):
        autograd.backward(["y"])


def test_detach_and_stop_gradient() -> None:
    x = variable(2.0)
    with autograd.record():
        y = x * x.detach() + F.stop_gradient(x) * 3
    y.backward()
    assert x.grad.tolist() == [2.0]


class ScaledSigmoid(autograd.Function):
    def __init__(self, scale: float) -> None:
        self.scale = scale

    def forward(self, x):
        y = self.scale / (1 + F.exp(-x))
        self.save_for_backward(y)
        return y

    def backward(self, gy):
        (y,) = self.saved_tensors
        return gy * y * (1 - y / self.scale)


def test_function_of_ones_own() -> None:
    x = variable(0.5, -1.0)
    with autograd.record():
        y = ScaledSigmoid(2.0)(x * 3)
    y.backward()
    s = 1 / (1 + np.exp(-3 * x.asnumpy()))
    np.testing.assert_allclose(y.asnumpy(), 2 * s, rtol=1e-6)
    np.testing.assert_allclose(x.grad.asnumpy(), 2 * s * (1 - s) * 3, rtol=1e-5)


class SwapAndAdd(autograd.Function):
    def forward(self, a, b):
        return b, a + b

    def backward(self, g_first, g_second):
        return g_second, g_first + g_second


def test_function_with_several_inputs_and_outputs() -> None:
    a, b = variable(1.0), variable(2.0)
    with autograd.record():
        first, second = SwapAndAdd()(a, b)
        total = first * 10 + second
    total.backward()
    assert (first.tolist(), second.tolist()) == ([2.0], [3.0])
    assert a.grad.tolist() == [1.0] and b.grad.tolist() == [11.0]


def test_a_function_takes_what_is_no_array_and_has_outputs_without_gradient() -> None:
    class Largest(autograd.Function):
        def forward(self, x, factor, name):
            self.factor = factor
            return x * factor, F.argmax(x)

        def backward(self, gy, g_index):
            assert float(g_index) == 0.0
            return gy * self.factor, None, None

    x = variable(1.0, 5.0)
    with autograd.record():
        y, index = Largest()(x, 3, "largest")
    y.backward()
    assert x.grad.tolist() == [3.0, 3.0] and index.item() == 1


def test_threads_that_add_to_one_gradient_lose_nothing() -> None:
    x = nd.ones((20_000,))
    x.attach_grad("add")
    with autograd.record():
        y = x
        for _ in range(20):
            y = y * 1.0

    def walk() -> None:
        for _ in range(10):
            y.backward(retain_graph=True)

    threads = [threading.Thread(target=walk) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert x.grad[:2].tolist() == [40.0, 40.0]


def test_mistakes_in_functions_are_named() -> None:
    class TooFew(SwapAndAdd):
        def backward(self, *gs):
            return gs[0]

    a, b = variable(1.0), variable(2.0)
    with autograd.record():
        first, _ = TooFew()(a, b)
    with pytest.raises(ValueError, match="TooFew.backward gave 1 gradients for 2 inputs"):
        first.backward()
    with pytest.raises(NotImplementedError, match="forward"):
        autograd.Function()(a)
    with pytest.raises(TypeError, match=r"Function.save_for_backward: expected arrays, got 3 \(int\)"):
        autograd.Function().save_for_backward(3)  # type: ignore[arg-type]
    one_way = type("OneWay", (autograd.Function,), {"forward": lambda self, x: x * 2})
    x = nd.ones((2,))
    x.attach_grad()
    with autograd.record():
        no_gradient = one_way()(x)
    with pytest.raises(NotImplementedError, match="OneWay needs a backward method"):
        no_gradient.backward()
    with pytest.raises(RuntimeError, match="boom"):

        class Boom(SwapAndAdd):
            def backward(self, *gs):
                raise RuntimeError("boom")

        with autograd.record():
            first, _ = Boom()(a, b)
        first.backward()


def test_a_deep_record_does_not_run_out_of_stack() -> None:
    x = variable(1.0)
    with autograd.record():
        y = x
        for _ in range(20_000):
            y = y * 1.0
    y.backward()
    assert x.grad.tolist() == [1.0]


def test_gradients_through_views_and_joins() -> None:
    x = nd.array(np.arange(6.0, dtype=np.float32).reshape(2, 3))
    x.attach_grad()
    with autograd.record():
        y = dnp.concatenate([x.T, x.reshape(3, 2) * 2], axis=1)
        z = (y[::-1] * dnp.arange(12).reshape(3, 4)).sum()
    z.backward()
    w = np.arange(12.0).reshape(3, 4)[::-1]
    np.testing.assert_allclose(x.grad.asnumpy(), w[:, :2].T + 2 * w[:, 2:].reshape(2, 3))
