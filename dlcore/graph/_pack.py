"""Offsets for buffers with known sizes and lifetimes, so that those alive at the same time lie apart.

Large buffers first, each into the tightest gap among those alive with it (best fit for offline dynamic storage
allocation, which stays within a few per cent of the live peak on networks). Buffers below a thousandth of the largest,
of which there are many, only take the place of a dead one of their own size: that takes time in proportion to their
number.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Sequence

import numpy as np

SMALL = 1024  # a buffer is small when this many of them fit in the largest
FEW = 512  # buffers that are looked at one by one

Span = tuple[int, int, int]  # bytes, first instruction, last instruction


def pack(spans: Sequence[Span]) -> tuple[list[int], int]:
    """An offset for each span, and the bytes needed in all.

    >>> pack([(128, 0, 1), (64, 1, 2), (128, 2, 3)])
    ([0, 128, 0], 192)
    """
    limit = max((size for size, _, _ in spans), default=0) // SMALL
    large = [i for i, (size, _, _) in enumerate(spans) if size > limit]
    small = [i for i, (size, _, _) in enumerate(spans) if size <= limit]
    offsets = [0] * len(spans)
    total = _best_fit(spans, large, offsets)
    return offsets, _same_size(spans, small, offsets, total)


def _best_fit(spans: Sequence[Span], chosen: list[int], offsets: list[int]) -> int:
    """Places the chosen spans; returns the end of the last."""
    chosen = sorted(chosen, key=lambda i: (-spans[i][0], spans[i][1]))
    return (_place_few if len(chosen) <= FEW else _place_many)(spans, chosen, offsets)


def _place_few(spans: Sequence[Span], chosen: list[int], offsets: list[int]) -> int:
    """What `_place_many` does, without arrays, which take longer to ask than a few pieces to look at."""
    placed: list[tuple[int, int, int, int]] = []  # offset, end of memory, first and last instruction; by offset
    total = 0
    for i in chosen:
        size, first, last = spans[i]
        offset, reached, tightest = -1, 0, np.iinfo(np.int64).max
        for start, end, born, dead in placed:
            if born <= last and dead >= first:
                if size <= start - reached < tightest:
                    offset, tightest = reached, start - reached
                if end > reached:
                    reached = end
        offsets[i] = offset = reached if offset < 0 else offset
        total = max(total, offset + size)
        placed.insert(bisect.bisect_left(placed, (offset,)), (offset, offset + size, first, last))
    return total


def _place_many(spans: Sequence[Span], chosen: list[int], offsets: list[int]) -> int:
    placed = np.zeros((4, len(chosen)), np.int64)  # offset, end of memory, first and last instruction; by offset
    total = 0
    for count, i in enumerate(chosen):
        size, first, last = spans[i]
        table = placed[:, :count]
        alive = np.flatnonzero((table[2] <= last) & (table[3] >= first))
        offset = _tightest_gap(table[0, alive], table[1, alive], size)
        offsets[i] = offset
        total = max(total, offset + size)
        at = int(np.searchsorted(table[0], offset))
        placed[:, at + 1 : count + 1] = placed[:, at:count].copy()
        placed[:, at] = offset, offset + size, first, last
    return total


def _tightest_gap(starts: np.ndarray, ends: np.ndarray, size: int) -> int:
    """Where `size` bytes fit best between the taken pieces (in order of their starts), or after them."""
    if not len(starts):
        return 0
    reached = np.maximum.accumulate(ends)
    gaps = starts.copy()
    gaps[1:] -= reached[:-1]
    gaps[gaps < size] = np.iinfo(np.int64).max
    best = int(np.argmin(gaps))
    if gaps[best] == np.iinfo(np.int64).max:
        return int(reached[-1])
    return int(reached[best - 1]) if best else 0


def _same_size(spans: Sequence[Span], chosen: list[int], offsets: list[int], total: int) -> int:
    """Places the chosen spans from `total` on, each where one of its size has died, if there is one."""
    free: dict[int, list[tuple[int, int]]] = {}  # by size: (last instruction, offset), the longest dead first
    for i in sorted(chosen, key=lambda i: spans[i][1]):
        size, first, last = spans[i]
        dead = free.setdefault(size, [])
        if dead and dead[0][0] < first:
            offsets[i] = heapq.heappop(dead)[1]
        else:
            offsets[i], total = total, total + size
        heapq.heappush(dead, (last, offsets[i]))
    return total
