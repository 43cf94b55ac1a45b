"""The thread pool seen from Python: many callers at once, resizing under load, errors, its size, a clean exit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from core.arrays import nd, threads

from dlcore import _core
from dlcore.ops import F


def test_many_callers_at_once_while_the_pool_is_resized() -> None:
    x = np.random.default_rng(0).standard_normal((300, 400)).astype("float32")
    want = (x * 2).sum(axis=0)
    failures: list[str] = []

    def work() -> None:
        a = nd(x)
        for _ in range(60):
            got = F.sum(F.multiply(a, 2.0), axis=0).asnumpy()
            if not np.allclose(got, want, rtol=1e-4, atol=1e-3):
                failures.append("wrong sum")

    with threads(4):
        callers = [threading.Thread(target=work) for _ in range(5)]
        for t in callers:
            t.start()
        n = 0
        while any(t.is_alive() for t in callers):
            _core.set_num_threads(1 + n % 6)
            n += 1
            callers[0].join(0.001)
        for t in callers:
            t.join(60)
        assert not any(t.is_alive() for t in callers)
    assert failures == []


def test_an_error_in_a_chunk_reaches_the_caller_and_leaves_the_pool_usable() -> None:
    x = nd(np.arange(100_000, dtype="float32"))
    index = np.arange(100_000)
    index[77_777] = 100_000
    with threads(3):
        for _ in range(20):
            with pytest.raises(IndexError, match="100000"):
                F.take(x, nd(index))
        assert float(F.sum(x).asnumpy()) == pytest.approx(99_999 * 50_000)


def test_the_number_of_threads_can_be_set() -> None:
    with threads(3):
        assert _core.num_threads() == 3
    before = _core.num_threads()
    with pytest.raises(ValueError):
        _core.set_num_threads(0)
    assert _core.num_threads() == before


@pytest.mark.parametrize("count", [2, 3, 16, 17, 40])
def test_every_chunk_is_run_once_whatever_the_number_of_shares(count: int) -> None:
    rng = np.random.default_rng(count)
    with threads(count):
        for n in (4_097, 65_537, 400_003):
            x, y = rng.standard_normal(n, "f4"), np.ones(n, "f4")
            made = nd(y.copy())
            for _ in range(3):
                F.add(made, nd(x), out=made)  # in place: a chunk that ran twice would add twice
            np.testing.assert_array_equal(made.asnumpy(), ((y + x) + x) + x)


@pytest.mark.parametrize("count", [2, 3])
def test_short_regions_that_follow_each_other_are_done_once_and_alike(count: int) -> None:
    rng = np.random.default_rng(count)
    calls = 60  # so many that threads are kept awake for the next one, and help from the middle of it on
    for n in (33_000, 70_001, 100_000, 140_001):
        x = nd(rng.standard_normal((7, n // 7), "f4"))
        every = (F.sigmoid, lambda a: F.sum(a, axis=1), lambda a: F.softmax(a, axis=1), lambda a: F.cumsum(a, axis=0))
        with threads(1):
            want = [op(x).asnumpy() for op in every]
        made = nd(np.zeros(n, "f4"))
        with threads(count):
            for _ in range(calls):
                F.add(made, 1.0, out=made)  # in place: what ran twice, or never, would show
            np.testing.assert_array_equal(made.asnumpy(), np.full(n, calls, "f4"))
            for op, one in zip(every, want, strict=True):
                for _ in range(calls):
                    np.testing.assert_array_equal(op(x).asnumpy(), one)


def test_an_error_in_a_short_region_reaches_the_caller_while_threads_are_awake() -> None:
    x, index = nd(np.arange(20_000, dtype="float32")), np.arange(20_000)
    with threads(2):
        for bad in (0, 1_300, 19_999):  # in its first piece, in another one, in the last
            wrong = index.copy()
            wrong[bad] = 20_000
            for _ in range(60):
                F.take(x, nd(index))
            with pytest.raises(IndexError, match="20000"):
                F.take(x, nd(wrong))
        np.testing.assert_array_equal(F.take(x, nd(index)).asnumpy(), x.asnumpy())


def child(code: str, **env: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k != "DLCORE_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", code], env={**environment, **env}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_environment_sets_the_number_of_threads() -> None:
    assert child("from dlcore import _core; print(_core.num_threads())", DLCORE_NUM_THREADS="5") == "5"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system has no processor affinity")
def test_a_process_held_to_one_processor_uses_one_thread() -> None:
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from dlcore import _core
print(_core.num_threads())
"""
    assert child(code) == "1"


def test_a_process_with_workers_ends_by_itself() -> None:
    code = """
import numpy as np
from dlcore import _core
from dlcore.ops import F
_core.set_num_threads(6)
x = _core.from_numpy(np.ones((1000, 1000), "float32"))
for _ in range(5):
    y = F.exp(x)
print(float(F.sum(y).asnumpy()) > 0)
"""
    assert child(code) == "True"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_computes_with_workers_of_its_own() -> None:
    code = """
import os, sys
import numpy as np
from dlcore import _core
from dlcore.ops import F
_core.set_num_threads(4)
x = _core.from_numpy(np.ones((1000, 1000), "float32"))
F.exp(x)
pid = os.fork()
if pid == 0:
    ok = float(F.sum(F.exp(x)).asnumpy()) > 0
    os._exit(0 if ok else 1)
print(os.waitpid(pid, 0)[1])
"""
    assert child(code) == "0"


APART = """
import ctypes, os, time
from dlcore import _core, np
_core.set_num_threads(2)
usable = os.sched_getaffinity(0)
before = set(os.listdir("/proc/self/task"))
x = np.ones(1_000_000)
np.exp(x)
(worker,) = (int(t) for t in set(os.listdir("/proc/self/task")) - before)
here = ctypes.CDLL(None).sched_getcpu
for _ in range(200):  # until the worker slept before a call that began and ended on one processor
    time.sleep(0.01)
    start = here()
    np.exp(x)
    left = os.sched_getaffinity(worker)
    if here() == start and left == usable - {start}:
        break
assert left == usable - {start}, (left, usable, start)
os.sched_setaffinity(0, {start})  # one processor for all: nothing to keep apart, and nothing waits
time.sleep(0.01)
assert float(np.exp(x * 0).sum()) == 1e6
"""


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="needs Linux and two processors"
)
def test_a_sleeping_worker_is_woken_on_another_processor_than_its_callers() -> None:
    child(APART)
