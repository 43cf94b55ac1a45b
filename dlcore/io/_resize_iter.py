"""ResizeIter: another iterator in passes of another length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._iterators import DataBatch, DataIter
from ._place import inner_place, whole_numbers


class ResizeIter(DataIter):
    """`size` batches a pass, from `data_iter`, which begins anew whenever it ends.

    reset_internal: whether `reset` also begins its pass anew. ValueError for an iterator that gives nothing.

    >>> import numpy as np
    >>> from dlcore.io import NDArrayIter
    >>> batches = ResizeIter(NDArrayIter(np.arange(4.0), batch_size=2), 3)
    >>> [batch.data[0].tolist() for batch in batches]
    [[0.0, 1.0], [2.0, 3.0], [0.0, 1.0]]
    """

    def __init__(self, data_iter: DataIter, size: int, reset_internal: bool = True) -> None:
        super().__init__(data_iter.batch_size)
        self.data_iter, self.size, self.reset_internal = data_iter, size, reset_internal
        self._done = 0
        self._current: DataBatch | None = None

    @property
    def provide_data(self) -> Any:
        """What the batches hold."""
        return self.data_iter.provide_data  # type: ignore[attr-defined]

    @property
    def provide_label(self) -> Any:
        """What their labels are."""
        return self.data_iter.provide_label  # type: ignore[attr-defined]

    def reset(self) -> None:
        self._done = 0
        if self.reset_internal:
            self.data_iter.reset()

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON can hold it: `load_state` goes on from there."""
        return {"done": self._done, "inner": self.data_iter.state()}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on where it stood when `state()` was asked; ValueError, with nothing changed, for a damaged state."""
        numbers = {name: value for name, value in state.items() if name != "inner"}
        (done,) = whole_numbers("ResizeIter", numbers, done=(0, self.size))
        self.data_iter.load_state(inner_place("ResizeIter", state.get("inner")))
        self._done = done

    def iter_next(self) -> bool:
        if self._done == self.size:
            return False
        try:
            self._current = self.data_iter.next()
        except StopIteration:
            self.data_iter.reset()
            try:
                self._current = self.data_iter.next()
            except StopIteration:
                raise ValueError("ResizeIter: the iterator gives no batch") from None
        self._done += 1
        return True

    def next(self) -> DataBatch:
        if not self.iter_next() or self._current is None:
            raise StopIteration
        return self._current
