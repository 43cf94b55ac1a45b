"""Masks and 8-bit whole numbers, which are computed as bytes: every operator, layout and mixture against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from core.arrays import layouts, nd, threads

from dlcore.ops import F

rng = np.random.default_rng(23)
N = 300_001  # large enough to be shared out
NUMBERS = {
    "uint8": rng.integers(0, 256, (2, N)).astype(np.uint8),
    "int8": rng.integers(-128, 128, (2, N)).astype(np.int8),
    "bool": rng.random((2, N)) > 0.4,
}
TRUTH = (
    "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor maximum minimum".split()
)
ARITHMETIC = "add subtract multiply bitwise_and bitwise_or bitwise_xor".split()


@pytest.mark.parametrize("dtype", NUMBERS)
@pytest.mark.parametrize("name", TRUTH + ARITHMETIC)
def test_two_arrays_and_an_array_with_a_number(name: str, dtype: str) -> None:
    if (name, dtype) == ("subtract", "bool"):
        return  # NumPy has none either
    a, b = NUMBERS[dtype]
    ours: Callable[..., Any] = getattr(F, name)
    theirs = getattr(np, name)
    for x, y in ((a, b), (a, b[:1]), (b[:1], a)):
        got = ours(nd(x), nd(y)).asnumpy()
        want = theirs(x, y)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_one_array(dtype: str) -> None:
    a, _ = NUMBERS[dtype]
    names = ["logical_not", "abs", *(["negative", "bitwise_not"] if dtype != "bool" else [])]
    for name in names:
        np.testing.assert_array_equal(getattr(F, name)(nd(a)).asnumpy(), getattr(np, name)(a), name)


@pytest.mark.parametrize("dtype", NUMBERS)
def test_layouts_choices_and_threads(dtype: str) -> None:
    a, b = (x[: 300 * 1000].reshape(300, 1000) for x in NUMBERS[dtype])
    mask = NUMBERS["bool"][0][: a.size].reshape(a.shape)
    for count in (1, 3):
        with threads(count):
            for label, x in layouts(a):
                np.testing.assert_array_equal(F.equal(nd(x), nd(b)).asnumpy(), a == b, label)
                np.testing.assert_array_equal(F.where(nd(mask), nd(x), nd(b)).asnumpy(), np.where(mask, a, b), label)
            np.testing.assert_array_equal(F.bitwise_or(nd(a), nd(b[:1])).asnumpy(), a | b[:1])


def test_writing_over_an_operand() -> None:
    a, b = NUMBERS["uint8"]
    x = nd(a.copy())
    x += nd(b)
    np.testing.assert_array_equal(x.asnumpy(), a + b)


def test_wider_operands_are_not_taken_for_bytes() -> None:
    a, b = NUMBERS["uint8"][0], NUMBERS["int8"][1]
    np.testing.assert_array_equal(F.add(nd(a), nd(b)).asnumpy(), a + b)  # 16 bits
    np.testing.assert_array_equal(F.less(nd(a), nd(b)).asnumpy(), a.astype(int) < b.astype(int))
    mask = NUMBERS["bool"][0]
    np.testing.assert_array_equal(F.add(nd(mask), nd(a)).asnumpy(), mask + a)
