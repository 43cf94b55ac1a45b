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
op("_loss_head", "y, x, g", "y itself, for whose sake x gets the gradient g whatever arrives: the end of a network.",
   dtype="first", expr="y", grad={"x": "g"}, ref="np.copy(y)", smooth=False,  # x does not take part in the value
   samples=(real(shape=(4, 3)), real(shape=(4, 3)), real(shape=(4, 3))))
