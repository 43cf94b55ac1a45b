"""Derivatives of plain NumPy functions by complex steps, and an operator's values and gradients beside them.

f(x + ihd) = f(x) + ih f'(x)d for a function that is analytic where it is evaluated: nothing is subtracted, so the
derivative is exact to rounding (Squire and Trapp, SIAM Review 40, 1998). The functions of this folder keep to what is
analytic: no conjugates, comparisons of real parts only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcore import autograd, nd

STEP = 1e-30
DIRECTIONS = 3


def along(function: Callable[..., Any], values: Sequence[np.ndarray], directions: Sequence[np.ndarray]) -> float:
    """The derivative of sum(y * y), y = function(*values), as the values move along the directions."""
    y = function(*[v + 1j * STEP * d for v, d in zip(values, directions, strict=True)])
    return float((y * y).sum().imag / STEP)


def check_gradients(
    function: Callable[..., Any], values: Sequence[np.ndarray], found: Sequence[np.ndarray], limit: float = 1e-10
) -> None:
    """`found`, said to be the gradients of sum(y * y), along random directions: one wrong element shows in all."""
    rng = np.random.default_rng(9)
    for v, g in zip(values, found, strict=True):
        assert g.shape == v.shape
    size = max(1.0, float(np.sqrt(sum((g * g).sum() for g in found))))
    for _ in range(DIRECTIONS):
        directions = [rng.normal(size=v.shape) for v in values]
        got = sum(float((g * d).sum()) for g, d in zip(found, directions, strict=True))
        want = along(function, values, directions)
        assert abs(got - want) <= limit * size, f"{got} along a direction, {want} by complex steps"


def agree(run: Any, plain: Callable[..., Any], values: Sequence[np.ndarray], limit: float = 1e-10) -> None:
    """Values and gradients of `run`, which takes arrays of float64, are those of the NumPy function `plain`."""
    ours = [nd.array(v, dtype="float64") for v in values]
    for v in ours:
        v.attach_grad()
    with autograd.record():
        y = run(*ours)
        total = (y * y).sum()
    total.backward()
    want = plain(*values)
    assert y.shape == want.shape
    np.testing.assert_allclose(y.asnumpy(), want, rtol=limit, atol=limit)
    check_gradients(plain, values, [v.grad.asnumpy() for v in ours], limit)


def twice(run: Any, values: Sequence[np.ndarray]) -> tuple[float, float]:
    """What moves the slope of sum(y^3), y = run(*values), in one random direction as the values move in another.

    By the recording of a gradient, and by differences of two gradients.
    """
    rng = np.random.default_rng(10)
    move, look = ([rng.uniform(-1, 1, v.shape) for v in values] for _ in range(2))

    def slope(step: float, create: bool = False) -> Any:
        given = [nd.array(v + step * d, dtype="float64") for v, d in zip(values, move, strict=True)]
        for a in given:
            a.attach_grad()
        with autograd.record():
            y = run(*given)
            found = autograd.grad((y * y * y).sum(), given, create_graph=create, retain_graph=create)
            total: Any = 0.0
            for g, o in zip(found, look, strict=True):
                total = total + (g * nd.array(o, dtype="float64")).sum()
        return given, total

    given, total = slope(0.0, create=True)
    total.backward()
    got = sum(float((a.grad.asnumpy() * d).sum()) for a, d in zip(given, move, strict=True))
    return got, (float(slope(1e-5)[1]) - float(slope(-1e-5)[1])) / 2e-5


def draws(rng: np.random.Generator, *shapes: tuple[int, ...], reach: float = 1.0) -> list[np.ndarray]:
    """Random float64 arrays of these shapes."""
    return [rng.uniform(-reach, reach, s) for s in shapes]
