"""Arrays from nothing: zeros, ones, full, arange, eye, linspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._convert import array, dtype_name
from .context import Context, device_name

Shape = int | Sequence[int]
Place = Context | str | None


def zeros(shape: Shape, dtype: Any = "float32", ctx: Place = None, device: Place = None) -> NDArray:
    """An array of zeros.

    >>> zeros((2, 3)).shape
    (2, 3)
    """
    return F.zeros(shape, dtype or "float32", device_name(device if ctx is None else ctx))


def ones(shape: Shape, dtype: Any = "float32", ctx: Place = None, device: Place = None) -> NDArray:
    """An array of ones.

    >>> ones(2).tolist()
    [1.0, 1.0]
    """
    return F.ones(shape, dtype or "float32", device_name(device if ctx is None else ctx))


def empty(shape: Shape, dtype: Any = "float32", ctx: Place = None, device: Place = None) -> NDArray:
    """An array whose numbers are whatever was in memory.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return _core.empty(shape, dtype or "float32", device_name(device if ctx is None else ctx))


def full(shape: Shape, fill_value: Any, dtype: Any = None, ctx: Place = None, device: Place = None) -> NDArray:
    """An array of one number; without a dtype a Python float gives float32, an int int64, an array its own.

    >>> full((2,), 7).tolist()
    [7, 7]
    """
    if dtype is None:
        own = getattr(fill_value, "dtype", None)
        dtype = "bool" if isinstance(fill_value, bool) else "int64" if isinstance(fill_value, int) else own or "float32"
    return F.full(fill_value, shape, dtype, device_name(device if ctx is None else ctx))


def arange(
    start: float, stop: float | None = None, step: float = 1, dtype: Any = None, ctx: Place = None, device: Place = None
) -> NDArray:
    """start, start + step, ... while before stop; with one number 0, 1, ... before it. Whole numbers give int64.

    >>> arange(3).tolist()
    [0, 1, 2]
    """
    if stop is None:
        start, stop = 0, start
    if dtype is None:
        dtype = "int64" if all(isinstance(v, (int, np.integer)) for v in (start, stop, step)) else "float32"
    return F.arange(start, stop, step, dtype, device_name(device if ctx is None else ctx))


def eye(
    n: int, m: int | None = None, k: int = 0, dtype: Any = "float32", ctx: Place = None, device: Place = None
) -> NDArray:
    """A matrix with ones on its k-th diagonal.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    return F.eye(n, n if m is None else m, k, dtype or "float32", device_name(device if ctx is None else ctx))


def linspace(
    start: float,
    stop: float,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    ctx: Place = None,
    device: Place = None,
) -> NDArray:
    """`num` numbers at equal distances from start to stop.

    >>> linspace(0, 1, 3).tolist()
    [0.0, 0.5, 1.0]
    """
    values = np.linspace(start, stop, num, endpoint)
    return array(values, dtype_name(dtype) or "float32", ctx, device)


def zeros_like(x: Any, dtype: Any = None) -> NDArray:
    """Zeros of x's shape, dtype and device.

    >>> zeros_like(array([1, 2])).tolist()
    [0, 0]
    """
    return F.zeros_like(x, dtype)


def ones_like(x: Any, dtype: Any = None) -> NDArray:
    """Ones of x's shape, dtype and device.

    >>> ones_like(array([1, 2])).tolist()
    [1, 1]
    """
    return F.ones_like(x, dtype)


def full_like(x: Any, fill_value: Any, dtype: Any = None) -> NDArray:
    """One number in x's shape, dtype and device.

    >>> full_like(array([1, 2]), 5).tolist()
    [5, 5]
    """
    return F.full_like(x, fill_value, dtype)


def empty_like(x: NDArray, dtype: Any = None) -> NDArray:
    """An array of x's shape, dtype and device with whatever was in memory.

    >>> empty_like(array([1, 2])).shape
    (2,)
    """
    return _core.empty(x.shape, dtype_name(dtype) or x._dtype_name, x._device)
