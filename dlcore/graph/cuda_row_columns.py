"""Row groups with reductions over the rows as CUDA C: threads keep sums of columns, a second kernel joins them.

A thread sees the same columns in every row that it takes and keeps their sums in registers. When a block is through its
rows, its warps meet in shared memory, column by column, and the block's sums are written; the second kernel adds those
of all blocks, in their order, and computes what follows from them. How many blocks there are depends on the shape
alone. Rows longer than a warp takes are cut into strips, unless they are reduced too: then a block takes each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ._ir import ITEMSIZE
from ._rows import COLUMNS, whole_shape
from .cuda_render import BLOCK, CudaKernel, Operand, literal, load_text, micro, store_text
from .cuda_row_parts import Parts
from .cuda_rows import RowKernel, combined_text, first_text, indent

STRIP = 256  # columns whose sums the lanes of one warp keep
TURNS = 4  # rows that each warp shall take at least: its sums are written once
MOST_GROUPS = 512  # of blocks, that keep a device busy
ACROSS, DOWN = 32, 8  # threads of the second kernel's blocks: columns, and sums of blocks that these share


def render_columns(
    name: str, tile: Any, register: str, ins: Sequence[Operand], outs: Sequence[Operand], rows: int
) -> Parts | None:
    """The two kernels of a row group that reduces columns, None for other groups; the grid of the first is fixed."""
    kernel = _Sums(tile, register, ins, outs, whole_shape(ins), rows)
    if not kernel.sums:
        return None
    more = (f"{kernel.t}* sums",)
    return Parts(
        kernel.function(name, kernel.groups * kernel.strips, more),
        _joining(kernel, f"{name}_end"),
        kernel.groups * len(kernel.sums) * kernel.n * ITEMSIZE[register],
    )


class _Sums(RowKernel):
    """Everything of rows and elements, and the sums of each block."""

    warp_row: ClassVar[int] = STRIP

    def __post_init__(self) -> None:
        super().__post_init__()
        self.sums = [v for v, (m, _) in enumerate(self.tile.code, self.tile.n_in) if m in COLUMNS]
        self.strips = 1
        if self.n > STRIP and not self.reduced:
            self.strips = -(-self.n // STRIP)
            self.first, self.end, self.span = "begin + ", "end", STRIP
            self.lanes, self.block, self.rows_of_block = 32, BLOCK, BLOCK // 32
        turns = -(-self.count // (self.rows_of_block * TURNS))
        self.groups = max(1, min(turns, MOST_GROUPS // self.strips))

    @property
    def warps(self) -> bool:
        return self.span <= STRIP

    def body(self, width: int) -> list[str]:
        items = -(-self.span // (self.lanes * width))
        lines = [f"const int lane = threadIdx.x{f' % {self.lanes}' if self.warps else ''};"]
        if self.strips > 1:
            lines += [
                f"const int begin = (int)(blockIdx.x % {self.strips}) * {STRIP};",
                f"const int end = begin + {STRIP} < {self.n} ? begin + {STRIP} : {self.n};",
            ]
        lines.append(f"const long long group = blockIdx.x / {self.strips};")
        for value in self.sums:
            start = first_text(self.mnemonic(value))
            lines += [
                f"{self.t} c{value}[{items * width}];",
                "#pragma unroll",
                f"for (int k = 0; k < {items * width}; ++k) c{value}[k] = {start};",
            ]
        return [*lines, *self.all_rows(width), *self.written(width, items)]

    def all_rows(self, width: int) -> list[str]:
        """The loop over the rows of a block."""
        if self.warps:
            of_block = self.rows_of_block
            head = [
                f"const long long mine = group * {of_block} + threadIdx.x / {self.lanes};",
                # All lanes of a warp go round equally often: they meet in shuffles.
                f"const long long first = mine - mine % {32 // self.lanes};",
                f"for (long long ahead = 0; first + ahead < {self.count}LL; ahead += {self.groups * of_block}LL) {{",
                f"  const bool live = mine + ahead < {self.count}LL;",
                "  const long long i = live ? mine + ahead : 0;",
            ]
            return [*head, *indent(self.row(width), 2), "}"]
        met = f"__shared__ {self.t} met[{len(self.reduced)}][{self.block // 32}];"
        loop = f"for (long long i = group; i < {self.count}LL; i += {self.groups}LL) {{"
        # Between two uses of one place in shared memory lies the barrier of another reduction, if there is one.
        tail = ["__syncthreads();"] if len(self.reduced) == 1 else []
        return [met, loop, *indent([*self.row(width), *tail], 2), "}"]

    def written(self, width: int, items: int) -> list[str]:
        """The sums of the block, of each column one."""
        across = self.lanes * width
        lines = []
        if self.warps:
            lines.append(f"__shared__ {self.t} share[{self.rows_of_block}][{across}];")
        for slot, value in enumerate(self.sums):
            to = f"sums[(group * {len(self.sums)} + {slot}) * {self.n} + x]"
            if not self.warps:
                inner = [f"const int x = {self.first}(j * {self.lanes} + lane) * {width} + k;"]
                inner.append(f"if (x < {self.end}) {to} = c{value}[j * {width} + k];")
                body = _each(width, inner)
            else:
                mine = f"share[threadIdx.x / {self.lanes}][lane * {width} + k] = c{value}[j * {width} + k];"
                step = combined_text(self.mnemonic(value), "a", "share[r][at]")
                body = [
                    *_each(width, [mine]),
                    "__syncthreads();",
                    f"for (int at = threadIdx.x; at < {across}; at += {self.block}) {{",
                    f"  const int x = {self.first}j * {across} + at;",
                    f"  {self.t} a = share[0][at];",
                    f"  for (int r = 1; r < {self.rows_of_block}; ++r) a = {step};",
                    f"  if (x < {self.end}) {to} = a;",
                    "}",
                    "__syncthreads();",
                ]
            lines += ["#pragma unroll", f"for (int j = 0; j < {items}; ++j) {{", *indent(body, 2), "}"]
        return lines


def _each(width: int, lines: list[str]) -> list[str]:
    return ["#pragma unroll", f"for (int k = 0; k < {width}; ++k) {{", *indent(lines, 2), "}"]


def _joining(kernel: _Sums, name: str) -> CudaKernel:
    """The kernel that makes one sum of each column from those of the blocks, and what follows from them."""
    sums, n, t = kernel.sums, kernel.n, kernel.t
    lines = [
        f'extern "C" __global__ void __launch_bounds__({BLOCK}) {name}({kernel.parameters((f"{t}* sums",))}) {{',
        f"  __shared__ {t} met[{len(sums)}][{DOWN}][{ACROSS}];",
        f"  const int lane = threadIdx.x % {ACROSS}, part = threadIdx.x / {ACROSS};",
        f"  for (int at = blockIdx.x * {ACROSS}; at < {n}; at += gridDim.x * {ACROSS}) {{",
        "    const int x = at + lane;",
    ]
    body, last = [], []
    for slot, value in enumerate(sums):
        mnemonic = kernel.mnemonic(value)
        given = f"sums[(group * {len(sums)} + {slot}) * {n} + x]"
        body += [
            f"{t} a{value} = {first_text(mnemonic)};",
            f"if (x < {n})",
            f"  for (long long group = part; group < {kernel.groups}; group += {DOWN})",
            f"    a{value} = {combined_text(mnemonic, f'a{value}', given)};",
            f"met[{slot}][part][lane] = a{value};",
        ]
        step = combined_text(mnemonic, f"v{value}", f"met[{slot}][p][lane]")
        last += [f"{t} v{value} = met[{slot}][0][lane];", f"for (int p = 1; p < {DOWN}; ++p) v{value} = {step};"]
    body += ["__syncthreads();", f"if (part == 0 && x < {n}) {{", *indent([*last, *_what_follows(kernel)], 2), "}"]
    body.append("__syncthreads();")
    lines += [*indent(body, 4), "  }", "}"]
    return CudaKernel(name, "\n".join(lines) + "\n", n, -(-n // ACROSS), BLOCK)


def _what_follows(kernel: _Sums) -> list[str]:
    """Numbers of one column, from its sums and from inputs, and where they are written."""
    tile, n_in, register = kernel.tile, kernel.tile.n_in, kernel.register
    needed = {at for at in tile.outs if kernel.column[at]}
    for i in reversed(range(len(tile.code))):
        mnemonic, operands = tile.code[i]
        if n_in + i in needed and mnemonic != "const" and mnemonic not in COLUMNS:
            needed.update(operands)
    lines = []
    for value in sorted(needed - set(kernel.sums)):
        if value < n_in:
            text = load_text(f"in{value}[{_place(kernel.steps[value])}]", kernel.ins[value].dtype, register)
        else:
            mnemonic, operands = tile.code[value - n_in]
            text = literal(operands, register) if mnemonic == "const" else micro(mnemonic, operands, register)
        lines.append(f"const {kernel.t} v{value} = {text};")
    for k, at in enumerate(tile.outs):
        if kernel.column[at]:
            to = f"out{k}[{_place(kernel.steps[n_in + k])}]"
            lines.append(f"{to} = {store_text(f'v{at}', kernel.outs[k].dtype, register)};")
    return lines


def _place(step: int) -> str:
    return "x" if step == 1 else f"x * {step}LL"
