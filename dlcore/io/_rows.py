"""Batches cut out of arrays row by row, those of all arrays by one call into the core."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._core import NDArray

# A batch of so many bytes costs less than its way from one thread to another.
QUICK_BYTES = 1 << 20


def cut_rows(arrays: Sequence[np.ndarray], index: np.ndarray) -> list[NDArray]:
    """The rows `index` of each array."""
    return [_core.from_numpy(array[index], copy=False) for array in arrays]


class Rows:
    """Cuts batches out of the same arrays again and again.

    >>> [part.tolist() for part in Rows().take([np.arange(3), np.eye(3)[:, :2]], np.array([2, 0]))]
    [[2, 0], [[0.0, 0.0], [1.0, 0.0]]]
    """

    def __init__(self) -> None:
        self._arrays: list[np.ndarray] = []  # held, so that their ids stay theirs
        self._ids: list[int] = []
        self._plan: Any = None  # None where the core cannot look at these arrays

    def take(self, arrays: list[np.ndarray], index: np.ndarray, then: np.ndarray | None = None) -> list[NDArray]:
        """The rows `index` of each of the arrays. then: those that will be asked for next, if that is known."""
        if list(map(id, arrays)) != self._ids:
            self._arrays, self._ids = arrays, list(map(id, arrays))
            try:
                self._plan = _core.BatchPlan(arrays) if all(a.dtype.isnative for a in arrays) else None
            except (TypeError, ValueError):
                self._plan = None
        if self._plan is None:
            return cut_rows(arrays, index)
        batch: list[NDArray] = self._plan.take(index, (), 1.0, False, then)
        return batch
