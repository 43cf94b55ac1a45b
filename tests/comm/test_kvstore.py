"""The key-value store: sums over devices and workers, updaters, optimizers."""

from __future__ import annotations

import doctest
import importlib
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore.comm import Communicator


def value_of(store: Any, key: Any, shape: tuple[int, ...] = (2,)) -> list[float]:
    out = dl.nd.zeros(shape)
    store.pull(key, out=out)
    return out.asnumpy().tolist()


class Threads(Communicator):
    """Workers that are threads of this process: slow and obvious."""

    def __init__(self, rank: int, barrier: threading.Barrier, board: dict[int, list[np.ndarray]]) -> None:
        self.rank, self.size = rank, barrier.parties
        self._barrier, self._board = barrier, board

    def _exchange(self, arrays: Sequence[Any]) -> list[list[np.ndarray]]:
        self._board[self.rank] = [array.asnumpy() for array in arrays]
        self._barrier.wait(20)
        seen = [self._board[rank] for rank in range(self.size)]
        self._barrier.wait(20)
        return seen

    def allreduce(self, arrays: Sequence[Any], op: str = "sum") -> None:
        assert op == "sum"
        for array, parts in zip(arrays, zip(*self._exchange(arrays), strict=True), strict=True):
            array[:] = dl.nd.array(sum(parts))

    def broadcast(self, arrays: Sequence[Any], root: int = 0) -> None:
        for array, value in zip(arrays, self._exchange(arrays)[root], strict=True):
            array[:] = dl.nd.array(value)

    def barrier(self) -> None:
        self._barrier.wait(20)


def on_workers(number: int, work: Any) -> list[Any]:
    barrier, board = threading.Barrier(number), {}
    with ThreadPoolExecutor(number) as pool:
        return list(
            pool.map(lambda rank: work(dl.kv.create("dist_sync", Threads(rank, barrier, board))), range(number))
        )


def test_examples() -> None:
    for name in ("_kvstore", "kv"):
        failed, tried = doctest.testmod(importlib.import_module(f"dlcore.comm.{name}"))
        assert tried > 0 and failed == 0
    assert dl.kv is dl.kvstore and dl.kv.KVStore is dl.comm.KVStore


def test_a_push_replaces_by_the_sum_over_devices() -> None:
    store = dl.kv.create("device")
    store.init(3, dl.nd.array([5, 5]))
    assert value_of(store, 3) == [5, 5]
    store.push(3, [dl.nd.array([1, 2]), dl.nd.array([10, 20]), dl.nd.array([100, 200])])
    assert value_of(store, 3) == [111, 222]
    store.push(3, dl.nd.array([7, 8]))
    outs = [dl.nd.zeros((2,)), dl.nd.zeros((2,))]
    store.pull(3, out=outs)
    assert [out.asnumpy().tolist() for out in outs] == [[7, 8], [7, 8]]


def test_lists_of_keys() -> None:
    store = dl.kv.create("local")
    keys = ["a", "b"]
    store.init(keys, [dl.nd.zeros((2,)), dl.nd.zeros((2,))])
    store.push(keys, [[dl.nd.array([1, 1]), dl.nd.array([2, 2])], dl.nd.array([4, 4])])
    assert value_of(store, "a") == [3, 3] and value_of(store, "b") == [4, 4]
    values = [dl.nd.array([1, 2]), dl.nd.array([3, 4])]
    store.pushpull(["a"], [values])
    assert values[0].asnumpy().tolist() == values[1].asnumpy().tolist() == [4, 6]


def test_what_is_stored_is_nobody_elses_memory() -> None:
    store, mine = dl.kv.create("local"), dl.nd.array([1, 1])
    store.init("w", mine)
    mine[:] = 9
    assert value_of(store, "w") == [1, 1]
    store.push("w", mine)
    mine[:] = 0
    assert value_of(store, "w") == [9, 9]


def test_an_updater_decides() -> None:
    store, seen = dl.kv.create("local"), []
    store.init("w", dl.nd.array([1, 2]))

    def updater(key: Any, pushed: Any, stored: Any) -> None:
        seen.append(key)
        stored += pushed * 2

    store.set_updater(updater)
    store.push("w", [dl.nd.array([1, 1]), dl.nd.array([2, 2])])
    assert value_of(store, "w") == [7, 8] and seen == ["w"]


def test_an_optimizer_in_the_store_does_what_it_does_outside() -> None:
    gradients = [np.array([0.5, -1.0]), np.array([2.0, 1.0]), np.array([-0.25, 0.75])]
    store = dl.kv.create("local")
    store.init([0, 1], [dl.nd.ones((2,)), dl.nd.zeros((2,))])
    store.set_optimizer(dl.optim.SGD(learning_rate=0.1, momentum=0.9))
    for gradient in gradients:
        store.push([0, 1], [dl.nd.array(gradient), dl.nd.array(-gradient)])
    weight, momentum = np.ones(2), np.zeros(2)
    for gradient in gradients:
        momentum = 0.9 * momentum - 0.1 * gradient
        weight = weight + momentum
    # Three float32 steps of numbers below 1; near zero their rounding is an absolute error.
    np.testing.assert_allclose(value_of(store, 0), weight, rtol=1e-6, atol=2e-7)
    np.testing.assert_allclose(value_of(store, 1), 1 - weight, rtol=1e-6, atol=2e-7)


def test_workers_agree() -> None:
    def work(store: Any) -> tuple[int, int, list[list[float]]]:
        rank = store.rank
        store.init("w", dl.nd.array([rank + 1.0, 0.0]))
        found = [value_of(store, "w")]
        store.push("w", [dl.nd.array([rank, 1]), dl.nd.array([10 * rank, 1])])
        found.append(value_of(store, "w"))
        store.set_optimizer(dl.optim.SGD(learning_rate=0.5))
        store.push("w", dl.nd.array([rank, 2]))
        store.barrier()
        return rank, store.num_workers, [*found, value_of(store, "w")]

    expected = [[1, 0], [33, 6], [33 - 0.5 * 3, 6 - 0.5 * 6]]
    assert on_workers(3, work) == [(rank, 3, expected) for rank in range(3)]


def test_nothing_is_recorded() -> None:
    store, x = dl.kv.create("local"), dl.nd.array([1, 2])
    x.attach_grad()
    with dl.autograd.record():
        store.init("x", x)
        store.push("x", [x, x])
        loss = (x * 3).sum()
    loss.backward()
    assert x.grad.asnumpy().tolist() == [3, 3]


def test_wrong_calls_are_named() -> None:
    store = dl.kv.create("local")
    store.init("w", dl.nd.zeros((2,)))
    with pytest.raises(ValueError, match="'w' is there already"):
        store.init("w", dl.nd.zeros((2,)))
    with pytest.raises(KeyError, match="no key 'v'"):
        store.push("v", dl.nd.zeros((2,)))
    with pytest.raises(ValueError, match=r"'w': expected shape \(2,\), got \(3,\)"):
        store.push("w", dl.nd.zeros((3,)))
    with pytest.raises(ValueError, match="2 keys and 1 values"):
        store.push(["w", "w"], [dl.nd.zeros((2,))])
    with pytest.raises(TypeError, match="KVStore.push: value must be an array or .* a sequence, got 1.0"):
        store.push("w", 1.0)
    with pytest.raises(ValueError, match="got 'dist_async'"):
        dl.kv.create("dist_async")
    with pytest.raises(ValueError, match="as out, got None"):
        store.pull("w")
