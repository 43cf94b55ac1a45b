"""Storage, dtypes and the tape at the edges: promotion, views, sharing, counters, versions, long chains."""

from __future__ import annotations

import gc
import itertools
import threading
import time
import weakref
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core, autograd
from dlcore.ops import F

NAMES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64".split()


@pytest.mark.parametrize(("a", "b"), list(itertools.combinations_with_replacement(NAMES, 2)))
def test_promotion_is_numpys_within_a_kind_and_keeps_the_float_across(a: str, b: str) -> None:
    got = (dl.np.ones((2,), dtype=a) + dl.np.ones((2,), dtype=b)).dtype
    kinds = {np.dtype(a).kind, np.dtype(b).kind}
    if "f" in kinds and kinds != {"f"}:  # an integer never widens a float: the array-API standard leaves this open
        assert got == (a if np.dtype(a).kind == "f" else b)
    else:
        assert got == np.promote_types(a, b)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("number", "kind"), [(True, "b"), (3, "i"), (2.5, "f")])
def test_python_numbers_give_way_to_arrays(name: str, number: Any, kind: str) -> None:
    got = (dl.np.ones((2,), dtype=name) * number).dtype
    own = np.dtype(name).kind
    if kind == "f" and own != "f":
        assert got == np.float32
    elif kind == "i" and own == "b":
        assert got == np.int64
    else:
        assert got == np.dtype(name)


def test_bfloat16_with_float16_meets_in_float32() -> None:
    assert (dl.np.ones((2,), dtype=dl.bfloat16) + dl.np.ones((2,), dtype="float16")).dtype == np.float32


@pytest.mark.parametrize("layout", ["plain", "transposed", "reversed", "strided", "scalar", "empty", "broadcast"])
def test_numpy_shares_memory_in_any_layout(layout: str) -> None:
    base = np.arange(24.0, dtype="float32").reshape(4, 6)
    made = {
        "plain": base,
        "transposed": base.T,
        "reversed": base[::-1, ::-1],
        "strided": base[::2, 1::3],
        "scalar": np.array(3.0, "float32"),
        "empty": base[:0],
        "broadcast": np.broadcast_to(base[0], (3, 6)),
    }[layout]
    shared = _core.from_numpy(made, copy=False)
    np.testing.assert_array_equal(shared.asnumpy(), made)
    np.testing.assert_array_equal(shared._numpy_view(), made)
    assert shared.strides == made.strides
    if made.size and made.flags.writeable:
        _core.assign(shared, shared * 2 + 1)
        np.testing.assert_array_equal(shared._numpy_view(), made)
        assert np.shares_memory(shared._numpy_view(), made)


def test_read_only_memory_is_never_written() -> None:
    fixed = np.arange(3.0)
    fixed.flags.writeable = False
    shared = _core.from_numpy(fixed, copy=False)
    with pytest.raises(ValueError, match="read-only"):
        _core.assign(shared, shared + 1)
    with pytest.raises(ValueError, match="read-only"):
        F.add(shared, 1.0, out=shared)
    assert fixed.tolist() == [0.0, 1.0, 2.0]


def test_shared_memory_outlives_its_first_owner() -> None:
    class Owned(np.ndarray):
        pass

    source = np.arange(5.0).view(Owned)
    gone = weakref.ref(source)
    shared = _core.from_numpy(source, copy=False)
    view = shared[1:]._numpy_view()
    del source, shared
    gc.collect()
    assert gone() is not None and view.tolist() == [1.0, 2.0, 3.0, 4.0]
    del view
    gc.collect()
    assert gone() is None


def test_dlpack_goes_both_ways_without_a_copy() -> None:
    ours = dl.np.arange(6).astype("float32").reshape((2, 3))
    theirs = np.from_dlpack(ours.T)
    theirs[0, 1] = 50
    assert ours.asnumpy()[1, 0] == 50
    source = np.arange(4, dtype="int16")
    back = _core.from_dlpack(source)
    source[2] = -7
    assert back.asnumpy().tolist() == [0, 1, -7, 3] and back.dtype == np.int16


def test_dlpack_says_what_is_read_only() -> None:
    fixed = np.arange(3.0)
    fixed.flags.writeable = False
    shared = _core.from_dlpack(fixed)
    with pytest.raises(ValueError, match="read-only"):
        _core.assign(shared, shared + 1)
    assert not np.from_dlpack(shared).flags.writeable
    with pytest.raises(BufferError, match="read-only"):
        shared.__dlpack__()  # a capsule of the old kind cannot say so
    assert np.from_dlpack(shared, copy=True).tolist() == [0.0, 1.0, 2.0]


def test_freed_memory_is_used_again_and_counted() -> None:
    _core.empty_cache()
    before = _core.memory_stats()
    x = _core.empty((1000, 1000), "float32")
    held = _core.memory_stats()
    assert held["allocated"] - before["allocated"] >= 4_000_000
    address = x._ptr
    del x
    freed = _core.memory_stats()
    assert freed["allocated"] == before["allocated"] and freed["cached"] >= 4_000_000
    assert _core.empty((1000, 1000), "float32")._ptr == address
    assert _core.memory_stats()["reused"] > held["reused"]
    _core.empty_cache()
    assert _core.memory_stats()["cached"] == 0


def test_what_does_not_fit_into_memory_is_an_error() -> None:
    with pytest.raises(MemoryError, match="larger than memory"):
        _core.empty((2**40, 2**40), "float64")
    with pytest.raises(
        MemoryError, match=r"zeros: out of memory: 134217728.0 MiB asked for, \d+\.\d MiB held by arrays"
    ):
        F.zeros((2**44,), "float64")  # more than the addresses that a process has
    with pytest.raises(ValueError, match="negative"):
        _core.empty((-1,), "float32")


def test_a_saved_value_changed_in_place_is_caught() -> None:
    x = dl.np.array([1.0, 2.0])
    x.attach_grad()
    with autograd.record():
        y = dl.np.exp(x)
    with autograd.pause():
        y += 1
    with pytest.raises(RuntimeError, match=r"backward of exp.*output.*changed in place"):
        y.backward()


def test_a_value_of_which_only_the_shape_is_needed_may_change() -> None:
    x = dl.np.array([1.0, 2.0])
    x.attach_grad()
    with autograd.record():
        y = (x * 3).sum()
    x[...] = 100.0  # sum needs the shape of its input only, the product the 3 only
    y.backward()
    assert x.grad.asnumpy().tolist() == [3.0, 3.0]


def test_a_recording_is_freed_by_backward_unless_kept() -> None:
    x = dl.np.array([2.0])
    x.attach_grad()
    with autograd.record():
        y = x * x
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.asnumpy().tolist() == [4.0]
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_a_very_long_recording_is_walked_and_freed_without_recursion() -> None:
    x = dl.np.array([1.0])
    x.attach_grad()
    with autograd.record():
        y = x
        for _ in range(100_000):
            y = y + 0.0
    y.backward(retain_graph=True)
    assert x.grad.asnumpy().tolist() == [1.0]
    del y
    gc.collect()


def test_dropping_a_recording_gives_its_memory_back() -> None:
    x = dl.np.ones((1000, 1000))
    x.attach_grad()
    before = _core.memory_stats()["allocated"]
    with autograd.record():
        y = dl.np.exp(dl.np.exp(x)) * x
    assert _core.memory_stats()["allocated"] > before + 8_000_000
    del y
    assert _core.memory_stats()["allocated"] == before


def test_philox_known_answers() -> None:
    # Random123's published vectors for philox4x32-10 whose upper counter words are zero.
    assert [f"{w:08x}" for w in _core.philox(0, 0)] == ["6627e8d5", "e169c58d", "bc57ac4c", "9b00dbd8"]


def test_the_interpreter_is_free_while_a_kernel_runs() -> None:
    a = dl.np.ones((1500, 1500))
    ticks, stop = [0], threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks[0] += 1
            time.sleep(0.0005)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        dl.np.matmul(a, a)
        begun, counted = time.perf_counter(), ticks[0]
        a = a.astype("float64")
        dl.np.matmul(a, a)  # a plain loop of ours: long enough to see
        took, seen = time.perf_counter() - begun, ticks[0] - counted
    finally:
        stop.set()
        thread.join()
    assert seen > took / 0.05, f"{seen} ticks of another thread in {took:.2f} s"


def test_recording_is_a_matter_of_each_thread() -> None:
    seen = []
    with autograd.record():
        thread = threading.Thread(target=lambda: seen.append((autograd.is_recording(), autograd.is_training())))
        thread.start()
        thread.join()
    assert seen == [(False, False)]
