"""Offsets for buffers with known sizes and lifetimes, so that those alive at the same time lie apart.

The core packs them (runtime/pack.cpp): a plan for a memory budget is made many times over, one for every new size.
"""

from __future__ import annotations

from collections.abc import Sequence

from dlcore import _core

Span = tuple[int, int, int]  # bytes, first instruction, last instruction


def pack(spans: Sequence[Span]) -> tuple[list[int], int]:
    """An offset for each span, and the bytes needed in all.

    >>> pack([(128, 0, 1), (64, 1, 2), (128, 2, 3)])
    ([0, 128, 0], 192)
    """
    return _core.pack(spans)
