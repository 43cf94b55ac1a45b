"""Gradients through gamma-distributed numbers and what is made of them, the draws being held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest
from scipy.special import gamma as gamma_function
from scipy.special import gammainc, gammaincinv

import dlcore as dl
from dlcore import autograd, np
from dlcore.ops import F
from dlcore.ops.reference_random import gamma_slope

MANY = 40_000


def slope_of(draw: Callable[[Any], Any], at: list[float], of: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The mean gradient of of(draw) by the parameters, and its standard error (from 40 groups of draws)."""
    dl.random.seed(5)
    groups = []
    for _ in range(40):
        p = np.array(at, dtype="float64")
        p.attach_grad()
        with autograd.record():
            y = of(draw(p)).mean()
        y.backward()
        groups.append(p.grad.asnumpy())
    found = numpy.array(groups)
    return found.mean(0), found.std(0) / 40**0.5


def check(draw: Callable[[Any], Any], at: list[float], of: Callable[[Any], Any], want: Any) -> None:
    mean, error = slope_of(draw, at, of)
    assert (numpy.abs(mean - want) <= 5 * error).all() and (error < 0.03 * numpy.abs(want) + 2e-3).all(), (mean, want)


@pytest.mark.parametrize("alpha", [0.05, 0.7, 3.0, 60.0, 900.0])
def test_each_draw_moves_as_its_distribution_does(alpha: float) -> None:
    a = np.full((500,), alpha, dtype="float64")
    a.attach_grad()
    dl.random.seed(1)
    with autograd.record():
        y = np.random.gamma(a, 1.0, dtype="float64")
    y.backward()
    drawn = y.asnumpy()
    seen = drawn > 1e-250
    want = gamma_slope(a.asnumpy()[seen], drawn[seen])
    numpy.testing.assert_allclose(a.grad.asnumpy()[seen], want, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("alpha", [3e3, 1e6])
def test_large_parameters_have_five_digits(alpha: float) -> None:
    a = np.full((500,), alpha, dtype="float64")
    y = F.random_gamma(a)
    found = F._gamma_slope(a, y).asnumpy()
    numpy.testing.assert_allclose(found, gamma_slope(a.asnumpy(), y.asnumpy()), rtol=1e-5)


def test_the_mean_of_gamma_and_chisquare() -> None:
    check(lambda p: np.random.gamma(p[0], 2.0, size=1000, dtype="float64"), [1.7], lambda y: y, [2.0])
    check(lambda p: np.random.chisquare(p[0], size=1000), [4.0], lambda y: y, [1.0])


def test_the_mean_of_beta() -> None:
    a, b = 2.0, 3.0
    want = [b / (a + b) ** 2, -a / (a + b) ** 2]
    check(lambda p: np.random.beta(p[0], p[1], size=1000), [a, b], lambda y: y, want)


def test_the_first_part_of_dirichlet() -> None:
    at = [0.8, 2.0, 1.2]
    total = sum(at)
    want = [(total - at[0]) / total**2, -at[0] / total**2, -at[0] / total**2]
    check(lambda p: np.random.dirichlet(p, size=1000)[:, 0], at, lambda y: y, want)


def test_the_size_of_student_t() -> None:
    def size(df: float) -> float:
        return float(2 * df**0.5 * gamma_function((df + 1) / 2) / (numpy.pi**0.5 * (df - 1) * gamma_function(df / 2)))

    want = (size(3 + 1e-5) - size(3 - 1e-5)) / 2e-5
    check(lambda p: np.random.standard_t(p[0], size=4000), [3.0], np.abs, [want])


def test_a_compiled_function_has_them_too() -> None:
    def loss(a: Any) -> Any:
        return F.random_gamma(F.broadcast_to(a, (MANY,))).mean()

    a = np.array(2.5, dtype="float64")
    a.attach_grad()
    with autograd.record():
        y = dl.jit(loss)(a)
    y.backward()
    assert abs(float(a.grad) - 1.0) < 0.02


@pytest.mark.parametrize(("alpha", "share"), [(0.4, 0.8), (2.5, 0.3), (40.0, 0.9), (300.0, 0.05)])
def test_a_gamma_draw_has_derivatives_of_any_order(alpha: float, share: float) -> None:
    """Of the number that has `share` of the distribution below it, as alpha moves."""

    def derivatives(a: float) -> list[float]:
        x, y = np.array([a], dtype="float64"), np.array([gammaincinv(a, share)], dtype="float64")
        x.attach_grad()
        y.attach_grad()
        with autograd.record():
            found = [F._gamma_slope(x, y)]
            for _ in range(2):
                by_alpha, by_draw = autograd.grad(found[-1], [x, y], create_graph=True, retain_graph=True)
                found.append(by_alpha + by_draw * F._gamma_slope(x, y))
        return [float(f) for f in found]

    step = alpha * 1e-4
    low, here, high = (derivatives(alpha + s * step) for s in (-1, 0, 1))
    for order in (1, 2):
        assert here[order] == pytest.approx((high[order - 1] - low[order - 1]) / (2 * step), rel=1e-5)


def test_second_derivatives_by_the_tape() -> None:
    def second(call: Any) -> float:
        dl.random.seed(3)
        a = np.array([2.5], dtype="float64")
        a.attach_grad()
        with autograd.record():
            y = call(a)
            slope = autograd.grad(y, [a], create_graph=True)[0]
        slope.backward()
        share = gammainc(2.5, float(y))
        want = (gammaincinv(2.51, share) - 2 * gammaincinv(2.5, share) + gammaincinv(2.49, share)) / 1e-4
        assert float(a.grad) == pytest.approx(want, rel=1e-3)
        return float(a.grad)

    assert second(F.random_gamma) == pytest.approx(second(dl.jit(F.random_gamma)))


def test_second_derivatives_of_large_parameters_are_refused() -> None:
    a = np.array([2e4])
    a.attach_grad()
    with autograd.record():
        slope = autograd.grad(np.random.gamma(a), [a], create_graph=True)[0]
    with pytest.raises(ValueError, match="beyond alpha 10000 random_gamma has no derivative of that order"):
        slope.backward()
