"""`dlcore.random` and `dlcore.nd.random`: random numbers with MXNet's names and arguments.

`shape` follows the parameters: with arrays as parameters every one of their elements gets that many draws (parameters
of shape (2,) and shape=(3,) give (2, 3)), with numbers it is the result's shape. `size=` means the whole result's
shape, as in NumPy. `dlcore.np.random` has NumPy's argument order; both draw from the one generator that `seed` starts.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from . import _draws, np_random
from ._convert import asarray
from ._draw_checks import NUMBERS, Dims, Place, Shape, all_numbers, as_dims, dims_of, shape_of
from ._generator import Generator, default_rng, get_state, seed, set_state
from ._names._call import offer
from .context import device_blocks
from .context import device_name as place_of
from .np_random import (
    beta,
    categorical,
    chisquare,
    choice,
    dirichlet,
    f,
    geometric,
    gumbel,
    laplace,
    logistic,
    lognormal,
    multivariate_normal,
    pareto,
    permutation,
    permuted,
    power,
    rand,
    rayleigh,
    standard_cauchy,
    standard_exponential,
    standard_gamma,
    standard_normal,
    standard_t,
    triangular,
    truncated_normal,
    weibull,
)


def _rows(name: str, shape: Shape, size: Shape, out: NDArray | None, *params: Any) -> tuple[Dims, list[Any]]:
    """The result's shape, and the parameters with an axis of length 1 for each axis of `shape`."""
    if shape is None or size is not None:
        return dims_of(name, out.shape if out is not None and size is None else size, *params), list(params)
    more, common = as_dims(shape, name), dims_of(name, None, *params)
    if not common:
        return more, list(params)
    opened = []
    for p in params:
        if shape_of(p):
            p = asarray(p)
            p = F.reshape(F.broadcast_to(p, common), (*common, *(1 for _ in more)))
        opened.append(p)
    return (*common, *more), opened


def _draw(
    name: str, draw: Any, params: tuple, shape: Shape, size: Shape, dtype: Any, ctx: Place, out: NDArray | None
) -> NDArray:
    if shape is not None and size is None and all_numbers(params):  # nearly always
        y = draw(*params, as_dims(shape, name), dtype, place_of(ctx))
        if out is not None:
            out[...] = y
        return y if out is None else out
    dims, opened = _rows(name, shape, size, out, *params)
    device = next((p._device for p in params if isinstance(p, NDArray) and p.ndim), None)
    y = draw(*opened, dims, dtype, place_of(ctx) if ctx is not None or device is None else device)
    if out is None:
        return y
    out[...] = y
    return out


def _plain(first: Any, second: Any, shape: Any) -> bool:
    """Whether two parameters are numbers and nothing else says where the result is, as in most calls."""
    return type(shape) is tuple and type(first) in NUMBERS and type(second) in NUMBERS and not device_blocks()


def uniform(
    low: Any = 0.0, high: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None,
    out: NDArray | None = None, *, size: Shape = None, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers spread evenly over [low, high), float32 unless told otherwise; `high` never occurs.

    >>> uniform(0, 1, shape=(2, 3)).shape
    (2, 3)
    >>> uniform(asarray([0.0, 10.0]), asarray([1.0, 11.0]), shape=3).shape
    (2, 3)
    """
    if _plain(low, high, shape) and dtype is ctx is size is device is out is None:
        return F.random_uniform(low, high, as_dims(shape, "uniform"))
    return _draw("uniform", _draws.uniform, (low, high), shape, size, dtype, ctx or device, out)


def normal(
    loc: Any = 0.0, scale: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None,
    out: NDArray | None = None, *, size: Shape = None, device: Place = None,
) -> NDArray:  # fmt: skip
    """Normally distributed numbers with mean loc and standard deviation scale, float32 unless told otherwise.

    >>> normal(0, 1, shape=(2, 3)).shape
    (2, 3)
    """
    if _plain(loc, scale, shape) and dtype is ctx is size is device is out is None and scale >= 0:
        return F.random_normal(loc, scale, as_dims(shape, "normal"))
    return _draw("normal", _draws.normal, (loc, scale), shape, size, dtype, ctx or device, out)


def randn(*shape: int, loc: Any = 0.0, scale: Any = 1.0, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Normally distributed numbers of the shape given as arguments.

    >>> randn(2, 3).shape
    (2, 3)
    """
    return normal(loc, scale, shape, dtype, ctx)


def randint(
    low: Any, high: Any = None, shape: Shape = None, dtype: Any = None, ctx: Place = None,
    out: NDArray | None = None, *, size: Shape = None, device: Place = None,
) -> NDArray:  # fmt: skip
    """Whole numbers from low to high - 1 (from 0 to low - 1, with one number), int64 unless told otherwise.

    >>> int(randint(5, 6))
    5
    """
    low, high = (0, low) if high is None else (low, high)
    return _draw("randint", _draws.randint, (low, high), shape, size, dtype or "int64", ctx or device, out)


def bernoulli(
    p: Any = 0.5, shape: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *,
    size: Shape = None,
) -> NDArray:  # fmt: skip
    """1 with probability p, else 0.

    >>> float(bernoulli(1.0))
    1.0
    """
    return _draw("bernoulli", _draws.bernoulli, (p,), shape, size, dtype or "float32", ctx, out)


def exponential(
    scale: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *,
    size: Shape = None,
) -> NDArray:  # fmt: skip
    """Exponentially distributed numbers with mean `scale`.

    >>> float(exponential(0.0))
    0.0
    """
    return _draw("exponential", _draws.exponential, (scale,), shape, size, dtype, ctx, out)


def gamma(
    alpha: Any = 1.0, beta: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None,
    out: NDArray | None = None, *, size: Shape = None,
) -> NDArray:  # fmt: skip
    """Gamma-distributed numbers with the shape parameter alpha and the scale beta: their mean is alpha * beta.

    >>> gamma(2.0, 0.5, shape=4).shape
    (4,)
    """
    return _draw("gamma", _draws.gamma, (alpha, beta), shape, size, dtype, ctx, out)


def poisson(
    lam: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *,
    size: Shape = None,
) -> NDArray:  # fmt: skip
    """Poisson-distributed counts with mean lam, as float32 unless told otherwise.

    >>> float(poisson(0.0))
    0.0
    """
    return _draw("poisson", _draws.poisson, (lam,), shape, size, dtype or "float32", ctx, out)


def binomial(
    n: Any = 1, p: Any = 0.5, shape: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *,
    size: Shape = None,
) -> NDArray:  # fmt: skip
    """How many of n tries succeed that each do with probability p, as float32 unless told otherwise.

    >>> float(binomial(5, 1.0))
    5.0
    """
    return _draw("binomial", _draws.binomial, (n, p), shape, size, dtype or "float32", ctx, out)


def negative_binomial(
    k: Any = 1, p: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None, out: NDArray | None = None, *,
    size: Shape = None,
) -> NDArray:  # fmt: skip
    """Failures before success number k, each try succeeding with probability p; float32 unless told otherwise.

    >>> float(negative_binomial(3, 1.0))
    0.0
    """
    return _draw("negative_binomial", _draws.negative_binomial, (k, p), shape, size, dtype or "float32", ctx, out)


def generalized_negative_binomial(
    mu: Any = 1.0, alpha: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None,
    out: NDArray | None = None, *, size: Shape = None,
) -> NDArray:  # fmt: skip
    """Counts with mean mu and variance mu + alpha * mu**2; float32 unless told otherwise.

    >>> float(generalized_negative_binomial(0.0, 1.0))
    0.0
    """
    draw = _draws.generalized_negative_binomial
    return _draw("generalized_negative_binomial", draw, (mu, alpha), shape, size, dtype or "float32", ctx, out)


def multinomial(
    data: Any, shape: Shape = None, get_prob: bool = False, out: NDArray | None = None, dtype: Any = "int64"
) -> Any:
    """For each row of probabilities, positions drawn with them; with get_prob also the logarithms of what was drawn.

    The logarithms carry a gradient to `data` (for REINFORCE). NumPy's counts are `dlcore.np.random.multinomial`.

    >>> multinomial(asarray([0.0, 1.0]), shape=2).tolist()
    [1, 1]
    """
    data = asarray(data)
    more = () if shape is None else as_dims(shape, "multinomial")
    drawn = F.random_categorical(data, more, "int64")
    result = F.cast(drawn, dtype)
    if out is not None:
        out[...] = result
        result = out
    if not get_prob:
        return result
    count = int(_np.prod(more))
    rows = F.reshape(drawn, (*data.shape[:-1], count))
    chance = F.take_along_axis(F.divide(data, F.sum(data, -1, True)), rows, -1)
    return result, F.reshape(F.log(chance), drawn.shape)


def shuffle(data: Any) -> NDArray:
    """The rows of `data` in random order, as a new array. `dlcore.np.random.shuffle` changes its argument.

    >>> sorted(shuffle(asarray([3, 1, 2])).tolist())
    [1, 2, 3]
    """
    return permutation(asarray(data))


def _dtype_like(data: NDArray) -> Any:
    return data._dtype_name if data._dtype_name.startswith(("float", "bfloat")) else "float32"


def _like(function: Any, names: str, doc: str, example: str, rate: bool = False) -> Any:
    """`function` for numbers of data's shape; `names` are MXNet's of its parameters, `rate` one over a mean."""
    parameters = list(inspect.signature(function).parameters.values())[: len(names.split())]
    takes = [inspect.Parameter("data", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=NDArray)]
    takes += [p.replace(name=n) for n, p in zip(names.split(), parameters, strict=True)]
    signature = inspect.Signature(takes, return_annotation=NDArray)

    def like(*args: Any, **named: Any) -> NDArray:
        given = signature.bind(*args, **named)
        given.apply_defaults()
        data, *params = given.args
        data = asarray(data)
        return function(
            *(1.0 / p if rate else p for p in params), shape=data.shape, dtype=_dtype_like(data), ctx=data._device
        )

    like.__signature__ = signature  # type: ignore[attr-defined]
    like.__name__ = like.__qualname__ = f"{function.__name__}_like"
    text = f"{doc} of data's shape, dtype (float32 for whole numbers) and device."
    like.__doc__ = f"{text}\n\n    >>> {example}\n    (2,)\n"
    return like


uniform_like = _like(uniform, "low high", "`uniform` numbers (low, high)", "uniform_like([1.0, 2.0], 0, 5).shape")
normal_like = _like(normal, "loc scale", "`normal` numbers (loc, scale)", "normal_like([1.0, 2.0], 0, 5).shape")
exponential_like = _like(
    exponential, "lam", "`exponential` numbers of rate lam (their mean is 1 / lam)",
    "exponential_like([1.0, 2.0], 5).shape", True,
)  # fmt: skip
gamma_like = _like(gamma, "alpha beta", "`gamma` numbers (alpha, beta)", "gamma_like([1.0, 2.0], 2, 1).shape")
poisson_like = _like(poisson, "lam", "`poisson` numbers (lam)", "poisson_like([1.0, 2.0], 2).shape")
negative_binomial_like = _like(
    negative_binomial, "k p", "`negative_binomial` numbers (k, p)", "negative_binomial_like([1.0, 2.0], 2, 0.5).shape"
)
generalized_negative_binomial_like = _like(
    generalized_negative_binomial,
    "mu alpha",
    "`generalized_negative_binomial` numbers (mu, alpha)",
    "generalized_negative_binomial_like([1.0, 2.0], 2, 1).shape",
)

random = np_random.random

__all__ = [
    "Generator", "bernoulli", "beta", "binomial", "categorical", "chisquare", "choice", "default_rng", "dirichlet",
    "exponential", "exponential_like", "f", "gamma", "gamma_like", "generalized_negative_binomial",
    "generalized_negative_binomial_like", "geometric", "get_state", "gumbel", "laplace", "logistic", "lognormal",
    "multinomial", "multivariate_normal", "negative_binomial", "negative_binomial_like", "normal", "normal_like",
    "pareto", "permutation", "permuted", "poisson", "poisson_like", "power", "rand", "randint", "randn", "random",
    "rayleigh", "seed", "set_state", "shuffle", "standard_cauchy", "standard_exponential", "standard_gamma",
    "standard_normal", "standard_t", "triangular", "truncated_normal", "uniform", "uniform_like", "weibull",
]  # fmt: skip

offer(globals(), __all__, "random")


def __dir__() -> list[str]:
    return sorted(__all__)
