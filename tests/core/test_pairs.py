"""Products of bfloat16 matrices against NumPy in double precision: sizes at the edges of blocks, layouts, threads."""

import itertools

import ml_dtypes
import numpy as np
import pytest
from core.arrays import threads
from core.test_panels import _stored

from dlcore import nd
from dlcore.ops import F

# Around a panel's 32 or 16 columns, a tile's 8 and a block's 64 rows, pairs, the 4096 numbers of k that are summed at a
# time, and one row or few.
SIZES = [(1, 1, 1), (3, 20, 6), (7, 15, 33), (9, 33, 5), (70, 31, 64), (64, 128, 784), (130, 97, 1030), (520, 48, 2050),
         (150, 40, 4101), (30, 70, 8194)]  # fmt: skip


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_product(size: tuple[int, int, int]) -> None:
    m, n, k = size
    rng = np.random.default_rng(m)
    a, b = (rng.standard_normal(s).astype(ml_dtypes.bfloat16) for s in ((m, k), (k, n)))
    right = a.astype("f8") @ b.astype("f8")
    for ta, tb, gap in itertools.product((False, True), repeat=3):
        x, y = (_stored(v.astype("f4"), turned, gap).astype("bfloat16") for v, turned in ((a, ta), (b, tb)))
        got = []
        for count in (1, 3):
            with threads(count):
                got.append(nd.dot(x, y).asnumpy().astype("f8"))
        np.testing.assert_array_equal(got[0], got[1])
        bound = 1e-6 * (np.abs(a).astype("f8") @ np.abs(b).astype("f8"))
        assert (np.abs(got[0] - right) <= 2.0**-8 * np.abs(right) + bound).all(), (ta, tb, gap)


def test_a_bias_is_added_before_rounding() -> None:
    rng = np.random.default_rng(2)
    for m, n, k in SIZES[:6]:
        x, w, b = (nd.array(rng.standard_normal(s).astype("f4")).astype("bfloat16") for s in ((m, k), (n, k), (n,)))
        right = x.asnumpy().astype("f8") @ w.asnumpy().astype("f8").T + b.asnumpy().astype("f8")
        np.testing.assert_allclose(F.dense(x, w, b).asnumpy().astype("f8"), right, rtol=1.01 * 2.0**-8, atol=1e-4)


def test_batches() -> None:
    rng = np.random.default_rng(4)
    for batch, m, n, k in ((3, 5, 7, 9), (40, 17, 35, 20), (2, 150, 130, 70)):
        a, b = (nd.array(rng.standard_normal((batch, *s)).astype("f4")).astype("bfloat16") for s in ((m, k), (k, n)))
        right = a.asnumpy().astype("f8") @ b.asnumpy().astype("f8")
        np.testing.assert_allclose(nd.batch_dot(a, b).asnumpy().astype("f8"), right, rtol=1.01 * 2.0**-8, atol=1e-4)


def test_what_is_not_a_number_stays_in_its_line() -> None:
    a = np.ones((20, 41), "f4")
    a[3, 40] = np.nan
    got = nd.dot(nd.array(a).astype("bfloat16"), nd.ones((41, 50)).astype("bfloat16")).asnumpy().astype("f4")
    assert np.isnan(got[3]).all() and (np.delete(got, 3, 0) == 41).all()
