"""What one can do wrong with recording and walking back, and what the errors say."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, compat
from dlcore.array import nd
from dlcore.array import np as dnp


@pytest.fixture(autouse=True)
def new_names_only() -> None:
    compat.uninstall()  # with the old ones what was freed is a constant, see tests/compat/test_freed_parts.py


def variable(*shape: int) -> dl.NDArray:
    x = dnp.ones(shape)
    x.attach_grad()
    return x


def not_recorded() -> None:
    (variable(2) * 2).backward()


def paused() -> None:
    x = variable(2)
    with autograd.record(), autograd.pause():
        y = x * 2
    y.backward()


def stopped() -> None:
    x = variable(2)
    with autograd.record():
        y = dl.ops.F.stop_gradient(x) * 2
    y.backward()


def used_up() -> None:
    x = variable(2)
    with autograd.record():
        y = x * x
    y.backward()
    y.backward()


def used_up_below() -> None:
    x = variable(2)
    with autograd.record():
        h = x * x
        y = h * 2
    h.backward()
    y.backward()


def head_gradient_of_another_shape() -> None:
    x = variable(2)
    with autograd.record():
        y = x * 2
    y.backward(dnp.ones(3))


def too_many_head_gradients() -> None:
    x = variable(2)
    with autograd.record():
        y = x * 2
    autograd.backward([y], [dnp.ones(2), dnp.ones(2)])


def no_array() -> None:
    autograd.backward("y")


def gradient_of_no_variable() -> None:
    x, w = variable(2), dnp.ones(2)
    with autograd.record():
        y = x * w
    autograd.grad(y, w)


def variable_of_whole_numbers() -> None:
    dnp.array([1, 2]).attach_grad()


def unknown_request() -> None:
    dnp.ones(2).attach_grad("sometimes")


def gradient_array_of_another_shape() -> None:
    autograd.mark_variables([dnp.ones(2)], [dnp.ones(3)])


def gradient_array_of_another_dtype() -> None:
    autograd.mark_variables(dnp.ones(2), dnp.ones(2, dtype="float64"))


def lists_of_different_lengths() -> None:
    autograd.mark_variables([dnp.ones(2)] * 2, [dnp.ones(2)])


def gradient_of_another_shape_from_a_function() -> None:
    class Wrong(autograd.Function):
        def forward(self, x):
            return x * 2

        def backward(self, gy):
            return dnp.ones((3, 3))

    x = variable(2)
    with autograd.record():
        y = Wrong()(x)
    y.backward()


class Odd(autograd.Function):
    """Gives what it is told to."""

    def __init__(self, value: object, gradient: object) -> None:
        self.value, self.gradient = value, gradient

    def forward(self, x):
        return x * 2 if self.value is None else self.value

    def backward(self, gy):
        return self.gradient


def called(value: object, gradient: object) -> None:
    x = variable(2)
    with autograd.record():
        y = Odd(value, gradient)(x)
    y.backward()


def function_that_gives_a_number() -> None:
    called(3.0, None)


def gradient_that_is_text() -> None:
    called(None, "text")


def gradient_that_does_not_fit() -> None:
    called(None, dnp.ones((4,)))


def complex_head() -> None:
    x = dnp.array([1 + 2j])
    x.attach_grad()
    with autograd.record():
        y = x * 2
    y.backward()


ROWS: list[tuple[Callable[[], None], type[Exception], str]] = [
    (not_recorded, RuntimeError, r"not computed from a variable while recording \(use attach_grad\(\)"),
    (paused, RuntimeError, "not computed from a variable while recording"),
    (stopped, RuntimeError, "not computed from a variable while recording"),
    (used_up, RuntimeError, r"already freed; pass retain_graph=True"),
    (used_up_below, RuntimeError, r"already freed; pass retain_graph=True"),
    (head_gradient_of_another_shape, ValueError, r"head gradient has shape \(3,\), expected \(2,\)"),
    (too_many_head_gradients, ValueError, "1 heads, but 2 head gradients"),
    (no_array, TypeError, "heads must be an NDArray or a list of them, got str"),
    (gradient_of_no_variable, ValueError, r"a variable is not marked \(call attach_grad\(\) before recording\)"),
    (variable_of_whole_numbers, TypeError, "only floating-point.* arrays have gradients, got int64\\("),
    (unknown_request, ValueError, "grad_req must be 'write', 'add' or 'null', got 'sometimes'"),
    (gradient_array_of_another_shape, ValueError, r"shape \(2,\), float32 .* got shape \(3,\), float32"),
    (gradient_array_of_another_dtype, ValueError, r"shape \(2,\), float32 .* got shape \(2,\), float64"),
    (lists_of_different_lengths, ValueError, "2 variables, 1 gradients"),
    (gradient_of_another_shape_from_a_function, ValueError, r"\(3, 3\)"),
    (
        function_that_gives_a_number,
        TypeError,
        r"Odd.forward: expected an array or a tuple .*, got 3.0 \(float\)",
    ),
    (gradient_that_is_text, TypeError, "Odd.backward: expected an array or None for input 0, got 'text' "),
    (gradient_that_does_not_fit, ValueError, r"Odd.backward: expected .* shape \(2,\) for .* 0, got shape \(4,\)"),
    (complex_head, TypeError, "the result is complex, and only a real one has a gradient"),
]


@pytest.mark.parametrize(("action", "kind", "message"), ROWS, ids=lambda v: getattr(v, "__name__", ""))
def test_mistakes(action: Callable[[], None], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        action()
    assert not autograd.is_recording()


def test_after_an_error_the_next_walk_is_right() -> None:
    x = variable(2)
    with autograd.record():
        y = x * 3
    with pytest.raises(ValueError):
        y.backward(dnp.ones(3))
    y.backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_stop_gradient_under_its_names() -> None:
    x = variable(2)
    for stop in (nd.BlockGrad, nd.stop_gradient, dl.ops.F.stop_gradient, lambda v: v.detach()):
        with autograd.record():
            y = stop(x * 5) * x
        y.backward()
        assert x.grad.tolist() == [5.0, 5.0]


def test_adding_gradients_of_gradients() -> None:
    x = dnp.array(np.array([2.0]))
    x.attach_grad("add")
    for _ in range(2):
        with autograd.record():
            slope = autograd.grad(x**3, x, create_graph=True)
        slope.backward()
    assert x.grad.tolist() == [24.0]
