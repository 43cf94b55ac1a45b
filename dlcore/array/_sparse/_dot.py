"""Products with sparse matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..._core import NDArray
from ...ops import F
from .._products import classic_dot
from ._arithmetic import dense
from ._classes import CSRNDArray, RowSparseNDArray, SparseNDArray, host
from ._make import cast_storage


def dot(
    lhs: Any, rhs: Any, transpose_a: bool = False, transpose_b: bool = False, forward_stype: str | None = None
) -> Any:
    """The product of two arrays of any storage kinds.

        dot(csr, dense or row_sparse)                      dense
        dot(csr, dense, transpose_a=True)                  dense, or row_sparse if `forward_stype` says so
        dot(csr, csr), dot(dense, csr)                     csr, or what `forward_stype` says

    Anything else is computed dense. Gradients flow to dense arrays and to the values of the sparse ones. Raises
    ValueError naming both shapes where they do not fit.

    >>> from dlcore import nd
    >>> x = nd.array([[0.0, 2.0, 0.0], [3.0, 0.0, 4.0]]).tostype("csr")
    >>> dot(x, nd.ones((3, 1))).tolist()
    [[2.0], [7.0]]
    >>> dot(x, nd.ones((2, 1)), transpose_a=True, forward_stype="row_sparse").indices.tolist()
    [0, 1, 2]
    """
    if type(lhs) is NDArray and type(rhs) is NDArray and forward_stype is None:
        return classic_dot(lhs, rhs, transpose_a, transpose_b)
    if isinstance(lhs, CSRNDArray):
        kind = "csr" if isinstance(rhs, CSRNDArray) else "default"
        right = dense(rhs)
        _check(lhs.shape, right.shape, transpose_a, transpose_b and right.ndim == 2)
        if transpose_b and right.ndim == 2:
            right = F.transpose(right)
        if transpose_a and forward_stype == "row_sparse":
            return _row_sparse(lhs, right)
        made = _product(lhs, right, transpose_a)
    elif isinstance(rhs, CSRNDArray):
        kind, left = "csr", dense(lhs)
        _check(left.shape, rhs.shape, transpose_a and left.ndim == 2, transpose_b)
        if left.ndim == 2 and not transpose_a:
            left = F.transpose(left)
        made = _product(rhs, left, not transpose_b)
        made = F.transpose(made) if made.ndim == 2 else made
        kind = "default" if made.ndim == 1 else kind
    else:
        kind, made = "default", classic_dot(dense(lhs), dense(rhs), transpose_a, transpose_b)
    return cast_storage(made, kind if forward_stype is None else forward_stype)


def _check(a: tuple[int, ...], b: tuple[int, ...], transpose_a: bool, transpose_b: bool) -> None:
    inner = a[0] if transpose_a else a[-1]
    other = b[-1] if transpose_b else b[0] if b else -1
    if not 1 <= len(b) <= 2 or not 1 <= len(a) <= 2 or inner != other:
        turned = [" transposed" * t for t in (transpose_a, transpose_b)]
        raise ValueError(f"dot: shapes {a}{turned[0]} and {b}{turned[1]} do not fit")


def _product(m: CSRNDArray, x: NDArray, transpose: bool) -> NDArray:
    """m @ x or m.T @ x for a dense vector or matrix."""
    values = m.data
    if values._dtype_name != x._dtype_name:
        kind = np.result_type(values.dtype, x.dtype).name
        values, x = F.cast(values, kind), F.cast(x, kind)
    column = F.reshape(x, (-1, 1)) if x.ndim == 1 else x
    if transpose:
        like = F.broadcast_to(F.zeros((), values._dtype_name, x._device), (m.shape[1], column.shape[1]))
        made = F.csr_dot_t(values, m.indices, m.indptr, column, like)
    else:
        made = F.csr_dot(values, m.indices, m.indptr, column)
    return F.reshape(made, (-1,)) if x.ndim == 1 else made


def _row_sparse(m: CSRNDArray, x: NDArray) -> RowSparseNDArray:
    """m.T @ x with only the rows that m has numbers for: no memory of the full size is touched."""
    if x.ndim != 2:
        raise ValueError(f"dot: a row_sparse result needs a matrix on the right, got shape {x.shape}")
    rows, which = np.unique(host(m.indices), return_inverse=True)
    narrow = CSRNDArray(m.data, which, m.indptr, (m.shape[0], len(rows)))
    return RowSparseNDArray(_product(narrow, x, True), rows, (m.shape[1], x.shape[1]))


def is_sparse(x: Any) -> bool:
    """Whether x is one of our sparse arrays."""
    return isinstance(x, SparseNDArray)
