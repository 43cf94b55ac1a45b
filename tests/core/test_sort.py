"""sort and argsort: every dtype and length against NumPy, ties in their order, NaN last, any number of threads."""

import numpy as np
import pytest
from core.arrays import nd, threads

from dlcore.ops import F

DTYPES = [
    "bool",
    "float16",
    "float32",
    "float64",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
]
# Around insertion sort's end, a byte's range and the length from which threads share one line.
LENGTHS = [1, 2, 23, 24, 25, 255, 256, 257, 1000, 4095, 4096, 32767, 32768, 100_003]


def numbers(dtype: str, n: int, seed: int = 0) -> np.ndarray:
    """Random bits, so that every exponent, sign and NaN occurs, with ties mixed in."""
    rng = np.random.default_rng(seed)
    if dtype == "bool":
        return rng.integers(0, 2, n).astype(bool)
    bits = rng.integers(0, 256, n * np.dtype(dtype).itemsize, dtype=np.uint8).view(dtype)
    x = np.where(rng.random(n) < 0.2, bits[rng.integers(0, n, n)], bits)
    if x.dtype.kind == "f" and n > 8:
        x[:8] = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, -0.0, 0.0]
        rng.shuffle(x)
    return x


def down_order(x: np.ndarray) -> np.ndarray:
    """Stable, from the largest; NaN last. Ranks are exact where a negation would not be."""
    _, rank = np.unique(x, return_inverse=True, equal_nan=True)
    rank = rank.astype(np.int64)
    return np.argsort(np.where(x != x, 1, -rank), kind="stable")


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_line(dtype: str) -> None:
    for n in LENGTHS:
        x = numbers(dtype, n)
        order = np.argsort(x, kind="stable")
        np.testing.assert_array_equal(F.argsort(nd(x)).asnumpy(), order, str(n))
        np.testing.assert_array_equal(F.sort(nd(x)).asnumpy(), x[order], str(n))
        down = down_order(x)
        np.testing.assert_array_equal(F.argsort(nd(x), descending=True).asnumpy(), down, str(n))
        np.testing.assert_array_equal(F.sort(nd(x), descending=True).asnumpy(), x[down], str(n))


def test_bfloat16() -> None:
    wide = numbers("float32", 5000)
    with np.errstate(invalid="ignore"):
        x = F.cast(nd(wide), "bfloat16")
    as_float = F.cast(x, "float32").asnumpy()
    order = np.argsort(as_float, kind="stable")
    np.testing.assert_array_equal(F.argsort(x).asnumpy(), order)
    np.testing.assert_array_equal(F.cast(F.sort(x), "float32").asnumpy(), as_float[order])


@pytest.mark.parametrize("dtype", ["float32", "int64", "float64"])
def test_threads_do_not_change_the_result(dtype: str) -> None:
    x = numbers(dtype, 300_001)
    found = []
    for count in (1, 2, 5):
        with threads(count):
            found.append((F.sort(nd(x)).asnumpy(), F.argsort(nd(x)).asnumpy()))
    for sorted_, order in found:
        np.testing.assert_array_equal(order, np.argsort(x, kind="stable"))
        np.testing.assert_array_equal(sorted_, x[order])


@pytest.mark.parametrize("dtype", ["float32", "int64", "float64", "float16", "int16"])
def test_long_lines_that_are_crowded(dtype: str) -> None:
    """Numbers close together with one far away, equal ones, few different ones, and lines that do not lie side by side:
    long lines are cut into buckets of about the same size."""
    n, draw = 300_001, np.random.default_rng(0)
    whole = np.dtype(dtype).kind == "i"
    close = draw.integers(0, 30_000, n) if whole else 1 + draw.random(n) * 1e-4
    close[n // 2] = 32_000 if np.dtype(dtype).itemsize == 2 else 10**15
    pair = np.where(draw.random(n) < 0.5, close[0], close[1])
    pair[7] = close[n // 2]
    for values in (close, pair, np.maximum(draw.normal(size=n) * 100, 0), np.zeros(n), draw.normal(size=n) * 1000):
        x = values.astype(dtype)
        order = np.argsort(x, kind="stable")
        for count in (1, 3):
            with threads(count):
                np.testing.assert_array_equal(F.argsort(nd(x)).asnumpy(), order)
                np.testing.assert_array_equal(F.sort(nd(x)).asnumpy(), x[order])
    beside = nd(np.stack([x, x[::-1]], axis=1))
    np.testing.assert_array_equal(F.argsort(beside, 0).asnumpy()[:, 0], order)
    np.testing.assert_array_equal(F.sort(beside, 0).asnumpy(), np.stack([x[order]] * 2, axis=1))
    np.testing.assert_array_equal(F.argsort(beside, 0).asnumpy()[:, 1], np.argsort(x[::-1], kind="stable"))


def test_nan_of_any_payload_is_last() -> None:
    bits = np.array([0x7FC00001, 0xFFC00000, 0x7F800001, 0x7F800000, 0xFF800000, 0x3F800000], np.uint32)
    x = bits.view(np.float32)
    np.testing.assert_array_equal(F.sort(nd(x)).asnumpy(), [-np.inf, 1, np.inf, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(F.argsort(nd(x)).asnumpy(), [4, 5, 3, 0, 1, 2])


def test_signs_of_zero_are_kept_by_sort_and_tied_in_argsort() -> None:
    x = nd(np.array([0.0, -0.0, 0.0, -0.0], np.float32))
    assert sorted(np.signbit(F.sort(x).asnumpy())) == [False, False, True, True]
    np.testing.assert_array_equal(F.argsort(x).asnumpy(), [0, 1, 2, 3])


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_first_positions(dtype: str) -> None:
    """argtopk is the beginning of a stable argsort, on any number of threads."""
    for n, k in [(1, 1), (5, 0), (5, 5), (64, 3), (65, 40), (1000, 10), (200_003, 7), (200_003, 5000)]:
        x = numbers(dtype, n)
        order, down = np.argsort(x, kind="stable"), down_order(x)
        for count in (1, 3):
            with threads(count):
                np.testing.assert_array_equal(F.argtopk(nd(x), k).asnumpy(), down[:k], f"{n} {k}")
                np.testing.assert_array_equal(F.argtopk(nd(x), k, descending=False).asnumpy(), order[:k], f"{n} {k}")


@pytest.mark.parametrize("n", [31, 32, 33, 63, 64, 100, 1000, 4096, 4097])
def test_the_first_positions_of_short_lines(n: int) -> None:
    """Few or many equal numbers, in order or not: those that a bound from parts of the line suits, and others."""
    rng = np.random.default_rng(n)
    lines = [rng.standard_normal(n), np.arange(n), -np.arange(n), np.zeros(n), rng.integers(0, 9, n), np.arange(n) % 16,
             np.where(rng.random(n) < 0.9, np.nan, 1.0), np.where(np.arange(n) % 7, 0.0, -0.0)]  # fmt: skip
    x = np.array(lines, np.float32)
    up, down = np.argsort(x, kind="stable", axis=1), np.argsort(-x, kind="stable", axis=1)
    for k in (1, 2, 10, 12, 13, 24, 25):
        np.testing.assert_array_equal(F.argtopk(nd(x), k).asnumpy(), down[:, :k])
        np.testing.assert_array_equal(F.argtopk(nd(x), k, descending=False).asnumpy(), up[:, :k])


def test_topk_along_any_axis() -> None:
    x = numbers("float32", 6 * 50 * 7).reshape(6, 50, 7)
    for axis in range(3):
        values, at = F.topk(nd(x), 4, axis)
        want = np.take(np.apply_along_axis(down_order, axis, x), range(4), axis)
        np.testing.assert_array_equal(at.asnumpy(), want)
        np.testing.assert_array_equal(values.asnumpy(), np.take_along_axis(x, want, axis))
