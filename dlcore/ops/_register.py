"""Hands the records to the C++ core: the spec dictionary of every operator."""

from __future__ import annotations

from typing import Any

from .. import _core
from . import _record
from ._host import HOST_DTYPES
from ._record import REQUIRED, Op

# Kernels of these dtype rules want all their inputs in one dtype; the core casts before it calls them.
_CASTING = {"promote", "floating", "complex", "to_complex", "from_complex"}


def spec(record: Op) -> dict[str, Any]:
    """The description of `record` that `_core.register_op` takes."""
    tile = record.tile
    casting = record.dtype in _CASTING or record.dtype in HOST_DTYPES
    return {
        "name": record.name,
        "inputs": [(i.name, i.optional, i.variadic, i.like) for i in record.inputs],
        "attrs": [(a.name, a.type, None if a.default is REQUIRED else a.default) for a in record.attrs],
        "n_out": record.n_out,
        "kernel": record.kernel,
        "tile": None if tile is None else _core.TileProgram(tile.n_in, tile.code, tile.outs),
        "infer": record.infer,
        "dtype": record.dtype,
        "grad": record.grad_program,
        "complex_grad": record.complex_grad_program,
        "takes_complex": record.takes_complex,
        "complex_twin": record.complex_twin,
        "define": record.define_program,
        "random": record.random,
        "inplace_ok": record.inplace_ok,
        "cast_inputs": bool(record.kernel) and casting and not record.elementwise,
    }


def register(record: Op) -> None:
    """Registers one operator; from then on `_core.invoke(record.id, ...)` runs it."""
    record.id = _core.register_op(spec(record))


def register_all() -> None:
    """Registers every record made so far and, from now on, each new one as it is declared."""
    for record in _record.RECORDS.values():
        register(record)
    _record.on_new(register)
