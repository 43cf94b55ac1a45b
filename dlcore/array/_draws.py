"""Distributions over the random operators, below every face of them (`dlcore.random`, `dlcore.np.random`, generators).

Each takes its parameters (numbers or arrays that broadcast to `dims`), the result's shape, dtype and device. Location
and scale parameters carry gradients (Kingma and Welling, arXiv:1312.6114); formulas are inversions of the distribution
functions unless a source is given. 16-bit floats are drawn in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._convert import asarray, dtype_name
from ._draw_checks import (
    NUMBERS,
    Dims,
    Shape,
    a_chance,
    as_dims,
    float_dtype,
    is_array,
    known,
    need,
    not_negative,
    positive,
    shape_of,
)


def as_param(value: Any, dims: Dims, kind: str, place: str) -> NDArray:
    """A parameter as an array of the result's shape (a view where it is one number)."""
    if not isinstance(value, NDArray):
        value = _core.from_numpy(_np.asarray(value, kind), True)
        value = value if place.startswith("cpu") else value.as_in_context(place)
    value = value if value._dtype_name == kind else F.cast(value, kind)
    return value if value.shape == dims else F.broadcast_to(value, dims)


def cast(y: NDArray, dtype: str) -> NDArray:
    return y if y._dtype_name == dtype else F.cast(y, dtype)


def uniform(low: Any, high: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    final = "float32" if dtype is None else float_dtype("uniform", dtype)[1]
    if is_array(low, high):
        return F.random_between(as_param(low, dims, final, place), as_param(high, dims, final, place))
    return F.random_uniform(float(low), float(high), dims, final, place)


def _scaled(name: str, unit: Callable[..., NDArray]) -> Callable[..., NDArray]:
    """loc + scale * (a number of the standard distribution)."""

    def draw(loc: Any, scale: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
        if dtype is None and type(loc) in NUMBERS and type(scale) in NUMBERS and scale >= 0:  # as most calls are
            return unit(float(loc), float(scale), dims, "float32", place)
        work, final = float_dtype(name, dtype)
        not_negative(name, "scale", scale)
        if not is_array(loc, scale):
            return unit(float(loc), float(scale), dims, final, place)
        return cast(F.add(loc, F.multiply(unit(0.0, 1.0, dims, work, place), scale)), final)

    return draw


normal = _scaled("normal", lambda *a: F.random_normal(*a))
gumbel = _scaled("gumbel", lambda *a: F.random_gumbel(*a))
logistic = _scaled("logistic", lambda *a: F.random_logistic(*a))
laplace = _scaled("laplace", lambda *a: F.random_laplace(*a))


def exponential(scale: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("exponential", dtype)
    not_negative("exponential", "scale", scale)
    if not is_array(scale):
        return F.random_exponential(float(scale), dims, final, place)
    return cast(F.multiply(F.random_exponential(1.0, dims, work, place), scale), final)


def _of_exponential(name: str, formula: Callable[[NDArray, Any], NDArray]) -> Callable[..., NDArray]:
    def draw(a: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
        work, final = float_dtype(name, dtype)
        (not_negative if name == "rayleigh" else positive)(name, "scale" if name == "rayleigh" else "a", a)
        return cast(formula(F.random_exponential(1.0, dims, work, place), a), final)

    return draw


pareto = _of_exponential("pareto", lambda e, a: F.expm1(F.divide(e, a)))
power = _of_exponential("power", lambda e, a: F.exp(F.divide(F.negative(e), a)))
rayleigh = _of_exponential("rayleigh", lambda e, scale: F.multiply(F.sqrt(F.multiply(e, 2.0)), scale))
weibull = _of_exponential("weibull", lambda e, a: F.power(e, F.divide(1.0, a)))


def lognormal(mean: Any, sigma: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("lognormal", dtype)
    not_negative("lognormal", "sigma", sigma)
    return cast(F.exp(normal(mean, sigma, dims, work, place)), final)


def _gamma(alpha: Any, dims: Dims, kind: str, place: str) -> NDArray:
    return F.random_gamma(as_param(alpha, dims, kind, place))


def gamma(alpha: Any, scale: Any, dims: Dims, dtype: Any, place: str, name: str = "gamma") -> NDArray:
    work, final = float_dtype(name, dtype)
    not_negative(name, "shape" if name == "gamma" else "alpha", alpha)
    not_negative(name, "scale", scale)
    drawn = _gamma(alpha, dims, work, place)
    return cast(drawn if not is_array(scale) and scale == 1 else F.multiply(drawn, scale), final)


def chisquare(df: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("chisquare", dtype)
    positive("chisquare", "df", df)
    half = F.multiply(as_param(df, dims, work, place), 0.5)
    return cast(F.multiply(F.random_gamma(half), 2.0), final)


def beta(a: Any, b: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    """Ga / (Ga + Gb) for gamma numbers, in float64 since small parameters give tiny ones."""
    _, final = float_dtype("beta", dtype)
    positive("beta", "a", a)
    positive("beta", "b", b)
    left, right = (as_param(v, dims, "float64", place) for v in (a, b))
    x, y = F.random_gamma(left), F.random_gamma(right)
    total = F.add(x, y)
    lost = F.equal(total, 0.0)  # both too small for a number: one end, as likely as its parameter
    end = F.random_binomial(F.ones_like(left), F.divide(left, F.add(left, right)), "float64")
    return cast(F.where(lost, end, F.divide(x, F.where(lost, 1.0, total))), final)


def dirichlet(alpha: Any, size: Shape, dtype: Any, place: str) -> NDArray:
    _, final = float_dtype("dirichlet", dtype)
    positive("dirichlet", "alpha", alpha)
    row = shape_of(alpha)
    if not row:
        raise ValueError("dirichlet: alpha must be at least 1-d, got a single number")
    dims = (*(() if size is None else as_dims(size, "dirichlet")), *row)
    drawn = _gamma(alpha, dims, "float64", place)
    total = F.sum(drawn, -1, True)
    return cast(F.divide(drawn, F.where(F.equal(total, 0.0), 1.0, total)), final)


def standard_t(df: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("standard_t", dtype)
    positive("standard_t", "df", df)
    z = F.random_normal(0.0, 1.0, dims, work, place)
    return cast(F.divide(z, F.sqrt(F.divide(chisquare(df, dims, work, place), df))), final)


def f(dfnum: Any, dfden: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("f", dtype)
    positive("f", "dfnum", dfnum)
    positive("f", "dfden", dfden)
    above, below = (F.divide(chisquare(df, dims, work, place), df) for df in (dfnum, dfden))
    return cast(F.divide(above, below), final)


def noncentral_chisquare(df: Any, nonc: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    """A chi-square number whose degrees of freedom are df and twice a Poisson number of mean nonc / 2."""
    work, final = float_dtype("noncentral_chisquare", dtype)
    positive("noncentral_chisquare", "df", df)
    not_negative("noncentral_chisquare", "nonc", nonc)
    half = F.multiply(as_param(df, dims, "float64", place), 0.5)
    more = F.random_poisson(F.multiply(as_param(nonc, dims, "float64", place), 0.5), "float64")
    return cast(F.multiply(F.random_gamma(F.cast(F.add(half, more), work)), 2.0), final)


def noncentral_f(dfnum: Any, dfden: Any, nonc: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("noncentral_f", dtype)
    positive("noncentral_f", "dfnum", dfnum)
    positive("noncentral_f", "dfden", dfden)
    not_negative("noncentral_f", "nonc", nonc)
    above = F.divide(noncentral_chisquare(dfnum, nonc, dims, work, place), dfnum)
    return cast(F.divide(above, F.divide(chisquare(dfden, dims, work, place), dfden)), final)


def wald(mean: Any, scale: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    """The smaller root x of scale * (x - mean)**2 / (mean**2 * x) = z**2 for a normal number z, or mean**2 / x, with
    the chances mean and x have (Michael, Schucany and Haas, The American Statistician 30, 1976)."""
    _, final = float_dtype("wald", dtype)
    positive("wald", "mean", mean)
    positive("wald", "scale", scale)
    mean, scale = (as_param(v, dims, "float64", place) for v in (mean, scale))
    d = F.divide(F.multiply(F.square(F.random_normal(0.0, 1.0, dims, "float64", place)), mean), F.multiply(scale, 2.0))
    part = F.reciprocal(F.add(F.add(d, 1.0), F.sqrt(F.multiply(d, F.add(d, 2.0)))))  # x / mean, without a difference
    low = F.less(F.multiply(F.random_uniform(0.0, 1.0, dims, "float64", place), F.add(part, 1.0)), 1.0)
    return cast(F.where(low, F.multiply(mean, part), F.divide(mean, part)), final)


def vonmises(mu: Any, kappa: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    _, final = float_dtype("vonmises", dtype)
    not_negative("vonmises", "kappa", kappa)
    turned = F.add(F.random_von_mises(as_param(kappa, dims, "float64", place)), as_param(mu, dims, "float64", place))
    back = F.multiply(F.rint(F.divide(turned, 2 * _np.pi)), 2 * _np.pi)
    return cast(F.subtract(turned, back), final)


def truncated_normal(loc: Any, scale: Any, low: Any, high: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("truncated_normal", dtype)
    positive("truncated_normal", "scale", scale)
    edges = [F.divide(F.subtract(as_param(v, dims, work, place), loc), scale) for v in (low, high)]
    drawn = F.add(F.multiply(F.random_truncated(*edges), scale), loc)
    return cast(F.minimum(F.maximum(drawn, low), high), final)  # what rounding moved over an edge comes back


def triangular(left: Any, mode: Any, right: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("triangular", dtype)
    a, c, b = (as_param(v, dims, work, place) for v in (left, mode, right))
    if known(a):
        x, y, z = (v.asnumpy() for v in (a, c, b))
        if not ((x <= y) & (y <= z) & (x < z)).all():
            raise ValueError(
                f"triangular: left <= mode <= right with left < right is needed, got {left}, {mode}, {right}"
            )
    u, span = F.random_uniform(0.0, 1.0, dims, work, place), F.subtract(b, a)
    rising = F.add(a, F.sqrt(F.multiply(F.multiply(u, span), F.subtract(c, a))))
    falling = F.subtract(b, F.sqrt(F.multiply(F.multiply(F.subtract(1.0, u), span), F.subtract(b, c))))
    return cast(F.where(F.less(F.multiply(u, span), F.subtract(c, a)), rising, falling), final)


def cauchy(dims: Dims, dtype: Any, place: str) -> NDArray:
    work, final = float_dtype("standard_cauchy", dtype)
    x, y = (F.random_normal(0.0, 1.0, dims, work, place) for _ in "xy")
    return cast(F.divide(x, y), final)


def poisson(lam: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    not_negative("poisson", "lam", lam)
    return F.random_poisson(as_param(lam, dims, "float64", place), dtype)


def binomial(n: Any, p: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    need("binomial", "n", n, "a whole number, at least 0", lambda v: (v >= 0) & (v == _np.floor(v)))
    a_chance("binomial", "p", p)
    return F.random_binomial(as_param(n, dims, "float64", place), as_param(p, dims, "float64", place), dtype)


def bernoulli(p: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    a_chance("bernoulli", "p", p)
    if not is_array(p):
        return F.random_bernoulli(float(p), dims, dtype, place)
    unit = F.random_uniform(0.0, 1.0, dims, "float32", place)
    return F.cast(F.less(unit, as_param(p, dims, "float32", place)), dtype)


def geometric(p: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    """Tries until the first success: an exponential number in steps of -log(1 - p), rounded up."""
    a_chance("geometric", "p", p, zero=False)
    e = F.random_exponential(1.0, dims, "float64", place)
    step = F.negative(F.log1p(F.negative(as_param(p, dims, "float64", place))))
    return F.cast(F.maximum(F.ceil(F.divide(e, step)), 1.0), dtype)


def logseries(p: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    """Tries until a success whose probability is itself drawn: (1 - p)**u for an even number u (Kemp, Applied
    Statistics 30, 1981)."""
    need("logseries", "p", p, "at least 0 and below 1", lambda v: (v >= 0) & (v < 1))
    rate = F.log1p(F.negative(as_param(p, dims, "float64", place)))
    fail = F.negative(F.expm1(F.multiply(rate, F.random_uniform(0.0, 1.0, dims, "float64", place))))
    tries = F.divide(F.random_exponential(1.0, dims, "float64", place), F.negative(F.log(fail)))
    return F.cast(F.maximum(F.ceil(tries), 1.0), dtype)


def zipf(a: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    need("zipf", "a", a, "above 1", lambda v: v > 1)
    return F.random_zipf(as_param(a, dims, "float64", place), dtype)


def hypergeometric(ngood: Any, nbad: Any, nsample: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    given = (("ngood", ngood), ("nbad", nbad), ("nsample", nsample))
    for name, value in given:
        what = "a whole number from 0 to 1e9"
        need("hypergeometric", name, value, what, lambda v: (v >= 0) & (v <= 1e9) & (v == _np.floor(v)))
    good, bad, n = (as_param(v, dims, "float64", place) for _, v in given)
    return F.random_hypergeometric(good, bad, n, dtype)


def negative_binomial(n: Any, p: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    """Failures before success number n: Poisson numbers whose means are gamma numbers times (1 - p) / p."""
    positive("negative_binomial", "n", n)
    a_chance("negative_binomial", "p", p, zero=False)
    chance = as_param(p, dims, "float64", place)
    mean = F.multiply(_gamma(n, dims, "float64", place), F.divide(F.subtract(1.0, chance), chance))
    return F.random_poisson(mean, dtype)


def generalized_negative_binomial(mu: Any, alpha: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    """Poisson numbers whose means are gamma numbers of mean mu and variance alpha * mu**2."""
    not_negative("generalized_negative_binomial", "mu", mu)
    not_negative("generalized_negative_binomial", "alpha", alpha)
    spread = as_param(alpha, dims, "float64", place)
    plain = F.equal(spread, 0.0)
    safe = F.where(plain, 1.0, spread)
    factor = F.where(plain, 1.0, F.multiply(F.random_gamma(F.reciprocal(safe)), safe))
    return F.random_poisson(F.multiply(factor, as_param(mu, dims, "float64", place)), dtype)


def randint(low: Any, high: Any, dims: Dims, dtype: Any, place: str) -> NDArray:
    for name, value in (("low", low), ("high", high)):
        if type(value) is not int:
            need("randint", name, value, "a whole number", lambda v: v == _np.floor(v))
    if is_array(low, high):
        first, last = (as_param(v, dims, "float64", place) for v in (low, high))
        if known(first) and known(last) and not bool(F.all(F.less(first, last))):
            low, high = _np.broadcast_arrays(first.asnumpy(), last.asnumpy())
            k = tuple(_np.argwhere(low >= high)[0])
            raise ValueError(f"randint: high must be above low, got low={low[k]:g} and high={high[k]:g}")
        return F.cast(F.floor(F.random_between(first, last)), dtype)
    kind = str(dtype_name(dtype))
    wide = kind == "int64" and -(2**63) <= low and high <= 2**63
    info = None if wide or kind.startswith(("float", "bfloat", "bool")) else _np.iinfo(kind)
    if info is not None and (int(low) < info.min or int(high) - 1 > info.max):
        raise ValueError(f"randint: low={low} and high={high} do not fit {kind}")
    return F.random_randint(int(low), int(high), dims, dtype, place)


def multivariate_normal(mean: Any, cov: Any, size: Shape, dtype: Any, place: str) -> NDArray:
    """mean + L z with L Lᵀ = cov; L by Cholesky's factorisation, or from the eigenvectors where cov is singular."""
    from . import linalg

    work, final = float_dtype("multivariate_normal", dtype)
    mean, cov = (F.cast(asarray(v), work) for v in (mean, cov))
    if mean.ndim != 1 or cov.shape != (mean.shape[0],) * 2:
        raise ValueError(
            f"multivariate_normal: mean must have shape (n,) and cov (n, n), got {mean.shape} and {cov.shape}"
        )
    try:
        root = linalg.cholesky(cov)
    except ValueError:
        values, vectors = _np.linalg.eigh(cov.asnumpy().astype("float64"))
        if values.min() < -1e-6 * max(abs(values).max(), 1e-30):
            raise ValueError(
                f"multivariate_normal: cov must be positive semidefinite, its smallest eigenvalue is {values.min():g}"
            ) from None
        root = asarray((vectors * _np.sqrt(_np.maximum(values, 0))).astype(work))
    dims = (*(() if size is None else as_dims(size, "multivariate_normal")), mean.shape[0])
    z = F.random_normal(0.0, 1.0, (int(_np.prod(dims[:-1])), mean.shape[0]), work, place)
    return cast(F.add(F.reshape(F.matmul(z, F.transpose(root)), dims), mean), final)


def multinomial_counts(n: int, pvals: Any, size: Shape, place: str) -> NDArray:
    """How often each outcome comes in n tries: one binomial number after the other, of what is left."""
    p = _np.asarray(pvals.asnumpy() if isinstance(pvals, NDArray) else pvals, _np.float64)
    if p.ndim != 1:
        raise ValueError(f"multinomial: pvals must have shape (k,), got {p.shape}")
    need("multinomial", "n", n, "a whole number, at least 0", lambda v: (v >= 0) & (v == _np.floor(v)))
    a_chance("multinomial", "pvals", p)
    if p[:-1].sum() > 1 + 1e-6:
        raise ValueError(f"multinomial: pvals must not add up to more than 1, they give {p.sum():g}")
    dims = () if size is None else as_dims(size, "multinomial")
    left: Any = as_param(n, dims, "float64", place)
    rest, columns = 1.0, []
    for chance in p[:-1]:
        share = min(max(chance / rest, 0.0), 1.0) if rest > 0 else 0.0
        drawn = F.random_binomial(left, as_param(share, dims, "float64", place), "float64")
        columns.append(drawn)
        left, rest = F.subtract(left, drawn), rest - chance
    return F.cast(F.stack(*columns, left, axis=-1), "int64")


def choice(a: Any, size: Shape, replace: bool, p: Any, axis: int, place: str) -> NDArray:
    source = None if isinstance(a, (int, _np.integer)) else asarray(a)
    n = int(a) if source is None else source.shape[axis]
    dims = () if size is None else as_dims(size, "choice")
    count = int(_np.prod(dims))
    if n <= 0 and count:
        raise ValueError(f"choice: expected at least one thing to draw {dims} from, got {n}")
    if p is not None:
        p = asarray(p)
        if p.shape != (n,):
            raise ValueError(f"choice: p must have shape ({n},), got {p.shape}")
        a_chance("choice", "p", p)
        need("choice", "the sum of p", F.sum(F.cast(p, "float64")), "1", lambda v: abs(v - 1) < 1e-4)
    if not replace:
        index = _without_replacement(n, count, p, place)
    elif p is None:
        index = F.random_randint(0, max(n, 1), (count,), "int64", place)
    else:
        index = F.random_categorical(p, (count,), "int64")
    index = F.reshape(index, dims)
    return index if source is None else F.take(source, index, axis)


def _without_replacement(n: int, count: int, p: NDArray | None, place: str) -> NDArray:
    """The largest of log(p) + Gumbel noise (Vieira, 2014; Kool et al., arXiv:1903.06059), or of even numbers."""
    if count > n:
        raise ValueError(f"choice: cannot draw {count} of {n} without putting back")
    if p is None:
        return F.slice(F.random_permutation(n, "int64", place), (0,), (count,))
    if known(p) and int((p.asnumpy() > 0).sum()) < count:
        raise ValueError(f"choice: cannot draw {count} without putting back, fewer have a probability above 0")
    keys = F.add(F.log(F.cast(p, "float64")), F.random_gumbel(0.0, 1.0, (n,), "float64", place))
    return F.slice(F.argsort(keys, -1, True), (0,), (count,))
