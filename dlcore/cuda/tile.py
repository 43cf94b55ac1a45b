"""Elementwise operators and fused groups: rendered as CUDA C once per shapes and layouts, compiled by NVRTC."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from dlcore.graph.cuda_each import render_each, table
from dlcore.graph.cuda_render import Operand, render_tile
from dlcore.ops._expr import Tile

from ._recording import from_host, hold


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

    hold(function)((grid,), (block,), tuple(np.intp(a._ptr) for a in (*ins, *outs)))


def launch_each(tile: Any, register: str, ins: Sequence[Any], outs: Sequence[Any]) -> None:
    """Run a tile program over several sets of core arrays, one set after the other, as one kernel."""
    import cupy
    import numpy as np

    n_in, n_out = tile.n_in, len(tile.outs)
    lengths = tuple(out.size for out in outs[::n_out])
    pointers = [
        array._ptr
        for i in range(len(lengths))
        for array in (*ins[i * n_in : (i + 1) * n_in], *outs[i * n_out : (i + 1) * n_out])
    ]
    first = tuple(operand(a) for a in ins[:n_in]), tuple(operand(a) for a in outs[:n_out])
    function, grid, block = _compiled_each(tuple(tile.code), n_in, tuple(tile.outs), register, *first, lengths)
    made = hold(_on_device(table(lengths, pointers).tobytes(), cupy.cuda.Device().id))
    hold(function)((grid,), (block,), (np.intp(made.data.ptr),))


@lru_cache(maxsize=256)
def _compiled_each(
    code: tuple, n_in: int, tile_outs: tuple, register: str, ins: tuple, outs: tuple, lengths: tuple
) -> tuple[Any, int, int]:
    import cupy

    made = render_each("each", Tile(n_in, list(code), list(tile_outs)), register, ins, outs, lengths)
    module = cupy.RawModule(code=made.source, backend="nvrtc", options=("--std=c++17",))
    return module.get_function("each"), made.grid, made.block


@lru_cache(maxsize=256)
def _on_device(content: bytes, device: int) -> Any:
    """A table in the memory of the current device; weights stay where they are, so that it is mostly there already."""
    import cupy
    import numpy as np

    from_host("a table of addresses")
    return cupy.asarray(np.frombuffer(content, np.uint64))
