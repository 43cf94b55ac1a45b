"""Which of attention's kernels a call takes: their text for a dtype and a class of sizes."""

from __future__ import annotations

from typing import NamedTuple

from dlcore.graph.cuda_render import CudaKernel

from ._attention_mma import MMA
from ._attention_plain import PLAIN
from ._attention_text import TEXT

MIXED = 256  # columns of results that a block keeps at most
STORED = {"float32": "float", "float64": "double", "float16": "dl_f16", "bfloat16": "dl_bf16"}
HALVES = ("float16", "bfloat16")


class Kernels(NamedTuple):
    """What is launched for arrays of one dtype and class of sizes; a block owns `tile` rows and keeps `columns`."""

    forward: CudaKernel
    stats: CudaKernel
    backward: CudaKernel
    tile: int
    columns: int


def render(kind: str, depth: int, width: int, tensor_cores: bool = False, dropped: bool = False) -> Kernels:
    """Forward, what backward needs of each query, and backward, for heads of so many columns.

    Parameters: q, k, v, mask, y, lse, sizes; y, lse, g, stats, sizes; q, k, v, mask, g, stats, dq, dk, dv, sizes,
    where stats are two numbers a query in the type that is computed with. They want their block and any grid.
    `tensor_cores`: products of 16-bit floats are made by those, which a device of compute capability 8.0 has.
    `dropped`: behind the mask comes a key, from which it follows which weights are dropped.
    """
    stored, real = STORED[kind], "double" if kind == "float64" else "float"
    piece = 32 if max(depth, width) <= 32 else 64
    columns = min(MIXED, max(32, 1 << (max(depth, width) - 1).bit_length()))
    if tensor_cores and kind in HALVES:
        label, tiles, block = f"mma_{kind}_{piece}_{columns}", f"dl_mma_tiles<{stored}, {piece}, {columns}>", 128
        resident = {32: (4, 3), 64: (4, 2), 128: (3, 2), 256: (2, 1)}[columns]
    else:
        label, tiles, block = f"{kind}_{piece}_{columns}", f"dl_tiles<{stored}, {real}, {piece}, {columns}>", 256
        resident = {32: (2, 2), 64: (2, 2), 128: (2, 1), 256: (1, 1)}[columns]
    q, sizes = f"const {stored}* q, const {stored}* k, const {stored}* v, const {stored}* mask", "dl_attention p"
    if dropped:
        label, q, drop = f"dropped_{label}", f"{q}, const long long* key", f"dl_drop<{real}>(key, p)"
    else:
        drop = "dl_nothing()"
    forward = f"{q}, {stored}* y, {stored}* lse, {sizes}"
    stats = f"const {stored}* y, const {stored}* lse, const {stored}* g, {real}* stats, {sizes}"
    backward = f"{q}, const {stored}* g, const {real}* stats, {stored}* dq, {stored}* dk, {stored}* dv, {sizes}"
    room = f"__shared__ {tiles}::Room room;"
    both = f"{room} dl_backward<{tiles}>(room, q, k, v, mask, {drop}, g, stats, dq, dk, dv, p);"
    return Kernels(
        _kernel(
            f"attention_{label}", forward, f"{room} dl_forward<{tiles}>(room, q, k, v, mask, {drop}, y, lse, p);",
            block, resident[0],
        ),
        _kernel(f"attention_stats_{label}", stats, f"dl_stats<{stored}, {real}>(y, lse, g, stats, p);", 256, 1),
        _kernel(f"attention_grad_{label}", backward, both, block, resident[1]),
        32 if real == "double" else 64,
        columns,
    )  # fmt: skip


def _kernel(name: str, parameters: str, body: str, block: int, resident: int) -> CudaKernel:
    """`resident`: so many blocks shall be on a multiprocessor at once, which bounds the registers of a thread."""
    bounds = f"__launch_bounds__({block}, {resident})"
    text = f'extern "C" __global__ void {bounds} {name}({parameters}) {{\n  {body}\n}}\n'
    tiles = MMA if "dl_mma_tiles" in body else PLAIN if "dl_tiles" in body else ""
    return CudaKernel(name, TEXT + tiles + text, 0, 1, block)
