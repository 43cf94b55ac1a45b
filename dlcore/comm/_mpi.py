"""Communication between MPI ranks, through mpi4py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._core import NDArray

from ._communicator import Communicator, Reduction, check_op


class MPICommunicator(Communicator):
    """The ranks of an MPI communicator (by default all that `mpiexec` started).

    Arrays of one dtype travel together in one buffer: a network has dozens of small gradients, and each message costs
    more than its first few kilobytes. Half precision is added up in float32, because MPI has no 16-bit floats.
    RuntimeError where mpi4py is missing.

    Cells in workers have one, `comm`:

    >>> from dlcore import parallel
    >>> cell = "from dlcore import nd; x = nd.array([rank + 1.0]); comm.allreduce([x], 'mean'); print(comm, x.tolist())"
    >>> said = []
    >>> _ = parallel.run_cell(cell, 2, {}, lambda rank, text: said.append(text))
    >>> print("".join(sorted(said)), end="")
    MPICommunicator(rank=0, size=2) [1.5]
    MPICommunicator(rank=1, size=2) [1.5]
    """

    def __init__(self, comm: Any = None) -> None:
        try:
            from mpi4py import MPI
        except ImportError as error:
            raise RuntimeError(f"MPICommunicator needs mpi4py: pip install 'dlcore[lab]' ({error})") from None

        self._mpi = MPI
        self._comm = MPI.COMM_WORLD.Dup() if comm is None else comm.Dup()  # its messages never meet the user's own
        self.rank = self._comm.Get_rank()
        self.size = self._comm.Get_size()

    def allreduce(self, arrays: Sequence[NDArray], op: Reduction = "sum") -> None:
        check_op(op)
        if self.size == 1:
            return
        how = self._mpi.MAX if op == "max" else self._mpi.SUM
        for group in _by_dtype(arrays):
            buffer = _packed(group)
            self._comm.Allreduce(self._mpi.IN_PLACE, buffer, op=how)
            if op == "mean":
                buffer /= self.size
            _unpack(buffer, group)

    def broadcast(self, arrays: Sequence[NDArray], root: int = 0) -> None:
        if not 0 <= root < self.size:
            raise ValueError(f"broadcast: expected root between 0 and {self.size - 1}, got {root}")
        for group in _by_dtype(arrays):
            buffer = _packed(group)
            self._comm.Bcast(buffer, root=root)
            if self.rank != root:
                _unpack(buffer, group)

    def barrier(self) -> None:
        self._comm.Barrier()

    def close(self) -> None:
        if self._comm is not None and not self._mpi.Is_finalized():
            self._comm.Free()
        self._comm = None


def _by_dtype(arrays: Sequence[NDArray]) -> Iterator[list[NDArray]]:
    groups: dict[Any, list[NDArray]] = {}
    for array in arrays:
        groups.setdefault(array.dtype, []).append(array)
    return iter(groups.values())


def _packed(group: list[NDArray]) -> np.ndarray:
    """All values one after another, in an order that does not depend on how an array lies in memory."""
    parts = [array.asnumpy().reshape(-1) for array in group]
    whole = np.concatenate(parts) if len(parts) > 1 else parts[0]
    return whole.astype(np.float32) if whole.dtype.itemsize == 2 and whole.dtype.kind not in "iu" else whole


def _unpack(buffer: np.ndarray, group: list[NDArray]) -> None:
    start = 0
    for array in group:
        part = buffer[start : start + array.size].reshape(array.shape)
        _core.assign(array, _core.from_numpy(part, copy=False))
        start += array.size
