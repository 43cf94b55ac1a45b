"""Data that move and do not change: turned lines, lines in turns, joined rows, frames, triangles, places of a mask.

Every kernel is held against NumPy at odd sizes, on odd addresses, in every size of element and with several threads.
"""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import nd, threads

from dlcore import _core
from dlcore import np as D
from dlcore.ops import F

rng = np.random.default_rng(17)
DTYPES = ["bool", "int16", "float32", "float64", "complex128"]
LENGTHS = [0, 1, 3, 15, 16, 17, 63, 64, 65, 257]


def numbers(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    x = rng.integers(-100, 100, shape)
    return x > 0 if dtype == "bool" else (x * (1 + 2j)).astype(dtype) if dtype == "complex128" else x.astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
def test_turned_lines(dtype: str) -> None:
    x = numbers((3, 70000), dtype)
    with threads(2):
        for n in (*LENGTHS, 70000):
            for first in (0, 1, 5):
                part = x[:, first : first + n]
                for turned in (part[0][::-1], part[:, ::-1], part[::-1], part[::-1, ::-1]):
                    np.testing.assert_array_equal(F.copy(nd(turned)).asnumpy(), turned, strict=True)
        part = x[:, ::-1]
        for other in ("complex64",) if dtype == "complex128" else ("float32", "int8", "complex64"):
            np.testing.assert_array_equal(F.cast(nd(part), other).asnumpy(), part.astype(other), strict=True)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 64, 65])
def test_lines_in_turns(dtype: str, count: int) -> None:
    for n in (0, 1, 17, 1100 // count):
        lines = numbers((count, n), dtype)
        with threads(2):
            got = F.stack(*[nd(line) for line in lines], axis=-1)
            np.testing.assert_array_equal(got.asnumpy(), lines.T, strict=True)
            np.testing.assert_array_equal(F.copy(nd(lines.T)).asnumpy(), lines.T, strict=True)
            got = D.repeat(nd(lines), count, axis=1)
            np.testing.assert_array_equal(got.asnumpy(), np.repeat(lines, count, 1), strict=True)


def test_joined_rows() -> None:
    x = numbers((37, 400), "float32")
    with threads(3):
        for shift in (0, 1, 7, -150, 399):
            for axis in (0, 1, None):
                np.testing.assert_array_equal(
                    D.roll(nd(x), shift, axis).asnumpy(), np.roll(x, shift, axis), strict=True
                )
        cube = x.reshape(37, 8, 50)
        parts = [cube[:, 1:3], cube[:, :1], cube[:, 5:], cube[:, 0:0]]
        for axis, given in ((1, parts), (2, [cube[..., 3:], cube[..., :40]]), (1, [cube[::-1, 2:4], cube[:, ::-1]])):
            got = F.concat(*[nd(p) for p in given], axis=axis)
            np.testing.assert_array_equal(got.asnumpy(), np.concatenate(given, axis), strict=True)
        for axis in range(4):
            given = [cube, cube[::-1], cube[:, ::-1]]
            got = F.stack(*[nd(p) for p in given], axis=axis)
            np.testing.assert_array_equal(got.asnumpy(), np.stack(given, axis), strict=True)


@pytest.mark.parametrize("shape", [(), (0,), (5,), (3, 0), (4, 6), (70, 300), (2, 3, 4, 5), (9, 3, 10, 9)], ids=str)
def test_frames(shape: tuple[int, ...]) -> None:
    for dtype in DTYPES:
        x = numbers(shape, dtype)
        for width in (0, 1, *([[(k, 2) for k in range(len(shape))]] if shape else [])):
            for value in (0, 1):
                got = D.pad(nd(x), width, constant_values=value).asnumpy()
                np.testing.assert_array_equal(got, np.pad(x, width, constant_values=value), strict=True)
        if x.ndim > 1:
            got = D.pad(nd(x[::-1]), 2, constant_values=1).asnumpy()
            np.testing.assert_array_equal(got, np.pad(x[::-1], 2, constant_values=1), strict=True)
            np.testing.assert_array_equal(D.pad(nd(x.T), 1).asnumpy(), np.pad(x.T, 1), strict=True)


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_frames_of_what_is_there(mode: str) -> None:
    for shape in ((1,), (5,), (4, 6), (2, 3, 4)):
        x = numbers(shape, "float32")
        for width in (0, 1, 2, 3, 9, (1, 0), (0, 3)):
            got = D.pad(nd(x), width, mode).asnumpy()
            np.testing.assert_array_equal(got, np.pad(x, width, mode), f"{shape} {width}", strict=True)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (1, 1), (5, 7), (7, 5), (2, 90, 70)], ids=str)
def test_triangles(shape: tuple[int, ...]) -> None:
    for dtype in DTYPES:
        x = numbers(shape, dtype)
        for k in (-100, -3, 0, 2, 100):
            with threads(2):
                np.testing.assert_array_equal(F.tril(nd(x), k).asnumpy(), np.tril(x, k), strict=True)
                np.testing.assert_array_equal(
                    F.triu(nd(x.swapaxes(-1, -2)), k).asnumpy(), np.triu(x.swapaxes(-1, -2), k)
                )
            into = nd(x.copy())
            F.tril(into, k, out=into)
            np.testing.assert_array_equal(into.asnumpy(), np.tril(x, k))


def test_places_of_a_mask() -> None:
    for shape in ((0,), (1,), (40000,), (3, 0), (300, 7), (7, 300), (50, 2, 90)):
        for chosen in (0.0, 0.03, 0.5, 1.0):
            mask = rng.random(shape) < chosen
            for given in (mask, mask.T, np.where(mask, np.nan, 0.0), mask * (3 + 0j), mask.astype(np.float16)):
                with threads(2):
                    got = D.nonzero(nd(given))
                    flat = D.flatnonzero(nd(given)).asnumpy()
                want = np.nonzero(given)
                assert len(got) == len(want)
                for one, other in zip(got, want, strict=True):
                    np.testing.assert_array_equal(one.asnumpy(), other, strict=True)
                np.testing.assert_array_equal(flat, np.flatnonzero(given), strict=True)
            x = rng.random(shape)
            np.testing.assert_array_equal(nd(x)[nd(mask)].asnumpy(), x[mask], strict=True)
    with pytest.raises(ValueError, match="0-d"):
        D.nonzero(D.array(1.0))


def test_bytes_of_a_mask_that_are_neither_0_nor_1() -> None:
    odd = np.array([0, 2, 255, 1, 0, 128] * 40, np.uint8).view(bool)
    assert _core.places(nd(odd), True)[0].tolist() == np.flatnonzero(odd.view(np.uint8)).tolist()


def test_numbers_at_positions() -> None:
    x, n = numbers((40, 500), "float32"), 500
    at = rng.integers(0, n, (40, 131))
    with threads(2):
        np.testing.assert_array_equal(F.take_along_axis(nd(x), nd(at), 1).asnumpy(), np.take_along_axis(x, at, 1))
        np.testing.assert_array_equal(F.take_along_axis(nd(x), nd(at - n), 1).asnumpy(), np.take_along_axis(x, at, 1))
        for kind in ("int64", "int32", "uint8", "uint64"):
            small = (at[0] % 128).astype(kind)
            np.testing.assert_array_equal(F.take(nd(x[0]), nd(small)).asnumpy(), x[0][small])
            np.testing.assert_array_equal(F.take(nd(x), nd(small), axis=1).asnumpy(), x[:, small])
        np.testing.assert_array_equal(D.argwhere(nd(x)).asnumpy(), np.argwhere(x))
        for wrong in (n, -n - 1, 2**62, -(2**63)):
            bad = at.copy()
            bad[39, 130] = wrong
            with pytest.raises(IndexError, match=f"{wrong} is out of range for axis 1 of size {n}"):
                F.take_along_axis(nd(x), nd(bad), 1)
            with pytest.raises(IndexError, match=f"{wrong} is out of range for axis 0 of size {n}"):
                F.take(nd(x[0]), nd(bad[39]))
    for dtype in ("int64", "float32", "float16"):
        line, few = numbers((200,), dtype), rng.integers(0, 20, 300)
        value = numbers((300,), dtype)
        want = line.copy()
        want[few] = value
        np.testing.assert_array_equal(F.index_put(nd(line), nd(value), nd(few)).asnumpy(), want, strict=True)
        want = line.astype("float64")
        np.add.at(want, few, value.astype("float64"))
        np.testing.assert_array_equal(F.index_add(nd(line), nd(value), nd(few)).asnumpy(), want.astype(dtype))


@pytest.mark.parametrize("columns", [1, 3, 65, 1500])
def test_sums_of_rows(columns: int) -> None:
    x, ids = numbers((300, columns), "float32"), rng.integers(0, 40, 300)
    want = np.zeros((40, columns))
    np.add.at(want, ids, x)
    for count in (1, 3):
        with threads(count):
            np.testing.assert_array_equal(F.segment_sum(nd(x), nd(ids), 40).asnumpy(), want.astype("float32"))


def test_two_numbers_for_each_of_a_resized_line() -> None:
    """Every product and sum is rounded, one axis after the other, whatever the set of instructions."""
    half = np.float32

    def along(x: np.ndarray, m: int) -> np.ndarray:
        n = x.shape[-1]
        place = np.maximum((np.arange(m) + 0.5) * n / m - 0.5, 0)
        low = np.minimum(place.astype(int), n - 1)
        part = place - low
        got = half(0) + (1 - part).astype(half) * x[..., low]
        return np.where(part > 0, got + part.astype(half) * x[..., np.minimum(low + 1, n - 1)], got)

    for n, m in ((16, 32), (33, 70), (64, 128), (50, 17), (5, 40), (40, 41)):
        x = rng.standard_normal((2, 2, 3, n)).astype(half)
        x[0, 0, 0, : n // 3] = -0.0
        x[1, 1, 2, n // 2] = np.inf
        with np.errstate(invalid="ignore"):
            want = along(along(x.swapaxes(2, 3), 7).swapaxes(2, 3), m)
        got = F.resize(nd(x), size=(7, m)).asnumpy()
        np.testing.assert_array_equal(got, want, f"{n} to {m}", strict=True)
