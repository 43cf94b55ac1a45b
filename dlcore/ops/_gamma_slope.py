"""How a gamma-distributed number moves with its shape parameter, the draw being held: Figurnov, Mohamed and Mnih,
Implicit Reparameterization Gradients (NeurIPS 2018).

With P(a, y) the distribution and p its density, dy/da = -(dP/da) / p. P is the series (NIST DLMF 8.7.1)
y^a e^-y sum_n y^n / gamma(a + n + 1), each term of which is differentiated; over p the factors before it leave y / a.
For large a the cube root of y / a is as good as normal (Wilson and Hilferty, 1931) and is differentiated instead.

All further derivatives are made of two families, in which differentiating goes on to the next member:
R_n = (d^n P / da^n) / p and Q_n = (d^n p / da^n) / p. With q = log y - digamma(a) and r = (a - 1) / y - 1,
dR_n/da = R_(n+1) - q R_n, dR_n/dy = Q_n - r R_n, dQ_n/da = Q_(n+1) - q Q_n and dQ_n/dy = n Q_(n-1) / y.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._host import host

Array = np.ndarray[Any, Any]
_LARGE = 2000.0  # from here on the normal approximation has 5 good digits
_MOST = 20000  # terms; a draw needs about a + 10 sqrt(a)


def _digamma(x: Array) -> Array:
    """For x >= 1: shifted to where the asymptotic series (NIST DLMF 5.11.2) has 14 digits."""
    shift = np.zeros_like(x)
    for _ in range(8):
        shift, x = shift - 1 / x, x + 1
    s = 1 / (x * x)
    tail = s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s * (1 / 240 - s * (1 / 132 - s * 691 / 32760)))))
    return shift + np.log(x) - 0.5 / x - tail


def _by_series(a: Array, y: Array) -> Array:
    term, psi, log = np.ones_like(y), _digamma(a + 1), np.log(y)
    total = log - psi
    for n in range(1, _MOST):
        term = term * (y / (a + n))
        psi = psi + 1 / (a + n)
        added = term * (log - psi)
        total = total + added
        if not (np.abs(added) > 1e-17 * np.abs(total)).any():
            break
    return -y / a * total


def _by_cube_root(a: Array, y: Array) -> Array:
    u = np.cbrt(y / a)
    slope = 1 / (9 * a * a) - (u - 1 + 1 / (9 * a)) / (2 * a)
    return u**3 + 3 * a * u * u * slope


def _broadcast(alpha: tuple[int, ...], y: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [np.broadcast_shapes(alpha, y)]


@host("gamma_slope", shape=_broadcast)
def gamma_slope(alpha: Array, y: Array) -> Array:
    """dy / dalpha for each draw y; 0 where the draw is too small for a number."""
    a, z = (v.astype(np.float64) for v in np.broadcast_arrays(alpha, y))
    found = np.zeros(a.shape)
    for chosen, rule in ((a < _LARGE, _by_series), (a >= _LARGE, _by_cube_root)):
        at = chosen & (a > 0) & (z > 0)
        if at.any():
            found[at] = rule(a[at], z[at])
    return np.asarray(found.astype(np.result_type(alpha, y)))


def _powers(log: Array, psi: list[Array]) -> Array:
    """(d^n f / da^n) / f for f = y^a / gamma(a), from log y and digamma and so on: complete Bell polynomials."""
    found: list[Any] = [np.ones_like(log)]
    x = [log - p if j == 0 else -p for j, p in enumerate(psi)]
    for k in range(len(x)):
        found.append(sum(math.comb(k, j) * x[j] * found[k - j] for j in range(k + 1)))
    return np.asarray(found[-1])


_FURTHEST = 16  # the last member of a family
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)


def _polygammas(n: int, x: Array) -> list[Array]:
    """digamma and its derivatives, n in all: shifted to where the series of NIST DLMF 5.15.8 has 14 digits."""
    return [_digamma_of(x), *[_polygamma(j, x) for j in range(1, n)]][:n]


def _digamma_of(x: Array) -> Array:
    return _digamma(x + 1) - 1 / x


def _polygamma(j: int, x: Array) -> Array:
    shift = np.zeros_like(x)
    for _ in range(24):
        shift, x = shift + math.factorial(j) / x ** (j + 1), x + 1
    tail = math.factorial(j - 1) / x**j + math.factorial(j) / (2 * x ** (j + 1))
    for k, b in enumerate(_BERNOULLI, 1):
        tail = tail + b * math.factorial(2 * k + j - 1) / math.factorial(2 * k) / x ** (2 * k + j)
    return np.asarray((-1) ** (j + 1) * (shift + tail))


def _rates(n: int, a: Array, y: Array) -> Array:
    if (a > _MOST / 2).any():
        raise ValueError(f"beyond alpha {_MOST // 2} random_gamma has no derivative of that order")
    psi, log, term = _polygammas(n, a + 1), np.log(y), np.ones_like(y)
    total = _powers(log, psi)
    for m in range(1, _MOST):
        term = term * (y / (a + m))
        psi = [p + (-1) ** j * math.factorial(j) / (a + m) ** (j + 1) for j, p in enumerate(psi)]
        added = term * _powers(log, psi)
        total = total + added
        if (a + m > y).all() and not (np.abs(added) > 1e-17 * np.abs(total)).any():
            break
    return y / a * total


def _member(rule: Any, n: Array, alpha: Array, draw: Array) -> Array:
    a, y = (v.astype(np.float64) for v in np.broadcast_arrays(alpha, draw))
    order, at = float(n), (a > 0) & (y > 0)
    found = np.zeros(a.shape)
    if order not in range(-1, _FURTHEST + 1):
        found[...] = np.nan
    elif order >= 0 and at.any():
        found[at] = rule(int(order), a[at], y[at])
    return np.asarray(found.astype(np.result_type(alpha, draw)))


def _of_three(n: tuple[int, ...], alpha: tuple[int, ...], y: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [np.broadcast_shapes(alpha, y)]


@host("gamma_rate", shape=_of_three)
def gamma_rate(n: Array, alpha: Array, draw: Array) -> Array:
    """R_n for n from 1 on; 0 where the draw is too small for a number."""
    return _member(_rates, n, alpha, draw)


@host("gamma_power", shape=_of_three)
def gamma_power(n: Array, alpha: Array, draw: Array) -> Array:
    """Q_n; 0 where the draw is too small for a number, and for n below 0."""

    def rule(n: int, a: Array, y: Array) -> Array:
        return _powers(np.log(y), _polygammas(n, a))

    return _member(rule, n, alpha, draw)
