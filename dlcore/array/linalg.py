"""Linear algebra: `dlcore.np.linalg`, the array-API standard's extension with NumPy's and MXNet's functions beside it.

All take any number of leading axes and are differentiable to any order where the mathematics is; the factorisations
run through LAPACK on the processor (float16 and bfloat16 in float32). Whole numbers give float32. A factor that is not
determined (the added columns of a complete QR or a full SVD) has no gradient: asking for one is an error.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from .. import _answers, _core
from .._core import NDArray
from ..ops import F
from ._convert import asarray
from ._linalg_classic import (
    extractdiag,
    extracttrian,
    gelqf,
    gemm,
    gemm2,
    makediag,
    maketrian,
    potrf,
    potri,
    sumlogdiag,
    syevd,
    syrk,
    trmm,
    trsm,
)
from ._linalg_norms import cond, matrix_norm, matrix_rank, norm, vector_norm
from ._linalg_products import (
    cross,
    matmul,
    matrix_power,
    matrix_transpose,
    multi_dot,
    outer,
    tensordot,
    tensorinv,
    tensorsolve,
    vecdot,
)
from ._numpy_calls import again as _again


class EighResult(NamedTuple):
    """What `eigh` gives."""

    eigenvalues: NDArray
    eigenvectors: NDArray


class EigResult(NamedTuple):
    """What `eig` gives."""

    eigenvalues: NDArray
    eigenvectors: NDArray


class QRResult(NamedTuple):
    """What `qr` gives."""

    Q: NDArray
    R: NDArray


class SlogdetResult(NamedTuple):
    """What `slogdet` gives."""

    sign: NDArray
    logabsdet: NDArray


class SVDResult(NamedTuple):
    """What `svd` gives: x = U @ diag(S) @ Vh."""

    U: NDArray
    S: NDArray
    Vh: NDArray


class LstsqResult(NamedTuple):
    """What `lstsq` gives."""

    x: NDArray
    residuals: NDArray
    rank: NDArray
    s: NDArray


def _no_gradient(name: str, x: NDArray, instead: str) -> None:
    if _core.is_recording() and x._tracked:
        raise RuntimeError(f"linalg.{name}: the result for shape {x.shape} has no gradient; use {instead}")


def inv(x: Any, /) -> NDArray:
    """The inverse of square matrices (..., n, n); ValueError if one is singular.

    >>> inv([[2.0]]).tolist()
    [[0.5]]
    """
    return F.inv(x)


def det(x: Any, /) -> NDArray:
    """The determinants (...) of square matrices (..., n, n).

    >>> float(det([[2.0, 0.0], [0.0, 3.0]]))
    6.0
    """
    return F.det(x)


def slogdet(x: Any, /) -> SlogdetResult:
    """The sign of the determinant and the logarithm of its size, of square matrices (..., n, n).

    >>> float(slogdet([[2.0]]).sign)
    1.0
    """
    return SlogdetResult(*F.slogdet(x))


def solve(x1: Any, x2: Any, /) -> NDArray:
    """x with x1 @ x = x2: x1 is (..., n, n), x2 a vector (n,) or matrices (..., n, k). ValueError if x1 is singular.

    >>> solve([[2.0]], [[4.0]]).tolist()
    [[2.0]]
    """
    b = asarray(x2)
    return F.squeeze(F.solve(x1, F.expand_dims(b, -1)), -1) if b.ndim == 1 else F.solve(x1, b)


def cholesky(x: Any, /, *, upper: bool = False) -> NDArray:
    """Lower triangular L with L @ L^H = x (or upper U with U^H @ U = x), for symmetric positive definite x (..., n, n).

    x counts as (x + x^H) / 2. ValueError if a matrix is not positive definite.

    >>> cholesky([[4.0]]).tolist()
    [[2.0]]
    """
    low = F.cholesky(x)
    return F._adjoint(low) if upper else low


def qr(x: Any, /, *, mode: str = "reduced") -> QRResult:
    """Q with orthonormal columns and upper triangular R with Q @ R = x.

    x is (..., m, n); mode "reduced" gives Q (..., m, k) and R (..., k, n) with k = min(m, n), "complete" Q (..., m, m)
    and R (..., m, n), which for m > n has no gradient.

    >>> qr([[1.0]]).Q.shape
    (1, 1)
    """
    x = asarray(x)
    if mode not in ("reduced", "complete"):
        raise ValueError(f"linalg.qr: mode must be 'reduced' or 'complete', got {mode!r}")
    if x.ndim >= 2 and x.shape[-2] < x.shape[-1]:  # the first columns decide Q
        m = x.shape[-2]
        q, r = F._qr(x[..., :m])
        return QRResult(q, F.concat(r, F.matmul(F._adjoint(q), x[..., m:]), axis=-1))
    if mode == "complete" and x.ndim >= 2 and x.shape[-2] > x.shape[-1]:
        _no_gradient("qr", x, "mode='reduced'")
        return QRResult(*F._qr_complete(x))
    return QRResult(*F._qr(x))


def svd(x: Any, /, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """U, the singular values (largest first) and V^H with x = U @ diag(S) @ V^H.

    x is (..., m, n) and k = min(m, n): U is (..., m, m) and Vh (..., n, n) or, without full_matrices, (..., m, k) and
    (..., k, n). The full form of a matrix that is not square has no gradient.

    >>> svd([[3.0]]).S.tolist()
    [3.0]
    """
    x = asarray(x)
    if not compute_uv:
        return F.svdvals(x)
    if full_matrices and x.ndim >= 2 and x.shape[-1] != x.shape[-2]:
        _no_gradient("svd", x, "full_matrices=False")
        return SVDResult(*F._svd_full(x))
    return SVDResult(*F._svd(x))


def svdvals(x: Any, /) -> NDArray:
    """The singular values (..., min(m, n)) of matrices (..., m, n), largest first.

    >>> svdvals([[-3.0]]).tolist()
    [3.0]
    """
    return F.svdvals(x)


def _triangle(x: Any, uplo: str | None, name: str) -> Any:
    """Without `uplo` x itself; else the symmetric matrix that one triangle of x stands for."""
    if uplo is None:
        return x
    if uplo not in ("L", "U"):
        raise ValueError(f"linalg.{name}: UPLO must be 'L', 'U' or None, got {uplo!r}")
    half, rest = (F.tril(x), F.tril(x, -1)) if uplo == "L" else (F.triu(x), F.triu(x, 1))
    return F.add(half, F._adjoint(rest))


def eigh(x: Any, /, UPLO: str | None = None) -> EighResult:
    """Eigenvalues (..., n), smallest first, and eigenvectors (columns of (..., n, n)) of symmetric matrices.

    x counts as (x + x^H) / 2; with UPLO "L" or "U" only that triangle is read, as in NumPy.

    >>> eigh([[2.0]]).eigenvalues.tolist()
    [2.0]
    """
    return EighResult(*F.eigh(_triangle(x, UPLO, "eigh")))


def eigvalsh(x: Any, /, UPLO: str | None = None) -> NDArray:
    """Eigenvalues (..., n) of symmetric matrices, smallest first; see `eigh`.

    >>> eigvalsh([[2.0]]).tolist()
    [2.0]
    """
    return F.eigvalsh(_triangle(x, UPLO, "eigvalsh"))


def eig(x: Any, /) -> EigResult:
    """Eigenvalues (..., n) and eigenvectors (columns of (..., n, n), of length 1) of square matrices, both complex, in
    no particular order. The phases of the vectors are not determined: gradients hold for what does not depend on them.

    >>> eig([[2.0]]).eigenvalues.tolist()
    [(2+0j)]
    """
    return EigResult(*F.eig(x))


def eigvals(x: Any, /) -> NDArray:
    """The eigenvalues (..., n) of square matrices, complex, in no particular order.

    >>> eigvals([[2.0]]).tolist()
    [(2+0j)]
    """
    return F.eigvals(x)


def pinv(x: Any, /, rcond: float | None = None, *, rtol: float | None = None) -> NDArray:
    """The Moore-Penrose inverse (..., n, m) of matrices (..., m, n).

    Singular values up to rtol (NumPy: rcond) times the largest count as zero (None: the dtype's eps times the longer
    side).

    >>> pinv([[2.0]]).tolist()
    [[0.5]]
    """
    share = rcond if rtol is None else rtol
    return F.pinv(x, None if share is None else float(share))


def lstsq(a: Any, b: Any, rcond: float | None = None) -> LstsqResult:
    """x for which a @ x comes nearest to b (least squares): (x, residuals, rank, singular values), as NumPy's.

    a is (m, n), b (m,) or (m, k). The residuals are the squared distances of the columns, or empty where the rank is
    below n or m <= n.

    >>> [round(v, 4) for v in lstsq([[1.0], [1.0]], [1.0, 3.0]).x.tolist()]
    [2.0]
    """
    a, b = asarray(a), asarray(b)
    if a.ndim != 2 or b.ndim not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ValueError(f"linalg.lstsq: expected a (m, n) and b (m,) or (m, k), got {a.shape} and {b.shape}")
    x = matmul(pinv(a, rtol=rcond), b)
    rank = matrix_rank(a, rtol=rcond)
    full = a.shape[0] > a.shape[1] and int(rank) == a.shape[1]
    gap = F.subtract(matmul(a, x), b)
    squares = F.sum(F.square(F.abs(gap)), 0, keepdims=b.ndim == 1)
    return LstsqResult(x, squares if full else F.zeros((0,), squares._dtype_name, squares._device), rank, F.svdvals(a))


def diagonal(x: Any, /, *, offset: int = 0) -> NDArray:
    """The diagonals (..., k) of matrices (..., m, n); offset > 0 lies above the main one. A view.

    >>> diagonal([[1, 2], [3, 4]]).tolist()
    [1, 4]
    """
    return F.diagonal(x, offset, -2, -1)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> NDArray:
    """The sums (...) of the diagonals of matrices (..., m, n).

    >>> int(trace([[1, 2], [3, 4]]))
    5
    """
    line = diagonal(x, offset=offset)
    return F.sum(line if dtype is None else F.cast(line, dtype), -1)


inverse = inv
LinAlgError = ValueError  # what a factorisation that cannot be done raises, by NumPy's name

__all__ = [
    "EigResult", "EighResult", "LinAlgError", "LstsqResult", "QRResult", "SVDResult", "SlogdetResult", "cholesky",
    "cond", "cross", "det", "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "extractdiag", "extracttrian",
    "gelqf", "gemm", "gemm2", "inv", "inverse", "lstsq", "makediag", "maketrian", "matmul", "matrix_norm",
    "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "potrf", "potri", "qr",
    "slogdet", "solve", "sumlogdiag", "svd", "svdvals", "syevd", "syrk", "tensordot", "tensorinv", "tensorsolve",
    "trace", "trmm", "trsm", "vecdot", "vector_norm",
]  # fmt: skip

_answers.answer(__name__, __all__, _again, "linalg.")
