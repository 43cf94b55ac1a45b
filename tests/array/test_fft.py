"""`dlcore.np.fft` against NumPy's, with its dtypes, errors and gradients."""

from __future__ import annotations

from typing import Any

import numpy
import pytest

from dlcore import autograd, jit, np

RNG = numpy.random.default_rng(3)
REAL = RNG.normal(size=(3, 4, 6))
COMPLEX = REAL + 1j * RNG.normal(size=(3, 4, 6))
ONE_AXIS = ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"]
MANY_AXES = ["fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2"]


def data(name: str, dtype: str) -> numpy.ndarray:
    takes_real = name.startswith(("rfft", "ihfft"))
    return (REAL if takes_real else COMPLEX).astype(dtype if takes_real else f"complex{int(dtype[5:]) * 2}")


def compare(got: Any, want: numpy.ndarray, dtype: str) -> None:
    single = dtype == "float32"
    kind = want.dtype.kind
    assert got.dtype == numpy.dtype({"c": "complex64", "f": "float32"}[kind] if single else want.dtype)
    limit = 2e-6 if single else 1e-14
    numpy.testing.assert_allclose(got.asnumpy(), want, rtol=limit, atol=limit * 30)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ONE_AXIS)
def test_one_axis(name: str, dtype: str) -> None:
    x = data(name, dtype)
    wide = x.astype("complex128" if x.dtype.kind == "c" else "float64")
    for arguments in ({}, {"n": 9}, {"n": 4}, {"axis": 0}, {"n": 5, "axis": 1, "norm": "ortho"}, {"norm": "forward"}):
        compare(getattr(np.fft, name)(np.array(x), **arguments), getattr(numpy.fft, name)(wide, **arguments), dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", MANY_AXES)
def test_many_axes(name: str, dtype: str) -> None:
    x = data(name, dtype)
    wide = x.astype("complex128" if x.dtype.kind == "c" else "float64")
    rows: list[dict[str, Any]] = [{}, {"norm": "ortho"}, {"s": (5, 4), "axes": (0, 2)}, {"axes": (2, 1)}]
    for arguments in rows:
        compare(getattr(np.fft, name)(np.array(x), **arguments), getattr(numpy.fft, name)(wide, **arguments), dtype)


def test_whole_and_short_numbers_count_as_float32() -> None:
    assert np.fft.fft([1, 2, 3]).dtype == numpy.complex64
    assert np.fft.rfft(np.ones(4, "float16")).dtype == numpy.complex64
    assert np.fft.irfft(np.ones(3, "bfloat16")).dtype == numpy.float32


@pytest.mark.parametrize("n", [1, 2, 7, 8])
def test_frequencies_and_shifts(n: int) -> None:
    numpy.testing.assert_allclose(np.fft.fftfreq(n, 0.1, dtype="float64").asnumpy(), numpy.fft.fftfreq(n, 0.1))
    numpy.testing.assert_allclose(np.fft.rfftfreq(n, d=0.1).asnumpy(), numpy.fft.rfftfreq(n, 0.1), rtol=1e-6)
    assert np.fft.fftfreq(n).dtype == numpy.float32
    x = np.arange(3 * n).reshape((3, n))
    for axes in (None, 1, (0, 1)):
        shifted = np.fft.fftshift(x, axes=axes)
        assert shifted.tolist() == numpy.fft.fftshift(x.asnumpy(), axes).tolist()
        assert np.fft.ifftshift(shifted, axes=axes).tolist() == x.tolist()


def test_errors_name_the_function_and_what_came() -> None:
    x = np.ones((2, 3))
    with pytest.raises(IndexError, match="fft: axis 2 is out of range for an array of 2 dimensions"):
        np.fft.fft(x, axis=2)
    with pytest.raises(ValueError, match=r"fft: expected a transform of at least 1 point, got 0"):
        np.fft.fft(x, 0)
    with pytest.raises(ValueError, match="fft: norm must be 'backward', 'ortho' or 'forward', got 'half'"):
        np.fft.fft(x, norm="half")
    with pytest.raises(TypeError, match="rfft: expected real numbers, got complex64"):
        np.fft.rfft(np.array([1j]))
    with pytest.raises(ValueError, match=r"fftn: s \(2,\) and axes \(0, 1\) must be equally many"):
        np.fft.fftn(x, (2,), (0, 1))
    with pytest.raises(ValueError, match=r"rfftn: at least one axis"):
        np.fft.rfftn(x, axes=())
    with pytest.raises(TypeError, match="fftfreq: dtype must be a real floating-point one, got int32"):
        np.fft.fftfreq(3, dtype="int32")


@pytest.mark.parametrize("name", ONE_AXIS)
def test_the_transform_of_nothing_is_zero(name: str) -> None:
    for _ in range(3):  # memory used before must not shine through
        used = np.full((3, 5), 7.0) * 2
        del used
        y = getattr(np.fft, name)(np.zeros((0, 5), dtype="complex64" if name in ("irfft", "hfft") else "float32"), 3, 0)
        assert not y.asnumpy().any() and y.shape[1] == 5


def power(x: Any) -> Any:
    """A real number of a spectrum and its inverse, of fourth order in x."""
    y = np.fft.rfftn(x, norm="ortho")
    z = np.fft.irfft(y * y, 5, axis=1)
    return (z * z).sum() + np.abs(np.fft.hfft(np.fft.fft(x, axis=0))).sum()


def test_gradients_of_first_and_second_order_through_complex_numbers() -> None:
    start, way = RNG.normal(size=(4, 6)), RNG.normal(size=(4, 6))

    def slope(at: numpy.ndarray) -> numpy.ndarray:
        x = np.array(at)
        x.attach_grad()
        with autograd.record():
            return autograd.grad(power(x), x).asnumpy()

    x = np.array(start)
    x.attach_grad()
    with autograd.record():
        first = autograd.grad(power(x), x, create_graph=True)
        along = (first * np.array(way)).sum()
    second = autograd.grad(along, x).asnumpy()
    step = 1e-5
    found = float((first.asnumpy() * way).sum())
    want = (float(power(np.array(start + step * way))) - float(power(np.array(start - step * way)))) / (2 * step)
    assert first.dtype == numpy.float64 and found == pytest.approx(want, rel=1e-7)
    want_second = (slope(start + step * way) - slope(start - step * way)) / (2 * step)
    numpy.testing.assert_allclose(second, want_second, rtol=1e-6, atol=1e-5)


def test_compiled_is_the_same() -> None:
    x = np.array(REAL[0])
    assert float(jit(power)(x)) == pytest.approx(float(power(x)), rel=1e-13)
