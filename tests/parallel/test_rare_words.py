"""Errors of worker processes that no other test meets, with stand-ins for what ipyparallel says: nothing is started."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ipyparallel import error

from dlcore.parallel import _pool
from dlcore.parallel._pool import WorkerError, WorkerPool


def pool(present: list[int]) -> WorkerPool:
    """A pool of the engines 4 and 7, of which the controller hears these."""
    made = WorkerPool.__new__(WorkerPool)
    made.size, made.pids, made._ids, made._folder = 2, [], [4, 7], "nothing-there"
    made._cluster, made._client = None, SimpleNamespace(ids=present, close=lambda: None)
    return made


def never() -> Any:
    return SimpleNamespace(ready=lambda: False, wait=lambda seconds: None)


def failed(problem: Exception) -> Any:
    def get() -> None:
        raise problem

    return SimpleNamespace(get=get)


def of_one() -> Any:
    return failed(error.RemoteError("ValueError", "the batch is empty", "a line", {"engine_id": 7}))


ROWS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: WorkerPool(0), ValueError, "workers: expected a whole number >= 1, got 0"),
    (lambda: WorkerPool(True), ValueError, "workers: expected a whole number >= 1, got True"),
    (lambda: pool([4]).collect(never()), WorkerError, r"rank 1: WorkerDied: the process ended without a word \(killed"),
    (lambda: pool([4, 7]).collect(never(), 0.0), TimeoutError, r"workers did not answer within 0\.0 s"),
    (lambda: pool([4, 7]).results(of_one()), WorkerError, "rank 1: ValueError: the batch is empty"),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_what_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match=r"workers need MPICH's mpiexec.gforker, which is not installed: pip inst"):
        _pool._mpiexec()
    monkeypatch.setitem(sys.modules, "ipyparallel", None)
    with pytest.raises(RuntimeError, match="workers need ipyparallel and mpi4py, and ipyparallel is not installed: "):
        WorkerPool(1)
