"""Searching ordered vectors, counting numbers, telling different ones apart: as NumPy does, with any threads."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import threads

from dlcore import np as xp

RNG = np.random.default_rng(0)
MANY = 70_000  # several threads share these


def numbers(dtype: str, n: int, top: int = 50) -> np.ndarray:
    """Whole numbers, many of them equal, and NaN where the dtype has it."""
    x = RNG.integers(0, 2 if dtype == "bool" else top, n).astype(dtype)
    if x.dtype.kind == "f" and n > 4:
        x[RNG.integers(0, n, 3)] = np.nan
    return x


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("dtype", ["bool", "int8", "int64", "uint64", "float16", "float32", "float64"])
def test_searches_are_numpys(dtype: str, side: str) -> None:
    for m in (0, 1, 2, 3, 17, 1000):
        ordered, x = np.sort(numbers(dtype, m)), numbers(dtype, 150)
        found = xp.searchsorted(xp.asarray(ordered), xp.asarray(x.reshape(3, 50)), side)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found.asnumpy().reshape(-1), np.searchsorted(ordered, x, side), str(m))


@pytest.mark.parametrize(
    "kinds", [("int32", "float32"), ("float32", "int64"), ("float64", "float32"), ("int8", "uint64")]
)
def test_a_search_among_numbers_of_another_dtype(kinds: tuple[str, str]) -> None:
    ordered, x = np.sort(RNG.integers(0, 9, 20)).astype(kinds[0]), (RNG.integers(0, 20, 99) / 2).astype(kinds[1])
    found = xp.searchsorted(xp.asarray(ordered, dtype=kinds[0]), xp.asarray(x, dtype=kinds[1]))
    np.testing.assert_array_equal(found.asnumpy(), np.searchsorted(ordered, x))


def test_views_are_searched_and_threads_do_not_tell() -> None:
    edges, x = np.sort(RNG.standard_normal(64)).astype(np.float32), RNG.standard_normal(2 * MANY).astype(np.float32)
    for n in (1, 3):
        with threads(n):
            found = xp.searchsorted(xp.asarray(edges)[::2], xp.asarray(x)[::-2], "right")
            np.testing.assert_array_equal(found.asnumpy(), np.searchsorted(edges[::2], x[::-2], "right"))


@pytest.mark.parametrize("top", [3, 900, 5000, 200_000, 3_000_000])
@pytest.mark.parametrize("dtype", ["int32", "int64", "uint64"])
def test_counts_of_any_range(dtype: str, top: int) -> None:
    x = RNG.integers(0, top, MANY).astype(dtype)
    x[MANY // 2] = top  # not known at the beginning
    for n in (1, 3):
        with threads(n):
            np.testing.assert_array_equal(
                xp.bincount(xp.asarray(x, dtype=dtype)).asnumpy(), np.bincount(x.astype(np.int64))
            )


def test_few_counts() -> None:
    assert xp.bincount(xp.asarray([], dtype="int64")).tolist() == []
    assert xp.bincount(xp.asarray([True, True, False])).tolist() == [1, 2]
    assert xp.bincount(xp.asarray([3, 1], dtype="uint8"), minlength=6).tolist() == [0, 1, 0, 1, 0, 0]
    assert xp.bincount(xp.asarray([3, 70_000])).asnumpy().nonzero()[0].tolist() == [3, 70_000]
    with pytest.raises(ValueError, match="at least 0, got -7"):
        xp.bincount(np.where(np.arange(MANY) == 50_000, -7, 1))
    with pytest.raises(ValueError, match="minlength of at least 0, got -1"):
        xp.bincount([1], minlength=-1)
    with pytest.raises(MemoryError, match="bincount"):
        xp.bincount(xp.asarray([2**62]))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "uint8"])
def test_histograms_are_numpys(dtype: str) -> None:
    x = numbers(dtype, MANY) if dtype in ("uint8", "int32") else RNG.standard_normal(MANY).astype(dtype)
    if x.dtype.kind == "f":
        x[:4] = [-3, 3, 2.9997, 0]
    d = xp.asarray(x, dtype=dtype)
    uneven = np.array([-2.0, -1.99, 0.0, 0.25, 3.0])
    for n in (1, 3):
        with threads(n):
            for bins, span in ((10, (-3, 3)), (1000, (-3.0, 3.0)), (7, None), (uneven, None), (3000, (-1, 1))):
                counts, edges = xp.histogram(d, bins, span)
                wanted, at = np.histogram(x.astype(np.float64) if dtype == "float16" else x, bins=edges.asnumpy())
                np.testing.assert_array_equal(counts.asnumpy(), wanted)
                assert dtype == "float16" or at.tolist() == edges.tolist()


def test_a_histogram_leaves_nan_out_and_counts_the_last_edge() -> None:
    x = np.array([0.0, 1.0, np.nan, 0.5, -np.inf, np.inf, 1.0], np.float32)
    assert xp.histogram(xp.asarray(x), 2, (0, 1))[0].tolist() == [1, 3]
    assert xp.histogram(xp.asarray(x), [0.0, 0.25, 1.0])[0].tolist() == [1, 3]
    share = xp.histogram(xp.asarray(x), [0.0, 0.25, 1.0], density=True)[0]
    np.testing.assert_allclose(share.asnumpy(), [1.0, 1.0])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16", "float32", "float64"])
def test_different_numbers_are_numpys(dtype: str) -> None:
    for shape in ((1,), (7, 9), (MANY,)):
        x = numbers(dtype, int(np.prod(shape))).reshape(shape)
        found = xp.unique(xp.asarray(x, dtype=dtype), True, True, True)
        for ours, theirs in zip(found, np.unique(x, True, True, True), strict=True):
            np.testing.assert_array_equal(ours.asnumpy(), theirs)
        values = xp.unique(xp.asarray(x, dtype=dtype))
        assert values.dtype == x.dtype
        np.testing.assert_array_equal(values.asnumpy(), np.unique(x))
        ours, theirs = xp.unique_counts(xp.asarray(x, dtype=dtype)), np.unique_counts(x)
        np.testing.assert_array_equal(ours.values.asnumpy(), theirs.values)
        np.testing.assert_array_equal(ours.counts.asnumpy(), theirs.counts)


def test_a_range_hardly_wider_than_nothing_is_counted_too() -> None:
    """The width of a bin has no finite reciprocal there."""
    x = np.array([1, 2, 3, 1, 3]) * 1e-310
    with np.errstate(all="ignore"):
        edges = np.histogram_bin_edges(x, 5)
    assert xp.histogram(xp.asarray(x), 5)[0].tolist() == np.histogram(x, edges)[0].tolist() == [2, 0, 1, 0, 2]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"bins": 1_000_000}, "Too many bins for data range"),
        ({"bins": -1}, "must be positive"),
        ({"bins": [3, 1]}, "must increase monotonically"),
        ({"range": (1, 0)}, "max must be larger than min"),
    ],
)
def test_why_numpy_refuses_bins_is_told(options: dict, reason: str) -> None:
    x = xp.asarray(np.array([1e30, 1.0000001e30], np.float32))
    with pytest.raises(ValueError, match=rf"histogram: expected .* of shape \(2,\) and dtype float32.*; .*{reason}"):
        xp.histogram(x, **options)


@pytest.mark.parametrize("bins", [7, 2000])
def test_bins_asked_for_again_have_edges_of_their_own_and_the_dtype_of_their_limits(bins: int) -> None:
    a = np.linspace(-4, 4, 500, dtype="float32")
    for limits in ((-3, 3), (-3.0, 3.0), (np.float64(-3), np.float64(3)), (-3, 3)):
        counts, edges = xp.histogram(xp.asarray(a), bins, limits)
        want, theirs = np.histogram(a, bins, limits)
        np.testing.assert_array_equal(counts.asnumpy(), want)
        np.testing.assert_array_equal(edges.asnumpy(), theirs)
        assert edges.asnumpy().dtype == theirs.dtype
        edges[0] = 9.0  # what is handed out is its caller's
