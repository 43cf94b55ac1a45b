"""Stanzas: products of matrices."""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, real

# fmt: off
op = partial(_op, family="linalg", dtype="promote")
_a, _b = real(shape=(3, 4)), real(shape=(4, 2))

op("matmul", "a, b", "Matrix product over the last two axes; leading axes are broadcast. Both need two axes or more; "
   "`dlcore.np.matmul` takes vectors too.", infer="matmul", kernel="matmul", np_name="",
   grad={"a": "matmul(gy, swap_last(b))", "b": "matmul(swap_last(a), gy)"}, ref="np.matmul(a, b)",
   samples=[case(_a, _b), case(real(shape=(2, 3, 4)), real(shape=(2, 4, 2))), case(real(shape=(5, 1, 3, 4)), _b),
            case(real(shape=(0, 4)), _b), case(real(shape=(3, 0)), real(shape=(0, 2)))],
   errors=[bad(r"matmul: .*\(3, 4\).*\(3, 4\)", _a, _a), bad("2", real(shape=(4,)), _b),
           bad("broadcast", real(shape=(2, 3, 4)), real(shape=(3, 4, 2)))],
   tol={"float16": 4e-3, "bfloat16": 4e-2}, example="matmul([[1., 2.]], [[3.], [4.]]) -> [[11.]]")

op("dense", "x, weight, bias=None, flatten: bool = True",
   "A fully connected layer: x @ weight.T + bias. weight is (units, inputs); with flatten x is seen as (d0, rest), "
   "else only its last axis is multiplied.", infer="dense", kernel="dense", np_name="",
   grad={"x": "_reshape_like(matmul(flatten2d(gy, leading=True), weight), x)",
         "weight": "matmul(swap_last(flatten2d(gy, leading=True)), flatten2d(x, leading=not flatten))",
         "bias": "sum(flatten2d(gy, leading=True), axis=0)"},
   ref="dlcore.ops.reference.dense",
   samples=[case(real(shape=(2, 3)), real(shape=(4, 3)), real(shape=(4,))),
            case(real(shape=(2, 3, 2)), real(shape=(4, 6)), None),
            case(real(shape=(2, 5, 3)), real(shape=(4, 3)), real(shape=(4,)), flatten=False),
            case(real(shape=(0, 3)), real(shape=(4, 3)), None)],
   errors=[bad(r"dense: .*\(4, 5\).*\(2, 3\)", real(shape=(2, 3)), real(shape=(4, 5)), None),
           bad(r"dense: .*bias", real(shape=(2, 3)), real(shape=(4, 3)), real(shape=(3,)))],
   tol={"float16": 4e-3, "bfloat16": 4e-2},
   example="dense([[1., 2.]], [[3., 4.], [0., 1.]], [10., 20.]) -> [[21., 22.]]")
