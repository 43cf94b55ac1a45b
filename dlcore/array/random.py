"""Random numbers: one counter-based generator for all devices, seeded by `seed`.

`shape` and `size` mean the same, so that code for MXNet's and for NumPy's namespaces runs. Parameters may be arrays;
the result has their broadcast shape when no shape is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._convert import asarray
from .context import Context
from .context import device_name as _place

Shape = int | Sequence[int] | None
Place = Context | str | None


def seed(seed_state: int, ctx: Any = "all") -> None:
    """Starts the generator anew: the same seed gives the same numbers on every device.

    >>> seed(1); a = uniform(shape=(2,)); seed(1); a.tolist() == uniform(shape=(2,)).tolist()
    True
    """
    _core.seed(int(seed_state) & (2**64 - 1))


def get_state() -> tuple[int, int]:
    """The generator's seed and counter; `set_state` goes back to them.

    >>> state = get_state(); a = float(uniform()); set_state(state); a == float(uniform())
    True
    """
    return _core.rng_state()


def set_state(state: tuple[int, int]) -> None:
    """Goes back to a state that `get_state` gave.

    >>> state = get_state(); a = float(normal()); set_state(state); a == float(normal())
    True
    """
    _core.set_rng_state(tuple(state))


def _is_array(*values: Any) -> bool:
    return any(isinstance(v, (NDArray, _np.ndarray, list, tuple)) for v in values)


def _shape(shape: Shape, size: Shape, *params: Any) -> tuple[int, ...]:
    given = shape if size is None else size
    if given is None:
        return _np.broadcast_shapes(*(_np.shape(p) if not isinstance(p, NDArray) else p.shape for p in params))
    return (given,) if isinstance(given, int) else tuple(given)


def uniform(
    low: Any = 0.0, high: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None,
    out: NDArray | None = None, *, size: Shape = None, device: Place = None,
) -> NDArray:  # fmt: skip
    """Numbers spread evenly over [low, high), float32 unless told otherwise.

    >>> uniform(0, 1, shape=(2, 3)).shape
    (2, 3)
    """
    place, kind = _place(device if ctx is None else ctx), dtype or "float32"
    dims = out.shape if out is not None else _shape(shape, size, low, high)
    if _is_array(low, high):
        unit = F.random_uniform(0.0, 1.0, dims, kind, place)
        return F.add(low, F.multiply(unit, F.subtract(high, low)), out=out)
    return F.random_uniform(low, high, dims, kind, place, out=out)


def normal(
    loc: Any = 0.0, scale: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None,
    out: NDArray | None = None, *, size: Shape = None, device: Place = None,
) -> NDArray:  # fmt: skip
    """Normally distributed numbers with mean loc and standard deviation scale, float32 unless told otherwise.

    >>> normal(0, 1, shape=(2, 3)).shape
    (2, 3)
    """
    place, kind = _place(device if ctx is None else ctx), dtype or "float32"
    dims = out.shape if out is not None else _shape(shape, size, loc, scale)
    if _is_array(loc, scale):
        unit = F.random_normal(0.0, 1.0, dims, kind, place)
        return F.add(loc, F.multiply(unit, scale), out=out)
    return F.random_normal(loc, scale, dims, kind, place, out=out)


def randn(*shape: int, loc: float = 0.0, scale: float = 1.0, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Normally distributed numbers of the shape given as arguments.

    >>> randn(2, 3).shape
    (2, 3)
    """
    return normal(loc, scale, shape, dtype, ctx)


def rand(*shape: int, dtype: Any = None, ctx: Place = None) -> NDArray:
    """Numbers spread evenly over [0, 1) of the shape given as arguments.

    >>> rand(2).shape
    (2,)
    """
    return uniform(0.0, 1.0, shape, dtype, ctx)


def randint(
    low: int, high: int | None = None, shape: Shape = None, dtype: Any = None, ctx: Place = None,
    out: NDArray | None = None, *, size: Shape = None, device: Place = None,
) -> NDArray:  # fmt: skip
    """Whole numbers from low to high - 1 (from 0 to low - 1, with one number), int64 unless told otherwise.

    >>> int(randint(5, 6))
    5
    """
    if high is None:
        low, high = 0, low
    dims = out.shape if out is not None else _shape(shape, size)
    return F.random_randint(low, high, dims, dtype or "int64", _place(device if ctx is None else ctx), out=out)


def bernoulli(
    p: float = 0.5, shape: Shape = None, dtype: Any = None, ctx: Place = None, *, size: Shape = None
) -> NDArray:
    """1 with probability p, else 0.

    >>> float(bernoulli(1.0))
    1.0
    """
    return F.random_bernoulli(p, _shape(shape, size), dtype or "float32", _place(ctx))


def exponential(
    scale: Any = 1.0, shape: Shape = None, dtype: Any = None, ctx: Place = None, *, size: Shape = None
) -> NDArray:
    """Exponentially distributed numbers with mean `scale`: -scale * log(1 - u) for an even u (inversion).

    >>> float(exponential(0.0))
    0.0
    """
    unit = F.random_uniform(0.0, 1.0, _shape(shape, size, scale), dtype or "float32", _place(ctx))
    return F.multiply(F.negative(F.log1p(F.negative(unit))), scale)


def gumbel(loc: Any = 0.0, scale: Any = 1.0, shape: Shape = None, dtype: Any = None, *, size: Shape = None) -> NDArray:
    """Gumbel-distributed numbers, loc - scale * log(e) for an exponential e.

    >>> gumbel(shape=(3,)).shape
    (3,)
    """
    tiny = exponential(1.0, _shape(shape, size, loc, scale), dtype)
    return F.subtract(loc, F.multiply(F.log(F.maximum(tiny, 1e-30)), scale))


def permutation(x: int | NDArray) -> NDArray:
    """0, ..., x - 1 in random order, or the rows of an array in random order.

    >>> sorted(permutation(3).tolist())
    [0, 1, 2]
    """
    if isinstance(x, int):
        return F.random_permutation(x, "int64", _place(None))
    x = asarray(x)
    return F.take(x, F.random_permutation(x.shape[0], "int64", x._device))


def shuffle(data: NDArray) -> NDArray:
    """The rows of `data` in random order, as a new array (MXNet's shuffle).

    >>> sorted(shuffle(asarray([3, 1, 2])).tolist())
    [1, 2, 3]
    """
    return permutation(data)


def choice(a: int | NDArray, size: Shape = None, replace: bool = True, p: Any = None) -> NDArray:
    """Draws from 0, ..., a - 1 or from the rows of a, with equal or given probabilities.

    >>> int(choice(1))
    0
    """
    n = a if isinstance(a, int) else len(a)
    dims = _shape(None, size) if size is not None else ()
    count = int(_np.prod(dims))
    if not replace:
        if count > n:
            raise ValueError(f"choice: cannot draw {count} of {n} without putting back")
        keys = F.random_uniform(0.0, 1.0, (n,), "float32", _place(None))
        if p is not None:  # the largest of log(p) + Gumbel noise (Vieira, 2014; Kool et al., arXiv:1903.06059)
            keys = F.add(F.log(asarray(p)), gumbel(shape=(n,)))
        index = F.slice(F.argsort(keys, -1, True), (0,), (count,))
    elif p is None:
        index = F.random_randint(0, n, (count,), "int64", _place(None))
    else:
        ends = _np.cumsum(asarray(p).asnumpy())
        draws = F.random_uniform(0.0, float(ends[-1]), (count,), "float64", _place(None)).asnumpy()
        index = asarray(_np.minimum(_np.searchsorted(ends, draws, side="right"), n - 1))
    index = F.reshape(index, dims)
    return index if isinstance(a, int) else F.take(asarray(a), index)


def multinomial(data: Any, shape: Shape = None, get_prob: bool = False, dtype: Any = "int64") -> Any:
    """MXNet's multinomial: for each row of probabilities, positions drawn with them (by Gumbel's trick).

    >>> multinomial(asarray([0.0, 1.0])).tolist()
    1
    """
    data = asarray(data)
    dims = _shape(shape, None) if shape is not None else ()
    count = int(_np.prod(dims))
    rows = F.expand_dims(F.log(data), data.ndim - 1)
    noise = gumbel(shape=(*data.shape[:-1], count, data.shape[-1]))
    index = F.argmax(F.add(rows, noise), -1)
    picked = F.reshape(index, (*data.shape[:-1], *dims))
    if not get_prob:
        return F.cast(picked, dtype)
    log_p = F.take_along_axis(F.log(data), index, -1)
    return F.cast(picked, dtype), F.reshape(log_p, picked.shape)


def _float_of(data: NDArray) -> Any:
    return data.dtype if data._dtype_name.startswith(("float", "bfloat")) else "float32"


def normal_like(data: NDArray, loc: float = 0.0, scale: float = 1.0) -> NDArray:
    """Normally distributed numbers of data's shape, dtype (float32 for whole numbers) and device.

    >>> normal_like(asarray([1.0, 2.0])).shape
    (2,)
    """
    return F.random_normal(loc, scale, data.shape, _float_of(data), data._device)


def uniform_like(data: NDArray, low: float = 0.0, high: float = 1.0) -> NDArray:
    """Numbers spread evenly over [low, high) of data's shape and dtype (float32 for whole numbers).

    >>> uniform_like(asarray([1.0, 2.0])).shape
    (2,)
    """
    return F.random_uniform(low, high, data.shape, _float_of(data), data._device)
