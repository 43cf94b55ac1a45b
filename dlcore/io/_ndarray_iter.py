"""NDArrayIter: batches of arrays that are in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._core import NDArray
from dlcore._kinds import shown
from dlcore.ops import F

from ._iterators import DataBatch, DataDesc, DataIter, batch_of
from ._rows import QUICK_BYTES, Rows, cut_rows

LAST_BATCH = ("pad", "discard", "roll_over")


class NDArrayIter(DataIter):
    """Batches of arrays in memory, cut along their first axis.

    data, label: an array, a list of arrays, or a dict of arrays by name (taken in the order of their names, as in
        MXNet); all equally long. NumPy arrays and lists become float32, an NDArray keeps its dtype. A float32 array is
        not copied: do not change it while iterating, since a batch may be cut out before it is asked for. One array
        is called `data_name` or `label_name`, those of a list "_0_data", "_1_data", ...
    shuffle: a new order at every `reset`, from `dlcore.random.seed`.
    last_batch_handle: what becomes of a last batch that is too short. "pad" fills it up with the first examples of the
        pass (`batch.pad` says how many), "discard" leaves it out, "roll_over" keeps it for the beginning of the next
        pass.

    Raises ValueError for arrays of different lengths and for fewer examples than one batch (except with "pad").

    >>> batches = NDArrayIter(np.arange(10).reshape(5, 2), np.arange(5), batch_size=2)
    >>> batches.provide_data, batches.provide_label
    ([DataDesc('data', (2, 2), float32, NCHW)], [DataDesc('softmax_label', (2,), float32, NCHW)])
    >>> [batch.label[0].asnumpy().tolist() for batch in batches]
    [[0.0, 1.0], [2.0, 3.0], [4.0, 0.0]]
    """

    def __init__(
        self,
        data: Any,
        label: Any = None,
        batch_size: int = 1,
        shuffle: bool = False,
        last_batch_handle: str = "pad",
        data_name: str = "data",
        label_name: str = "softmax_label",
    ) -> None:
        super().__init__(batch_size)
        if last_batch_handle not in LAST_BATCH:
            raise ValueError(f"NDArrayIter: last_batch_handle must be one of {LAST_BATCH}, got {last_batch_handle!r}")
        if batch_size < 1:
            raise ValueError(f"NDArrayIter: batch_size must be at least 1, got {batch_size}")
        self.data = _named(data, data_name)
        self.label = _named(label, label_name)
        if not self.data:
            raise ValueError("NDArrayIter: data is empty")
        self.num_source = len(self.data)
        self.num_data = _common_length([*self.data, *self.label])
        if self.num_data == 0 or (self.num_data < batch_size and last_batch_handle != "pad"):
            raise ValueError(f"NDArrayIter: {self.num_data} examples do not make one batch of {batch_size}")
        self.shuffle, self.last_batch_handle = shuffle, last_batch_handle
        self.idx = np.arange(self.num_data)
        self.cursor = -batch_size
        self._rows, self._plain = Rows(), self._as_written("getdata", "getlabel", "getindex")
        self.hard_reset()

    @property
    def provide_data(self) -> list[DataDesc]:
        """Name, shape (with the batch size) and dtype of the data."""
        return [self._describe(*pair) for pair in self.data]

    @property
    def provide_label(self) -> list[DataDesc]:
        """Name, shape (with the batch size) and dtype of the labels."""
        return [self._describe(*pair) for pair in self.label]

    def _describe(self, name: str, array: np.ndarray) -> DataDesc:
        return DataDesc(name, (self.batch_size, *array.shape[1:]), array.dtype)

    def reset(self) -> None:
        """Begin a new pass, with what "roll_over" kept of a pass that was finished."""
        left = self._end - self.cursor
        kept = self.idx[self.cursor :] if self.last_batch_handle == "roll_over" and 0 < left < self.batch_size else None
        self.hard_reset()
        if kept is not None:
            self.idx = np.concatenate([kept, self.idx])
            self._kept = [int(index) for index in kept]

    def hard_reset(self) -> None:
        """Begin a new pass and forget what was kept."""
        seed, count = _core.rng_state()
        self._begun, self._kept = [int(seed), int(count)], []
        self.idx = np.arange(self.num_data)
        if self.shuffle:
            self.idx = F.random_permutation(self.num_data, "int64", "cpu(0)").asnumpy()
        self.cursor = -self.batch_size

    def state(self) -> dict[str, Any]:
        """The place in the data, as JSON can hold it: `load_state` goes on from there. See `gluon.save_checkpoint`."""
        return {"samples": self.num_data, "random": self._begun, "kept": self._kept, "cursor": self.cursor}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on where an iterator with the same arguments stood when `state()` was asked; do not `reset` first.

        ValueError, with nothing changed, for another number of examples and for a damaged state.

        >>> batches = NDArrayIter(np.arange(6), batch_size=2, shuffle=True)
        >>> first, place = batches.next(), batches.state()
        >>> rest = [batch.data[0].tolist() for batch in batches]
        >>> again = NDArrayIter(np.arange(6), batch_size=2, shuffle=True)
        >>> again.load_state(place)
        >>> [batch.data[0].tolist() for batch in again] == rest
        True
        """
        random: Any = state.get("random")
        kept: Any = state.get("kept")
        cursor: Any = state.get("cursor")
        right = (
            set(state) == {"samples", "random", "kept", "cursor"}
            and isinstance(random, list)
            and len(random) == 2
            and all(isinstance(n, int) and 0 <= n < 2**64 for n in random)
            and isinstance(kept, list)
            and len(kept) < self.batch_size
            and all(isinstance(n, int) and 0 <= n < self.num_data for n in kept)
            and isinstance(cursor, int)
            and not isinstance(cursor, bool)
            and -self.batch_size <= cursor <= self.num_data + len(kept)
        )
        if not right or state["samples"] != self.num_data:
            raise ValueError(f"NDArrayIter: not a place in {self.num_data} examples in batches of {self.batch_size}")
        now = _core.rng_state()
        _core.set_rng_state((random[0], random[1]))
        try:
            self.hard_reset()
        finally:
            _core.set_rng_state(now)
        self.idx, self._kept = np.concatenate([np.array(kept, np.int64), self.idx]), list(kept)
        self.cursor = cursor

    @property
    def _end(self) -> int:
        """How many examples this pass has."""
        return len(self.idx)

    def iter_next(self) -> bool:
        last = self._end if self.last_batch_handle == "pad" else self._end - self.batch_size + 1
        if self.cursor + self.batch_size < last:
            self.cursor += self.batch_size
            return True
        # A finished pass stays finished; the cursor stands at what is left over.
        self.cursor = min(self.cursor + self.batch_size, self._end - self._end % self.batch_size)
        return False

    def getindex(self) -> np.ndarray:
        if self.cursor + self.batch_size <= self._end:
            return self.idx[self.cursor : self.cursor + self.batch_size].copy()
        places = np.arange(self.cursor, self.cursor + self.batch_size)
        return self.idx[places % self._end]

    def getdata(self) -> list[NDArray]:
        return self._take(self.data)

    def getlabel(self) -> list[NDArray]:
        return self._take(self.label)

    def _take(self, pairs: list[tuple[str, np.ndarray]]) -> list[NDArray]:
        return cut_rows([array for _, array in pairs], self.getindex())

    def next(self) -> DataBatch:
        """The next batch; StopIteration at the end of the pass."""
        if not self._plain:
            return super().next()
        if not self.iter_next():
            raise StopIteration
        index, count, at = self.getindex(), len(self.data), self.cursor + self.batch_size
        then = self.idx[at : at + self.batch_size] if at + self.batch_size <= self._end else None
        arrays = self._rows.take([pair[1] for pair in self.data + self.label], index, then)
        return batch_of(arrays[:count], arrays[count:], self.getpad(), index)

    def _as_written(self, *names: str) -> bool:
        """Whether no subclass gives any of these methods a form of its own."""
        return all(getattr(type(self), name) is getattr(NDArrayIter, name) for name in names)

    def _quick(self) -> bool:
        size = sum(array[:1].nbytes for _, array in (*self.data, *self.label)) * self.batch_size
        return size <= QUICK_BYTES and self._as_written("next", "iter_next", "getdata", "getlabel", "getindex")

    def getpad(self) -> int:
        return max(0, self.cursor + self.batch_size - self._end)


def _named(given: Any, name: str) -> list[tuple[str, np.ndarray]]:
    """Pairs of name and host array."""
    if given is None:
        return []
    if isinstance(given, Mapping):
        pairs = sorted(given.items())
    elif isinstance(given, (list, tuple)) and given and all(hasattr(part, "shape") for part in given):
        names = [name] if len(given) == 1 else [f"_{number}_{name}" for number in range(len(given))]
        pairs = list(zip(names, given, strict=True))
    else:
        pairs = [(name, given)]
    return [(str(key), _host(str(key), value)) for key, value in pairs]


def _host(name: str, value: Any) -> np.ndarray:
    try:
        array = value.asnumpy() if isinstance(value, NDArray) else np.asarray(value, np.float32)
    except (TypeError, ValueError):
        raise TypeError(f"NDArrayIter: {name!r} must be an array of numbers, got {shown(value)}") from None
    if array.ndim == 0:
        raise ValueError(f"NDArrayIter: {name!r}: expected an array with examples along its first axis, got a number")
    return array


def _common_length(pairs: list[tuple[str, np.ndarray]]) -> int:
    lengths = {name: len(array) for name, array in pairs}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"NDArrayIter: all arrays must be equally long, got {lengths}")
    return next(iter(lengths.values()))
