"""Results too large for the caches are written past them: the same numbers, at every alignment and on any threads."""

from collections.abc import Iterator

import numpy as np
import pytest
from core.arrays import nd, streaming, threads

from dlcore import _core
from dlcore import np as D
from dlcore.ops import F

N = 290 * 1003 + 37  # float32 numbers: above the size from which this happens here, and not a whole number of lines
x = np.random.default_rng(3).standard_normal(N).astype(np.float32)


@pytest.fixture(autouse=True)
def all_are_large() -> Iterator[None]:
    with streaming(1 << 16):
        yield


def test_from_which_size() -> None:
    assert _core.stream_bytes() == 1 << 16
    with pytest.raises(ValueError, match="set_stream_bytes: expected at least 1, got 0"):
        _core.set_stream_bytes(0)
    with streaming():
        _core.set_stream_bytes(1)
    assert _core.stream_bytes() == 1 << 16


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


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int32", "int64", "uint8", "complex64"])
def test_one_operation_on_every_alignment(dtype: str) -> None:
    """Neighbours of what is written stay as they are, wherever it begins and ends."""
    with np.errstate(invalid="ignore"):
        a, b = (x * 50).astype(dtype), (x[::-1] * 40).astype(dtype)
    for first, last, count in ((0, 0, 1), (1, 0, 2), (3, 1, 3), (63, 17, 2)):
        to = np.full(N + 2, 7, dtype)
        p, q = a[first : N - last], b[first : N - last]
        with threads(count):
            F.add(nd(p), nd(q), out=nd(to[first + 1 : N - last + 1]))
            np.testing.assert_array_equal(to[first + 1 : N - last + 1], p + q)
            assert (to[: first + 1] == 7).all() and (to[N - last + 1 :] == 7).all()
            np.testing.assert_array_equal((nd(p) * 3).asnumpy(), p * np.asarray(3, dtype))
            np.testing.assert_array_equal((nd(p) == nd(q)).asnumpy(), p == q)


def test_several_operations_and_outputs() -> None:
    with threads(2):
        got = F.square(F.subtract(nd(x), nd(x[::-1].copy()))).asnumpy()
        np.testing.assert_array_equal(got, np.square(x - x[::-1]))
        rows = x[: N // 1003 * 1003].reshape(-1, 1003)
        np.testing.assert_array_equal(F.multiply(nd(rows), nd(rows[:, :1])).asnumpy(), rows * rows[:, :1])
        np.testing.assert_array_equal(F.clip(nd(x), -1, 1).asnumpy(), x.clip(-1, 1))


def test_writing_over_an_input() -> None:
    y = nd(x.copy())
    y += 1.0
    np.testing.assert_array_equal(y.asnumpy(), x + np.float32(1))
    memory = x.copy()
    F.add(nd(memory[:-1]), 1.0, out=nd(memory[1:]))  # one element on: what was read must have been x
    np.testing.assert_array_equal(memory[1:], x[:-1] + np.float32(1))


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
    table = np.tile(x, 3)[3 : 3 + 800_000 // columns * columns].reshape(-1, columns)  # larger than a core's own cache
    at = np.random.default_rng(5).integers(-len(table), len(table), len(table) + 1)
    for count in (1, 3):
        with threads(count):
            np.testing.assert_array_equal(F.take(nd(table), nd(at), 0).asnumpy(), table[at])
