"""Communication between GPUs, one process each, through CuPy's NCCL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcore import _core
from dlcore._core import NDArray
from dlcore.array import num_gpus

from ._communicator import Communicator, Reduction, check_op

# NCCL's own numbers for element types.
_TYPES = {
    "int8": 0,
    "uint8": 1,
    "int32": 2,
    "uint32": 3,
    "int64": 4,
    "uint64": 5,
    "float16": 6,
    "float32": 7,
    "float64": 8,
    "bfloat16": 9,
}
_OPS = {"sum": 0, "max": 2, "mean": 4}


class NCCLCommunicator(Communicator):
    """A group of processes with one GPU each. `unique_id` is made on rank 0 with `new_id` and given to all.

    All calls are queued on CuPy's current stream, in order with the kernels that made the arrays; arrays elsewhere are
    brought to the GPU and back. NCCL refuses two ranks on one GPU. ValueError for a GPU that is not there, RuntimeError
    where CuPy has no NCCL, TypeError for a dtype that NCCL cannot add up.

    >>> NCCLCommunicator("the same on all ranks", rank=0, size=2, device=99)
    Traceback (most recent call last):
    ValueError: NCCLCommunicator: there is no gpu(99) here; GPUs that can be used: ...
    """

    queues = True

    def __init__(self, unique_id: Any, rank: int, size: int, device: int) -> None:
        if not 0 <= device < num_gpus():
            raise ValueError(f"NCCLCommunicator: there is no gpu({device}) here; GPUs that can be used: {num_gpus()}")
        import cupy
        from cupy.cuda import nccl

        if not nccl.available:
            raise RuntimeError("NCCLCommunicator: CuPy has no NCCL here; install the [gpu] extra")
        cupy.cuda.Device(device).use()
        self.rank, self.size, self._device, self._cupy = rank, size, device, cupy
        self._comm = nccl.NcclCommunicator(size, unique_id, rank)

    @staticmethod
    def new_id() -> Any:
        """A name for a new group, to be handed to every rank."""
        from cupy.cuda import nccl

        return nccl.get_unique_id()

    def allreduce(self, arrays: Sequence[NDArray], op: Reduction = "sum") -> None:
        check_op(op)

        def reduce(array: NDArray, stream: int) -> None:
            self._comm.allReduce(array._ptr, array._ptr, array.size, self._type(array), _OPS[op], stream)

        self._each(arrays, reduce)

    def broadcast(self, arrays: Sequence[NDArray], root: int = 0) -> None:
        if not 0 <= root < self.size:
            raise ValueError(f"broadcast: expected root between 0 and {self.size - 1}, got {root}")
        self._each(arrays, lambda a, stream: self._comm.bcast(a._ptr, a.size, self._type(a), root, stream))

    def _each(self, arrays: Sequence[NDArray], call: Callable[[NDArray, int], None]) -> None:
        """Queue a call for each array as one group, which NCCL then does together."""
        from cupy.cuda import nccl

        with self._cupy.cuda.Device(self._device):
            here = [a if a._device == f"gpu({self._device})" and a._contiguous else self._brought(a) for a in arrays]
            for array in here:
                self._type(array)  # an error within a group would leave it open
            stream = self._cupy.cuda.get_current_stream().ptr
            nccl.groupStart()
            for array in here:
                call(array, stream)
            nccl.groupEnd()
            for array, result in zip(arrays, here, strict=True):
                if result is not array:
                    _core.assign(array, result)

    def _brought(self, array: NDArray) -> NDArray:
        copy = _core.empty(array.shape, array._dtype_name, f"gpu({self._device})")
        _core.assign(copy, array)
        return copy

    def barrier(self) -> None:
        with self._cupy.cuda.Device(self._device):
            word = self._cupy.zeros(1, dtype="float32")
            stream = self._cupy.cuda.get_current_stream()
            self._comm.allReduce(word.data.ptr, word.data.ptr, 1, _TYPES["float32"], _OPS["sum"], stream.ptr)
            stream.synchronize()

    def close(self) -> None:
        if self._comm is not None:
            self._comm.destroy()
        self._comm = None

    @staticmethod
    def _type(array: NDArray) -> int:
        if array._dtype_name not in _TYPES:
            raise TypeError(f"NCCL has no numbers of dtype {array._dtype_name}; it has {', '.join(_TYPES)}")
        return _TYPES[array._dtype_name]
