"""MXNet's names for random numbers: sample_* (draws for each row of parameters), random_*, and their densities."""

from __future__ import annotations

from typing import Any

from .._core import NDArray
from ..ops import F
from . import random
from ._convert import asarray
from ._draws import Shape

random_uniform, random_normal, random_gamma = random.uniform, random.normal, random.gamma
random_exponential, random_poisson, random_randint = random.exponential, random.poisson, random.randint
random_negative_binomial = random.negative_binomial
random_generalized_negative_binomial = random.generalized_negative_binomial
uniform, normal, shuffle = random.uniform, random.normal, random.shuffle
sample_multinomial = random.multinomial


def sample_uniform(low: Any, high: Any, shape: Shape = (), dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """For each low and high, `shape` numbers spread evenly over [low, high).

    >>> sample_uniform([0.0, 2.0], [1.0, 3.0], shape=4).shape
    (2, 4)
    """
    return random.uniform(asarray(low), asarray(high), shape, dtype, out=out)


def sample_normal(mu: Any, sigma: Any, shape: Shape = (), dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """For each mean and standard deviation, `shape` normally distributed numbers.

    >>> sample_normal([0.0, 2.0], [1.0, 3.0], shape=(4, 5)).shape
    (2, 4, 5)
    """
    return random.normal(asarray(mu), asarray(sigma), shape, dtype, out=out)


def sample_gamma(alpha: Any, beta: Any, shape: Shape = (), dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """For each alpha and scale beta, `shape` gamma-distributed numbers.

    >>> sample_gamma([0.0, 2.0], [1.0, 3.0], shape=4).shape
    (2, 4)
    """
    return random.gamma(asarray(alpha), asarray(beta), shape, dtype, out=out)


def sample_exponential(lam: Any, shape: Shape = (), dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """For each rate lam, `shape` exponentially distributed numbers (their mean is 1 / lam).

    >>> sample_exponential([1.0, 2.0], shape=4).shape
    (2, 4)
    """
    return random.exponential(F.reciprocal(F.cast(asarray(lam), "float32")), shape, dtype, out=out)


def sample_poisson(lam: Any, shape: Shape = (), dtype: Any = None, out: NDArray | None = None) -> NDArray:
    """For each mean lam, `shape` Poisson-distributed counts.

    >>> sample_poisson([0.0, 2.0], shape=4).tolist()[0]
    [0.0, 0.0, 0.0, 0.0]
    """
    return random.poisson(asarray(lam), shape, dtype, out=out)


def sample_negative_binomial(
    k: Any, p: Any, shape: Shape = (), dtype: Any = None, out: NDArray | None = None
) -> NDArray:
    """For each k and p, `shape` counts of failures before success number k.

    >>> sample_negative_binomial([1.0, 2.0], [1.0, 0.5], shape=4).shape
    (2, 4)
    """
    return random.negative_binomial(asarray(k), asarray(p), shape, dtype, out=out)


def sample_generalized_negative_binomial(
    mu: Any, alpha: Any, shape: Shape = (), dtype: Any = None, out: NDArray | None = None
) -> NDArray:
    """For each mean mu and spread alpha, `shape` counts with variance mu + alpha * mu**2.

    >>> sample_generalized_negative_binomial([1.0, 2.0], [1.0, 0.5], shape=4).shape
    (2, 4)
    """
    return random.generalized_negative_binomial(asarray(mu), asarray(alpha), shape, dtype, out=out)
