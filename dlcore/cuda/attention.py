"""Attention as products and a softmax. The scores of one call are stored; cuDNN's fused form is not used yet."""

from __future__ import annotations

from ._call import Array, Call, accumulator, kernel
from .matmul import product


def _scores(call: Call, dtype: object) -> Array:
    xp = call.xp
    q, k, _, mask = (a.astype(dtype, copy=False) for a in call.ins[:4])
    s = product(call, q, xp.swapaxes(k, -1, -2)) * call.attrs["scale"] + mask
    if call.attrs["causal"]:
        s = xp.where(xp.triu(xp.ones(s.shape[-2:], dtype=bool), 1), -xp.inf, s)
    return s


@kernel("attention")
def attention(call: Call) -> None:
    xp, dtype = call.xp, accumulator(call.xp, call.x)
    s = _scores(call, dtype)
    if s.size == 0:
        call.outs[0][...], call.outs[1][...] = 0, -xp.inf
        return
    m = s.max(axis=-1, keepdims=True)
    m = xp.where(xp.isfinite(m), m, 0)
    e = xp.exp(s - m)
    total = e.sum(axis=-1, keepdims=True)
    some = total > 0
    call.outs[0][...] = product(call, e / xp.where(some, total, 1), call.ins[2].astype(dtype, copy=False))
    lse = xp.where(some, m + xp.log(xp.where(some, total, 1)), -xp.inf)[..., 0]
    high, low = call.outs[1][..., 0], call.outs[1][..., 1]
    high[...] = lse
    kept = high.astype(dtype)
    low[...] = xp.where(xp.isfinite(kept), lse - xp.where(xp.isfinite(kept), kept, 0), 0)


@kernel("attention_grad")
def attention_grad(call: Call) -> None:
    xp, dtype = call.xp, accumulator(call.xp, call.x)
    q, k, v, _, y, lse, g = (a.astype(dtype, copy=False) for a in call.ins)
    lse = lse.sum(axis=-1, keepdims=True)
    some = xp.isfinite(lse)
    p = xp.where(some, xp.exp(_scores(call, dtype) - xp.where(some, lse, 0)), 0)
    ds = p * (product(call, g, xp.swapaxes(v, -1, -2)) - (g * y).sum(axis=-1, keepdims=True)) * call.attrs["scale"]
    call.outs[0][...] = product(call, ds, k)
    call.outs[1][...] = product(call, xp.swapaxes(ds, -1, -2), q)
    call.outs[2][...] = product(call, xp.swapaxes(p, -1, -2), g)


@kernel("above")
def above(call: Call) -> None:
    call.y[...] = call.x
    if call.attrs["causal"]:
        hidden = call.xp.triu(call.xp.ones(call.x.shape[-2:], dtype=bool), 1)
        call.y[...] = call.xp.where(hidden, call.attrs["value"], call.x)
