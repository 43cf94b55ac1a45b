"""Samplers: in which order a loader visits a dataset, and how it cuts the order into batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np

from ._dataset import Dataset, random_order

LAST_BATCH = ("keep", "discard", "rollover")


def is_count(value: Any) -> bool:
    """Whether a value out of a file is a whole number from 0 that 64 bits hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64


class Sampler:
    """Base of all samplers: `__iter__` gives indices, `__len__` says how many.

    >>> class Backwards(Sampler):
    ...     def __iter__(self):
    ...         return iter([2, 1, 0])
    ...     def __len__(self):
    ...         return 3
    >>> list(BatchSampler(Backwards(), 2))
    [[2, 1], [0]]
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no __iter__()")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__()")

    def state(self) -> dict[str, Any]:
        """What the next pass depends on besides the seeded random state, as JSON can hold it; here nothing."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Make the next pass as it was when `state()` gave this. ValueError for what no sampler of this kind gives."""
        if state != {}:
            raise ValueError(f"{type(self).__name__}: expected an empty state, got {sorted(state)}")


class SequentialSampler(Sampler):
    """start, start+1, ..., start+length-1.

    >>> list(SequentialSampler(3))
    [0, 1, 2]
    """

    def __init__(self, length: int, start: int = 0) -> None:
        self._length, self._start = length, start

    def __iter__(self) -> Iterator[int]:
        return iter(range(self._start, self._start + self._length))

    def _order(self) -> np.ndarray:
        return np.arange(self._start, self._start + self._length)

    def __len__(self) -> int:
        return self._length


class RandomSampler(Sampler):
    """0 .. length-1 in a random order, a new one for every pass.

    With a `seed`, pass number k always has the same order, whatever else draws random numbers; without one the order
    follows `dlcore.random.seed`.

    >>> sorted(RandomSampler(4, seed=1))
    [0, 1, 2, 3]
    """

    def __init__(self, length: int, seed: int | None = None) -> None:
        self._length, self._seed, self._passes = length, seed, 0

    def set_pass(self, number: int) -> None:
        """Make the next pass use the order of pass `number` (only with a `seed`)."""
        self._passes = number

    def state(self) -> dict[str, Any]:
        return {"passes": self._passes}

    def load_state(self, state: Mapping[str, Any]) -> None:
        if set(state) != {"passes"} or not is_count(state["passes"]):
            raise ValueError(f"RandomSampler: expected a state with a count of passes, got {dict(state)}")
        self._passes = state["passes"]

    def __iter__(self) -> Iterator[int]:
        return iter(self._order().tolist())

    def _order(self) -> np.ndarray:
        generator = None if self._seed is None else np.random.default_rng([self._seed, self._passes])
        self._passes += 1
        return random_order(self._length, generator)

    def __len__(self) -> int:
        return self._length


class FilterSampler(Sampler):
    """The indices of those elements of `dataset` for which `fn(element)` is true.

    >>> list(FilterSampler(lambda v: v > 1, [0, 1, 2, 3]))
    [2, 3]
    """

    def __init__(self, fn: Callable[[Any], bool], dataset: Dataset | Sequence[Any]) -> None:
        self._indices = [i for i in range(len(dataset)) if fn(dataset[i])]

    def __iter__(self) -> Iterator[int]:
        return iter(self._indices)

    def __len__(self) -> int:
        return len(self._indices)


class IntervalSampler(Sampler):
    """0, interval, 2*interval, ..., then (with `rollover`) 1, 1+interval, ... until all are visited.

    >>> list(IntervalSampler(5, 2))
    [0, 2, 4, 1, 3]
    """

    def __init__(self, length: int, interval: int, rollover: bool = True) -> None:
        if not 1 <= interval <= max(length, 1):
            raise ValueError(f"IntervalSampler: expected 1 <= interval <= {length}, got {interval}")
        self._length, self._interval, self._starts = length, interval, interval if rollover else 1

    def __iter__(self) -> Iterator[int]:
        for start in range(self._starts):
            yield from range(start, self._length, self._interval)

    def __len__(self) -> int:
        return self._length if self._starts > 1 else -(-self._length // self._interval)


class BatchSampler(Sampler):
    """Cuts another sampler into lists of `batch_size` indices.

    A last, smaller batch is kept ("keep"), dropped ("discard") or put in front of the next pass ("rollover").

    >>> list(BatchSampler(SequentialSampler(5), 2, "discard"))
    [[0, 1], [2, 3]]
    """

    def __init__(self, sampler: Sampler, batch_size: int, last_batch: str = "keep") -> None:
        if batch_size < 1:
            raise ValueError(f"BatchSampler: expected batch_size >= 1, got {batch_size}")
        if last_batch not in LAST_BATCH:
            raise ValueError(f"BatchSampler: last_batch must be one of {LAST_BATCH}, got {last_batch!r}")
        self._sampler, self._batch_size, self._last_batch = sampler, batch_size, last_batch
        self._left_over: list[int] = []

    def __iter__(self) -> Iterator[list[int]]:
        batch, self._left_over = self._left_over, []
        order = iter(self._sampler)
        while len(batch := batch + list(islice(order, self._batch_size - len(batch)))) == self._batch_size:
            yield batch
            batch = []
        if batch and self._last_batch == "keep":
            yield batch
        elif self._last_batch == "rollover":
            self._left_over = batch

    def arrays(self) -> Iterator[Any]:
        """The same batches, as arrays where the whole order is known at once: that costs less than lists do.

        >>> [batch.tolist() for batch in BatchSampler(SequentialSampler(3), 2).arrays()]
        [[0, 1], [2]]
        """
        known = type(self) is BatchSampler and type(self._sampler) in (RandomSampler, SequentialSampler)
        return Cut(self, self._sampler._order()) if known else iter(self)  # type: ignore[attr-defined]

    def state(self) -> dict[str, Any]:
        inner = self._sampler.state() if isinstance(self._sampler, Sampler) else {}
        return {"left_over": [int(index) for index in self._left_over], "sampler": inner}

    def load_state(self, state: Mapping[str, Any]) -> None:
        left = state.get("left_over")
        if set(state) != {"left_over", "sampler"} or not isinstance(left, list) or not all(map(is_count, left)):
            raise ValueError(f"BatchSampler: expected a state with left_over and sampler, got {sorted(state)}")
        if not isinstance(state["sampler"], dict) or len(left) >= self._batch_size:
            raise ValueError(f"BatchSampler: expected fewer than {self._batch_size} samples left over, got {len(left)}")
        if isinstance(self._sampler, Sampler):
            self._sampler.load_state(state["sampler"])
        self._left_over = left

    def __len__(self) -> int:
        total = len(self._sampler)
        if self._last_batch == "keep":
            return -(-total // self._batch_size)
        if self._last_batch == "rollover":
            total += len(self._left_over)
        return total // self._batch_size


class Cut:
    """The batches of a pass whose whole order is known: parts of one array.

    >>> batches = BatchSampler(SequentialSampler(3), 2).arrays()
    >>> next(batches).tolist(), batches.following().tolist(), next(batches).tolist(), batches.following()
    ([0, 1], [2], [2], None)
    """

    def __init__(self, batches: BatchSampler, order: np.ndarray) -> None:
        self._order = np.concatenate([np.array(batches._left_over, np.int64), order])
        batches._left_over = []
        self._batches, self._size, self._at = batches, batches._batch_size, 0
        length = len(self._order)
        self._end = length if batches._last_batch == "keep" else length - length % self._size
        # What the next pass begins with, once this one has ended.
        self._rest = self._order[self._end :].tolist() if batches._last_batch == "rollover" else None

    def __iter__(self) -> Cut:
        return self

    def __next__(self) -> np.ndarray:
        at = self._at
        if at >= self._end:
            if self._rest is not None:
                self._batches._left_over, self._rest = self._rest, None
            raise StopIteration
        self._at = at + self._size
        return self._order[at : at + self._size]

    def following(self) -> np.ndarray | None:
        """The batch after the one that was given last; None at the end."""
        return self._order[self._at : self._at + self._size] if self._at < self._end else None
