"""How a gamma-distributed number moves with its shape parameter, the draw being held: Figurnov, Mohamed and Mnih,
Implicit Reparameterization Gradients (NeurIPS 2018).

With P(a, y) the distribution and p its density, dy/da = -(dP/da) / p. P is the series (NIST DLMF 8.7.1)
y^a e^-y sum_n y^n / gamma(a + n + 1), each term of which is differentiated; over p the factors before it leave y / a.
For large a the cube root of y / a is as good as normal (Wilson and Hilferty, 1931) and is differentiated instead.
"""

from __future__ import annotations

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
