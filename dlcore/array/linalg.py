"""Linear algebra. `norm` is differentiable and runs on every device; the decompositions run in NumPy (LAPACK) on the
processor and have no gradient yet: asking for one is an error, not a wrong zero."""

from __future__ import annotations

from typing import Any

import numpy as _np

from .. import _core
from .._core import NDArray
from ..ops import F
from ._convert import asarray
from ._products import matmul

Axes = int | tuple[int, ...] | None


def norm(x: Any, ord: float | str | None = None, axis: Axes = None, keepdims: bool = False) -> NDArray:
    """Length of vectors: ord 2 (or None) the root of the sum of squares, 1 the sum of sizes, inf the largest size.

    >>> float(norm([3.0, 4.0]))
    5.0
    """
    x = asarray(x)
    if ord in (None, 2, "fro"):
        return F.sqrt(F.sum(F.square(x), axis, keepdims))
    if ord == 1:
        return F.sum(F.abs(x), axis, keepdims)
    if ord == float("inf"):
        return F.max(F.abs(x), axis, keepdims)
    if ord == float("-inf"):
        return F.min(F.abs(x), axis, keepdims)
    if not isinstance(ord, (int, float)) or ord <= 0:
        raise ValueError(f"norm: ord must be a positive number, inf, -inf or None, got {ord!r}")
    return F.power(F.sum(F.power(F.abs(x), ord), axis, keepdims), 1.0 / ord)


def _host(name: str, *arrays: Any, **options: Any) -> Any:
    """Runs numpy.linalg.<name> on copies and brings the results back."""
    given = [asarray(a) for a in arrays]
    if _core.is_recording() and any(a._tracked for a in given):
        raise RuntimeError(f"linalg.{name} has no gradient yet; call it under autograd.pause() or on x.detach()")
    kinds = [a.asnumpy() for a in given]
    kinds = [k.astype(_np.float32) if k.dtype.name in ("float16", "bfloat16") else k for k in kinds]
    try:
        result = getattr(_np.linalg, name)(*kinds, **options)
    except _np.linalg.LinAlgError as error:
        raise ValueError(f"linalg.{name}: {error} (shape {given[0].shape})") from None
    wide = any(a._dtype_name == "float64" for a in given)

    def back(value: Any) -> NDArray:
        value = _np.asarray(value)
        kind = "float32" if value.dtype == _np.float64 and not wide else None
        return asarray(value if kind is None else value.astype(kind))

    return tuple(back(r) for r in result) if isinstance(result, tuple) else back(result)


def inv(a: Any) -> NDArray:
    """The inverse of square matrices; ValueError if one is singular.

    >>> inv([[2.0]]).tolist()
    [[0.5]]
    """
    return _host("inv", a)


def det(a: Any) -> NDArray:
    """The determinant of square matrices.

    >>> float(det([[2.0, 0.0], [0.0, 3.0]]))
    6.0
    """
    return _host("det", a)


def slogdet(a: Any) -> tuple[NDArray, NDArray]:
    """The sign of the determinant and the logarithm of its size.

    >>> float(slogdet([[2.0]])[0])
    1.0
    """
    return _host("slogdet", a)


def solve(a: Any, b: Any) -> NDArray:
    """x with a @ x = b.

    >>> solve([[2.0]], [[4.0]]).tolist()
    [[2.0]]
    """
    return _host("solve", a, b)


def cholesky(a: Any) -> NDArray:
    """Lower triangular L with L @ L.T = a, for symmetric positive definite matrices.

    >>> cholesky([[4.0]]).tolist()
    [[2.0]]
    """
    return _host("cholesky", a)


def qr(a: Any) -> tuple[NDArray, NDArray]:
    """Q with orthonormal columns and upper triangular R with Q @ R = a.

    >>> qr([[1.0]])[0].shape
    (1, 1)
    """
    return _host("qr", a)


def svd(a: Any, full_matrices: bool = False) -> tuple[NDArray, NDArray, NDArray]:
    """U, the singular values (largest first) and V transposed.

    >>> svd([[3.0]])[1].tolist()
    [3.0]
    """
    return _host("svd", a, full_matrices=full_matrices)


def eigh(a: Any) -> tuple[NDArray, NDArray]:
    """Eigenvalues (smallest first) and eigenvectors (columns) of symmetric matrices.

    >>> eigh([[2.0]])[0].tolist()
    [2.0]
    """
    return _host("eigh", a)


def eigvalsh(a: Any) -> NDArray:
    """Eigenvalues of symmetric matrices, smallest first.

    >>> eigvalsh([[2.0]]).tolist()
    [2.0]
    """
    return _host("eigvalsh", a)


def pinv(a: Any) -> NDArray:
    """The Moore-Penrose inverse.

    >>> pinv([[2.0]]).tolist()
    [[0.5]]
    """
    return _host("pinv", a)


def lstsq(a: Any, b: Any) -> NDArray:
    """x for which a @ x comes nearest to b (least squares).

    >>> [round(v, 4) for v in lstsq([[1.0], [1.0]], [1.0, 3.0]).tolist()]
    [2.0]
    """
    return _host("lstsq", a, b, rcond=None)[0]


def matrix_rank(a: Any) -> NDArray:
    """How many singular values are not (nearly) zero.

    >>> int(matrix_rank([[1.0, 1.0], [1.0, 1.0]]))
    1
    """
    return _host("matrix_rank", a)


def gemm2(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, alpha: float = 1.0) -> NDArray:
    """MXNet's alpha * a @ b over the last two axes.

    >>> gemm2([[1.0]], [[2.0]], alpha=3.0).tolist()
    [[6.0]]
    """
    a = F.swap_last(a) if transpose_a else a
    return F.multiply(matmul(a, F.swap_last(b) if transpose_b else b), alpha)


inverse = inv
