"""Distributions against SciPy's: Kolmogorov and Smirnov's test, and chi-square for whole numbers.

Seeds are fixed, so a test either always passes or always fails. The threshold P is 1e-3: a right distribution would
fail one seed in a thousand; `test_the_tests_see_a_small_mistake` shows what a wrong one gives.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from dlcore import jit, nd
from dlcore.array import np_random, random

N, P = 20_000, 1e-3

CONTINUOUS: dict[str, tuple[Callable[[dict], Any], Any]] = {
    "uniform": (lambda k: np_random.uniform(-1, 3, **k), stats.uniform(-1, 4)),
    "uniform-rows": (lambda k: np_random.uniform(nd.array([-1.0]), nd.array([3.0]), **k), stats.uniform(-1, 4)),
    "normal": (lambda k: np_random.normal(1, 2, **k), stats.norm(1, 2)),
    "truncated-middle": (lambda k: np_random.truncated_normal(0, 1, -1, 2, **k), stats.truncnorm(-1, 2)),
    "truncated-narrow": (lambda k: np_random.truncated_normal(1, 2, 0, 1, **k), stats.truncnorm(-0.5, 0, 1, 2)),
    "truncated-tail": (lambda k: np_random.truncated_normal(0, 1, 4, 20, **k), stats.truncnorm(4, 20)),
    "truncated-left": (lambda k: np_random.truncated_normal(0, 1, -9, -3, **k), stats.truncnorm(-9, -3)),
    "exponential": (lambda k: np_random.exponential(2.0, **k), stats.expon(scale=2)),
    "gumbel": (lambda k: np_random.gumbel(1, 2, **k), stats.gumbel_r(1, 2)),
    "logistic": (lambda k: np_random.logistic(1, 2, **k), stats.logistic(1, 2)),
    "laplace": (lambda k: np_random.laplace(1, 2, **k), stats.laplace(1, 2)),
    "lognormal": (lambda k: np_random.lognormal(0.5, 0.4, **k), stats.lognorm(0.4, scale=np.exp(0.5))),
    "pareto": (lambda k: np_random.pareto(3.0, **k), stats.lomax(3)),
    "power": (lambda k: np_random.power(2.5, **k), stats.powerlaw(2.5)),
    "rayleigh": (lambda k: np_random.rayleigh(1.5, **k), stats.rayleigh(scale=1.5)),
    "weibull": (lambda k: np_random.weibull(1.7, **k), stats.weibull_min(1.7)),
    "gamma": (lambda k: np_random.gamma(2.5, 3.0, **k), stats.gamma(2.5, scale=3)),
    "gamma-small": (lambda k: np_random.gamma(0.2, **k), stats.gamma(0.2)),
    "gamma-large": (lambda k: np_random.gamma(300.0, **k), stats.gamma(300)),
    "classic-gamma": (lambda k: random.gamma(2.5, 3.0, k.pop("size"), **k), stats.gamma(2.5, scale=3)),
    "chisquare": (lambda k: np_random.chisquare(5, **k), stats.chi2(5)),
    "standard_t": (lambda k: np_random.standard_t(3, **k), stats.t(3)),
    "f": (lambda k: np_random.f(4, 9, **k), stats.f(4, 9)),
    "noncentral_chisquare": (lambda k: np_random.noncentral_chisquare(2.5, 3.0, **k), stats.ncx2(2.5, 3)),
    "noncentral_small": (lambda k: np_random.noncentral_chisquare(0.6, 0.4, **k), stats.ncx2(0.6, 0.4)),
    "noncentral_f": (lambda k: np_random.noncentral_f(4, 9, 2.0, **k), stats.ncf(4, 9, 2)),
    "vonmises": (lambda k: np_random.vonmises(0.5, 2.0, **k), stats.vonmises(2.0, 0.5)),
    "vonmises-flat": (lambda k: np_random.vonmises(0, nd.array([0.0]), **k), stats.uniform(-np.pi, 2 * np.pi)),
    "vonmises-weak": (lambda k: np_random.vonmises(0, 1e-6, **k), stats.uniform(-np.pi, 2 * np.pi)),
    "vonmises-narrow": (lambda k: np_random.vonmises(0.0, 3e6, **k), stats.norm(0, 3e6**-0.5)),
    "wald": (lambda k: np_random.wald(2.0, 3.0, **k), stats.invgauss(2 / 3, scale=3)),
    "wald-wide": (lambda k: np_random.wald(nd.array([50.0]), 0.5, **k), stats.invgauss(100, scale=0.5)),
    "beta": (lambda k: np_random.beta(0.7, 2.0, **k), stats.beta(0.7, 2)),
    "triangular": (lambda k: np_random.triangular(-1, 0, 3, **k), stats.triang(0.25, -1, 4)),
    "standard_cauchy": (lambda k: np_random.standard_cauchy(**k), stats.cauchy()),
}
WHOLE: dict[str, tuple[Callable[[int], Any], Any]] = {
    "poisson-small": (lambda n: np_random.poisson(3.5, n), stats.poisson(3.5)),
    "poisson-large": (lambda n: np_random.poisson(140.0, n), stats.poisson(140)),
    "binomial-small": (lambda n: np_random.binomial(9, 0.3, n), stats.binom(9, 0.3)),
    "binomial-large": (lambda n: np_random.binomial(200, 0.65, n), stats.binom(200, 0.65)),
    "geometric": (lambda n: np_random.geometric(0.2, n), stats.geom(0.2)),
    "zipf": (lambda n: np_random.zipf(2.5, n), stats.zipf(2.5)),
    "zipf-rows": (lambda n: np_random.zipf(nd.array([6.0]), n), stats.zipf(6)),
    "hypergeometric": (lambda n: np_random.hypergeometric(15, 25, 12, n), stats.hypergeom(40, 15, 12)),
    "hypergeometric-most": (lambda n: np_random.hypergeometric(nd.array([6]), 30, 33, n), stats.hypergeom(36, 6, 33)),
    "hypergeometric-many": (lambda n: np_random.hypergeometric(6000, 30_000, 9000, n),
                            stats.hypergeom(36_000, 6000, 9000)),
    "logseries": (lambda n: np_random.logseries(0.9, n), stats.logser(0.9)),
    "logseries-low": (lambda n: np_random.logseries(nd.array([0.2]), n), stats.logser(0.2)),
    "negative_binomial": (lambda n: np_random.negative_binomial(4, 0.3, n), stats.nbinom(4, 0.3)),
    "generalized": (lambda n: random.generalized_negative_binomial(3.0, 0.5, n), stats.nbinom(2, 1 / 2.5)),
    "randint": (lambda n: np_random.randint(-3, 8, n), stats.randint(-3, 8)),
    "randint-rows": (lambda n: np_random.randint(nd.array([-3]), nd.array([8]), n), stats.randint(-3, 8)),
    "bernoulli": (lambda n: np_random.bernoulli(0.3, n), stats.bernoulli(0.3)),
    "bernoulli-rows": (lambda n: np_random.bernoulli(nd.array([0.3]), n), stats.bernoulli(0.3)),
    "categorical": (lambda n: np_random.categorical([2.0, 0.0, 5.0, 3.0], n), stats.rv_discrete(
        values=([0, 2, 3], [0.2, 0.5, 0.3]))),
    "choice": (lambda n: np_random.choice(3, n, p=[0.5, 0.2, 0.3]), stats.rv_discrete(
        values=([0, 1, 2], [0.5, 0.2, 0.3]))),
}  # fmt: skip


def fit_whole(values: np.ndarray, law: Any) -> float:
    """The p-value of the chi-square test over bins in which at least ten values are expected."""
    points = np.arange(values.min() - 1, values.max() + 2)
    expected = values.size * np.diff(np.concatenate([[0.0], law.cdf(points), [1.0]]))
    counts = np.bincount(np.clip(values - points[0], 0, points.size).astype(int), minlength=points.size + 1)
    bins: list[list[float]] = [[0.0, 0.0]]
    for e, c in zip(expected, counts, strict=True):
        bins[-1] = [bins[-1][0] + e, bins[-1][1] + c]
        if bins[-1][0] >= 10:
            bins.append([0.0, 0.0])
    last = bins.pop()
    bins[-1] = [bins[-1][0] + last[0], bins[-1][1] + last[1]]
    want, got = np.array(bins).T
    return float(stats.chisquare(got, want * got.sum() / want.sum()).pvalue)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous(name: str, dtype: str) -> None:
    draw, law = CONTINUOUS[name]
    random.seed(11)
    y = draw({"size": N, "dtype": dtype})
    assert y.shape == (N,) and y.dtype == dtype
    assert stats.kstest(y.asnumpy().astype(np.float64), law.cdf).pvalue > P


@pytest.mark.parametrize("name", WHOLE)
def test_whole_numbers(name: str) -> None:
    draw, law = WHOLE[name]
    random.seed(12)
    y = draw(N).asnumpy()
    assert y.shape == (N,) and np.array_equal(y, np.floor(y))
    assert fit_whole(y.astype(np.int64), law) > P


def test_the_tests_see_a_small_mistake() -> None:
    random.seed(11)
    assert stats.kstest(np_random.gamma(2.5, 3.0, N).asnumpy(), stats.gamma(2.6, scale=3).cdf).pvalue < 1e-6
    y = np_random.poisson(140.0, N).asnumpy()
    assert fit_whole(y, stats.poisson(141)) < 1e-6


@pytest.mark.parametrize("name", ["normal", "gamma", "gamma-small", "beta", "truncated-tail", "logistic"])
def test_compiled_functions_draw_the_same_distribution(name: str) -> None:
    draw, law = CONTINUOUS[name]
    step = jit(lambda x: x * 0 + draw({"size": N, "dtype": "float32"}))
    random.seed(13)
    first, second = step(nd.zeros((N,))).asnumpy(), step(nd.zeros((N,))).asnumpy()
    assert not np.array_equal(first, second)
    for y in (first, second):
        assert stats.kstest(y.astype(np.float64), law.cdf).pvalue > P


@pytest.mark.parametrize("name", ["poisson-small", "poisson-large", "binomial-large", "categorical"])
def test_compiled_functions_draw_the_same_counts(name: str) -> None:
    draw, law = WHOLE[name]
    step = jit(lambda x: x + draw(N).astype("float32"))
    random.seed(13)
    assert fit_whole(step(nd.zeros((N,))).asnumpy().astype(np.int64), law) > P


def test_rows_have_parameters_of_their_own() -> None:
    random.seed(14)
    alpha, beta = nd.array([0.5, 8.0]), nd.array([2.0, 0.25])
    for y in (nd.sample_gamma(alpha, beta, shape=N), random.gamma(alpha, beta, shape=(N,))):
        assert y.shape == (2, N)
        for row, a, b in zip(y.asnumpy(), (0.5, 8.0), (2.0, 0.25), strict=True):
            assert stats.kstest(row.astype(np.float64), stats.gamma(a, scale=b).cdf).pvalue > P


def test_vectors() -> None:
    random.seed(15)
    mean, cov = np.array([1.0, -2.0]), np.array([[2.0, 0.6], [0.6, 0.5]])
    y = np_random.multivariate_normal(mean, cov, N, dtype="float64").asnumpy()
    white = np.linalg.solve(np.linalg.cholesky(cov), (y - mean).T)
    for line in (white[0], white[1], (white[0] + white[1]) / 2**0.5):
        assert stats.kstest(line, stats.norm.cdf).pvalue > P
    flat = np_random.multivariate_normal([0.0, 0.0], [[1.0, 1.0], [1.0, 1.0]], 50).asnumpy()
    np.testing.assert_allclose(flat[:, 0], flat[:, 1], atol=1e-5)
    parts = np_random.dirichlet([0.5, 2.0, 4.0], N, dtype="float64").asnumpy()
    np.testing.assert_allclose(parts.sum(-1), 1, rtol=1e-12)
    for k, a in enumerate((0.5, 2.0, 4.0)):
        assert stats.kstest(parts[:, k], stats.beta(a, 6.5 - a).cdf).pvalue > P
    counts = np_random.multinomial(20, [0.2, 0.5, 0.3], N).asnumpy()
    assert (counts.sum(-1) == 20).all()
    for k, p in enumerate((0.2, 0.5, 0.3)):
        assert fit_whole(counts[:, k], stats.binom(20, p)) > P


def test_orders_are_all_equally_likely() -> None:
    random.seed(16)
    keys = np_random.permuted(nd.array(np.tile(np.arange(3), (6000, 1))), axis=1).asnumpy() @ [9, 3, 1]
    assert stats.chisquare(np.unique(keys, return_counts=True)[1]).pvalue > P
    first = [int(random.shuffle(nd.array([0, 1, 2]))[0]) for _ in range(1500)]
    assert stats.chisquare(np.bincount(first)).pvalue > P
    pairs = [tuple(np_random.choice(3, 2, replace=False, p=[0.5, 0.3, 0.2]).tolist()) for _ in range(3000)]
    share = sum(p[0] == 0 for p in pairs) / 3000
    assert all(a != b for a, b in pairs) and abs(share - 0.5) < 5 * (0.25 / 3000) ** 0.5
