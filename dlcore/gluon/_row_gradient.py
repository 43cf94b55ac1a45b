"""The gradient of a table of which a step looks up only some rows: those rows, not the whole table."""

from __future__ import annotations

import numpy as np

from dlcore import _core
from dlcore.array.sparse import RowSparseNDArray, places, row_sparse_array, zeros
from dlcore.ops import F


class RowGradient:
    """Collects what the look-ups of a backward pass send back, and gives it as one RowSparseNDArray.

    The tape knows a look-up as a function of `anchor`, a single number whose own gradient is written once at the end of
    every backward pass: its version tells one pass from the next, as the version of a dense gradient does.
    """

    def __init__(self, weight: _core.NDArray, req: str) -> None:
        self._weight, self._req = weight, req
        self._anchor = _core.from_numpy(np.zeros((), np.float32))
        self._anchor.attach_grad("write")
        self._rows: list[np.ndarray] = []
        self._values: list[_core.NDArray] = []
        self._pass = -1
        self._whole: RowSparseNDArray | None = None

    @property
    def version(self) -> int:
        """Grows with every backward pass that reached the table."""
        return self._anchor.grad._version

    def look_up(self, indices: _core.NDArray) -> _core.NDArray:
        """The rows that `indices` name; recorded, if recording is on."""
        found = F.embedding(indices, self._weight)
        if _core.is_recording():
            kept = None if _core.is_tracing() else indices.asnumpy()
            _core.make_function_node([self._anchor], [found], lambda heads: self._add(kept, heads[0]))
        return found

    def _add(self, indices: np.ndarray | None, head: _core.NDArray) -> list[_core.NDArray]:
        if indices is None or _core.is_tracing():
            raise _core.TraceError(
                "a row-sparse gradient has as many rows as the indices name, which a compiled function does not know: "
                "compile the network but not the whole step, or use sparse_grad=False"
            )
        if self._req == "write" and self._pass != self.version:
            self.clear()
        self._pass = self.version
        recording = _core.set_recording(False)
        try:
            count, *row = self._weight.shape
            rows, which = np.unique(indices.astype(np.int64).ravel() % count, return_inverse=True)
            at = places(which, head._device)
            self._values.append(F.segment_sum(F.reshape(head, (-1, *row)), at, len(rows)))
            self._rows.append(rows)
            self._whole = None
            return [F.zeros_like(self._anchor)]
        finally:
            _core.set_recording(recording)

    def value(self) -> RowSparseNDArray:
        """The gradient."""
        if self._whole is None:
            if self._rows:
                parts = (F.concat(*self._values), np.concatenate(self._rows))
                self._whole = row_sparse_array(parts, shape=self._weight.shape)
            else:
                device, dtype = self._weight._device, self._weight._dtype_name
                self._whole = zeros("row_sparse", self._weight.shape, device, dtype)
        self._whole._version = self.version
        return self._whole

    def replace(self, value: RowSparseNDArray) -> None:
        """Take another gradient in its place, such as the mean over all workers."""
        self._rows, self._values, self._whole = [value.indices.asnumpy()], [value.data], None

    def clear(self) -> None:
        """Make it zero."""
        self._rows, self._values, self._whole = [], [], None
