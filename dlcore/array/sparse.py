"""`dlcore.nd.sparse`: arrays of which only some numbers (CSRNDArray) or rows (RowSparseNDArray) are stored.

Functions take sparse and dense arrays alike; the result is sparse where zeros stay zeros. Gradients flow through the
stored numbers (`x.data`). The places are fixed when an array is made, so compiled functions do not take sparse arrays.

>>> from dlcore import nd
>>> x = nd.sparse.csr_matrix(([1.0, 2.0], [2, 0], [0, 1, 2]), shape=(2, 3))
>>> (x * 2 + x).asnumpy().tolist()
[[0.0, 0.0, 3.0], [6.0, 0.0, 0.0]]
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as _np

from .. import _answers
from .._core import NDArray
from ..ops import F
from ._sparse._arithmetic import KEEP_ZERO, binary, mean, norm, sum, unary
from ._sparse._classes import CSRNDArray, RowSparseNDArray, SparseNDArray, places
from ._sparse._classes import host as _host
from ._sparse._dot import dot, is_sparse
from ._sparse._make import array, cast_storage, csr_matrix, row_sparse_array, zeros

BaseSparseNDArray = SparseNDArray
empty = zeros
_BINARY = {
    name: operator
    for operator, names in {
        "add": "add elemwise_add broadcast_add broadcast_plus",
        "subtract": "subtract elemwise_sub broadcast_sub broadcast_minus",
        "multiply": "multiply elemwise_mul broadcast_mul",
        "divide": "divide elemwise_div broadcast_div",
        "maximum": "maximum broadcast_maximum",
        "minimum": "minimum broadcast_minimum",
        "power": "power broadcast_power",
    }.items()
    for name in names.split()
}


def retain(data: RowSparseNDArray, indices: Any) -> RowSparseNDArray:
    """Only those of the stored rows that `indices` name.

    >>> x = row_sparse_array(([[1.0], [2.0]], [0, 2]), shape=(3, 1))
    >>> retain(x, [2, 1]).asnumpy().tolist()
    [[0.0], [0.0], [2.0]]
    """
    if not isinstance(data, RowSparseNDArray):
        raise TypeError(f"retain: expected a RowSparseNDArray, got {type(data).__name__}")
    return data.retain(indices)


def clip(data: Any, a_min: float, a_max: float) -> Any:
    """Held between a_min and a_max; sparse if zero lies between them.

    >>> clip(csr_matrix([[0.0, 5.0]]), -1, 2).asnumpy().tolist()
    [[0.0, 2.0]]
    """
    if isinstance(data, SparseNDArray) and a_min <= 0 <= a_max:
        return data.with_data(F.clip(data.data, a_min, a_max))
    return F.clip(data.tostype("default") if is_sparse(data) else data, a_min, a_max)


def zeros_like(data: Any) -> Any:
    """Nothing stored, in data's kind, shape and dtype.

    >>> zeros_like(csr_matrix([[0.0, 5.0]]))
    <CSRNDArray 1x2, 0 stored, float32 @cpu(0)>
    """
    if not is_sparse(data):
        return F.zeros_like(data)
    return zeros(data.stype, data.shape, data.context, data.dtype)


def concat(*args: CSRNDArray, dim: int = 0) -> CSRNDArray:
    """Matrices in compressed sparse rows, one below the other.

    >>> concat(csr_matrix([[0.0, 5.0]]), csr_matrix([[1.0, 0.0]])).asnumpy().tolist()
    [[0.0, 5.0], [1.0, 0.0]]
    """
    if dim != 0 or not args or not all(isinstance(a, CSRNDArray) for a in args):
        raise ValueError(
            f"sparse.concat: expected CSRNDArrays and dim=0, got {[type(a).__name__ for a in args]}, {dim}"
        )
    widths = {a.shape[1] for a in args}
    if len(widths) > 1:
        raise ValueError(f"sparse.concat: the matrices have different numbers of columns: {[a.shape for a in args]}")
    counts = _np.concatenate([_np.diff(_host(a.indptr)) for a in args])
    indptr = _np.concatenate([[0], _np.cumsum(counts)])
    data, indices = F.concat(*(a.data for a in args)), F.concat(*(a.indices for a in args))
    return CSRNDArray(data, indices, indptr, (len(counts), widths.pop()))


def _two(name: str) -> Callable[[Any, Any], Any]:
    def function(lhs: Any, rhs: Any) -> Any:
        return binary(_BINARY[name], lhs, rhs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{_BINARY[name]} of two arrays or numbers; sparse where zeros stay zeros."
    return function


def _one(name: str) -> Callable[[Any], Any]:
    def function(data: Any) -> Any:
        return unary(name, data)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name} of the stored numbers; zeros stay zeros."
    return function


globals().update({name: _two(name) for name in _BINARY})
globals().update({name: _one(name) for name in KEEP_ZERO})

__all__ = [
    "BaseSparseNDArray", "CSRNDArray", "NDArray", "RowSparseNDArray", "array", "cast_storage", "clip", "concat",
    "csr_matrix", "dot", "empty", "mean", "norm", "places", "retain", "row_sparse_array", "sum", "zeros", "zeros_like",
    *_BINARY, *KEEP_ZERO,
]  # fmt: skip

_answers.answer(__name__, __all__)
