"""`dlcore.np.random`: numbers from a range, by distribution."""

from __future__ import annotations

from typing import Any

from .._core import NDArray
from . import _draws
from ._draw_checks import Place, Shape, as_dims, dims_of
from ._np_random_common import give, size_of, where
from .context import device_name as place_of


def uniform(
    low: Any = 0.0, high: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers spread evenly over [low, high); `high` never occurs, in 16-bit floats too.

    >>> uniform(0, 1, (2, 3)).shape
    (2, 3)
    """
    dims = dims_of("uniform", size_of(size, out), low, high)
    return give(_draws.uniform(low, high, dims, dtype, where(ctx, device)), out)


def normal(
    loc: Any = 0.0, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Normally distributed numbers with mean loc and standard deviation scale.

    >>> normal(0, 1, (2, 3)).shape
    (2, 3)
    """
    dims = dims_of("normal", size_of(size, out), loc, scale)
    return give(_draws.normal(loc, scale, dims, dtype, where(ctx, device)), out)


def gumbel(
    loc: Any = 0.0, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Gumbel-distributed numbers: the distribution of the largest of many.

    >>> gumbel(size=3).shape
    (3,)
    """
    dims = dims_of("gumbel", size_of(size, out), loc, scale)
    return give(_draws.gumbel(loc, scale, dims, dtype, where(ctx, device)), out)


def logistic(
    loc: Any = 0.0, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers with a logistic distribution.

    >>> logistic(size=3).shape
    (3,)
    """
    dims = dims_of("logistic", size_of(size, out), loc, scale)
    return give(_draws.logistic(loc, scale, dims, dtype, where(ctx, device)), out)


def laplace(
    loc: Any = 0.0, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers with a Laplace (double exponential) distribution.

    >>> laplace(size=3).shape
    (3,)
    """
    dims = dims_of("laplace", size_of(size, out), loc, scale)
    return give(_draws.laplace(loc, scale, dims, dtype, where(ctx, device)), out)


def lognormal(
    mean: Any = 0.0, sigma: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """exp of normally distributed numbers.

    >>> float(lognormal(0.0, 0.0))
    1.0
    """
    dims = dims_of("lognormal", size_of(size, out), mean, sigma)
    return give(_draws.lognormal(mean, sigma, dims, dtype, where(ctx, device)), out)


def exponential(
    scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Exponentially distributed numbers with mean `scale`.

    >>> float(exponential(0.0))
    0.0
    """
    dims = dims_of("exponential", size_of(size, out), scale)
    return give(_draws.exponential(scale, dims, dtype, where(ctx, device)), out)


def pareto(
    a: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Pareto numbers of the second kind (Lomax): (1 + x) ** -(a + 1) is their density.

    >>> pareto(3.0, 2).shape
    (2,)
    """
    dims = dims_of("pareto", size_of(size, out), a)
    return give(_draws.pareto(a, dims, dtype, where(ctx, device)), out)


def power(
    a: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers in [0, 1] with density a * x ** (a - 1).

    >>> power(3.0, 2).shape
    (2,)
    """
    dims = dims_of("power", size_of(size, out), a)
    return give(_draws.power(a, dims, dtype, where(ctx, device)), out)


def rayleigh(
    scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Lengths of vectors of two normal numbers with standard deviation scale.

    >>> rayleigh(1.0, 2).shape
    (2,)
    """
    dims = dims_of("rayleigh", size_of(size, out), scale)
    return give(_draws.rayleigh(scale, dims, dtype, where(ctx, device)), out)


def weibull(
    a: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Weibull numbers of shape a: exponential numbers to the power 1 / a.

    >>> weibull(2.0, 2).shape
    (2,)
    """
    dims = dims_of("weibull", size_of(size, out), a)
    return give(_draws.weibull(a, dims, dtype, where(ctx, device)), out)


def chisquare(
    df: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Sums of df squared normal numbers.

    >>> chisquare(3, 2).shape
    (2,)
    """
    dims = dims_of("chisquare", size_of(size, out), df)
    return give(_draws.chisquare(df, dims, dtype, where(ctx, device)), out)


def standard_t(
    df: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Student's t with df degrees of freedom.

    >>> standard_t(3, 2).shape
    (2,)
    """
    dims = dims_of("standard_t", size_of(size, out), df)
    return give(_draws.standard_t(df, dims, dtype, where(ctx, device)), out)


def f(
    dfnum: Any, dfden: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Quotients of two chi-square numbers, each over its degrees of freedom.

    >>> f(3, 5, 2).shape
    (2,)
    """
    dims = dims_of("f", size_of(size, out), dfnum, dfden)
    return give(_draws.f(dfnum, dfden, dims, dtype, where(ctx, device)), out)


def noncentral_chisquare(
    df: Any, nonc: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Sums of df squared normal numbers whose means, squared, add up to nonc.

    >>> noncentral_chisquare(3, 1.0, 2).shape
    (2,)
    """
    dims = dims_of("noncentral_chisquare", size_of(size, out), df, nonc)
    return give(_draws.noncentral_chisquare(df, nonc, dims, dtype, where(ctx, device)), out)


def noncentral_f(
    dfnum: Any, dfden: Any, nonc: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Quotients of a noncentral chi-square number and a chi-square one, each over its degrees of freedom.

    >>> noncentral_f(3, 5, 1.0, 2).shape
    (2,)
    """
    dims = dims_of("noncentral_f", size_of(size, out), dfnum, dfden, nonc)
    return give(_draws.noncentral_f(dfnum, dfden, nonc, dims, dtype, where(ctx, device)), out)


def vonmises(
    mu: Any, kappa: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Angles between -pi and pi about mu, the closer to it the larger kappa is: the normal distribution of a circle.

    >>> vonmises(0.0, 4.0, 2).shape
    (2,)
    """
    dims = dims_of("vonmises", size_of(size, out), mu, kappa)
    return give(_draws.vonmises(mu, kappa, dims, dtype, where(ctx, device)), out)


def wald(
    mean: Any, scale: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Wald (inverse Gaussian) numbers: when a drifting Brownian motion first reaches a level.

    >>> wald(2.0, 3.0, 2).shape
    (2,)
    """
    dims = dims_of("wald", size_of(size, out), mean, scale)
    return give(_draws.wald(mean, scale, dims, dtype, where(ctx, device)), out)


def beta(
    a: Any, b: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Beta-distributed numbers in [0, 1].

    >>> beta(2.0, 3.0, 2).shape
    (2,)
    """
    dims = dims_of("beta", size_of(size, out), a, b)
    return give(_draws.beta(a, b, dims, dtype, where(ctx, device)), out)


def triangular(
    left: Any, mode: Any, right: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers whose density is a triangle over [left, right] with its top at mode.

    >>> triangular(0, 1, 2, 4).shape
    (4,)
    """
    dims = dims_of("triangular", size_of(size, out), left, mode, right)
    return give(_draws.triangular(left, mode, right, dims, dtype, where(ctx, device)), out)


def gamma(
    shape: Any, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Gamma-distributed numbers; `shape` is the distribution's parameter (alpha), `size` the result's shape.

    >>> float(gamma(0.0))
    0.0
    """
    dims = dims_of("gamma", size_of(size, out), shape, scale)
    return give(_draws.gamma(shape, scale, dims, dtype, where(ctx, device)), out)


def standard_gamma(shape: Any, size: Shape = None, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Gamma-distributed numbers with scale 1.

    >>> standard_gamma(2.0, 3).shape
    (3,)
    """
    return gamma(shape, 1.0, size, dtype, ctx)


def standard_normal(size: Shape = None, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Normally distributed numbers with mean 0 and standard deviation 1.

    >>> standard_normal((2, 3)).shape
    (2, 3)
    """
    return normal(0.0, 1.0, () if size is None else size, dtype, ctx)


def standard_exponential(size: Shape = None, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Exponentially distributed numbers with mean 1.

    >>> standard_exponential((2, 3)).shape
    (2, 3)
    """
    return exponential(1.0, () if size is None else size, dtype, ctx)


def standard_cauchy(size: Shape = None, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Quotients of two normally distributed numbers.

    >>> standard_cauchy(3).shape
    (3,)
    """
    return _draws.cauchy(() if size is None else as_dims(size), dtype, place_of(ctx))


def truncated_normal(
    loc: Any = 0.0, scale: Any = 1.0, low: Any = -2.0, high: Any = 2.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Normally distributed numbers of which only those in [low, high] are taken.

    >>> x = truncated_normal(0.0, 1.0, 1.0, 1.5, 100); 1.0 <= float(x.min()) <= float(x.max()) <= 1.5
    True
    """
    dims = dims_of("truncated_normal", size_of(size, out), loc, scale, low, high)
    return give(_draws.truncated_normal(loc, scale, low, high, dims, dtype, where(ctx, device)), out)
