"""Copies, fills and arrays made from nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ._call import Call, accumulator, kernel


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
    n, step = call.y.shape[0], call.attrs["step"]
    step = step if math.isfinite(step) else 0.0  # it leaves the first number alone
    call.y[...] = call.attrs["start"] + call.xp.arange(n, dtype="float64") * step


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
    value, dtype = call.attrs["value"], call.y.dtype
    # Whole numbers keep the bits that they have room for, as on the CPU.
    call.y.fill(np.float64(value).astype(np.int64).astype(dtype) if dtype.kind in "iu" else value)
    call.y[tuple(slice(b, b + n) for b, n in zip(call.attrs["before"], call.x.shape, strict=True))] = call.x


def _pieces(mode: str, n: int, before: int, after: int) -> Iterator[tuple[slice, slice]]:
    """The places that are added to an axis of length n, piece by piece, and which of the padded axis they repeat."""
    period = {"edge": 1, "wrap": n, "symmetric": 2 * n}.get(mode, max(2 * (n - 1), 1))
    for begin, end in ((-before, 0), (n, n + after)):
        at = begin
        while at < end:
            place = at % period
            if period == 1:
                take, count = slice(before, before + 1) if at < 0 else slice(before + n - 1, before + n), end - at
            elif place < n:
                count = min(n - place, end - at)
                take = slice(before + place, before + place + count)
            else:
                count, first = min(period - place, end - at), before + period - place - (mode == "symmetric")
                take = slice(first, first - count if first >= count else None, -1)
            yield slice(before + at, before + at + count), take
            at += count


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, part)


@kernel("pad_repeat")
def pad_repeat(call: Call) -> None:
    before, after, mode = (call.attrs[n] for n in ("before", "after", "mode"))
    inner = [slice(b, b + n) for b, n in zip(before, call.x.shape, strict=True)]
    call.y[tuple(inner)] = call.x
    for axis in reversed(range(call.x.ndim)):
        part = call.y[tuple(inner[:axis])]
        for added, repeated in _pieces(mode, call.x.shape[axis], before[axis], after[axis]):
            part[_along(axis, added)] = part[_along(axis, repeated)]


@kernel("pad_repeat_grad")
def pad_repeat_grad(call: Call) -> None:
    before, after, mode = (call.attrs[n] for n in ("before", "after", "mode"))
    sums = call.x.astype(accumulator(call.xp, call.x))  # a copy
    for axis, n in enumerate(call.y.shape):
        for added, repeated in _pieces(mode, n, before[axis], after[axis]):
            more = sums[_along(axis, added)]
            once = repeated.stop is not None and repeated.stop - repeated.start == 1
            sums[_along(axis, repeated)] += more.sum(axis, keepdims=True, dtype=sums.dtype) if once else more
        sums = sums[_along(axis, slice(before[axis], before[axis] + n))]
    call.y[...] = sums


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
