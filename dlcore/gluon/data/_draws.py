"""The random numbers of transforms, for a seed, an epoch and a sample the same on any thread; how strong they are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.init import host_generator

_LOCAL = threading.local()


def generator() -> np.random.Generator:
    """The generator of the sample that is being loaded; outside a `DataLoader`, one that follows the seed."""
    given = getattr(_LOCAL, "generator", None)
    return given if given is not None else host_generator()


def epoch_key(epoch: int, seed: int | None, random: tuple[int, int] | None = None) -> tuple[int, ...]:
    """What the draws of one pass of a loader begin with. Looking at the seeded state does not move it.

    random: the seeded state at the beginning of the pass, where that is not now.
    """
    return (seed, epoch) if seed is not None else (*map(int, random or _core.rng_state()), epoch)


def words_of(key: tuple[int, ...]) -> tuple[int, ...]:
    """The key as numbers of 64 bits, which seeds are made of."""
    return tuple(part % (1 << 64) for part in key)


class draws_of:  # noqa: N801 (used as a function; as one, it would take a batch three times as long)
    """Within, `generator()` is that of a sample in the pass with `key`.

    Which one stands in the list that this gives: its index, then how many came before, which makes it a new one. What
    else stands there is for whoever fills it.
    """

    __slots__ = ("_before", "_late")

    def __init__(self, key: tuple[int, ...]) -> None:
        self._late = _Late(key)

    def __enter__(self) -> list[Any]:
        self._before = getattr(_LOCAL, "generator", None)
        _LOCAL.generator = self._late
        return self._late.at

    def __exit__(self, *error: object) -> None:
        _LOCAL.generator = self._before


def strength() -> float:
    """The factor for what a random transform draws on this thread: 1 as it was made, 0 for no change at all."""
    return float(getattr(_LOCAL, "strength", 1.0))


@contextmanager
def with_strength(value: float) -> Iterator[None]:
    """Within, `strength()` is `value`."""
    before = strength()
    _LOCAL.strength = value
    try:
        yield
    finally:
        _LOCAL.strength = before


class _Late:
    """A generator that is made when it is first used: most samples draw nothing."""

    def __init__(self, key: tuple[int, ...]) -> None:
        self._key = key
        self.at: list[Any] = [0, 0, 0]
        self._made: np.random.Generator | None = None
        self._made_for = 0

    def __getattr__(self, name: str) -> object:
        index, turn = self.at[:2]
        if self._made is None or self._made_for != turn:
            words = [*words_of(self._key), int(index) % (1 << 64)]
            self._made = np.random.Generator(np.random.Philox(np.random.SeedSequence(words)))
            self._made_for = turn
        return getattr(self._made, name)
