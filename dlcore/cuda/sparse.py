"""Products with a matrix in compressed sparse rows, by gathers and scatter-adds."""

from __future__ import annotations

from ._call import Array, Call, accumulator, kernel
from .index import checked, scatter_add


def _places(call: Call, indices: Array, indptr: Array, columns: int, count: int) -> tuple[Array, Array]:
    """Row and column of every value, checked as on the CPU."""
    name = call.op.lstrip("_")
    place = checked(call, indices, columns, 1)
    if len(indices) != count:
        raise ValueError(f"{name}: expected as many values as column indices, got {count} and {len(indices)}")
    bounds = indptr.astype("int64")
    if int(bounds[0]) != 0 or int(bounds[-1]) != count or bool((bounds[1:] < bounds[:-1]).any()):
        raise ValueError(f"{name}: indptr must rise from 0 to the number of values, {count}")
    return call.xp.searchsorted(bounds[1:], call.xp.arange(count), side="right"), place


@kernel("csr_dot")
def csr_dot(call: Call) -> None:
    data, indices, indptr, x = call.ins
    rows, columns = _places(call, indices, indptr, x.shape[0], data.size)
    total = call.xp.zeros(call.y.shape, dtype=accumulator(call.xp, data))
    scatter_add(call, total, rows, (data.reshape(-1, 1) * x[columns]).astype(total.dtype, copy=False))
    call.y[...] = total


@kernel("csr_dot_t")
def csr_dot_t(call: Call) -> None:
    data, indices, indptr, g, x = call.ins
    rows, columns = _places(call, indices, indptr, x.shape[0], data.size)
    total = call.xp.zeros(call.y.shape, dtype=accumulator(call.xp, data))
    scatter_add(call, total, columns, (data.reshape(-1, 1) * g[rows]).astype(total.dtype, copy=False))
    call.y[...] = total


@kernel("csr_sampled")
def csr_sampled(call: Call) -> None:
    a, b, indices, indptr = call.ins
    rows, columns = _places(call, indices, indptr, b.shape[0], indices.size)
    call.y[...] = (a[rows] * b[columns]).sum(axis=1, dtype=accumulator(call.xp, a))
