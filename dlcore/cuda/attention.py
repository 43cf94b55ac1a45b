"""Attention as products and a softmax, in strips of queries: the scores of one strip are all that is ever stored."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ._call import Array, Call, accumulator, kernel
from .matmul import product

SCORES = 2**24  # of one strip, over all heads and samples: 64 MiB in float32
QUERIES = 64  # of one strip at least, so that products stay large


def _strips(call: Call) -> Iterator[tuple[slice, slice]]:
    """The queries of each strip, and the keys that any of them may look at."""
    queries, keys = call.x.shape[-2], call.ins[1].shape[-2]
    height = max(QUERIES, SCORES // max(1, math.prod(call.x.shape[:-2]) * keys))
    for first in range(0, queries, height):
        last = min(first + height, queries)
        yield slice(first, last), slice(0, min(last, keys) if call.attrs["causal"] else keys)


def _scores(call: Call, q: Array, k: Array, mask: Array, rows: slice, columns: slice) -> Array:
    """The scores of a strip, -inf where a query may not look."""
    xp = call.xp
    q, k = q[..., rows, :], k[..., columns, :]
    mask = mask[..., rows, :] if mask.ndim > 1 and mask.shape[-2] > 1 else mask
    mask = mask[..., columns] if mask.ndim and mask.shape[-1] > 1 else mask
    s = product(call, q, xp.swapaxes(k, -1, -2)) * call.attrs["scale"] + mask
    if call.attrs["causal"]:
        s = xp.where(xp.triu(xp.ones(s.shape[-2:], dtype=bool), 1 + rows.start), -xp.inf, s)
    return s


@kernel("attention")
def attention(call: Call) -> None:
    xp, dtype = call.xp, accumulator(call.xp, call.x)
    if math.prod(call.x.shape[:-1]) * call.ins[1].shape[-2] == 0:
        call.outs[0][...], call.outs[1][...] = 0, -xp.inf
        return
    q, k, v, mask = (a.astype(dtype, copy=False) for a in call.ins[:4])
    high, low = call.outs[1][..., 0], call.outs[1][..., 1]
    for rows, columns in _strips(call):
        s = _scores(call, q, k, mask, rows, columns)
        m = s.max(axis=-1, keepdims=True)
        m = xp.where(xp.isfinite(m), m, 0)
        e = xp.exp(s - m)
        total = e.sum(axis=-1, keepdims=True)
        some = total > 0
        call.outs[0][..., rows, :] = product(call, e / xp.where(some, total, 1), v[..., columns, :])
        lse = xp.where(some, m + xp.log(xp.where(some, total, 1)), -xp.inf)[..., 0]
        high[..., rows] = lse
        kept = high[..., rows].astype(dtype)
        low[..., rows] = xp.where(xp.isfinite(kept), lse - xp.where(xp.isfinite(kept), kept, 0), 0)


@kernel("attention_grad")
def attention_grad(call: Call) -> None:
    xp, dtype = call.xp, accumulator(call.xp, call.x)
    q, k, v, mask, y, lse, g = (a.astype(dtype, copy=False) for a in call.ins)
    lse = lse.sum(axis=-1, keepdims=True)
    some = xp.isfinite(lse)
    lse = xp.where(some, lse, 0)
    dots = (g * y).sum(axis=-1, keepdims=True)
    call.outs[0][...] = 0
    dk, dv = xp.zeros(k.shape, dtype), xp.zeros(v.shape, dtype)
    for rows, columns in _strips(call):
        strip = (..., rows, slice(None))
        p = xp.where(some[strip], xp.exp(_scores(call, q, k, mask, rows, columns) - lse[strip]), 0)
        ds = p * (product(call, g[strip], xp.swapaxes(v[..., columns, :], -1, -2)) - dots[strip]) * call.attrs["scale"]
        call.outs[0][strip] = product(call, ds, k[..., columns, :])
        dk[..., columns, :] += product(call, xp.swapaxes(ds, -1, -2), q[strip])
        dv[..., columns, :] += product(call, xp.swapaxes(p, -1, -2), g[strip])
    call.outs[1][...], call.outs[2][...] = dk, dv


@kernel("above")
def above(call: Call) -> None:
    call.y[...] = call.x
    if call.attrs["causal"]:
        hidden = call.xp.triu(call.xp.ones(call.x.shape[-2:], dtype=bool), 1)
        call.y[...] = call.xp.where(hidden, call.attrs["value"], call.x)
