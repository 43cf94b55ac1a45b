"""Few long rows as CUDA C, such as the mean over all of an array: blocks share a row, a second kernel joins their sums.

Where a row is cut depends on its length alone, and sums are joined in one order, so that results do not change from
run to run. A group is cut only if it goes over its rows once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ._ir import ITEMSIZE
from ._rows import whole_shape
from .cuda_render import BLOCK, MAX_GRID, CudaKernel, Operand
from .cuda_rows import RowKernel, combined_text, first_text, indent

PART = 4096  # elements of a row that a block takes
LONG = 4 * PART  # elements from which on a row is cut
ENOUGH_ROWS = 512  # that keep a device busy


class Parts(NamedTuple):
    """Two kernels to launch one after the other; both take the arrays, then the sums, which take so many bytes."""

    sums: CudaKernel
    end: CudaKernel
    nbytes: int


def render_parts(
    name: str, tile: Any, register: str, ins: Sequence[Operand], outs: Sequence[Operand], rows: int
) -> Parts | None:
    """The CUDA C of a row group in parts; None if it is better rendered whole."""
    given = (tile, register, ins, outs, whole_shape(ins), rows)
    kernel = _OfParts(*given)
    if kernel.n < LONG or kernel.count > ENOUGH_ROWS or kernel.goes_on():
        return None
    units = kernel.count * kernel.parts
    more = (f"{kernel.t}* sums",)
    end = _End(*given)
    return Parts(
        kernel.function(name, min(MAX_GRID, units), more),
        end.function(f"{name}_end", kernel.count, more),
        units * len(kernel.reduced) * ITEMSIZE[register],
    )


class _OfParts(RowKernel):
    """The sums of each part, and what is written of the elements."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.parts = -(-self.n // PART)
        self.block = self.lanes = BLOCK
        self.first, self.end, self.span = "begin + ", "end", PART

    @property
    def warps(self) -> bool:
        return False

    def goes_on(self) -> bool:
        """Whether something over the elements waits for a reduction."""
        waits = [self.when[v] for v in self.reduced] + [w for w, wide in zip(self.when, self.wide, strict=True) if wide]
        steps = self.steps[len(self.ins) :]
        stored = [self.when_stored(v) for v, step in zip(self.tile.outs, steps, strict=True) if step]
        return any([*waits, *stored])

    def body(self, width: int) -> list[str]:
        items = -(-self.span // (self.lanes * width))
        row = [
            f"const long long i = at / {self.parts};",
            f"const int begin = (int)(at % {self.parts}) * {PART};",
            f"const int end = begin + {PART} < {self.n} ? begin + {PART} : {self.n};",
            *self.row_index(),
            *(self.number(i) for i in range(len(self.ins)) if not self.wide[i]),
            *self.of_row(0),
            *self.over_elements(0, width, items, set()),
            "if (lane == 0) {",
            *(f"  sums[at * {len(self.reduced)} + {k}] = v{v};" for k, v in enumerate(self.reduced)),
            "}",
            "__syncthreads();",
        ]
        return [
            f"__shared__ {self.t} met[{len(self.reduced)}][{self.block // 32}];",
            "const int lane = threadIdx.x;",
            f"for (long long at = blockIdx.x; at < {self.count * self.parts}LL; at += gridDim.x) {{",
            *indent(row, 2),
            "}",
        ]


class _End(_OfParts):
    """What follows from the sums of all parts of a row."""

    def width(self) -> int:
        return 1  # it reads no rows

    def body(self, width: int) -> list[str]:
        row = [*self.row_index(), *(self.number(i) for i in range(len(self.ins)) if not self.wide[i]), *self.of_row(0)]
        for k, value in enumerate(self.reduced):
            mnemonic = self.mnemonic(value)
            of_part = f"sums[(i * {self.parts} + part) * {len(self.reduced)} + {k}]"
            row += [
                f"{self.t} a{value} = {first_text(mnemonic)};",
                f"for (int part = lane; part < {self.parts}; part += {self.lanes})",
                f"  a{value} = {combined_text(mnemonic, f'a{value}', of_part)};",
                *self.combined(value, mnemonic),
            ]
        for number in range(1, max(self.level) + 1):
            row += self.of_row(number)
        row += [*self.write_numbers(), "__syncthreads();"]
        return [
            f"__shared__ {self.t} met[{len(self.reduced)}][{self.block // 32}];",
            "const int lane = threadIdx.x;",
            f"for (long long i = blockIdx.x; i < {self.count}LL; i += gridDim.x) {{",
            *indent(row, 2),
            "}",
        ]
