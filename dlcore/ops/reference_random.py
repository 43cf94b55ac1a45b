"""Oracles of random operators: what must be true of a sample of many numbers with the same parameters.

Mean and spread are compared with those of the distribution; tests/array/test_random_fit.py compares whole
distributions with SciPy's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .reference import _moments, uniform_moments

Array = np.ndarray
Ints = tuple[int, ...]


def exponential(y: Array, scale: float = 1.0, shape: Ints = (), **_: Any) -> bool:
    return bool((y >= 0).all()) and _moments(y, scale, scale, shape)


def gumbel(y: Array, loc: float = 0.0, scale: float = 1.0, shape: Ints = (), **_: Any) -> bool:
    return _moments(y, loc + float(np.euler_gamma) * scale, scale * math.pi / 6**0.5, shape)


def logistic(y: Array, loc: float = 0.0, scale: float = 1.0, shape: Ints = (), **_: Any) -> bool:
    return _moments(y, loc, scale * math.pi / 3**0.5, shape)


def laplace(y: Array, loc: float = 0.0, scale: float = 1.0, shape: Ints = (), **_: Any) -> bool:
    return _moments(y, loc, scale * 2**0.5, shape)


def between(y: Array, low: Array, high: Array) -> bool:
    shape = np.broadcast_shapes(low.shape, high.shape)
    return uniform_moments(y, float(low.flat[0]), float(high.flat[0]), shape)


def gamma(y: Array, alpha: Array) -> bool:
    a = float(alpha.flat[0])
    return bool((y >= 0).all()) and _moments(y, a, a**0.5, alpha.shape)


def gamma_slope(alpha: Array, y: Array) -> Array:
    """The number at which the distribution for alpha + h has what it has at y, by differences."""
    from scipy.special import gammainc, gammaincc, gammainccinv, gammaincinv

    alpha, y = np.broadcast_arrays(alpha, y)
    high = y > alpha  # the side from which the distribution is counted: the smaller one has more digits
    low_p, high_p = gammainc(alpha, y), gammaincc(alpha, y)

    def moved(h: Array) -> Array:
        return np.where(high, gammainccinv(alpha + h, high_p), gammaincinv(alpha + h, low_p))

    h = 1e-4 * alpha
    return (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h)


def _derivative(function: Any, n: Array, at: Array) -> Array:
    """The n-th derivative of an analytic function: Cauchy's integral over a circle of half the distance to 0."""
    turns = np.exp(2j * np.pi * np.arange(64) / 64)
    values = np.stack([function(at + at / 2 * t) * t ** -int(n) for t in turns])
    return np.asarray(values.mean(0).real * math.factorial(int(n)) / (at / 2) ** int(n))


def gamma_power(n: Array, alpha: Array, draw: Array) -> Array:
    from scipy.special import loggamma

    alpha, draw = np.broadcast_arrays(alpha, draw)
    if n < 0:
        return np.zeros(alpha.shape)
    here = loggamma(alpha)
    return _derivative(lambda a: np.exp((a - alpha) * np.log(draw) - loggamma(a) + here), n, alpha)


def gamma_rate(n: Array, alpha: Array, draw: Array) -> Array:
    from scipy.special import loggamma

    alpha, draw = np.broadcast_arrays(alpha, draw)
    log, here = np.log(draw), loggamma(alpha)

    def distribution(a: Array) -> Any:
        return sum(np.exp((a + m - alpha + 1) * log - loggamma(a + m + 1) + here) for m in range(400))

    return _derivative(distribution, n, alpha)


def truncated(y: Array, low: Array, high: Array) -> bool:
    from scipy.stats import truncnorm

    a, b = float(low.flat[0]), float(high.flat[0])
    shape = np.broadcast_shapes(low.shape, high.shape)
    want = truncnorm(a, b)
    return bool(((y >= a) & (y <= b)).all()) and _moments(y, float(want.mean()), float(want.std()), shape)


def _whole(y: Array) -> bool:
    return bool((y == np.floor(y)).all() and (y >= 0).all())


def poisson(y: Array, lam: Array, **_: Any) -> bool:
    mean = float(lam.flat[0])
    return _whole(y) and _moments(y, mean, mean**0.5, lam.shape)


def binomial(y: Array, n: Array, p: Array, **_: Any) -> bool:
    tries, chance = float(n.flat[0]), float(p.flat[0])
    return (
        _whole(y)
        and bool((y <= tries).all())
        and _moments(y, tries * chance, (tries * chance * (1 - chance)) ** 0.5, np.broadcast_shapes(n.shape, p.shape))
    )


def von_mises(y: Array, kappa: Array) -> bool:
    from scipy.special import i0e, i1e

    k = float(kappa.flat[0])
    spread = float(((1 - i1e(k) / i0e(k)) * 2) ** 0.5)  # of 2 - 2 cos y, near enough to that of y
    within = bool((np.abs(y) <= np.pi + 1e-6).all()) and y.shape == kappa.shape
    return within and abs(float(np.cos(y.astype(float)).mean()) - i1e(k) / i0e(k)) < 5 * spread / y.size**0.5


def zipf(y: Array, a: Array, **_: Any) -> bool:
    from scipy.stats import zipf as law

    chances = law(float(a.flat[0])).pmf([1, 2])  # the tail is too heavy for moments
    near = (
        all(
            abs(float((y == k + 1).mean()) - p) < 5 * (p * (1 - p) / max(y.size, 1)) ** 0.5 + 1e-9
            for k, p in enumerate(chances)
        )
        if y.size > 1
        else True
    )
    return near and _whole(y) and bool((y >= 1).all()) and y.shape == a.shape


def hypergeometric(y: Array, good: Array, bad: Array, n: Array, **_: Any) -> bool:
    from scipy.stats import hypergeom

    g, b, m = (int(v.flat[0]) for v in (good, bad, n))
    want, shape = hypergeom(g + b, g, m), np.broadcast_shapes(good.shape, bad.shape, n.shape)
    inside = _whole(y) and bool(((y <= min(g, m)) & (y >= m - b)).all())
    return inside and _moments(y, float(want.mean()), float(want.std()), shape)


def categorical(y: Array, p: Array, shape: Ints = (), **_: Any) -> bool:
    chances = p / p.sum(-1, keepdims=True)
    if y.shape != (*p.shape[:-1], *shape):
        return False
    rows = zip(chances.reshape(-1, p.shape[-1]), y.reshape(-1, math.prod(shape)), strict=True)
    for chance, drawn in rows:
        for k, c in enumerate(chance):  # within five standard errors
            if abs((drawn == k).mean() - c) > 5 * (c * (1 - c) / drawn.size) ** 0.5:
                return False
    return True


def drop_key(y: Array, x: Array, p: Array) -> bool:
    return y.shape == (3,) and int(y[2]) == math.ceil(float(p) * 2**24)
