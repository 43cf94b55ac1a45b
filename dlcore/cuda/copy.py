"""Copies, fills and arrays made from nothing."""

from __future__ import annotations

from ._call import Call, kernel


@kernel("copy")
def copy(call: Call) -> None:
    call.y[...] = call.x


@kernel("reshape")
def reshape(call: Call) -> None:
    call.y[...] = call.x.reshape(call.y.shape)


@kernel("zeros")
def zeros(call: Call) -> None:
    call.y.fill(0)


@kernel("ones")
def ones(call: Call) -> None:
    call.y.fill(1)


@kernel("full", "full_like")
def full(call: Call) -> None:
    call.y[...] = call.ins[-1]


@kernel("arange")
def arange(call: Call) -> None:
    n = call.y.shape[0]
    call.y[...] = call.attrs["start"] + call.xp.arange(n, dtype="float64") * call.attrs["step"]


@kernel("eye")
def eye(call: Call) -> None:
    n, m = call.y.shape
    call.y[...] = call.xp.eye(n, m, call.attrs["k"], dtype=call.y.dtype)


def _need_matrices(call: Call) -> None:
    if call.x.ndim < 2:
        raise ValueError(f"{call.op}: expected at least 2 dimensions, got shape {call.x.shape}")


@kernel("tril")
def tril(call: Call) -> None:
    _need_matrices(call)
    call.y[...] = call.xp.tril(call.x, call.attrs["k"])


@kernel("triu")
def triu(call: Call) -> None:
    _need_matrices(call)
    call.y[...] = call.xp.triu(call.x, call.attrs["k"])


@kernel("put_diagonal")
def put_diagonal(call: Call) -> None:
    g, k = call.x, call.attrs["offset"]
    call.y.fill(0)
    matrices = call.xp.moveaxis(call.y, (call.attrs["axis1"], call.attrs["axis2"]), (-2, -1))
    at = call.xp.arange(g.shape[-1])
    matrices[..., at - min(k, 0), at + max(k, 0)] = g


@kernel("pad")
def pad(call: Call) -> None:
    call.y.fill(call.attrs["value"])
    call.y[tuple(slice(b, b + n) for b, n in zip(call.attrs["before"], call.x.shape, strict=True))] = call.x


@kernel("slice_grad")
def slice_grad(call: Call) -> None:
    g, start = call.x, call.attrs["start"]
    step = call.attrs["step"] or (1,) * len(start)
    call.y.fill(0)
    window = []
    for first, by, size in zip(start, step, g.shape, strict=False):
        last = first + size * by
        window.append(slice(first, last if last >= 0 else None, by))
    if g.size:
        call.y[tuple(window)] = g
