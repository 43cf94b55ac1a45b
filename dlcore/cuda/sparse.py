"""Products with a matrix in compressed sparse rows, by gathers and scatter-adds."""

from __future__ import annotations

from ._call import Array, Call, accumulator, kernel
from .index import checked, scatter_add


def _places(call: Call, indices: Array, indptr: Array, columns: int, count: int) -> tuple[Array, Array]:
    """Row and column of every value, checked as on the CPU."""
    name = call.op.lstrip("_")
    if len(indices) != count:
        raise ValueError(f"{name}: {count} values but {len(indices)} column indices")
    lengths = indptr[1:].astype("int64") - indptr[:-1].astype("int64")
    if int(indptr[0]) != 0 or int(indptr[-1]) != count or bool((lengths < 0).any()):
        raise ValueError(f"{name}: indptr must rise from 0 to the number of values, {count}")
    xp = call.xp
    rows = xp.searchsorted(indptr[1:].astype("int64"), xp.arange(count), side="right")
    return rows, checked(call, indices, columns, 1)


@kernel("csr_dot")
def csr_dot(call: Call) -> None:
    data, indices, indptr, x = call.ins
    rows, columns = _places(call, indices, indptr, x.shape[0], data.size)
    total = call.xp.zeros(call.y.shape, dtype=accumulator(call.xp, data))
    scatter_add(call, total, rows, (data[:, None] * x[columns]).astype(total.dtype, copy=False))
    call.y[...] = total


@kernel("csr_dot_t")
def csr_dot_t(call: Call) -> None:
    data, indices, indptr, g, x = call.ins
    rows, columns = _places(call, indices, indptr, x.shape[0], data.size)
    total = call.xp.zeros(call.y.shape, dtype=accumulator(call.xp, data))
    scatter_add(call, total, columns, (data[:, None] * g[rows]).astype(total.dtype, copy=False))
    call.y[...] = total


@kernel("csr_sampled")
def csr_sampled(call: Call) -> None:
    a, b, indices, indptr = call.ins
    rows, columns = _places(call, indices, indptr, b.shape[0], indices.size)
    call.y[...] = (a[rows] * b[columns]).sum(axis=1, dtype=accumulator(call.xp, a))
