"""The communicator of one process, and what all of them refuse."""

from __future__ import annotations

import sys

import pytest

import dlcore as dl
from dlcore.comm import Alone, MPICommunicator
from dlcore.comm._communicator import check_op


@pytest.mark.parametrize("make", [Alone, MPICommunicator])
def test_a_group_of_one_leaves_arrays_as_they_are(make: type) -> None:
    comm = make()
    x = dl.np.array([1.0, 2.0])
    for op in ("sum", "mean", "max"):
        comm.allreduce([x], op=op)
    comm.broadcast([x], root=0)
    comm.barrier()
    assert (comm.rank, comm.size) == (0, 1)
    assert x.asnumpy().tolist() == [1.0, 2.0]
    comm.close()


@pytest.mark.parametrize("make", [Alone, MPICommunicator])
def test_wrong_arguments_are_named(make: type) -> None:
    comm = make()
    with pytest.raises(ValueError, match="got 'average'"):
        comm.allreduce([dl.np.ones((2,))], op="average")
    with pytest.raises(ValueError, match="root"):
        comm.broadcast([dl.np.ones((2,))], root=3)
    comm.close()


def test_a_reduction_that_there_is_not_and_a_missing_package_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="allreduce: expected op 'sum', 'mean' or 'max', got 'x'"):
        check_op("x")
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(RuntimeError, match="MPICommunicator needs mpi4py: pip install"):
        MPICommunicator()
