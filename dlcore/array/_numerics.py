"""Differences, integrals, interpolation, filters, windows and polynomials, as NumPy has them."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._arranging import beside, place
from ._convert import asarray
from ._dtypes import floating, is_kind


def _part(x: NDArray, axis: int, start: int, size: int) -> NDArray:
    begin, sizes = [0] * x.ndim, list(x.shape)
    begin[axis], sizes[axis] = start, max(size, 0)
    return F.slice(x, begin, sizes)


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> NDArray:
    """Differences of neighbours along the axis, n times; `prepend` and `append` are joined to the ends before.

    >>> diff([1, 4, 9]).tolist()
    [3, 5]
    """
    a = asarray(a)
    if n < 0:
        raise ValueError(f"diff: n must be at least 0, got {n}")
    axis = place("diff", a, axis)
    ends: list[NDArray | None] = []
    for end in (prepend, append):
        if end is not None:
            end = beside(a, end)
            ends.append(
                end if end.ndim else F.broadcast_to(end, [1 if k == axis else m for k, m in enumerate(a.shape)])
            )
        else:
            ends.append(None)
    parts = [p for p in (ends[0], a, ends[1]) if p is not None]
    a = F.concat(*parts, axis=axis) if len(parts) > 1 else a
    minus = F.not_equal if a._dtype_name == "bool" else F.subtract
    for _ in range(n):
        length = a.shape[axis]
        a = minus(_part(a, axis, min(1, length), length - 1), _part(a, axis, 0, length - 1))
    return a


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> NDArray:
    """Differences of neighbours in the flattened array, with other numbers put before and after them.

    >>> ediff1d([1, 4, 9]).tolist()
    [3, 5]
    """
    found = diff(F.reshape(ary, (asarray(ary).size,)))
    ends = [None if e is None else F.reshape(beside(found, e, found._dtype_name), (-1,)) for e in (to_begin, to_end)]
    return F.concat(*[p for p in (ends[0], found, ends[1]) if p is not None], axis=0)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """The slope of sampled numbers: central differences inside, one-sided ones (of order 1 or 2) at the ends.

    varargs: one distance for all axes, one for each, or the coordinates along each. One array, or a list of them where
    there are several axes.

    >>> gradient([1.0, 4.0, 9.0]).tolist()
    [3.0, 4.0, 5.0]
    """
    f = floating(f)
    axes = list(range(f.ndim)) if axis is None else [axis] if isinstance(axis, int) else list(axis)
    axes = [place("gradient", f, k) for k in axes]
    if len(varargs) not in (0, 1, len(axes)):
        raise ValueError(f"gradient: {len(varargs)} distances for {len(axes)} axes")
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    given = list(varargs) * len(axes) if len(varargs) == 1 else list(varargs) or [1.0] * len(axes)
    out = [_slope(f, k, h, edge_order) for k, h in zip(axes, given, strict=True)]
    return out[0] if len(out) == 1 else out


def _slope(f: NDArray, axis: int, spacing: Any, order: int) -> NDArray:
    n = f.shape[axis]
    if n <= order:
        raise ValueError(f"gradient: axis {axis} of shape {f.shape} needs at least {order + 1} numbers")
    at = _np.asarray(spacing.asnumpy() if isinstance(spacing, NDArray) else spacing, _np.float64)
    if at.ndim and at.shape != (n,):
        raise ValueError(f"gradient: coordinates of shape {at.shape} do not fit axis {axis} of shape {f.shape}")
    h = _np.diff(at) if at.ndim else _np.full(n - 1, float(at))
    left, right = h[:-1], h[1:]
    column = [-1 if k == axis else 1 for k in range(f.ndim)]

    def weighted(weights: Any, start: int) -> NDArray:
        return F.multiply(
            _part(f, axis, start, len(weights)), F.reshape(beside(f, weights.astype(str(f.dtype))), column)
        )

    if at.ndim:
        inner = F.add(weighted(-right / (left * (left + right)), 0), weighted(left / (right * (left + right)), 2))
        inner = F.add(inner, weighted((right - left) / (left * right), 1))
    else:  # the middle one has no weight
        inner = F.multiply(F.subtract(_part(f, axis, 2, n - 2), _part(f, axis, 0, n - 2)), 0.5 / float(at))
    ends = []
    for steps, first, sign in ((h[:2], 0, 1.0), (h[::-1][:2], n - 1, -1.0)):
        a = steps[0]
        if order == 1:
            weights = _np.array([-1 / a, 1 / a])
        else:
            b = steps[1]
            weights = _np.array([-(2 * a + b) / (a * (a + b)), (a + b) / (a * b), -a / (b * (a + b))])
        total = None
        for k, w in enumerate(weights):
            term = F.multiply(_part(f, axis, first + k if sign > 0 else first - k, 1), float(sign * w))
            total = term if total is None else F.add(total, term)
        ends.append(total)
    return F.concat(ends[0], inner, ends[1], axis=axis)


def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> NDArray:
    """The integral of samples by trapezoids: at the places x, or at the distance dx.

    >>> float(trapezoid([1.0, 2.0, 3.0]))
    4.0
    """
    y = floating(y)
    axis = place("trapezoid", y, axis)
    n = y.shape[axis]
    middle = F.add(_part(y, axis, min(1, n), n - 1), _part(y, axis, 0, n - 1))
    if x is None:
        return F.multiply(F.sum(middle, axis), dx / 2)
    x = asarray(x)
    width = F.reshape(diff(x), [-1 if k == axis else 1 for k in range(y.ndim)]) if x.ndim == 1 else diff(x, axis=axis)
    return F.multiply(F.sum(F.multiply(middle, width), axis), 0.5)


def _wound(x: Any, xp: Any, fp: Any, period: float) -> tuple[Any, NDArray, NDArray]:
    """Places within a period, and the points in order, the last before the first and the first behind the last."""
    if not period:
        raise ValueError("interp: period must not be 0")
    period = abs(period)
    x, xp = F.remainder(asarray(x), period), F.remainder(xp, period)
    order = F.argsort(xp)
    xp, fp = F.take(xp, order, 0), F.take(fp, order, 0)
    xp = F.concat(F.subtract(xp[-1:], period), xp, F.add(xp[:1], period), axis=0)
    return x, xp, F.concat(fp[-1:], fp, fp[:1], axis=0)


def interp(
    x: Any,
    xp: Any,
    fp: Any,
    left: float | None = None,
    right: float | None = None,
    period: float | None = None,
) -> NDArray:
    """The line through the points (xp, fp), xp rising, at the places x; left and right of them `left` and `right` (the
    first and last of fp, if None). Differentiable in x and fp. With a period the points repeat, in any order.

    >>> float(interp(1.5, [1.0, 2.0], [10.0, 20.0]))
    15.0
    """
    xp, fp = floating(xp), floating(fp)
    x = beside(xp, x, xp.dtype) if isinstance(x, (int, float)) else floating(beside(xp, x))
    if xp.ndim != 1 or xp.shape != fp.shape or not xp.size:
        raise ValueError(f"interp: xp and fp must be vectors of one length, got shapes {xp.shape} and {fp.shape}")
    if period is not None:
        x, xp, fp = _wound(x, xp, fp, period)
        left = right = None
    if _core.is_tracing() or _core.is_recording() or x.size <= _LARGE:
        return _on_line(x, xp, fp, left, right)
    line, made, some = F.reshape(x, (-1,)), None, max(_LARGE // 8, x.size // 160)
    for i in range(0, x.size, some):  # what is made on the way is small beside the result
        part = _on_line(line[i : i + some], xp, fp, left, right)
        if made is None:
            made = _core.empty((x.size,), part._dtype_name, part._device)
        _core.assign(made[i : i + some], part)
    return F.reshape(made, x.shape)


_LARGE = 1 << 15  # places from which on `interp` finds some at a time, where nothing follows what is done


def _on_line(x: NDArray, xp: NDArray, fp: NDArray, left: float | None, right: float | None) -> NDArray:
    """What `interp` says, of points in order."""
    n = xp.shape[0]
    if n == 1:
        inside = F.broadcast_to(fp, (x.size,)) if x.size else F.zeros((0,), fp._dtype_name, fp._device)
        found = F.reshape(inside, x.shape)
    else:
        low = F.clip(F.subtract(F._searchsorted(xp, x, True), 1), 0, n - 2)
        x0, x1, y0, y1 = (F.take(v, F.add(low, k), 0) for v in (xp, fp) for k in (0, 1))
        span = F.subtract(x1, x0)
        share = F.divide(F.subtract(x, x0), F.where(F.equal(span, 0), 1.0, span))
        found = F.add(y0, F.multiply(F.subtract(y1, y0), share))
    found = F.where(F.less(x, xp[0]), fp[0] if left is None else left, found)
    found = F.where(F.greater(x, xp[-1]), fp[-1] if right is None else right, found)
    return F.where(F.isnan(x), x, found)


def convolve(a: Any, v: Any, mode: str = "full") -> NDArray:
    """The discrete convolution of two vectors: all of it ("full"), of the longer one's length ("same"), or where they
    overlap wholly ("valid").

    >>> convolve([1.0, 2.0], [1.0, 3.0]).tolist()
    [1.0, 5.0, 6.0]
    """
    a, v = asarray(a), asarray(v)
    if a.ndim > 1 or v.ndim > 1 or not a.size or not v.size:
        raise ValueError(f"convolve: expected two vectors that are not empty, got shapes {a.shape} and {v.shape}")
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"convolve: mode must be 'full', 'same' or 'valid', got {mode!r}")
    a, v = F.reshape(a, (-1,)), F.reshape(v, (-1,))
    if v.size > a.size:
        a, v = v, a
    n, m = a.size, v.size
    wide = F.pad(a, (m - 1,), (m - 1,))
    places = _np.arange(n + m - 1)[:, None] + _np.arange(m)[::-1][None, :]
    full = F.matmul(F.take(wide, beside(a, places), 0), F.expand_dims(v, 1))[:, 0]
    if mode == "full":
        return full
    return full[(m - 1) // 2 : (m - 1) // 2 + n] if mode == "same" else full[m - 1 : n]


def correlate(a: Any, v: Any, mode: str = "valid") -> NDArray:
    """The sums of a's numbers times v's shifted along it: convolution with v reversed (and conjugated).

    >>> correlate([1.0, 2.0, 3.0], [0.0, 1.0]).tolist()
    [2.0, 3.0]
    """
    a, v = asarray(a), asarray(v)
    if v.size > a.size and a.ndim == v.ndim == 1:
        return F.flip(convolve(F.flip(a, 0), _conjugate(v), mode), 0)
    return convolve(a, F.flip(_conjugate(v), 0) if v.ndim else v, mode)


def _conjugate(x: NDArray) -> NDArray:
    return F.conj(x) if is_kind(x, "complex floating") else x


def _window(name: str, M: int, values: Any, dtype: Any) -> NDArray:
    if not isinstance(M, (int, _np.integer)):
        raise TypeError(f"{name}: the length must be a whole number, got {M!r}")
    if M < 2:
        return F.ones((max(int(M), 0),), dtype)
    return asarray(values(2 * pi * _np.arange(M) / (M - 1)), dtype)


def hanning(M: int, dtype: Any = "float32") -> NDArray:
    """The Hann window of M numbers: 0.5 - 0.5 cos.

    >>> hanning(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _window("hanning", M, lambda t: 0.5 - 0.5 * _np.cos(t), dtype)


def hamming(M: int, dtype: Any = "float32") -> NDArray:
    """The Hamming window of M numbers: 0.54 - 0.46 cos.

    >>> hamming(1).tolist()
    [1.0]
    """
    return _window("hamming", M, lambda t: 0.54 - 0.46 * _np.cos(t), dtype)


def blackman(M: int, dtype: Any = "float32") -> NDArray:
    """The Blackman window of M numbers: 0.42 - 0.5 cos t + 0.08 cos 2t.

    >>> blackman(1).tolist()
    [1.0]
    """
    return _window("blackman", M, lambda t: 0.42 - 0.5 * _np.cos(t) + 0.08 * _np.cos(2 * t), dtype)


def bartlett(M: int, dtype: Any = "float32") -> NDArray:
    """The triangular window of M numbers, 0 at both ends.

    >>> bartlett(3).tolist()
    [0.0, 1.0, 0.0]
    """
    return _window("bartlett", M, lambda t: 1 - _np.abs(t / pi - 1), dtype)


def kaiser(M: int, beta: float, dtype: Any = "float32") -> NDArray:
    """The Kaiser window of M numbers; the larger beta, the narrower.

    >>> kaiser(1, 5.0).tolist()
    [1.0]
    """
    return _window("kaiser", M, lambda t: _np.kaiser(M, beta), dtype)


def unwrap(p: Any, discont: float | None = None, axis: int = -1, *, period: float = 2 * pi) -> NDArray:
    """Angles along the axis with whole periods added, so that neighbours differ by at most half a period.

    >>> [round(v, 4) for v in unwrap([0.0, 3.5, 7.0], period=4.0).tolist()]
    [0.0, -0.5, -1.0]
    """
    p = floating(p)
    axis = place("unwrap", p, axis)
    n = p.shape[axis]
    if n < 2:
        return F.copy(p)
    limit = period / 2 if discont is None else max(discont, period / 2)
    step = diff(p, axis=axis)
    folded = F.subtract(F.remainder(F.add(step, period / 2), period), period / 2)
    edge = F.logical_and(F.equal(folded, -period / 2), F.greater(step, 0))
    folded = F.where(edge, period / 2, folded)
    shift = F.where(F.less(F.abs(step), limit), 0.0, F.subtract(folded, step))
    later = F.add(_part(p, axis, 1, n - 1), F.cumsum(shift, axis))
    return F.concat(_part(p, axis, 0, 1), later, axis=axis)


def i0(x: Any) -> NDArray:
    """The modified Bessel function of the first kind of order 0. No gradient: RuntimeError for a recorded array.

    >>> float(i0(0.0))
    1.0
    """
    x = floating(x)
    if is_kind(x, "complex floating"):
        raise TypeError(f"i0: expected real numbers, got {x.dtype}")
    if _core.is_recording() and x._tracked:
        raise RuntimeError(f"i0: the result for shape {x.shape} has no gradient; call it under autograd.pause()")
    return beside(x, _np.i0(x.asnumpy().astype(_np.float64)), x._dtype_name)


def sinc(x: Any) -> NDArray:
    """sin(pi x) / (pi x), and 1 at 0.

    >>> float(sinc(0.0))
    1.0
    """
    x = floating(x)
    kind = x._dtype_name
    x = F.cast(x, "float32") if kind in ("float16", "bfloat16") else x  # pi x must not be rounded to 16 bits
    zero = F.equal(x, 0)
    t = F.multiply(F.where(zero, 1.0, x), pi)
    found = F.where(zero, 1.0, F.divide(F.sin(t), t))
    return found if found._dtype_name == kind else F.cast(found, kind)
