"""The interface every communicator has."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Literal

from dlcore._core import NDArray

Reduction = Literal["sum", "mean", "max"]


class Communicator(ABC):
    """A fixed group of processes, numbered 0 to ``size - 1``; this one is ``rank``.

    Every call is collective: all ranks make the same calls in the same order, with arrays of equal shapes and dtypes.
    Arrays are changed in place, so compiled graphs that captured them see the result.

    >>> from dlcore import comm, nd
    >>> x = nd.array([1.0, 2.0])
    >>> comm.Alone().allreduce([x], op="mean")
    >>> x.tolist()
    [1.0, 2.0]
    """

    rank: int
    size: int
    queues = False  # whether calls on arrays of a GPU are queued on CuPy's stream, so that nothing waits for them

    @abstractmethod
    def allreduce(self, arrays: Sequence[NDArray], op: Reduction = "sum") -> None:
        """Combine each array with its namesakes on the other ranks; all ranks then hold the same result."""

    @abstractmethod
    def broadcast(self, arrays: Sequence[NDArray], root: int = 0) -> None:
        """Overwrite each array with that of rank `root`."""

    @abstractmethod
    def barrier(self) -> None:
        """Return once every rank has called it."""

    def close(self) -> None:  # noqa: B027  (many hold nothing)
        """Let go of what the communicator holds. It cannot be used afterwards."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rank={self.rank}, size={self.size})"


def check_op(op: str) -> None:
    """Raise ValueError for a reduction that no communicator has."""
    if op not in ("sum", "mean", "max"):
        raise ValueError(f"allreduce: expected op 'sum', 'mean' or 'max', got {op!r}")
