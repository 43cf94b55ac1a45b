"""Stanzas: reading and writing at positions held in arrays, and sorting.

Positions may have any whole-number dtype; negative ones count from the end, and one that is out of range is an
IndexError, never memory.
"""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, fixed, real

# fmt: off
op = partial(_op, family="index", dtype="first", np_name="")
_x43 = real(shape=(4, 3))
_FAR = partial(bad, "index 7 is out of range.*size 4", raises="IndexError")
_at7, _ids = fixed([7], "int64"), fixed([[0, -1], [3, 3]], "int64")
_FLOAT = fixed([0.5, 1.0], "float32")

op("take", "x, indices, axis: int = 0", "The rows of x (along the axis) that indices name, in the shape of indices.",
   infer="take", kernel="take", grad={"x": "_take_grad(gy, indices, x, axis=axis)"},
   ref="np.take(x, indices, axis=axis)",
   samples=[case(_x43, _ids), case(real(shape=(2, 4, 3)), fixed([1, 2], "int32"), axis=1),
   case(_x43, fixed(2, "int64"))],
   errors=[_FAR(_x43, _at7), bad("integer", _x43, _FLOAT, raises="TypeError"),
           bad("axis 5", _x43, _ids, axis=5, raises="IndexError")],
   example="take([10., 20., 30.], [2, 0]) -> [30., 10.]")
op("_take_grad", "g, indices, x: like, axis: int = 0", "Zeros of x's shape with the rows of g added at indices.",
   infer="like2", kernel="take_grad", grad={"g": "take(gy, indices, axis=axis)"}, ref="dlcore.ops.reference.take_grad",
   samples=[case(real(shape=(2, 2, 3)), _ids, _x43),
            case(real(shape=(2, 2, 3)), fixed([1, 2], "int64"), real(shape=(2, 4, 3)), axis=1)])
op("embedding", "indices, weight", "The rows of weight that indices name: a table look-up.",
   define="take(weight, indices, axis=0)", ref="np.take(weight, indices, axis=0)", samples=[case(_ids, _x43)],
   errors=[bad("index 7 is out of range", _at7, _x43, raises="IndexError")], aliases="Embedding",
   example="embedding([1, 0], [[1., 2.], [3., 4.]]) -> [[3., 4.], [1., 2.]]")
op("take_along_axis", "x, indices, axis: int = -1",
   "For each line along the axis, its numbers at that line's own indices.",
   infer="take_along_axis", kernel="take_along_axis", grad={"x": "_take_along_axis_grad(gy, indices, x, axis=axis)"},
   ref="np.take_along_axis(x, indices, axis=axis)",
   samples=[case(_x43, fixed([[0], [2], [-1], [1]], "int64")),
   case(_x43, fixed([[3, 0, 1], [0, 0, 2]], "int64"), axis=0)],
   errors=[bad("out of range", _x43, fixed([[7, 0, 0]], "int64"), axis=0, raises="IndexError")],
   example="take_along_axis([[1., 2.], [3., 4.]], [[1], [0]]) -> [[2.], [3.]]")
op("_take_along_axis_grad", "g, indices, x: like, axis: int = -1", "Zeros of x's shape with g added at the indices.",
   infer="like2", kernel="take_along_axis_grad", grad={"g": "take_along_axis(gy, indices, axis=axis)"},
   ref="dlcore.ops.reference.take_along_axis_grad",
   samples=[case(real(shape=(4, 2)), fixed([[0, 0], [2, 1], [-1, 0], [1, 1]], "int64"), _x43)])
op("pick", "x, index, axis: int = -1, keepdims: bool = False",
   "One number of each line along the axis, the one that index names (whole numbers, of any dtype).",
   infer="pick", kernel="pick", grad={"x": "_pick_grad(gy, index, x, axis=axis, keepdims=keepdims)"},
   ref="dlcore.ops.reference.pick",
   samples=[case(_x43, fixed([0, 2, 1, -1], "int64")),
   case(_x43, fixed([1.0, 3.0, 0.0], "float32"), axis=0, keepdims=True)],
   errors=[bad("out of range", _x43, fixed([0, 3, 0, 0], "int64"), raises="IndexError"),
   bad(r"\(4,\).*\(2,\)|\(2,\).*\(4,\)", _x43, fixed([0, 1], "int64"))],
   example="pick([[1., 2.], [3., 4.]], [1, 0]) -> [2., 3.]")
op("_pick_grad", "g, index, x: like, axis: int = -1, keepdims: bool = False",
   "Zeros of x's shape with g at the picked places.",
   infer="like2", kernel="pick_grad", grad={"g": "pick(gy, index, axis=axis, keepdims=keepdims)"},
   ref="dlcore.ops.reference.pick_grad",
   samples=[case(real(shape=(4,)), fixed([0, 2, 1, -1], "int64"), _x43)])
op("gather_nd", "x, *indices", "x[i0, i1, ...]: the indices are broadcast together and run over the leading axes of x.",
   infer="gather_nd", kernel="gather_nd", grad="_gather_nd_grad(gy, x, *indices)", ref="x[tuple(indices)]",
   samples=[case(_x43, _ids), case(_x43, fixed([[0], [-1]], "int64"), fixed([2, 1], "int64"))],
   errors=[_FAR(_x43, _at7), bad("integer", _x43, _FLOAT, raises="TypeError"),
           bad("broadcast", _x43, fixed([0, 1], "int64"), fixed([0, 1, 2], "int64")),
           bad("indices", real(shape=(4,)), fixed([0], "int64"), fixed([0], "int64"), raises="IndexError")],
   example="gather_nd([[1., 2.], [3., 4.]], [0, 1], [1, 1]) -> [2., 4.]")
op("_gather_nd_grad", "g, x: like, *indices", "Zeros of x's shape with g added at x[i0, i1, ...].",
   infer="like1", kernel="gather_nd_grad", grad={"g": "gather_nd(gy, *indices)"},
   ref="dlcore.ops.reference.gather_nd_grad",
   samples=[case(real(shape=(2, 2, 3)), _x43, _ids),
            case(real(shape=(3,)), _x43, fixed([0, 0, 1], "int64"), fixed([1, 1, 2], "int64"))])
op("index_put", "x, value, *indices",
   "A copy of x in which x[i0, i1, ...] is value (broadcast). Of several writes to one place the last stays.",
   infer="same", kernel="index_put",
   grad={"x": "gy * index_put(ones_like(x), 0.0, *indices)", "value": "gather_nd(gy, *indices)"},
   ref="dlcore.ops.reference.index_put",
   samples=[case(_x43, real(shape=(2, 3)), fixed([3, 1], "int64")),
            case(_x43, real(shape=()), fixed([0, -1], "int64"), fixed([2, 1], "int64"))],
   errors=[_FAR(_x43, real(shape=(1, 3)), _at7), bad("broadcast", _x43, real(shape=(2,)), fixed([0], "int64"))],
   example="index_put([1., 2., 3.], 9., [0, 2]) -> [9., 2., 9.]")
op("index_add", "x, value, *indices", "A copy of x with value added at x[i0, i1, ...]; repeated places add up.",
   infer="same", kernel="index_add", grad={"x": "gy", "value": "gather_nd(gy, *indices)"},
   ref="dlcore.ops.reference.index_add",
   samples=[case(_x43, real(shape=(2, 3)), fixed([1, 1], "int64"))], errors=[_FAR(_x43, real(shape=(1, 3)), _at7)],
   example="index_add([1., 2., 3.], 1., [2, 2]) -> [1., 2., 5.]")
op("one_hot", "x, depth: int, on: float = 1.0, off: float = 0.0, dtype: dtype = 'float32'",
   "A new last axis of length depth: `on` at the place that x names, `off` elsewhere (all over, if x is outside).",
   dtype="attr:dtype", infer="one_hot", kernel="one_hot", ref="dlcore.ops.reference.one_hot",
   samples=[case(fixed([0, 2, 5, -1], "int64"), depth=3),
   case(fixed([[1.0], [0.0]], "float32"), depth=2, on=5.0, off=-1.0, dtype="int32")],
   errors=[bad("depth", fixed([0], "int64"), depth=-1)], example="one_hot([0, 2], 3) -> [[1., 0., 0.], [0., 0., 1.]]")

_line = real(shape=(3, 5), apart=True)
op("sort", "x, axis: int = -1, descending: bool = False", "The numbers along the axis in order, NaN last.",
   dtype="same",
   infer="same", kernel="sort",
   grad="_take_along_axis_grad(gy, argsort(x, axis=axis, descending=descending), x, axis=axis)",
   ref="np.sort(x, axis=axis) if not descending else np.flip(np.sort(x, axis=axis), axis)", method=True,
   samples=[case(_line), case(_line, axis=0), case(_line, descending=True)],
   errors=[bad("axis 5", _line, axis=5, raises="IndexError")],
   example="sort([3., 1., 2.]) -> [1., 2., 3.]")
op("argsort", "x, axis: int = -1, descending: bool = False",
   "The positions that would sort the axis; equal numbers keep their order.",
   dtype="index_out", infer="same", kernel="argsort", method=True,
   ref="np.argsort(-x.astype(np.float64) if descending else x, axis=axis, kind='stable')",
   samples=[case(_line), case(_line, axis=0), case(_line, descending=True)],
   errors=[bad("axis 5", _line, axis=5, raises="IndexError")],
   example="argsort([3., 1., 2.]) -> [1, 2, 0]")
