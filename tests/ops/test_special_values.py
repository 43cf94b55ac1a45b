"""Edges of the number types: infinities, NaN, signed zeros, overflow, division by zero, shifts and casts out of range.

The array-API standard 2024.12 asks of real floating-point functions what IEEE 754 and C say, which is what NumPy gives.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import scipy.special

import dlcore.array  # noqa: F401 - the methods of arrays
from dlcore import _core
from dlcore.autograd import vjp
from dlcore.graph import jit
from dlcore.graph.interpreter import MICRO
from dlcore.ops import F

BF16 = ml_dtypes.bfloat16
FLOATS = ["float16", BF16, "float32", "float64"]
INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
POINTS = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -2.5, 3.0, -3.0, 100.0, -100.0, np.inf, -np.inf, np.nan]
UNARY = (
    "abs sign floor ceil trunc rint sqrt cbrt exp exp2 expm1 log log1p log2 log10 sin cos tan arcsin arccos arctan "
    "sinh cosh tanh arcsinh arccosh arctanh isnan isinf isfinite signbit logical_not square reciprocal negative "
    "positive degrees radians angle"
).split()
BINARY = (
    "add subtract multiply divide floor_divide remainder fmod power maximum minimum fmax fmin arctan2 hypot copysign "
    "logaddexp logaddexp2 heaviside nextafter equal not_equal less less_equal greater greater_equal logical_and "
    "logical_or logical_xor"
).split()
# Steps in the last place that two good implementations may differ by.
STEPS = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 4}


def array(values: object, dtype: object) -> _core.NDArray:
    return _core.from_numpy(np.asarray(values, dtype))


def assert_same(got: np.ndarray, want: np.ndarray, name: str, steps: int, *operands: np.ndarray) -> None:
    """The same numbers up to rounding; zeros with their signs, NaN where NaN is."""
    assert got.dtype == want.dtype, (name, got.dtype, want.dtype)
    if want.dtype.kind in "biu":
        wrong = got != want
    else:
        eps = float(ml_dtypes.finfo(want.dtype).eps)
        a, b = got.astype(np.float64), want.astype(np.float64)
        with np.errstate(invalid="ignore"):
            near = (a == b) | (np.abs(a - b) <= steps * eps * np.abs(b))
        wrong = ~((np.isnan(a) & np.isnan(b)) | (near & (np.signbit(a) == np.signbit(b))))
    rows = [(*(o.ravel()[i] for o in operands), got.ravel()[i], want.ravel()[i]) for i in np.flatnonzero(wrong)[:5]]
    assert not rows, f"{name}: (operands, got, expected) {rows}"


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", UNARY)
def test_unary_functions_at_the_edges(name: str, dtype: object) -> None:
    x = np.array(POINTS, dtype)
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    with np.errstate(all="ignore"):
        want = np.asarray(getattr(np, name)(wide))
    want = want.astype(x.dtype) if want.dtype.kind == "f" else want
    assert_same(getattr(F, name)(array(x, dtype)).asnumpy(), want, name, STEPS[x.dtype.name], x)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_binary_functions_at_the_edges(name: str, dtype: object) -> None:
    a, b = (v.ravel().astype(dtype) for v in np.meshgrid(POINTS, POINTS))
    wide = [v.astype(np.float32) if v.dtype.itemsize == 2 and name != "nextafter" else v for v in (a, b)]
    with np.errstate(all="ignore"):
        want = np.asarray(getattr(np, name)(*wide))
    want = want.astype(a.dtype) if want.dtype.kind == "f" else want
    got = getattr(F, name)(array(a, dtype), array(b, dtype)).asnumpy()
    assert_same(got, want, name, STEPS[a.dtype.name], a, b)


def edges(dtype: str) -> np.ndarray:
    info = np.iinfo(dtype)
    return np.array(
        sorted({info.min, info.min + 1, 0, 1, 2, 7, info.max - 1, info.max} | ({-1, -7} if info.min else set())), dtype
    )


@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "negative", "abs", "square", "bitwise_not", "sign"])
def test_whole_numbers_wrap_round(name: str, dtype: str) -> None:
    a, b = (v.ravel() for v in np.meshgrid(edges(dtype), edges(dtype)))
    given = [a] if name in ("negative", "abs", "square", "bitwise_not", "sign") else [a, b]
    with np.errstate(all="ignore"):
        want = getattr(np, name)(*given)
    got = getattr(F, name)(*[array(v, dtype) for v in given]).asnumpy()
    np.testing.assert_array_equal(got, want)
    assert got.dtype == want.dtype


@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize("name", ["floor_divide", "remainder", "fmod", "gcd", "lcm"])
def test_division_of_whole_numbers(name: str, dtype: str) -> None:
    a, b = (v.ravel() for v in np.meshgrid(edges(dtype), edges(dtype)))
    if name == "lcm":  # what does not fit wraps round, in NumPy too, but not always the same way
        a, b = (
            a[(np.abs(a.astype(float)) < 9) & (np.abs(b.astype(float)) < 9)],
            b[(np.abs(a.astype(float)) < 9) & (np.abs(b.astype(float)) < 9)],
        )
    with np.errstate(all="ignore"):
        want = getattr(np, name)(a, b)  # by zero NumPy gives 0, and its one overflow wraps round
    np.testing.assert_array_equal(getattr(F, name)(array(a, dtype), array(b, dtype)).asnumpy(), want)


@pytest.mark.parametrize("dtype", INTS)
def test_shifts_by_too_many_places(dtype: str) -> None:
    bits = np.iinfo(dtype).bits
    x = edges(dtype)
    by = np.array([0, 1, bits - 1, bits, bits + 3, 100], dtype)
    a, b = (v.ravel() for v in np.meshgrid(x, by))
    np.testing.assert_array_equal(F.left_shift(array(a, dtype), array(b, dtype)).asnumpy(), np.left_shift(a, b))
    np.testing.assert_array_equal(F.right_shift(array(a, dtype), array(b, dtype)).asnumpy(), np.right_shift(a, b))


@pytest.mark.parametrize("dtype", [d for d in INTS if d[0] == "i"])
def test_shifts_by_negative_places_shift_everything_out(dtype: str) -> None:
    x = array([5, -5], dtype)
    assert F.left_shift(x, -1).tolist() == [0, 0] and F.right_shift(x, -1).tolist() == [0, -1]


@pytest.mark.parametrize("dtype", INTS)
def test_powers_of_whole_numbers(dtype: str) -> None:
    a = edges(dtype)
    for n in (0, 1, 2, 3, 7):
        want = np.array([pow(int(v), n, 2 ** np.iinfo(dtype).bits) for v in a], dtype=object)
        got = F.power(array(a, dtype), array(np.full(a.shape, n), dtype)).asnumpy()
        unsigned = got.astype(f"uint{np.iinfo(dtype).bits}")
        assert unsigned.tolist() == want.tolist()
    if dtype[0] == "i":  # NumPy refuses negative powers; what is compiled gives 1 / x**n without its fraction
        a, n = array([1, -1, 2, 0], dtype), array([-3, -3, -1, -1], dtype)
        with pytest.raises(
            ValueError, match=r"powers of at least 0, got -3 in b of shape \(4,\) for a of shape \(4,\)"
        ):
            F.power(a, n)
        with pytest.raises(ValueError, match="powers of at least 0, got -1 in b"):
            a **= F.slice(n, (3,), (1,))
        assert jit(F.power)(a, n).tolist() == [1, -1, 0, 0]


def test_an_infinite_step_leaves_the_first_number() -> None:
    assert F.arange(0, 5, np.inf).tolist() == [0.0] and F.arange(2, -5, -np.inf).tolist() == [2.0]
    assert jit(lambda x: x + F.arange(0, 5, np.inf))(array([1.0], "float32")).tolist() == [1.0]


def test_slopes_of_powers_by_a_fraction_are_as_exact_as_the_array() -> None:
    x = array([3.0, 4.0, 5.0], "float64")
    _, back = vjp(lambda a: F.power(a, 1 / 3), x)
    (slope,) = back(F.ones_like(x))
    np.testing.assert_allclose(slope.asnumpy(), np.array([3.0, 4.0, 5.0]) ** (-2 / 3) / 3, rtol=1e-15)


def test_norms_of_windows_round_once() -> None:
    assert F.lp_pool1d(array([[[65504.0, 1.0]]], "float16"), 2, 1).tolist() == [[[65504.0]]]


@pytest.mark.parametrize("source", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dtype", INTS)
def test_casts_of_what_does_not_fit_are_the_same_every_time(source: str, dtype: str) -> None:
    x = np.array([np.nan, np.inf, -np.inf, 1e4, -1e4, 300.7, -300.7, 6e4, -6e4] * 5, source)
    one_by_one = [F.cast(array([v], source), dtype).tolist()[0] for v in x]
    assert F.cast(array(x, source), dtype).tolist() == one_by_one
    assert F.cast(F.slice(array(np.repeat(x, 2), source), (0,), (x.size,), (2,)), dtype).tolist() == one_by_one
    fits = np.isfinite(x) & (x >= np.iinfo(dtype).min) & (x <= np.iinfo(dtype).max)
    np.testing.assert_array_equal(np.array(one_by_one, object)[fits], x[fits].astype(dtype).astype(object))
    low = np.iinfo("int64" if dtype in ("int64", "uint64", "uint32") else "int32").min  # the step it goes through
    assert one_by_one[0] == np.array([low]).astype(dtype)[0], "NaN is the smallest number of that step, wrapped"


# Each adds up 4900 ones, or finds their mean. One by one a sum would stop at 256 in bfloat16, at 2048 in float16.
MANY = 4900
SUMS: dict[str, Callable[[Callable[..., Any]], Any]] = {
    "sum": lambda ones: F.sum(ones(MANY)),
    "sum of columns": lambda ones: F.sum(ones(MANY, 3), axis=0),
    "sum_to": lambda ones: F.sum_to(ones(MANY, 2), shape=(1, 2)),
    "mean": lambda ones: F.mean(ones(MANY)),
    "cumsum": lambda ones: F.cumsum(ones(MANY))[-1:],
    "matmul": lambda ones: F.matmul(ones(2, 1, MANY), ones(2, MANY, 1)),
    "dense": lambda ones: F.dense(ones(2, MANY), ones(3, MANY)),
    "conv1d": lambda ones: F.conv1d(ones(1, MANY, 1), ones(1, MANY, 1)),
    "conv2d": lambda ones: F.conv2d(ones(1, 49, 10, 10), ones(1, 49, 10, 10)),
    "deconv2d": lambda ones: F.deconv2d(ones(1, MANY, 1, 1), ones(MANY, 1, 1, 1)),
    "avg_pool2d": lambda ones: F.avg_pool2d(ones(1, 1, 70, 70), kernel=70),
    "adaptive_avg_pool2d": lambda ones: F.adaptive_avg_pool2d(ones(1, 1, 70, 70), size=1),
    "softmax": lambda ones: F.softmax(ones(MANY)) * MANY,
    "attention": lambda ones: F.scaled_dot_product_attention(
        ones(1, 1, 2, 8), ones(1, 1, MANY, 8), ones(1, 1, MANY, 8)
    ),
    "segment_sum": lambda ones: F.segment_sum(ones(MANY), array(np.zeros(MANY), "int64"), 1),
    "scatter_add": lambda ones: F.scatter_add(0 * ones(1), array(np.zeros(MANY), "int64"), ones(MANY)),
    "index_add": lambda ones: F.index_add(0 * ones(1), ones(MANY), array(np.zeros(MANY), "int64")),
    "csr_dot": lambda ones: F.csr_dot(
        ones(MANY), array(np.zeros(MANY), "int64"), array([0, MANY], "int64"), ones(1, 1)
    ),
}


@pytest.mark.parametrize("dtype", ["float16", BF16], ids=str)
@pytest.mark.parametrize("name", SUMS)
def test_short_floats_are_added_up_in_float32(name: str, dtype: object) -> None:
    found = SUMS[name](lambda *shape: array(np.ones(shape), dtype))
    assert found.dtype == np.dtype(dtype)
    one = name in ("mean", "avg_pool2d", "adaptive_avg_pool2d", "softmax", "attention")
    assert float(found.asnumpy().astype(float).ravel()[0]) == pytest.approx(1 if one else MANY, rel=4e-3)


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_clip_takes_arrays_and_nan(dtype: object) -> None:
    x = array([-3.0, -1.0, np.nan, 1.0, 9.0], dtype)
    low, high = array([-2.0, -2.0, 0.0, 2.0, 2.0], dtype), array([2.0, 2.0, 1.0, 3.0, 4.0], dtype)
    got = F.clip(x, low, high).asnumpy().astype(float)
    np.testing.assert_array_equal(got, [-2, -1, np.nan, 2, 4])
    assert F.clip(x, 0, 2).dtype == np.dtype(dtype)


def test_clip_with_limits_outside_the_dtype() -> None:
    x = array([1, 200], "uint8")
    assert x.clip(-1, 300).tolist() == [1, 200] and x.clip(-5, 100).tolist() == [1, 100]
    with pytest.raises(ValueError, match="the number 300 does not fit into uint8"):
        x.clip(300, 400)


def test_remainders_and_quotients_fit_together() -> None:
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=500) * 100, rng.normal(size=500)
    x, y = array(a, "float64"), array(b, "float64")
    q, r = F.floor_divide(x, y).asnumpy(), F.remainder(x, y).asnumpy()
    np.testing.assert_allclose(q * b + r, a, rtol=1e-12)
    assert (np.sign(r[r != 0]) == np.sign(b[r != 0])).all() and (np.abs(r) < np.abs(b)).all()


@pytest.mark.parametrize("name", ["gamma", "gammaln", "digamma", "erfinv", "polygamma"])
def test_special_functions_over_their_whole_domain(name: str) -> None:
    edge = [0.0, -0.0, 1.0, -1.0, 2.0, 1e-10, -1e-10, 170.5, 1e5, np.inf, -np.inf, np.nan]
    x = np.concatenate([np.linspace(-20.3, 20.3, 2003), edge])
    if name == "erfinv":
        x = np.concatenate(
            [np.linspace(-1, 1, 2001), 1 - 10.0 ** -np.arange(1, 16), 10.0 ** -np.arange(1, 300, 7), [2.0]]
        )
    if name == "gammaln":
        x = x[x != -np.inf]  # infinity as in C; SciPy says minus infinity
    orders = [(1.0,), (2.0,), (5.0,)] if name == "polygamma" else [()]
    for order in orders:
        given = x[x < 1e6] if order else x  # SciPy's zeta function gives up on the far left
        with np.errstate(all="ignore"):
            want = getattr(scipy.special, name)(*[int(n) for n in order], given)
        got = getattr(F, name)(*order, array(given, "float64")).asnumpy()
        # relative, but for digamma and gammaln, which cross zero
        np.testing.assert_allclose(got, want, rtol=5e-13, atol=1e-14 if name in ("digamma", "gammaln") else 0)


# Python numbers beside whole numbers -----------------------------------------------------------------------------


COMPARE = {
    "equal": operator.eq, "not_equal": operator.ne, "less": operator.lt, "less_equal": operator.le,
    "greater": operator.gt, "greater_equal": operator.ge,
}  # fmt: skip


@pytest.mark.parametrize("dtype", INTS)
@pytest.mark.parametrize("number", [-(2**63), -(2**31) - 1, -129, -1, 0, 127, 255, 300, 2**31, 2**40, 2**63 - 1])
def test_numbers_that_do_not_fit_compare_right_and_otherwise_raise(dtype: str, number: int) -> None:
    x = edges(dtype)
    for name, compare in COMPARE.items():
        want = [compare(int(v), number) for v in x]
        assert getattr(F, name)(array(x, dtype), number).tolist() == want
    fits = np.iinfo(dtype).min <= number <= np.iinfo(dtype).max
    if fits:
        with np.errstate(all="ignore"):
            want_sum = x + np.array(number, dtype)
        np.testing.assert_array_equal(F.add(array(x, dtype), number).asnumpy(), want_sum)
        return
    for call in (lambda: F.add(array(x, dtype), number), lambda: F.maximum(number, array(x, dtype))):
        with pytest.raises(ValueError, match=f"the number {number} does not fit into {dtype}"):
            call()
    with pytest.raises(ValueError, match=f"assignment: the number {number} does not fit into {dtype}"):
        _core.assign(array(x, dtype), number)
    with pytest.raises(ValueError, match=f"array: the number {number} does not fit into {dtype}"):
        dlcore.array.array([number], dtype)
    with pytest.raises(ValueError, match=f"full: the number {number} does not fit into {dtype}"):
        F.full(number, (2,), dtype)


def test_fractions_beside_whole_numbers_give_floats_and_nan_is_assigned_as_a_cast_gives_it() -> None:
    assert F.add(array([1, 2], "int8"), 0.5).dtype == np.float32
    x = array([1, 2], "int32")
    _core.assign(x, float("nan"))
    assert x.tolist() == F.cast(array([np.nan, np.nan], "float64"), "int32").tolist()


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft"])
def test_transforms_pass_single_precision_on_the_way(name: str) -> None:
    x = np.resize(np.array([3e38, 3e38, -3e38, -2e38], np.float32), 12)
    want = getattr(np.fft, name)(x.astype(np.float64)).astype(np.complex64)
    got = getattr(F, name)(_core.from_numpy(x), 12).asnumpy()
    assert np.isfinite(got[0]) and got.dtype == np.complex64
    np.testing.assert_allclose(got, want, rtol=1e-5)


def test_polygamma_of_large_orders() -> None:
    order, x = np.array([20.0, 60, 120, 150, 160]), np.array([15.0, 30, 60, 90, 100])
    want = scipy.special.polygamma(order, x)
    assert np.isfinite(want).all() and (want != 0).all()
    np.testing.assert_allclose(F.polygamma(_core.from_numpy(order), _core.from_numpy(x)).asnumpy(), want, rtol=1e-10)
    beyond = np.array([2e9, 2.0**40, 3e38, np.inf])
    assert np.isnan(F.polygamma(_core.from_numpy(beyond), 1.0).asnumpy()).all()
    assert np.isnan(MICRO["polygamma"](beyond, np.ones(4))).all()


@pytest.mark.parametrize("row", [(0.0, 5.0, np.inf), (5.0, 0.0, -np.inf), (0.0, 5.0, -np.inf), (5.0, 5.0, np.inf)])
def test_ranges_of_endless_steps(row: tuple[float, float, float]) -> None:
    assert F.arange(*row).shape == np.arange(*row).shape


@pytest.mark.parametrize(
    "row", [(0.0, 1e300, 1.0), (0.0, 1.0, 1e-300), (0.0, np.inf, 1.0), (np.nan, 1.0, 1.0), (0.0, 1.0, np.nan)]
)
def test_ranges_that_cannot_be_counted(row: tuple[float, float, float]) -> None:
    with pytest.raises(ValueError, match=r"arange: cannot count the numbers from \S+ to \S+ in steps of "):
        F.arange(*row)
