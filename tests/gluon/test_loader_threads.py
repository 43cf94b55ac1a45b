"""The threads of a loader: order, errors, ends."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref
from typing import Any

import numpy as np
import pytest

from dlcore.gluon.data import DataLoader
from dlcore.gluon.data._threads import BatchThreads, TooLate


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("dlcore-data")]


def test_batches_come_in_the_order_in_which_they_were_asked_for() -> None:
    def make(k: int) -> int:
        time.sleep(0.01 if k % 3 == 0 else 0)
        return k * k

    threads = BatchThreads(make, 4)
    for k in range(20):
        threads.ask(k)
    assert [threads.next(60) for _ in range(20)] == [k * k for k in range(20)] and threads.waiting == 0
    threads.close()
    threads.close()
    assert _threads() == []


def test_errors_belong_to_their_batch_and_leave_nothing_behind() -> None:
    class Big:
        pass

    def make(k: int) -> Any:
        held = Big()
        seen.append(weakref.ref(held))
        if k == 1:
            raise KeyboardInterrupt("one")
        return held

    seen: list[Any] = []
    threads = BatchThreads(make, 1)
    for k in range(3):
        threads.ask(k)
    assert isinstance(threads.next(60), Big)
    with pytest.raises(KeyboardInterrupt, match="one"):
        threads.next(60)
    assert isinstance(threads.next(60), Big)
    threads.close()
    gc.collect()
    assert [made() for made in seen] == [None] * 3


def test_one_that_is_late_can_be_left_and_what_waits_is_not_made() -> None:
    made: list[int] = []
    release = threading.Event()

    def make(k: int) -> None:
        made.append(k)
        release.wait(60)

    threads = BatchThreads(make, 1)
    for k in range(5):
        threads.ask(k)
    with pytest.raises(TooLate):
        threads.next(0.01)
    threads.close(wait=False)
    release.set()
    for thread in _threads():
        thread.join(60)
    assert made == [0] and _threads() == []


def test_a_process_ends_while_its_threads_work() -> None:
    program = (
        "import numpy as np\nfrom dlcore.gluon.data import DataLoader\n"
        "data = [np.random.default_rng(k).random((200, 200)) for k in range(64)]\n"
        "walk = iter(DataLoader(data, 8, num_workers=2, prefetch=8))\nnext(walk)\nprint('done')"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_loader_that_is_forgotten_ends_its_threads() -> None:
    walk = iter(DataLoader([np.zeros(2)] * 20, 2, num_workers=3))
    next(walk)
    assert len(_threads()) == 3
    del walk
    assert _threads() == []
