"""The communicator of this process, for layers that add up over workers without being handed one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.ops.outside import keep_sum

from ._alone import Alone
from ._communicator import Communicator

_ALONE = Alone()
_current: list[Communicator] = [_ALONE]


def current() -> Communicator:
    """The communicator that `use` named last in this process; `Alone` before that.

    In workers of `dlcore.parallel` it is theirs.

    >>> current()
    Alone(rank=0, size=1)
    """
    return _current[0]


def use(comm: Communicator | None) -> None:
    """Make `comm` what `current()` gives, for the whole process; None for one that is alone.

    >>> use(None)
    """
    _current[0] = _ALONE if comm is None else comm


_counted: list[Any] = [None]


@contextmanager
def counting(factor: Any) -> Iterator[None]:
    """Within, layers that add up over workers take what this one has times `factor`, an array (1,).

    It is 0 where the batch is only lent, so that this worker walks through the same step as the others.
    """
    before, _counted[0] = _counted[0], factor
    try:
        yield
    finally:
        _counted[0] = before


def counted() -> Any:
    """The factor that `counting` set; None outside, where all counts."""
    return _counted[0]


def sum_number(comm: Communicator) -> int:
    """The number by which the operator `_allreduce` reaches `comm`; one and the same for each."""
    if comm.size == 1:
        return 0
    found = comm.__dict__.get("_sum_number")
    if found is None:
        found = comm.__dict__["_sum_number"] = keep_sum(_Total(comm))
    return int(found)


class _Total:
    """What `_allreduce` calls: of an array on the host, and of one on a GPU where the communicator takes that."""

    def __init__(self, comm: Communicator) -> None:
        self._comm = comm
        self.queued = self._queued if comm.queues else None

    def __call__(self, x: np.ndarray) -> np.ndarray:
        array = _core.from_numpy(np.ascontiguousarray(x), True)
        self._comm.allreduce([array], op="sum")
        return array.asnumpy()

    def _queued(self, array: Any) -> None:
        """The sum in the place of an array of a GPU."""
        self._comm.allreduce([array], op="sum")
