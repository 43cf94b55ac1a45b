"""Batches made the quick way are those that elements give one by one: orders, rows, functions of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import _core
from dlcore.gluon.data import ArrayDataset, BatchSampler, DataLoader, Dataset, RandomSampler, SequentialSampler, vision

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("last", ["keep", "discard", "rollover"])
@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_orders_are_the_same_as_arrays_and_as_lists(last: str, size: int) -> None:
    for make in (lambda: RandomSampler(17, seed=3), lambda: SequentialSampler(17, 5)):
        listed, cut = BatchSampler(make(), size, last), BatchSampler(make(), size, last)
        for _ in range(3):
            batches = list(cut.arrays())
            assert all(isinstance(batch, np.ndarray) for batch in batches)
            assert [batch.tolist() for batch in batches] == list(listed)
            assert cut.state() == listed.state()


def test_a_sampler_of_ones_own_is_asked_itself() -> None:
    class Backwards(SequentialSampler):
        def __iter__(self) -> Iterator[int]:
            return iter([2, 1, 0])

    assert list(BatchSampler(Backwards(3), 2).arrays()) == [[2, 1], [0]]


@pytest.mark.parametrize("row", [(), (1,), (63,), (64,), (65,), (100,), (7, 11), (784,), (3, 333)])
@pytest.mark.parametrize("dtype", ["u1", "i4", "f4", "f8"])
def test_rows_of_every_length_are_cut(row: tuple[int, ...], dtype: str) -> None:
    array = RNG.integers(0, 200, (50, *row)).astype(dtype)
    plan = _core.BatchPlan([array, np.arange(50)])
    for count in (0, 1, 7, 8, 9, 64, 200):
        chosen = RNG.integers(0, 50, count)
        for given in (chosen, chosen.tolist()):
            rows, numbers = plan.take(given)
            assert np.array_equal(rows.asnumpy(), array[chosen]) and numbers.asnumpy().tolist() == chosen.tolist()
    for wrong in (np.arange(4)[::2], np.array([0.0]), np.array([1], np.int32), np.zeros((1, 1), np.int64), "1"):
        with pytest.raises((TypeError, ValueError)):
            plan.take(wrong)
    with pytest.raises(IndexError, match="there is no sample 50 among 50"):
        plan.take(np.array([50]))


class OneByOne(Dataset):
    """The same elements, without a quick way."""

    def __init__(self, of: Any) -> None:
        self._of = of

    def __len__(self) -> int:
        return len(self._of)

    def __getitem__(self, index: int) -> Any:
        assert type(index) is int
        return self._of[index]


def _same(one: Any, other: Any) -> None:
    if isinstance(one, list):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            _same(a, b)
    else:
        assert one.dtype == other.dtype and one.shape == other.shape
        np.testing.assert_array_equal(one.asnumpy(), other.asnumpy())


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize(
    "fn",
    [lambda x: x / 2, lambda x: float(x.sum()), lambda x: (x, x[0]), lambda x: np.float64(3), lambda x: x.tolist()],
    ids=["array", "number", "pair", "scalar", "list"],
)
def test_a_function_of_ones_own_gives_the_same_batches(fn: Any, workers: int) -> None:
    x, y = RNG.random((13, 4, 2)).astype("f"), RNG.integers(0, 9, (13, 2)).astype("i4")
    for data in (ArrayDataset(x, y), ArrayDataset(x), ArrayDataset(x, y[:, 0], x[:, 0])):
        made = data.transform_first(fn)
        pairs = zip(*(DataLoader(d, 4, shuffle=True, seed=1, num_workers=workers) for d in (made, OneByOne(made))),
                    strict=True)  # fmt: skip
        for quick, slow in pairs:
            _same(quick, slow)


def test_pictures_of_a_set_reach_a_function_of_ones_own_as_arrays_of_ours() -> None:
    kinds = set()

    def halved(image: Any) -> Any:
        kinds.add(type(image))
        return image.astype("float32") / 510

    made = vision.FashionMNIST(train=False).transform_first(halved).take(8)
    for quick, slow in zip(DataLoader(made, 4), DataLoader(OneByOne(made), 4), strict=True):
        _same(quick, slow)
    made = vision.FashionMNIST(train=False).transform_first(halved)
    _same(next(iter(DataLoader(made, 4))), next(iter(DataLoader(OneByOne(made), 4))))
    assert kinds == {dl.nd.NDArray}


def test_a_function_that_fails_names_the_element_and_what_it_is_for() -> None:
    made = ArrayDataset(np.arange(6.0), np.arange(6)).transform_first(lambda x: 1 / 0 if x == 4 else x)
    with pytest.raises(RuntimeError, match="element 4 of _FirstTransformed failed: ZeroDivisionError"):
        list(DataLoader(made, 2))
    made = ArrayDataset(np.arange(6.0), np.arange(6)).transform_first(lambda x, y: x)
    with pytest.raises(RuntimeError, match=r"transform_first\(f\) calls f\(data\)"):
        list(DataLoader(made, 2))
    made = ArrayDataset(np.arange(6.0), np.arange(6)).transform_first(lambda x: np.zeros(int(x) % 2 + 1))
    with pytest.raises(ValueError, match=r"elements \[0, 1\] do not make a batch: .* one shape"):
        list(DataLoader(made, 2))


class Own(vision.transforms.Transform):
    """A function of one's own of pictures and of stacks of them."""

    def __init__(self, fn: Any) -> None:
        self.fn = fn

    def _apply(self, array: np.ndarray) -> np.ndarray:
        return self.fn(array)


def _doubled_in_place(array: np.ndarray) -> np.ndarray:
    array *= 2
    return array


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize(
    "fn",
    [
        lambda x: x / np.float32(3),
        lambda x: x,
        lambda x: np.moveaxis(x, -1, -3),
        _doubled_in_place,
        lambda x: x[..., :1],
    ],
    ids=["new", "itself", "turned", "in place", "part"],
)
def test_a_transform_of_ones_own_of_whole_batches_gives_the_same_batches(fn: Any, workers: int) -> None:
    x, y = RNG.integers(0, 99, (29, 4, 3, 2)).astype("u1"), RNG.integers(0, 9, 29)
    kept = x.copy()
    for data in (ArrayDataset(x, y), ArrayDataset(x), ArrayDataset(x, y).take(20)):
        once = data.transform_first(Own(fn))
        twice = once.transform_first(Own(lambda v: v + np.float32(1)))
        for made in (once, twice):
            quick = DataLoader(made, 4, shuffle=True, seed=1, num_workers=workers)
            slow = DataLoader(made.transform_first(lambda v: v), 4, shuffle=True, seed=1)  # one by one
            for a, b in zip(quick, slow, strict=True):
                _same(a, b)
            if fn is _doubled_in_place:  # elements are the arrays themselves: written there, one by one
                x[...] = kept
    np.testing.assert_array_equal(x, kept)


def test_a_transform_of_ones_own_that_fails_is_heard() -> None:
    made = ArrayDataset(np.zeros((8, 2, 2, 1), np.uint8)).transform_first(Own(lambda x: x.no))
    for workers in (0, 1):
        with pytest.raises(AttributeError, match="no attribute 'no'"):
            next(iter(DataLoader(made, 4, num_workers=workers)))
