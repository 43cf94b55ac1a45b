"""Writing rows at positions that repeat: in order, whatever the threads, and also where arrays are in no cache."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import nd, streaming, threads

from dlcore.ops import F

rng = np.random.default_rng(23)
DTYPES = ["float16", "float32", "float64", "int8", "uint16", "int32", "uint64", "complex64"]
SHAPES = [(100, 1000, 3000), (1000, 37, 9000), (3, 301, 2000), (5000, 5, 40_000), (1, 200_000, 3), (7, 1, 100)]


def draw(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return rng.integers(0, 4, shape).astype(dtype)  # sums of few are exact


def added(x: np.ndarray, at: np.ndarray, g: np.ndarray) -> np.ndarray:
    want = x.astype("float32") if x.dtype == np.float16 else x.copy()
    np.add.at(want, at, g)
    return want.astype(x.dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "inner", "count"), SHAPES[:4])
def test_add_rows(n: int, inner: int, count: int, dtype: str) -> None:
    count = min(count, 400_000 // inner)
    x, g, at = draw((n, inner), dtype), draw((count, inner), dtype), rng.integers(-n, n, count)
    want = added(x, at, g)
    for threads_ in (1, 2, 3):
        with threads(threads_):
            np.testing.assert_array_equal(F.index_add(nd(x), nd(g), nd(at)).asnumpy(), want)


@pytest.mark.parametrize(("n", "inner", "count"), SHAPES)
def test_sums_are_the_same_on_any_threads(n: int, inner: int, count: int) -> None:
    """Numbers whose sum depends on their order."""
    g = rng.standard_normal((min(count, 600_000 // inner), inner)).astype(np.float32)
    ids = rng.integers(0, n, len(g))
    with threads(1):
        one = F.segment_sum(nd(g), nd(ids), n).asnumpy()
        largest = F.segment_max(nd(g), nd(ids), n).asnumpy()
    want = np.zeros((n, inner))
    np.add.at(want, ids, g)
    np.testing.assert_allclose(one, want, rtol=1e-5, atol=1e-4)
    most = np.full((n, inner), -np.inf, np.float32)
    np.maximum.at(most, ids, g)
    np.testing.assert_array_equal(largest, most)
    for count_ in (2, 3):
        with threads(count_):
            np.testing.assert_array_equal(F.segment_sum(nd(g), nd(ids), n).asnumpy(), one)
            np.testing.assert_array_equal(F.segment_max(nd(g), nd(ids), n).asnumpy(), largest)


@pytest.mark.parametrize("dtype", [*DTYPES, "complex128"])
@pytest.mark.parametrize("n", [1, 1000, 70_001])
def test_numbers_part_by_part(n: int, dtype: str) -> None:
    for count in (0, 1, 700, 50_000):
        x, g, at = draw((n,), dtype), draw((count,), dtype), rng.integers(-n, n, count)
        put = x.copy()
        put[at] = g
        for threads_ in (1, 3):
            with streaming(1), threads(threads_):
                if count == 50_000 and n > 1:  # fewer to a place: 16-bit floats hold the sum
                    np.testing.assert_array_equal(F.index_add(nd(x), nd(g), nd(at)).asnumpy(), added(x, at, g))
                np.testing.assert_array_equal(F.index_put(nd(x), nd(g), nd(at)).asnumpy(), put)


@pytest.mark.parametrize("inner", [1, 300])
def test_the_last_of_several_stays(inner: int) -> None:
    values = np.arange(3000 * inner, dtype=np.float32).reshape(3000, inner)
    at = rng.integers(0, 50, 3000)
    last = {int(p): k for k, p in enumerate(at)}
    x = np.zeros((50, inner), np.float32)
    for count in (1, 2, 3):
        with streaming(1), threads(count):
            got = F.index_put(nd(x), nd(values), nd(at)).asnumpy()
        np.testing.assert_array_equal(got, values[[last[p] for p in range(50)]])


def test_along_an_inner_axis() -> None:
    """The gradient of take writes into every one of the outer rows."""
    g = rng.standard_normal((3, 500, 200)).astype(np.float32)
    at = rng.integers(0, 40, 500)
    want = np.zeros((3, 40, 200))
    for o in range(3):
        np.add.at(want[o], at, g[o])
    x = nd(np.zeros((3, 40, 200), np.float32))
    for count in (1, 2, 3):
        with threads(count):
            np.testing.assert_allclose(F._take_grad(nd(g), nd(at), x, axis=1).asnumpy(), want, rtol=1e-5, atol=1e-5)


def test_memory_that_is_shared() -> None:
    """The positions or the values are the array that is written."""
    for count in (1, 3):
        with streaming(1), threads(count):
            x = rng.permutation(5000)
            over = nd(x.copy())
            F.index_put(over, over, over, out=over)
            np.testing.assert_array_equal(over.asnumpy()[x], x)
