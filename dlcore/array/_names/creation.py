"""The classic functions that make arrays, and those that repeat and turn them: MXNet's names and order of arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..._core import NDArray
from ...ops import F
from .. import _arranging, _creation, _joining, _protocol
from .._convert import array, asarray
from ..context import Context

Place = Context | str | None
Shape = int | Sequence[int]


def _sorted_out(ctx: Any, dtype: Any) -> tuple[Place, Any]:
    """A device and a dtype. The second argument is MXNet's ctx; a dtype that stands there is one all the same."""
    is_place = ctx is None or isinstance(ctx, Context) or re.fullmatch(r"(cpu|gpu).*", str(ctx))
    return (ctx, dtype) if is_place else (None, ctx)


def _stored(made: Callable[..., NDArray], shape: Shape, ctx: Any, dtype: Any, stype: str | None, device: Place) -> Any:
    """An array made so, or a sparse one without numbers, for the storage kinds "row_sparse" and "csr"."""
    place, kind = _sorted_out(ctx, dtype)
    if stype in (None, "default"):
        return made(shape, kind, place, device)
    from .. import sparse

    return sparse.zeros(stype, shape, place if device is None else device, kind)


def zeros(
    shape: Shape, ctx: Place = None, dtype: Any = "float32", stype: str | None = None, device: Place = None
) -> NDArray:
    """An array of zeros; stype "row_sparse" or "csr" makes a sparse one.

    >>> zeros((2, 3)).shape
    (2, 3)
    """
    return _stored(_creation.zeros, shape, ctx, dtype, stype, device)


def ones(shape: Shape, ctx: Place = None, dtype: Any = "float32", device: Place = None) -> NDArray:
    """An array of ones.

    >>> ones(2).tolist()
    [1.0, 1.0]
    """
    place, kind = _sorted_out(ctx, dtype)
    return _creation.ones(shape, kind, place, device)


def empty(
    shape: Shape, ctx: Place = None, dtype: Any = "float32", stype: str | None = None, device: Place = None
) -> NDArray:
    """An array with whatever was in memory; stype "row_sparse" or "csr" makes a sparse one without numbers.

    >>> empty((2, 3)).shape
    (2, 3)
    """
    return _stored(_creation.empty, shape, ctx, dtype, stype, device)


def full(shape: Shape, val: Any, ctx: Place = None, dtype: Any = "float32", device: Place = None) -> NDArray:
    """An array of one number; float32 unless told otherwise.

    >>> full((2,), 7).tolist()
    [7.0, 7.0]
    """
    place, kind = _sorted_out(ctx, dtype)
    return _creation.full(shape, val, kind, place, device)


def eye(N: int, M: int = 0, k: int = 0, ctx: Place = None, dtype: Any = "float32", device: Place = None) -> NDArray:
    """An N x M matrix (N x N for M = 0) with ones on its k-th diagonal.

    >>> eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    place, kind = _sorted_out(ctx, dtype)
    return _creation.eye(N, M or None, k, kind, place, device)


def from_numpy(ndarray: Any, zero_copy: bool = True) -> NDArray:
    """A NumPy array as one of ours: the same memory with zero_copy, else a copy.

    >>> import numpy as np
    >>> host = np.zeros(2, np.float32); x = from_numpy(host); host[0] = 5; x.tolist()
    [5.0, 0.0]
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"from_numpy: expected a numpy.ndarray, got {type(ndarray).__name__}")
    return asarray(ndarray) if zero_copy else array(ndarray)


def zeros_like(data: Any, dtype: Any = None) -> NDArray:
    """Zeros in data's shape.

    >>> zeros_like([[1.0, 2.0]]).tolist()
    [[0.0, 0.0]]
    """
    return F.zeros_like(data, dtype)


def ones_like(data: Any, dtype: Any = None) -> NDArray:
    """Ones in data's shape.

    >>> ones_like([[1.0, 2.0]]).tolist()
    [[1.0, 1.0]]
    """
    return F.ones_like(data, dtype)


def concatenate(arrays: Sequence[Any], axis: int = 0, always_copy: bool = True) -> NDArray:
    """Arrays of a list joined along an axis.

    >>> concatenate([[1.0], [2.0]]).tolist()
    [1.0, 2.0]
    """
    return _joining.concatenate(arrays, axis)


def repeat(data: Any, repeats: Any, axis: int | None = None) -> NDArray:
    """Every number so many times in a row, along the axis (flattened, if None).

    >>> repeat([1.0, 2.0], repeats=2).tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    return _arranging.repeat(data, repeats, axis)


def tile(data: Any, reps: int | Sequence[int]) -> NDArray:
    """The array so many times along each axis.

    >>> tile([1.0, 2.0], reps=2).tolist()
    [1.0, 2.0, 1.0, 2.0]
    """
    return _arranging.tile(data, reps)


def swapaxes(data: Any, dim1: int = 0, dim2: int = 0) -> NDArray:
    """Two axes exchanged. A view.

    >>> swapaxes([[1.0, 2.0]], dim1=0, dim2=1).shape
    (2, 1)
    """
    return _arranging.swapaxes(data, dim1, dim2)


def diag(data: Any, k: int = 0, axis1: int = 0, axis2: int = 1) -> NDArray:
    """A matrix with the vector on its k-th diagonal; of more axes, the k-th diagonals of the matrices on two of them.

    >>> diag([1.0, 2.0]).tolist()
    [[1.0, 0.0], [0.0, 2.0]]
    >>> diag([[1.0, 2.0], [3.0, 4.0]], k=1).tolist()
    [2.0]
    """
    data = asarray(data)
    return _arranging.diag(data, k) if data.ndim == 1 else F.copy(_arranging.diagonal(data, k, axis1, axis2))


def cumsum(a: Any, axis: int | None = None, dtype: Any = None) -> NDArray:
    """Sums of all numbers up to each, along the axis (of the flattened array, if None).

    >>> cumsum([1.0, 2.0, 3.0]).tolist()
    [1.0, 3.0, 6.0]
    """
    a = asarray(a) if dtype is None else F.cast(asarray(a), dtype)
    return F.cumsum(F.reshape(a, (-1,)), 0) if axis is None else F.cumsum(a, axis)


def from_dlpack(dlpack: Any) -> NDArray:
    """An array over the memory of another library's array, or in a DLPack capsule; see `np.from_dlpack`.

    >>> import numpy as np
    >>> host = np.zeros(2); x = from_dlpack(host); x[0] = 5; host.tolist()
    [5.0, 0.0]
    """
    return _protocol.from_dlpack(dlpack)


def to_dlpack_for_read(data: NDArray) -> Any:
    """A DLPack capsule over the array's memory, for libraries that take capsules; one may be used once.

    >>> from_dlpack(to_dlpack_for_read(array([1.0, 2.0]))).tolist()
    [1.0, 2.0]
    """
    return data.__dlpack__()


to_dlpack_for_write = to_dlpack_for_read
