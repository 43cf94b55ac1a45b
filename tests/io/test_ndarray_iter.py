"""Batches of arrays in memory: order, the last batch, names, shuffling."""

from __future__ import annotations

import doctest
import importlib
import json

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core
from dlcore.io import DataBatch, DataDesc, DataIter, NDArrayIter


def labels(batches: DataIter) -> list[list[int]]:
    return [batch.label[0].asnumpy().astype(int).tolist() for batch in batches]


def numbered(n: int, **options: object) -> NDArrayIter:
    return NDArrayIter(np.arange(2 * n).reshape(n, 2), np.arange(n), **options)


@pytest.mark.parametrize("name", ["_iterators", "_ndarray_iter"])
def test_examples(name: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(f"dlcore.io.{name}"))
    assert tried > 0 and failed == 0


def test_data_and_labels_stay_together() -> None:
    for batch in numbered(7, batch_size=3, shuffle=True):
        assert batch.data[0].shape == (3, 2) and batch.data[0].dtype == np.float32
        np.testing.assert_array_equal(batch.data[0].asnumpy()[:, 0], 2 * batch.label[0].asnumpy())
        np.testing.assert_array_equal(batch.index, batch.label[0].asnumpy())


@pytest.mark.parametrize(
    ("handle", "first", "second", "pads"),
    [
        ("pad", [[0, 1, 2], [3, 4, 0]], [[0, 1, 2], [3, 4, 0]], [0, 1]),
        ("discard", [[0, 1, 2]], [[0, 1, 2]], [0]),
        ("roll_over", [[0, 1, 2]], [[3, 4, 0], [1, 2, 3]], [0]),
    ],
)
def test_the_last_batch(handle: str, first: list, second: list, pads: list) -> None:
    batches = numbered(5, batch_size=3, last_batch_handle=handle)
    assert [batch.pad for batch in batches] == pads
    batches.hard_reset()
    assert labels(batches) == first
    assert labels(batches) == [], "a finished pass stays finished"
    batches.reset()
    assert labels(batches) == second


def test_roll_over_loses_nothing_over_passes_and_hard_reset_forgets() -> None:
    batches = numbered(5, batch_size=3, last_batch_handle="roll_over")
    seen = []
    for _ in range(3):
        seen += sum(labels(batches), [])
        batches.reset()
    assert sorted(seen) == sorted(list(range(5)) * 3), "15 examples make 5 whole batches"
    labels(batches)
    batches.hard_reset()
    assert next(batches).label[0].asnumpy().tolist() == [0, 1, 2]


def test_a_pass_that_was_broken_off_keeps_nothing() -> None:
    batches = numbered(5, batch_size=2, last_batch_handle="roll_over")
    next(batches)
    batches.reset()
    assert labels(batches) == [[0, 1], [2, 3]]


def test_pad_goes_round_as_often_as_needed() -> None:
    (batch,) = numbered(2, batch_size=5)
    assert batch.label[0].asnumpy().tolist() == [0, 1, 0, 1, 0] and batch.pad == 3


def test_shuffling_follows_the_seed_and_changes_with_each_pass() -> None:
    def passes() -> list[list[int]]:
        dl.random.seed(7)
        batches = numbered(20, batch_size=4, shuffle=True)
        found = [sum(labels(batches), [])]
        batches.reset()
        return [*found, sum(labels(batches), [])]

    one, two = passes()
    assert sorted(one) == sorted(two) == list(range(20)) and one != two
    assert passes() == [one, two]


def test_names_of_lists_and_dicts() -> None:
    many = NDArrayIter(
        [np.zeros((4, 1)), np.zeros((4, 2))], {"b": np.zeros(4), "a": dl.nd.array([1, 2, 3, 4], dtype="int32")}
    )
    assert [tuple(desc) for desc in many.provide_data] == [("_0_data", (1, 1)), ("_1_data", (1, 2))]
    assert [(desc.name, desc.dtype.name) for desc in many.provide_label] == [("a", "int32"), ("b", "float32")]
    assert next(many).label[0].dtype == np.int32
    assert [desc.name for desc in NDArrayIter([[1.0, 2.0]], data_name="x").provide_data] == ["x"]


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(ValueError, match=r"equally long, got \{'data': 4, 'softmax_label': 3\}"):
        NDArrayIter(np.zeros((4, 1)), np.zeros(3))
    with pytest.raises(ValueError, match="'keep'"):
        numbered(4, last_batch_handle="keep")
    with pytest.raises(ValueError, match="2 examples do not make one batch of 3"):
        numbered(2, batch_size=3, last_batch_handle="discard")
    with pytest.raises(TypeError, match="'data' must be an array of numbers, got 'text'"):
        NDArrayIter("text")
    with pytest.raises(TypeError, match="list of arrays, got NDArray"):
        DataBatch(dl.nd.ones((2,)))


def test_descriptions() -> None:
    assert DataDesc.get_list([("x", [2, 3])], [("x", "int64")])[0].dtype == np.int64
    assert DataDesc.get_batch_axis("TNC") == 1 and DataDesc.get_batch_axis(None) == 0
    assert DataDesc("x", (2,)) == ("x", (2,))


@pytest.mark.parametrize("how", ["pad", "discard", "roll_over"])
@pytest.mark.parametrize("stop", [0, 1, 3, 5, 6])
def test_it_goes_on_where_it_stood(how: str, stop: int) -> None:
    def make() -> NDArrayIter:
        return NDArrayIter(np.arange(11), np.arange(11) * 2, 3, shuffle=True, last_batch_handle=how)

    def walk(batches: NDArrayIter, passes: int, count: int = 10**6) -> list[list[float]]:
        found = []
        for _ in range(passes):
            for batch in batches:
                found.append([*batch.data[0].tolist(), *batch.label[0].tolist(), batch.pad])
                if len(found) == count:
                    return found
            batches.reset()
        return found

    dl.random.seed(5)
    one = make()
    if stop:
        walk(one, 3, stop)
    place, random = json.loads(json.dumps(one.state())), _core.rng_state()
    rest = walk(one, 3)
    dl.random.seed(99)
    two = make()
    two.load_state(place)
    _core.set_rng_state(random)
    assert walk(two, 3) == rest and len(rest) > 5


@pytest.mark.parametrize(
    "change",
    [
        {"samples": 10},
        {"random": [1]},
        {"random": [-1, 0]},
        {"kept": [11]},
        {"kept": [0] * 3},
        {"cursor": 99},
        {"x": 1},
    ],
)
def test_a_place_that_does_not_fit_changes_nothing(change: dict) -> None:
    batches = NDArrayIter(np.arange(11), batch_size=3)
    batches.next()
    before = batches.state()
    with pytest.raises(ValueError, match="not a place in 11 examples in batches of 3"):
        batches.load_state({**before, **change})
    assert batches.state() == before
