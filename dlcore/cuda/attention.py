"""Attention by kernels of our own (`_attention_text`), which never store the scores; 16-bit floats add in float32."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np

from dlcore.graph.cuda_render import CudaKernel

from ._attention_render import HALVES, Kernels, render
from ._call import Array, Call, kernel
from ._recording import hold
from .random import philox

MOST = 2**31 - 1  # blocks of a launch
_ARRAYS = ("q", "k", "v", "y", "g", "dq", "dk", "dv", "mask")
# The structure `dl_attention` of the kernels' text.
SIZES = np.dtype(
    [(name, "<i8") for name in ("z1", "batch", "queries", "keys", "depth", "width")]
    + [(name, "<i8", 3) for name in _ARRAYS]
    + [("column", "<i8"), ("causal", "<i8"), ("scale", "<f8")]
)


@kernel("attention", bits=True)
@kernel("attention_dropped", bits=True, beside=(4,))
def attention(call: Call) -> bool:
    """Forward; False where bfloat16 must come as float32 instead."""
    if math.prod(call.x.shape[:-1]) * call.ins[1].shape[-2] == 0:
        if not call.bits:
            call.outs[0][...], call.outs[1][...] = 0, -call.xp.inf
        return not call.bits
    y, lse = _result(call.xp, call.y), _result(call.xp, call.outs[1], packed=True)
    given = _Given(call, {"y": y})
    kernels = given.kernels()
    launch(kernels.forward, given.blocks(kernels, "queries width"), [*given.read(), y, lse, given.sizes])
    _finish(call.outs, (y, lse))
    return True


@kernel("attention_grad", bits=True)
@kernel("attention_dropped_grad", bits=True, beside=(4,))
def attention_grad(call: Call) -> bool:
    """The gradients by q, k and v; False where bfloat16 must come as float32 instead."""
    if math.prod(call.x.shape[:-1]) * call.ins[1].shape[-2] == 0:
        if not call.bits:
            for out in call.outs:
                out[...] = 0
        return not call.bits
    xp, (y, lse, g) = call.xp, call.ins[-3:]
    made = [_result(xp, out) for out in call.outs]
    given = _Given(call, {"y": y, "g": g, **dict(zip(("dq", "dk", "dv"), made, strict=True))})
    kernels = given.kernels()
    lse = xp.ascontiguousarray(lse.astype(call.y.dtype, copy=False))
    stats = xp.empty(lse.shape, "float64" if call.y.dtype == np.float64 else "float32")
    y, g = given.arrays("y g")
    launch(kernels.stats, min(MOST, -(-lse.size // 16)), [y, lse, g, stats, given.sizes])
    blocks = given.blocks(kernels, "queries depth", "keys depth", "keys width")
    launch(kernels.backward, blocks, [*given.read(), g, stats, *made, given.sizes])
    _finish(call.outs, made)
    return True


class _Given:
    """The arrays of a call as the kernels take them, with what they are told about sizes and steps."""

    def __init__(self, call: Call, more: dict[str, Array]) -> None:
        xp, dtype = call.xp, call.y.dtype
        q, k, v, mask = call.ins[:4]
        queries, keys = q.shape[-2], k.shape[-2]
        mask = xp.broadcast_to(mask.astype(dtype, copy=False), (*q.shape[:-2], queries, keys))
        self.kind = "bfloat16" if call.bits else str(dtype)
        self.tensor_cores = self.kind in HALVES and has_tensor_cores(xp)
        self.key = [xp.ascontiguousarray(call.ins[4])] if "dropped" in call.op else []
        self.sizes = np.zeros((), SIZES)
        self.held: dict[str, Array] = {}
        for name, array in {"q": q, "k": k, "v": v, "mask": mask, **more}.items():
            array = array.astype(dtype, copy=False)
            if _steps(array, name == "mask") is None:
                array = xp.ascontiguousarray(array)
            steps = _steps(array, name == "mask")
            assert steps is not None
            self.held[name] = array
            self.sizes[name] = steps[:3]
            if name == "mask":
                self.sizes["column"] = steps[3]
        z1 = q.shape[-3] if q.ndim > 2 else 1
        for name, size in {"z1": z1, "batch": math.prod(q.shape[:-2]), "queries": queries, "keys": keys}.items():
            self.sizes[name] = size
        self.sizes["depth"], self.sizes["width"] = q.shape[-1], v.shape[-1]
        self.sizes["causal"], self.sizes["scale"] = call.attrs["causal"], call.attrs["scale"]

    def kernels(self) -> Kernels:
        depth, width = int(self.sizes["depth"]), int(self.sizes["width"])
        return _rendered(self.kind, depth, width, self.tensor_cores, bool(self.key))

    def read(self) -> list[Array]:
        """What both kernels read first."""
        return [*self.arrays("q k v mask"), *self.key]

    def arrays(self, names: str) -> list[Array]:
        return [self.held[name] for name in names.split()]

    def blocks(self, kernels: Kernels, *results: str) -> int:
        """One for each tile of rows and so many columns of each of the results, named by both."""
        rows = [name.split() for name in results]
        tiles = sum(
            -(-int(self.sizes[r]) // kernels.tile) * max(1, -(-int(self.sizes[c]) // kernels.columns)) for r, c in rows
        )
        return min(MOST, int(self.sizes["batch"]) * tiles)


def _steps(array: Array, any_column: bool = False) -> tuple[int, int, int, int] | None:
    """Elements from one to the next along all leading axes but the last, the last, rows and columns.

    None where the leading axes are not evenly apart, or (unless `any_column`) neighbouring columns are apart.
    """
    item = array.dtype.itemsize
    steps = [s // item if n > 1 else 0 for n, s in zip(array.shape, array.strides, strict=True)]
    if array.shape[-1] > 1 and steps[-1] != 1 and not any_column:
        return None
    lead = [(n, s) for n, s in zip(array.shape[:-3], steps[:-3], strict=True) if n > 1]
    if any(outer[1] != inner[0] * inner[1] for outer, inner in pairwise(lead)):
        return None
    return lead[-1][1] if lead else 0, steps[-3] if array.ndim > 2 else 0, steps[-2], steps[-1]


def _result(xp: Any, out: Array, packed: bool = False) -> Array:
    """What a kernel writes into: the result itself, or an array to be copied into it."""
    suits = out.flags.c_contiguous if packed else _steps(out) is not None
    return out if suits else xp.empty(out.shape, out.dtype)


def _finish(outs: Sequence[Array], made: Sequence[Array]) -> None:
    for out, array in zip(outs, made, strict=True):
        if out is not array:
            out[...] = array


@lru_cache(maxsize=64)
def _rendered(kind: str, depth: int, width: int, tensor_cores: bool, dropped: bool) -> Kernels:
    return render(kind, depth, width, tensor_cores, dropped)


def has_tensor_cores(xp: Any) -> bool:
    """Whether the current device multiplies 16-bit floats as the kernels ask it to."""
    return int(xp.cuda.Device().compute_capability) >= 80


@lru_cache(maxsize=64)
def _compiled(kernel: CudaKernel) -> Any:
    import cupy

    return cupy.RawModule(code=kernel.source, backend="nvrtc", options=("--std=c++17",)).get_function(kernel.name)


def launch(kernel: CudaKernel, blocks: int, arguments: Sequence[Any]) -> None:
    """Queue a kernel on CuPy's current stream; sizes are passed by value."""
    hold(_compiled(kernel))((blocks,), (kernel.block,), tuple(arguments))


@kernel("above")
def above(call: Call) -> None:
    call.y[...] = call.x
    if call.attrs["causal"]:
        hidden = call.xp.triu(call.xp.ones(call.x.shape[-2:], dtype=bool), 1)
        call.y[...] = call.xp.where(hidden, call.attrs["value"], call.x)


@kernel("dropped")
def dropped(call: Call) -> None:
    """The factors of attention_drop.h, for weights that are stored."""
    xp, (x, key) = call.xp, call.ins
    batch, queries, keys = math.prod(x.shape[:-2]), x.shape[-2], x.shape[-1]
    low, half = xp.uint64(0xFFFFFFFF), xp.uint64(32)
    z, i, j = (xp.arange(n).reshape(shape) for n, shape in ((batch, (-1, 1, 1)), (queries, (-1, 1)), (keys, (-1,))))
    rows, columns = -(-queries // 16) * 8, -(-keys // 16) * 8
    n = ((z * rows + i // 16 * 8 + i % 8) * columns + j // 16 * 8 + j % 8).astype("uint64")
    seed, block = key[0].astype("uint64"), key[1].astype("uint64")
    counter = [xp.zeros_like(n) + (block & low), xp.zeros_like(n) + (block >> half)]
    words = philox(xp, (seed & low, seed >> half), [*counter, n & low, (n >> half) | xp.uint64(0x80000000)])
    below, right = i // 8 % 2 == 1, j // 8 % 2 == 1
    word = xp.where(below, xp.where(right, words[3], words[2]), xp.where(right, words[1], words[0]))
    kept = (word >> xp.uint64(8)) >= key[2].astype("uint64")
    factor = 2.0**24 / (2.0**24 - key[2])
    call.y[...] = xp.where(kept.reshape(x.shape), x * factor, 0)
