"""The densities of random numbers by MXNet's names: random_pdf_*, or their logarithms with is_log."""

from __future__ import annotations

from typing import Any

from ..._core import NDArray
from ...ops import F
from .._convert import asarray


def _density(sample: Any, params: tuple, formula: Any, is_log: bool) -> NDArray:
    """exp of the formula; parameters get an axis of length 1 for each further axis of the sample."""
    sample = asarray(sample)
    opened = []
    for p in map(asarray, params):
        opened.append(F.reshape(p, (*p.shape, *(1 for _ in range(sample.ndim - p.ndim)))))
    log = formula(sample, *opened)
    return log if is_log else F.exp(log)


def random_pdf_uniform(sample: Any, low: Any, high: Any, is_log: bool = False) -> NDArray:
    """The density of uniform(low, high) at the sample: one row of it for each low and high.

    >>> random_pdf_uniform([[1.0, 5.0]], [0.0], [2.0]).tolist()
    [[0.5, 0.0]]
    """

    def log(x: NDArray, a: NDArray, b: NDArray) -> NDArray:
        inside = F.logical_and(F.greater_equal(x, a), F.less_equal(x, b))
        return F.where(inside, F.negative(F.log(F.subtract(b, a))), float("-inf"))

    return _density(sample, (low, high), log, is_log)


def random_pdf_normal(sample: Any, mu: Any, sigma: Any, is_log: bool = False) -> NDArray:
    """The density of the normal distribution.

    >>> [round(v, 4) for v in random_pdf_normal([[0.0]], [0.0], [1.0]).tolist()[0]]
    [0.3989]
    """

    def log(x: NDArray, m: NDArray, s: NDArray) -> NDArray:
        z = F.divide(F.subtract(x, m), s)
        return F.subtract(F.multiply(F.square(z), -0.5), F.add(F.log(s), 0.9189385332046727))

    return _density(sample, (mu, sigma), log, is_log)


def random_pdf_gamma(sample: Any, alpha: Any, beta: Any, is_log: bool = False) -> NDArray:
    """The density of the gamma distribution of shape alpha and rate beta.

    >>> random_pdf_gamma([[0.0]], [1.0], [2.0], is_log=False).tolist()
    [[2.0]]
    """

    def log(x: NDArray, a: NDArray, b: NDArray) -> NDArray:
        power = F.where(F.equal(a, 1.0), 0.0, F.multiply(F.subtract(a, 1.0), F.log(F.maximum(x, 1e-38))))
        return F.subtract(F.add(F.multiply(a, F.log(b)), power), F.add(F.multiply(b, x), F.gammaln(a)))

    return _density(sample, (alpha, beta), log, is_log)


def random_pdf_exponential(sample: Any, lam: Any, is_log: bool = False) -> NDArray:
    """The density of the exponential distribution of rate lam.

    >>> random_pdf_exponential([[0.0]], [2.0]).tolist()
    [[2.0]]
    """
    return _density(sample, (lam,), lambda x, r: F.subtract(F.log(r), F.multiply(r, x)), is_log)


def random_pdf_poisson(sample: Any, lam: Any, is_log: bool = False) -> NDArray:
    """The probability of counts under a Poisson distribution of mean lam.

    >>> random_pdf_poisson([[0.0]], [0.0], is_log=False).tolist()
    [[1.0]]
    """

    def log(k: NDArray, r: NDArray) -> NDArray:
        power = F.where(F.equal(k, 0.0), 0.0, F.multiply(k, F.log(r)))
        return F.subtract(power, F.add(r, F.gammaln(F.add(k, 1.0))))

    return _density(sample, (lam,), log, is_log)


def random_pdf_negative_binomial(sample: Any, k: Any, p: Any, is_log: bool = False) -> NDArray:
    """The probability of counts of failures before success number k, each try succeeding with probability p.

    >>> random_pdf_negative_binomial([[0.0]], [1.0], [0.5]).tolist()
    [[0.5]]
    """

    def log(x: NDArray, n: NDArray, c: NDArray) -> NDArray:
        ways = F.subtract(F.gammaln(F.add(x, n)), F.add(F.gammaln(F.add(x, 1.0)), F.gammaln(n)))
        return F.add(ways, F.add(F.multiply(n, F.log(c)), F.multiply(x, F.log1p(F.negative(c)))))

    return _density(sample, (k, p), log, is_log)


def random_pdf_generalized_negative_binomial(sample: Any, mu: Any, alpha: Any, is_log: bool = False) -> NDArray:
    """The probability of counts with mean mu and variance mu + alpha * mu**2.

    >>> [round(v, 4) for v in random_pdf_generalized_negative_binomial([[0.0]], [1.0], [1.0]).tolist()[0]]
    [0.5]
    """
    mu, alpha = asarray(mu), asarray(alpha)
    return random_pdf_negative_binomial(
        sample, F.reciprocal(alpha), F.reciprocal(F.add(F.multiply(mu, alpha), 1.0)), is_log
    )


def random_pdf_dirichlet(sample: Any, alpha: Any, is_log: bool = False) -> NDArray:
    """The density of the Dirichlet distribution; the last axis of sample and alpha is the vector.

    >>> [round(v, 4) for v in random_pdf_dirichlet([[0.5, 0.5]], [1.0, 1.0]).tolist()]
    [1.0]
    """
    sample, alpha = asarray(sample), asarray(alpha)
    shape = (*alpha.shape[:-1], *(1 for _ in range(sample.ndim - alpha.ndim)), alpha.shape[-1])
    a = F.reshape(alpha, shape)
    power = F.sum(F.multiply(F.subtract(a, 1.0), F.log(sample)), -1)
    log = F.add(power, F.subtract(F.gammaln(F.sum(a, -1)), F.sum(F.gammaln(a), -1)))
    return log if is_log else F.exp(log)
