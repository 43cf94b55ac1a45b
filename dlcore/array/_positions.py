"""Positions as numbers: checked against a size, and counted across several axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from .. import _core
from .._core import NDArray
from ..ops import F
from ._convert import asarray


def within(index: NDArray, size: int, axis: int, name: str, count: str = "") -> NDArray:
    """`index`, negative ones counted from the end; one that is outside of `size` is an IndexError, also when a compiled
    function runs. `count`: say so of a count of things instead of a position."""
    try:
        return F.take(F.arange(0, size, 1, "int64", index._device), index)
    except IndexError as error:
        told = str(error).split("\n")[0].split(": ")[-1].replace("for axis 0", f"for axis {axis}")
        raise IndexError(f"{name}: {count or told}") from None


def unravel(index: Any, shape: Sequence[int], name: str) -> list[NDArray]:
    """Places counted in order, as positions along each axis of `shape`; a place outside is an IndexError."""
    index, sizes = F.cast(asarray(index), "int64"), tuple(int(n) for n in shape)
    total = math.prod(sizes)
    if not _core.is_tracing():
        wrong = F.logical_or(F.less(index, -total), F.greater_equal(index, total))
        if bool(F.any(wrong)):
            first = index.asnumpy()[wrong.asnumpy()].flat[0]
            raise IndexError(f"{name}: index {first} is out of range for shape {sizes} of {total} numbers")
    rows: list[NDArray] = []
    for axis in reversed(range(1, len(sizes))):
        rows.append(F.remainder(index, sizes[axis]))
        index = F.floor_divide(index, sizes[axis])
    if sizes:
        rows.append(within(index, sizes[0], 0, name))
    return rows[::-1]


def ravel(rows: Any, shape: Sequence[int], name: str) -> NDArray:
    """The opposite of `unravel`: positions along each axis, the first axis of `rows`, as places counted in order."""
    rows, sizes = F.cast(asarray(rows), "int64"), tuple(int(n) for n in shape)
    if rows.ndim == 0 or rows.shape[0] != len(sizes):
        raise ValueError(f"{name}: expected one row of positions for each axis of {sizes}, got shape {rows.shape}")
    total: Any = None
    for axis, size in enumerate(sizes):
        at = within(rows[axis], size, axis, name)
        total = at if total is None else F.add(F.multiply(total, size), at)
    return total
