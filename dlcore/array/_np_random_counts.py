"""`dlcore.np.random`: whole numbers, classes, and vectors of numbers that belong together."""

from __future__ import annotations

from typing import Any

from .._core import NDArray
from ..ops import F
from . import _draws
from ._draw_checks import Place, Shape, as_dims, dims_of
from ._np_random_common import give, size_of, where
from .context import device_name as place_of


def poisson(
    lam: Any = 1.0,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Poisson-distributed counts with mean lam.

    >>> int(poisson(0.0))
    0
    """
    dims = dims_of("poisson", size_of(size, out), lam)
    return give(_draws.poisson(lam, dims, dtype, where(ctx, device)), out)


def binomial(
    n: Any, p: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """How many of n tries succeed that each do with probability p.

    >>> int(binomial(5, 1.0))
    5
    """
    dims = dims_of("binomial", size_of(size, out), n, p)
    return give(_draws.binomial(n, p, dims, dtype, where(ctx, device)), out)


def bernoulli(
    p: Any = 0.5,
    size: Shape = None, dtype: Any = "float32", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """1 with probability p, else 0.

    >>> float(bernoulli(1.0))
    1.0
    """
    dims = dims_of("bernoulli", size_of(size, out), p)
    return give(_draws.bernoulli(p, dims, dtype, where(ctx, device)), out)


def geometric(
    p: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Tries until the first success, 1 at least.

    >>> int(geometric(1.0))
    1
    """
    dims = dims_of("geometric", size_of(size, out), p)
    return give(_draws.geometric(p, dims, dtype, where(ctx, device)), out)


def logseries(
    p: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Whole numbers k from 1 on with probabilities in the ratio of p**k / k.

    >>> int(logseries(0.0))
    1
    """
    dims = dims_of("logseries", size_of(size, out), p)
    return give(_draws.logseries(p, dims, dtype, where(ctx, device)), out)


def zipf(
    a: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Whole numbers k from 1 on with probabilities in the ratio of k**-a.

    >>> int(zipf(2000.0))
    1
    """
    dims = dims_of("zipf", size_of(size, out), a)
    return give(_draws.zipf(a, dims, dtype, where(ctx, device)), out)


def hypergeometric(
    ngood: Any, nbad: Any, nsample: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """How many of nsample things are good ones, taken from ngood good and nbad other ones without putting back.

    >>> int(hypergeometric(3, 0, 2))
    2
    """
    dims = dims_of("hypergeometric", size_of(size, out), ngood, nbad, nsample)
    return give(_draws.hypergeometric(ngood, nbad, nsample, dims, dtype, where(ctx, device)), out)


def negative_binomial(
    n: Any, p: Any,
    size: Shape = None, dtype: Any = "int64", ctx: Place = None, out: NDArray | None = None, *, device: Place = None,
) -> NDArray:  # fmt: skip
    """Failures before success number n, each try succeeding with probability p.

    >>> int(negative_binomial(3, 1.0))
    0
    """
    dims = dims_of("negative_binomial", size_of(size, out), n, p)
    return give(_draws.negative_binomial(n, p, dims, dtype, where(ctx, device)), out)


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
    dims = dims_of("randint", size_of(size, out), low, high)
    return give(_draws.randint(low, high, dims, dtype or "int64", where(ctx, device)), out)


def integers(low: Any, high: Any = None, size: Shape = None, dtype: Any = "int64", endpoint: bool = False) -> NDArray:
    """Whole numbers as `randint` gives them; with endpoint the upper end occurs too.

    >>> int(integers(5, 5, endpoint=True))
    5
    """
    low, high = (0, low) if high is None else (low, high)
    return randint(low, high + 1 if endpoint else high, size, dtype)


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

    A matrix that is not positive semidefinite is refused, whatever `check_valid` says.

    >>> multivariate_normal([0.0, 5.0], [[1.0, 0.0], [0.0, 2.0]], 4).shape
    (4, 2)
    """
    return _draws.multivariate_normal(mean, cov, size, dtype, place_of(ctx))
