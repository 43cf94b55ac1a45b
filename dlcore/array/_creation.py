"""Arrays from nothing or in the likeness of another: zeros, ones, full, arange, eye, linspace and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._convert import array, asarray, dtype_name, whole_dtype
from ._dtypes import floating, is_inexact
from .context import Context, device_name

Shape = int | Sequence[int]
Place = Context | str | None


def _laid_out(made: NDArray, order: str | None, name: str) -> NDArray:
    """The array with its numbers column by column in memory for order "F"; other orders are row by row."""
    if order not in ("C", "F", "A", "K", None):
        raise ValueError(f"{name}: order must be 'C', 'F', 'A' or 'K', got {order!r}")
    return F.transpose(F.copy(F.reshape(made, made.shape[::-1])), None) if order == "F" and made.ndim > 1 else made


def zeros(
    shape: Shape, dtype: Any = "float32", ctx: Place = None, device: Place = None, *, order: str = "C"
) -> NDArray:
    """An array of zeros, in memory row by row, or column by column for order "F".

    >>> zeros((2, 3)).shape
    (2, 3)
    """
    made = F.zeros(shape, dtype or "float32", device_name(device if ctx is None else ctx))
    return made if order == "C" else _laid_out(made, order, "zeros")


def ones(shape: Shape, dtype: Any = "float32", ctx: Place = None, device: Place = None, *, order: str = "C") -> NDArray:
    """An array of ones, in memory row by row, or column by column for order "F".

    >>> ones(2).tolist()
    [1.0, 1.0]
    """
    made = F.ones(shape, dtype or "float32", device_name(device if ctx is None else ctx))
    return made if order == "C" else _laid_out(made, order, "ones")


def empty(
    shape: Shape, dtype: Any = "float32", ctx: Place = None, device: Place = None, *, order: str = "C"
) -> NDArray:
    """An array whose numbers are whatever was in memory.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    if shape is None:
        raise TypeError("empty: shape must be an integer or a tuple of integers, got None")
    made = _core.empty(shape, dtype or "float32", device_name(device if ctx is None else ctx))
    return made if order == "C" else _laid_out(made, order, "empty")


_FEW = 32
_KIND_OF = {bool: "bool", float: "float32", complex: "complex64"}


def full(
    shape: Shape, fill_value: Any, dtype: Any = None, ctx: Place = None, device: Place = None, *, order: str = "C"
) -> NDArray:
    """An array of one number; without a dtype a Python float gives float32, an int int64, an array its own.

    >>> full((2,), 7).tolist()
    [7, 7]
    """
    if dtype is None:
        dtype = whole_dtype() if type(fill_value) is int else _KIND_OF.get(type(fill_value))
        dtype = dtype or getattr(fill_value, "dtype", None) or "float32"
    place = device_name(device if ctx is None else ctx)
    if isinstance(fill_value, (NDArray, np.ndarray, list, tuple)) and asarray(fill_value).ndim:
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        made = F.copy(F.broadcast_to(asarray(fill_value, dtype, device=place), sizes))
        return made if order == "C" else F.transpose(_laid_out(F.transpose(made, None), "C", "full"), None)
    made = F.full(fill_value, shape, dtype, place)
    return made if order == "C" else _laid_out(made, order, "full")


def arange(
    start: float, stop: float | None = None, step: float = 1, dtype: Any = None, ctx: Place = None, device: Place = None
) -> NDArray:
    """start, start + step, ... while before stop; with one number 0, 1, ... before it. Whole numbers give int64.

    >>> arange(3).tolist()
    [0, 1, 2]
    """
    if stop is None:
        start, stop = 0, start
    if type(start) is type(stop) is type(step) is int:
        dtype = whole_dtype() if dtype is None else dtype
    elif dtype is None:
        dtype = whole_dtype() if all(isinstance(v, (int, np.integer)) for v in (start, stop, step)) else "float32"
    # Numbers that the operator's own do not hold.
    if isinstance(start, int) and isinstance(stop, int) and max(abs(start), abs(stop)) > 2**53:
        try:
            made = np.arange(start, stop, step)
        except ValueError:
            what = f"the numbers from {start} to {stop} in steps of {step}"
            raise MemoryError(f"arange: {what} are larger than memory") from None
        return array(made, dtype, ctx, device)
    return F.arange(start, stop, step, dtype, device_name(device if ctx is None else ctx))


def eye(
    N: int,
    M: int | None = None,
    k: int = 0,
    dtype: Any = "float32",
    ctx: Place = None,
    device: Place = None,
    *,
    order: str = "C",
) -> NDArray:
    """A matrix with ones on its k-th diagonal, of N rows and M columns (N, if None).

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    place = device_name(device if ctx is None else ctx)
    if order == "C":
        return F.eye(N, N if M is None else M, k, dtype or "float32", place)
    _laid_out(F.zeros((), "bool"), order, "eye")
    return F.transpose(F.eye(N if M is None else M, N, -k, dtype or "float32", place), None)


def identity(n: int, dtype: Any = "float32", device: Place = None) -> NDArray:
    """The unit matrix.

    >>> identity(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return eye(n, dtype=dtype, device=device)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = "float32", device: Place = None) -> NDArray:
    """A matrix with ones on and below its k-th diagonal.

    >>> tri(2).tolist()
    [[1.0, 0.0], [1.0, 1.0]]
    """
    return F.tril(ones((N, N if M is None else M), dtype, device=device), k)


def _few(start: Any, stop: Any, num: int, parts: int, endpoint: bool, dtype: Any) -> list[float] | None:
    """The numbers of numpy.linspace, to the bit, where they are so few that Python is quicker; else None."""
    if not 1 < num <= 32 or isinstance(start, complex) or isinstance(stop, complex):
        return None
    if dtype is not None and np.dtype(dtype_name(dtype)).kind not in "fV":
        return None
    first, last = float(start), float(stop)
    step = (last - first) / parts
    found = [k * step + first if step else k / parts * (last - first) + first for k in range(num)]
    if endpoint:
        found[-1] = last
    return found


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    ctx: Place = None,
    device: Place = None,
) -> Any:
    """`num` numbers at equal distances from start to stop, without the latter if not endpoint.

    start and stop may be arrays: then the numbers lie along a new axis. With retstep also the distance.

    >>> linspace(0, 1, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    if isinstance(num, bool) or not isinstance(num, (int, np.integer)) or num < 0:
        raise ValueError(f"linspace: num must be a whole number of at least 0, got {num!r}")
    place = device if ctx is None else ctx
    parts = num - 1 if endpoint else num
    if isinstance(start, (int, float, complex)) and isinstance(stop, (int, float, complex)):
        few = _few(start, stop, num, parts, endpoint, dtype)
        if few is not None:
            values = array(few, dtype_name(dtype) or "float32", device=place)
            return (values, (stop - start) / parts) if retstep else values
        exact = np.linspace(start, stop, int(num), endpoint)
        kind = dtype_name(dtype) or ("complex64" if exact.dtype.kind == "c" else "float32")
        values = array(np.floor(exact) if np.dtype(kind).kind in "iu" else exact, kind, device=place)
        return (values, (stop - start) / parts if parts > 0 else float("nan")) if retstep else values
    a, b = floating(start), floating(stop)
    step = F.divide(F.subtract(b, a), max(parts, 1))
    share = F.reshape(F.arange(0, int(num), 1, step._dtype_name, step._device), (-1, *[1] * step.ndim))
    values = F.add(F.multiply(share, step), a)
    if endpoint and num > 1:  # the last number is `stop` itself, not what the steps add up to
        last = F.broadcast_to(F.expand_dims(b, 0), (1, *values.shape[1:]))
        values = F.concat(values[:-1], F.cast(last, values._dtype_name), axis=0)
    order = list(range(1, values.ndim))
    order.insert(axis % values.ndim, 0)
    values = F.transpose(values, order)
    values = values if dtype is None else F.cast(values, dtype)
    return (values, step) if retstep else values


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: float = 10.0, dtype: Any = None, axis: int = 0
) -> NDArray:
    """base to the power of numbers at equal distances from start to stop.

    >>> logspace(0, 2, 3).tolist()
    [1.0, 10.0, 100.0]
    """
    wide = "float64" if dtype is None and not isinstance(start, NDArray) and not isinstance(stop, NDArray) else None
    made = F.power(base, linspace(start, stop, num, endpoint, dtype=wide, axis=axis))
    return made if wide is None and dtype is None else F.cast(made, dtype or "float32")


def geomspace(start: float, stop: float, num: int = 50, endpoint: bool = True, dtype: Any = None) -> NDArray:
    """`num` numbers from start to stop, each the same multiple of the one before. Neither may be 0.

    >>> geomspace(1, 4, 3).tolist()
    [1.0, 2.0, 4.0]
    """
    if start == 0 or stop == 0:
        raise ValueError(f"geomspace: start and stop must not be 0, got {start} and {stop}")
    return array(np.geomspace(start, stop, num, endpoint), dtype_name(dtype) or "float32")


def _like(a: Any, dtype: Any, shape: Shape | None, device: Place) -> dict[str, Any]:
    """What an array in the likeness of another is made with."""
    a = asarray(a)
    place = a._device if device is None else device_name(device)
    return {"shape": a.shape if shape is None else shape, "dtype": dtype_name(dtype) or a._dtype_name, "device": place}


def zeros_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Shape | None = None,
    *,
    device: Place = None,
) -> NDArray:
    """Zeros of a's shape, dtype and device, or of another shape. Order "F" lays it out column by column.

    >>> zeros_like(array([1, 2])).tolist()
    [0, 0]
    """
    if shape is None and order == "K":
        return _placed(F.zeros_like(a, dtype), device)
    return zeros(**_like(a, dtype, shape, device), order="C" if order == "K" else order)


def ones_like(
    a: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Shape | None = None,
    *,
    device: Place = None,
) -> NDArray:
    """Ones of a's shape, dtype and device, or of another shape. Order "F" lays it out column by column.

    >>> ones_like(array([1, 2])).tolist()
    [1, 1]
    """
    if shape is None and order == "K":
        return _placed(F.ones_like(a, dtype), device)
    return ones(**_like(a, dtype, shape, device), order="C" if order == "K" else order)


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Shape | None = None,
    *,
    device: Place = None,
) -> NDArray:
    """One number in a's shape (or another), dtype and device; an array of numbers is broadcast to it.

    >>> full_like(array([1, 2]), 5).tolist()
    [5, 5]
    """
    if shape is None and order == "K" and not isinstance(fill_value, (NDArray, np.ndarray, list, tuple)):
        return _placed(F.full_like(a, fill_value, dtype), device)
    return full(fill_value=fill_value, **_like(a, dtype, shape, device), order="C" if order == "K" else order)


def empty_like(
    prototype: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Shape | None = None,
    *,
    device: Place = None,
) -> NDArray:
    """An array of the prototype's shape (or another), dtype and device with whatever was in memory.

    >>> empty_like(array([1, 2])).shape
    (2,)
    """
    return empty(**_like(prototype, dtype, shape, device), order="C" if order == "K" else order)


def _placed(x: NDArray, device: Place) -> NDArray:
    return x if device is None else x.as_in_context(device)


def meshgrid(*arrays: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> tuple[NDArray, ...]:
    """One array for each coordinate of a grid: with "xy" the first runs along the columns, with "ij" along the rows.

    sparse: with length 1 along the axes on which an array does not change. copy=False: views.

    >>> [g.shape for g in meshgrid([1, 2, 3], [4, 5])]
    [(2, 3), (2, 3)]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    n = len(arrays)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    given = [F.reshape(asarray(x), (-1,)) for x in arrays]
    lines = [F.reshape(g, [-1 if order[k] == i else 1 for k in range(n)]) for i, g in enumerate(given)]
    if sparse:
        return tuple(F.copy(line) for line in lines) if copy else tuple(lines)
    shape = tuple(given[order[k]].shape[0] for k in range(n))
    full_size = [F.broadcast_to(line, shape) for line in lines]
    return tuple(F.copy(line) for line in full_size) if copy else tuple(full_size)


def indices(dimensions: Sequence[int], dtype: Any = "int64", sparse: bool = False) -> Any:
    """For each axis of a shape the positions along it: (ndim, *shape), or with sparse a tuple of arrays.

    >>> indices((2, 2)).tolist()
    [[[0, 0], [1, 1]], [[0, 1], [0, 1]]]
    """
    grid = meshgrid(*(arange(n, dtype=dtype) for n in dimensions), indexing="ij", sparse=sparse)
    return grid if sparse else F.stack(*grid, axis=0) if grid else zeros((0,), dtype)


def fromfunction(function: Any, shape: Sequence[int], *, dtype: Any = "float32", **kwargs: Any) -> Any:
    """The function called with `indices(shape)`, one array for each axis.

    >>> fromfunction(lambda i, j: i + j, (2, 2)).tolist()
    [[0.0, 1.0], [1.0, 2.0]]
    """
    return function(*indices(shape, dtype), **kwargs)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> NDArray:
    """The powers of a vector's numbers as columns, falling from N - 1 to 0 (rising, if asked).

    >>> vander([2, 3]).tolist()
    [[2, 1], [3, 1]]
    """
    x = asarray(x)
    if x.ndim != 1:
        raise ValueError(f"vander: expected a vector, got shape {x.shape}")
    n = x.shape[0] if N is None else N
    powers = F.arange(0, n, 1, "int64", x._device)
    x = x if is_inexact(x) else F.cast(x, "uint64" if x._dtype_name == "uint64" else "int64")
    made = F.power(F.expand_dims(x, 1), powers if is_inexact(x) else F.cast(powers, x._dtype_name))
    return made if increasing else F.flip(made, 1)
