"""MXNet's names for random numbers: random_* (of numbers as parameters) and sample_* (draws for each row of them)."""

from __future__ import annotations

from typing import Any

from ..._core import NDArray
from ...ops import F
from .. import random
from .._convert import asarray
from .._draw_checks import Shape
from ..context import Context

sample_multinomial, shuffle = random.multinomial, random.shuffle
Place = Context | str | None


def random_uniform(
    low: float = 0.0, high: float = 1.0, shape: Shape = None, ctx: Place = None, dtype: Any = None,
    out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """`shape` numbers spread evenly over [low, high).

    >>> random_uniform(0, 1, (2, 3)).shape
    (2, 3)
    """
    return random.uniform(low, high, shape, dtype, ctx, out)


def random_normal(
    loc: float = 0.0, scale: float = 1.0, shape: Shape = None, ctx: Place = None, dtype: Any = None,
    out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """`shape` normally distributed numbers with mean loc and standard deviation scale.

    >>> random_normal(0, 1, (2, 3)).shape
    (2, 3)
    """
    return random.normal(loc, scale, shape, dtype, ctx, out)


def random_gamma(
    alpha: float = 1.0, beta: float = 1.0, shape: Shape = None, ctx: Place = None, dtype: Any = None,
    out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """`shape` gamma-distributed numbers with the shape parameter alpha and the scale beta.

    >>> random_gamma(2, 1, (2, 3)).shape
    (2, 3)
    """
    return random.gamma(alpha, beta, shape, dtype, ctx, out)


def random_exponential(
    lam: float = 1.0, shape: Shape = None, ctx: Place = None, dtype: Any = None, out: NDArray | None = None
) -> NDArray:
    """`shape` exponentially distributed numbers of rate lam: their mean is 1 / lam.

    >>> random_exponential(4.0, (2, 3)).shape
    (2, 3)
    """
    if not lam > 0:
        raise ValueError(f"random_exponential: lam must be above 0, got {lam}")
    return random.exponential(1.0 / lam, shape, dtype, ctx, out)


def random_poisson(
    lam: float = 1.0, shape: Shape = None, ctx: Place = None, dtype: Any = None, out: NDArray | None = None
) -> NDArray:
    """`shape` Poisson-distributed counts with mean lam.

    >>> random_poisson(4.0, (2, 3)).shape
    (2, 3)
    """
    return random.poisson(lam, shape, dtype, ctx, out)


def random_randint(
    low: int, high: int | None = None, shape: Shape = None, ctx: Place = None, dtype: Any = None,
    out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """`shape` whole numbers from low to high - 1.

    >>> random_randint(5, 6, (2,)).tolist()
    [5, 5]
    """
    return random.randint(low, high, shape, dtype, ctx, out)


def random_negative_binomial(
    k: int = 1, p: float = 1.0, shape: Shape = None, ctx: Place = None, dtype: Any = None, out: NDArray | None = None
) -> NDArray:
    """`shape` counts of failures before success number k, each try succeeding with probability p.

    >>> random_negative_binomial(3, 0.5, (2, 3)).shape
    (2, 3)
    """
    return random.negative_binomial(k, p, shape, dtype, ctx, out)


def random_generalized_negative_binomial(
    mu: float = 1.0, alpha: float = 1.0, shape: Shape = None, ctx: Place = None, dtype: Any = None,
    out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """`shape` counts with mean mu and variance mu + alpha * mu**2.

    >>> random_generalized_negative_binomial(2.0, 0.5, (2, 3)).shape
    (2, 3)
    """
    return random.generalized_negative_binomial(mu, alpha, shape, dtype, ctx, out)


uniform, normal = random_uniform, random_normal


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
