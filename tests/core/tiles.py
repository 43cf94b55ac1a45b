"""Operators made of a tile program, registered for a test, and the running of tests under a lower instruction set."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
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


def run_under(isa: str, path: str, keyword: str) -> None:
    """Runs the tests of `path` that match `keyword` in a process held to instruction set `isa`."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", keyword, path]
    done = subprocess.run(command, env={**os.environ, "DLCORE_ISA": isa}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]
    assert " passed" in done.stdout
