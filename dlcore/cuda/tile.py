"""Elementwise operators and fused groups: rendered as CUDA C once per shapes and layouts, compiled by NVRTC."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dlcore.graph.cuda_render import Operand, render_tile
from dlcore.ops._expr import Tile


def operand(array: Any) -> Operand:
    """A core array as the renderer sees it."""
    return Operand(array._dtype_name, array.shape, array._strides)


@lru_cache(maxsize=4096)
def _compiled(code: tuple, n_in: int, tile_outs: tuple, register: str, ins: tuple, outs: tuple) -> tuple[Any, int, int]:
    import cupy

    made = render_tile("tile", Tile(n_in, list(code), list(tile_outs)), register, ins, outs)
    module = cupy.RawModule(code=made.source, backend="nvrtc", options=("--std=c++17",))
    return module.get_function("tile"), made.grid, made.block


def launch(tile: Any, register: str, ins: Sequence[Any], outs: Sequence[Any]) -> None:
    """Run a tile program over core arrays on CuPy's current stream."""
    if outs[0].size == 0:
        return
    function, grid, block = _compiled(
        tuple(tile.code),
        tile.n_in,
        tuple(tile.outs),
        register,
        tuple(operand(a) for a in ins),
        tuple(operand(a) for a in outs),
    )
    import numpy as np

    function((grid,), (block,), tuple(np.intp(a._ptr) for a in (*ins, *outs)))
