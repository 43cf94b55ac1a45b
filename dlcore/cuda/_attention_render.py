"""Which of attention's kernels a call takes: their text for a dtype and a class of sizes."""

from __future__ import annotations

from typing import NamedTuple

from dlcore.graph.cuda_render import BLOCK, CudaKernel

from ._attention_text import TEXT

SIDE = 16  # threads along each side of a tile
MIXED = 256  # columns of results that a block keeps at most
STORED = {"float32": "float", "float64": "double", "float16": "dl_f16", "bfloat16": "dl_bf16"}


class Kernels(NamedTuple):
    """What is launched for arrays of one dtype and class of sizes; a block owns `tile` rows and keeps `columns`."""

    forward: CudaKernel
    stats: CudaKernel
    backward: CudaKernel
    tile: int
    columns: int


def render(kind: str, depth: int, width: int) -> Kernels:
    """Forward, what backward needs of each query, and backward, for heads of so many columns.

    Parameters: q, k, v, mask, y, lse, sizes; y, lse, g, stats, sizes; q, k, v, mask, g, stats, dq, dk, dv, sizes,
    where stats are two numbers a query in the type that is computed with. They want BLOCK threads and any grid.
    """
    stored, real = STORED[kind], "double" if kind == "float64" else "float"
    piece = 32 if max(depth, width) <= 32 else 64
    columns = min(MIXED, max(32, 1 << (max(depth, width) - 1).bit_length()))
    label = f"{kind}_{piece}_{columns}"
    tiles = f"dl_tiles<{stored}, {real}, {piece}, {columns}>"
    q, sizes = f"const {stored}* q, const {stored}* k, const {stored}* v, const {stored}* mask", "dl_attention p"
    forward = f"{q}, {stored}* y, {stored}* lse, {sizes}"
    stats = f"const {stored}* y, const {stored}* lse, const {stored}* g, {real}* stats, {sizes}"
    backward = f"{q}, const {stored}* g, const {real}* stats, {stored}* dq, {stored}* dk, {stored}* dv, {sizes}"
    room = f"__shared__ {tiles}::Room room;"
    return Kernels(
        _kernel(
            f"attention_{label}", forward, f"{room} {tiles}::all_forward(room, q, k, v, mask, y, lse, p);",
            1 + (columns <= 128),
        ),
        _kernel(f"attention_stats_{label}", stats, f"dl_stats<{stored}, {real}>(y, lse, g, stats, p);"),
        _kernel(
            f"attention_grad_{label}", backward,
            f"{room} {tiles}::all_backward(room, q, k, v, mask, g, stats, dq, dk, dv, p);", 1 + (columns <= 64),
        ),
        SIDE * (2 if real == "double" else 4),
        columns,
    )  # fmt: skip


def _kernel(name: str, parameters: str, body: str, blocks: int = 1) -> CudaKernel:
    """`blocks`: so many shall be on a multiprocessor at once, which bounds the registers of a thread."""
    bounds = f"__launch_bounds__({BLOCK}, {blocks})"
    text = f'extern "C" __global__ void {bounds} {name}({parameters}) {{\n  {body}\n}}\n'
    return CudaKernel(name, TEXT + text, 0, 1)
