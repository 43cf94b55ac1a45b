"""The CUDA C of any fused group: elementwise ones, sets of arrays under one program, and those that reduce rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import cuda_each, cuda_render
from ._ir import EACH, Node
from .cuda_render import CudaKernel, Operand
from .cuda_row_columns import render_columns
from .cuda_row_parts import render_parts
from .cuda_rows import render_rows


def kernels(node: Node, name: str) -> list[CudaKernel]:
    """The kernels of a fused node in the order to launch them; `name` is the first one's function."""
    if node.rows:
        ins = [Operand(v.dtype, v.shape, v.strides) for v in node.inputs if v is not None]
        outs = [Operand(v.dtype, v.shape, v.strides) for v in node.outputs]
        return row_kernels(name, node.tile, node.register, ins, outs, node.rows)[0]
    return [(cuda_each.render_node if node.op == EACH else cuda_render.render)(node, name)]


def row_kernels(
    name: str, tile: Any, register: str, ins: Sequence[Operand], outs: Sequence[Operand], rows: int
) -> tuple[list[CudaKernel], int]:
    """The kernels of a row group in the order to launch them, and the bytes of memory that they share, which they take
    after the arrays.
    """
    group = (name, tile, register, ins, outs, rows)
    parts = render_columns(*group) or render_parts(*group)
    return ([render_rows(*group)], 0) if parts is None else ([parts.sums, parts.end], parts.nbytes)
