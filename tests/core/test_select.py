"""where and masked_fill move numbers as they are: every dtype, layout, alignment and way of giving the two."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from core.arrays import BF16, layouts, nd, streaming, threads

from dlcore.ops import F

DTYPES = [np.dtype(t) for t in ("bool", "uint8", "int16", "int32", "uint64", "float16", "float32", "float64")]
DTYPES += [BF16, np.dtype("complex64"), np.dtype("complex128")]
N = 70_003  # shared out, and no whole number of vectors
rng = np.random.default_rng(11)
TRUTH = rng.random(N) < 0.4


def numbers(dtype: np.dtype, n: int = N) -> np.ndarray:
    return rng.integers(0, 2, n).astype(bool) if dtype.kind == "b" else rng.integers(0, 100, n).astype(dtype)


def same_bits(got: Any, want: np.ndarray) -> None:
    got = got.asnumpy()
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(np.ascontiguousarray(got).view(np.uint8), np.ascontiguousarray(want).view(np.uint8))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_arrays_and_single_numbers(dtype: np.dtype) -> None:
    a, b = numbers(dtype), numbers(dtype)
    p, q = a[:1].reshape(()), b[1:2].reshape(())
    for size, count in ((1 << 40, 1), (1 << 40, 3), (1 << 14, 1), (1 << 14, 3)):
        with streaming(size), threads(count):
            for left, right in ((a, b), (p, b), (a, q), (p, q)):
                same_bits(F.where(nd(TRUTH), nd(left), nd(right)), np.where(TRUTH, left, right))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_length_and_alignment(dtype: np.dtype) -> None:
    a, b = numbers(dtype, 6000), numbers(dtype, 6000)
    for n in (0, 1, 15, 63, 64, 65, 129, 5900):
        for first in (0, 1, 7):
            t, u, v = TRUTH[first : first + n], a[2 * first : 2 * first + n], b[first : first + n]
            same_bits(F.where(nd(t), nd(u), nd(v)), np.where(t, u, v))


def test_layouts_and_shapes() -> None:
    a, b, t = (v[: 200 * 300].reshape(200, 300) for v in (numbers(DTYPES[6]), numbers(DTYPES[6]), TRUTH))
    for (_, u), (_, v), (_, w) in zip(layouts(a), layouts(b), layouts(t), strict=True):
        same_bits(F.where(nd(w), nd(u), nd(v)), np.where(t, a, b))
        same_bits(F.where(nd(t), nd(u), nd(b)), np.where(t, a, b))
    same_bits(F.where(nd(t[0]), nd(a), nd(b)), np.where(t[0], a, b))
    same_bits(F.where(nd(t), nd(a[:, :1]), nd(b)), np.where(t, a[:, :1], b))


def test_bits_that_arithmetic_would_change() -> None:
    """NaN with a payload, signed zeros and numbers too small to be normal."""
    bits = np.array([0x7FC00001, 0xFFC12345, 0x80000000, 0, 1, 0x7F800001], np.uint32)
    a = np.resize(bits, N).view(np.float32)
    same_bits(F.where(nd(TRUTH), nd(a), nd(a[::-1].copy())), np.where(TRUTH, a, a[::-1]))


def test_a_truth_value_may_be_any_byte() -> None:
    odd = (TRUTH * np.uint8(6)).view(bool)
    a, b = numbers(DTYPES[6]), numbers(DTYPES[6])
    same_bits(F.where(nd(odd), nd(a), nd(b)), np.where(TRUTH, a, b))


@pytest.mark.parametrize("dtype", DTYPES[1:], ids=str)
def test_fill(dtype: np.dtype) -> None:
    a = numbers(dtype)
    for size in (1 << 40, 1 << 14):
        with streaming(size), threads(2):
            want = np.where(TRUTH, np.asarray(3, dtype), a)
            same_bits(F.masked_fill(nd(a), nd(TRUTH), 3), want)
            over = nd(a.copy())
            F.masked_fill(over, nd(TRUTH), 3, out=over)
            same_bits(over, want)
