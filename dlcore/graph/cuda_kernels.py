"""The CUDA C of any fused group: elementwise ones, sets of arrays under one program, and those that reduce rows."""

from __future__ import annotations

from . import cuda_each, cuda_render, cuda_row_parts
from ._ir import EACH, Node


def kernels(node: Node, name: str) -> list[cuda_render.CudaKernel]:
    """The kernels of a fused node in the order to launch them; `name` is the first one's function."""
    if node.rows:
        return cuda_row_parts.render_node(node, name)
    return [(cuda_each.render_node if node.op == EACH else cuda_render.render)(node, name)]
