"""One tile program over many sets of arrays as one CUDA C kernel: it finds lengths and pointers in a table.

A block takes a chunk of one set at a time, so that many small arrays and a few large ones fill the device alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ._ir import Node, sets
from .cuda_render import BLOCK, MAX_GRID, STORAGE, CudaKernel, Operand, _Group, _width

CHUNK = 4096  # elements: a multiple of what a thread takes at once


def render_each(
    name: str, tile: Any, register: str, ins: Sequence[Operand], outs: Sequence[Operand], lengths: Sequence[int]
) -> CudaKernel:
    """The CUDA C for sets of arrays of these lengths; `ins` and `outs` are those of the first set.

    An operand of the results' shape is an array, any other a single number, in all sets alike. The kernel's one
    parameter is what `table` gives.
    """
    operands = [*ins, *outs]
    steps: list[tuple[int, ...]] = [(1,) if operand.shape == outs[0].shape else (0,) for operand in operands]
    group = _Group(tile, register, ins, outs, (CHUNK,), steps)
    width = _width((CHUNK,), steps, operands)
    names = [*(f"in{i}" for i in range(len(ins))), *(f"out{i}" for i in range(len(outs)))]
    kinds = [*(f"const {STORAGE[o.dtype]}*" for o in ins), *(f"{STORAGE[o.dtype]}*" for o in outs)]
    lines = [
        f'extern "C" __global__ void {name}(const unsigned long long* table) {{',
        f"  const unsigned long long* lengths = table + {len(lengths) + 1};",
        f"  for (unsigned long long chunk = blockIdx.x; chunk < table[{len(lengths)}]; chunk += gridDim.x) {{",
        f"    int low = 0, high = {len(lengths)};",
        "    while (high - low > 1) {",
        "      const int middle = (low + high) / 2;",
        "      if (table[middle] <= chunk) low = middle; else high = middle;",
        "    }",
        f"    const unsigned long long* at = lengths + {len(lengths)} + low * {len(operands)};",
        *(f"    {kind} {name} = ({kind})at[{i}];" for i, (kind, name) in enumerate(zip(kinds, names, strict=True))),
        f"    const long long begin = (long long)(chunk - table[low]) * {CHUNK};",
        f"    const long long left = (long long)lengths[low] - begin, end = begin + (left < {CHUNK} ? left : {CHUNK});",
        "    long long i = begin + threadIdx.x;",
    ]
    if width > 1:
        lines.append(f"    if ({group.aligned(width)}) {{")
        lines.append(f"      for (i = begin / {width} + threadIdx.x; i < end / {width}; i += blockDim.x) {{")
        lines += ["        " + line for line in group.vector(width)]
        lines += ["      }", f"      i = end / {width} * {width} + threadIdx.x;", "    }"]
    lines.append("    for (; i < end; i += blockDim.x) {")
    lines += ["      " + line for line in group.scalar()]
    lines += ["    }", "  }", "}"]
    chunks = sum(map(_chunks, lengths))
    return CudaKernel(name, "\n".join(lines) + "\n", sum(lengths), max(1, min(MAX_GRID, chunks)), BLOCK)


def table(lengths: Sequence[int], pointers: Sequence[int]) -> np.ndarray:
    """What the kernel reads: each set's first chunk, and how many there are; its length; its pointers.

    >>> table([5000, 7], [64, 128]).tolist()
    [0, 2, 3, 5000, 7, 64, 128]
    """
    first = np.cumsum([0, *map(_chunks, lengths)])
    return np.array([*first, *lengths, *pointers], np.uint64)


def render_node(node: Node, name: str) -> CudaKernel:
    """The CUDA C of a node that runs one program over several sets of arrays."""
    found = list(sets(node))
    ins, outs = ([Operand(v.dtype, v.shape, v.strides) for v in values] for values in found[0])
    return render_each(name, node.tile, node.register, ins, outs, [outs[0].size for _, outs in found])


def _chunks(length: int) -> int:
    return -(-length // CHUNK)
