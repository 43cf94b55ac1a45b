"""The communicator of a process that trains by itself."""

from __future__ import annotations

from collections.abc import Sequence

from dlcore._core import NDArray

from ._communicator import Communicator, Reduction, check_op


class Alone(Communicator):
    """One process: every reduction of one array is that array.

    >>> comm = Alone()
    >>> comm.rank, comm.size
    (0, 1)
    """

    rank = 0
    size = 1

    def allreduce(self, arrays: Sequence[NDArray], op: Reduction = "sum") -> None:
        check_op(op)

    def broadcast(self, arrays: Sequence[NDArray], root: int = 0) -> None:
        if root != 0:
            raise ValueError(f"broadcast: expected root 0 in a group of one, got {root}")

    def barrier(self) -> None:
        pass
