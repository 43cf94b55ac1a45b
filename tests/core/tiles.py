"""Operators made of a tile program, registered for a test."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

from dlcore import _core
from dlcore.ops import F as _F  # registers the operators that a program may be mixed with

_serial = itertools.count()
assert _F is not None


def program(n_in: int, code: Sequence[tuple[str, Any]], outs: Sequence[int]) -> Callable[..., Any]:
    """A function that runs the micro-operations of `code` over arrays."""
    name = f"_test_tile_{next(_serial)}"
    number = _core.register_op(
        {
            "name": name,
            "inputs": [(f"x{i}", False, False, False) for i in range(n_in)],
            "attrs": [],
            "n_out": len(outs),
            "kernel": "tile",
            "tile": _core.TileProgram(n_in, list(code), list(outs)),
            "infer": "broadcast",
            "dtype": "promote",
            "inplace_ok": True,
        }
    )
    return lambda *xs, out=None: _core.invoke(number, xs, (), out)
