"""CSRNDArray and RowSparseNDArray: the arrays they hold, and what does no arithmetic."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import _core
from ..._core import NDArray
from ...ops import F
from .._convert import asarray, dtype_name, move
from ..context import Context, device_name

Shape = tuple[int, ...]


def host(array: Any) -> np.ndarray:
    """Whole numbers as int64 in NumPy. A compiled function has no values, so there it is an error that says so."""
    if isinstance(array, NDArray):
        if _core.is_tracing():
            raise _core.TraceError(
                "the places of a sparse array are values, which a compiled function does not know: work with sparse "
                "arrays outside of jit and hybridize"
            )
        array = array.asnumpy()
    return np.asarray(array).astype(np.int64)


def places(array: Any, device: str) -> NDArray:
    """Whole numbers as an int64 array on a device."""
    made = _core.from_numpy(np.ascontiguousarray(array, np.int64), True)
    name = device_name(device)
    return made if name.startswith("cpu") else move(made, name)


class SparseNDArray:
    """What both kinds of sparse arrays can do. Numbers that are not stored are zero."""

    stype = ""
    indices: NDArray
    __array_priority__ = 2000.0

    def __init__(self, data: NDArray, shape: Shape) -> None:
        self.data = data
        self.shape = shape
        self._version = 0

    @property
    def dtype(self) -> np.dtype:
        """The dtype of the numbers."""
        return self.data.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many numbers the array has, stored or not."""
        return math.prod(self.shape)

    @property
    def context(self) -> Context:
        """The device."""
        return Context(self.data._device)

    ctx = device = context

    @property
    def _device(self) -> str:
        return self.data._device

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        shape = "x".join(map(str, self.shape))
        return f"<{type(self).__name__} {shape}, {self._stored()}, {self.dtype} @{self._device}>"

    def _stored(self) -> str:
        raise NotImplementedError

    def _dense(self) -> NDArray:
        raise NotImplementedError

    def with_data(self, data: NDArray) -> Any:
        """An array of this kind with other numbers at the same places."""
        raise NotImplementedError

    def tostype(self, stype: str) -> Any:
        """The array itself for its own storage kind, a dense array for "default"."""
        if stype == self.stype:
            return self
        if stype == "default":
            return self._dense()
        raise ValueError(f"tostype: expected 'default' or {self.stype!r}, got {stype!r}")

    todense = _dense

    def asnumpy(self) -> np.ndarray:
        """A dense NumPy array."""
        recording = _core.set_recording(False)
        try:
            return self._dense().asnumpy()
        finally:
            _core.set_recording(recording)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError(f"{type(self).__name__} has no dense memory to share: it can only be copied")
        if _core.is_recording() and self.data._tracked:
            raise RuntimeError(
                f"{type(self).__name__} would lose its gradient here; use dlcore.nd.sparse's functions or tostype"
            )
        values = self.asnumpy()
        return values if dtype is None else values.astype(dtype)

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """The numbers in another dtype."""
        if not copy and dtype_name(dtype) == self.data._dtype_name:
            return self
        return self.with_data(F.cast(self.data, dtype_name(dtype)))

    def copy(self) -> Any:
        """An array of the same kind with memory of its own."""
        return self.with_data(F.copy(self.data))

    def copyto(self, other: Any) -> Any:
        """Writes into another array, dense or of this kind, or copies to a device."""
        if isinstance(other, NDArray):
            _core.assign(other, self._dense())
            return other
        if isinstance(other, SparseNDArray):
            other[:] = self
            return other
        return self.copy() if device_name(other) == self._device else self.as_in_context(other)

    def as_in_context(self, ctx: Context | str) -> Any:
        """The array on that device: itself if it is there."""
        raise NotImplementedError

    def as_in_ctx(self, ctx: Context | str) -> Any:
        """As `as_in_context`."""
        return self.as_in_context(ctx)

    to_device = as_in_ctx

    def __setitem__(self, key: Any, value: Any) -> None:
        """x[:] = value: takes over the places and numbers of an array of this kind and shape."""
        if key is not Ellipsis and not (isinstance(key, slice) and key == slice(None)):
            raise IndexError(f"{type(self).__name__}: only x[:] = value is possible, got the index {key!r}")
        if type(value) is not type(self) or value.shape != self.shape:
            raise ValueError(
                f"{type(self).__name__}: expected an array of this kind and shape {self.shape}, got "
                f"{type(value).__name__} {getattr(value, 'shape', '')}; use nd.sparse.cast_storage"
            )
        self._take_over(value.astype(self.dtype))

    def _take_over(self, value: Any) -> None:
        version = self._version + 1
        self.__dict__.update(value.__dict__)
        self._version = version

    def wait_to_read(self) -> None:
        """Returns when the numbers are there."""
        self.data.wait_to_read()

    def asscalar(self) -> Any:
        """The one number of an array of size 1."""
        return self._dense().item()


class CSRNDArray(SparseNDArray):
    """A matrix in compressed sparse rows: numbers `data` (nnz,), their columns `indices`, and `indptr` (rows + 1): row
    r has the numbers indptr[r] to indptr[r + 1]. Columns rise within a row, and no place is stored twice.

    Made by `dlcore.nd.sparse.csr_matrix` or `x.tostype("csr")`.

    >>> from dlcore import nd
    >>> x = nd.array([[0.0, 2.0, 0.0], [3.0, 0.0, 4.0]]).tostype("csr")
    >>> x
    <CSRNDArray 2x3, 3 stored, float32 @cpu(0)>
    >>> x.data.tolist(), x.indices.tolist(), x.indptr.tolist()
    ([2.0, 3.0, 4.0], [1, 0, 2], [0, 1, 3])
    """

    stype = "csr"

    def __init__(self, data: NDArray, indices: Any, indptr: Any, shape: Shape) -> None:
        """Only for arrays that are known to be right; `check_format` says what that means."""
        super().__init__(data, shape)
        self.indices = indices if isinstance(indices, NDArray) else places(indices, data._device)
        self.indptr = indptr if isinstance(indptr, NDArray) else places(indptr, data._device)

    def _stored(self) -> str:
        return f"{self.nnz} stored"

    @property
    def nnz(self) -> int:
        """How many numbers are stored."""
        return self.data.size

    def rows(self) -> np.ndarray:
        """The row of every stored number, in NumPy."""
        return np.repeat(np.arange(self.shape[0]), np.diff(host(self.indptr)))

    def _dense(self) -> NDArray:
        zeros = F.zeros(self.shape, self.data._dtype_name, self._device)
        return F.index_put(zeros, self.data, places(self.rows(), self._device), self.indices)

    todense = _dense

    def with_data(self, data: NDArray) -> CSRNDArray:
        return CSRNDArray(data, self.indices, self.indptr, self.shape)

    def as_in_context(self, ctx: Context | str) -> CSRNDArray:
        name = device_name(ctx)
        if name == self._device:
            return self
        return CSRNDArray(move(self.data, name), move(self.indices, name), move(self.indptr, name), self.shape)

    def asscipy(self) -> Any:
        """A scipy.sparse.csr_matrix with copies of the arrays. Raises ModuleNotFoundError without SciPy."""
        from scipy.sparse import csr_matrix

        return csr_matrix((self.data.asnumpy(), host(self.indices), host(self.indptr)), self.shape)

    def check_format(self, full_check: bool = True) -> None:
        """Raises ValueError or IndexError where the arrays do not make a matrix in compressed sparse rows."""
        indices, indptr = host(self.indices), host(self.indptr)
        if indptr.shape != (self.shape[0] + 1,):
            raise ValueError(f"csr: indptr must have shape ({self.shape[0] + 1},), got {indptr.shape}")
        if indices.shape != self.data.shape or self.data.ndim != 1:
            raise ValueError(f"csr: data {self.data.shape} and indices {indices.shape} must have one equally long axis")
        if indptr[0] != 0 or indptr[-1] != len(indices) or (np.diff(indptr) < 0).any():
            raise ValueError(f"csr: indptr must rise from 0 to the number of values, {len(indices)}")
        if full_check:
            wrong = indices[(indices < 0) | (indices >= self.shape[1])]
            if wrong.size:
                raise IndexError(f"csr: index {wrong[0]} is out of range for axis 1 of size {self.shape[1]}")
            if (np.diff(self.rows() * self.shape[1] + indices) <= 0).any():
                raise ValueError("csr: the columns of a row must rise and be stored once")

    def __getitem__(self, key: Any) -> CSRNDArray:
        """x[i], x[a:b] and x[list of rows]: rows, as a matrix in compressed sparse rows (one row for a number)."""
        m = self.shape[0]
        if isinstance(key, (int, np.integer)):
            if not -m <= key < m:
                raise IndexError(f"CSRNDArray: index {key} is out of range for axis 0 of size {m}")
            wanted = np.array([key % m])
        elif isinstance(key, slice):
            wanted = np.arange(m)[key]
        elif isinstance(key, (list, np.ndarray, NDArray)):
            try:
                wanted = host(key)
            except (TypeError, ValueError):
                raise IndexError(f"CSRNDArray: rows are chosen by a number, a slice or a list, got {key!r}") from None
            wrong = wanted[(wanted < -m) | (wanted >= m)]
            if wrong.size:
                raise IndexError(f"CSRNDArray: index {wrong[0]} is out of range for axis 0 of size {m}")
            wanted = wanted.reshape(-1) % max(m, 1)
        else:
            raise IndexError(f"CSRNDArray: rows are chosen by a number, a slice or a list, got {key!r}")
        begin = host(self.indptr)
        counts = np.diff(begin)[wanted]
        indptr = np.concatenate([[0], np.cumsum(counts)])
        at = places(np.repeat(begin[wanted] - indptr[:-1], counts) + np.arange(indptr[-1]), self._device)
        return CSRNDArray(F.take(self.data, at), F.take(self.indices, at), indptr, (len(wanted), self.shape[1]))


class RowSparseNDArray(SparseNDArray):
    """An array of which only some rows are stored: `indices` (their numbers, rising) and `data` (their contents).

    Made by `dlcore.nd.sparse.row_sparse_array` or `x.tostype("row_sparse")`; gradients of `gluon.nn.Embedding` with
    `sparse_grad=True` are of this kind.

    >>> from dlcore import nd
    >>> x = nd.array([[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]]).tostype("row_sparse")
    >>> x
    <RowSparseNDArray 3x2, 1 row stored, float32 @cpu(0)>
    >>> x.indices.tolist(), x.data.tolist()
    ([1], [[1.0, 2.0]])
    """

    stype = "row_sparse"

    def __init__(self, data: NDArray, indices: Any, shape: Shape) -> None:
        """Only for arrays that are known to be right; `check_format` says what that means."""
        super().__init__(data, shape)
        self.indices = indices if isinstance(indices, NDArray) else places(indices, data._device)

    def _stored(self) -> str:
        n = self.indices.size
        return f"{n} row{'s' * (n != 1)} stored"

    def _dense(self) -> NDArray:
        return F.index_put(F.zeros(self.shape, self.data._dtype_name, self._device), self.data, self.indices)

    todense = _dense

    def with_data(self, data: NDArray) -> RowSparseNDArray:
        return RowSparseNDArray(data, self.indices, self.shape)

    def as_in_context(self, ctx: Context | str) -> RowSparseNDArray:
        name = device_name(ctx)
        return (
            self
            if name == self._device
            else RowSparseNDArray(move(self.data, name), move(self.indices, name), self.shape)
        )

    def check_format(self, full_check: bool = True) -> None:
        """Raises ValueError or IndexError where the arrays do not make a row-sparse array."""
        indices = host(self.indices)
        if indices.ndim != 1 or self.data.shape != (len(indices), *self.shape[1:]):
            raise ValueError(
                f"row_sparse: {indices.size} indices and the shape {self.shape} need data of shape "
                f"{(indices.size, *self.shape[1:])}, got {self.data.shape}"
            )
        if full_check:
            wrong = indices[(indices < 0) | (indices >= self.shape[0])]
            if wrong.size:
                raise IndexError(f"row_sparse: index {wrong[0]} is out of range for axis 0 of size {self.shape[0]}")
            if (np.diff(indices) <= 0).any():
                raise ValueError("row_sparse: indices must rise, each row stored once")

    def retain(self, indices: Any) -> RowSparseNDArray:
        """Only those of the stored rows that `indices` name."""
        wanted, own = host(asarray(indices)).reshape(-1), host(self.indices)
        wrong = wanted[(wanted < 0) | (wanted >= self.shape[0])]
        if wrong.size:
            raise IndexError(f"retain: index {wrong[0]} is out of range for axis 0 of size {self.shape[0]}")
        at = np.flatnonzero(np.isin(own, wanted))
        return RowSparseNDArray(F.take(self.data, places(at, self._device)), own[at], self.shape)

    def __getitem__(self, key: Any) -> RowSparseNDArray:
        """x[:] is x; rows are chosen with `retain`."""
        if key is Ellipsis or (isinstance(key, slice) and key == slice(None)):
            return self
        raise IndexError(f"RowSparseNDArray: only x[:] is possible, got {key!r}; use retain or tostype('default')")
