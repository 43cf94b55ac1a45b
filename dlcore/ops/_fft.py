"""The transforms of `fft`: NumPy's, which keep float32 and complex64, along one axis of any array. Shape rules and
transforms of a few points are in C++ (csrc/kernels/cpu/few_fft.cpp)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ._host import Shape, host

Array = np.ndarray[Any, Any]


def _axis(x: Shape, axis: int) -> int:
    if not -len(x) <= axis < len(x):
        raise IndexError(f"axis {axis} is out of range for an array of {len(x)} dimensions")
    return axis % len(x)


def _transformed(function: Callable[..., Array], x: Array, *how: Any) -> Array:
    """In double precision where a transform of numbers in single precision has passed its range on the way."""
    y = function(x, *how)
    if y.dtype in (np.float64, np.complex128) or np.isfinite(y).all() or not np.isfinite(x).all():
        return y
    with np.errstate(over="ignore", invalid="ignore"):
        return function(x.astype(np.result_type(x, np.float64)), *how).astype(y.dtype)


@host("fft", lines=True)
def fft(x: Array, n: int, axis: int, norm: Any) -> Array:
    return _transformed(np.fft.fft, x, n, axis, norm)


@host("ifft", lines=True)
def ifft(x: Array, n: int, axis: int, norm: Any) -> Array:
    return _transformed(np.fft.ifft, x, n, axis, norm)


@host("rfft", lines=True)
def rfft(x: Array, n: int, axis: int, norm: Any) -> Array:
    return _transformed(np.fft.rfft, x, n, axis, norm)


@host("irfft", lines=True)
def irfft(x: Array, n: int, axis: int, norm: Any) -> Array:
    if not x.shape[axis]:  # NumPy leaves the result of nothing as it finds the memory
        x = np.zeros([1 if k == axis % x.ndim else m for k, m in enumerate(x.shape)], x.dtype)
    return _transformed(np.fft.irfft, x, n, axis, norm)


def _fitted(x: Shape, y: Shape, axis: int) -> list[Shape]:
    at = _axis(y, axis)
    if len(x) != len(y) or any(a != b for k, (a, b) in enumerate(zip(x, y, strict=True)) if k != at):
        raise ValueError(f"expected arrays that differ along axis {at} alone, got shapes {x} and {y}")
    return [y]


def _weighted(x: Shape, n: int, axis: int, inverse: bool) -> list[Shape]:
    at = _axis(x, axis)
    if x[at] != n // 2 + 1:
        raise ValueError(f"expected {n // 2 + 1} numbers along axis {at} for a spectrum of {n} points, got shape {x}")
    return [x]


@host("fit_like", shape=_fitted)
def fit_like(x: Array, y: Array, axis: int) -> Array:
    """x cut to the length of y along the axis, or with zeros added at its end."""
    length = y.shape[axis]
    part = np.take(x, range(min(length, x.shape[axis])), axis)
    edges = [(0, 0)] * x.ndim
    edges[axis] = (0, length - part.shape[axis])
    return np.pad(part, edges)


@host("half_weight", shape=_weighted)
def half_weight(x: Array, n: int, axis: int, inverse: bool) -> Array:
    """Half a spectrum of n points, each number times (or over) how many of the whole it stands for: 1 or 2."""
    times = np.full(x.shape[axis], 2, x.real.dtype)
    times[0] = 1
    if n % 2 == 0:
        times[n // 2 :] = 1
    times = times.reshape([-1 if k == axis % x.ndim else 1 for k in range(x.ndim)])
    return x / times if inverse else x * times
