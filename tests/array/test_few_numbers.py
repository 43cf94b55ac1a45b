"""Functions that few numbers take another way than many: both ways give what NumPy gives."""

from __future__ import annotations

import numpy as np
import pytest

from dlcore import autograd
from dlcore import np as xp

SIZES = [1, 4, 7, 2048, 2049, 5000]  # one call of the core takes 2048
KINDS = ["bool", "int8", "uint16", "int64", "float16", "float32", "float64"]


def numbers(size: int, kind: str) -> np.ndarray:
    """Some of them equal, of floating-point ones a few NaN."""
    rng = np.random.default_rng(size)
    x = (rng.integers(-40, 40, size) * 1.5).astype(kind)
    if kind[0] == "f":
        x[rng.random(size) < 0.1] = np.nan
    return x


@pytest.mark.parametrize("kind", KINDS)
def test_different_numbers(kind: str) -> None:
    for size in SIZES:
        x = numbers(size, kind)
        for view in (x, x[::-1], x[::2]):
            np.testing.assert_array_equal(xp.unique(xp.asarray(view)).asnumpy(), np.unique(view), strict=True)
    assert np.signbit(xp.unique(xp.array([-0.0, 0.0])).asnumpy()).tolist() == [True]  # the first of equal ones


@pytest.mark.parametrize("kind", KINDS)
def test_the_middle_number(kind: str) -> None:
    for size in SIZES:
        x = numbers(size, kind)
        for view in (x, np.nan_to_num(x), np.nan_to_num(x)[::-2], np.nan_to_num(x)[: 2 * (size // 2)]):
            if view.size:
                got = xp.median(xp.asarray(view))
                np.testing.assert_allclose(got.asnumpy(), np.median(view))
                assert got.shape == () and got.dtype == (view.dtype if kind[0] == "f" else "float32")
    assert (
        float(xp.median(xp.array([-np.inf, 1.0, np.inf]))) == 1 and float(xp.median(xp.array([np.inf] * 2))) == np.inf
    )
    assert np.isnan(float(xp.median(xp.zeros((0,)))))
    x = xp.array([3.0, 1.0, 2.0, 5.0])
    x.attach_grad()
    with autograd.record():
        y = xp.median(x)
    y.backward()
    assert x.grad.tolist() == [0.5, 0, 0.5, 0]


@pytest.mark.parametrize("kind", [*KINDS, "complex64"])
def test_the_same_numbers(kind: str) -> None:
    for size in (*SIZES, 300_000):
        x = numbers(size, kind)
        other = x.copy()
        for _ in range(2):  # all the same, then without the last one
            for equal_nan in (False, True):
                want = np.array_equal(x, other, equal_nan)
                assert xp.array_equal(xp.array(x), xp.array(other), equal_nan) is want
                assert xp.array_equal(xp.asarray(x[::-1]), xp.asarray(other[::-1]), equal_nan) is want
            other[-1] = not other[-1]
    assert not xp.array_equal(xp.ones(3), xp.ones(4)) and xp.array_equal(xp.ones(3), xp.ones(3, dtype="int64"))
    assert xp.array_equal(xp.array([0.0]), xp.array([-0.0])) and xp.array_equal(xp.ones((0, 2)), xp.ones((0, 2)))


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft"])
def test_transforms_of_a_few_points(name: str) -> None:
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 4, 6, 7, 8, 12, 15, 16, 25, 30, 31, 32, 33, 60):
        for kind in ("float32", "float64") if name == "rfft" else ("float32", "complex64", "complex128"):
            x = rng.normal(size=(3, 9, 2)).astype(kind)
            x = (x * (1 + 1j)).astype(kind) if kind[0] == "c" else x
            wide = np.result_type(kind, np.float64)
            for norm in ("backward", "ortho", "forward"):
                for given in (x, x[:1, ::-1, 0]):
                    want = getattr(np.fft, name)(given.astype(wide), n, 1, norm)
                    got = getattr(xp.fft, name)(xp.asarray(given), n, 1, norm).asnumpy()
                    assert got.dtype == getattr(np.fft, name)(given, n, 1, norm).dtype
                    error = np.abs(got - want).max() / max(1, np.abs(want).max())
                    assert error < (1e-15 if kind == wide else 3e-7)  # a few roundings
    holes = np.array([1.0, np.nan, 2.0])
    assert np.isnan(getattr(xp.fft, name)(xp.array(holes)).asnumpy()).any()
    step = getattr(xp.fft, name)(xp.array([1.0, 2.0] * 6), 12).asnumpy()
    assert np.count_nonzero(step) <= np.count_nonzero(getattr(np.fft, name)([1.0, 2.0] * 6, 12))  # sums that cancel
