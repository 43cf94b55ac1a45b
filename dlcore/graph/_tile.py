"""Building tile programs: joining the programs of several calls into one, sharing and simplifying as it goes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dlcore.ops._expr import Tile, prune

NUMBER: dict[str, Any] = {
    "float32": np.float32,
    "float64": np.float64,
    "int32": np.int32,
    "int64": np.int64,
    "uint64": np.uint64,
}
_EXACT: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "max": lambda a, b: a if a >= b else b,
    "min": lambda a, b: a if a <= b else b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


class TileBuilder:
    """Grows one program over `n_in` inputs. Operands are value numbers; constants and equal instructions are shared.

    Arithmetic on constants is done here in the type of the registers, where it is exact to the bit whoever does it.
    """

    def __init__(self, n_in: int, register: str) -> None:
        self.n_in = n_in
        self.register = register
        self.code: list[tuple] = []
        self._known: dict[tuple, int] = {}
        self._consts: dict[int, Any] = {}

    def const(self, number: Any) -> int:
        """A constant, rounded to the registers' type."""
        with np.errstate(all="ignore"):
            typed = NUMBER[self.register](number).item()
        index = self._add(("const", typed), ("const", "nan" if typed != typed else typed, math.copysign(1.0, typed)))
        self._consts[index] = typed
        return index

    def emit(self, mnemonic: str, operands: Sequence[int]) -> int:
        """The value of one instruction; a select on a constant and arithmetic on constants need none."""
        numbers: list[Any] = [self._consts.get(o) for o in operands]  # None where the operand is no constant
        if mnemonic == "select" and numbers[0] is not None:
            return operands[1] if numbers[0] else operands[2]
        if mnemonic in _EXACT and None not in numbers and not any(n != n for n in numbers):
            with np.errstate(all="ignore"):
                return self.const(_EXACT[mnemonic](*[NUMBER[self.register](n) for n in numbers]))
        if mnemonic in ("mul", "div") and numbers[1] == 1:
            return operands[0]
        # Not so for -0.0: -0.0 - -0.0 is 0.0.
        if mnemonic == "sub" and numbers[1] == 0 and math.copysign(1, numbers[1]) == 1:
            return operands[0]
        if mnemonic == "mul" and numbers[0] == 1:
            return operands[1]
        return self._add((mnemonic, tuple(operands)), (mnemonic, *operands))

    def inline(self, tile: Tile, operands: Sequence[int]) -> list[int]:
        """Adds all of `tile` with its inputs bound to `operands`; gives the values of its results."""
        values = list(operands)
        for mnemonic, args in tile.code:
            values.append(self.const(args) if mnemonic == "const" else self.emit(mnemonic, [values[a] for a in args]))
        return [values[o] for o in tile.outs]

    def finish(self, outs: Sequence[int]) -> Tile:
        """The program with these results, without instructions that none of them needs."""
        return prune(Tile(self.n_in, self.code, list(outs)))

    def _add(self, instruction: tuple, key: tuple) -> int:
        if key not in self._known:
            self.code.append(instruction)
            self._known[key] = self.n_in + len(self.code) - 1
        return self._known[key]


def used_inputs(tile: Tile) -> list[int]:
    """The inputs that the program reads, in order."""
    used = {o for mnemonic, operands in tile.code if mnemonic != "const" for o in operands} | set(tile.outs)
    return [i for i in range(tile.n_in) if i in used]


def renumber(tile: Tile, keep: list[int]) -> Tile:
    """The program over only the inputs in `keep` (it must not read others)."""
    moved = {old: new for new, old in enumerate(keep)}
    moved.update({tile.n_in + i: len(keep) + i for i in range(len(tile.code))})
    code = [(m, o) if m == "const" else (m, tuple(moved[x] for x in o)) for m, o in tile.code]
    return Tile(len(keep), code, [moved[o] for o in tile.outs])


def tile_text(tile: Any) -> str:
    """A tile program in one line: operands are letters, then one value per instruction.

    >>> from dlcore.ops._expr import compile_tile
    >>> tile_text(compile_tile("x * x + 1", ["x"]))
    'v1 = mul v0 v0; v2 = 1.0; v3 = add v1 v2; -> v3'
    """
    parts = []
    for i, (mnemonic, operands) in enumerate(tile.code):
        right = f"{operands}" if mnemonic == "const" else " ".join([mnemonic, *(f"v{o}" for o in operands)])
        parts.append(f"v{tile.n_in + i} = {right}")
    return "; ".join([*parts, "-> " + ", ".join(f"v{o}" for o in tile.outs)])
