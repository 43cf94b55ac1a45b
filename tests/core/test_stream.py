"""Results too large for the caches are written past them: the same numbers, at every alignment and on any threads."""

import numpy as np
import pytest
from core.arrays import nd, threads

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


def test_writing_over_an_input() -> None:
    y = nd(x.copy())
    y += 1.0
    np.testing.assert_array_equal(y.asnumpy(), x + np.float32(1))
