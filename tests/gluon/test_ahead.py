"""Batches cut out before they are asked for are those that would be cut out then; what is told wrong does no harm."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core
from dlcore.gluon.data import ArrayDataset, BatchSampler, DataLoader, RandomSampler
from dlcore.io import NDArrayIter

RNG = np.random.default_rng(0)
ROWS = RNG.random((60, 300)).astype("f4")
PICTURES = RNG.integers(0, 256, (60, 6, 5, 1)).astype(np.uint8)
VALUES = np.arange(256, dtype="f4")[None] * 2


@pytest.fixture(autouse=True)
def two_threads() -> Any:
    before = _core.num_threads()
    _core.set_num_threads(2)
    yield
    _core.set_num_threads(before)


def mirrored() -> Any:
    return _core.BatchPlan([PICTURES], None, ([("across", 0.5), ("crop", 3, 4, 1)], [0], VALUES, True, None))


def numbers(batch: list[Any]) -> list[bytes]:
    return [part.asnumpy().tobytes() for part in batch]


def test_what_was_told_comes_whether_it_was_told_right_or_wrong() -> None:
    plan, orders = _core.BatchPlan([ROWS, np.arange(60)]), RNG.integers(0, 60, (200, 16))
    for k, order in enumerate(orders[:-1]):
        told = (orders[k + 1], orders[k], None, np.array([60]), np.array([-1]), np.zeros(0, np.int64))[k % 6]
        rows, places = plan.take(order, (), 1.0, False, told)
        np.testing.assert_array_equal(rows.asnumpy(), ROWS[order])
        assert places.asnumpy().tolist() == order.tolist()
        assert plan.ahead == (16, 16, 0, 0, 0, 0)[k % 6]


def test_one_thread_cuts_nothing_out_before() -> None:
    plan = _core.BatchPlan([ROWS])
    _core.set_num_threads(1)
    plan.take(np.arange(4), (), 1.0, False, np.arange(4))
    assert plan.ahead == 0


def test_very_large_batches_wait_until_they_are_asked_for() -> None:
    plan, large = _core.BatchPlan([ROWS]), np.zeros(14_000, np.int64)
    for told, ahead in ((large, 0), (large[:13_000], 13_000)):  # 16.8 and 15.6 MB
        plan.take(np.arange(4), (), 1.0, False, told)
        assert plan.ahead == ahead
    (rows,) = plan.take(large[:13_000])
    assert (rows.asnumpy() == ROWS[0]).all()


def test_another_key_or_strength_than_was_told_counts() -> None:
    order = np.arange(30)
    for words, strength in (((1, 2), 1.0), ((1, 3), 1.0), ((1, 2), 0.2)):
        plan = mirrored()
        plan.take(order, (1, 2), 1.0, False, order)
        assert numbers(plan.take(order, words, strength)) == numbers(mirrored().take(order, words, strength))


@pytest.mark.parametrize("others", [0, 1, 3])
def test_draws_of_the_seeded_stream_follow_their_order_whoever_else_draws(others: int) -> None:
    def walk(told: bool) -> list[list[bytes]]:
        dl.random.seed(5)
        plan, found = mirrored(), []
        for k in range(12):
            found.append(numbers(plan.take(np.arange(30), (), 1.0, True, np.arange(30) if told else None)))
            assert plan.ahead == (30 if told and (others == 0 or k < 3) else 0)  # guessing ends with a wrong guess
            for _ in range(others if k % 4 == 2 else 0):
                dl.np.random.uniform(size=(3,))
        return [*found, [str(_core.rng_state()).encode()]]

    assert walk(True) == walk(False)


def test_several_threads_may_ask_one_plan() -> None:
    plan, wrong = _core.BatchPlan([ROWS]), []

    def ask(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for _ in range(150):
            order, told = rng.integers(0, 60, (2, 24))
            for which in (order, told):
                if plan.take(which, (), 1.0, False, told)[0].asnumpy().tobytes() != ROWS[which].tobytes():
                    wrong.append(seed)

    threads = [threading.Thread(target=ask, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_plan_may_go_while_its_next_batch_is_cut_out() -> None:
    before = _core.memory_stats()["allocated"]
    for _ in range(100):
        plan = _core.BatchPlan([ROWS])
        dl.np.exp(dl.np.ones((40_000,)))  # a thread is awake
        plan.take(np.arange(60), (), 1.0, False, np.arange(60)[::-1].copy())
        assert plan.ahead == 60
        del plan
    assert _core.memory_stats()["allocated"] <= before


def test_the_order_of_a_pass_tells_what_follows() -> None:
    for last, size, count in (
        ("keep", 4, 11),
        ("discard", 4, 11),
        ("rollover", 4, 11),
        ("keep", 4, 12),
        ("keep", 20, 3),
    ):
        sampler = BatchSampler(RandomSampler(count, seed=1), size, last)
        for _ in range(3):
            walk, told = sampler.arrays(), None
            assert sampler.state()["left_over"] == []
            for batch in walk:
                assert told is None or batch.tolist() == told
                following = walk.following()
                told = None if following is None else following.tolist()
            assert told is None
            assert next(walk, None) is None


def test_a_loader_that_stops_and_begins_again_gives_what_its_arrays_hold_then() -> None:
    rows, labels = ROWS.copy(), np.arange(60)
    loader = DataLoader(ArrayDataset(rows, labels), 16)
    walk = iter(loader)
    next(walk)
    del walk
    rows += 1
    for x, y in loader:
        np.testing.assert_array_equal(x.asnumpy(), ROWS[y.asnumpy()] + 1)


def test_an_iterator_begun_again_gives_what_its_arrays_hold_then() -> None:
    rows = ROWS.copy()
    batches = NDArrayIter(rows, batch_size=16)
    batches.next()
    batches.reset()
    rows += 1
    for k, batch in enumerate(batches):
        left = min(16, 60 - 16 * k)
        np.testing.assert_array_equal(batch.data[0].asnumpy()[:left], ROWS[16 * k : 16 * k + left] + 1)


FORKED = """
import os
import numpy as np
from dlcore import _core
from dlcore.ops import F
_core.set_num_threads(2)
rows = np.random.default_rng(0).random((60, 300))
plan = _core.BatchPlan([rows])
order = np.arange(60)
plan.take(order, (), 1.0, False, order)
pid = os.fork()
if pid == 0:
    for _ in range(3):
        (got,) = plan.take(order, (), 1.0, False, order)
        if not (got.asnumpy() == rows).all():
            os._exit(1)
    del plan
    os._exit(0)
print(os.waitpid(pid, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_goes_on_with_what_its_parent_began() -> None:
    done = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
