"""Sums that are added up wider than the numbers are, rows joined to wider ones, and memory read in several places."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import layouts, nd, streaming, threads

import dlcore as dl
from dlcore.ops import F

INTEGERS = ["bool", "int8", "int16", "int32", "uint8", "uint16", "uint32"]
rng = np.random.default_rng(11)


def ends(dtype: str) -> tuple[int, int]:
    """The smallest and the largest number of an integer dtype."""
    return (0, 1) if dtype == "bool" else (np.iinfo(dtype).min, np.iinfo(dtype).max)


def filled(shape: tuple[int, ...], dtype: str) -> list[np.ndarray]:
    """Arrays whose sums soonest leave a range that is too narrow for them, and one of all numbers."""
    low, high = ends(dtype)
    drawn = rng.integers(low, high, shape, endpoint=True).astype(dtype)
    return [np.full(shape, low, dtype), np.full(shape, high, dtype), drawn]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("shape", [(1, 1), (7, 31), (2100, 70), (9, 4201), (4, 70_000), (3000, 3), (1700, 63)], ids=str)
def test_integer_sums_and_means_are_exact(shape: tuple[int, int], dtype: str) -> None:
    for x in filled(shape, dtype):
        for _, y in layouts(x):
            for axis in (None, 0, 1):
                total = x.sum(axis, dtype=np.int64)
                got = F.sum(nd(y), axis).asnumpy()
                assert got.dtype == x.sum().dtype
                np.testing.assert_array_equal(got, total)
                count = x.size if axis is None else shape[axis]
                mean = F.mean(nd(y), axis).asnumpy()
                np.testing.assert_array_equal(mean, (total / count).astype(mean.dtype))


@pytest.mark.parametrize("n", [15, 16, 17, 31, 33, 63, 64, 65, 127, 129, 255, 256, 257, 319, 1001])
def test_rows_of_bytes_that_end_within_a_vector_are_exact(n: int) -> None:
    x = rng.integers(0, 256, (5, n), np.uint8)
    x[0] = 255
    truths = x.view(bool)  # many bytes that are neither 0 nor 1
    np.testing.assert_array_equal(F.sum(nd(x), 1).asnumpy(), x.sum(1))
    np.testing.assert_array_equal(F.sum(nd(truths), 1).asnumpy(), (x != 0).sum(1))
    np.testing.assert_array_equal(F.sum(nd(x[:, : n // 2 + 8]), 1).asnumpy(), x[:, : n // 2 + 8].sum(1))


@pytest.mark.parametrize("dtype", ["int16", "uint16"])
def test_columns_longer_than_sums_of_twice_the_width_hold(dtype: str) -> None:
    for x in filled((150_000, 5), dtype)[:2]:
        np.testing.assert_array_equal(F.sum(nd(x), 0).asnumpy(), x.sum(0))
        np.testing.assert_array_equal(F.sum(nd(x)).asnumpy(), x.sum())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 2, 3, 31, 32, 33, 20_001])
def test_every_second_number_alone_is_added_up(n: int, dtype: str) -> None:
    """The array ends with the last of them, and what lies between them is not a number."""
    x = np.full((3, 2 * n - 1), np.nan, dtype)
    x[:, ::2] = rng.integers(-9, 10, (3, n))
    np.testing.assert_array_equal(F.sum(nd(x[:, ::2]), 1).asnumpy(), x[:, ::2].sum(1))
    np.testing.assert_array_equal(F.sum(nd(x[2, ::-2])).asnumpy(), x[2, ::2].sum())
    x[1, 2 * (n // 2)] = np.inf
    assert F.sum(nd(x[1, ::2])).item() == np.inf


@pytest.mark.parametrize("columns", [3, 20, 64, 250, 700])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_that_follow_each_other_are_joined(dtype: str, columns: int) -> None:
    """So many that no cache keeps them: 600 kB of each of 32 results, which are not cut."""
    rows = 600_000 // (columns * np.dtype(dtype).itemsize) + 5
    x = rng.integers(-9, 10, (32, rows, columns)).astype(dtype)
    np.testing.assert_array_equal(F.sum(nd(x), 1).asnumpy(), x.sum(1))
    x[3, rows - 1, columns - 1] = x[30, 0, 0] = np.nan
    np.testing.assert_array_equal(F.max(nd(x), 1).asnumpy(), x.max(1))
    np.testing.assert_array_equal(F.min(nd(x), 1).asnumpy(), x.min(1))


@pytest.mark.parametrize("shape", [(103, 470), (1703, 277), (500_001,), (6, 33_000)], ids=str)
def test_streams_give_the_same_bits_on_any_number_of_threads(shape: tuple[int, ...]) -> None:
    """Four places are read by turns, and which ones depends on the threads."""
    names = ("sum", "max", "min", "prod")
    x = (rng.standard_normal(shape) + 1).astype(np.float32)
    alone = [getattr(F, name)(nd(x), -1).asnumpy() for name in names]
    with streaming():
        for count in (1, 2, 3):
            with threads(count):
                for name, want in zip(names, alone, strict=True):
                    np.testing.assert_array_equal(getattr(F, name)(nd(x), -1).asnumpy(), want, name)
        np.testing.assert_allclose(alone[0], x.sum(-1, dtype=np.float64), rtol=1e-6)
        np.testing.assert_array_equal(alone[1], x.max(-1))
        np.testing.assert_array_equal(alone[2], x.min(-1))
        x[..., 4] = np.nan
        for name in ("sum", "max", "min"):
            assert np.isnan(getattr(F, name)(nd(x), -1).asnumpy()).all()


@pytest.mark.parametrize("shape", [(70, 1024), (19, 1030), (4, 33, 160)], ids=str)
def test_running_sums_past_the_caches(shape: tuple[int, ...]) -> None:
    """Rows that are aligned for it and rows that are not."""
    x = rng.integers(-9, 10, shape).astype(np.float32)
    axis = len(shape) - 2
    back = np.flip(np.cumsum(np.flip(x, axis), axis), axis)
    for count in (1, 3):
        with threads(count), streaming():
            np.testing.assert_array_equal(F.cumsum(nd(x), axis).asnumpy(), np.cumsum(x, axis))
            np.testing.assert_array_equal(F.cumsum(nd(x), axis, reverse=True).asnumpy(), back)
            np.testing.assert_array_equal(
                dl.np.cumprod(nd(x[..., :3, :]), axis).asnumpy(), np.cumprod(x[..., :3, :], axis)
            )
