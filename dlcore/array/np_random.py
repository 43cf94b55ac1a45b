"""`dlcore.np.random`: random numbers with NumPy's names and argument order, and generator objects.

`size` is the shape of the result, into which the parameters (numbers or arrays) broadcast; without it the result has
their common shape. Floating-point results are float32 and counts int64 unless told otherwise. All numbers come from
one counter-based generator (Philox 4x32-10), the same on every device and for any number of threads; `seed` starts it
anew, and `default_rng` makes one that is independent of it.
"""

from __future__ import annotations

from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from . import _draws
from ._convert import asarray
from ._draws import Place, Shape, as_dims, dims_of
from ._generator import Generator, default_rng, get_state, seed, set_state
from .context import device_name as place_of


def _give(y: NDArray, out: NDArray | None) -> NDArray:
    if out is None:
        return y
    out[...] = y
    return out


def _where(ctx: Place, device: Place) -> str:
    return place_of(device if ctx is None else ctx)


def _size(size: Shape, out: NDArray | None) -> Shape:
    return size if out is None or size is not None else out.shape


def uniform(
    low: Any = 0.0, high: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers spread evenly over [low, high); `high` never occurs, in 16-bit floats too.

    >>> uniform(0, 1, (2, 3)).shape
    (2, 3)
    """
    dims = dims_of("uniform", _size(size, out), low, high)
    return _give(_draws.uniform(low, high, dims, dtype, _where(ctx, device)), out)


def normal(
    loc: Any = 0.0, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Normally distributed numbers with mean loc and standard deviation scale.

    >>> normal(0, 1, (2, 3)).shape
    (2, 3)
    """
    dims = dims_of("normal", _size(size, out), loc, scale)
    return _give(_draws.normal(loc, scale, dims, dtype, _where(ctx, device)), out)


def gumbel(
    loc: Any = 0.0, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Gumbel-distributed numbers: the distribution of the largest of many.

    >>> gumbel(size=3).shape
    (3,)
    """
    dims = dims_of("gumbel", _size(size, out), loc, scale)
    return _give(_draws.gumbel(loc, scale, dims, dtype, _where(ctx, device)), out)


def logistic(
    loc: Any = 0.0, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers with a logistic distribution.

    >>> logistic(size=3).shape
    (3,)
    """
    dims = dims_of("logistic", _size(size, out), loc, scale)
    return _give(_draws.logistic(loc, scale, dims, dtype, _where(ctx, device)), out)


def laplace(
    loc: Any = 0.0, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers with a Laplace (double exponential) distribution.

    >>> laplace(size=3).shape
    (3,)
    """
    dims = dims_of("laplace", _size(size, out), loc, scale)
    return _give(_draws.laplace(loc, scale, dims, dtype, _where(ctx, device)), out)


def lognormal(
    mean: Any = 0.0, sigma: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """exp of normally distributed numbers.

    >>> float(lognormal(0.0, 0.0))
    1.0
    """
    dims = dims_of("lognormal", _size(size, out), mean, sigma)
    return _give(_draws.lognormal(mean, sigma, dims, dtype, _where(ctx, device)), out)


def exponential(
    scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Exponentially distributed numbers with mean `scale`.

    >>> float(exponential(0.0))
    0.0
    """
    dims = dims_of("exponential", _size(size, out), scale)
    return _give(_draws.exponential(scale, dims, dtype, _where(ctx, device)), out)


def pareto(
    a: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Pareto numbers of the second kind (Lomax): (1 + x) ** -(a + 1) is their density.

    >>> pareto(3.0, 2).shape
    (2,)
    """
    dims = dims_of("pareto", _size(size, out), a)
    return _give(_draws.pareto(a, dims, dtype, _where(ctx, device)), out)


def power(
    a: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers in [0, 1] with density a * x ** (a - 1).

    >>> power(3.0, 2).shape
    (2,)
    """
    dims = dims_of("power", _size(size, out), a)
    return _give(_draws.power(a, dims, dtype, _where(ctx, device)), out)


def rayleigh(
    scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Lengths of vectors of two normal numbers with standard deviation scale.

    >>> rayleigh(1.0, 2).shape
    (2,)
    """
    dims = dims_of("rayleigh", _size(size, out), scale)
    return _give(_draws.rayleigh(scale, dims, dtype, _where(ctx, device)), out)


def weibull(
    a: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Weibull numbers of shape a: exponential numbers to the power 1 / a.

    >>> weibull(2.0, 2).shape
    (2,)
    """
    dims = dims_of("weibull", _size(size, out), a)
    return _give(_draws.weibull(a, dims, dtype, _where(ctx, device)), out)


def chisquare(
    df: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Sums of df squared normal numbers.

    >>> chisquare(3, 2).shape
    (2,)
    """
    dims = dims_of("chisquare", _size(size, out), df)
    return _give(_draws.chisquare(df, dims, dtype, _where(ctx, device)), out)


def standard_t(
    df: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Student's t with df degrees of freedom.

    >>> standard_t(3, 2).shape
    (2,)
    """
    dims = dims_of("standard_t", _size(size, out), df)
    return _give(_draws.standard_t(df, dims, dtype, _where(ctx, device)), out)


def f(
    dfnum: Any, dfden: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Quotients of two chi-square numbers, each over its degrees of freedom.

    >>> f(3, 5, 2).shape
    (2,)
    """
    dims = dims_of("f", _size(size, out), dfnum, dfden)
    return _give(_draws.f(dfnum, dfden, dims, dtype, _where(ctx, device)), out)


def beta(
    a: Any, b: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Beta-distributed numbers in [0, 1].

    >>> beta(2.0, 3.0, 2).shape
    (2,)
    """
    dims = dims_of("beta", _size(size, out), a, b)
    return _give(_draws.beta(a, b, dims, dtype, _where(ctx, device)), out)


def triangular(
    left: Any, mode: Any, right: Any,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers whose density is a triangle over [left, right] with its top at mode.

    >>> triangular(0, 1, 2, 4).shape
    (4,)
    """
    dims = dims_of("triangular", _size(size, out), left, mode, right)
    return _give(_draws.triangular(left, mode, right, dims, dtype, _where(ctx, device)), out)


def poisson(
    lam: Any = 1.0,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Poisson-distributed counts with mean lam.

    >>> int(poisson(0.0))
    0
    """
    dims = dims_of("poisson", _size(size, out), lam)
    return _give(_draws.poisson(lam, dims, dtype, _where(ctx, device)), out)


def binomial(
    n: Any, p: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """How many of n tries succeed that each do with probability p.

    >>> int(binomial(5, 1.0))
    5
    """
    dims = dims_of("binomial", _size(size, out), n, p)
    return _give(_draws.binomial(n, p, dims, dtype, _where(ctx, device)), out)


def bernoulli(
    p: Any = 0.5,
    size: Shape = None, dtype: Any = "float32", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """1 with probability p, else 0.

    >>> float(bernoulli(1.0))
    1.0
    """
    dims = dims_of("bernoulli", _size(size, out), p)
    return _give(_draws.bernoulli(p, dims, dtype, _where(ctx, device)), out)


def geometric(
    p: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Tries until the first success, 1 at least.

    >>> int(geometric(1.0))
    1
    """
    dims = dims_of("geometric", _size(size, out), p)
    return _give(_draws.geometric(p, dims, dtype, _where(ctx, device)), out)


def negative_binomial(
    n: Any, p: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Failures before success number n, each try succeeding with probability p.

    >>> int(negative_binomial(3, 1.0))
    0
    """
    dims = dims_of("negative_binomial", _size(size, out), n, p)
    return _give(_draws.negative_binomial(n, p, dims, dtype, _where(ctx, device)), out)


def gamma(
    shape: Any, scale: Any = 1.0,
    size: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Gamma-distributed numbers; `shape` is the distribution's parameter (alpha), `size` the result's shape.

    >>> float(gamma(0.0))
    0.0
    """
    dims = dims_of("gamma", _size(size, out), shape, scale)
    return _give(_draws.gamma(shape, scale, dims, dtype, _where(ctx, device)), out)


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
    dims = dims_of("truncated_normal", _size(size, out), loc, scale, low, high)
    return _give(_draws.truncated_normal(loc, scale, low, high, dims, dtype, _where(ctx, device)), out)


def dirichlet(alpha: Any, size: Shape = None, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Rows of numbers that add up to 1, one row of len(alpha) for each place of `size`.

    >>> dirichlet([1.0, 2.0], 3).shape
    (3, 2)
    """
    return _draws.dirichlet(alpha, size, dtype, place_of(ctx))


def multivariate_normal(
    mean: Any, cov: Any, size: Shape = None, dtype: Any = None, ctx: Place = None, check_valid: str = "raise"
) -> NDArray:
    """Vectors of normally distributed numbers with the given mean and covariance matrix.

    >>> multivariate_normal([0.0, 5.0], [[1.0, 0.0], [0.0, 2.0]], 4).shape
    (4, 2)
    """
    return _draws.multivariate_normal(mean, cov, size, dtype, place_of(ctx))


def multinomial(n: Any, pvals: Any, size: Shape = None) -> NDArray:
    """How often each outcome comes in n tries: whole numbers that add up to n along the last axis.

    >>> multinomial(5, [0.0, 1.0]).tolist()
    [0, 5]
    """
    return _draws.multinomial_counts(n, pvals, size, place_of(None))


def categorical(p: Any, size: Shape = None, dtype: Any = "int64") -> NDArray:
    """Positions along p's last axis, drawn with the probabilities p (scaled to add up to 1): `size` for each row.

    >>> categorical([[0.0, 1.0], [1.0, 0.0]], 3).tolist()
    [[1, 1, 1], [0, 0, 0]]
    """
    return F.random_categorical(p, () if size is None else as_dims(size, "categorical"), dtype)


def randint(
    low: Any, high: Any = None, size: Shape = None, dtype: Any = "int64", ctx: Place = None,
    out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Whole numbers from low to high - 1, or from 0 to low - 1 with one number.

    >>> int(randint(5, 6))
    5
    """
    low, high = (0, low) if high is None else (low, high)
    dims = dims_of("randint", _size(size, out), low, high)
    return _give(_draws.randint(low, high, dims, dtype or "int64", _where(ctx, device)), out)


def integers(low: Any, high: Any = None, size: Shape = None, dtype: Any = "int64", endpoint: bool = False) -> NDArray:
    """Whole numbers as `randint` gives them; with endpoint the upper end occurs too.

    >>> int(integers(5, 5, endpoint=True))
    5
    """
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high + 1 if endpoint else high, size, dtype)


def random(size: Shape = None, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Numbers spread evenly over [0, 1).

    >>> random((2, 3)).shape
    (2, 3)
    """
    return uniform(0.0, 1.0, () if size is None else size, dtype, ctx)


random_sample = ranf = sample = random


def rand(*size: int, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Numbers spread evenly over [0, 1) of the shape given as arguments.

    >>> rand(2).shape
    (2,)
    """
    return uniform(0.0, 1.0, size, dtype, ctx)


def randn(*size: int, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Normally distributed numbers of the shape given as arguments.

    >>> randn(2, 3).shape
    (2, 3)
    """
    return normal(0.0, 1.0, size, dtype, ctx)


def permutation(x: Any, axis: int = 0) -> NDArray:
    """0, ..., x - 1 in random order, or a copy of an array in random order along the axis.

    >>> sorted(permutation(3).tolist())
    [0, 1, 2]
    """
    if isinstance(x, (int, _np.integer)):
        return F.random_permutation(int(x), "int64", place_of(None))
    x = asarray(x)
    if x.ndim == 0:
        raise ValueError("permutation: a single number in an array has no order; give an int or an array")
    return F.take(x, F.random_permutation(x.shape[axis], "int64", x._device), axis)


def shuffle(x: NDArray, axis: int = 0) -> None:
    """Puts the rows of an array into random order, in place.

    >>> x = asarray([3, 1, 2]); shuffle(x); sorted(x.tolist())
    [1, 2, 3]
    """
    if not isinstance(x, NDArray):
        raise TypeError(f"shuffle: needs an array to change in place, got {type(x).__name__}; use permutation")
    x[...] = permutation(x, axis)


def permuted(x: Any, axis: int | None = None) -> NDArray:
    """A copy with the lines along the axis each in an order of its own; without an axis all numbers are mixed.

    >>> sorted(permuted([3, 1, 2]).tolist())
    [1, 2, 3]
    """
    x = asarray(x)
    if axis is None:
        return F.reshape(permutation(F.reshape(x, (-1,))), x.shape)
    keys = F.random_uniform(0.0, 1.0, x.shape, "float64", x._device)
    return F.take_along_axis(x, F.argsort(keys, axis), axis)


def choice(a: Any, size: Shape = None, replace: bool = True, p: Any = None, axis: int = 0) -> NDArray:
    """Draws from 0, ..., a - 1 or from the rows of a, with equal or given probabilities.

    >>> int(choice(1))
    0
    """
    return _draws.choice(a, size, replace, p, axis, place_of(None))


METHODS: list[Any] = [
    beta, bernoulli, binomial, categorical, chisquare, choice, dirichlet, exponential, f, gamma, geometric, gumbel,
    integers, laplace, logistic, lognormal, multinomial, multivariate_normal, negative_binomial, normal, pareto,
    permutation, permuted, poisson, power, randint, random, rayleigh, shuffle, standard_cauchy, standard_exponential,
    standard_gamma, standard_normal, standard_t, triangular, truncated_normal, uniform, weibull,
]  # fmt: skip
for _function in METHODS:
    Generator.offer(_function)

__all__ = [
    "Generator", "default_rng", "get_state", "rand", "randn", "random_sample", "ranf", "sample", "seed", "set_state",
    *(function.__name__ for function in METHODS),
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted(__all__)
