"""Matrix products: cuBLASLt where it is loaded and the layout suits, CuPy's product otherwise."""

from __future__ import annotations

import math

from ._call import Array, Call, accumulator, kernel


def product(call: Call, a: Array, b: Array) -> Array:
    """a @ b with float32 accumulation of 16-bit floats."""
    from . import _cublaslt

    done = _cublaslt.matmul(call.xp, a, b)
    return call.xp.matmul(a, b) if done is None else done


@kernel("matmul")
def matmul(call: Call) -> None:
    a, b = call.ins
    call.y[...] = product(call, a, b)


@kernel("dense")
def dense(call: Call) -> None:
    x, weight, bias = (*call.ins, None)[:3]
    inputs = weight.shape[1]
    rows = x.reshape(x.shape[0] if call.attrs["flatten"] else math.prod(x.shape[:-1]), inputs)
    y = product(call, rows, weight.T)
    if bias is not None:
        y = y.astype(accumulator(call.xp, y), copy=False) + bias
    call.y[...] = y.reshape(call.y.shape)
