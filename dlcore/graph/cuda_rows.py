"""Row groups as CUDA C: a few lanes, a warp or a block for each row, which is read once and stays in registers.

A row of up to 1024 elements belongs to lanes of one warp, which reduce by shuffles; a longer one to a block, whose
warps meet in shared memory, once for every reduction. Neighbours in memory are moved up to 16 bytes at a time, as in
`cuda_render`. What a later pass over the row needs is kept in the registers of the thread that has made it; a row that
is gone over once may be of any length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from ._ir import ITEMSIZE, numel
from ._rows import COLUMNS, REDUCTIONS, along_row, is_wide, levels, of_columns, passes, strides_along, whole_shape
from .cuda_render import (
    BLOCK,
    MAX_GRID,
    STORAGE,
    CudaKernel,
    Operand,
    literal,
    load_text,
    micro,
    offset_text,
    store_text,
)

WARP_ROW = 1024  # elements of a row that one warp takes
PER_THREAD = 16  # elements of a long row that a thread shall have
MAX_BLOCK = 1024
_COMBINE = {"sum": "{a} + {b}", "prod": "{a} * {b}", "max": "dl_max({a}, {b})", "min": "dl_min({a}, {b})"}
_FIRST = {"sum": "0", "prod": "1", "max": "-dl_inf()", "min": "dl_inf()"}


def render_rows(
    name: str, tile: Any, register: str, ins: Sequence[Operand], outs: Sequence[Operand], rows: int
) -> CudaKernel:
    """The CUDA C of a row group; its kernel wants exactly the block that it names, and any grid."""
    kernel = RowKernel(tile, register, ins, outs, whole_shape(ins), rows)
    grid = max(1, min(MAX_GRID, -(-kernel.count // kernel.rows_of_block)))
    return kernel.function(name, grid)


def combined_text(mnemonic: str, a: str, b: str) -> str:
    """Two numbers made one by a reduction."""
    return _COMBINE[mnemonic.partition("_")[2]].format(a=a, b=b)


def first_text(mnemonic: str) -> str:
    """What a reduction starts from."""
    return _FIRST[mnemonic.partition("_")[2]]


def indent(lines: Sequence[str], by: int) -> list[str]:
    """The lines of a block."""
    return [" " * by + line for line in lines]


@dataclass
class RowKernel:
    """The text of one kernel over all rows of a group."""

    tile: Any
    register: str
    ins: Sequence[Operand]
    outs: Sequence[Operand]
    whole: tuple[int, ...]
    rows: int
    warp_row: ClassVar[int] = WARP_ROW

    def __post_init__(self) -> None:
        cut = len(self.whole) - self.rows
        self.n, self.count = numel(self.whole[cut:]), numel(self.whole[:cut])
        self.column = of_columns(self.tile)
        outs = zip(self.outs, self.tile.outs, strict=True)
        shaped = [*self.ins, *(o if self.column[at] else _shaped(o, self.whole, self.rows) for o, at in outs)]
        self.steps = [along_row(o, self.whole, self.rows) or 0 for o in shaped]
        self.lead, self.strides = _lead(self.whole[:cut], [strides_along(o, self.whole)[:cut] for o in shaped])
        self.wide = is_wide(self.tile, [step != 0 for step in self.steps[: len(self.ins)]])
        self.level, self.when = levels(self.tile), passes(self.tile, self.wide)
        self.t = STORAGE[self.register]
        self.reduced = [v for v, (m, _) in enumerate(self.tile.code, self.tile.n_in) if m in REDUCTIONS]
        self.first, self.end, self.span = "", str(self.n), self.n  # of what the lanes go over: x of its first and last
        width = self.width()
        if self.n <= self.warp_row:
            self.lanes = min(32, _power_of_two(-(-self.n // width)))
            self.block, self.rows_of_block = BLOCK, BLOCK // self.lanes
        else:
            self.block = self.lanes = min(MAX_BLOCK, max(64, _power_of_two(-(-self.n // PER_THREAD))))
            self.rows_of_block = 1

    def function(self, name: str, grid: int, more: Sequence[str] = ()) -> CudaKernel:
        """The kernel, with `more` parameters after the arrays."""
        # So many threads must find registers enough.
        bounds = f"__launch_bounds__({self.block})"
        lines = [f'extern "C" __global__ void {bounds} {name}({self.parameters(more)}) {{']
        width = self.width()
        if width > 1:
            lines += [f"  if ({self.aligned(width)}) {{", *indent(self.body(width), 4), "    return;", "  }"]
        lines += [*indent(self.body(1), 2), "}"]
        return CudaKernel(name, "\n".join(lines) + "\n", numel(self.whole), grid, self.block)

    def parameters(self, more: Sequence[str] = ()) -> str:
        """The arrays, and `more`."""
        params = [f"const {STORAGE[o.dtype]}* in{i}" for i, o in enumerate(self.ins)]
        params += [f"{STORAGE[o.dtype]}* out{i}" for i, o in enumerate(self.outs)]
        return ", ".join([*params, *more])

    def mnemonic(self, value: int) -> str:
        """The instruction that makes a value."""
        return self.tile.code[value - self.tile.n_in][0]

    def width(self) -> int:
        """How many neighbours a thread takes at once: of the widest array 16 bytes, 1 where they are apart."""
        operands = [*self.ins, *self.outs]
        moving = [(o, s) for o, step, s in zip(operands, self.steps, self.strides, strict=True) if step]
        if any(step not in (0, 1) for step in self.steps):
            return 1
        width = 16 // max(ITEMSIZE[o.dtype] for o, _ in moving)
        while width > 1 and (self.n % width or any(stride % width for _, s in moving for stride in s)):
            width //= 2
        return width

    def names(self) -> list[str]:
        return [*(f"in{i}" for i in range(len(self.ins))), *(f"out{i}" for i in range(len(self.outs)))]

    def aligned(self, width: int) -> str:
        """The condition that every array may be read or written in pieces."""
        operands = zip(self.names(), [*self.ins, *self.outs], self.steps, strict=True)
        return " && ".join(
            f"(unsigned long long){name} % {width * ITEMSIZE[o.dtype]} == 0" for name, o, step in operands if step
        )

    @property
    def warps(self) -> bool:
        return self.n <= self.warp_row

    def body(self, width: int) -> list[str]:
        """All rows of a thread."""
        lanes = self.lanes
        if self.warps:
            head = [
                f"const int lane = threadIdx.x % {lanes};",
                f"const long long apart = (long long)gridDim.x * {self.rows_of_block};",
                f"const long long mine = (long long)blockIdx.x * {self.rows_of_block} + threadIdx.x / {lanes};",
                # All lanes of a warp go round equally often: they meet in shuffles.
                f"const long long first = mine - mine % {32 // lanes};",
                f"for (long long ahead = 0; first + ahead < {self.count}LL; ahead += apart) {{",
                f"  const bool live = mine + ahead < {self.count}LL;",
                "  const long long i = live ? mine + ahead : 0;",
            ]
        else:
            head = [
                f"__shared__ {self.t} met[{len(self.reduced)}][{self.block // 32}];",
                "const int lane = threadIdx.x;",
                f"for (long long i = blockIdx.x; i < {self.count}LL; i += gridDim.x) {{",
            ]
        # Between two uses of one place in shared memory lies the barrier of another reduction, if there is one.
        tail = ["__syncthreads();"] if not self.warps and len(self.reduced) == 1 else []
        return [*head, *indent([*self.row(width), *tail], 2), "}"]

    def row(self, width: int) -> list[str]:
        """One row, pass by pass."""
        lines = self.row_index()
        lines += [self.number(i) for i in range(len(self.ins)) if not self.wide[i]]
        last = max(self.level)
        kept = self.kept()
        items = -(-self.span // (self.lanes * width))
        lines += [f"{self.t} k{v}[{items * width}];" for v in sorted(kept)]
        for number in range(last + 1):
            lines += self.of_row(number)
            lines += self.over_elements(number, width, items, kept)
        lines += self.write_numbers()
        return lines

    def row_index(self) -> list[str]:
        if not self.lead:
            return []
        lines = ["long long rest = i;"] if len(self.lead) > 1 else []
        for axis in range(len(self.lead) - 1, 0, -1):
            lines += [f"const long long x{axis} = rest % {self.lead[axis]};", f"rest /= {self.lead[axis]};"]
        return [*lines, f"const long long x0 = {'rest' if len(self.lead) > 1 else 'i'};"]

    def place(self, number: int) -> str:
        """Where the row of an array begins."""
        return offset_text(self.strides[number])

    def number(self, i: int) -> str:
        return f"const {self.t} v{i} = {load_text(f'in{i}[{self.place(i)}]', self.ins[i].dtype, self.register)};"

    def kept(self) -> set[int]:
        """The values of elements that a later pass than their own reads."""
        found: set[int] = set()
        for i, (mnemonic, operands) in enumerate(self.tile.code):
            value = self.tile.n_in + i
            if mnemonic == "const" or not (self.wide[value] or mnemonic in REDUCTIONS or mnemonic in COLUMNS):
                continue
            found |= {o for o in operands if self.wide[o] and self.when[o] != self.when[value]}
        return found

    def of_row(self, number: int) -> list[str]:
        """Numbers of the row that can be had before a pass; in the first one constants too."""
        lines = []
        for i, (mnemonic, operands) in enumerate(self.tile.code):
            value = self.tile.n_in + i
            if self.wide[value] or self.column[value] or mnemonic in REDUCTIONS or self.level[value] != number:
                continue
            text = literal(operands, self.register) if mnemonic == "const" else micro(mnemonic, operands, self.register)
            lines.append(f"const {self.t} v{value} = {text};")
        return lines

    def over_elements(self, number: int, width: int, items: int, kept: set[int]) -> list[str]:
        """One pass over the elements of the row and the reductions that it ends with."""
        code = [(self.tile.n_in + i, m, o) for i, (m, o) in enumerate(self.tile.code)]
        reduced = [(v, m, o[0]) for v, m, o in code if m in REDUCTIONS and self.when[v] == number]
        down = [(v, m, o[0]) for v, m, o in code if m in COLUMNS and self.when[v] == number]
        work = [(v, m, o) for v, m, o in code if m != "const" and self.wide[v] and self.when[v] == number]
        stores = [
            k
            for k, v in enumerate(self.tile.outs)
            if self.steps[len(self.ins) + k] and not self.column[v] and self.when_stored(v) == number
        ]
        if not reduced and not down and not work and not stores:
            return []
        reads = {o for _, _, os in work for o in os} | {o for _, _, o in (*reduced, *down)}
        reads |= {self.tile.outs[k] for k in stores}
        outer, inner, after = self.loads(number, reads, width, kept)
        made = {v for v, _, _ in work}
        for value in sorted(reads - made):
            if value >= self.tile.n_in and value in kept:
                inner.append(f"const {self.t} v{value} = k{value}[j * {width} + k];")
        for value, mnemonic, operands in work:
            inner.append(f"const {self.t} v{value} = {micro(mnemonic, operands, self.register)};")
            if value in kept:
                inner.append(f"k{value}[j * {width} + k] = v{value};")
        for value, mnemonic, operand in reduced:
            inner.append(f"a{value} = {combined_text(mnemonic, f'a{value}', f'v{operand}')};")
        for value, mnemonic, operand in down:
            mine = f"c{value}[j * {width} + k]"
            inner.append(f"{mine} = {combined_text(mnemonic, mine, f'v{operand}')};")
        self.add_stores(stores, width, outer, inner, after)
        lines = [f"{self.t} a{v} = {first_text(m)};" for v, m, _ in reduced]
        once = not kept and not down and items * width > 2 * PER_THREAD
        unroll = [] if once else ["#pragma unroll"]
        guard = f"{'live && ' if self.warps else ''}x < {self.end}"
        body = [*outer, "#pragma unroll", f"for (int k = 0; k < {width}; ++k) {{", *indent(inner, 2), "}", *after]
        lines += [
            *unroll,
            f"for (int j = 0; j < {items}; ++j) {{",
            f"  const int x = {self.first}(j * {self.lanes} + lane) * {width};",
            f"  if ({guard}) {{",
            *indent(body, 4),
            "  }",
            "}",
        ]
        for value, mnemonic, _ in reduced:
            lines += self.combined(value, mnemonic)
        return lines

    def when_stored(self, value: int) -> int:
        return self.when[value] if self.wide[value] else self.level[value]

    def loads(self, number: int, reads: set[int], width: int, kept: set[int]) -> tuple[list[str], list[str], list[str]]:
        """How a pass gets at the inputs: lines before the neighbours, for each of them, and after them."""
        outer, inner = [], []
        for i in range(self.tile.n_in):
            if i not in reads or not self.wide[i]:
                continue
            if self.when[i] < number:
                inner.append(f"const {self.t} v{i} = k{i}[j * {width} + k];")
                continue
            where = f"{self.place(i)} + x" + ("" if self.steps[i] == 1 else f" * {self.steps[i]}LL")
            if width > 1:
                kind = f"dl_pack<{STORAGE[self.ins[i].dtype]}, {width}>"
                outer.append(f"const {kind} p{i} = *(const {kind}*)(in{i} + {where});")
                text = f"p{i}.at[k]"
            else:
                text = f"in{i}[{where}]"
            inner.append(f"const {self.t} v{i} = {load_text(text, self.ins[i].dtype, self.register)};")
            if i in kept:
                inner.append(f"k{i}[j * {width} + k] = v{i};")
        return outer, inner, []

    def add_stores(self, stores: list[int], width: int, outer: list[str], inner: list[str], after: list[str]) -> None:
        for k in stores:
            number, out = len(self.ins) + k, self.outs[k]
            value = store_text(f"v{self.tile.outs[k]}", out.dtype, self.register)
            where = f"{self.place(number)} + x" + ("" if self.steps[number] == 1 else f" * {self.steps[number]}LL")
            if width > 1:
                kind = f"dl_pack<{STORAGE[out.dtype]}, {width}>"
                outer.append(f"{kind} q{k};")
                inner.append(f"q{k}.at[k] = {value};")
                after.append(f"*({kind}*)(out{k} + {where}) = q{k};")
            else:
                inner.append(f"out{k}[{where}] = {value};")

    def combined(self, value: int, mnemonic: str) -> list[str]:
        """The sums of all lanes as one, which each of them then has."""
        other = f"__shfl_xor_sync(0xffffffffu, a{value}, o)"
        step = combined_text(mnemonic, f"a{value}", other)
        lines = [f"for (int o = {min(self.lanes, 32) // 2}; o; o >>= 1) a{value} = {step};"]
        if not self.warps:
            slot = self.reduced.index(value)
            step = combined_text(mnemonic, f"a{value}", f"met[{slot}][o]")
            lines += [
                f"if (lane % 32 == 0) met[{slot}][lane / 32] = a{value};",
                "__syncthreads();",
                f"a{value} = met[{slot}][0];",
                f"for (int o = 1; o < {self.block // 32}; ++o) a{value} = {step};",
            ]
        return [*lines, f"const {self.t} v{value} = a{value};"]

    def write_numbers(self) -> list[str]:
        """Outputs of one number a row; the first lane writes them, when all have read what may lie there."""
        lines = []
        for k, out in enumerate(self.outs):
            if not self.steps[len(self.ins) + k] and not self.column[self.tile.outs[k]]:
                value = store_text(f"v{self.tile.outs[k]}", out.dtype, self.register)
                lines.append(f"out{k}[{self.place(len(self.ins) + k)}] = {value};")
        if not lines:
            return []
        return [f"if ({'live && ' if self.warps else ''}lane == 0) {{", *indent(lines, 2), "}"]


def _shaped(out: Operand, whole: tuple[int, ...], rows: int) -> Operand:
    """An output with the axes of the row, if it lacks them."""
    if len(out.shape) == len(whole):
        return out
    return Operand(out.dtype, (*out.shape, *(1,) * rows), (*out.strides, *(0,) * rows))


def _lead(shape: tuple[int, ...], strides: list[tuple[int, ...]]) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The axes of the rows, merged where every array allows it, and the strides of the arrays along them."""
    sizes: list[int] = []
    merged: list[list[int]] = [[] for _ in strides]
    for axis, size in enumerate(shape):
        if size == 1:
            continue
        if sizes and all(to[-1] == size * own[axis] for to, own in zip(merged, strides, strict=True)):
            sizes[-1] *= size
            for to, own in zip(merged, strides, strict=True):
                to[-1] = own[axis]
        else:
            sizes.append(size)
            for to, own in zip(merged, strides, strict=True):
                to.append(own[axis])
    return tuple(sizes), [tuple(s) for s in merged]


def _power_of_two(least: int) -> int:
    return 1 << max(least - 1, 0).bit_length()
