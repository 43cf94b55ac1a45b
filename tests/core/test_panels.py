"""Matrix products against NumPy in double precision: sizes around the edges of blocks, layouts, thread counts."""

import itertools

import numpy as np
import pytest

from dlcore import _core, nd

# Around a panel's 32 or 16 columns, a tile's 8 or 6 rows, and the 1024 numbers of k that are summed at a time (512 with
# few rows, 64 where b is read as it lies).
SIZES = [(1, 1, 1), (7, 15, 33), (9, 33, 5), (6, 272, 300), (70, 31, 64), (64, 128, 784), (130, 97, 1030),
         (600, 48, 2050), (1040, 64, 300)]  # fmt: skip


def _stored(x: np.ndarray, turned: bool, gap: bool) -> nd.NDArray:
    """`x` as an array in row-major or column-major memory, with or without unused numbers between its lines."""
    x = x.T if turned else x
    held = nd.array(np.pad(x, ((0, 0), (0, 3))) if gap else np.ascontiguousarray(x))
    held = held[:, : x.shape[1]]
    return held.T if turned else held


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_product(size: tuple[int, int, int]) -> None:
    m, n, k = size
    rng = np.random.default_rng(m)
    a, b = rng.standard_normal((m, k), "f4"), rng.standard_normal((k, n), "f4")
    right = a.astype("f8") @ b.astype("f8")
    bound = 3e-7 * (np.abs(a).astype("f8") @ np.abs(b)).max() + 1e-6
    for ta, tb, gap in itertools.product((False, True), repeat=3):
        got = nd.dot(_stored(a, ta, gap), _stored(b, tb, gap)).asnumpy()
        assert np.abs(got - right).max() <= bound, (ta, tb, gap)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_dense_with_bias(size: tuple[int, int, int]) -> None:
    m, n, k = size
    rng = np.random.default_rng(n)
    x, w, b = (rng.standard_normal(shape, "f4") for shape in ((m, k), (n, k), (n,)))
    right = x.astype("f8") @ w.T.astype("f8") + b
    got = nd.FullyConnected(nd.array(x), nd.array(w), nd.array(b), num_hidden=n).asnumpy()
    assert np.abs(got - right).max() <= 3e-7 * (np.abs(x).astype("f8") @ np.abs(w.T)).max() + 1e-6


def test_every_number_of_threads_gives_the_same_bits() -> None:
    rng = np.random.default_rng(3)
    before = _core.num_threads()
    try:
        for m, n, k in SIZES:
            a, b = nd.array(rng.standard_normal((m, k), "f4")), nd.array(rng.standard_normal((n, k), "f4"))
            turned = [nd.array(np.ascontiguousarray(v.asnumpy().T)) for v in (a, b)]  # read where they lie
            made = []
            for threads in (1, 2, 3):
                _core.set_num_threads(threads)
                made.append((nd.dot(a, b, transpose_b=True).asnumpy(), nd.dot(*turned, transpose_a=True).asnumpy()))
            for way in (0, 1):
                assert all((made[0][way] == other[way]).all() for other in made[1:]), (m, n, k, way)
    finally:
        _core.set_num_threads(before)


def test_batches_of_products() -> None:
    rng = np.random.default_rng(4)
    for batch, m, n, k in ((3, 5, 7, 9), (40, 17, 35, 20), (2, 150, 130, 70)):
        a, b = rng.standard_normal((batch, m, k), "f4"), rng.standard_normal((batch, k, n), "f4")
        got = nd.batch_dot(nd.array(a), nd.array(b)).asnumpy()
        np.testing.assert_allclose(got, a.astype("f8") @ b, rtol=1e-4, atol=1e-4)


def test_what_is_not_a_number_stays_in_its_line() -> None:
    a = np.ones((20, 40), "f4")
    a[3, 5] = np.nan
    got = nd.dot(nd.array(a), nd.array(np.ones((40, 50), "f4"))).asnumpy()
    assert np.isnan(got[3]).all() and (np.delete(got, 3, 0) == 40).all()
