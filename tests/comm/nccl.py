"""NCCL's communicator on the pretended GPU: what it is given lies on the device, and comes back. Run as a program."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "cuda")]

import pretend  # noqa: E402
import pretend_capture  # noqa: E402

pretend.install()
import cupy  # noqa: E402  (the stand-in)
import pytest  # noqa: E402

import dlcore as dl  # noqa: E402
from dlcore import comm, nd  # noqa: E402

TYPES = {6: np.float16, 7: np.float32, 8: np.float64, 4: np.int64}
blocks: list[tuple[int, int]] = []  # device memory
group: list[str] = []


class Memory(pretend_capture.Memory):
    def __init__(self, nbytes: int) -> None:
        super().__init__(nbytes)
        blocks.append((self.ptr, self.ptr + nbytes))


class NcclCommunicator:
    """The other rank has the same numbers; memory that is not the device's is refused, as the device would."""

    def __init__(self, size: int, name: Any, rank: int) -> None:
        assert size == 2 and rank == 0

    def allReduce(self, source: int, target: int, count: int, kind: int, op: int, stream: int) -> None:  # noqa: N802
        values = self._at(source, count, kind)
        self._at(target, count, kind)[...] = values * (2 if op == 0 else 1)

    def bcast(self, address: int, count: int, kind: int, root: int, stream: int) -> None:
        self._at(address, count, kind)[...] = 5

    def _at(self, address: int, count: int, kind: int) -> np.ndarray:
        assert group == ["start"], "many arrays are one group"
        end = address + count * np.dtype(TYPES[kind]).itemsize
        assert any(low <= address and end <= high for low, high in blocks), "an illegal memory access"
        return pretend.at(address, (count,), np.dtype(TYPES[kind]).name, (np.dtype(TYPES[kind]).itemsize,))


def main() -> None:
    pretend_capture.here.malloc = cupy.cuda.alloc = Memory
    cupy.cuda.nccl = SimpleNamespace(
        available=True, NcclCommunicator=NcclCommunicator,
        groupStart=lambda: group.append("start"), groupEnd=group.clear,
    )  # fmt: skip
    sys.modules["cupy.cuda"], sys.modules["cupy.cuda.nccl"] = cupy.cuda, cupy.cuda.nccl
    Device = type(cupy.cuda.Device())
    Device.use = lambda self: None
    workers = comm.NCCLCommunicator("name", rank=0, size=2, device=0)
    here = nd.array([1.0, 2.0], ctx=dl.gpu(0))
    apart = nd.array(np.arange(6.0).reshape(2, 3), dtype="float32", ctx=dl.gpu(0)).T
    host = nd.array([[3, 4]], dtype="int64")
    workers.allreduce([here, apart, host])
    assert here.tolist() == [2.0, 4.0] and apart.tolist() == [[0, 6], [2, 8], [4, 10]] and host.tolist() == [[6, 8]]
    assert host._device == "cpu(0)"
    workers.allreduce([here], op="mean")
    workers.broadcast([host], root=1)
    assert here.tolist() == [2.0, 4.0] and host.tolist() == [[5, 5]]
    with pytest.raises(TypeError, match="NCCL has no numbers of dtype bool"):
        workers.allreduce([here, nd.array([1.0]) > 0])
    with pytest.raises(ValueError, match="root between 0 and 1"):
        workers.broadcast([here], root=2)
    assert group == [], "no group is left open"
    cupy.cuda.nccl.available = False
    with pytest.raises(RuntimeError, match="NCCLCommunicator: CuPy has no NCCL here; install the"):
        comm.NCCLCommunicator("name", rank=0, size=2, device=0)
    print("NCCL agrees")


if __name__ == "__main__":
    main()
