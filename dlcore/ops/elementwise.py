"""Stanzas: arithmetic, comparison, logic and bits on two arrays, element by element, with broadcasting."""

from functools import partial

import numpy as np

from ._host import host as _host
from ._record import op as _op
from ._samples import bad, case, fixed, flag, real, whole

# fmt: off
op = partial(_op, family="elementwise")
_apart = (real(-2, 2), real(-2, 2))
_shapes = bad(r"\(2, 3\) and \(4,\) cannot be broadcast", real(shape=(2, 3)), real(shape=(4,)))
_whole_pair = (whole(0, 9), whole(0, 9))

op("add", "a, b", "Sum of two arrays, element by element.", dtype="arith", expr="a + b",
   grad={"a": "gy", "b": "gy"}, ref="numpy.add", samples=_apart, errors=[_shapes], inplace_ok=True,
   aliases="broadcast_add broadcast_plus elemwise_add", complex_rule="analytic",
   example="add([1., 2.], 3.) -> [4., 5.]")

op("subtract", "a, b", "Difference of two arrays, element by element.", dtype="signed", expr="a - b",
   grad={"a": "gy", "b": "-gy"}, ref="numpy.subtract", samples=_apart, inplace_ok=True,
   errors=[_shapes, bad(r"expected numbers, got bool; .* use \^", flag((2, 3)), flag((3,)), raises="TypeError")],
   aliases="broadcast_sub broadcast_minus elemwise_sub", complex_rule="analytic",
   example="subtract([1., 2.], 3.) -> [-2., -1.]")

op("_squared_difference", "a, b", "The square of the difference of two arrays, element by element.", dtype="arith",
   expr="d = a - b; d * d", grad={"a": "2.0 * gy * (a - b)", "b": "-2.0 * gy * (a - b)"}, ref="np.square(a - b)",
   samples=(real(-2, 2), real(-2, 2)), errors=[_shapes])

op("multiply", "a, b", "Product of two arrays, element by element.", dtype="arith", expr="a * b",
   grad={"a": "gy * b", "b": "gy * a"}, ref="numpy.multiply", samples=_apart, errors=[_shapes], inplace_ok=True,
   aliases="broadcast_mul elemwise_mul", complex_rule="analytic", example="multiply([1., 2.], [3., 4.]) -> [3., 8.]")

op("divide", "a, b", "Quotient; whole numbers are divided as float32.", dtype="floating", expr="a / b",
   grad={"a": "gy / b", "b": "-gy * y / b"}, ref="numpy.divide", samples=(real(-2, 2), real(0.5, 2)),
   errors=[_shapes], inplace_ok=True, aliases="broadcast_div elemwise_div true_divide",
   complex_rule="analytic", example="divide([1, 2], 4) -> [0.25, 0.5]")

op("floor_divide", "a, b", "Quotient rounded down. A whole number divided by zero gives 0.", dtype="arith",
   expr="a // b", ref="numpy.floor_divide", samples=(real(-9, 9), real(1.1, 3)), errors=[_shapes],
   example="floor_divide([7, -7], 2) -> [3, -4]")

op("remainder", "a, b", "What is left of a after dividing by b and rounding down; it has the sign of b, as in Python.",
   dtype="arith", expr="a % b", grad={"a": "gy", "b": "-gy * floor_divide(a, b)"}, ref="numpy.remainder",
   samples=(fixed([-4.3, -1.2, 0.4, 1.7, 2.9, 5.5]), fixed([1.1, 2.0, -1.5, 3.0, -2.0, 1.6])), errors=[_shapes],
   aliases="broadcast_mod mod modulo", example="remainder([7, -7], 3) -> [1, 2]")

op("power", "a, b", "a to the power b. Whole numbers have no powers below 0; in a compiled function they truncate to "
   "a whole number.", dtype="arith",
   expr="pow(a, b)",
   grad={"a": "gy * where(b == 0, 0.0, b * power(a, where(b == 0, 1.0, b - 1)))",
         "b": "gy * where(a > 0, y * log(where(a > 0, a, 1.0)), 0.0)"},
   ref="numpy.power", samples=(real(0.5, 2), real(0, 3)), aliases="broadcast_power pow",
   errors=[_shapes, bad(r"powers of at least 0, got -2 in b of shape \(3,\) for a of shape \(2, 1\)",
                        fixed([[1], [2]], "int32"), fixed([1, -2, 0], "int64"))],
   tol={"float32": 1e-5}, complex_rule="_power_complex", example="power([2., 3.], 2.) -> [4., 9.]")

op("_power_complex", "a, b", "a to the power b, of complex numbers.", dtype="complex", expr="pow(a, b)",
   grad={"a": "gy * where(b == 0, 0.0, b * power(a, where(b == 0, 1.0, b - 1)))",
         "b": "gy * where(a == 0, 0.0, y * log(where(a == 0, 1.0, a)))"},
   ref="numpy.power", samples=(real(0.5, 2), real(0, 3)), complex_rule="analytic", tol={"float32": 1e-5})

op("maximum", "a, b", "The larger of two numbers; NaN if either is. On a tie the gradient goes to a.", dtype="arith",
   expr="max(a, b)", grad={"a": "where(a >= b, gy, 0.0)", "b": "where(a < b, gy, 0.0)"}, ref="numpy.maximum",
   samples=_apart, errors=[_shapes], aliases="broadcast_maximum",
   example="maximum([1., 5.], 3.) -> [3., 5.]")

op("minimum", "a, b", "The smaller of two numbers; NaN if either is. On a tie the gradient goes to a.", dtype="arith",
   expr="min(a, b)", grad={"a": "where(a <= b, gy, 0.0)", "b": "where(a > b, gy, 0.0)"}, ref="numpy.minimum",
   samples=_apart, errors=[_shapes], aliases="broadcast_minimum",
   example="minimum([1., 5.], 3.) -> [1., 3.]")

op("arctan2", "a, b", "Angle of the point (b, a) from the x axis, in radians from -pi to pi.", dtype="floating",
   expr="atan2(a, b)", grad={"a": "gy * b / (a * a + b * b)", "b": "-gy * a / (a * a + b * b)"},
   ref="numpy.arctan2", samples=(real(0.2, 2), real(-2, 2)), errors=[_shapes],
   example="arctan2([1., -1.], [1., 1.]) -> [0.785398, -0.785398]")

op("hypot", "a, b", "sqrt(a*a + b*b), without overflow on the way.", dtype="floating", expr="hypot(a, b)",
   grad={"a": "gy * a / y", "b": "gy * b / y"}, ref="numpy.hypot", samples=(real(0.2, 2), real(-2, 2)),
   errors=[_shapes], aliases="broadcast_hypot", example="hypot([3.], [4.]) -> [5.]")

op("logaddexp", "a, b", "log(exp(a) + exp(b)), without overflow.", dtype="floating",
   expr="m = max(a, b); m if a == b and isinf(a) else m + log1p(exp(min(a, b) - m))",
   grad={"a": "gy * exp(a - y)", "b": "gy * exp(b - y)"}, ref="numpy.logaddexp", samples=_apart, errors=[_shapes],
   tol={"float32": 4e-6}, example="logaddexp([0.], [0.]) -> [0.693147]")

op("copysign", "a, b", "The size of a with the sign of b (of -0. and NaN too).", dtype="floating",
   expr="copysign(a, b)", grad={"a": "gy * sign(a) * sign(y)"}, ref="numpy.copysign",
   samples=(fixed([-2.0, 1.5, 0.7, -0.3]), fixed([1.0, -1.0, 2.0])), errors=[_shapes],
   example="copysign([2., 3.], [-1., 1.]) -> [-2., 3.]")

op("fmod", "a, b", "What is left of a after dividing by b and cutting off; it has the sign of a, as in C. 0 for whole "
   "numbers divided by zero.", dtype="arith", expr="fmod(a, b)", grad={"a": "gy", "b": "-gy * trunc(a / b)"},
   ref="numpy.fmod", errors=[_shapes],
   samples=(fixed([-4.3, -1.2, 0.4, 1.7, 2.9, 5.5]), fixed([1.1, 2.0, -1.5, 3.0, -2.0, 1.6])),
   tol={"float32": 4e-6}, example="fmod([7., -7.], 3.) -> [1., -1.]")

op("logaddexp2", "a, b", "log2(2**a + 2**b), without overflow.", dtype="floating",
   expr="m = max(a, b); m if a == b and isinf(a) else m + 1.4426950408889634 * log1p(exp2(min(a, b) - m))",
   grad={"a": "gy * exp2(a - y)", "b": "gy * exp2(b - y)"}, ref="numpy.logaddexp2", samples=_apart, errors=[_shapes],
   tol={"float32": 4e-6}, example="logaddexp2([1.], [1.]) -> [2.]")

op("heaviside", "a, b", "0 where a is negative, 1 where it is positive, b where it is 0.", dtype="floating",
   expr="a if isnan(a) else (b if a == 0 else (1 if a > 0 else 0))", grad={"b": "where(a == 0, gy, 0.0)"},
   ref="numpy.heaviside", samples=(fixed([-2.0, 0.0, 1.5, 0.0]), real(-2, 2)), errors=[_shapes],
   example="heaviside([-1., 0., 2.], 0.5) -> [0., 0.5, 1.]")

op("float_power", "a, b", "a to the power b in float64.", define="power(cast(a, 'float64'), cast(b, 'float64'))",
   ref="numpy.float_power", samples=[case(real(0.5, 2, shape=(2, 3)), real(0, 3, shape=(3,)))],
   errors=[_shapes], example="float_power([2], [0.5]) -> [1.414214]")

op("fmax", "a, b", "The larger of two numbers; where one is NaN the other. On a tie the gradient goes to a.",
   dtype="arith", expr="b if isnan(a) else (a if isnan(b) else max(a, b))",
   grad={"a": "where((a >= b) | isnan(b), gy, 0.0)",
         "b": "where((a < b) | (isnan(a) & logical_not(isnan(b))), gy, 0.0)"},
   ref="numpy.fmax", samples=_apart, errors=[_shapes], example="fmax([1., float('nan')], 3.) -> [3., 3.]")

op("fmin", "a, b", "The smaller of two numbers; where one is NaN the other. On a tie the gradient goes to a.",
   dtype="arith", expr="b if isnan(a) else (a if isnan(b) else min(a, b))",
   grad={"a": "where((a <= b) | isnan(b), gy, 0.0)",
         "b": "where((a > b) | (isnan(a) & logical_not(isnan(b))), gy, 0.0)"},
   ref="numpy.fmin", samples=_apart, errors=[_shapes], example="fmin([1., float('nan')], 3.) -> [1., 3.]")


_no_order = bad("does not take complex numbers", real(shape=(2,), dtype="complex64"), 1.0, raises="TypeError")


def _comparison(name: str, sign: str, meaning: str, example: str, aliases: str) -> None:
    order = "=" not in sign or sign in ("<=", ">=")
    op(name, "a, b", f"Whether a {meaning} b, element by element, as truth values.", dtype="bool_out",
       expr=f"a {sign} b", ref=f"numpy.{name}", samples=_whole_pair, errors=[_shapes] + [_no_order] * order,
       aliases=aliases, complex_rule="" if order else "analytic", example=example)


_comparison("equal", "==", "equals", "equal([1, 2], 2) -> [False, True]", "broadcast_equal")
_comparison("not_equal", "!=", "differs from", "not_equal([1, 2], 2) -> [True, False]", "broadcast_not_equal")
_comparison("less", "<", "is less than", "less([1, 2], 2) -> [True, False]", "broadcast_lesser lesser")
_comparison("less_equal", "<=", "is at most", "less_equal([1, 3], 2) -> [True, False]",
            "broadcast_lesser_equal lesser_equal")
_comparison("greater", ">", "is greater than", "greater([1, 3], 2) -> [False, True]", "broadcast_greater")
_comparison("greater_equal", ">=", "is at least", "greater_equal([1, 2], 2) -> [False, True]",
            "broadcast_greater_equal")

op("logical_and", "a, b", "Whether both are true (not zero).", dtype="bool_out", expr="a and b",
   ref="numpy.logical_and", samples=(flag(), flag()), errors=[_shapes], aliases="broadcast_logical_and",
   complex_rule="analytic", example="logical_and([True, True], [True, False]) -> [True, False]")
op("logical_or", "a, b", "Whether at least one is true (not zero).", dtype="bool_out", expr="a or b",
   ref="numpy.logical_or", samples=(flag(), flag()), errors=[_shapes], aliases="broadcast_logical_or",
   complex_rule="analytic", example="logical_or([True, False], [False, False]) -> [True, False]")
op("logical_xor", "a, b", "Whether exactly one is true (not zero).", dtype="bool_out", expr="xor(a, b)",
   ref="numpy.logical_xor", samples=(flag(), flag()), errors=[_shapes], aliases="broadcast_logical_xor",
   complex_rule="analytic", example="logical_xor([True, True], [True, False]) -> [False, True]")

_whole_shapes = bad(r"\(2, 3\) and \(4,\) cannot be broadcast", whole(shape=(2, 3)), whole(shape=(4,)))
_float_bits = bad("integer", real(shape=(2,)), real(shape=(2,)), raises="TypeError")


def _bits(name: str, sign: str, meaning: str, example: str) -> None:
    op(name, "a, b", f"{meaning} of whole numbers or truth values.", dtype="integer", expr=f"a {sign} b",
       ref=f"numpy.{name}", samples=(whole(0, 100), whole(0, 6)), errors=[_whole_shapes, _float_bits],
       example=example)


_bits("bitwise_and", "&", "Bits that both have,", "bitwise_and([6, 3], 2) -> [2, 2]")
_bits("bitwise_or", "|", "Bits that either has,", "bitwise_or([4, 3], 2) -> [6, 3]")
_bits("bitwise_xor", "^", "Bits that exactly one has,", "bitwise_xor([6, 3], 2) -> [4, 1]")
_bits("left_shift", "<<", "Bits moved up by b places,", "left_shift([1, 3], 2) -> [4, 12]")
_bits("right_shift", ">>", "Bits moved down by b places,", "right_shift([4, 12], 2) -> [1, 3]")
_whole_numbers = bad("integer", real(shape=(2,)), real(shape=(2,)), raises="TypeError")
op("gcd", "a, b", "The greatest common divisor; 0 where both are 0.", dtype="int_only", expr="gcd(a, b)",
   ref="numpy.gcd", samples=(whole(0, 60), whole(0, 60)), errors=[_whole_shapes, _whole_numbers],
   example="gcd([12, -8], 18) -> [6, 2]")
op("lcm", "a, b", "The least common multiple; 0 where either is 0.", dtype="int_only", expr="lcm(a, b)",
   ref="numpy.lcm", samples=(whole(0, 11), whole(0, 11)), errors=[_whole_shapes, _whole_numbers],
   example="lcm([4, -6], 10) -> [20, 30]")
op("bitwise_not", "x", "All bits turned over: -x - 1 for signed numbers. Truth values take logical_not.",
   dtype="int_only", expr="~x", ref="numpy.invert", samples=whole(0, 100), np_name="",
   errors=[bad("integer", real(shape=(2,)), raises="TypeError"), bad("integer", flag(shape=(2,)), raises="TypeError")],
   example="bitwise_not([0, 5]) -> [-1, -6]")

op("where", "condition, x, y", "x where the condition holds, else y.", outs="out", dtype="select",
   expr="select(condition, x, y)",
   grad={"x": "where(condition, gout, 0.0)", "y": "where(condition, 0.0, gout)"},
   ref="numpy.where", samples=(flag(), real(-2, 2), real(-2, 2)), np_name="",
   errors=[bad("bool", real(shape=(2,)), real(shape=(2,)), real(shape=(2,)), raises="TypeError"),
           bad("broadcast", flag(shape=(2,)), real(shape=(3,)), real(shape=(3,)))],
   complex_rule="analytic", example="where([True, False], [1., 2.], 0.) -> [1., 0.]")

op("clip", "x, min, max", "x held between min and max. The gradient passes where x lies inside.", dtype="arith",
   expr="min(max(x, min), max)",
   grad={"x": "where((x >= min) & (x <= max), gy, 0.0)", "min": "where(x < min, gy, 0.0)",
         "max": "where(x > max, gy, 0.0)"},
   ref="np.minimum(np.maximum(x, min), max)", np_name="",
   samples=(real(-3, 3), fixed(-1.0), fixed(1.5)), errors=[bad("broadcast", real(shape=(2,)), real(shape=(3,)), 1.0)],
   example="clip([-2., 0.5, 9.], 0., 1.) -> [0., 0.5, 1.]")

op("cast", "x, dtype: dtype", "The same numbers in another dtype; fractions are cut off on the way to whole numbers.",
   dtype="attr:dtype", expr="x", grad="gy", ref="x.astype(dtype)", complex_rule="analytic", aliases="Cast", np_name="",
   samples=[case(real(-9, 9, shape=(2, 3)), dtype=d) for d in ("float64", "int32", "float16", "bool", "complex128")],
   errors=[bad("float99", real(shape=(2,)), dtype="float99", raises="TypeError")],
   example="cast([1.7, -1.7], 'int32') -> [1, -1]")

op("identity", "x", "A copy in memory of its own.", dtype="same", expr="x", grad="gy", ref="x.copy()",
   samples=real(-2, 2), np_name="", method=False, complex_rule="analytic", example="identity([1., 2.]) -> [1., 2.]")


@_host("nextafter", halves=True)
def _nextafter(a, b):
    return np.nextafter(a, b)


op("nextafter", "a, b", "The number of the dtype that follows a on the way to b.", dtype="floating", kernel="nextafter",
   ref="np.nextafter(a, b)", samples=[case(fixed([0.0, 1.0, -1.0, 2.0]), fixed([1.0, 0.0, -2.0, 2.0]))],
   tol={"float32": 2e-7, "float16": 2e-3, "bfloat16": 2e-2}, smooth=False, example="nextafter(1., 1.) -> 1.")
