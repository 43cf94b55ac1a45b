"""Matrix products: cuBLASLt where it is loaded and the layout suits, CuPy's product otherwise."""

from __future__ import annotations

import math

from dlcore.ops._record import RECORDS

from . import _cublaslt
from ._arrays import widened
from ._call import Array, Call, accumulator, kernel


def product(call: Call, a: Array, b: Array) -> Array:
    """a @ b with float32 accumulation of 16-bit floats."""
    out = call.xp.empty((*a.shape[:-1], b.shape[-1]), dtype=call.xp.result_type(a, b))
    if not _into(call, a, b, out):
        out[...] = call.xp.matmul(a, b)
    return out


def _into(call: Call, a: Array, b: Array, out: Array) -> bool:
    """out = a @ b by cuBLASLt; False where it does not suit."""
    if a.ndim != b.ndim or a.shape[:-2] != b.shape[:-2]:
        return False
    stacks = _stack(a), _stack(b), _stack(out)
    return all(s is not None for s in stacks) and _cublaslt.matmul(call.xp, *stacks, bits=call.bits)


def _stack(array: Array) -> Array | None:
    """The same matrices with all batch axes as one; None where that would copy."""
    sizes, steps = array.shape[:-2], array.strides[:-2]
    if len(sizes) <= 1:
        return array
    even = all(steps[i] == steps[i + 1] * sizes[i + 1] for i in range(len(sizes) - 1))
    return array.reshape(-1, *array.shape[-2:]) if even else None


@kernel("matmul", bits=True)
def matmul(call: Call) -> bool:
    a, b = call.ins
    done = _into(call, a, b, call.y)
    if not done and not call.bits:
        call.y[...] = call.xp.matmul(a, b)
    return done or not call.bits


@kernel("dense", bits=True)
def dense(call: Call) -> bool:
    x, weight, bias = (*call.ins, None)[:3]
    count = x.shape[0] if call.attrs["flatten"] and x.ndim > 1 else math.prod(x.shape[:-1])
    return _lines(call, x.reshape(count, weight.shape[1]), weight.T, bias)


def _lines(call: Call, rows: Array, b: Array, bias: Array | None) -> bool:
    """The result as lines: rows @ b + bias. False where bfloat16 bits must come as float32 instead."""
    size = (rows.shape[0], b.shape[1])
    whole = call.y.reshape(size) if call.y.flags.c_contiguous else call.xp.empty(size, dtype=call.y.dtype)
    if bias is not None and bias.dtype != whole.dtype:  # results in float32
        bias = widened(call.xp, bias) if call.bits else bias.astype(whole.dtype)
    done = _cublaslt.matmul(call.xp, rows, b, whole, bias, call.bits)
    if call.bits and not done:
        return False
    if not done:
        y = call.xp.matmul(rows.astype(whole.dtype, copy=False), b.astype(whole.dtype, copy=False))
        whole[...] = y if bias is None else y.astype(accumulator(call.xp, y), copy=False) + bias
    if not call.y.flags.c_contiguous:
        call.y[...] = whole.reshape(call.y.shape)
    return True


@kernel("product", bits=True, beside=(3, 4))
def product_then(call: Call) -> bool:
    """The product with its bias; the steps behind it are rendered like any elementwise operator.

    16-bit floats beside which the other array is float32 have results in float32, which nothing rounds before.
    """
    a, b, bias, _ = (*call.ins, None, None)[:4]
    b = b.swapaxes(-1, -2) if call.attrs["transpose_b"] else b
    if b.ndim == 2:
        done = _lines(call, a.reshape(math.prod(a.shape[:-1]), b.shape[0]), b, bias)
    elif call.bits:
        done = bias is None and _into(call, a, b, call.y)
    else:
        y, done = product(call, a.astype(call.y.dtype, copy=False), b.astype(call.y.dtype, copy=False)), True
        call.y[...] = y if bias is None else y.astype(accumulator(call.xp, y), copy=False) + bias
    for step in call.attrs["then"].split("+") if done and call.attrs["then"] else ():
        call.then.append((step, (3,) if len(RECORDS[step].inputs) == 2 else ()))
    return done


@kernel("product_sums")
def product_sums(call: Call) -> None:
    """A product, and the sums of the left side's lines."""
    a, b = (x.astype(call.y.dtype, copy=False) for x in call.ins)
    call.y[...] = product(call, a, b)
    call.outs[1][...] = a.astype(accumulator(call.xp, a), copy=False).sum(axis=1)
