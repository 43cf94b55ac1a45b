"""Results too large for the caches are written past them: the same numbers, at every alignment and on any threads."""

import numpy as np
import pytest
from core.arrays import nd, threads

from dlcore import np as D
from dlcore.ops import F

N = 17 * 2**20 // 4 + 37  # float32 numbers: above the size from which this happens, and not a whole number of lines
x = np.random.default_rng(3).standard_normal(N).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_elementwise(count: int) -> None:
    with threads(count):
        np.testing.assert_array_equal(F.add(nd(x), nd(x[::-1])).asnumpy(), x + x[::-1])
        np.testing.assert_array_equal(F.multiply(nd(x[1:]), 3.0).asnumpy(), x[1:] * np.float32(3))
        rows = x[: N // 1001 * 1001].reshape(-1, 1001)
        np.testing.assert_array_equal(F.add(nd(rows), nd(x[:1001])).asnumpy(), rows + x[:1001])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_copies(count: int) -> None:
    with threads(count):
        np.testing.assert_array_equal(F.copy(nd(x[3:])).asnumpy(), x[3:])
        np.testing.assert_array_equal(F.cast(nd(x), "float64").asnumpy(), x.astype("float64"))
        np.testing.assert_array_equal(F.copy(nd(x[::-1])).asnumpy(), x[::-1])
        tall = x[: N // 1003 * 1003].reshape(1003, -1)
        np.testing.assert_array_equal(F.copy(nd(tall.T)).asnumpy(), tall.T)
        np.testing.assert_array_equal(F.cast(nd(tall.T), "float64").asnumpy(), tall.T.astype("float64"))
        np.testing.assert_array_equal(
            F.concat(nd(tall), nd(tall[:, :5]), axis=1).asnumpy(), np.concatenate((tall, tall[:, :5]), 1)
        )


def test_moves() -> None:
    tall = x[: N // 1003 * 1003].reshape(1003, -1)
    half = tall[:, : tall.shape[1] // 2 + 1]
    same = np.testing.assert_array_equal
    with threads(3):
        same(F.copy(nd(tall[::-1, ::-1])).asnumpy(), tall[::-1, ::-1])
        same(F.copy(nd(tall[:, 1::][:, ::-1])).asnumpy(), tall[:, 1::][:, ::-1])
        same(F.cast(nd(half[:, ::-1]), "float64").asnumpy(), half[:, ::-1].astype("float64"))
        same(D.tile(nd(half), (2, 2)).asnumpy(), np.tile(half, (2, 2)))
        same(D.roll(nd(tall), 7, 1).asnumpy(), np.roll(tall, 7, 1))
        same(D.repeat(nd(half), 3, 1).asnumpy(), np.repeat(half, 3, 1))
        same(D.repeat(nd(x[: N // 5]), 9).asnumpy(), np.repeat(x[: N // 5], 9))
        same(F.stack(nd(half), nd(half[::-1]), nd(half), axis=-1).asnumpy(), np.stack((half, half[::-1], half), -1))
        same(F.stack(nd(half), nd(half), nd(half), axis=-1).asnumpy(), np.stack((half, half, half), -1))
        same(D.pad(nd(tall), 3, constant_values=2).asnumpy(), np.pad(tall, 3, constant_values=2))
        same(F.tril(nd(tall), 5).asnumpy(), np.tril(tall, 5))
        same(F.triu(nd(tall), -5).asnumpy(), np.triu(tall, -5))


def test_writing_over_an_input() -> None:
    y = nd(x.copy())
    y += 1.0
    np.testing.assert_array_equal(y.asnumpy(), x + np.float32(1))


@pytest.mark.parametrize("reverse", [False, True])
def test_running_sums(reverse: bool) -> None:
    whole = np.rint(x).astype(np.float32)  # sums of whole numbers are exact, in any order
    tall = whole[: N // 1003 * 1003].reshape(1003, -1)
    for values, axis in ((whole, 0), (tall, 0)):
        turned = np.flip(values, axis) if reverse else values
        want = np.cumsum(turned, axis, dtype=np.float64)
        for count in (1, 3):
            with threads(count):
                got = F.cumsum(nd(values), axis, reverse).asnumpy()
            np.testing.assert_array_equal(got, np.flip(want, axis) if reverse else want)


@pytest.mark.parametrize("columns", [48, 1003])
def test_rows_in_any_order(columns: int) -> None:
    table = x[: N // columns * columns].reshape(-1, columns)
    at = np.random.default_rng(5).integers(-len(table), len(table), len(table) + 1)
    for count in (1, 3):
        with threads(count):
            np.testing.assert_array_equal(F.take(nd(table), nd(at), 0).asnumpy(), table[at])
