"""Inverse functions, powers, logarithms and remainders in single precision, to the last place, on random bits."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special as special
from core.arrays import nd

from dlcore.ops import F

rng = np.random.default_rng(17)
BITS = rng.integers(0, 2**32, 200_000, dtype=np.uint32).view(np.float32)
EDGES = np.float32([0.0, -0.0, 1, -1, 0.5, -0.5, 2, 8, 10, 1000, 1e-45, -3e38, np.inf, -np.inf, np.nan])
ANY = np.concatenate([BITS, rng.normal(0, 3, 100_000).astype(np.float32), EDGES])
UNIT = np.concatenate([rng.uniform(-1, 1, 100_000), 1 - np.abs(BITS[np.abs(BITS) < 0.1]), np.float32([1 - 2**-24])])
ALONE = "arcsin arccos arctan arcsinh arccosh arctanh cbrt log2 log10".split()


def check(got: np.ndarray, exact: np.ndarray, places: float = 0.501) -> None:
    """Equal to the exact numbers within so many units in the last place; infinities, NaN and signs are theirs."""
    with np.errstate(over="ignore"):
        want = exact.astype(np.float32)
    finite = np.isfinite(want) & np.isfinite(got)
    np.testing.assert_array_equal(got[~finite], want[~finite])
    np.testing.assert_array_equal(np.signbit(got[finite]), np.signbit(want[finite]))
    off = np.abs(got[finite].astype(np.float64) - exact[finite]) / np.spacing(np.abs(want[finite])).astype(np.float64)
    assert off.max() <= places


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero", "ignore:overflow")
@pytest.mark.parametrize("name", ALONE)
def test_of_one_number(name: str) -> None:
    x = np.concatenate([ANY, UNIT.astype(np.float32)])
    check(getattr(F, name)(nd(x)).asnumpy(), getattr(np, name)(x.astype(np.float64)))


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_exp2() -> None:
    x = ANY[~(np.abs(ANY) > 300)]
    check(F.exp2(nd(x)).asnumpy(), np.exp2(x.astype(np.float64)), 1.05)
    whole = np.arange(-149, 128, dtype=np.float32)
    np.testing.assert_array_equal(F.exp2(nd(whole)).asnumpy(), np.exp2(whole.astype(np.float64)))


def test_erfinv() -> None:
    x = np.concatenate([UNIT, EDGES]).astype(np.float32)
    a = np.abs(x.astype(np.float64))
    check(F.erfinv(nd(x)).asnumpy(), np.copysign(np.where(a < 0.5, special.erfinv(a), special.erfcinv(1 - a)), x), 0.6)


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero", "ignore:overflow")
def test_of_two_numbers() -> None:
    x, y = ANY, np.roll(ANY, 7)
    check(F.arctan2(nd(x), nd(y)).asnumpy(), np.arctan2(x.astype(np.float64), y.astype(np.float64)))
    a, b = (v.ravel() for v in np.meshgrid(np.append(EDGES, rng.uniform(0, 30, 300)), np.append(EDGES, range(-9, 40))))
    a, b = a.astype(np.float32), b.astype(np.float32)
    check(F.power(nd(a), nd(b)).asnumpy(), np.power(a.astype(np.float64), b.astype(np.float64)), 0.55)


@pytest.mark.filterwarnings("ignore:invalid value", "ignore:divide by zero")
@pytest.mark.parametrize("name", ["fmod", "remainder", "floor_divide"])
def test_remainders_are_exact(name: str) -> None:
    """Tiles whose quotients are all moderate take another way than those with edges among them."""
    a, b = (v.ravel().copy() for v in np.meshgrid(EDGES, EDGES))
    pairs = [(a, b)] if name != "floor_divide" else []
    for scale in (1, 1e6, 1e12):
        pairs.append((rng.normal(0, scale, 20_000).astype(np.float32), rng.normal(0, 3, 20_000).astype(np.float32)))
    whole = rng.integers(-(2**31), 2**31, 20_000).astype(np.int32)
    whole[:4], divisors = -(2**31), np.roll(whole, 9) // np.int32(2**25)
    divisors[:4] = -1, 0, 1, -(2**31)
    pairs += [(whole, divisors), (whole, np.int32([7])), (np.int32([-(2**31)]), divisors)]
    for x, y in pairs:
        got = getattr(F, name)(nd(x), nd(y)).asnumpy()
        want = getattr(np, name)(x, y)
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


def test_logarithm_of_gamma() -> None:
    x = np.concatenate([np.linspace(0, 30, 100_001), np.logspace(-40, 36, 50_001), [1, 2]]).astype("float32")
    got, want = F.gammaln(nd(x)).asnumpy().astype("float64"), special.gammaln(x.astype("float64"))
    kept = np.abs(want) < np.finfo(np.float32).max
    got, want = got[kept], want[kept]
    assert (np.abs(got - want) <= 0.51 * np.spacing(np.abs(want).astype("float32"))).all()
    edges = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0, 1.0, 2.0, 1e38], "float32")
    expected = [np.inf, np.inf, np.inf, np.inf, np.nan, np.inf, 0.0, 0.0, np.inf]
    np.testing.assert_array_equal(F.gammaln(nd(edges)).asnumpy(), expected)
    mixed = np.array([-2.5, 3.0, -0.5, 0.25], "float32")  # beside negative numbers the others stay as they are
    found = F.gammaln(nd(np.tile(mixed, 700))).asnumpy().reshape(700, 4)
    np.testing.assert_array_equal(found[:, 1::2], np.tile(F.gammaln(nd(mixed[1::2])).asnumpy(), (700, 1)))
    np.testing.assert_allclose(found[0], special.gammaln(mixed.astype("float64")), rtol=1e-6)
