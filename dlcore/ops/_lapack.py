"""The factorisations of `linalg`: LAPACK through NumPy. All take any number of leading axes; shapes may hold zeros.

Symmetric (Hermitian) factorisations work on (a + a^H) / 2, so that their gradients are those of a function of all
numbers of a, as in JAX. Triangular systems are halved until a block is small, the rest is matrix products.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ._host import Shape, host, host_dtype

Array = np.ndarray[Any, Any]
_BLOCK = 64  # below this a triangular system is given to LAPACK as a general one


def _matrix(a: Shape) -> Shape:
    if len(a) < 2:
        raise ValueError(f"expected matrices (2 or more axes), got shape {a}")
    return a


def _square(a: Shape, **_: Any) -> list[Shape]:
    if len(_matrix(a)) < 2 or a[-1] != a[-2]:
        raise ValueError(f"expected square matrices (the last two axes equally long), got shape {a}")
    return [a]


def _lead(a: Shape, *tails: Shape) -> list[Shape]:
    return [(*a[:-2], *tail) for tail in tails]


def _real(name: str) -> str:
    return {"complex64": "float32", "complex128": "float64"}.get(name, name)


host_dtype("real_of", lambda t: [_real(t)])
host_dtype("eigh", lambda t: [_real(t), t])
host_dtype("slogdet", lambda t: [t, _real(t)])
host_dtype("svd", lambda t: [t, _real(t), t])


def _finite(a: Array) -> None:
    """LAPACK may never come back from the singular values of other numbers."""
    if not np.isfinite(a).all():
        raise np.linalg.LinAlgError("expected finite numbers, got NaN or an infinity")


def _svd(a: Array, **how: Any) -> Any:
    _finite(a)
    return np.linalg.svd(a, **how)


def _hermitian(a: Array) -> Array:
    return (a + np.conj(np.swapaxes(a, -1, -2))) / 2


@host("cholesky", shape=_square)
def cholesky(a: Array) -> Array:
    return np.linalg.cholesky(_hermitian(a))


@host("inv", shape=_square)
def inv(a: Array) -> Array:
    return np.linalg.inv(a)


@host("det", shape=lambda a: [_square(a)[0][:-2]])
def det(a: Array) -> Array:
    return np.asarray(np.linalg.det(a))


@host("slogdet", shape=lambda a: [_square(a)[0][:-2]] * 2)
def slogdet(a: Array) -> tuple[Array, Array]:
    sign, size = np.linalg.slogdet(a)
    return np.asarray(sign), np.asarray(size)


@host("cofactor", shape=_square)
def cofactor(a: Array) -> Array:
    """det(a) a^-H without dividing: the product of all singular values but one stands where 1/s would."""
    u, s, vh = _svd(a)
    n = s.shape[-1]
    others = np.stack([np.prod(np.delete(s, k, -1), -1) for k in range(n)], -1) if n else s
    turn = np.conj(np.linalg.det(u) * np.linalg.det(vh))
    return turn[..., None, None] * ((u * others[..., None, :]) @ vh)


def _solve_shape(a: Shape, b: Shape) -> list[Shape]:
    _square(a)
    if a[-1] != _matrix(b)[-2]:
        raise ValueError(f"a of shape {a} needs right-hand sides of {a[-1]} rows, got shape {b}")
    try:
        return [(*np.broadcast_shapes(a[:-2], b[:-2]), *b[-2:])]
    except ValueError:
        raise ValueError(f"the leading axes of {a} and {b} cannot be broadcast together") from None


@host("solve", shape=_solve_shape)
def solve(a: Array, b: Array) -> Array:
    return np.linalg.solve(a, b)


def _triangular(a: Array, b: Array, lower: bool) -> Array:
    n = a.shape[-1]
    if n <= _BLOCK:
        return np.linalg.solve(a, b)
    k = n // 2
    first, second = (slice(0, k), slice(k, n)) if lower else (slice(k, n), slice(0, k))
    x = _triangular(a[..., first, first], b[..., first, :], lower)
    y = _triangular(a[..., second, second], b[..., second, :] - a[..., second, first] @ x, lower)
    return np.concatenate((x, y) if lower else (y, x), axis=-2)


@host("solve_lower", shape=_solve_shape)
def solve_lower(a: Array, b: Array) -> Array:
    return _triangular(np.tril(a), b, True)


@host("solve_upper", shape=_solve_shape)
def solve_upper(a: Array, b: Array) -> Array:
    return _triangular(np.triu(a), b, False)


def _qr_shape(a: Shape) -> list[Shape]:
    m, n = _matrix(a)[-2:]
    if m < n:
        raise ValueError(f"expected matrices with at least as many rows as columns, got shape {a}")
    return _lead(a, (m, n), (n, n))


@host("qr", shape=_qr_shape)
def qr(a: Array) -> tuple[Array, Array]:
    q, r = np.linalg.qr(a)
    return q, r


def _qr_complete_shape(a: Shape) -> list[Shape]:
    m, n = _matrix(a)[-2:]
    return _lead(a, (m, m), (m, n))


@host("qr_complete", shape=_qr_complete_shape)
def qr_complete(a: Array) -> tuple[Array, Array]:
    q, r = np.linalg.qr(a, mode="complete")
    return q, r


def _svd_shape(a: Shape) -> list[Shape]:
    m, n = _matrix(a)[-2:]
    k = min(m, n)
    return _lead(a, (m, k), (k,), (k, n))


@host("svd", shape=_svd_shape)
def svd(a: Array) -> tuple[Array, Array, Array]:
    u, s, vh = _svd(a, full_matrices=False)
    return u, s, vh


def _svd_full_shape(a: Shape) -> list[Shape]:
    m, n = _matrix(a)[-2:]
    return _lead(a, (m, m), (min(m, n),), (n, n))


@host("svd_full", shape=_svd_full_shape)
def svd_full(a: Array) -> tuple[Array, Array, Array]:
    u, s, vh = _svd(a, full_matrices=True)
    return u, s, vh


@host("svdvals", shape=lambda a: _lead(a, (min(_matrix(a)[-2:]),)))
def svdvals(a: Array) -> Array:
    return np.asarray(_svd(a, compute_uv=False))


@host("pinv", shape=lambda a, rtol: _lead(a, _matrix(a)[:-3:-1]))
def pinv(a: Array, rtol: float | None) -> Array:
    if rtol is None:
        rtol = max(a.shape[-2:]) * float(np.finfo(a.dtype).eps)
    _finite(a)
    return np.asarray(np.linalg.pinv(a, rtol))


@host("eigh", shape=lambda a: _lead(_square(a)[0], a[-1:], a[-2:]))
def eigh(a: Array) -> tuple[Array, Array]:
    w, v = np.linalg.eigh(_hermitian(a))
    return w, v


@host("eigvalsh", shape=lambda a: _lead(_square(a)[0], a[-1:]))
def eigvalsh(a: Array) -> Array:
    return np.linalg.eigvalsh(_hermitian(a))


@host("eig", shape=lambda a: _lead(_square(a)[0], a[-1:], a[-2:]))
def eig(a: Array) -> tuple[Array, Array]:
    w, v = np.linalg.eig(np.asarray(a, np.result_type(a, np.complex64)))  # real input has another order in LAPACK
    return w, v


@host("eigvals", shape=lambda a: _lead(_square(a)[0], a[-1:]))
def eigvals(a: Array) -> Array:
    return np.asarray(np.linalg.eigvals(np.asarray(a, np.result_type(a, np.complex64))))
