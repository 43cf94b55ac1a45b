"""Elements made one by one by functions of one's own, and batches of them: as a plain loop and NumPy make them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import dlcore as dl
from dlcore import _core
from dlcore.gluon.data import ArrayDataset, BatchSampler, DataLoader, Sampler, batchify
from dlcore.gluon.data.vision import transforms

RNG = np.random.default_rng(0)


def batch_of(items: list[Any]) -> Any:
    (batch,) = DataLoader(items, len(items))
    return batch


def alike(one: Any, other: Any) -> None:
    if isinstance(one, list):
        assert type(other) is list and len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            alike(a, b)
    else:
        assert type(one) is type(other) is dl.nd.NDArray and one.dtype == other.dtype and one.shape == other.shape
        assert one.asnumpy().tobytes() == other.asnumpy().tobytes()


CUBE = RNG.standard_normal((3, 4, 5))
KINDS: dict[str, Callable[[], list[Any]]] = {
    "float32": lambda: [np.full((2, 3), k, "f4") for k in range(4)],
    "float16 of no axes": lambda: [np.array(k, "f2") for k in range(3)],
    "turned": lambda: [CUBE.T, CUBE.T + 1, np.ascontiguousarray(CUBE.T)],
    "every second": lambda: [CUBE[:, ::2], CUBE[:, 1::2], -CUBE[:, ::2][::-1]],
    "bytes that are not aligned": lambda: [np.frombuffer(bytes(range(33)), np.uint8)[1:].view("f8")] * 3,
    "other byte order": lambda: [np.arange(3, dtype=">i4"), np.arange(3, dtype=">i4")],
    "read only": lambda: [np.broadcast_to(np.float32(k), (3, 2)) for k in range(3)],
    "empty": lambda: [np.zeros((0, 3)), np.zeros((0, 3))],
    "complex": lambda: [np.array([1j, k]) for k in range(2)],
    "bfloat16": lambda: [np.ones(3, ml_dtypes.bfloat16), np.zeros(3, ml_dtypes.bfloat16)],
    "two dtypes": lambda: [np.ones(2, "f4"), np.ones(2, "f8"), np.ones(2, "i4")],
    "array, then numbers": lambda: [np.ones(2), [1.0, 2.0]],
    "whole numbers": lambda: [3, -5, 2**31 - 1, -(2**31)],
    "whole numbers beyond 32 bits": lambda: [1, 2**40 + 1, 2],
    "truth": lambda: [True, False],
    "whole numbers, then truth": lambda: [1, True],
    "numbers": lambda: [0.1, -np.inf, np.nan, 1e-50],
    "whole numbers and others": lambda: [1, 0.5],
    "scalars": lambda: [np.int64(3), np.int64(4)],
    "scalars of two kinds": lambda: [np.int64(3), np.float32(0.5)],
    "scalar and number": lambda: [np.float64(3), 1.5],
    "ours": lambda: [dl.np.full((2, 2), k) for k in range(3)],
    "ours, turned": lambda: [dl.np.array(CUBE).T, dl.np.array(CUBE + 1).T],
    "ours and NumPy's": lambda: [dl.np.ones((2,)), np.ones(2, "f4")],
    "recorded": lambda: [dl.np.ones((2,)), dl.np.zeros((2,))],
    "pairs": lambda: [(np.ones(3), 1), (np.zeros(3), 0)],
    "pairs as lists": lambda: [[np.ones(3), 1], (np.zeros(3), 0)],
    "pairs in pairs": lambda: [(k, (np.full(2, k), {"a": 1}["a"] * 0.5)) for k in range(3)],
    "pairs whose second kind changes": lambda: [(np.ones(3), 1), (np.zeros(3), 0.5), (np.ones(3), np.int8(2))],
}


@pytest.mark.parametrize("kind", KINDS)
def test_batches_are_those_that_batchify_makes_of_the_list(kind: str) -> None:
    items = KINDS[kind]()
    if kind == "recorded":
        items[0].attach_grad()
    alike(batch_of(items), batchify.default(items))
    assert _core.elements(list(range(len(items))), items, (), [0, 0, 0], True) == items


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([np.ones(2), np.ones(3)], "one shape"),
        ([(1, 2), (1, 2, 3)], r"as many items, got \[2, 3\]"),
        ([(1, np.ones(2)), (1, np.ones(3))], "one shape"),
        ([(1, 2), 1], r"as many items, got \[1, 2\]"),
    ],
)
def test_elements_that_make_no_batch_are_named(items: list[Any], message: str) -> None:
    with pytest.raises(ValueError, match=rf"elements \[0, 1\] do not make a batch: .*{message}"):
        batch_of(items)


def test_what_a_function_writes_again_and_again_is_what_it_was_then() -> None:
    held = np.zeros(3)

    def fill(x: float) -> np.ndarray:
        held[:] = x
        return held

    (batch,) = DataLoader(ArrayDataset(np.arange(5.0)).transform_first(fill), 5)
    assert batch.tolist() == [[k] * 3 for k in range(5)]


class FixedOrder(Sampler):
    def __init__(self, order: list[int]) -> None:
        self._order = order

    def __iter__(self) -> Iterator[int]:
        return iter(self._order)

    def __len__(self) -> int:
        return len(self._order)


def test_draws_follow_the_sample_also_where_one_comes_twice() -> None:
    flip = transforms.RandomFlipLeftRight()
    pictures = RNG.integers(0, 256, (6, 4, 5, 1)).astype(np.uint8)
    data = ArrayDataset(pictures).transform_first(lambda x: flip(x))
    order = BatchSampler(FixedOrder([3, 3, 1, 1, 3, 0]), 3)
    first, second = (batch.asnumpy() for batch in DataLoader(data, batch_sampler=order, seed=1))
    assert (first[0] == first[1]).all() and (first[0] == second[1]).all() and (first[2] == second[0]).all()
    whole = np.stack([batch.asnumpy()[0] for batch in DataLoader(data, 1, seed=1)])
    np.testing.assert_array_equal(whole[[3, 3, 1]], first)
    assert (whole != pictures).any()


class Odd(np.ndarray):
    """Rows that cannot be asked for: their own `__getitem__` takes no index."""

    def __getitem__(self) -> Any:  # type: ignore[override]
        return 0


def test_a_mistake_of_the_data_is_not_explained_as_one_of_the_transform() -> None:
    odd = ArrayDataset(np.arange(4.0).view(Odd), np.arange(4)).transform_first(lambda x: x)
    with pytest.raises(RuntimeError, match="element 0 of .* failed: TypeError: .*takes 1 positional") as caught:
        list(DataLoader(odd, 2))
    assert "transform_first" not in str(caught.value).partition(" failed: ")[2]
    with pytest.raises(RuntimeError, match=r"element 0 .*transform_first\(f\) calls f\(data\)"):
        list(DataLoader(ArrayDataset(np.arange(4.0), np.arange(4)).transform_first(lambda x, y: x), 2))
