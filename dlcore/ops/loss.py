"""Stanzas: losses that deserve an operator of their own; the others are written with ordinary operators in gluon."""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, fixed, real

# fmt: off
op = partial(_op, family="loss", np_name="")
_logits, _labels = real(-3, 3, shape=(4, 3)), fixed([0, 2, 1, 2], "int64")

op("softmax_cross_entropy", "logits, labels, axis: int = -1",
   "-log(softmax(logits)) at the label: a loss for each line along the axis. Labels are whole numbers (of any dtype).",
   dtype="first", infer="pick", kernel="softmax_cross_entropy",
   grad={"logits": "_softmax_cross_entropy_grad(gy, logits, labels, axis=axis)"},
   ref="dlcore.ops.reference.softmax_cross_entropy",
   samples=[case(_logits, _labels), case(real(shape=(2, 3, 4)),
            fixed([[0.0, 1.0, 2.0, 0.0], [1.0, 2.0, 2.0, 0.0]], "float32"), axis=1)],
   errors=[bad("out of range", _logits, fixed([0, 3, 0, 0], "int64"), raises="IndexError"),
           bad(r"\(4,\).*\(2,\)|\(2,\).*\(4,\)", _logits, fixed([0, 1], "int64"))],
   tol={"float16": 4e-3, "bfloat16": 4e-2}, example="softmax_cross_entropy([[0., 0.]], [1]) -> [0.693147]")
op("_softmax_cross_entropy_grad", "g, logits, labels, axis: int = -1", "(softmax(logits) - one_hot(labels)) * g.",
   dtype="first", infer="like1", kernel="softmax_cross_entropy_grad",
   grad={"g": "sum(softmax(logits, axis=axis) * gy, axis=axis) - pick(gy, labels, axis=axis)",
         "logits": "p = softmax(logits, axis=axis); t = gy * p * expand_dims(g, axis=axis);"
                   "t - p * sum(t, axis=axis, keepdims=True)"},
   ref="dlcore.ops.reference.softmax_cross_entropy_grad", samples=[case(real(shape=(4,)), _logits, _labels)])
op("cross_entropy", "logits, labels, axis: int = -1, label_smoothing: float = 0.0, ignore_index: int = -100",
   "softmax_cross_entropy in which label_smoothing is the share of the loss that all classes bear alike, and a sample"
   " whose label is ignore_index costs nothing.",
   define="keep = not_equal(labels, ignore_index); safe = where(keep, labels, zeros_like(labels));"
          "l = softmax_cross_entropy(logits, safe, axis=axis); u = mean(log_softmax(logits, axis=axis), axis=axis);"
          # Without smoothing a class that cannot be (a logit of minus infinity) costs nothing: 0 * inf would be NaN.
          "l = where(full_like(l, label_smoothing) == 0, l, l - label_smoothing * (l + u));"
          "where(keep, l, zeros_like(l))",
   ref="dlcore.ops.reference_nn.cross_entropy",
   samples=[case(_logits, _labels), case(_logits, fixed([0, -100, 1, 2], "int64"), label_smoothing=0.1),
            case(real(shape=(2, 3, 4)), fixed([[0, 1, 2, 0], [1, 7, 2, 0]], "int32"), axis=1, ignore_index=7)],
   errors=[bad("out of range", _logits, fixed([0, 3, 0, 0], "int64"), raises="IndexError")],
   tol={"float16": 4e-3, "bfloat16": 4e-2}, example="cross_entropy([[0., 0.]], [-100]) -> [0.]",
   formula="Szegedy et al., Rethinking the Inception Architecture, arXiv:1512.00567")

_elementwise = partial(op, dtype="floating", errors=[bad("broadcast", real(shape=(2, 3)), real(shape=(4,)))])
_elementwise("huber", "x, y, delta: scalar = 1.0",
   "Half the squared difference where it is at most delta, beyond that straight: delta * (|x - y| - delta / 2).",
   expr="a = abs(x - y); 0.5 * a * a if a <= delta else delta * (a - 0.5 * delta)", outs="out",
   grad={"x": "gout * clip(x - y, -delta, delta)", "y": "gout * clip(y - x, -delta, delta)"},
   ref="np.where(np.abs(x - y) <= delta, 0.5 * (x - y) ** 2, delta * (np.abs(x - y) - 0.5 * delta))",
   samples=(real(-2, 2), real(-2, 2), fixed(0.75)), example="huber([0.5, 3.], 0.) -> [0.125, 2.5]",
   formula="Huber, Annals of Statistics 35 (1964) 73")
_elementwise("hinge", "x, sign, margin: scalar = 1.0", "max(0, margin - x * sign), sign being -1 or 1.",
   expr="max(margin - x * sign, 0)", grad={"x": "where(y > 0, -gy * sign, 0.0)"},
   ref="np.maximum(margin - x * sign, 0)",
   samples=(real(-2, 2), fixed([1.0, -1.0, 1.0]), fixed(1.0)), example="hinge([0.5, 3.], [1., 1.]) -> [0.5, 0.]")
_elementwise("squared_hinge", "x, sign, margin: scalar = 1.0",
   "max(0, margin - x * sign) squared, sign being -1 or 1.",
   expr="t = max(margin - x * sign, 0); t * t", grad={"x": "gy * sign * (-2.0 * maximum(margin - x * sign, 0.0))"},
   ref="np.maximum(margin - x * sign, 0) ** 2", samples=(real(-2, 2), fixed([1.0, -1.0, 1.0]), fixed(1.0)),
   tol={"float16": 3e-3, "bfloat16": 2e-2}, example="squared_hinge([0.5, 3.], [1., 1.]) -> [0.25, 0.]")
_elementwise("kl_div", "log_q, p", "p * (log(p) - log_q), 0 where p is 0: its sum is the divergence of q from p.",
   expr="p * (log(p) - log_q) if p > 0 else 0",
   grad={"log_q": "-gy * p", "p": "where(p > 0, gy * (log(where(p > 0, p, 1.0)) + 1.0 - log_q), 0.0)"},
   ref="np.where(p > 0, p * (np.log(np.where(p > 0, p, 1)) - log_q), 0)", samples=(real(-3, 0), real(0.1, 1)),
   tol={"float16": 4e-3, "bfloat16": 3e-2}, example="kl_div([0., 0.], [1., 0.]) -> [0., 0.]",
   formula="Kullback and Leibler, Annals of Mathematical Statistics 22 (1951) 79")
_elementwise("bce_with_logits", "x, target, pos_weight: scalar = 1.0",
   "Binary cross-entropy of sigmoid(x) against target, without overflow; pos_weight multiplies the part of target 1.",
   expr="(1 - target) * x + (1 + (pos_weight - 1) * target) * (log1p(exp(-abs(x))) + max(-x, 0))",
   grad={"x": "gy * (1.0 - target - (1.0 + (pos_weight - 1.0) * target) * sigmoid(-x))",
         "target": "gy * ((pos_weight - 1.0) * softplus(-x) - x)"},
   ref="(1 - target) * x + (1 + (pos_weight - 1) * target) * np.logaddexp(-x, 0)",
   samples=(real(-3, 3), real(0, 1), fixed(1.5)), tol={"float16": 4e-3, "bfloat16": 3e-2, "float32": 4e-6},
   example="bce_with_logits([0., 0.], [1., 0.]) -> [0.693147, 0.693147]")
_elementwise("bce", "p, target", "-(target * log(p) + (1 - target) * log(1 - p)), each logarithm held above -100.",
   expr="-(target * max(log(p), -100) + (1 - target) * max(log1p(-p), -100))",
   grad={"p": "gy * (p - target) / maximum(p * (1.0 - p), 1e-12)",
         "target": "gy * (maximum(log1p(-p), -100.0) - maximum(log(p), -100.0))"},
   ref="-(target * np.maximum(np.log(p), -100) + (1 - target) * np.maximum(np.log1p(-p), -100))",
   samples=(real(0.1, 0.9), real(0, 1)),
   tol={"float16": 4e-3, "bfloat16": 3e-2}, example="bce([0.5, 0.5], [1., 0.]) -> [0.693147, 0.693147]")
_elementwise("poisson_nll", "log_rate, target",
   "exp(log_rate) - target * log_rate: Poisson's loss without its constant.",
   expr="exp(log_rate) - target * log_rate", grad={"log_rate": "gy * (exp(log_rate) - target)",
                                                  "target": "-gy * log_rate"},
   ref="np.exp(log_rate) - target * log_rate", samples=(real(-2, 2), real(0, 5)),
   tol={"float16": 4e-3, "bfloat16": 3e-2}, example="poisson_nll([0.], [3.]) -> [1.]")

op("_loss_head", "y, x, g", "y itself, for whose sake x gets the gradient g whatever arrives: the end of a network.",
   dtype="first", expr="y", grad={"x": "g"}, ref="np.copy(y)", smooth=False,  # x does not take part in the value
   samples=(real(shape=(4, 3)), real(shape=(4, 3)), real(shape=(4, 3))))
