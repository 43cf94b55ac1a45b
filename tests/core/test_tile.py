"""The tile machine: layouts, broadcasting, conversions, integer edges, accuracy of every function, writing in place."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.special
from core.arrays import BF16, layouts, nd, threads
from core.tiles import program

from dlcore import _core
from dlcore.ops import F

INTS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
ALL = [np.dtype(n) for n in ["bool", *INTS, "float16", "float32", "float64"]] + [BF16]
rng = np.random.default_rng(3)

# 0.5 (x w + b), squared plus m, over the root of one plus the magnitude
_CODE = [
    ("mul", (0, 1)), ("add", (4, 2)), ("const", 0.5), ("mul", (5, 6)), ("mul", (7, 7)), ("add", (8, 3)),
    ("abs", (5,)), ("const", 1.0), ("add", (10, 11)), ("sqrt", (12,)), ("div", (9, 13)),
]  # fmt: skip
_formula = program(4, _CODE, [14])


def formula(x: np.ndarray, w: np.ndarray, b: np.ndarray, m: np.ndarray) -> np.ndarray:
    t = x * w + b
    return ((t * 0.5) ** 2 + m) / np.sqrt(1 + np.abs(t))


def normal(shape: tuple[int, ...], dtype: str = "float32") -> np.ndarray:
    return np.asarray(rng.standard_normal(shape)).astype(dtype)


# Shapes and layouts -------------------------------------------------------------------------------------------------

SHAPES = [(), (1,), (7,), (3, 5), (64, 100), (5000,), (300, 3), (3, 300), (4, 16, 9, 7), (2, 8, 40, 40)]
SHAPES += [(0, 3), (2000, 10), (33, 1, 65)]


@pytest.mark.parametrize("shape", SHAPES)
def test_broadcasting(shape: tuple[int, ...]) -> None:
    row, column = shape[-1:], (*shape[:-1], 1)[: len(shape)]
    channel = (shape[1], *(1,) * (len(shape) - 2)) if len(shape) > 2 else ()
    for other in [shape, row, column, channel, (), (1,) * len(shape)]:
        xs = [normal(shape), normal(other), normal(()), normal(shape)]
        for i in range(4):
            ys = xs[i:] + xs[:i]
            np.testing.assert_allclose(_formula(*map(nd, ys)).asnumpy(), formula(*ys), rtol=3e-6, atol=1e-6)


@pytest.mark.parametrize("shape", [(6, 5), (40, 70), (2000, 3), (2, 16, 9, 7)])
def test_layouts(shape: tuple[int, ...]) -> None:
    a, b = normal(shape), normal(shape)
    want = formula(a, b, a, b)
    for _, x in layouts(a):
        for _, y in layouts(b):
            np.testing.assert_allclose(_formula(*map(nd, (x, y, x, y))).asnumpy(), want, rtol=3e-6, atol=1e-6)


def test_strided_output() -> None:
    a, b = normal((50, 60)), normal((50, 60))
    for _, y in layouts(np.zeros((50, 60), "float32")):
        out = nd(y.copy(order="K") if y.base is None else y)
        _formula(*map(nd, (a, b, a, b)), out=out)
        np.testing.assert_allclose(out.asnumpy(), formula(a, b, a, b), rtol=3e-6, atol=1e-6)


def test_same_bits_for_any_number_of_threads() -> None:
    xs = [nd(normal((700, 300))) for _ in range(4)]
    with threads(1):
        want = _formula(*xs).asnumpy()
    for n in (2, 5):
        with threads(n):
            np.testing.assert_array_equal(_formula(*xs).asnumpy(), want)


# In place, several outputs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 100, 5000])
def test_outputs_may_be_inputs(n: int) -> None:
    both = program(2, [("mul", (0, 1)), ("add", (2, 0)), ("sub", (0, 1))], [2, 4])
    swap = program(2, [("add", (0, 1))], [2, 0])
    x0, y0 = normal((n,)), normal((n,))
    x, y = nd(x0.copy()), nd(y0.copy())
    both(x, y, out=(x, y))
    np.testing.assert_array_equal(x.asnumpy(), x0 * y0)
    np.testing.assert_array_equal(y.asnumpy(), x0 - y0)
    x, y = nd(x0.copy()), nd(y0.copy())
    swap(x, y, out=(x, y))
    np.testing.assert_array_equal(x.asnumpy(), x0 + y0)
    np.testing.assert_array_equal(y.asnumpy(), x0)


def test_one_value_as_two_outputs_and_an_input_as_output() -> None:
    run = program(1, [("neg", (0,))], [1, 1, 0])
    x = normal((3000,))
    a, b, c = run(nd(x))
    np.testing.assert_array_equal(a.asnumpy(), -x)
    np.testing.assert_array_equal(b.asnumpy(), -x)
    np.testing.assert_array_equal(c.asnumpy(), x)


def test_a_long_program() -> None:
    code = [("add", (i, 0)) for i in range(60)]  # 2x, 3x, ..., 61x: longer than what the short way takes
    run = program(1, code, [60, 30])
    for n in (3, 2500):
        x = normal((n,))
        high, low = run(nd(x))
        np.testing.assert_allclose(high.asnumpy(), 61 * x, rtol=1e-5)
        np.testing.assert_allclose(low.asnumpy(), 31 * x, rtol=1e-5)


def test_malformed_programs_are_refused() -> None:
    with pytest.raises((ValueError, RuntimeError), match="operand 7|value 7"):
        _core.TileProgram(1, [("neg", (7,))], [1])
    with pytest.raises((ValueError, RuntimeError), match="frobnicate"):
        _core.TileProgram(1, [("frobnicate", (0,))], [1])
    with pytest.raises(RuntimeError, match="output"):
        _core.TileProgram(1, [("neg", (0,))], [5])


def test_a_function_that_integers_lack_is_an_error() -> None:
    run = program(1, [("exp", (0,))], [1])
    for n in (3, 5000):
        with pytest.raises(TypeError, match="'exp' is not defined for int64"):
            run(nd(np.arange(n)))


# Conversions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ALL, ids=str)
def test_casts(source: np.dtype) -> None:
    x = rng.integers(0, 100, (37, 70)).astype(source)
    signed = rng.integers(-100, 100, (37, 70)).astype(source) if source.kind in "if" or source == BF16 else x
    for target in ALL:
        values = x if target.kind == "u" else signed
        for _, y in layouts(values):
            np.testing.assert_array_equal(F.cast(nd(y), target.name).asnumpy(), values.astype(target))


def test_casts_wrap_and_never_trap() -> None:
    x = np.array([300.0, -300.7, 70000.0, 128.0, -129.0])
    for target in INTS:
        np.testing.assert_array_equal(F.cast(nd(x), target).asnumpy(), x.astype("int64").astype(target))
    edge = nd(np.array([np.nan, np.inf, -np.inf, 1e30, -1e30]))
    assert set(F.cast(edge, "int64").asnumpy().tolist()) == {-(2**63)}
    assert set(F.cast(edge, "int32").asnumpy().tolist()) == {-(2**31)}
    big = np.array([2.0**63, 1.5 * 2.0**63])
    np.testing.assert_array_equal(F.cast(nd(big), "uint64").asnumpy(), big.astype("uint64"))


def test_rounding_to_sixteen_bits() -> None:
    x = normal((20000,), "float64") * 10.0 ** rng.integers(-9, 6, 20000)
    x = np.concatenate([x, [65504, 65519.99, 65520, 6e-8, 2.98e-8, 2.99e-8, np.inf, -np.inf, np.nan]])
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(F.cast(nd(x), "float16").asnumpy(), x.astype("float16"))
        single = x.astype("float32")
        got = F.cast(nd(single), "bfloat16").asnumpy().astype("float32")
        np.testing.assert_array_equal(got, single.astype(BF16).astype("float32"))
    half = np.arange(65536, dtype="uint16").view("float16")
    np.testing.assert_array_equal(F.cast(nd(half), "float32").asnumpy(), half.astype("float32"))


# Integers -----------------------------------------------------------------------------------------------------------

BINARY = {
    "add": np.add, "subtract": np.subtract, "multiply": np.multiply, "floor_divide": np.floor_divide,
    "remainder": np.remainder, "maximum": np.maximum, "minimum": np.minimum, "bitwise_and": np.bitwise_and,
    "bitwise_xor": np.bitwise_xor, "less": np.less, "greater_equal": np.greater_equal,
}  # fmt: skip


@pytest.mark.parametrize("dtype", INTS)
def test_integer_arithmetic_wraps_and_divides_by_zero_to_zero(dtype: str) -> None:
    info = np.iinfo(dtype)
    x = rng.integers(info.min, info.max, 3000, dtype=dtype, endpoint=True)
    y = rng.integers(info.min, info.max, 3000, dtype=dtype, endpoint=True)
    x[:6] = [info.min, info.max, 5, 0, info.min, info.min]
    y[:6] = [info.max, info.min, 0, 0, 1, info.max if info.min == 0 else -1]
    y[1000:] //= 50
    with np.errstate(all="ignore"):
        for name, reference in BINARY.items():
            for a, b in [(x, y), (x[:1], y), (x, y[:1]), (x, y[2:3])]:
                np.testing.assert_array_equal(getattr(F, name)(nd(a), nd(b)).asnumpy(), reference(a, b), err_msg=name)
        small = (y % 5).astype(dtype)
        np.testing.assert_array_equal(F.power(nd(x), nd(small)).asnumpy(), np.power(x, small))


# Accuracy -----------------------------------------------------------------------------------------------------------

SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 1e-38, 3e38, -3e38]
SPECIAL += [0.5, 88.7, -87.4, -103.9, 1e6, 1e7]
# name: reference, where, allowed distance in units of the last place in float32 and float64
FUNCTIONS = {
    "exp": (np.exp, (-104, 89), 2, 2),
    "expm1": (np.expm1, (-20, 89), 2, 3),
    "log": (np.log, (0, 9), 1.5, 2),
    "log1p": (np.log1p, (-1, 5), 1.5, 2),
    "log2": (np.log2, (0, 9), 1.5, 3),
    "log10": (np.log10, (0, 9), 1.5, 3),
    "sin": (np.sin, (-50, 50), 1.5, 2),
    "cos": (np.cos, (-50, 50), 1.5, 2),
    "tan": (np.tan, (-9, 9), 2, 2),
    "tanh": (np.tanh, (-11, 11), 3, 4),
    "sigmoid": (scipy.special.expit, (-105, 90), 4, 5),
    "erf": (scipy.special.erf, (-5, 5), 4, 4),
    "sinh": (np.sinh, (-90, 90), 1.5, 3),
    "cosh": (np.cosh, (-90, 90), 1.5, 3),
    "arctan": (np.arctan, (-20, 20), 2, 3),
    "arcsin": (np.arcsin, (-1, 1), 2, 3),
    "arccos": (np.arccos, (-1, 1), 2, 3),
    "sqrt": (np.sqrt, (0, 100), 0.51, 0.51),
    "rsqrt": (lambda x: 1 / np.sqrt(x), (0, 100), 2, 2),
    "floor": (np.floor, (-9, 9), 0, 0),
    "ceil": (np.ceil, (-9, 9), 0, 0),
    "rint": (np.rint, (-9, 9), 0, 0),
    "trunc": (np.trunc, (-9, 9), 0, 0),
}


def distance(got: np.ndarray, want: np.ndarray) -> float:
    """The largest error in units of the last place of `got`'s type; infinite where NaN or infinities differ."""
    rounded = want.astype(got.dtype)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(rounded))
    far = np.isinf(got) | np.isinf(rounded)
    border = np.finfo(got.dtype).max * (1 - 1e-6)  # a result may round over the border of the largest number
    assert np.all((got[far] == rounded[far]) | (np.abs(want[far]) > border))
    keep = ~(far | np.isnan(got))
    unit = np.spacing(np.maximum(np.abs(rounded[keep]), np.finfo(got.dtype).tiny)).astype("float64")
    return float(np.max(np.abs(got[keep].astype("float64") - want[keep].astype("float64")) / unit, initial=0))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_accuracy_float32(name: str) -> None:
    reference, (low, high), allowed, _ = FUNCTIONS[name]
    anything = rng.integers(0, 2**32, 60000, dtype=np.uint64).astype("uint32").view("float32")
    x = np.concatenate([rng.uniform(low, high, 60000), rng.uniform(max(low, -1), 1, 60000)]).astype("float32")
    x = np.concatenate([x, anything, np.array(SPECIAL, "float32")])
    with np.errstate(all="ignore"):
        got, want = getattr(F, name)(nd(x)).asnumpy(), reference(x.astype("float64"))
        assert distance(got, want) <= allowed
    one_by_one = [getattr(F, name)(nd(x[i : i + 1])).asnumpy()[0] for i in range(0, len(x), 4999)]
    np.testing.assert_array_equal(np.array(one_by_one), got[::4999])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_accuracy_float64(name: str) -> None:
    reference, (low, high), _, allowed = FUNCTIONS[name]
    x = np.concatenate([rng.uniform(low, high, 30000), rng.uniform(max(low, -1), 1, 30000), SPECIAL])
    with np.errstate(all="ignore"):
        assert distance(getattr(F, name)(nd(x)).asnumpy(), reference(x)) <= allowed


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_large_arguments_of_periodic_functions(name: str) -> None:
    x = np.array([0.5, 1e7, 3e15, -2e30, 1.0, np.nan] * 300, "float32")
    got = getattr(F, name)(nd(x)).asnumpy()
    want = [math.nan if math.isnan(v) else getattr(math, name)(v) for v in x.tolist()]
    np.testing.assert_allclose(got, np.array(want), rtol=3e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_accuracy_of_powers_and_remainders(dtype: str) -> None:
    edge = np.array(
        [0.0, -0.0, 1, -1, 0.5, -0.5, 2, -2, 3, -3, np.inf, -np.inf, np.nan, 1e-40, 1e30, -1e30, 7.5], dtype
    )
    x, y = (v.ravel() for v in np.meshgrid(edge, edge))
    x = np.concatenate([x, rng.uniform(-20, 20, 3000).astype(dtype)])
    y = np.concatenate([y, rng.uniform(-10, 10, 3000).astype(dtype)])
    with np.errstate(all="ignore"):
        want = np.power(x.astype("float64"), y.astype("float64"))
        assert distance(F.power(nd(x), nd(y)).asnumpy(), want) <= 2
        for exponent in (2.0, 3.0, 1.0, -1.0, 0.0, -2.5):
            assert distance(F.power(nd(x), exponent).asnumpy(), np.power(x.astype("float64"), exponent)) <= 2
        for name in ("remainder", "floor_divide", "maximum", "minimum"):
            want = getattr(np, name)(x, y)
            np.testing.assert_array_equal(getattr(F, name)(nd(x), nd(y)).asnumpy(), want, err_msg=name)
