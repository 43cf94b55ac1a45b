"""MXNet's `linalg` operators (nd.linalg.*): matrices are the last two axes, the others count them.

Names as in BLAS and LAPACK: potrf is Cholesky's factor, trsm solves triangular systems, syrk is A @ A.T, and so on.
"""

from __future__ import annotations

from math import isqrt
from typing import Any

from .._core import NDArray
from ..ops import F
from ._arranging import beside
from ._convert import asarray
from ._dtypes import floating


def _turned(x: NDArray, yes: bool) -> NDArray:
    return F.swap_last(x) if yes else x


def _scaled(x: NDArray, alpha: float) -> NDArray:
    return x if alpha == 1.0 else F.multiply(x, alpha)


def gemm2(
    A: Any, B: Any, transpose_a: bool = False, transpose_b: bool = False, alpha: float = 1.0, axis: int = -2
) -> NDArray:
    """alpha * A @ B, with either transposed if asked. axis: where the rows of the matrices are.

    >>> gemm2([[1.0]], [[2.0]], alpha=3.0).tolist()
    [[6.0]]
    """
    a, b = asarray(A), asarray(B)
    if axis not in (-2, a.ndim - 2):
        a, b = (_rows_last(x, axis) for x in (a, b))
        return _rows_back(gemm2(a, b, transpose_a, transpose_b, alpha), axis)
    return _scaled(F.matmul(_turned(a, transpose_a), _turned(b, transpose_b)), alpha)


def _rows_last(x: NDArray, axis: int) -> NDArray:
    order = list(range(x.ndim))
    row = order.pop(axis % x.ndim)
    return F.transpose(x, [*order[:-1], row, order[-1]])


def _rows_back(x: NDArray, axis: int) -> NDArray:
    order = [*range(x.ndim - 2), x.ndim - 1]
    order.insert(axis % x.ndim, x.ndim - 2)
    return F.transpose(x, order)


def gemm(
    A: Any,
    B: Any,
    C: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    alpha: float = 1.0,
    beta: float = 1.0,
    axis: int = -2,
) -> NDArray:
    """alpha * A @ B + beta * C, with A and B transposed if asked.

    >>> gemm([[1.0]], [[2.0]], [[3.0]], beta=2.0).tolist()
    [[8.0]]
    """
    return F.add(gemm2(A, B, transpose_a, transpose_b, alpha, axis), _scaled(asarray(C), beta))


def potrf(A: Any) -> NDArray:
    """Cholesky's lower triangular factor of symmetric positive definite matrices.

    >>> potrf([[4.0]]).tolist()
    [[2.0]]
    """
    return F.cholesky(A)


def potri(A: Any) -> NDArray:
    """The inverse of A @ A.T, where A is a Cholesky factor (lower triangular).

    >>> potri([[2.0]]).tolist()
    [[0.25]]
    """
    a = floating(A)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"linalg.potri: expected square matrices, got shape {a.shape}")
    unit = F.eye(a.shape[-1], a.shape[-1], 0, a._dtype_name, a._device)
    inverse = F._solve_lower(a, unit)
    return F.matmul(F._adjoint(inverse), inverse)


def trmm(
    A: Any, B: Any, transpose: bool = False, rightside: bool = False, lower: bool = True, alpha: float = 1.0
) -> NDArray:
    """alpha * t @ B (or B @ t if rightside), where t is a triangle of A, transposed if asked.

    >>> trmm([[2.0, 9.0], [1.0, 1.0]], [[1.0], [1.0]]).tolist()
    [[2.0], [2.0]]
    """
    t = _turned(F.tril(A) if lower else F.triu(A), transpose)
    return _scaled(F.matmul(B, t) if rightside else F.matmul(t, B), alpha)


def trsm(
    A: Any, B: Any, transpose: bool = False, rightside: bool = False, lower: bool = True, alpha: float = 1.0
) -> NDArray:
    """x with t @ x = alpha * B (or x @ t if rightside), where t is a triangle of A, transposed if asked.

    >>> trsm([[2.0]], [[4.0]]).tolist()
    [[2.0]]
    """
    a, b = floating(A), _scaled(floating(B), alpha)
    if rightside:  # x t = b is the same as t^T x^T = b^T
        return F.swap_last(trsm(a, F.swap_last(b), not transpose, False, lower))
    solve = F._solve_lower if lower != transpose else F._solve_upper
    return solve(_turned(a, transpose), b)


def syrk(A: Any, transpose: bool = False, alpha: float = 1.0) -> NDArray:
    """alpha * A @ A.T, or A.T @ A if `transpose`.

    >>> syrk([[1.0, 2.0]]).tolist()
    [[5.0]]
    """
    a = asarray(A)
    turned = F.swap_last(a)
    return _scaled(F.matmul(turned, a) if transpose else F.matmul(a, turned), alpha)


def gelqf(A: Any) -> tuple[NDArray, NDArray]:
    """(Q, L) with L @ Q = A: Q with orthonormal rows, L lower triangular with a positive diagonal; A is wide (m <= n).

    >>> [a.tolist() for a in gelqf([[-2.0]])]
    [[[-1.0]], [[2.0]]]
    """
    q, r = F._qr(F._adjoint(floating(A)))
    line = F.stop_gradient(F.diagonal(r, 0, -2, -1))
    sign = F.where(F.less(line, 0), -1.0, 1.0)
    return F._adjoint(F.multiply(q, F.expand_dims(sign, -2))), F._adjoint(F.multiply(r, F.expand_dims(sign, -1)))


def syevd(A: Any) -> tuple[NDArray, NDArray]:
    """(U, L): the eigenvectors of symmetric matrices as the rows of U, the eigenvalues L smallest first.

    >>> syevd([[2.0]])[1].tolist()
    [2.0]
    """
    w, v = F.eigh(A)
    return F._adjoint(v), w


def sumlogdiag(A: Any) -> NDArray:
    """The sum of the logarithms of the diagonal: of a Cholesky factor half the logarithm of the determinant.

    >>> float(sumlogdiag([[1.0]]))
    0.0
    """
    return F.sum(F.log(F.diagonal(A, 0, -2, -1)), -1)


def extractdiag(A: Any, offset: int = 0) -> NDArray:
    """The diagonals of matrices.

    >>> extractdiag([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    return F.diagonal(A, offset, -2, -1)


def makediag(A: Any, offset: int = 0) -> NDArray:
    """Matrices with the numbers of A's last axis on a diagonal, zeros elsewhere.

    >>> makediag([1, 2]).tolist()
    [[1, 0], [0, 2]]
    """
    a = asarray(A)
    if not a.ndim:
        raise ValueError("linalg.makediag: expected an array with at least one axis, got shape ()")
    n = a.shape[-1] + abs(offset)
    like = F.broadcast_to(F.zeros((), a._dtype_name, a._device), (*a.shape[:-1], n, n))
    return F._put_diagonal(a, like, offset, -2, -1)


def _count(n: int, offset: int, lower: bool) -> int:
    """How many numbers the triangle of an n x n matrix from the diagonal `offset` on has."""
    k = offset if lower else -offset
    return sum(max(0, min(n, i + k + 1)) for i in range(n))


def _places(n: int, offset: int, lower: bool) -> Any:
    import numpy as np

    if lower:
        rows, columns = np.tril_indices(n, offset)
    else:
        columns, rows = np.tril_indices(n, -offset)
    return rows * n + columns


def extracttrian(A: Any, offset: int = 0, lower: bool = True) -> NDArray:
    """The numbers of a triangle of square matrices; it starts at the diagonal `offset`. As in MXNet an offset above 0
    means the upper triangle and one below 0 the lower, which is read row by row, the upper one column by column.

    >>> extracttrian([[1, 2], [3, 4]]).tolist()
    [1, 3, 4]
    """
    a = asarray(A)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"linalg.extracttrian: expected square matrices, got shape {a.shape}")
    n = a.shape[-1]
    flat = F.reshape(a, (*a.shape[:-2], n * n))
    return F.take(flat, beside(a, _places(n, offset, _is_lower(offset, lower))), -1)


def _is_lower(offset: int, lower: bool) -> bool:
    return lower if offset == 0 else offset < 0


def maketrian(A: Any, offset: int = 0, lower: bool = True) -> NDArray:
    """The inverse of `extracttrian`: square matrices with A's numbers in a triangle, zeros elsewhere.

    >>> maketrian([1, 3, 4]).tolist()
    [[1, 0], [3, 4]]
    """
    a = asarray(A)
    if not a.ndim:
        raise ValueError("linalg.maketrian: expected an array with at least one axis, got shape ()")
    n = (isqrt(8 * a.shape[-1] + 1) - 1) // 2 + abs(offset)
    if _count(n, offset, _is_lower(offset, lower)) != a.shape[-1]:
        raise ValueError(f"linalg.maketrian: {a.shape[-1]} numbers do not fill a triangle, got shape {a.shape}")
    lead = a.shape[:-1]
    first = F.reshape(F.transpose(a, [a.ndim - 1, *range(a.ndim - 1)]), (a.shape[-1], -1) if a.size else (0, 0))
    made = F.index_add(F.zeros((n * n, first.shape[1]), a._dtype_name, a._device), first,
                       beside(a, _places(n, offset, _is_lower(offset, lower))))  # fmt: skip
    return F.reshape(F.transpose(made, (1, 0)), (*lead, n, n))
