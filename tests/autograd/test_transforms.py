"""vjp, jvp, value_and_grad, jacobian, hessian, hvp: closed forms, finite differences, nests, composition, mistakes."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd
from dlcore.array import np as dnp
from dlcore.ops import F

Pair = namedtuple("Pair", "left right")


def f64(*values: float) -> dl.NDArray:
    return dnp.array(np.array(values, np.float64))


def smooth(x, y):
    return dnp.sin(x) * y + dnp.exp(x * y * 0.3)


def numpy_smooth(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return np.sin(x) * y + np.exp(x * y * 0.3)


def differences(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """The Jacobian by central differences, of shape (*output, *input)."""
    columns = []
    for k in range(x.size):
        shift = np.zeros(x.size)
        shift[k] = step
        shift = shift.reshape(x.shape)
        columns.append((function(x + shift) - function(x - shift)) / (2 * step))
    stacked = np.stack(columns, axis=-1)
    return stacked.reshape(*stacked.shape[:-1], *x.shape)


X, Y = np.array([0.3, -1.2, 2.0]), np.array([1.5, 0.4, -0.7])


def test_vjp_against_differences() -> None:
    value, pull = autograd.vjp(smooth, f64(*X), f64(*Y))
    np.testing.assert_allclose(value.asnumpy(), numpy_smooth(X, Y), rtol=1e-12)
    v = np.array([1.0, -2.0, 0.5])
    for _ in range(2):  # as often as one likes
        gx, gy = pull(f64(*v))
        np.testing.assert_allclose(gx.asnumpy(), v @ differences(lambda x: numpy_smooth(x, Y), X), rtol=1e-7)
        np.testing.assert_allclose(gy.asnumpy(), v @ differences(lambda y: numpy_smooth(X, y), Y), rtol=1e-7)
    assert not value._tracked and not gx._tracked


def test_jvp_against_differences_and_against_vjp() -> None:
    tx, ty = np.array([1.0, 0.5, -1.0]), np.array([0.1, 2.0, 0.3])
    value, found = autograd.jvp(smooth, (f64(*X), f64(*Y)), (f64(*tx), f64(*ty)))
    jx = differences(lambda x: numpy_smooth(x, Y), X)
    jy = differences(lambda y: numpy_smooth(X, y), Y)
    np.testing.assert_allclose(found.asnumpy(), jx @ tx + jy @ ty, rtol=1e-7)
    np.testing.assert_allclose(value.asnumpy(), numpy_smooth(X, Y), rtol=1e-12)
    v = f64(0.4, -1.0, 3.0)  # <v, J t> = <J^T v, t>
    gx, gy = autograd.vjp(smooth, f64(*X), f64(*Y))[1](v)
    assert (v * found).sum().item() == pytest.approx(((gx * f64(*tx)).sum() + (gy * f64(*ty)).sum()).item(), rel=1e-12)


def test_jacobian_of_a_matrix_function() -> None:
    a = np.array([[1.0, 0.2], [0.3, -1.0], [0.5, 2.0]])

    def product(x):
        return dnp.matmul(dnp.tanh(x), x.T)

    found = autograd.jacobian(product)(dnp.array(a)).asnumpy()
    assert found.shape == (3, 3, 3, 2)
    np.testing.assert_allclose(found, differences(lambda x: np.tanh(x) @ x.T, a), rtol=1e-6, atol=1e-8)


def test_hessian_and_hvp_against_differences_of_the_gradient() -> None:
    def value(x):
        return (dnp.sin(x[:-1]) * x[1:] ** 2).sum() + (x**4).sum()

    def slope(x: np.ndarray) -> np.ndarray:
        return autograd.gradient(value)(f64(*x)).asnumpy()

    hessian = autograd.hessian(value)(f64(*X)).asnumpy()
    np.testing.assert_allclose(hessian, differences(slope, X), rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12)
    v = np.array([1.0, 2.0, -0.5])
    np.testing.assert_allclose(autograd.hvp(value, (f64(*X),), (f64(*v),)).asnumpy(), hessian @ v, rtol=1e-10)


def test_hvp_of_several_arguments_has_the_mixed_terms() -> None:
    def value(x, y):
        return (x * x * y).sum()

    gx, gy = autograd.hvp(value, (f64(*X), f64(*Y)), (f64(1, 0, 0), f64(0, 1, 0)))
    np.testing.assert_allclose(gx.asnumpy(), [2 * Y[0], 2 * X[1], 0])
    np.testing.assert_allclose(gy.asnumpy(), [2 * X[0], 0, 0])


def test_nested_arguments_and_results() -> None:
    def layers(parameters, x):
        return {"out": Pair(parameters["w"] * x, [parameters["b"][0] + x.sum()])}

    parameters = {"w": f64(2.0, 3.0), "b": (f64(1.0),)}
    value, pull = autograd.vjp(layers, parameters, f64(1.0, 4.0))
    assert isinstance(value["out"], Pair) and value["out"].right[0].tolist() == [6.0]
    ones = {"out": Pair(f64(1.0, 1.0), [f64(10.0)])}
    gp, gx = pull(ones)
    assert gp["w"].tolist() == [1.0, 4.0] and gp["b"][0].tolist() == [10.0] and gx.tolist() == [12.0, 13.0]
    blocks = autograd.jacobian(layers)(parameters, f64(1.0, 4.0))
    assert blocks["out"].left["w"].tolist() == [[1.0, 0.0], [0.0, 4.0]]
    assert blocks["out"].left["b"][0].tolist() == [[0.0], [0.0]]
    _, tangent = autograd.jvp(layers, (parameters, f64(1.0, 4.0)), (parameters, f64(0.0, 1.0)))
    assert tangent["out"].left.tolist() == [2.0, 12.0 + 3.0] and tangent["out"].right[0].tolist() == [2.0]


def test_value_and_grad_of_chosen_arguments_with_extra_results() -> None:
    def loss(w, x, scale=1.0):
        y = w * x * scale
        return (y * y).sum(), {"y": y, "name": "kept"}

    (value, extra), (gw, gx) = autograd.value_and_grad(loss, (0, -1), has_aux=True)(f64(3.0), f64(2.0), scale=2.0)
    assert value.item() == 144 and extra["name"] == "kept" and extra["y"].tolist() == [12.0]
    assert gw.tolist() == [96.0] and gx.tolist() == [144.0]
    assert autograd.grad(lambda a, b: (a * b).sum(), 1)(f64(3.0), f64(2.0)).tolist() == [3.0]


def test_they_compose() -> None:
    def cube(x):
        return (x * x * x).sum()

    x, one = f64(2.0), f64(1.0)
    assert autograd.grad(autograd.grad(autograd.grad(lambda v: v**4)))(dnp.array(2.0)).item() == pytest.approx(48)
    forward = lambda f: lambda v: autograd.jvp(f, (v,), (dnp.array(1.0),))[1]  # noqa: E731
    assert forward(forward(forward(lambda v: v**4)))(dnp.array(2.0)).item() == pytest.approx(48)
    over = autograd.jvp(lambda v: autograd.vjp(dnp.sin, v)[1](one)[0], (x,), (one,))[1]
    under = autograd.vjp(lambda v: autograd.jvp(dnp.sin, (v,), (one,))[1], x)[1](one)[0]
    for found in (over, under):
        np.testing.assert_allclose(found.asnumpy(), -np.sin([2.0]), rtol=1e-12)
    third = autograd.jacobian(autograd.hessian(cube))(f64(1.0, 2.0)).asnumpy()
    want = np.zeros((2, 2, 2))
    want[0, 0, 0] = want[1, 1, 1] = 6
    np.testing.assert_allclose(third, want)


def test_inside_a_recording_they_are_part_of_it() -> None:
    w, x = f64(1.5), f64(0.7)
    w.attach_grad()
    with autograd.record():
        slope = autograd.gradient(lambda v: (dnp.sin(v) * w).sum())(x * w)
        penalty = (slope * slope).sum()
    penalty.backward()
    step = 1e-6

    def value(a: float) -> float:
        return (np.cos(0.7 * a) * a) ** 2

    assert w.grad.item() == pytest.approx((value(1.5 + step) - value(1.5 - step)) / (2 * step), rel=1e-7)


def test_variables_read_besides_keep_their_gradients() -> None:
    w = f64(3.0)
    w.attach_grad()
    assert autograd.grad(lambda x: (w * x).sum())(f64(5.0)).tolist() == [3.0]
    assert w.grad.tolist() == [0.0]  # nobody asked for it


@pytest.mark.parametrize("order", ["inside", "outside"])
def test_with_jit(order: str) -> None:
    def cube(x):
        return (x**3).sum()

    x, one = f64(1.0, 2.0), f64(1.0, 1.0)
    makers = {
        "grad": (autograd.gradient, [3.0, 12.0]),
        "hessian": (autograd.hessian, [[6.0, 0.0], [0.0, 12.0]]),
        "jvp": (lambda f: lambda v: autograd.jvp(f, (v,), (one,))[1], 15.0),
        "hvp": (lambda f: lambda v: autograd.hvp(f, (v,), (one,)), [6.0, 12.0]),
    }
    for name, (make, want) in makers.items():
        compiled = dl.jit(make(cube)) if order == "outside" else make(dl.jit(cube))
        for _ in range(2):
            np.testing.assert_allclose(compiled(x).asnumpy(), want, rtol=1e-12, err_msg=name)


def test_a_result_that_does_not_depend_on_the_argument() -> None:
    constant = f64(7.0)
    value, pull = autograd.vjp(lambda x: constant, f64(1.0, 2.0))
    assert value.tolist() == [7.0] and pull(f64(1.0))[0].tolist() == [0.0, 0.0]
    assert autograd.jvp(lambda x: constant, (f64(1.0),), (f64(1.0),))[1].tolist() == [0.0]
    assert autograd.jacobian(lambda x: constant)(f64(1.0, 2.0)).tolist() == [[0.0, 0.0]]
    assert autograd.hessian(lambda x: x.sum())(f64(1.0, 2.0)).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert autograd.jacobian(lambda x: x[:0])(f64(1.0, 2.0)).shape == (0, 2)


def test_only_what_lies_between_is_computed() -> None:
    """grad() of a part leaves the rest of the record alone, so that it can still be walked."""
    x = f64(2.0)
    x.attach_grad()
    with autograd.record():
        y = x * x
        z = y * 3
    assert autograd.grad(z, y).tolist() == [3.0]
    y.backward()
    assert x.grad.tolist() == [4.0]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: autograd.vjp(dnp.sin, 3.0), TypeError, "vjp: the arguments must be arrays.*float"),
        (
            lambda: autograd.vjp(dnp.abs, dnp.array([1, 2])),
            TypeError,
            r"floating-point arrays, got .*int64, shape \(2,\)",
        ),
        (lambda: autograd.vjp(lambda x: "text", f64(1.0)), TypeError, "what the function returns must be arrays"),
        (lambda: autograd.vjp(dnp.sin, f64(1.0))[1](f64(1.0, 2.0)), ValueError, r"shape \(2,\), expected \(1,\)"),
        (lambda: autograd.vjp(dnp.sin, f64(1.0))[1]((f64(1.0),) * 2), ValueError, "expected 1 arrays, got 2"),
        (lambda: autograd.jvp(dnp.sin, f64(1.0), f64(1.0)), TypeError, "primals must be a tuple"),
        (
            lambda: autograd.jvp(dnp.sin, (f64(1.0),), (f64(1.0, 2.0),)),
            ValueError,
            r"tangents: array 0 has shape \(2,\)",
        ),
        (lambda: autograd.gradient(dnp.sin)(f64(1.0, 2.0)), ValueError, r"one number, it returned shape \(2,\)"),
        (lambda: autograd.gradient(dnp.sin, 3)(f64(1.0)), ValueError, "argnums 3 for 1 arguments"),
        (lambda: autograd.value_and_grad(dnp.sin, has_aux=True)(f64(1.0)), TypeError, r"\(value, something\)"),
        (lambda: autograd.hvp(dnp.sum, f64(1.0), f64(1.0)), TypeError, "primals must be a tuple"),
        (lambda: autograd.grad(f64(1.0)), TypeError, "which variables"),
        (
            lambda: autograd.jacobian(dnp.conj)(dnp.array([1 + 2j])),
            ValueError,
            "jacobian: .* not complex-differentiable",
        ),
    ],
)
def test_mistakes(call: Callable[[], object], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_nothing_is_left_switched_on_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        autograd.vjp(lambda x: 1 / 0, f64(1.0))
    assert not autograd.is_recording()


class Cubed(autograd.Function):
    """Saves its input and its output, so that its second derivative is right."""

    def forward(self, x):
        y = x * x * x
        self.save_for_backward(x, y)
        return y

    def backward(self, gy):
        x, y = self.saved_tensors
        return gy * 3 * y / x


def test_second_derivative_through_a_function_of_ones_own() -> None:
    second = autograd.hessian(lambda x: Cubed()(x).sum())(f64(2.0, 3.0))
    np.testing.assert_allclose(second.asnumpy(), [[12.0, 0.0], [0.0, 18.0]])


def test_a_function_that_would_give_a_wrong_second_derivative_says_so() -> None:
    class Forgets(autograd.Function):
        def forward(self, x):
            square = F.square(x)
            self.save_for_backward(square)
            return square * x

        def backward(self, gy):
            return gy * 3 * self.saved_tensors[0]

    assert autograd.gradient(lambda x: Forgets()(x).sum())(f64(2.0)).tolist() == [12.0]
    with pytest.raises(RuntimeError, match="neither an input nor an output"):
        autograd.hessian(lambda x: Forgets()(x).sum())(f64(2.0))


def test_a_saved_array_that_was_changed_is_told() -> None:
    x, w = f64(2.0), f64(5.0)
    x.attach_grad()

    class Scale(autograd.Function):
        def forward(self, x):
            self.save_for_backward(w)
            return x * w

        def backward(self, gy):
            return gy * self.saved_tensors[0]

    with autograd.record():
        y = Scale()(x)
    w[:] = 7
    with pytest.raises(RuntimeError, match="Scale: a saved array of shape .* was changed in place"):
        y.backward()
