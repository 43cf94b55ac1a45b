"""What a store does beyond sums: compression, chosen rows, the optimizer's states in files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlcore import kv, nd, optim


def test_two_bits_with_what_is_left_added_to_the_next_push() -> None:
    store = kv.create("device")
    store.set_gradient_compression({"type": "2bit", "threshold": 0.5})
    store.init("w", nd.zeros((4,)))
    pushed = [np.array([0.3, -0.9, 1.4, 0.0], "float32"), np.array([0.3, 0.1, -0.2, 0.0], "float32")]
    left, out = np.zeros(4), nd.empty((4,))
    for _ in range(3):
        for values in pushed:
            whole = left + values
            sent = np.where(whole >= 0.5, 0.5, np.where(whole <= -0.5, -0.5, 0.0))
            left = whole - sent
            store.push("w", nd.array(values))
            store.pull("w", out=out)
            np.testing.assert_allclose(out.asnumpy(), sent, atol=1e-6)
    store.push("w", [nd.array(pushed[0]), nd.array(pushed[0])])  # each device has a rest of its own
    store.pull("w", out=out)
    first = np.where(left + pushed[0] >= 0.5, 0.5, np.where(left + pushed[0] <= -0.5, -0.5, 0.0))
    np.testing.assert_allclose(out.asnumpy(), first + [0, -0.5, 0.5, 0], atol=1e-6)
    store.set_gradient_compression({"type": "none"})
    store.push("w", nd.array(pushed[0]))
    store.pull("w", out=out)
    np.testing.assert_array_equal(out.asnumpy(), pushed[0])


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("local", {"type": "2bit"}, "nothing to compress in a store of type 'local'"),
        ("device", {"type": "1bit"}, "expected type '2bit' or 'none'"),
        ("device", {"type": "2bit", "size": 1}, "expected type"),
        ("device", {"type": "2bit", "threshold": 0}, "expected a threshold above 0"),
    ],
)
def test_wrong_compression_is_named(kind: str, words: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        kv.create(kind).set_gradient_compression(words)


def test_rows_are_pulled_by_number() -> None:
    store = kv.create()
    table = np.arange(12, dtype="float32").reshape(6, 2)
    store.init(["a", "b"], [nd.array(table), nd.array(-table)])
    out = nd.ones((6, 2))
    found = store.row_sparse_pull("a", out=out, row_ids=nd.array([4, 1, 4]))
    assert found.indices.tolist() == [1, 4] and found.data.tolist() == table[[1, 4]].tolist()
    np.testing.assert_array_equal(out.asnumpy(), np.where(np.isin(np.arange(6), [1, 4])[:, None], table, 0))
    both = store.row_sparse_pull(["a", "b"], row_ids=[nd.array([0]), nd.array([5])])
    assert [r.data.tolist() for r in both] == [[[0, 1]], [[-10, -11]]]
    with pytest.raises(IndexError, match="rows 2 to 6 of an array of 6 rows"):
        store.row_sparse_pull("a", row_ids=nd.array([2, 6]))
    with pytest.raises(ValueError, match="row_ids says which rows"):
        store.row_sparse_pull("a")


def test_an_optimizers_states_go_to_a_file_and_back(tmp_path: Path) -> None:
    def store_of(name: str) -> kv.KVStore:
        store = kv.create()
        store.init([0, "w"], [nd.ones((2,)), nd.ones((3,))])
        store.set_optimizer(optim.create(name, learning_rate=0.1))
        return store

    def push(store: kv.KVStore, seed: int) -> None:
        rng = np.random.default_rng(seed)
        store.push([0, "w"], [nd.array(rng.normal(size=2)), nd.array(rng.normal(size=3))])

    def values(store: kv.KVStore) -> list[np.ndarray]:
        outs = [nd.empty((2,)), nd.empty((3,))]
        store.pull([0, "w"], out=outs)
        return [o.asnumpy() for o in outs]

    one, two = store_of("adam"), store_of("adam")
    for seed in range(3):
        push(one, seed)
    one.save_optimizer_states(tmp_path / "states")
    two.load_optimizer_states(tmp_path / "states")
    for key, weight in zip([0, "w"], values(one), strict=True):
        two._stored[key][:] = weight
    for store in (one, two):
        push(store, 9)
    for a, b in zip(values(one), values(two), strict=True):
        np.testing.assert_array_equal(a, b)
    before = values(two)
    with pytest.raises(ValueError, match="made with the optimizer Adam, this one is SGD"):
        store_of("sgd").load_optimizer_states(tmp_path / "states")
    other = kv.create()
    other.init([0, "w"], [nd.ones((2,)), nd.ones((4,))])
    other.set_optimizer(optim.create("adam", learning_rate=0.1))
    other.push([0, "w"], [nd.ones((2,)), nd.ones((4,))])
    with pytest.raises(ValueError, match=r"states: .*w.*: expected \(4,\), found \(3,\) of float32"):
        other.load_optimizer_states(tmp_path / "states")
    good = (tmp_path / "states").read_bytes()
    for content in (good[:-3], good.replace(b"dlcore.kvstore", b"dlcore.nothing"), b""):
        (tmp_path / "states").write_bytes(content)
        with pytest.raises(ValueError, match="states"):
            two.load_optimizer_states(tmp_path / "states")
    push(one, 10)
    push(two, 10)
    for a, b in zip(values(one), values(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(before) == 2
    with pytest.raises(RuntimeError, match="call set_optimizer first"):
        kv.create().save_optimizer_states(tmp_path / "none")
