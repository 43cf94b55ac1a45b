"""Where a loader stands in its data: what a pass began with, and how many of its batches were handed out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from dlcore import _core

from ._sampler import BatchSampler, Cut, Sampler, is_count


@dataclass
class Cursor:
    """A pass: its number, the random state and the sampler's state at its beginning, the batches handed out.

    random is None in the state of a loader that is between two passes.
    """

    epoch: int
    random: tuple[int, int] | None
    sampler: dict[str, Any]
    done: int = 0
    again: bool = False  # taken up out of a state, not begun here

    def begin(self, sampler: Any) -> Iterator[Any]:
        """The batches of indices that are left. Their order is drawn now, as it was at the beginning.

        Begun for the first time, the pass moves the seeded state on; taken up again it leaves the state as it is.
        """
        if not self.again or self.random is None:
            return _drawn(_batches_of(sampler))
        now = _core.rng_state()
        _core.set_rng_state(self.random)
        try:
            left = _drawn(_batches_of(sampler))
        finally:
            _core.set_rng_state(now)
        skipped = sum(1 for _ in islice(left, self.done))
        if skipped < self.done:
            raise ValueError(f"DataLoader: to go on after {self.done} batches, but a pass has only {skipped}")
        return left

    def state(self) -> dict[str, Any]:
        """The pass as JSON can hold it."""
        random = None if self.random is None else list(self.random)
        return {"epoch": self.epoch, "random": random, "sampler": self.sampler, "done": self.done}


def _batches_of(sampler: Any) -> Iterator[Any]:
    return sampler.arrays() if isinstance(sampler, BatchSampler) else iter(sampler)


def _drawn(batches: Iterator[Any]) -> Iterator[Any]:
    """The same batches, of which the first is asked for now: that is when a sampler draws its order."""
    if isinstance(batches, Cut):
        return batches  # it has drawn it
    first = next(batches, None)
    return iter(()) if first is None else chain((first,), batches)


def new_cursor(epoch: int, sampler: Any, begun: bool) -> Cursor:
    """Pass number `epoch`, as it begins now or (not begun) as it will."""
    seed, count = _core.rng_state()
    return Cursor(
        epoch, (int(seed), int(count)) if begun else None, sampler.state() if isinstance(sampler, Sampler) else {}
    )


def read_cursor(state: Mapping[str, Any]) -> Cursor:
    """A cursor from its `state()`, which came out of a file: ValueError where it is not one."""
    right = (
        set(state) == {"epoch", "random", "sampler", "done"}
        and is_count(state["epoch"])
        and is_count(state["done"])
        and isinstance(state["sampler"], dict)
        and _is_random(state["random"])
    )
    if not right:
        raise ValueError("DataLoader: the place in the data is damaged")
    random = None if state["random"] is None else tuple(state["random"])
    return Cursor(state["epoch"], random, state["sampler"], state["done"], again=True)


def _is_random(value: Any) -> bool:
    return value is None or (isinstance(value, list) and len(value) == 2 and all(map(is_count, value)))
