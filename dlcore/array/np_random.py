"""`dlcore.np.random`: random numbers with NumPy's names and argument order, and generator objects.

`size` is the shape of the result, into which the parameters (numbers or arrays) broadcast; without it the result has
their common shape. Floating-point results are float32 and counts int64 unless told otherwise. All numbers come from
one counter-based generator (Philox 4x32-10), the same on every device and for any number of threads; `seed` starts it
anew, and `default_rng` makes one that is independent of it.
"""

from __future__ import annotations

from typing import Any

import numpy as _np

from .. import _answers
from .._core import NDArray
from ..ops import F
from . import _draws
from ._convert import asarray
from ._draw_checks import Place, Shape, as_dims, float_dtype
from ._generator import Generator, default_rng, get_state, seed, set_state
from ._np_random_continuous import (
    beta,
    chisquare,
    exponential,
    f,
    gamma,
    gumbel,
    laplace,
    logistic,
    lognormal,
    noncentral_chisquare,
    noncentral_f,
    normal,
    pareto,
    power,
    rayleigh,
    standard_cauchy,
    standard_exponential,
    standard_gamma,
    standard_normal,
    standard_t,
    triangular,
    truncated_normal,
    uniform,
    vonmises,
    wald,
    weibull,
)
from ._np_random_counts import (
    bernoulli,
    binomial,
    categorical,
    dirichlet,
    geometric,
    hypergeometric,
    integers,
    logseries,
    multinomial,
    multivariate_normal,
    negative_binomial,
    poisson,
    randint,
    zipf,
)
from .context import device_name as place_of


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
    kind = "float32" if dtype is None else float_dtype("uniform", dtype)[1]
    return F.random_uniform(0.0, 1.0, as_dims(size, "uniform"), kind, place_of(ctx))


def randn(*size: int, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Normally distributed numbers of the shape given as arguments.

    >>> randn(2, 3).shape
    (2, 3)
    """
    kind = "float32" if dtype is None else float_dtype("normal", dtype)[1]
    return F.random_normal(0.0, 1.0, as_dims(size, "normal"), kind, place_of(ctx))


def permutation(x: Any, axis: int = 0) -> NDArray:
    """0, ..., x - 1 in random order, or a copy of an array in random order along the axis.

    >>> sorted(permutation(3).tolist())
    [0, 1, 2]
    """
    if isinstance(x, (int, _np.integer)):
        if x < 0:
            raise ValueError(f"permutation: expected a number of at least 0, got {x}")
        return F.random_permutation(int(x), "int64", place_of(None))
    return _mixed("permutation", asarray(x), axis)


def _mixed(name: str, x: NDArray, axis: int) -> NDArray:
    if x.ndim == 0:
        raise ValueError(f"{name}: a single number in an array has no order; give an array with axes")
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"{name}: axis {axis} is out of range for an array of shape {x.shape}")
    return F.take(x, F.random_permutation(x.shape[axis], "int64", x._device), axis)


def shuffle(x: NDArray, axis: int = 0) -> None:
    """Puts the rows of an array into random order, in place.

    >>> x = asarray([3, 1, 2]); shuffle(x); sorted(x.tolist())
    [1, 2, 3]
    """
    if not isinstance(x, NDArray):
        raise TypeError(f"shuffle: needs an array to change in place, got {type(x).__name__}; use permutation")
    x[...] = _mixed("shuffle", x, axis)


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
    hypergeometric, integers, laplace, logistic, lognormal, logseries, multinomial, multivariate_normal,
    negative_binomial, noncentral_chisquare, noncentral_f, normal, pareto, permutation, permuted, poisson, power,
    randint, random, rayleigh, shuffle, standard_cauchy, standard_exponential, standard_gamma, standard_normal,
    standard_t, triangular, truncated_normal, uniform, vonmises, wald, weibull, zipf,
]  # fmt: skip
for _function in METHODS:
    Generator._offer(_function)

__all__ = [
    "Generator", "default_rng", "get_state", "rand", "randn", "random_sample", "ranf", "sample", "seed", "set_state",
    *(function.__name__ for function in METHODS),
]  # fmt: skip


def __dir__() -> list[str]:
    return sorted(__all__)


_answers.guard(__name__, ["Generator"])
_answers.answer(__name__, __all__)
