"""Complex numbers through every operator that takes them, and a clear refusal by every one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from ops import complex_harness, harness, slopes

from dlcore import _core, autograd
from dlcore.ops import RECORDS, F, Op

TAKES = [pytest.param(r, id=r.name) for r in RECORDS.values() if r.takes_complex and r.inputs and r.samples]
DIFFERENTIABLE = [p for p in TAKES if slopes.differentiable(p.values[0])]
REFUSES = [
    pytest.param(r, id=r.name)
    for r in RECORDS.values()
    if (r.expr or r.kernel) and not r.takes_complex and not r.complex_twin and r.inputs and not r.inputs[0].scalar
]


def array(value: object, dtype: str = "complex128") -> _core.NDArray:
    return _core.from_numpy(np.asarray(value, dtype))


@pytest.mark.parametrize("record", TAKES)
def test_agrees_with_its_oracle(record: Op) -> None:
    counts = [complex_harness.check_oracle(record, dtype) for dtype in complex_harness.COMPLEX]
    assert all(counts), "no sample became complex"


@pytest.mark.parametrize("record", DIFFERENTIABLE)
def test_first_and_second_derivatives(record: Op) -> None:
    assert complex_harness.check_gradients(record), "no sample has a complex array that a gradient flows to"


@pytest.mark.parametrize("record", TAKES)
def test_compiled_forward_is_the_same(record: Op) -> None:
    function = harness.function(record)
    for layout, inputs, attrs in complex_harness.calls(record, np.dtype("complex64")):
        arrays = harness.to_arrays(inputs)
        wanted = harness.listed(function(*arrays, **attrs))
        found = harness.results_compiled(record, arrays, attrs)
        for got, want in zip(found, wanted, strict=True):
            assert (got.shape, got.dtype) == (want.shape, want.dtype), layout
            np.testing.assert_allclose(got.asnumpy(), want.asnumpy(), rtol=2e-5, atol=2e-6, err_msg=layout)


@pytest.mark.parametrize("record", REFUSES)
def test_the_others_refuse_complex_numbers(record: Op) -> None:
    _, inputs, attrs = next(harness.calls_of(record, np.dtype(np.float32), harness.generator(record)))
    inputs = [v.astype(np.complex64) if isinstance(v, np.ndarray) and v.dtype.kind == "f" else v for v in inputs]
    if not any(isinstance(v, np.ndarray) and v.dtype.kind == "c" for v in inputs):
        inputs[0] = np.asarray(inputs[0]).astype(np.complex64)
    with pytest.raises(TypeError, match="complex64|integer"):
        harness.function(record)(*harness.to_arrays(inputs), **attrs)


FUNCTIONS = (
    "exp exp2 expm1 log log2 log10 log1p sqrt square reciprocal negative sign abs angle conj real imag isnan isinf "
    "isfinite sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh logical_not"
).split()
SPECIAL = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan]
POINTS = np.array([complex(a, b) for a in SPECIAL for b in SPECIAL])
# Where NumPy itself does not give what the array-API standard and annex G of C99 ask for, by function: these points
# are checked against the standard's own words in the tests below.
NUMPY_DIFFERS = {
    "expm1": lambda z: ~np.isfinite(z),  # NumPy multiplies infinity by a zero sine
    "log1p": lambda z: z == 0,  # NumPy loses the sign of -0
    "exp2": lambda z: ~np.isfinite(z),  # C's exp of a product with a complex number: not one of the standard's
    "log2": lambda z: ~np.isfinite(z),
    "log10": lambda z: ~np.isfinite(z),
    "reciprocal": lambda z: (
        ~np.isfinite(z) | (z.real == 0) | (z.imag == 0)
    ),  # signs of zeros and NaN beside infinities: no rule in C99
}


def same(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Equal up to a few units in the last place; NaN equals NaN, and the sign of zeros counts."""

    def part(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            close = (np.abs(a - b) <= 1e-13 * np.maximum(1, np.abs(b))) | (a == b)
        return (np.isnan(a) & np.isnan(b)) | (close & ((a != 0) | (np.signbit(a) == np.signbit(b)) | (b != 0)))

    if want.dtype.kind == "c":
        return part(got.real, want.real) & part(got.imag, want.imag)
    return part(got.astype(float), want.astype(float))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values_are_numpys(name: str) -> None:
    with np.errstate(all="ignore"):
        want = getattr(np, name)(POINTS)
    got = getattr(F, name)(array(POINTS)).asnumpy()
    wrong = ~same(got, want)
    if name in NUMPY_DIFFERS:
        wrong &= ~NUMPY_DIFFERS[name](POINTS)
    assert not wrong.any(), list(zip(POINTS[wrong], got[wrong], want[wrong], strict=True))[:5]


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "equal", "not_equal"])
def test_special_pairs_are_numpys(name: str) -> None:
    a, b = np.meshgrid(POINTS, POINTS)
    with np.errstate(all="ignore"):
        want = getattr(np, name)(a, b)
    got = getattr(F, name)(array(a), array(b)).asnumpy()
    assert same(got, want).all()


def test_special_values_of_the_standard_that_numpy_misses() -> None:
    cases = {  # array-API standard 2024.12, "expm1" and "log1p"
        "expm1": [(np.inf + 0j, np.inf + 0j), (complex(-np.inf, 1), -1 + 0j), (complex(np.nan, 0), complex(np.nan, 0)),
                  (complex(0, np.inf), complex(np.nan, np.nan)), (complex(-np.inf, np.inf), -1 + 0j)],
        "log1p": [(complex(-1, 0), complex(-np.inf, 0)), (complex(-np.inf, 1), complex(np.inf, np.pi)),
                  (complex(np.inf, 1), complex(np.inf, 0)), (complex(0, np.inf), complex(np.inf, np.pi / 2))],
    }  # fmt: skip
    for name, rows in cases.items():
        got = getattr(F, name)(array([z for z, _ in rows])).asnumpy()
        want = np.array([w for _, w in rows])
        assert same(got, want).all(), (name, got, want)


def test_accuracy_near_zero() -> None:
    z = np.array([1e-12 + 1e-13j, -3e-10j, 2e-16 + 0j])
    # exp(z) - 1 = z + z^2/2 + ..., log(1 + z) = z - z^2/2 + ...
    np.testing.assert_allclose(F.expm1(array(z)).asnumpy(), z + z * z / 2, rtol=1e-15)
    np.testing.assert_allclose(F.log1p(array(z)).asnumpy(), z - z * z / 2, rtol=1e-15)


def test_whole_powers_are_exact_and_zero_to_the_zero_is_one() -> None:
    z = array([3 + 4j, 0, 0, 1j, 2])
    powers = array([2, 0, 3, 4, -1])
    assert F.power(z, powers).tolist() == [-7 + 24j, 1, 0, 1, 0.5]
    assert np.isnan(F.power(array([0j]), array([-1])).asnumpy()).all()


# Types --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "want"),
    [("bool", "complex64"), ("int64", "complex64"), ("float16", "complex64"), ("float32", "complex64"),
     ("float64", "complex128"), ("complex128", "complex128")],
)  # fmt: skip
def test_promotion_with_arrays(other: str, want: str) -> None:
    assert F.add(array([1], "complex64"), array([1], other)).dtype == want


@pytest.mark.parametrize(
    ("dtype", "want"),
    [("bool", "complex64"), ("int64", "complex64"), ("float16", "complex64"), ("float32", "complex64"),
     ("float64", "complex128"), ("complex64", "complex64"), ("complex128", "complex128")],
)  # fmt: skip
def test_promotion_with_python_numbers(dtype: str, want: str) -> None:
    y = F.multiply(array([1], dtype), 2j)
    assert y.dtype == want and y.tolist() == [2j]
    assert F.add(array([1j], "complex64"), 1.5).dtype == np.complex64
    assert F.divide(array([2], "int32"), 1j).tolist() == [-2j]


@pytest.mark.parametrize("real", ["bool", "int8", "uint64", "float16", "bfloat16", "float32", "float64"])
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_casts(real: str, dtype: str) -> None:
    x = F.cast(array([0, 1, 1], "float32"), real)
    assert F.cast(x, dtype).tolist() == [0, 1, 1]
    z = array([0, 1 + 2j, 0.5j], dtype)
    if real == "bool":
        assert F.cast(z, real).tolist() == [False, True, True]
    else:
        with pytest.raises(TypeError, match=f"cast: {dtype} to {real} would drop the imaginary part"):
            F.cast(z, real)


def test_assignment_keeps_the_imaginary_part_or_refuses() -> None:
    z = array([1, 2, 3])
    _core.assign(z, 2 - 1j)
    assert z.tolist() == [2 - 1j] * 3
    with pytest.raises(TypeError, match="assignment: complex128 into float64 would drop the imaginary part"):
        _core.assign(array([1.0], "float64"), array([1j]))


def test_numbers_in_and_out() -> None:
    z = array([[1 + 2j, -3j]], "complex64")
    assert z.tolist() == [[1 + 2j, -3j]] and complex(F.sum(z)) == 1 - 1j and bool(F.sum(z))
    assert np.asarray(np.from_dlpack(z)).dtype == np.complex64
    assert _core.from_dlpack(np.array([1j, 2.0])).tolist() == [1j, 2]
    with pytest.raises(TypeError):
        float(F.sum(z))


# Layouts ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_large_strided_and_transposed(dtype: str) -> None:
    rng = np.random.default_rng(0)
    a = (rng.normal(size=(130, 257)) + 1j * rng.normal(size=(130, 257))).astype(dtype)
    x = array(a, dtype)
    np.testing.assert_array_equal(F.copy(F.transpose(x)).asnumpy(), a.T)
    limit = {"rtol": 1e-6, "atol": 1e-6} if dtype == "complex64" else {"rtol": 1e-14}
    np.testing.assert_allclose(F.multiply(F.transpose(x), array(a.T.copy(), dtype)).asnumpy(), (a * a).T, **limit)
    column = array(a[:, :1], dtype)
    np.testing.assert_allclose(F.divide(x, column).asnumpy(), a / a[:, :1], rtol=2e-6 if "64" in dtype else 1e-13)
    np.testing.assert_allclose(F.sum(x, 0).asnumpy(), a.sum(0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(F.matmul(F.transpose(x), x).asnumpy(), a.T @ a, rtol=1e-3, atol=2e-4)


# Gradients ----------------------------------------------------------------------------------------------------------


def test_the_convention_is_steepest_ascent() -> None:
    z = array([3 + 4j])
    z.attach_grad()
    with autograd.record():
        F.sum(F.abs(z)).backward()
    np.testing.assert_allclose(z.grad.asnumpy(), [0.6 + 0.8j])  # away from zero


def test_a_real_input_of_complex_work_gets_a_real_gradient() -> None:
    x = array([1.0, 2.0], "float64")
    x.attach_grad()
    w = np.array([1 + 2j, -1j])
    with autograd.record():
        F.sum(F.square(F.abs(F.exp(F.multiply(x, array(w)))))).backward()
    assert x.grad.dtype == np.float64  # |exp(x w)|^2 = exp(2 x Re w)
    np.testing.assert_allclose(x.grad.asnumpy(), 2 * w.real * np.exp(2 * np.array([1.0, 2.0]) * w.real), rtol=1e-13)


def test_a_complex_head_needs_its_gradient() -> None:
    z = array([1 + 1j])
    z.attach_grad()
    with autograd.record():
        y = F.square(z)
    with pytest.raises(TypeError, match="the result is complex"):
        y.backward()


def test_compiled_is_the_same() -> None:
    from dlcore import jit

    rng = np.random.default_rng(1)
    z, w = (array(rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3))) for _ in range(2))
    x = array(rng.normal(size=(3, 3)), "float64")
    variables = [z, w, x]
    for v in variables:
        v.attach_grad()

    def step() -> _core.NDArray:
        with autograd.record():
            y = F.matmul(F.multiply(F.exp(z), x), F.conj(w))
            total = F.sum(F.add(F.abs(F.add(y, 2j)), F.angle(F.power(y, 2.5))))
        total.backward()
        return total

    want = step().item()
    gradients = [v.grad.asnumpy() for v in variables]
    assert jit(step)().item() == pytest.approx(want, rel=1e-13)
    for v, g in zip(variables, gradients, strict=True):
        np.testing.assert_allclose(v.grad.asnumpy(), g, rtol=1e-11)
