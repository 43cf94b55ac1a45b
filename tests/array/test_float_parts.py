"""Numbers taken apart, against NumPy."""

from __future__ import annotations

import numpy
import pytest

from dlcore import autograd, np

VALUES = [1.5, -2.25, 0.0, -0.0, 1e-30, 3.0, numpy.inf, -numpy.inf, numpy.nan]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["modf", "frexp"])
def test_two_parts(name: str, dtype: str) -> None:
    x = numpy.array(VALUES, dtype)
    with numpy.errstate(all="ignore"):
        wanted = getattr(numpy, name)(x)
    for got, want in zip(getattr(np, name)(np.array(x)), wanted, strict=True):
        assert got.dtype == want.dtype
        numpy.testing.assert_array_equal(got.asnumpy(), want)
        if want.dtype.kind == "f":
            numbers = ~numpy.isnan(want)
            numpy.testing.assert_array_equal(numpy.signbit(got.asnumpy())[numbers], numpy.signbit(want)[numbers])


def test_divmod_ldexp_and_spacing() -> None:
    a, b = numpy.array([7, -7, 7, -7, 5]), numpy.array([3, 3, -3, -3, 0])
    with numpy.errstate(all="ignore"):
        for got, want in zip(np.divmod(np.array(a), np.array(b)), numpy.divmod(a, b), strict=True):
            assert got.tolist() == want.tolist()
    m, e = np.frexp(np.array([1e30, -3.0, 2.0**-140]))
    assert np.ldexp(m, e).tolist() == np.array([1e30, -3.0, 2.0**-140]).tolist()
    for dtype in ("float16", "float32", "float64"):
        x = numpy.array([1.0, -3.0, 1000.0], dtype)
        assert np.spacing(np.array(x)).tolist() == numpy.spacing(x).tolist()


def test_whole_numbers_and_gradients() -> None:
    assert [p.tolist() for p in np.modf([3, -2])] == [[0.0, -0.0], [3.0, -2.0]]
    x = np.array([1.25, -2.5])
    x.attach_grad()
    with autograd.record():
        fraction, _ = np.modf(x)
        (fraction * fraction).sum().backward()
    assert x.grad.tolist() == [0.5, -1.0]
