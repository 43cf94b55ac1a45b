"""Stanzas: functions of one number, element by element."""

from functools import partial
from typing import Any

from ._record import op as _op
from ._samples import bad, fixed, flag, real

# fmt: off
op = partial(_op, family="elementwise")


_ANALYTIC = set(
    "sqrt rsqrt reciprocal exp exp2 expm1 log log1p log2 log10 sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh "
    "arccosh arctanh".split()
)
_no_complex = bad("does not take complex numbers", real(shape=(2,), dtype="complex64"), raises="TypeError")


def _float(name: str, doc: str, expr: str, grad: str, samples: Any, example: str, ref: str = "",
**more: Any) -> None:
    """A function of real numbers; whole numbers are taken as float32."""
    more.setdefault("method", True)
    op(name, "x", doc, dtype="floating", expr=expr, grad=grad, ref=ref or f"numpy.{name}", samples=samples,
       example=example, inplace_ok=True, **{"complex_rule": "analytic" if name in _ANALYTIC else "", **more})


def _step(name: str, doc: str, expr: str, example: str, ref: str = "", dtype: str = "same", **more: Any) -> None:
    """A function whose derivative is zero wherever it exists."""
    op(name, "x", doc, dtype=dtype, expr=expr, ref=ref or f"numpy.{name}", example=example,
       **{"samples": fixed([-2.6, -1.0, -0.4, 0.0, 0.3, 1.7, 3.0]), "method": True, **more})


op("negative", "x", "-x.", dtype="signed", expr="-x", grad="-gy", ref="numpy.negative", samples=real(-2, 2),
   inplace_ok=True, complex_rule="analytic",
   errors=[bad("expected numbers, got bool; .* use ~", flag(shape=(3,)), raises="TypeError")],
   example="negative([1., -2.]) -> [-1., 2.]")
op("positive", "x", "x itself, copied.", dtype="arith", expr="x", grad="gy", ref="numpy.positive", samples=real(-2, 2),
   complex_rule="analytic", example="positive([1., -2.]) -> [1., -2.]")
op("abs", "x", "Absolute value. The gradient at 0 is 0.", dtype="same", expr="abs(x)", grad="gy * sign(x)",
   ref="numpy.abs", samples=fixed([-2.0, -0.7, 0.3, 1.5]), method=True, inplace_ok=True,
   complex_rule="_abs_complex", example="abs([1., -2.]) -> [1., 2.]")
op("square", "x", "x * x.", dtype="same", expr="x * x", grad="gy * (2.0 * x)", ref="numpy.square", samples=real(-2, 2),
   method=True, inplace_ok=True, complex_rule="analytic", example="square([3., -2.]) -> [9., 4.]")
# Their gradient is 0, also where they jump.
_flat: dict[str, Any] = {"grad": "zeros_like(gy)", "smooth": False}
_step("sign", "-1, 0 or 1, as x is negative, zero or positive; x / |x| of complex numbers.", "sign(x)",
      "sign([-3., 0., 2.]) -> [-1., 0., 1.]", complex_rule="_sign_complex", **_flat)
_step("floor", "The largest whole number that is at most x.", "floor(x)", "floor([1.7, -1.2]) -> [1., -2.]",
      errors=[_no_complex], **_flat)
_step("ceil", "The smallest whole number that is at least x.", "ceil(x)", "ceil([1.2, -1.7]) -> [2., -1.]",
      errors=[_no_complex], **_flat)
_step("trunc", "x without its fraction.", "trunc(x)", "trunc([1.7, -1.7]) -> [1., -1.]", aliases="fix",
      errors=[_no_complex], **_flat)
_step("rint", "The nearest whole number, halves to the even one.", "round(x)", "rint([0.5, 1.5, 2.4]) -> [0., 2., 2.]",
      errors=[_no_complex], **_flat)
_step("isnan", "Whether x is not a number.", "isnan(x)", "isnan([1., float('nan')]) -> [False, True]",
      dtype="predicate", samples=fixed([0.0, float("nan"), float("inf"), -1.0]), complex_rule="analytic", method=False)
_step("isinf", "Whether x is infinite.", "isinf(x)", "isinf([1., float('-inf')]) -> [False, True]",
      dtype="predicate", samples=fixed([0.0, float("nan"), float("inf"), -1.0]), complex_rule="analytic", method=False)
_step("isfinite", "Whether x is neither infinite nor NaN.", "isfinite(x)",
      "isfinite([1., float('inf')]) -> [True, False]",
      dtype="predicate", samples=fixed([0.0, float("nan"), float("inf"), -1.0]), complex_rule="analytic", method=False)
_step("signbit", "Whether the sign is minus (of -0. and NaN too).", "signbit(x)",
      "signbit([-1., 0., 2.]) -> [True, False, False]", dtype="predicate", method=False,
      samples=fixed([-2.5, -0.0, 0.0, 1.0]))
_step("logical_not", "Whether x is false (zero).", "not x", "logical_not([1., 0.]) -> [False, True]",
      dtype="predicate", complex_rule="analytic", method=False)

_float("sqrt", "Square root; NaN below zero.", "sqrt(x)", "0.5 * gy / y", real(0.3, 4), "sqrt([4., 9.]) -> [2., 3.]")
_float("rsqrt", "One over the square root.", "rsqrt(x)", "-0.5 * gy * y / x", real(0.3, 4), "rsqrt([4.]) -> [0.5]",
       "1 / np.sqrt(x)", np_name="")
_float("cbrt", "Cube root.", "cbrt(x)", "gy * y / (3.0 * x)", real(0.3, 4),
       "cbrt([8., -27.]) -> [2., -3.]",
       tol={"float32": 4e-6})
_float("reciprocal", "One over x.", "1 / x", "-gy * y * y", real(0.3, 4), "reciprocal([2., 4.]) -> [0.5, 0.25]",
       "1 / x")
_float("exp", "e to the power x.", "exp(x)", "gy * y", real(-3, 3), "exp([0., 1.]) -> [1., 2.718282]")
_float("exp2", "2 to the power x.", "exp2(x)", "gy * y * 0.6931471805599453", real(-3, 3),
       "exp2([3.]) -> [8.]", tol={"float32": 4e-6}, method=False)
_float("expm1", "exp(x) - 1, exact near zero.", "expm1(x)", "gy * (y + 1.0)", real(-2, 2),
       "expm1([0., 1.]) -> [0., 1.718282]")
_float("log", "Natural logarithm; -inf at zero, NaN below.", "log(x)", "gy / x", real(0.3, 4),
       "log([1., 2.718282]) -> [0., 1.]")
_float("log1p", "log(1 + x), exact near zero.", "log1p(x)", "gy / (x + 1.0)", real(-0.5, 2),
       "log1p([0., 1.]) -> [0., 0.693147]")
_float("log2", "Logarithm with base 2.", "log2(x)", "gy / (x * 0.6931471805599453)", real(0.3, 4), "log2([8.]) -> [3.]")
_float("log10", "Logarithm with base 10.", "log10(x)", "gy / (x * 2.302585092994046)", real(0.3, 4),
       "log10([1000.]) -> [3.]")
_float("sin", "Sine of an angle in radians.", "sin(x)", "gy * cos(x)", real(-4, 4), "sin([0., 1.570796]) -> [0., 1.]")
_float("cos", "Cosine of an angle in radians.", "cos(x)", "-gy * sin(x)", real(-4, 4),
       "cos([0., 3.141593]) -> [1., -1.]")
_float("tan", "Tangent of an angle in radians.", "tan(x)", "gy * (y * y + 1.0)", real(-1.2, 1.2),
       "tan([0., 0.785398]) -> [0., 1.]")
_float("arcsin", "Angle whose sine is x; NaN outside [-1, 1].", "asin(x)", "gy * rsqrt(1.0 - x * x)", real(-0.9, 0.9),
       "arcsin([1.]) -> [1.570796]")
_float("arccos", "Angle whose cosine is x; NaN outside [-1, 1].", "acos(x)", "-gy * rsqrt(1.0 - x * x)",
       real(-0.9, 0.9),
       "arccos([1., 0.]) -> [0., 1.570796]")
_float("arctan", "Angle whose tangent is x.", "atan(x)", "gy / (x * x + 1.0)", real(-3, 3),
       "arctan([1.]) -> [0.785398]")
_float("sinh", "Hyperbolic sine.", "sinh(x)", "gy * cosh(x)", real(-2, 2), "sinh([0., 1.]) -> [0., 1.175201]")
_float("cosh", "Hyperbolic cosine.", "cosh(x)", "gy * sinh(x)", real(-2, 2), "cosh([0., 1.]) -> [1., 1.543081]")
_float("tanh", "Hyperbolic tangent.", "tanh(x)", "gy * (1.0 - y * y)", real(-3, 3), "tanh([0., 1.]) -> [0., 0.761594]")
_float("arcsinh", "Number whose hyperbolic sine is x.", "asinh(x)", "gy * rsqrt(x * x + 1.0)", real(-3, 3),
       "arcsinh([0., 1.]) -> [0., 0.881374]")
_float("arccosh", "Number (>= 0) whose hyperbolic cosine is x.", "acosh(x)", "gy * rsqrt(x - 1.0) * rsqrt(x + 1.0)",
       real(1.3, 4), "arccosh([1., 2.]) -> [0., 1.316958]")
_float("arctanh", "Number whose hyperbolic tangent is x.", "atanh(x)", "gy / (1.0 - x * x)", real(-0.8, 0.8),
       "arctanh([0., 0.5]) -> [0., 0.549306]")
_float("degrees", "Radians as degrees.", "x * 57.29577951308232", "gy * 57.29577951308232", real(-4, 4),
       "degrees([3.141593]) -> [180.]", aliases="rad2deg")
_float("radians", "Degrees as radians.", "x * 0.017453292519943295", "gy * 0.017453292519943295", real(-180, 180),
       "radians([180.]) -> [3.141593]", aliases="deg2rad")
_float("erf", "Gauss error function, 2/sqrt(pi) times the integral of exp(-t*t) from 0 to x.", "erf(x)",
       "gy * (1.1283791670955126 * exp(-square(x)))", real(-4, 4), "erf([0., -1., 10.]) -> [0., -0.842701, 1.]",
       "scipy.special.erf", np_name="", method=False, formula="NIST Digital Library of Mathematical Functions, 7.2.1")

_float("gamma", "The gamma function, (x - 1)! for whole numbers; NaN for negative ones.", "gamma(x)",
       "gy * y * polygamma(0.0, x)", real(0.3, 4), "gamma([5., 0.5]) -> [24., 1.772454]", "sp.gamma(x)", np_name="",
       formula="NIST Digital Library of Mathematical Functions, 5.2.1", tol={"float32": 4e-6})
_float("gammaln", "The logarithm of the size of the gamma function.", "lgamma(x)", "gy * polygamma(0.0, x)",
       real(0.3, 4), "gammaln([5.]) -> [3.178054]", "np.where(np.isinf(x), np.inf, sp.gammaln(x))",  # C99, F.10.5.3
       np_name="", aliases="lgamma",
       formula="NIST Digital Library of Mathematical Functions, 5.2.1")
_float("digamma", "The derivative of gammaln.", "polygamma(0, x)", "gy * polygamma(1.0, x)", real(0.3, 4),
       "digamma([1.]) -> [-0.577216]", "sp.digamma(x)", np_name="", tol={"float64": 2e-13},
       formula="NIST Digital Library of Mathematical Functions, 5.2.2")
op("polygamma", "n: scalar, x", "The n-th derivative of digamma, for whole numbers n from 0 to 2e9; NaN for others.",
   dtype="floating", expr="polygamma(n, x) if n == floor(n) else nan", grad={"x": "gy * polygamma(n + 1.0, x)"},
   ref="np.where((n < 0) | (n >= 2e9) | (n != np.floor(n)), np.nan, sp.polygamma(n, x))",
   samples=(fixed(1.0), real(0.5, 4)), np_name="", tol={"float64": 1e-12, "float32": 4e-6},
   example="polygamma(1., [1.]) -> [1.644934]", formula="NIST Digital Library of Mathematical Functions, 5.15")
_float("erfinv", "The number whose erf is x; infinite at -1 and 1, NaN beyond.", "erfinv(x)",
       "gy * 0.8862269254527580 * exp(square(y))", real(-0.9, 0.9), "erfinv([0., 0.5]) -> [0., 0.476936]",
       "sp.erfinv(x)", np_name="", method=False, formula="Giles, Approximating the erfinv function (2012), for the "
       "method: a start and Newton-like steps")

# Neural-network activations.
_float("sigmoid", "1 / (1 + exp(-x)).", "sigmoid(x)", "gy * (y * (1.0 - y))", real(-4, 4),
       "sigmoid([0., 2.]) -> [0.5, 0.880797]",
       "scipy.special.expit", np_name="")
_float("log_sigmoid", "log(sigmoid(x)), without overflow.", "min(x, 0) - log1p(exp(-abs(x)))", "gy * sigmoid(-x)",
       real(-4, 4),
       "log_sigmoid([0.]) -> [-0.693147]", "sp.log_expit(x)", np_name="", method=False)
op("relu", "x", "max(x, 0). The gradient at 0 is 0.", dtype="same", expr="max(x, 0)", grad="_relu_grad(gy, y)",
   ref="np.maximum(x, 0)", samples=real(-2, 2), method=True, inplace_ok=True, np_name="",
   example="relu([-1., 2.]) -> [0., 2.]")
op("_relu_grad", "g, kept", "g where kept is positive, else 0.", dtype="arith", expr="g if kept > 0 else 0", np_name="",
   grad={"g": "_relu_grad(gy, kept)"}, ref="np.where(kept > 0, g, 0)",
   samples=(real(-2, 2), fixed([-1.5, 0.5, 2.0, -0.5])))
op("relu6", "x", "x held between 0 and 6.", dtype="same", expr="min(max(x, 0), 6)", np_name="",
   grad="where((x > 0) & (x < 6), gy, 0.0)", ref="np.clip(x, 0, 6)", samples=real(-3, 9),
   example="relu6([-1., 2., 9.]) -> [0., 2., 6.]",
   formula="Howard et al., MobileNets, arXiv:1704.04861")
op("leaky_relu", "x, slope: scalar = 0.25", "x where positive, else slope * x. An array as slope gives PReLU.",
   dtype="floating", expr="x if x > 0 else slope * x", np_name="",
   grad={"x": "where(x > 0, gy, gy * slope)", "slope": "where(x > 0, 0.0, gy * x)"},
   ref="np.where(x > 0, x, slope * x)", samples=(real(-2, 2), fixed(0.1)),
   example="leaky_relu([-1., 2.], 0.1) -> [-0.1, 2.]",
   formula="He et al., Delving Deep into Rectifiers, arXiv:1502.01852")
op("elu", "x, alpha: scalar = 1.0", "x where positive, else alpha * (exp(x) - 1).", dtype="floating", np_name="",
   expr="x if x > 0 else alpha * expm1(min(x, 0))", grad={"x": "where(x > 0, gy, gy * (y + alpha))"},
   ref="np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))", samples=(real(-2, 2), fixed(0.7)),
   example="elu([-1., 2.]) -> [-0.632121, 2.]", formula="Clevert et al., arXiv:1511.07289")
_float("selu", "Scaled ELU with the constants that keep mean 0 and variance 1.",
       "1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * expm1(min(x, 0)))",
       "gy * where(x > 0, 1.0507009873554805, y + 1.7580993408473766)", real(-2, 2),
       "selu([-1., 1.]) -> [-1.111331, 1.050701]",
       "1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0)))", np_name="",
       method=False,
       formula="Klambauer et al., Self-Normalizing Neural Networks, arXiv:1706.02515")
_float("gelu_erf", "Gaussian error linear unit: x times the normal distribution function of x.",
       "gelu(x)", "gy * _gelu_slope(x)", real(-3, 3),
       "gelu_erf([-1., 1.]) -> [-0.158655, 0.841345]", "0.5 * x * (1 + sp.erf(x / np.sqrt(2)))", np_name="",
       method=False,
       formula="Hendrycks and Gimpel, arXiv:1606.08415")
_float("_gelu_slope", "The derivative of gelu_erf.", "gelu_slope(x)",
       "gy * ((2.0 - square(x)) * (0.3989422804014327 * exp(-0.5 * square(x))))", real(-3, 3),
       "_gelu_slope(0.) -> 0.5", "sp.ndtr(x) + x * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)", np_name="",
       method=False)
# What the graph makes of the two where both are wanted.
op("_gelu_pair", "x", "gelu_erf and its derivative, which share an exponential.", outs="y, slope", dtype="floating",
   expr="gelu(x), gelu_slope(x)",
   ref="(lambda p: (x * p, p + x * np.exp(-0.5 * x * x) / np.sqrt(2 * np.pi)))(sp.ndtr(x))", samples=real(-3, 3),
   example="_gelu_pair(0.) -> (0., 0.5)", np_name="")
_float("gelu_tanh", "GELU by its tanh approximation.",
       "0.5 * x * (1 + tanh(0.7978845608028654 * (x + 0.044715 * x * x * x)))",
       "t = tanh(0.7978845608028654 * (x + 0.044715 * x * x * x));"
       "gy * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * (0.7978845608028654 + 0.1070322243 * square(x)))",
       real(-3, 3), "gelu_tanh([-1., 1.]) -> [-0.158808, 0.841192]",
       "0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))", np_name="", method=False,
       formula="Hendrycks and Gimpel, arXiv:1606.08415")
_float("silu", "x * sigmoid(x), also called swish.", "x * sigmoid(x)", "s = sigmoid(x); gy * (s + y * (1.0 - s))",
       real(-3, 3),
       "silu([0., 1.]) -> [0., 0.731059]", "x * sp.expit(x)", np_name="", method=False)
_float("mish", "x * tanh(softplus(x)).", "x * tanh(max(x, 0) + log1p(exp(-abs(x))))",
       "t = tanh(softplus(x)); gy * (t + x * sigmoid(x) * (1.0 - t * t))", real(-3, 3),
       "mish([0., 1.]) -> [0., 0.865098]",
       "x * np.tanh(np.logaddexp(x, 0))", np_name="", method=False, formula="Misra, arXiv:1908.08681")
op("softplus", "x, beta: scalar = 1.0", "log(1 + exp(beta * x)) / beta, without overflow.", dtype="floating",
   expr="max(x if beta > 0 else -x, 0) * sign(beta) + log1p(exp(-abs(beta * x))) / beta",
   grad={"x": "gy * sigmoid(beta * x)"}, np_name="",
   ref="np.where(np.isinf(beta) & (x != 0), np.maximum(x * np.sign(beta), 0) * np.sign(beta), "
       "np.logaddexp(beta * x, 0) / beta)", samples=(real(-3, 3), fixed(1.5)), aliases="SoftReLU",
   example="softplus([0.]) -> [0.693147]")
_float("softsign", "x / (1 + |x|).", "x / (1 + abs(x))", "gy / square(1.0 + abs(x))", real(-3, 3),
       "softsign([-1., 3.]) -> [-0.5, 0.75]", "x / (1 + np.abs(x))", np_name="", method=False)
op("hard_sigmoid", "x, alpha: scalar = 0.2, beta: scalar = 0.5", "alpha * x + beta, held between 0 and 1.",
   dtype="floating", np_name="", expr="min(max(alpha * x + beta, 0), 1)",
   grad={"x": "t = alpha * x + beta; where((t > 0) & (t < 1), gy * alpha, 0.0)"},
   ref="np.clip(alpha * x + beta, 0, 1)", samples=(real(-4, 4), fixed(0.2), fixed(0.5)),
   example="hard_sigmoid([-9., 0., 9.]) -> [0., 0.5, 1.]")
op("smooth_l1", "x, scalar: scalar = 1.0", "Half a square near zero, straight beyond 1 / scalar**2 (Huber's loss).",
   dtype="floating", np_name="",
   expr="s2 = scalar * scalar; a = abs(x); 0.5 * s2 * x * x if a < 1 / s2 else a - 0.5 / s2",
   grad={"x": "gy * clip(x * (scalar * scalar), -1.0, 1.0)"},
   ref="np.where(np.abs(x) < 1 / scalar**2, 0.5 * scalar**2 * x * x, np.abs(x) - 0.5 / scalar**2)",
   samples=(real(-2, 2), fixed(1.2)), example="smooth_l1([0.5, 2.]) -> [0.125, 1.5]",
   formula="Girshick, Fast R-CNN, arXiv:1504.08083")

op("_nan_to_num", "x, missing: scalar, high: scalar, low: scalar", "x with other numbers for NaN and the infinities.",
   dtype="floating", np_name="", expr="missing if isnan(x) else high if x == inf else low if x == -inf else x",
   grad={"x": "where(isfinite(x), gy, 0.0)"},
   ref="np.where(np.isnan(x), missing, np.where(x == np.inf, high, np.where(x == -np.inf, low, x)))",
   samples=(real(-2, 2), fixed(0.5), fixed(3.0), fixed(-3.0)))

# Complex numbers and their parts. The gradients of these are no functions of complex analysis: each is what steepest
# ascent of a real number asks for (see `complex_rule` in _record.py).
_ARG = real(0.3, 2)
op("conj", "x", "The complex conjugate; a copy of real numbers.", dtype="same", expr="conj(x)", grad="conj(gy)",
   ref="np.conj(x) if x.dtype.name != 'bfloat16' else x", samples=real(-2, 2), complex_rule="written", method=True,
   aliases="conjugate", example="conj([1 + 2j]) -> [1 - 2j]")
op("real", "x", "The real part: of complex numbers in float32 or float64, of others a copy.", dtype="real",
   expr="real(x)", grad="gy", ref="np.real(x)", samples=real(-2, 2), complex_rule="written",
   example="real([1 + 2j, 3.]) -> [1., 3.]")
op("imag", "x", "The imaginary part: of complex numbers in float32 or float64, of others zeros.", dtype="real",
   expr="imag(x)", grad="_complex(0.0, gy)", ref="np.imag(x)", samples=real(-2, 2), complex_rule="written",
   example="imag([1 + 2j, 3.]) -> [2., 0.]")
op("angle", "x", "The angle of a complex number from the real axis in radians, -pi to pi; 0 or pi of real numbers.",
   dtype="real_floating", expr="angle(x)", grad="_complex(0.0, gy) / conj(x)", ref="np.angle(x)", samples=_ARG,
   complex_rule="written", example="angle([1j, -1., 2.]) -> [1.570796, 3.141593, 0.]")
op("_complex", "re, im", "The complex number with these two parts.", dtype="complex", expr="complex_(re, im)",
   grad={"re": "real(gy)", "im": "imag(gy)"}, ref="dlcore.ops.reference.complex_of", samples=(real(-2, 2), real(-2, 2)),
   complex_rule="written")
op("_abs_complex", "x", "The length of complex numbers. The gradient at 0 is 0.", dtype="real", expr="abs(x)",
   grad="gy * (x / where(y == 0, 1.0, y))", ref="np.abs(x)", samples=_ARG, complex_rule="written")
op("_sign_complex", "x", "Complex numbers of length 1 in the direction of x; 0 where x is 0.", dtype="complex",
   expr="sign(x)", grad="size = abs(x); (gy - y * real(conj(gy) * y)) / where(size == 0, 1.0, size)", ref="np.sign(x)",
   samples=_ARG, complex_rule="written")
