"""Cells made of cells, and dropout as a cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dlcore.array.np import zeros
from dlcore.ops import F

from ..nn._sequential import _Row
from ._cell import RecurrentCell


class SequentialRNNCell(_Row, RecurrentCell):
    """Cells one upon the other: each step goes through all of them; the states are theirs, one after the other.

    >>> import dlcore as dl
    >>> stack = SequentialRNNCell()
    >>> stack.add(dl.gluon.rnn.LSTMCell(4), DropoutCell(0.2), dl.gluon.rnn.GRUCell(5))
    >>> stack.initialize()
    >>> outputs, states = stack.unroll(3, dl.nd.ones((2, 3, 6)))
    >>> outputs[-1].shape, [state.shape for state in states]
    ((2, 5), [(2, 4), (2, 4), (2, 5)])
    """

    def add(self, *cells: Any) -> None:
        """Append cells. Raises TypeError for another kind of block."""
        for cell in cells:
            if not isinstance(cell, RecurrentCell):
                raise TypeError(f"SequentialRNNCell: expected cells, got {cell!r}")
        super().add(*cells)

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return [info for cell in self for info in cell.state_info(batch_size)]  # type: ignore[attr-defined]

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = zeros, **kwargs: Any) -> list[Any]:
        """The first states of all cells."""
        return [s for cell in self for s in cell.begin_state(batch_size, func, **kwargs)]  # type: ignore[attr-defined]

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:  # type: ignore[override]
        expected = len(self.state_info())
        if len(states) != expected:
            raise ValueError(f"SequentialRNNCell: expected {expected} states, got {len(states)}")
        left, new = list(states), []
        for cell in self:
            count = len(cell.state_info())  # type: ignore[attr-defined]
            mine, left = left[:count], left[count:]
            x, mine = cell(x, mine)
            new += mine
        return x, new


HybridSequentialRNNCell = SequentialRNNCell


class DropoutCell(RecurrentCell):
    """Dropout of rate `rate` on each step's input, in training; it has no state.

    >>> import dlcore as dl
    >>> DropoutCell(0.5)(dl.nd.ones((1, 2)), [])[0].shape
    (1, 2)
    """

    def __init__(self, rate: float, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix, params)
        if not 0 <= rate < 1:
            raise ValueError(f"DropoutCell: expected 0 <= rate < 1, got {rate}")
        self._rate = rate

    def state_info(self, batch_size: int = 0) -> list[dict[str, Any]]:
        return []

    def forward(self, x: Any, states: Any) -> tuple[Any, list[Any]]:
        return F.dropout(x, self._rate), list(states)

    def _details(self) -> str:
        return f"p={self._rate}"
