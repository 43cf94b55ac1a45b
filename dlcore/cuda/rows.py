"""Fused groups that reduce rows: rendered as CUDA C once per shapes and layouts, compiled by NVRTC."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dlcore.graph.cuda_kernels import row_kernels
from dlcore.ops._expr import Tile

from ._recording import hold
from .tile import operand


@lru_cache(maxsize=1024)
def _compiled(
    code: tuple, n_in: int, tile_outs: tuple, register: str, trailing: int, ins: tuple, outs: tuple
) -> tuple[list[tuple[Any, int, int]], int]:
    """The functions to launch, each with its grid and block, and the bytes of memory that they share."""
    import cupy

    group = (Tile(n_in, list(code), list(tile_outs)), register, ins, outs, trailing)
    made, shared = row_kernels("rows", *group)
    functions = []
    for kernel in made:
        module = cupy.RawModule(code=kernel.source, backend="nvrtc", options=("--std=c++17",))
        functions.append((module.get_function(kernel.name), kernel.grid, kernel.block))
    return functions, shared


def launch(tile: Any, register: str, trailing: int, ins: Sequence[Any], outs: Sequence[Any]) -> None:
    """Run a row group over core arrays on CuPy's current stream; the last `trailing` axes are a row."""
    import cupy
    import numpy as np

    arrays = tuple(operand(a) for a in ins), tuple(operand(a) for a in outs)
    functions, shared = _compiled(tuple(tile.code), tile.n_in, tuple(tile.outs), register, trailing, *arrays)
    pointers = [np.intp(a._ptr) for a in (*ins, *outs)]
    sums = cupy.cuda.alloc(shared) if shared else None  # its pool hands it out again in the order of the stream
    if sums is not None:
        pointers.append(np.intp(sums.ptr))
    for function, grid, block in functions:
        hold(function)((grid,), (block,), tuple(pointers))
