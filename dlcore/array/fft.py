"""Fourier transforms: `dlcore.np.fft`, the array-API standard's extension.

float32 gives complex64 and float64 complex128; whole numbers and 16-bit floats count as float32. All but the
frequencies are differentiable to any order. The transform itself is NumPy's, on the processor. `norm` says which
direction is scaled: "backward" (the inverse by 1 / n), "forward" (this one), or "ortho" (both by the root of it).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import _answers, _core
from .._core import NDArray
from ..ops import F
from ..ops._host import run_lines as _run_lines
from ._arranging import roll as _roll
from ._convert import array, asarray
from ._numpy_calls import again as _again
from .context import Context

Axes = Sequence[int] | int | None


def _other(norm: str) -> str:
    """The norm that scales the other direction."""
    return {"backward": "forward", "forward": "backward"}.get(norm or "backward", norm)


def _length(name: str, x: NDArray, n: int | None, axis: int) -> int:
    if n is not None:
        return n
    if not -x.ndim <= axis < x.ndim:
        raise IndexError(f"{name}: axis {axis} is out of range for an array of {x.ndim} dimensions")
    return x.shape[axis]


def _doubled(name: str, x: NDArray, n: int | None, axis: int) -> int:
    return 2 * (_length(name, x, None, axis) - 1) if n is None else n


NORMS = ("backward", "ortho", "forward")
_LARGE = 1 << 16  # numbers from which on a second array counts
_COMPLEX = {"float32": "complex64", "float64": "complex128"}


def _by_lines(x: NDArray, axis: int) -> bool:
    """Whether lines are transformed where they will be: in large arrays, where nothing follows what is done."""
    known = x._device.startswith("cpu") and not (_core.is_tracing() or _core.is_recording())
    return known and x.size > _LARGE and -x.ndim <= axis < x.ndim


def _whole(name: str, x: NDArray, n: int, axis: int, norm: str) -> NDArray:
    """`fft` or `ifft`; large arrays of real numbers become complex some lines at a time."""
    if x._dtype_name not in _COMPLEX or not _by_lines(x, axis) or n < 1 or norm not in NORMS:
        return getattr(F, name)(x, n, axis, norm)
    shape = tuple(n if k == axis % x.ndim else size for k, size in enumerate(x.shape))
    made = _core.empty(shape, _COMPLEX[x._dtype_name], x._device)
    _run_lines(name, x._numpy_view(), made._numpy_view(), n=n, axis=axis, norm=norm)
    return made


def fft(x: Any, /, n: int | None = None, axis: int = -1, norm: str = "backward") -> NDArray:
    """The discrete Fourier transform of n points (all, if None) along an axis; x is cut or filled up with zeros.

    The result is complex and has n numbers along the axis. Raises IndexError for an axis that x does not have and
    ValueError for n below 1 or an unknown norm.

    >>> fft([1.0, 2.0]).tolist()
    [(3+0j), (-1+0j)]
    """
    x = asarray(x)
    return _whole("fft", x, _length("fft", x, n, axis), axis, norm or "backward")


def ifft(x: Any, /, n: int | None = None, axis: int = -1, norm: str = "backward") -> NDArray:
    """The inverse of `fft`, with its arguments and errors.

    >>> ifft([3.0, -1.0]).tolist()
    [(1+0j), (2+0j)]
    """
    x = asarray(x)
    return _whole("ifft", x, _length("ifft", x, n, axis), axis, norm or "backward")


def rfft(x: Any, /, n: int | None = None, axis: int = -1, norm: str = "backward") -> NDArray:
    """The first n // 2 + 1 numbers of the transform of n real points; the others are their conjugates.

    Raises TypeError for complex numbers, otherwise as `fft`.

    >>> rfft([1.0, 2.0, 3.0]).shape
    (2,)
    """
    x = asarray(x)
    return F.rfft(x, _length("rfft", x, n, axis), axis, norm or "backward")


def irfft(x: Any, /, n: int | None = None, axis: int = -1, norm: str = "backward") -> NDArray:
    """The inverse of `rfft`: n real points, 2 * (m - 1) of m numbers if None. An odd n must be given.

    >>> irfft([3.0, -1.0]).tolist()
    [1.0, 2.0]
    """
    x = asarray(x)
    return F.irfft(x, _doubled("irfft", x, n, axis), axis, norm or "backward")


def hfft(x: Any, /, n: int | None = None, axis: int = -1, norm: str = "backward") -> NDArray:
    """The transform, which is real, of n points of which x is the first half and the rest its mirrored conjugate.

    >>> hfft([1.0, 2.0]).tolist()
    [3.0, -1.0]
    """
    x = asarray(x)
    return F.irfft(F.conj(x), _doubled("hfft", x, n, axis), axis, _other(norm))


def ihfft(x: Any, /, n: int | None = None, axis: int = -1, norm: str = "backward") -> NDArray:
    """The inverse of `hfft`: the first n // 2 + 1 numbers. Raises TypeError for complex numbers.

    >>> ihfft([3.0, -1.0]).tolist()
    [(1-0j), (2-0j)]
    """
    x = asarray(x)
    return F.conj(F.rfft(x, _length("ihfft", x, n, axis), axis, _other(norm)))


def _plan(name: str, x: NDArray, s: Sequence[int] | None, axes: Axes) -> list[tuple[int, int | None]]:
    """The axes to transform with the number of points along each, None for all that are there."""
    if axes is None:
        count = x.ndim if s is None else len(s)
        if count > x.ndim:
            raise ValueError(f"{name}: s names {count} axes, the array has shape {x.shape}")
        axes = range(x.ndim - count, x.ndim)
    chosen = [axes] if isinstance(axes, int) else list(axes)
    if s is not None and len(s) != len(chosen):
        raise ValueError(f"{name}: s {tuple(s)} and axes {tuple(chosen)} must be equally many")
    points = [None] * len(chosen) if s is None else [None if n == -1 else n for n in s]
    return list(zip(chosen, points, strict=True))


def _along_all(
    transform: Callable[..., NDArray], x: NDArray, plan: list[tuple[int, int | None]], norm: str, own: bool = False
) -> NDArray:
    """The transform along each axis, from the last one; in the place of what was made before (x too, if it is `own`),
    where nothing follows what is done."""
    for axis, n in reversed(plan):
        if own and _by_lines(x, axis) and n in (None, x.shape[axis]) and (norm or NORMS[0]) in NORMS:
            over = x._numpy_view()
            _run_lines(transform.__name__, over, over, n=x.shape[axis], axis=axis, norm=norm or NORMS[0])
        else:
            x, own = transform(x, n, axis, norm), True
    return x


def _as_complex(x: NDArray) -> NDArray:
    return F.cast(x, "complex128" if x.dtype in (np.float64, np.complex128) else "complex64")


def fftn(x: Any, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str = "backward") -> NDArray:
    """`fft` along several axes (all, if None; the last ones, if s has fewer), with s points along them.

    >>> fftn([[1.0, 2.0], [3.0, 4.0]]).tolist()
    [[(10+0j), (-2+0j)], [(-4+0j), 0j]]
    """
    x = asarray(x)
    plan = _plan("fftn", x, s, axes)
    return _along_all(fft, x, plan, norm) if plan else _as_complex(x)


def ifftn(x: Any, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str = "backward") -> NDArray:
    """The inverse of `fftn`.

    >>> ifftn([[10.0, -2.0], [-4.0, 0.0]]).tolist()
    [[(1+0j), (2+0j)], [(3+0j), (4+0j)]]
    """
    x = asarray(x)
    plan = _plan("ifftn", x, s, axes)
    return _along_all(ifft, x, plan, norm) if plan else _as_complex(x)


def rfftn(x: Any, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str = "backward") -> NDArray:
    """`rfft` along the last of the axes, then `fft` along the others.

    >>> rfftn([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    x = asarray(x)
    plan = _plan("rfftn", x, s, axes)
    if not plan:
        raise ValueError("rfftn: at least one axis must be transformed")
    axis, n = plan[-1]
    return _along_all(fft, rfft(x, n, axis, norm), plan[:-1], norm, own=True)


def irfftn(x: Any, /, s: Sequence[int] | None = None, axes: Axes = None, norm: str = "backward") -> NDArray:
    """The inverse of `rfftn`; the last of s must be given where it is odd.

    >>> irfftn(rfftn([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    x = asarray(x)
    plan = _plan("irfftn", x, s, axes)
    if not plan:
        raise ValueError("irfftn: at least one axis must be transformed")
    axis, n = plan[-1]
    return irfft(_along_all(ifft, x, plan[:-1], norm), n, axis, norm)


def fft2(x: Any, /, s: Sequence[int] | None = None, axes: Axes = (-2, -1), norm: str = "backward") -> NDArray:
    """`fftn` of the last two axes.

    >>> fft2([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    return fftn(x, s, axes, norm)


def ifft2(x: Any, /, s: Sequence[int] | None = None, axes: Axes = (-2, -1), norm: str = "backward") -> NDArray:
    """`ifftn` of the last two axes.

    >>> ifft2([[1.0, 2.0], [3.0, 4.0]]).shape
    (2, 2)
    """
    return ifftn(x, s, axes, norm)


def rfft2(x: Any, /, s: Sequence[int] | None = None, axes: Axes = (-2, -1), norm: str = "backward") -> NDArray:
    """`rfftn` of the last two axes.

    >>> rfft2([[1.0, 2.0, 3.0]]).shape
    (1, 2)
    """
    return rfftn(x, s, axes, norm)


def irfft2(x: Any, /, s: Sequence[int] | None = None, axes: Axes = (-2, -1), norm: str = "backward") -> NDArray:
    """`irfftn` of the last two axes.

    >>> irfft2([[3.0, -1.0]]).tolist()
    [[1.0, 2.0]]
    """
    return irfftn(x, s, axes, norm)


def fftfreq(
    n: int, /, d: float = 1.0, *, dtype: Any = None, device: Context | str | None = None, ctx: Any = None
) -> NDArray:
    """The frequencies, in cycles per unit of the sample spacing d, of the n numbers of `fft`; float32 without a dtype.

    >>> fftfreq(4).tolist()
    [0.0, 0.25, -0.5, -0.25]
    """
    return array(np.fft.fftfreq(_count("fftfreq", n, d), d), _real_dtype("fftfreq", dtype), ctx, device)


def rfftfreq(
    n: int, /, d: float = 1.0, *, dtype: Any = None, device: Context | str | None = None, ctx: Any = None
) -> NDArray:
    """The frequencies of the n // 2 + 1 numbers of `rfft`.

    >>> rfftfreq(4).tolist()
    [0.0, 0.25, 0.5]
    """
    return array(np.fft.rfftfreq(_count("rfftfreq", n, d), d), _real_dtype("rfftfreq", dtype), ctx, device)


def _count(name: str, n: int, d: float) -> int:
    if n < 1:
        raise ValueError(f"{name}: n must be at least 1, got {n}")
    if not d:
        raise ValueError(f"{name}: the spacing d must not be 0")
    return n


def _real_dtype(name: str, dtype: Any) -> Any:
    if dtype is None:
        return "float32"
    if str(dtype) != "bfloat16" and np.dtype(dtype).kind != "f":
        raise TypeError(f"{name}: dtype must be a real floating-point one, got {dtype}")
    return dtype


def _shift(x: Any, axes: Axes, back: bool) -> NDArray:
    x = asarray(x)
    chosen = range(x.ndim) if axes is None else [axes] if isinstance(axes, int) else list(axes)
    for axis in chosen:
        n = _length("ifftshift" if back else "fftshift", x, None, axis)
        x = _roll(x, -(n // 2) if back else n // 2, axis)
    return x


def fftshift(x: Any, /, axes: Axes = None) -> NDArray:
    """The frequency 0 moved to the middle of the axes (all, if None).

    >>> fftshift([0.0, 1.0, -2.0, -1.0]).tolist()
    [-2.0, -1.0, 0.0, 1.0]
    """
    return _shift(x, axes, back=False)


def ifftshift(x: Any, /, axes: Axes = None) -> NDArray:
    """The inverse of `fftshift`.

    >>> ifftshift([-2.0, -1.0, 0.0, 1.0]).tolist()
    [0.0, 1.0, -2.0, -1.0]
    """
    return _shift(x, axes, back=True)


__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft",
    "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip

_answers.answer(__name__, __all__, _again, "fft.")
