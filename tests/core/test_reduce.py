"""Reductions: every layout and set of axes against NumPy, NaN, empty arrays, accuracy, any number of threads."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from core.arrays import BF16, layouts, nd, threads

import dlcore as dl
from dlcore.ops import F

SHAPES = [(), (1,), (3000,), (5, 9), (64, 10), (10, 64), (3, 70, 8, 9), (4000, 3), (3, 4000), (1, 5, 1)]
SHAPES += [(0, 3), (300, 200), (20, 1, 33)]
DTYPES = [np.dtype(n) for n in ("float32", "float64", "float16", "int32", "int64", "uint8", "bool")] + [BF16]
RTOL = {"float32": 3e-6, "float64": 1e-13, "float16": 2e-3, "bfloat16": 1.2e-2}
rng = np.random.default_rng(5)


def draw(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if dtype.kind in "iub":
        return np.asarray(rng.integers(0, 2 if dtype.kind == "b" else 50, shape)).astype(dtype)
    return np.asarray(rng.standard_normal(shape)).astype(dtype)


def axes_of(ndim: int) -> list[tuple[int, ...] | None]:
    return [None, *(c for k in range(1, ndim + 1) for c in itertools.combinations(range(ndim), k))]


def check(got: np.ndarray, want: np.ndarray, size: int) -> None:
    assert got.shape == want.shape
    if got.dtype.kind in "iub":
        np.testing.assert_array_equal(got, want.astype(got.dtype))
    else:
        rtol = RTOL[got.dtype.name]
        got, want = got.astype("float64"), want.astype("float64")
        np.testing.assert_allclose(got, want, rtol=rtol, atol=rtol * max(1, size) ** 0.5)


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value")
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_against_numpy(dtype: np.dtype, shape: tuple[int, ...]) -> None:
    x = draw(shape, dtype)
    wide = x if dtype.kind in "iub" else x.astype("float64")
    forms = [y for _, y in layouts(x)] if x.ndim and x.size else [x]
    keep = False
    for name in ("sum", "mean", "max", "min", "any", "all"):
        for axis in axes_of(x.ndim):
            keep = not keep
            try:
                want = np.asarray(getattr(np, name)(wide, axis=axis, keepdims=keep))
            except ValueError:
                with pytest.raises(ValueError, match=f"{name}: zero-size"):
                    getattr(F, name)(nd(x), axis=axis, keepdims=keep)
                continue
            for y in forms:
                check(getattr(F, name)(nd(y), axis=axis, keepdims=keep).asnumpy(), want, x.size)


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_products(axis: int | tuple[int, ...] | None) -> None:
    for dtype in ("float32", "float64", "int64"):
        x = rng.uniform(0.8, 1.2, (40, 30)).astype(dtype) if dtype != "int64" else rng.integers(-3, 4, (40, 30))
        for _, y in layouts(x):
            np.testing.assert_allclose(F.prod(nd(y), axis=axis).asnumpy(), np.prod(x, axis=axis), rtol=2e-5)


def test_broadcast_and_empty_inputs() -> None:
    x = np.broadcast_to(np.arange(5.0), (7, 5))
    np.testing.assert_array_equal(F.sum(nd(x), axis=0).asnumpy(), 7 * np.arange(5.0))
    empty = nd(np.zeros((0, 3), "float32"))
    np.testing.assert_array_equal(F.sum(empty, axis=0).asnumpy(), np.zeros(3))
    np.testing.assert_array_equal(F.prod(empty, axis=0).asnumpy(), np.ones(3))
    assert F.max(empty, axis=1).shape == (0,)


@pytest.mark.parametrize("where", [0, 17, 4999])
def test_nan_wins(where: int) -> None:
    x = rng.standard_normal(5000).astype("float32")
    x[where] = np.nan
    for shape in [(5000,), (50, 100)]:
        y = x.reshape(shape)
        for names, axes in [(("max", "min"), axes_of(y.ndim)), (("argmax", "argmin"), (None, *range(y.ndim)))]:
            for name, axis in itertools.product(names, axes):
                want = getattr(np, name)(y, axis=axis)
                np.testing.assert_array_equal(getattr(F, name)(nd(y), axis=axis).asnumpy(), want)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_positions_of_extremes(dtype: np.dtype) -> None:
    for shape in [(3000,), (7, 300), (300, 7), (4, 5, 6)]:
        x = draw(shape, dtype)
        values = x.astype("float32") if dtype == BF16 else x
        for axis in (None, *range(x.ndim)):
            for name in ("argmax", "argmin"):
                want = getattr(np, name)(values, axis=axis, keepdims=True)
                for _, y in layouts(x):
                    np.testing.assert_array_equal(getattr(F, name)(nd(y), axis=axis, keepdims=True).asnumpy(), want)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_running_sums(dtype: np.dtype) -> None:
    for shape in [(300,), (7, 40), (3, 50, 5)]:
        x = draw(shape, dtype)
        wide = x.astype("int64" if dtype.kind in "iub" else "float64")
        for axis in (None, *range(x.ndim)):
            want = np.cumsum(wide, axis=axis)
            back = np.flip(np.cumsum(np.flip(wide, axis), axis=axis), axis)
            for _, y in layouts(x):
                check(F.cumsum(nd(y), axis=axis).asnumpy(), want, 100)
                check(F.cumsum(nd(y), axis=axis, reverse=True).asnumpy(), back, 100)


def test_accuracy_of_long_sums() -> None:
    x = rng.random((1 << 12, 1 << 9), dtype="float32")
    exact = x.astype("float64")
    assert abs(float(F.sum(nd(x)).asnumpy()) / exact.sum() - 1) < 3e-7
    np.testing.assert_allclose(F.sum(nd(x), axis=0).asnumpy(), exact.sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(F.mean(nd(x.astype("float16")), axis=0).asnumpy(), exact.mean(axis=0), rtol=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("count", [1, 3, 64, 3000])
def test_a_part_of_a_sum_may_pass_the_range(dtype: str, count: int) -> None:
    """What is within single precision in the end comes out, whichever part is added first; true infinities stay."""
    big = np.array([[3e38, 1.0], [3e38, 2.0], [-3e38, 4.0], [-3e38, 8.0], [-3e38, 0.0], [3e38, 0.0]])
    x = F.cast(nd(np.tile(big, (count, 1))), dtype)

    def rows(v):
        y = F.copy(F.transpose(v))
        return F.sum(y - F.sum(y * 0.0, axis=1, keepdims=True), axis=1)

    for run in (lambda v: F.sum(v, axis=0), dl.jit(lambda v: F.sum(v * 1.0, axis=0)), dl.jit(rows)):
        got = run(x).asnumpy().astype("float64")
        np.testing.assert_allclose(got, [0.0, 15.0 * count], rtol=1e-2)
    assert np.isfinite(float(F.sum(x)))
    half = F.cast(nd(np.full((count, 2), 2e38)), dtype)
    np.testing.assert_allclose(F.mean(half, axis=0).asnumpy().astype("float64"), 2e38, rtol=1e-2)
    if count > 1:
        assert np.isinf(F.sum(half, axis=0).asnumpy().astype("float64")).all()
    bad = F.cast(nd(np.array([[np.inf, np.inf, np.nan], [1.0, -np.inf, 1.0]])), dtype)
    np.testing.assert_array_equal(F.sum(bad, axis=0).asnumpy().astype("float64"), [np.inf, np.nan, np.nan])


@pytest.mark.parametrize("axis", [None, (0,), (1,), (0, 2)])
def test_same_bits_for_any_number_of_threads(axis: tuple[int, ...] | None) -> None:
    x = nd(rng.standard_normal((200, 60, 50)).astype("float32"))
    with threads(1):
        want = F.sum(x, axis=axis).asnumpy()
    for n in (2, 3, 8):
        with threads(n):
            np.testing.assert_array_equal(F.sum(x, axis=axis).asnumpy(), want)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint16", "int32", "uint32", "int64", "uint64"])
@pytest.mark.parametrize("shape", [(70_000,), (3, 70_000), (1000, 3), (1000, 300), (600, 1001), (100, 17)])
def test_extremes_and_their_places_with_ties_and_nan(dtype: str, shape: tuple[int, ...]) -> None:
    """Long lines are searched in blocks, and many columns in strips: the first of equal elements, NaN before all."""
    x = rng.integers(0, 100, shape).astype(dtype)
    if dtype == "uint64":
        x += np.uint64(2**63)
    for nan in (False, True) if x.dtype.kind == "f" else (False,):
        if nan:
            x[rng.random(shape) < 1e-3] = np.nan
        for name in ("max", "min", "argmax", "argmin"):
            for axis in (None, *range(x.ndim)):
                got = getattr(F, name)(nd(x), axis).asnumpy()
                np.testing.assert_array_equal(got, getattr(np, name)(x, axis), f"{name} {axis} {nan}")


@pytest.mark.parametrize("rows", [36, 39])
def test_columns_of_rows_that_no_cache_keeps(rows: int) -> None:
    x = rng.integers(-9, 9, (rows, 33_000)).astype(np.float32)  # so wide that no block of rows is cut
    np.testing.assert_array_equal(F.sum(nd(x), 0).asnumpy(), x.sum(0))
    x[rows - 2, 32_800] = x[1, 5] = np.nan
    np.testing.assert_array_equal(F.max(nd(x), 0).asnumpy(), x.max(0))
    np.testing.assert_array_equal(F.min(nd(x), 0).asnumpy(), x.min(0))


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32"])
@pytest.mark.parametrize("shape", [(531, 4000), (70, 9001), (40_000, 20), (3, 700, 2100)], ids=str)
def test_wide_rows_on_any_number_of_threads(shape: tuple[int, ...], dtype: str) -> None:
    x = np.asarray(rng.integers(-9, 10, shape)).astype(dtype)  # whole numbers: their sums are exact
    x[tuple(n // 3 for n in shape)] = 11
    if x.dtype.kind == "f":
        x[tuple(n // 2 for n in shape)] = np.nan
    axis = len(shape) - 2
    for count in (1, 2, 3):
        with threads(count):
            for name in ("sum", "max", "min", "argmax", "argmin"):
                want = getattr(np, name)(x, axis) if name != "sum" else x.sum(axis, dtype=np.float64)
                got = getattr(F, name)(nd(x), axis).asnumpy()
                np.testing.assert_array_equal(got, want.astype(got.dtype), f"{name}, {count} threads")


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("shape", [(5,), (1000, 7), (3, 40, 50), (2, 1, 3, 1, 2, 2, 2, 1), (0, 3)], ids=str)
def test_complex_sums(shape: tuple[int, ...], dtype: str) -> None:
    """Whole numbers, so that sums are exact; eight axes leave no room for one of parts."""
    x = (rng.integers(-9, 10, shape) + 1j * rng.integers(-9, 10, shape)).astype(dtype)
    for count in (1, 3):
        with threads(count):
            for axis in (None, 0, -1):
                for y in (x, x[::-1], np.asfortranarray(x)):
                    for keep in (False, True):
                        got = F.sum(nd(y), axis=axis, keepdims=keep).asnumpy()
                        np.testing.assert_array_equal(got, np.asarray(y.sum(axis, keepdims=keep)), strict=True)
                    if x.size:
                        np.testing.assert_allclose(
                            F.mean(nd(y), axis=axis).asnumpy(), y.mean(axis), rtol=1e-5, atol=1e-6
                        )


def test_complex_magnitudes_at_the_edges() -> None:
    inf, nan = np.inf, np.nan
    z = np.array([complex(inf, nan), complex(nan, -inf), complex(nan, 1), 3 + 4j, 1e38 + 1e38j, 1e-45, 0j] * 300)
    x = z.astype(np.complex64)
    np.testing.assert_array_equal(F.abs(nd(x)).asnumpy(), np.abs(x.astype(np.complex128)).astype(np.float32))


@pytest.mark.parametrize("dtype", ["float16", "float32"])
@pytest.mark.parametrize("shape", [(70_001,), (3, 40_000), (300, 2, 101)], ids=str)
def test_places_in_arrays_that_are_laid_out_piece_by_piece(shape: tuple[int, ...], dtype: str) -> None:
    x = rng.integers(0, 100, shape).astype(dtype)
    for nan in (False, True):
        if nan:
            x[rng.random(shape) < 1e-4] = np.nan
        for name, axis in itertools.product(("argmax", "argmin"), (None, *range(x.ndim))):
            want = getattr(np, name)(x, axis)
            for _, y in layouts(x):
                np.testing.assert_array_equal(getattr(F, name)(nd(y), axis).asnumpy(), want)


@pytest.mark.parametrize("shape", [(2, 70_001), (3000, 70), (4, 300, 100)], ids=str)
def test_running_sums_of_halves(shape: tuple[int, ...]) -> None:
    """Of whole numbers that stay small, so that sums are exact: a long line is taken in stretches that go on."""
    x = rng.integers(-1, 2, shape).astype("float16")
    for axis in (None, *range(x.ndim)):
        want = np.cumsum(x, axis, dtype=np.float64)
        back = np.flip(np.cumsum(np.flip(x, axis), axis, dtype=np.float64), axis)
        assert np.abs(want).max() < 2048 > np.abs(back).max()
        for count in (1, 3):
            with threads(count):
                for y in (x, np.ascontiguousarray(x.T).T):
                    np.testing.assert_array_equal(F.cumsum(nd(y), axis).asnumpy(), want)
                    np.testing.assert_array_equal(F.cumsum(nd(y), axis, reverse=True).asnumpy(), back)
