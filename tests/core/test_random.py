"""Random arrays: the generator's published values, the written mapping bit by bit, any number of threads."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import threads

from dlcore import _core
from dlcore.ops import F

SEED, COUNTER, N = 0x123456789ABCDEF0, 0xFFFFFFF0, 5003  # the counter passes 2^32 on the way


def philox(seed: int, blocks: np.ndarray, stream: int) -> np.ndarray:
    """Philox 4x32-10 as its authors define it (Salmon et al., SC 2011): four words for each block number."""
    low = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    x = [blocks & low, blocks >> half, np.full_like(blocks, stream), np.zeros_like(blocks)]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * x[0], np.uint64(0xCD9E8D57) * x[2]
        x = [(b >> half) ^ x[1] ^ np.uint64(key[0]), b & low, (a >> half) ^ x[3] ^ np.uint64(key[1]), a & low]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(x, -1)


def words(n: int, stream: int) -> np.ndarray:
    blocks = np.arange(COUNTER, COUNTER + (n + 3) // 4, dtype=np.uint64)
    return philox(SEED, blocks, stream).ravel()[:n]


@pytest.fixture(autouse=True)
def state():  # type: ignore[no-untyped-def]
    before = _core.rng_state()
    _core.set_rng_state((SEED, COUNTER))
    yield
    _core.set_rng_state(before)


W, W2 = words(N, 0), words(N, 1)
U = (W >> np.uint64(8)).astype("float32") * np.float32(2**-24)
U64 = (W.astype("float64") * 2**21 + (W2 >> np.uint64(11)).astype("float64")) * 2.0**-53


def test_published_values() -> None:
    want = [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]  # counter and key zero, from the authors' test vectors
    assert philox(0, np.zeros(1, np.uint64), 0)[0].tolist() == want
    _core.set_rng_state((0, 0))
    assert F.random_randint(0, 2**32, shape=(4,)).asnumpy().tolist() == want


def test_uniform_mapping() -> None:
    np.testing.assert_array_equal(F.random_uniform(shape=(N,)).asnumpy(), U)
    _core.set_rng_state((SEED, COUNTER))
    got = F.random_uniform(-1.3, 2.7, shape=(N,)).asnumpy()
    np.testing.assert_array_equal(got, U * np.float32(4.0) + np.float32(-1.3))
    _core.set_rng_state((SEED, COUNTER))
    np.testing.assert_array_equal(F.random_uniform(0.0, 3.0, shape=(N,), dtype="float64").asnumpy(), U64 * 3)


def test_uniform_never_reaches_its_upper_end() -> None:
    x = F.random_uniform(1.0, 1.0000002, shape=(4000,)).asnumpy()
    assert x.min() >= 1.0
    assert x.max() < np.float32(1.0000002)


def test_integer_and_choice_mappings() -> None:
    key = (W << np.uint64(32)) | W2
    want = [-5 + (int(k) * 1005 >> 64) for k in key]
    assert F.random_randint(-5, 1000, shape=(N,)).asnumpy().tolist() == want
    _core.set_rng_state((SEED, COUNTER))
    np.testing.assert_array_equal(F.random_bernoulli(0.3, shape=(N,)).asnumpy(), (U < 0.3).astype("float32"))
    _core.set_rng_state((SEED, COUNTER))
    np.testing.assert_array_equal(F.random_permutation(N).asnumpy(), np.argsort(key, kind="stable"))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 100, 16384, 200003])
def test_orders_of_every_size(n: int) -> None:
    first, second = words(n, 0), words(n, 1)
    want = np.argsort((first << np.uint64(32)) | second, kind="stable")
    if n == 200003:  # some of the upper halves are equal
        assert len(np.unique(first)) < n
    for count in (1, 3):
        _core.set_rng_state((SEED, COUNTER))
        with threads(count):
            np.testing.assert_array_equal(F.random_permutation(n).asnumpy(), want)


def test_normal_mapping() -> None:
    pairs = (W[:5000] >> np.uint64(8)).astype("float64").reshape(-1, 2)
    radius, angle = np.sqrt(-2 * np.log((pairs[:, 0] + 1) / 2**24)), 2 * np.pi * pairs[:, 1] / 2**24
    want = np.stack([radius * np.cos(angle), radius * np.sin(angle)], -1).ravel()
    got = F.random_normal(1.0, 2.0, shape=(5000,)).asnumpy()
    np.testing.assert_allclose(got, 1 + 2 * want, rtol=0, atol=2e-6)


def test_moments() -> None:
    x = F.random_normal(shape=(400_000,), dtype="float64").asnumpy()
    assert abs(x.mean()) < 0.01
    assert abs(x.var() - 1) < 0.01
    assert abs((x**4).mean() - 3) < 0.06
    counts = np.bincount(F.random_randint(0, 7, shape=(70_000,)).asnumpy(), minlength=7)
    assert counts.size == 7
    assert np.all(np.abs(counts - 10_000) < 500)


@pytest.mark.parametrize("name", ["random_uniform", "random_normal", "random_bernoulli"])
def test_same_numbers_for_any_number_of_threads(name: str) -> None:
    results = []
    for n in (1, 2, 7):
        _core.set_rng_state((SEED, COUNTER))
        with threads(n):
            results.append(getattr(F, name)(shape=(200_001,)).asnumpy())
    np.testing.assert_array_equal(results[0], results[1])
    np.testing.assert_array_equal(results[0], results[2])


def test_calls_take_blocks_in_turn() -> None:
    F.random_uniform(shape=(5,))  # two blocks
    assert tuple(_core.rng_state()) == (SEED, COUNTER + 2)
    np.testing.assert_array_equal(F.random_uniform(shape=(4,)).asnumpy(), U[8:12])


def test_errors_say_what_was_given() -> None:
    with pytest.raises(ValueError, match="random_normal: scale must not be negative, got -1"):
        F.random_normal(0.0, -1.0, shape=(2,))
    with pytest.raises(ValueError, match="random_randint: high must be above low, got low=3 and high=3"):
        F.random_randint(3, 3, shape=(2,))
