"""Single calls on 16-bit floats or with truth values, which need no registers; products of complex numbers."""

from __future__ import annotations

import numpy as np
import pytest
from core.arrays import BF16, nd, threads

from dlcore.ops import F

SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1e-7, -3e-8, 65504.0, -65504.0, 1.0, 1e38], np.float32)
N = 100_003  # shared out, and no whole number of vectors
rng = np.random.default_rng(7)
A = np.concatenate((np.repeat(SPECIAL, SPECIAL.size), rng.standard_normal(N).astype(np.float32)))
B = np.concatenate((np.tile(SPECIAL, SPECIAL.size), rng.standard_normal(N).astype(np.float32)))
ARITHMETIC = ("add", "subtract", "multiply", "divide", "maximum", "minimum")
TRUTH = ("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")


def rounded(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    with np.errstate(all="ignore"):
        return x.astype(dtype).astype(np.float32)


def same(got: np.ndarray, want: np.ndarray) -> None:
    got = got.astype(np.float32)
    np.testing.assert_array_equal(got, want)
    known = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(got[known]), np.signbit(want[known]))


@pytest.mark.parametrize("dtype", [np.dtype("float16"), BF16], ids=str)
@pytest.mark.parametrize("name", ARITHMETIC + TRUTH)
def test_halves(name: str, dtype: np.dtype) -> None:
    """What single precision gives, rounded once."""
    a, b = rounded(A, dtype), rounded(B, dtype)
    x, y, three = nd(a.astype(dtype)), nd(b.astype(dtype)), np.float32(3)
    ours = getattr(F, name)
    theirs = getattr(np, name)
    for got, left, right in ((ours(x, y), a, b), (ours(x, 3.0), a, three), (ours(3.0, x), three, a)):
        with np.errstate(all="ignore"):
            want = theirs(left, right)
        if name in TRUTH:
            np.testing.assert_array_equal(got.asnumpy(), want, strict=True)
        else:
            assert got.dtype == dtype
            same(got.asnumpy(), rounded(want, dtype))


@pytest.mark.parametrize("dtype", [np.dtype("float16"), BF16], ids=str)
def test_halves_alone_and_in_place(dtype: np.dtype) -> None:
    a = rounded(A, dtype)
    x = nd(a.astype(dtype))
    same(F.abs(x).asnumpy(), np.abs(a))
    same(F.negative(x).asnumpy(), -a)
    same(F.relu(x).asnumpy(), np.where(a > 0, a, np.where(np.isnan(a), a, np.float32(0))))
    x += x
    with np.errstate(all="ignore"):
        same(x.asnumpy(), rounded(a + a, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
@pytest.mark.parametrize("name", TRUTH)
def test_truth_values(name: str, dtype: str) -> None:
    a, b = (A.astype(dtype), B.astype(dtype)) if dtype[0] == "f" else rng.integers(-3, 3, (2, N)).astype(dtype)
    ours, theirs = getattr(F, name), getattr(np, name)
    for count in (1, 3):
        with threads(count):
            np.testing.assert_array_equal(ours(nd(a), nd(b)).asnumpy(), theirs(a, b), strict=True)
            np.testing.assert_array_equal(ours(nd(a), 1).asnumpy(), theirs(a, 1), strict=True)
            np.testing.assert_array_equal(ours(1, nd(a)).asnumpy(), theirs(1, a), strict=True)


def test_results_past_the_caches() -> None:
    """Direct ones and such as are converted from registers, neighbours of what was not written intact."""
    x = rng.standard_normal(17 * 2**19 + 37).astype(np.float16)
    half = nd(x)
    for got, want in ((half * 3.0, x * np.float16(3)), (F.square(half) * half, None)):
        exact = x.astype(np.float32) ** 2
        wide = rounded(rounded(exact, x.dtype) * x, x.dtype) if want is None else want.astype(np.float32)
        np.testing.assert_array_equal(got.asnumpy().astype(np.float32), wide)
    got = F.hard_swish(half).asnumpy().astype(np.float32)
    wide = x.astype(np.float32)
    np.testing.assert_allclose(got, wide * np.clip(wide + 3, 0, 6) / 6, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_products_of_complex_numbers(dtype: str) -> None:
    """Every product is rounded before it is added, so that a number times its conjugate is real."""
    part = "float32" if dtype == "complex64" else "float64"
    z = (rng.standard_normal(N) + 1j * rng.standard_normal(N)).astype(dtype)
    w = (rng.standard_normal(N) + 1j * rng.standard_normal(N)).astype(dtype)

    def product(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        a, b, c, d = (p.astype(part) for p in (u.real, u.imag, v.real, v.imag))
        return (a * c - b * d) + 1j * (a * d + b * c)

    one = np.asarray(w[0])
    for left, right in ((z, w), (z, one), (one, z), (z, z.conj())):
        got = F.multiply(nd(left), nd(right)).asnumpy()
        np.testing.assert_array_equal(got, product(left, right).astype(dtype))
    assert not F.multiply(nd(z), F.conj(nd(z))).asnumpy().imag.any()


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_maximum_and_a_minimum_in_one_step(dtype: str) -> None:
    with np.errstate(over="ignore"):
        x = A.astype(dtype)
    want = np.minimum(np.maximum(x, np.asarray(-0.5, dtype)), np.asarray(1, dtype))
    np.testing.assert_array_equal(F.clip(nd(x), -0.5, 1.0).asnumpy(), want, strict=True)
    np.testing.assert_array_equal(F.clip(nd(x[::3]), -0.5, 1.0).asnumpy(), want[::3], strict=True)
    low, high = nd(np.asarray(-0.5, dtype)), nd(np.full(x.shape, 1, dtype))  # an array is no single value
    np.testing.assert_array_equal(F.clip(nd(x), low, high).asnumpy(), want, strict=True)
    rows = x[: N // 50 * 50].reshape(-1, 50)  # one number a row
    per_row = F.clip(nd(rows), nd(rows[:, :1].copy()), 1.0).asnumpy()
    np.testing.assert_array_equal(per_row, np.minimum(np.maximum(rows, rows[:, :1]), np.asarray(1, dtype)))
    for bounds in ((np.nan, 1.0), (0.0, np.nan)):
        assert np.isnan(F.clip(nd(x), *bounds).asnumpy()).all()
    y = nd(x.copy())
    F.clip(y, -0.5, 1.0, out=y)
    np.testing.assert_array_equal(y.asnumpy(), want)
