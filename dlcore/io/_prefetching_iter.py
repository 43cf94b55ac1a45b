"""PrefetchingIter: other iterators, one batch ahead in threads of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from dlcore import _core
from dlcore._core import NDArray

from ._iterators import DataBatch, DataDesc, DataIter, batch_of
from ._place import inner_place, whole_numbers

Names = Sequence[Mapping[str, str]] | None


class PrefetchingIter(DataIter):
    """Prepares the next batch while the last one is in use, unless that costs less than a thread does.

    Several iterators give one batch with all their arrays.

    rename_data, rename_label: for each iterator, a dict from its names to new ones (without which they must differ).
    The iterators must not be used directly meanwhile. An error in one of them is raised here. What augmenters draw in a
    thread comes from a stream of its own, which begins with a number of the seeded one: whatever the network draws
    meanwhile, a seed gives the same batches.

    >>> import numpy as np
    >>> from dlcore.io import NDArrayIter
    >>> one, two = NDArrayIter(np.zeros((4, 2)), batch_size=2), NDArrayIter(np.ones((4, 3)), batch_size=2)
    >>> both = PrefetchingIter([one, two], rename_data=[{"data": "left"}, {"data": "right"}])
    >>> [desc.name for desc in both.provide_data], [batch.data[1].shape for batch in both]
    (['left', 'right'], [(2, 3), (2, 3)])
    """

    def __init__(
        self, iters: DataIter | Sequence[DataIter], rename_data: Names = None, rename_label: Names = None
    ) -> None:
        self.iters: list[Any] = list(iters) if isinstance(iters, (list, tuple)) else [iters]
        if not self.iters:
            raise ValueError("PrefetchingIter: expected at least one iterator")
        for what, names in (("rename_data", rename_data), ("rename_label", rename_label)):
            if names is not None and len(names) != len(self.iters):
                raise ValueError(f"PrefetchingIter: {what} needs {len(self.iters)} dicts, got {len(names)}")
        self._names = rename_data, rename_label
        self.current_batch: DataBatch | None = None
        self._asked: list[Future[DataBatch | None]] = []
        self._places: list[Any] = []  # where the iterators stood when they were asked
        self._seeds: list[int] = []  # of what they draw for it
        super().__init__(self.provide_data[0].shape[0])
        self._pool = ThreadPoolExecutor(len(self.iters), thread_name_prefix="dlcore-prefetch")
        self._directly = self._quick()
        self._ask()

    @property
    def provide_data(self) -> list[DataDesc]:
        """The data of all iterators."""
        return _renamed([source.provide_data for source in self.iters], self._names[0])

    @property
    def provide_label(self) -> list[DataDesc]:
        """The labels of all iterators."""
        return _renamed([source.provide_label for source in self.iters], self._names[1])

    def _ask(self, seeds: Sequence[int] | None = None) -> None:
        self._asked = []
        if not self._directly:
            self._places = [_place_of(source) for source in self.iters]
            self._seeds = list(seeds or (_drawn_seed() for _ in self.iters))
            pairs = zip(self.iters, self._seeds, strict=True)
            self._asked = [self._pool.submit(_next, source, seed) for source, seed in pairs]

    def _wait(self) -> None:
        for future in self._asked:
            future.exception()  # what went wrong in a pass that is given up does not matter

    def _quick(self) -> bool:
        return all(isinstance(source, DataIter) and source._quick() for source in self.iters)

    def reset(self) -> None:
        """Begin a new pass with all iterators."""
        self._wait()
        for source in self.iters:
            source.reset()
        self._directly = self._quick()
        self._ask()

    def state(self) -> dict[str, Any]:
        """The place in the data behind the batch that was handed out last, as JSON can hold it; see `load_state`."""
        places = [
            source.state() if place is None else place for source, place in zip(self.iters, self._now(), strict=True)
        ]
        return {"iterators": places, "seeds": [] if self._directly else self._seeds}

    def _now(self) -> list[Any]:
        return [source.state() for source in self.iters] if self._directly else self._places

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Go on where one over the same iterators stood; ValueError, with nothing changed, for a damaged state."""
        count = len(self.iters)
        found, seeds = (state.get(name) for name in ("iterators", "seeds"))
        if len(state) != 2 or not isinstance(found, list) or len(found) != count:
            raise ValueError(f"PrefetchingIter: not a place in this data: expected places of {count} iterators")
        if not isinstance(seeds, list) or len(seeds) not in (0, count):
            raise ValueError(f"PrefetchingIter: not a place in this data: expected {count} seeds, got {seeds!r}")
        for seed in seeds:
            whole_numbers("PrefetchingIter", {"seed": seed}, seed=(0, 2**64 - 1))
        self._wait()
        before, of_before = self.state()["iterators"], self._seeds
        try:
            for source, place in zip(self.iters, found, strict=True):
                source.load_state(inner_place("PrefetchingIter", place))
        except ValueError:
            for source, place in zip(self.iters, before, strict=True):
                source.load_state(place)
            self._ask(of_before)
            raise
        self._ask(seeds)

    def iter_next(self) -> bool:
        found = [future.result() for future in self._asked] or [next(source, None) for source in self.iters]
        batches = [batch for batch in found if batch is not None]
        if not batches:
            return False
        pads = {batch.pad for batch in batches}
        if len(batches) < len(found) or len(pads) > 1:
            raise ValueError(f"PrefetchingIter: the iterators must be equally long, got pads {sorted(map(str, pads))}")
        self.current_batch = batch_of(
            [array for batch in batches for array in batch.data],
            [array for batch in batches for array in batch.label or []],
            batches[0].pad,
            batches[0].index,
        )
        self._ask()
        return True

    def next(self) -> DataBatch:
        if self._directly and len(self.iters) == 1 and not self._asked:
            self.current_batch = self.iters[0].next()
            return self._batch()
        if not self.iter_next():
            raise StopIteration
        return self._batch()

    def _batch(self) -> DataBatch:
        if self.current_batch is None:
            raise RuntimeError("PrefetchingIter: there is no batch yet; call next() or iter_next() first")
        return self.current_batch

    def getdata(self) -> list[NDArray]:
        return self._batch().data

    def getlabel(self) -> list[NDArray]:
        return self._batch().label or []

    def getindex(self) -> object:
        return self._batch().index

    def getpad(self) -> int:
        return self._batch().pad or 0

    def close(self) -> None:
        """End the threads. The iterator cannot be used afterwards."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def __del__(self) -> None:
        if hasattr(self, "_pool"):
            self._pool.shutdown(wait=False, cancel_futures=True)


def _drawn_seed() -> int:
    """A number of 64 bits out of the next block of the seeded stream."""
    seed, count = _core.rng_state()
    _core.set_rng_state((seed, count + 1))
    words: tuple[int, ...] = _core.philox(seed, count)
    return words[0] << 32 | words[1]


def _next(source: DataIter, seed: int) -> DataBatch | None:
    """The next batch, with a stream of its own; None at the end: StopIteration does not travel well between threads."""
    before = _core.swap_generator((seed, 0))
    try:
        return source.next()
    except StopIteration:
        return None
    finally:
        _core.swap_generator(before)


def _place_of(source: Any) -> Any:
    """Where it stands, None where it does not say."""
    try:
        return source.state()
    except (AttributeError, NotImplementedError):
        return None


def _renamed(described: list[list[DataDesc]], names: Names) -> list[DataDesc]:
    found = []
    for descs, new in zip(described, names or [{}] * len(described), strict=True):
        for one in descs:
            desc = one if isinstance(one, DataDesc) else DataDesc(*one)  # iterators of one's own may give plain pairs
            found.append(DataDesc(new.get(desc.name, desc.name), desc.shape, desc.dtype, desc.layout))
    return found
