"""Elementwise operators on complex numbers: micro-operation by micro-operation over CuPy's own functions.

Rendered CUDA C knows real numbers only. Complex arrays are rare in training, so plain array expressions do; the
formulas are those of dlcore/csrc/kernels/cpu/complex_math.h where CuPy has no complex form of a function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ._call import Array


def _sign(xp: Any, a: Array) -> Array:
    size = xp.abs(a)
    return xp.where(size == 0, 0, a / xp.where(size == 0, 1, size))


def _expm1(xp: Any, a: Array) -> Array:
    half = xp.sin(a.imag / 2)
    exact = xp.expm1(a.real) * xp.cos(a.imag) - 2 * half * half + 1j * (xp.exp(a.real) * xp.sin(a.imag))
    usual = xp.where(xp.isfinite(a), exact, xp.exp(a) - 1)
    return xp.where(a.imag == 0, xp.expm1(a.real) + 1j * a.imag, usual)


def _log1p(xp: Any, a: Array) -> Array:
    x, y = a.real, a.imag
    near = (xp.abs(x) < 0.25) & (xp.abs(y) < 0.25)
    inside = xp.where(near, x * (2 + x) + y * y, 0)
    return xp.where(near, xp.log1p(inside) / 2 + 1j * xp.arctan2(y, 1 + x), xp.log(a + 1))


def _power(xp: Any, a: Array, b: Array) -> Array:
    safe = xp.where(a == 0, 1, a)
    at_zero = xp.where(b.real > 0, 0, xp.where(b == 0, 1, math.nan))
    return xp.where(a == 0, at_zero, xp.exp(b * xp.log(safe)))


# Each takes the array module and its operands.
MICRO: dict[str, Callable[..., Any]] = {
    **{
        name: (lambda n: lambda xp, a: getattr(xp, n)(a))(other)
        for name, other in {
            "abs": "abs", "sqrt": "sqrt", "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan",
            "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asin": "arcsin", "acos": "arccos", "atan": "arctan",
            "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "isnan": "isnan", "isinf": "isinf",
            "isfinite": "isfinite", "real": "real", "imag": "imag", "conj": "conj", "angle": "angle",
        }.items()
    },
    "add": lambda xp, a, b: a + b,
    "sub": lambda xp, a, b: a - b,
    "mul": lambda xp, a, b: a * b,
    "div": lambda xp, a, b: a / b,
    "pow": _power,
    "neg": lambda xp, a: -a,
    "sign": _sign,
    "rsqrt": lambda xp, a: 1 / xp.sqrt(a),
    "exp2": lambda xp, a: xp.exp(a * math.log(2)),
    "expm1": _expm1,
    "log1p": _log1p,
    "log2": lambda xp, a: xp.log(a) * (1 / math.log(2)),
    "log10": lambda xp, a: xp.log(a) * (1 / math.log(10)),
    "eq": lambda xp, a, b: a == b,
    "ne": lambda xp, a, b: a != b,
    "and": lambda xp, a, b: (a != 0) & (b != 0),
    "or": lambda xp, a, b: (a != 0) | (b != 0),
    "xor": lambda xp, a, b: (a != 0) ^ (b != 0),
    "not": lambda xp, a: a == 0,
    "select": lambda xp, c, a, b: xp.where(c != 0, a, b),
    "complex": lambda xp, a, b: a.real + 1j * b.real,
}  # fmt: skip


def run(xp: Any, tile: Any, register: str, ins: Sequence[Array], outs: Sequence[Array]) -> None:
    """Runs a tile program whose registers are complex over arrays of `xp`."""
    values = [a.astype(register) for a in ins]
    for mnemonic, operands in tile.code:
        if mnemonic == "const":
            values.append(xp.asarray(operands, dtype=register))
        else:
            values.append(xp.asarray(MICRO[mnemonic](xp, *[values[o] for o in operands])).astype(register))
    for out, which in zip(outs, tile.outs, strict=True):
        value = values[which]
        if out.dtype.kind == "b":
            out[...] = value != 0
        else:
            out[...] = value if out.dtype.kind == "c" else value.real
