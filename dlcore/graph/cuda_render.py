"""Fused groups as CUDA C: one grid-stride loop, with shapes and strides written into the text as constants.

Where neighbours in memory are neighbours in the loop, a thread takes as many at once as fit in 16 bytes of the widest
array; a second loop, element by element, is there for pointers that are not aligned to that.

The text needs no header, so that NVRTC compiles it anywhere and a plain C++ compiler can run it through a small shim.
16-bit floats travel as unsigned short and are converted by the functions of the prelude.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ._cuda_prelude import PRELUDE
from ._ir import ITEMSIZE, Node, numel
from ._rows import strides_along

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

    Launch `grid` blocks of `block` threads; any other numbers give the same result, but for a kernel that
    reduces rows, which needs its block, and one that reduces columns, which needs its grid as well.
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
    """The CUDA C of an elementwise fused node, under the function name `name`."""
    ins = [Operand(v.dtype, v.shape, v.strides) for v in node.inputs if v is not None]
    outs = [Operand(v.dtype, v.shape, v.strides) for v in node.outputs]
    return render_tile(name, node.tile, node.register, ins, outs)


def render_tile(name: str, tile: Any, register: str, ins: Sequence[Operand], outs: Sequence[Operand]) -> CudaKernel:
    """The CUDA C of a tile program over arrays of these shapes and layouts; `ins` broadcast to the shape of `outs`."""
    shape, strides = _axes(ins, outs)
    elements = numel(shape)
    width = _width(shape, strides, [*ins, *outs])
    params = [f"const {STORAGE[o.dtype]}* in{i}" for i, o in enumerate(ins)]
    params += [f"{STORAGE[o.dtype]}* out{i}" for i, o in enumerate(outs)]
    group = _Group(tile, register, ins, outs, shape, strides)
    lines = [
        f'extern "C" __global__ void {name}({", ".join(params)}) {{',
        "  const long long step = (long long)gridDim.x * blockDim.x;",
        "  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;",
    ]
    if width > 1:
        lines.append(f"  if ({group.aligned(width)}) {{")
        lines.append(f"    for (; i < {elements // width}LL; i += step) {{")
        lines += ["      " + line for line in group.vector(width)]
        lines += ["    }", "    return;", "  }"]
    lines.append(f"  for (; i < {elements}LL; i += step) {{")
    lines += ["    " + line for line in group.scalar()]
    lines += ["  }", "}"]
    grid = max(1, min(MAX_GRID, -(-elements // (width * BLOCK))))
    return CudaKernel(name, "\n".join(lines) + "\n", elements, grid)


@dataclass(frozen=True)
class _Group:
    """A tile program with the arrays it runs over, their axes merged."""

    tile: Any
    register: str
    ins: Sequence[Operand]
    outs: Sequence[Operand]
    shape: tuple[int, ...]
    strides: list[tuple[int, ...]]

    def scalar(self) -> list[str]:
        """One element: loads, arithmetic, stores."""
        body = _index_lines(self.shape)
        body += [self.load(i, f"in{i}[{offset_text(self.strides[i])}]") for i in range(len(self.ins))]
        body += self.arithmetic()
        for i, operand in enumerate(self.outs):
            target = f"out{i}[{offset_text(self.strides[len(self.ins) + i])}]"
            body.append(f"{target} = {store_text(f'v{self.tile.outs[i]}', operand.dtype, self.register)};")
        return body

    def vector(self, width: int) -> list[str]:
        """`width` neighbours at once: each array is read and written in pieces of up to 16 bytes."""
        body, inner = _index_lines(self.shape, width), []
        for i, operand in enumerate(self.ins):
            where = offset_text(self.strides[i])
            if self.packed(i):
                kind = f"dl_pack<{STORAGE[operand.dtype]}, {width}>"
                body.append(f"const {kind} p{i} = *(const {kind}*)(in{i} + {where});")
                inner.append(self.load(i, f"p{i}.at[k]"))
            else:  # the same number for all of them
                body.append(self.load(i, f"in{i}[{where}]"))
        inner += self.arithmetic()
        stores = []
        for i, operand in enumerate(self.outs):
            kind = f"dl_pack<{STORAGE[operand.dtype]}, {width}>"
            body.append(f"{kind} q{i};")
            inner.append(f"q{i}.at[k] = {store_text(f'v{self.tile.outs[i]}', operand.dtype, self.register)};")
            stores.append(f"*({kind}*)(out{i} + {offset_text(self.strides[len(self.ins) + i])}) = q{i};")
        loop = ["#pragma unroll", f"for (int k = 0; k < {width}; ++k) {{", *("  " + line for line in inner), "}"]
        return [*body, *loop, *stores]

    def packed(self, number: int) -> bool:
        """Whether an array moves along the innermost axis."""
        return self.strides[number][-1] == 1

    def aligned(self, width: int) -> str:
        """The condition that every pointer may be read or written in pieces."""
        names = [*(f"in{i}" for i in range(len(self.ins))), *(f"out{i}" for i in range(len(self.outs)))]
        tests = [
            f"(unsigned long long){name} % {width * ITEMSIZE[operand.dtype]} == 0"
            for number, (name, operand) in enumerate(zip(names, [*self.ins, *self.outs], strict=True))
            if self.packed(number)
        ]
        return " && ".join(tests)

    def load(self, number: int, text: str) -> str:
        """The register of an input, from the text that names its element."""
        value = load_text(text, self.ins[number].dtype, self.register)
        return f"const {STORAGE[self.register]} v{number} = {value};"

    def arithmetic(self) -> list[str]:
        """The program itself."""
        lines = []
        for i, (mnemonic, operands) in enumerate(self.tile.code):
            constant = mnemonic == "const"
            value = literal(operands, self.register) if constant else micro(mnemonic, operands, self.register)
            lines.append(f"const {STORAGE[self.register]} v{self.tile.n_in + i} = {value};")
        return lines


def _width(shape: tuple[int, ...], strides: Sequence[tuple[int, ...]], operands: Sequence[Operand]) -> int:
    """How many neighbours a thread can take at once, so that the widest array moves 16 bytes; 1 if that is not so."""
    if not shape or any(s[-1] not in (0, 1) for s in strides):
        return 1
    moving = [(o, s) for o, s in zip(operands, strides, strict=True) if s[-1] == 1]
    width = 16 // max((ITEMSIZE[o.dtype] for o, _ in moving), default=16)
    while width > 1 and (shape[-1] % width or any(step % width for _, s in moving for step in s[:-1])):
        width //= 2
    return width


def _axes(ins: Sequence[Operand], outs: Sequence[Operand]) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The loop's axes in the memory order of the first output, merged where all arrays allow it; strides per array."""
    shape = outs[0].shape
    seen = [strides_along(o, shape) for o in (*ins, *outs)]
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


def _index_lines(shape: tuple[int, ...], width: int = 1) -> list[str]:
    """The place on each axis of group number i of `width` neighbours on the innermost axis."""
    times = f" * {width}" if width > 1 else ""
    if len(shape) <= 1:
        return [f"const long long x0 = i{times};"] if shape else []
    lines = ["long long rest = i;"]
    for axis in range(len(shape) - 1, 0, -1):
        size = shape[axis] // width if axis == len(shape) - 1 else shape[axis]
        lines.append(f"const long long x{axis} = rest % {size}{times if axis == len(shape) - 1 else ''};")
        lines.append(f"rest /= {size};")
    return [*lines, "const long long x0 = rest;"]


def offset_text(strides: tuple[int, ...]) -> str:
    """The place x0, x1 ... as an offset in elements."""
    terms = [f"x{a}" if s == 1 else f"x{a} * {s}LL" for a, s in enumerate(strides) if s != 0]
    return " + ".join(terms) or "0"


def load_text(text: str, dtype: str, register: str) -> str:
    """An element in memory as a number of the registers' type."""
    if dtype in _LOAD:
        return f"({STORAGE[register]}){_LOAD[dtype]}({text})"
    return text if dtype == register else f"({STORAGE[register]}){text}"


def store_text(text: str, dtype: str, register: str) -> str:
    """A register as an element in memory."""
    if dtype in _STORE:
        return f"{_STORE[dtype]}((float){text})"
    if dtype == "bool":
        return f"{text} != 0"
    return text if dtype == register else f"({STORAGE[dtype]}){text}"


def literal(number: Any, register: str) -> str:
    """A constant as C."""
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


def micro(mnemonic: str, operands: tuple[int, ...], register: str) -> str:
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
