"""Fused groups that reduce rows: rendered as CUDA C once per shapes and layouts, compiled by NVRTC."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dlcore.graph.cuda_rows import render_rows
from dlcore.ops._expr import Tile

from .tile import operand


@lru_cache(maxsize=1024)
def _compiled(
    code: tuple, n_in: int, tile_outs: tuple, register: str, trailing: int, ins: tuple, outs: tuple
) -> tuple[Any, int, int]:
    import cupy

    made = render_rows("rows", Tile(n_in, list(code), list(tile_outs)), register, ins, outs, trailing)
    module = cupy.RawModule(code=made.source, backend="nvrtc", options=("--std=c++17",))
    return module.get_function("rows"), made.grid, made.block


def launch(tile: Any, register: str, trailing: int, ins: Sequence[Any], outs: Sequence[Any]) -> None:
    """Run a row group over core arrays on CuPy's current stream; the last `trailing` axes are a row."""
    import numpy as np

    arrays = tuple(operand(a) for a in ins), tuple(operand(a) for a in outs)
    function, grid, block = _compiled(tuple(tile.code), tile.n_in, tuple(tile.outs), register, trailing, *arrays)
    function((grid,), (block,), tuple(np.intp(a._ptr) for a in (*ins, *outs)))
