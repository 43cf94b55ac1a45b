"""Polynomials as vectors of coefficients, the highest power first, as NumPy's older functions have them."""

from __future__ import annotations

from typing import Any

import numpy as _np

from .._core import NDArray
from ..ops import F
from ._arranging import atleast_1d, beside
from ._convert import asarray
from ._creation import vander
from ._dtypes import floating, is_inexact
from ._numerics import convolve


def _coefficients(name: str, p: Any) -> NDArray:
    x = atleast_1d(asarray(p))
    if x.ndim != 1:
        raise ValueError(f"{name}: the coefficients must be a vector, got shape {x.shape}")
    return x


def polyval(p: Any, x: Any) -> NDArray:
    """The polynomial with coefficients p, highest power first, at the places x (Horner's rule).

    >>> float(polyval([1.0, 0.0, 2.0], 3.0))
    11.0
    """
    p, x = _coefficients("polyval", p), asarray(x)
    found = F.zeros_like(F.add(x, p[0])) if p.size else F.zeros_like(x)
    for k in range(p.size):
        found = F.add(F.multiply(found, x), p[k])
    return found


def _added(name: str, a1: Any, a2: Any, join: Any) -> NDArray:
    a = _coefficients(name, a1)
    b = _coefficients(name, beside(a, a2))
    n = max(a.size, b.size)
    return join(F.pad(a, (n - a.size,), (0,)), F.pad(b, (n - b.size,), (0,)))


def polyadd(a1: Any, a2: Any) -> NDArray:
    """The sum of two polynomials.

    >>> polyadd([1, 2], [3]).tolist()
    [1, 5]
    """
    return _added("polyadd", a1, a2, F.add)


def polysub(a1: Any, a2: Any) -> NDArray:
    """The difference of two polynomials.

    >>> polysub([1, 2], [3]).tolist()
    [1, -1]
    """
    return _added("polysub", a1, a2, F.subtract)


def polymul(a1: Any, a2: Any) -> NDArray:
    """The product of two polynomials.

    >>> polymul([1, 1], [1, -1]).tolist()
    [1, 0, -1]
    """
    return convolve(_coefficients("polymul", a1), _coefficients("polymul", a2))


def polydiv(u: Any, v: Any) -> tuple[NDArray, NDArray]:
    """The quotient of two polynomials and what remains.

    >>> [p.tolist() for p in polydiv([1.0, 0.0, -1.0], [1.0, 1.0])]
    [[1.0, -1.0], [0.0]]
    """
    u = floating(_coefficients("polydiv", u))
    v = floating(_coefficients("polydiv", beside(u, v)))
    if not v.size or not bool(F.not_equal(v[0], 0)):
        raise ValueError(f"polydiv: the divisor's first coefficient must not be 0, got {v.tolist()}")
    n, m = u.size, v.size
    if n < m:
        return F.multiply(u[:1], 0.0), u
    rest, found = u, []
    for k in range(n - m + 1):
        q = F.divide(rest[k], v[0])
        found.append(q)
        rest = F.subtract(rest, F.pad(F.multiply(v, q), (k,), (n - m - k,)))
    rest = rest[n - m + 1 :] if m > 1 else F.multiply(u[:1], 0.0)
    while rest.size > 1 and not bool(F.greater(F.abs(rest[0]), 1e-14)):
        rest = rest[1:]
    return F.stack(*found, axis=0), rest


def poly(seq_of_zeros: Any) -> NDArray:
    """The polynomial whose roots are these numbers, or the eigenvalues of this square matrix; its first coefficient
    is 1.

    >>> poly([1.0, 2.0]).tolist()
    [1.0, -3.0, 2.0]
    """
    z = floating(seq_of_zeros)
    if z.ndim == 2 and z.shape[0] == z.shape[1] and z.size:
        values = F.eigvals(z)
        made = poly(values)
        return made if z._dtype_name == values._dtype_name else F.real(made)
    if z.ndim != 1:
        raise ValueError(f"poly: expected a vector of roots or a square matrix, got shape {z.shape}")
    found = F.ones((1,), z._dtype_name, z._device)
    for k in range(z.size):
        found = F.subtract(F.pad(found, (0,), (1,)), F.multiply(F.pad(found, (1,), (0,)), z[k]))
    return found


def polyder(p: Any, m: int = 1) -> NDArray:
    """The m-th derivative of a polynomial.

    >>> polyder([1, 2, 3]).tolist()
    [2, 2]
    """
    p = _coefficients("polyder", p)
    if m < 0:
        raise ValueError(f"polyder: m must be at least 0, got {m}")
    for _ in range(m):
        n = p.size
        p = F.multiply(p[: max(n - 1, 0)], beside(p, _np.arange(n - 1, 0, -1), p._dtype_name))
    return p


def polyint(p: Any, m: int = 1) -> NDArray:
    """The m-th integral of a polynomial, with zeros as the constants.

    >>> polyint([2.0, 2.0]).tolist()
    [1.0, 2.0, 0.0]
    """
    p = floating(_coefficients("polyint", p))
    if m < 0:
        raise ValueError(f"polyint: m must be at least 0, got {m}")
    for _ in range(m):
        p = F.pad(F.divide(p, beside(p, _np.arange(p.size, 0, -1), p._dtype_name)), (0,), (1,))
    return p


def polyfit(
    x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None, cov: bool | str = False
) -> Any:
    """The coefficients of the polynomial of that degree that comes nearest to the points (least squares; w weighs the
    distances). y may have several columns. Differentiable.

    With full also the sums of squared distances, the rank of the scaled Vandermonde matrix, its singular values and
    rcond; with cov also the covariance of the coefficients, scaled by those sums unless cov is "unscaled".

    >>> [round(v, 4) for v in polyfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).tolist()]
    [2.0, 1.0]
    """
    x, y = floating(x), floating(y)
    if deg < 0 or x.ndim != 1 or y.ndim not in (1, 2) or y.shape[0] != x.shape[0] or not x.size:
        raise ValueError(f"polyfit: x must be a vector and y as long as it, got {x.shape}, {y.shape} and degree {deg}")
    left, right = vander(x, deg + 1), y if y.ndim == 2 else F.expand_dims(y, 1)
    if w is not None:
        weights = F.cast(w, x._dtype_name) if not is_inexact(asarray(w)) else asarray(w)
        left, right = (F.multiply(v, F.expand_dims(weights, 1)) for v in (left, right))
    scale = F.norm2(left, 0)
    left = F.divide(left, scale)
    inverse = F.pinv(left, float(rcond) if rcond is not None else None)
    scaled = F.matmul(inverse, right)
    found = F.divide(scaled, F.expand_dims(scale, 1))
    found = found if y.ndim == 2 else F.squeeze(found, 1)
    if not full and not cov:
        return found
    apart = F.sum(F.square(F.subtract(right, F.matmul(left, scaled))), 0)
    if full:
        sizes = F.svdvals(left)
        limit = float(rcond) if rcond is not None else x.size * float(_np.finfo(x._dtype_name).eps)
        rank = int(F.sum(F.cast(F.greater(sizes, F.multiply(F.max(sizes), limit)), "int64")).item())
        return found, apart if rank == deg + 1 < x.size else apart[:0], rank, sizes, limit
    if cov != "unscaled" and x.size <= deg + 1:
        raise ValueError(
            f"polyfit: expected more points than coefficients, to scale the covariance by what is left over, got "
            f"{x.size} points and degree {deg}; cov='unscaled' does without"
        )
    spread = F.divide(F.inv(F.matmul(F.transpose(left), left)), F.multiply(F.expand_dims(scale, 1), scale))
    spread = F.expand_dims(spread, 2) if y.ndim == 2 else spread
    return found, spread if cov == "unscaled" else F.multiply(spread, F.divide(apart, float(x.size - deg - 1)))


def roots(p: Any) -> NDArray:
    """The complex roots of a polynomial: the eigenvalues of its companion matrix.

    >>> sorted(round(v.real, 4) for v in roots([1.0, -3.0, 2.0]).tolist())
    [1.0, 2.0]
    """
    p = floating(_coefficients("roots", p))
    kept = _np.flatnonzero(p.asnumpy())
    if not kept.size:
        return F.zeros((0,), "complex64", p._device)
    zeros_at_0, p = p.size - 1 - int(kept[-1]), p[int(kept[0]) : int(kept[-1]) + 1]
    n = p.size - 1
    if n == 0:
        return F.zeros((zeros_at_0,), "complex64", p._device)
    shifted = F.eye(n, n, -1, p._dtype_name, p._device)
    top = F.expand_dims(F.negative(F.divide(p[1:], p[0])), 0)
    found = F.eigvals(F.add(shifted, F.pad(top, (0, 0), (n - 1, 0))))
    return F.pad(found, (0,), (zeros_at_0,))
