"""Where a run is in its data, and the random numbers that belong to it alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dlcore import _core

_LOCAL = threading.local()


@dataclass
class Place:
    """Epoch `epoch`, of which `done` samples (or batches) are used up; it began after `begun` steps.

    `random` and `data` are the random state and the state of the data when the epoch was opened.
    """

    epoch: int = 1
    done: int = 0
    begun: int = 0
    random: tuple[int, ...] = ()
    data: dict[str, Any] = field(default_factory=dict)


@contextmanager
def own_generator(state: tuple[int, int] | None) -> Iterator[None]:
    """Within, this thread draws from a generator of its own, which begins with `state` or as the common one stands.

    At the end the common one takes over where it stopped, if nobody else has drawn from it meanwhile.
    """
    common = _core.rng_state()
    before = _core.swap_generator(common if state is None else state)
    _LOCAL.own = True
    try:
        yield
    finally:
        _LOCAL.own = False
        last = _core.swap_generator(before)
        if state is None and _core.rng_state() == common:
            _core.set_rng_state(last)


def has_own_generator() -> bool:
    """Whether this thread is within `own_generator`."""
    return getattr(_LOCAL, "own", False)
