"""Sparse arrays from dense ones, from their parts, from SciPy; and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import _core
from ..._core import NDArray
from ...ops import F
from .._convert import array as dense_array
from .._convert import asarray, dtype_name
from ..context import Context, device_name
from ._classes import CSRNDArray, RowSparseNDArray, SparseNDArray, host, places


def _values(source: Any, dtype: Any, ctx: Any) -> NDArray:
    """Numbers as an array; as everywhere in `nd`, Python numbers and float64 become float32 without a dtype."""
    if dtype is None:
        own = getattr(source, "dtype", None)
        dtype = "float32" if own is None or (own == np.float64 and not isinstance(source, NDArray)) else own
    return dense_array(source, dtype, Context(source._device) if ctx is None and isinstance(source, NDArray) else ctx)


def _shape(shape: Any, rank: int, name: str) -> tuple[int, ...]:
    shape = (shape,) if isinstance(shape, (int, np.integer)) else shape
    if not isinstance(shape, (tuple, list)) or not all(isinstance(n, (int, np.integer)) for n in shape):
        raise TypeError(f"{name}: a shape is whole numbers, got {shape!r}")
    shape = tuple(int(n) for n in shape)
    if (rank and len(shape) != rank) or not shape or min(shape) < 0:
        raise ValueError(f"{name}: expected a shape of {rank or 'at least 1'} sizes, none negative, got {shape}")
    return shape


def from_dense(x: NDArray, stype: str) -> Any:
    """A dense array in a sparse storage kind; gradients flow to it."""
    recording = _core.set_recording(False)
    try:
        if stype == "csr":
            if x.ndim != 2:
                raise ValueError(f"tostype: 'csr' needs a matrix, got shape {x.shape}")
            rows, columns = np.nonzero(_host_values(x))
        elif stype == "row_sparse":
            if x.ndim < 1:
                raise ValueError("tostype: 'row_sparse' needs at least one axis, got a single number")
            values = _host_values(x)
            rows = np.flatnonzero(values.reshape(len(values), -1).any(axis=1)) if x.size else np.zeros(0, np.int64)
        else:
            raise ValueError(f"tostype: expected 'default', 'csr' or 'row_sparse', got {stype!r}")
    finally:
        _core.set_recording(recording)
    at = places(rows, x._device)
    if stype == "row_sparse":
        return RowSparseNDArray(F.take(x, at), at, x.shape)
    across = places(columns, x._device)
    indptr = np.searchsorted(rows, np.arange(x.shape[0] + 1))
    return CSRNDArray(F.gather_nd(x, at, across), across, indptr, x.shape)


def _host_values(x: NDArray) -> np.ndarray:
    if _core.is_tracing():
        host(x)  # says why not
    return x.asnumpy()


def cast_storage(data: Any, stype: str) -> Any:
    """The array in a storage kind: "default" (dense), "csr" (matrices only) or "row_sparse".

    >>> cast_storage([[0.0, 1.0]], "csr")
    <CSRNDArray 1x2, 1 stored, float32 @cpu(0)>
    """
    if isinstance(data, SparseNDArray):
        return data.tostype(stype)
    data = asarray(data)
    return data if stype == "default" else from_dense(data, stype)


def csr_matrix(arg1: Any, shape: Any = None, ctx: Context | str | None = None, dtype: Any = None) -> CSRNDArray:
    """A matrix in compressed sparse rows, from

        (data, indices, indptr)       its arrays, with `shape` (without it, as large as the indices need)
        (data, (row, column))         numbers and their places; those at one place are added up
        (m, n)                        a shape: nothing is stored
        a SciPy matrix, a dense array, lists, or a CSRNDArray (which is copied)

    Raises ValueError for arrays that do not fit together, IndexError naming an index outside the shape.

    >>> csr_matrix(([1.0, 2.0], [2, 0], [0, 1, 2]), shape=(2, 3)).asnumpy().tolist()
    [[0.0, 0.0, 1.0], [2.0, 0.0, 0.0]]
    >>> csr_matrix(([1.0, 2.0], ([0, 0], [1, 1])), shape=(2, 2)).asnumpy().tolist()
    [[0.0, 3.0], [0.0, 0.0]]
    """
    if isinstance(arg1, tuple) and len(arg1) == 3:
        return _csr_of_arrays(*arg1, shape, ctx, dtype)
    if isinstance(arg1, tuple) and len(arg1) == 2 and isinstance(arg1[1], (tuple, list)):
        return _csr_of_places(arg1[0], arg1[1][0], arg1[1][1], shape, ctx, dtype)
    if isinstance(arg1, tuple) and len(arg1) == 2 and all(isinstance(n, (int, np.integer)) for n in arg1):
        return zeros("csr", arg1, ctx, dtype)
    if hasattr(arg1, "tocsr"):
        made = arg1.tocsr()
        return _csr_of_arrays(made.data, made.indices, made.indptr, made.shape, ctx, dtype)
    return _converted("csr_matrix", "csr", CSRNDArray, arg1, shape, ctx, dtype)


def _converted(name: str, stype: str, kind: type[SparseNDArray], source: Any, shape: Any, ctx: Any, dtype: Any) -> Any:
    """A sparse array of a kind from one of that kind, which is copied, or from a dense one; `name`: who was asked."""
    if isinstance(source, kind):
        made = source.copy() if dtype is None else source.astype(dtype)
        made = made if ctx is None else made.as_in_context(ctx)
    else:
        made = from_dense(_values(source, dtype, ctx), stype)
    if shape is not None and _shape(shape, 2 if stype == "csr" else 0, name) != made.shape:
        raise ValueError(f"{name}: the source has shape {made.shape}, not {tuple(shape)}")
    return made


def _csr_of_arrays(data: Any, indices: Any, indptr: Any, shape: Any, ctx: Any, dtype: Any) -> CSRNDArray:
    values, columns, begin = _values(data, dtype, ctx), host(indices), host(indptr)
    if shape is None:
        shape = (max(begin.size - 1, 0), int(columns.max(initial=-1)) + 1)
    made = CSRNDArray(values, columns, begin, _shape(shape, 2, "csr_matrix"))
    try:
        made.check_format()
    except ValueError as error:
        if "columns of a row" not in str(error):
            raise
        return _csr_of_places(values, made.rows(), columns, made.shape, ctx, dtype)
    return made


def _csr_of_places(data: Any, rows: Any, columns: Any, shape: Any, ctx: Any, dtype: Any) -> CSRNDArray:
    values, rows, columns = _values(data, dtype, ctx), host(rows), host(columns)
    if rows.shape != columns.shape or values.shape != rows.shape or rows.ndim != 1:
        raise ValueError(f"csr_matrix: data {values.shape}, rows {rows.shape} and columns {columns.shape} differ")
    if shape is None:
        shape = (int(rows.max(initial=-1)) + 1, int(columns.max(initial=-1)) + 1)
    m, n = _shape(shape, 2, "csr_matrix")
    for axis, (index, size) in enumerate(((rows, m), (columns, n))):
        wrong = index[(index < 0) | (index >= size)]
        if wrong.size:
            raise IndexError(f"csr_matrix: index {wrong[0]} is out of range for axis {axis} of size {size}")
    keys, which = np.unique(rows * n + columns, return_inverse=True)
    return csr_of_keys(F.segment_sum(values, places(which, values._device), len(keys)), keys, (m, n))


def csr_of_keys(data: NDArray, keys: np.ndarray, shape: tuple[int, ...]) -> CSRNDArray:
    """Numbers at row * columns + column, rising."""
    rows, columns = np.divmod(keys, max(shape[1], 1))
    return CSRNDArray(data, columns, np.searchsorted(rows, np.arange(shape[0] + 1)), shape)


def row_sparse_array(
    arg1: Any, shape: Any = None, ctx: Context | str | None = None, dtype: Any = None
) -> RowSparseNDArray:
    """An array of which only some rows are stored, from

        (data, indices)     the rows and their numbers, with `shape` (without it, as many rows as the indices need); the
                            indices may come in any order, and rows with the same one are added up
        (d0, d1, ...)       a shape: nothing is stored
        a dense array, lists, or a RowSparseNDArray (which is copied)

    Raises ValueError for arrays that do not fit together, IndexError naming an index outside the shape.

    >>> row_sparse_array(([[1.0, 2.0]], [1]), shape=(3, 2)).asnumpy().tolist()
    [[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]
    """
    if isinstance(arg1, tuple) and arg1 and all(isinstance(n, (int, np.integer)) for n in arg1):
        return zeros("row_sparse", arg1, ctx, dtype)
    if isinstance(arg1, tuple) and len(arg1) == 2:
        return _rows_of_arrays(*arg1, shape, ctx, dtype)
    return _converted("row_sparse_array", "row_sparse", RowSparseNDArray, arg1, shape, ctx, dtype)


def _rows_of_arrays(data: Any, indices: Any, shape: Any, ctx: Any, dtype: Any) -> RowSparseNDArray:
    values, rows = _values(data, dtype, ctx), host(indices)
    if shape is None:
        shape = (int(rows.max(initial=-1)) + 1, *values.shape[1:])
    made = RowSparseNDArray(values, rows, _shape(shape, 0, "row_sparse_array"))
    try:
        made.check_format()
    except ValueError as error:
        if "must rise" not in str(error):
            raise
        return summed_rows(values, rows, made.shape)
    return made


def summed_rows(values: NDArray, rows: np.ndarray, shape: tuple[int, ...]) -> RowSparseNDArray:
    """Rows in any order, those with the same number added up."""
    unique, which = np.unique(rows, return_inverse=True)
    return RowSparseNDArray(F.segment_sum(values, places(which, values._device), len(unique)), unique, shape)


def zeros(stype: str, shape: Any, ctx: Context | str | None = None, dtype: Any = None, **ignored: Any) -> Any:
    """An array of a storage kind in which nothing is stored.

    >>> zeros("row_sparse", (3, 2))
    <RowSparseNDArray 3x2, 0 rows stored, float32 @cpu(0)>
    """
    kind, device = dtype_name(dtype) or "float32", device_name(ctx)
    if stype == "default":
        return F.zeros(_shape(shape, 0, "zeros"), kind, device)
    if stype == "csr":
        full = _shape(shape, 2, "zeros")
        return CSRNDArray(F.zeros((0,), kind, device), np.zeros(0), np.zeros(full[0] + 1), full)
    if stype != "row_sparse":
        raise ValueError(f"zeros: expected 'default', 'csr' or 'row_sparse', got {stype!r}")
    full = _shape(shape, 0, "zeros")
    return RowSparseNDArray(F.zeros((0, *full[1:]), kind, device), np.zeros(0), full)


def array(source_array: Any, ctx: Context | str | None = None, dtype: Any = None) -> Any:
    """A copy of a sparse array of ours or of SciPy's (which becomes a CSRNDArray).

    >>> array(zeros("csr", (2, 2)))
    <CSRNDArray 2x2, 0 stored, float32 @cpu(0)>
    """
    if isinstance(source_array, RowSparseNDArray):
        return row_sparse_array(source_array, ctx=ctx, dtype=dtype)
    if isinstance(source_array, CSRNDArray) or hasattr(source_array, "tocsr"):
        return csr_matrix(source_array, ctx=ctx, dtype=dtype)
    raise TypeError(
        f"sparse.array: expected a sparse array, got {type(source_array).__name__}; use csr_matrix or row_sparse_array"
    )
