"""Fused groups as CUDA C: one grid-stride loop, with shapes and strides written into the text as constants.

The text needs no header, so that NVRTC compiles it anywhere and a plain C++ compiler can run it through a small shim.
16-bit floats travel as unsigned short and are converted by the functions of the prelude.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._cuda_prelude import PRELUDE
from ._ir import Node, numel

BLOCK = 256
MAX_GRID = 4096
STORAGE = {
    "bool": "bool",
    "int8": "signed char",
    "int16": "short",
    "int32": "int",
    "int64": "long long",
    "uint8": "unsigned char",
    "uint16": "unsigned short",
    "uint32": "unsigned int",
    "uint64": "unsigned long long",
    "float16": "unsigned short",
    "bfloat16": "unsigned short",
    "float32": "float",
    "float64": "double",
}
_LOAD = {"float16": "dl_from_f16", "bfloat16": "dl_from_bf16"}
_STORE = {"float16": "dl_to_f16", "bfloat16": "dl_to_bf16"}


@dataclass(frozen=True)
class Operand:
    """An array as a kernel sees it; strides in elements."""

    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class CudaKernel:
    """A rendered kernel. Its parameters are one pointer per input, then one per output.

    Launch `grid` blocks of `block` threads; any other numbers give the same result.
    """

    name: str
    body: str
    elements: int
    grid: int
    block: int = BLOCK

    @property
    def source(self) -> str:
        """The whole text to compile: the prelude and the kernel's own function."""
        return PRELUDE + self.body


def render(node: Node, name: str) -> CudaKernel:
    """The CUDA C of a fused node, under the function name `name`."""
    ins = [Operand(v.dtype, v.shape, v.strides) for v in node.inputs if v is not None]
    outs = [Operand(v.dtype, v.shape, v.strides) for v in node.outputs]
    return render_tile(name, node.tile, node.register, ins, outs)


def render_tile(name: str, tile: Any, register: str, ins: Sequence[Operand], outs: Sequence[Operand]) -> CudaKernel:
    """The CUDA C of a tile program over arrays of these shapes and layouts; `ins` broadcast to the shape of `outs`."""
    shape, strides = _axes(ins, outs)
    elements = numel(shape)
    type_name = STORAGE[register]
    params = [f"const {STORAGE[o.dtype]}* in{i}" for i, o in enumerate(ins)]
    params += [f"{STORAGE[o.dtype]}* out{i}" for i, o in enumerate(outs)]
    body = _index_lines(shape)
    for i, operand in enumerate(ins):
        body.append(f"const {type_name} v{i} = {_load(f'in{i}[{_offset(strides[i])}]', operand.dtype, register)};")
    for i, (mnemonic, operands) in enumerate(tile.code):
        value = _literal(operands, register) if mnemonic == "const" else _micro(mnemonic, operands, register)
        body.append(f"const {type_name} v{tile.n_in + i} = {value};")
    for i, (operand, value) in enumerate(zip(outs, tile.outs, strict=True)):
        body.append(f"out{i}[{_offset(strides[len(ins) + i])}] = {_store(f'v{value}', operand.dtype, register)};")
    lines = [
        f'extern "C" __global__ void {name}({", ".join(params)}) {{',
        "  const long long step = (long long)gridDim.x * blockDim.x;",
        "  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;",
        f"  for (; i < {elements}LL; i += step) {{",
        *("    " + line for line in body),
        "  }",
        "}",
    ]
    grid = max(1, min(MAX_GRID, -(-elements // BLOCK)))
    return CudaKernel(name, "\n".join(lines) + "\n", elements, grid)


def _axes(ins: Sequence[Operand], outs: Sequence[Operand]) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The loop's axes in the memory order of the first output, merged where all arrays allow it; strides per array."""
    shape = outs[0].shape
    seen = [_broadcast_strides(o, shape) for o in (*ins, *outs)]
    first = seen[len(ins)]
    order = sorted((a for a in range(len(shape)) if shape[a] != 1), key=lambda a: -abs(first[a]))
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in seen]
    for axis in order:
        if sizes and all(s[-1] == shape[axis] * strides[axis] for s, strides in zip(steps, seen, strict=True)):
            sizes[-1] *= shape[axis]
            for s, strides in zip(steps, seen, strict=True):
                s[-1] = strides[axis]
        else:
            sizes.append(shape[axis])
            for s, strides in zip(steps, seen, strict=True):
                s.append(strides[axis])
    return tuple(sizes), [tuple(s) for s in steps]


def _broadcast_strides(operand: Operand, shape: tuple[int, ...]) -> tuple[int, ...]:
    lead = len(shape) - len(operand.shape)
    own = zip(operand.shape, operand.strides, shape[lead:], strict=True)
    return (0,) * lead + tuple(0 if size == 1 != target else stride for size, stride, target in own)


def _index_lines(shape: tuple[int, ...]) -> list[str]:
    if len(shape) <= 1:
        return ["const long long x0 = i;"] if shape else []
    lines = ["long long rest = i;"]
    for axis in range(len(shape) - 1, 0, -1):
        lines.append(f"const long long x{axis} = rest % {shape[axis]};")
        lines.append(f"rest /= {shape[axis]};")
    return [*lines, "const long long x0 = rest;"]


def _offset(strides: tuple[int, ...]) -> str:
    terms = [f"x{a}" if s == 1 else f"x{a} * {s}LL" for a, s in enumerate(strides) if s != 0]
    return " + ".join(terms) or "0"


def _load(text: str, dtype: str, register: str) -> str:
    if dtype in _LOAD:
        return f"({STORAGE[register]}){_LOAD[dtype]}({text})"
    return text if dtype == register else f"({STORAGE[register]}){text}"


def _store(text: str, dtype: str, register: str) -> str:
    if dtype in _STORE:
        return f"{_STORE[dtype]}((float){text})"
    if dtype == "bool":
        return f"{text} != 0"
    return text if dtype == register else f"({STORAGE[dtype]}){text}"


def _literal(number: Any, register: str) -> str:
    if register in ("float32", "float64"):
        number = float(number)
        suffix = "f" if register == "float32" else ""
        if number != number or number in (float("inf"), float("-inf")):
            kind = "nan" if number != number else "inf"
            return f"{'-' if number < 0 else ''}({STORAGE[register]})dl_{kind}()"
        return f"({number!r}{suffix})"
    if register == "uint64":
        return f"{int(number)}ULL"
    if int(number) == -(2**63):
        return "(-9223372036854775807LL - 1)"
    return f"({int(number)}{'LL' if register == 'int64' else ''})"


_MATH = (
    "sqrt exp expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf floor ceil "
    "trunc pow atan2 hypot copysign fmod cbrt exp2 lgamma"
).split()
_INFIX = {"add": "+", "sub": "-", "mul": "*"}
_COMPARE = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_BITS = {"band": "&", "bor": "|", "bxor": "^"}


def _micro(mnemonic: str, operands: tuple[int, ...], register: str) -> str:
    """One micro-operation as a C expression."""
    a, b, c = ([f"v{o}" for o in operands] + ["", "", ""])[:3]
    floating, t = register in ("float32", "float64"), STORAGE[register]
    if mnemonic in _INFIX:
        unsigned = {"int32": "unsigned int", "int64": "unsigned long long"}.get(register)
        sign = _INFIX[mnemonic]
        return f"({t})(({unsigned}){a} {sign} ({unsigned}){b})" if unsigned else f"{a} {sign} {b}"
    if mnemonic in _COMPARE:
        return f"({t})({a} {_COMPARE[mnemonic]} {b})"
    if mnemonic in _BITS:
        return f"({t})({a} {_BITS[mnemonic]} {b})"
    if mnemonic == "select":
        return f"{a} != 0 ? {b} : {c}"
    if floating and mnemonic in _MATH:
        name = mnemonic + ("f" if register == "float32" else "")
        return f"{name}({', '.join(f'v{o}' for o in operands)})"
    if floating and mnemonic == "div":
        return f"{a} / {b}"
    if mnemonic in ("and", "or", "xor", "not"):
        return {
            "and": f"({t})({a} != 0 && {b} != 0)",
            "or": f"({t})({a} != 0 || {b} != 0)",
            "xor": f"({t})(({a} != 0) != ({b} != 0))",
            "not": f"({t})({a} == 0)",
        }[mnemonic]
    return f"dl_{mnemonic}<{t}>({', '.join(f'v{o}' for o in operands)})"
