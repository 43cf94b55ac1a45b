"""Stanzas: activations of neural networks beyond the plain functions in unary.py. All work element by element."""

from functools import partial

from ._record import op as _op
from ._samples import bad, fixed, real

# fmt: off
op = partial(_op, family="activation", np_name="", dtype="floating")
_shapes = bad("broadcast", real(shape=(2, 3)), real(shape=(4,)))

op("prelu", "x, alpha", "x where positive, else alpha * x; alpha is learned, and broadcast against x.",
   expr="x if x > 0 else alpha * x",
   grad={"x": "where(x > 0, gy, gy * alpha)", "alpha": "where(x > 0, 0.0, gy * x)"},
   ref="np.where(x > 0, x, alpha * x)", samples=(real(-2, 2), real(0.1, 0.4)), errors=[_shapes],
   example="prelu([-1., 2.], 0.1) -> [-0.1, 2.]",
   formula="He et al., Delving Deep into Rectifiers, arXiv:1502.01852")
op("celu", "x, alpha: scalar = 1.0", "x where positive, else alpha * (exp(x / alpha) - 1).",
   expr="x if x > 0 else alpha * expm1(min(x, 0) / alpha)",
   grad={"x": "where(x > 0, gy, gy * exp(minimum(x, 0.0) / alpha))"},
   ref="np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))", samples=(real(-2, 2), fixed(0.7)),
   example="celu([-1., 2.]) -> [-0.632121, 2.]", formula="Barron, arXiv:1704.07483")
op("swish", "x, beta: scalar = 1.0", "x * sigmoid(beta * x).", expr="x * sigmoid(beta * x)",
   grad={"x": "s = sigmoid(beta * x); gy * (s + beta * x * s * (1.0 - s))",
         "beta": "s = sigmoid(beta * x); gy * (square(x) * s * (1.0 - s))"},
   ref="x * sp.expit(beta * x)", samples=(real(-3, 3), fixed(1.5)), example="swish([0., 1.]) -> [0., 0.731059]",
   formula="Ramachandran et al., arXiv:1710.05941")
op("hard_swish", "x", "x * relu6(x + 3) / 6.", expr="x * (min(max(x + 3, 0), 6) * 0.16666666666666666)",
   grad="gy * where(x <= -3.0, 0.0, where(x < 3.0, x * 0.3333333333333333 + 0.5, 1.0))",
   ref="x * np.clip(x + 3, 0, 6) / 6", samples=real(-5, 5), example="hard_swish([-4., 0., 4.]) -> [0., 0., 4.]",
   formula="Howard et al., Searching for MobileNetV3, arXiv:1905.02244")
op("hard_tanh", "x, low: scalar = -1.0, high: scalar = 1.0", "x held between low and high.",
   expr="min(max(x, low), high)", grad={"x": "where((x > low) & (x < high), gy, 0.0)"}, ref="np.clip(x, low, high)",
   samples=(real(-3, 3), fixed(-1.25), fixed(1.5)), example="hard_tanh([-2., 0.5, 2.]) -> [-1., 0.5, 1.]")
op("threshold", "x, limit: scalar, value: scalar = 0.0", "x where it is above the limit, else value.",
   expr="value if x <= limit else x", grad={"x": "where(x > limit, gy, 0.0)"}, ref="np.where(x <= limit, value, x)",
   samples=(real(-2, 2), fixed(0.25), fixed(-3.0)), example="threshold([0., 2.], 1., 9.) -> [9., 2.]")
op("softshrink", "x, width: scalar = 0.5", "x moved towards 0 by width, 0 within it.",
   expr="x - width if x > width else (x + width if x < -width else x * 0)",
   grad={"x": "where(abs(x) > width, gy, 0.0)"},
   ref="np.where(x > width, x - width, np.where(x < -width, x + width, x * 0))",
   samples=(real(-2, 2), fixed(0.5)), example="softshrink([-2., 0.25, 1.]) -> [-1.5, 0., 0.5]")
op("hardshrink", "x, width: scalar = 0.5", "x, but 0 where its size is at most width.",
   expr="0 if abs(x) <= width else x", grad={"x": "where(abs(x) > width, gy, 0.0)"},
   ref="np.where(np.abs(x) <= width, 0, x)", samples=(real(-2, 2), fixed(0.5)),
   example="hardshrink([-2., 0.25, 1.]) -> [-2., 0., 1.]")
op("tanhshrink", "x", "x - tanh(x).", expr="x - tanh(x)", grad="gy * square(tanh(x))", ref="x - np.tanh(x)",
   samples=real(-3, 3), example="tanhshrink([0., 1.]) -> [0., 0.238406]")
