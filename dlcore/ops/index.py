"""Stanzas: reading and writing at positions held in arrays, and sorting.

Positions may have any whole-number dtype; negative ones count from the end, and one that is out of range is an
IndexError, never memory.
"""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, fixed, flag, real

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
op("_sequence_reverse", "x, length",
   "Steps of each sequence in reversed order, what lies behind its length in its place; x is (time, batch, ...).",
   infer="sequence_reverse", kernel="sequence_reverse", grad={"x": "_sequence_reverse(gy, length)"},
   ref="dlcore.ops.reference.sequence_reverse",
   samples=[case(_x43, fixed([4, 1, 2], "int64")), case(real(shape=(3, 2, 2)), fixed([0, 3], "int32")),
            case(real(shape=(2, 2, 20)), fixed([2, 1], "int64"))],
   errors=[_FAR(_x43, fixed([8, 1, 1], "int64"), raises="IndexError"),
           bad(r"\(4, 3\).*\(2,\)", _x43, fixed([1, 1], "int64"))])
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
op("put_along_axis", "x, indices, value, axis: int = -1",
   "A copy of x in which each line along the axis has value (broadcast to indices) at that line's own indices.",
   infer="put_along_axis", kernel="put_along_axis", inplace_ok=True,
   grad={"x": "put_along_axis(gy, indices, 0.0, axis=axis)", "value": "_along_last(gy, indices, axis=axis)"},
   ref="dlcore.ops.reference.put_along_axis",
   samples=[case(_x43, fixed([[0, 0], [2, 1], [-1, 0], [1, 1]], "int64"), real(shape=(4, 2))),
            case(_x43, fixed([[3, 0, 1]], "int64"), real(shape=(3,)), axis=0)],
   errors=[_FAR(_x43, fixed([[7, 0, 0]], "int64"), 1.0, axis=0, raises="IndexError"),
           bad("broadcast", _x43, fixed([[0], [0], [0], [0]], "int64"), real(shape=(4, 2)))],
   example="put_along_axis([[1., 2.], [3., 4.]], [[1], [0]], 9.) -> [[1., 9.], [9., 4.]]")
op("_along_last", "x, indices, axis: int = -1",
   "take_along_axis with zeros where a later index of the line names the same place.",
   infer="take_along_axis", kernel="along_last", grad={"x": "put_along_axis(zeros_like(x), indices, gy, axis=axis)"},
   ref="dlcore.ops.reference.along_last",
   samples=[case(_x43, fixed([[0, 0], [2, 1], [-1, 0], [1, 1]], "int64"))])
op("scatter_add", "x, indices, value, axis: int = -1",
   "A copy of x with value (of indices' shape) added at each line's own indices; repeated places add up.",
   define="x + _take_along_axis_grad(value, indices, x, axis=axis)", ref="dlcore.ops.reference.scatter_add",
   samples=[case(_x43, fixed([[0, 0], [2, 1], [-1, 0], [1, 1]], "int64"), real(shape=(4, 2)))],
   errors=[_FAR(_x43, fixed([[7, 0, 0]], "int64"), real(shape=(1, 3)), axis=0, raises="IndexError")],
   example="scatter_add([[1., 2.]], [[1, 1]], [[3., 4.]]) -> [[1., 9.]]")
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
op("_gather_last", "x, *indices",
   "gather_nd with zeros where a later index names the same place: what of a write stays.",
   infer="gather_nd", kernel="gather_last", grad={"x": "index_put(zeros_like(x), gy, *indices)"},
   ref="dlcore.ops.reference.gather_last",
   samples=[case(_x43, _ids), case(_x43, fixed([0, 0, -4], "int64"), fixed([1, 1, 1], "int64"))])
op("index_put", "x, value, *indices",
   "A copy of x in which x[i0, i1, ...] is value (broadcast). Of several writes to one place the last stays.",
   infer="index_write", kernel="index_put", inplace_ok=True,
   grad={"x": "index_put(gy, 0.0, *indices)", "value": "_gather_last(gy, *indices)"},
   ref="dlcore.ops.reference.index_put",
   samples=[case(_x43, real(shape=(2, 3)), fixed([3, 1], "int64")),
            case(_x43, real(shape=(2, 2, 3)), _ids),
            case(_x43, real(shape=()), fixed([0, -1], "int64"), fixed([2, 1], "int64"))],
   errors=[_FAR(_x43, real(shape=(1, 3)), _at7), bad("broadcast", _x43, real(shape=(2,)), fixed([0], "int64")),
           bad("integer", _x43, 1.0, _FLOAT, raises="TypeError")],
   example="index_put([1., 2., 3.], 9., [0, 2]) -> [9., 2., 9.]")
op("index_add", "x, value, *indices", "A copy of x with value added at x[i0, i1, ...]; repeated places add up.",
   infer="index_write", kernel="index_add", inplace_ok=True, grad={"x": "gy", "value": "gather_nd(gy, *indices)"},
   ref="dlcore.ops.reference.index_add",
   samples=[case(_x43, real(shape=(2, 3)), fixed([1, 1], "int64"))], errors=[_FAR(_x43, real(shape=(1, 3)), _at7)],
   example="index_add([1., 2., 3.], 1., [2, 2]) -> [1., 2., 5.]")
op("slice_assign", "x, value, start: ints, size: ints, step: opt_ints = None",
   "A copy of x in which size[k] numbers from start[k] on in steps of step[k], for each leading axis k, are value.",
   infer="slice_assign", kernel="slice_assign", inplace_ok=True, family="shape",
   grad={"x": "slice_assign(gy, 0.0, start=start, size=size, step=step)",
         "value": "slice(gy, start=start, size=size, step=step)"}, ref="dlcore.ops.reference.slice_assign",
   samples=[case(_x43, real(shape=(2, 3)), start=(1,), size=(2,)),
            case(_x43, real(shape=()), start=(0, 1), size=(4, 1)),
            case(_x43, real(shape=(2, 1)), start=(3, 2), size=(2, 2), step=(-2, -1)),
            case(_x43, real(shape=(0, 3)), start=(0,), size=(0,))],
   errors=[bad(r"outside axis 0 of size 4", _x43, 1.0, start=(3,), size=(2,), raises="IndexError"),
           bad("broadcast", _x43, real(shape=(2,)), start=(0,), size=(2,))],
   example="slice_assign([1., 2., 3., 4.], 0., start=(1,), size=(2,)) -> [1., 0., 0., 4.]")
op("masked_fill", "x, mask, value", "x with value where the mask holds.", define="where(mask, value, x)",
   ref="np.where(mask, value, x)", samples=[case(_x43, flag(shape=(4, 3)), real(shape=())),
   case(_x43, flag(shape=(4, 1)), real(shape=(3,)))],
   errors=[bad("bool", _x43, _x43, 1.0, raises="TypeError")],
   example="masked_fill([1., 2.], [True, False], 0.) -> [0., 2.]")
op("one_hot", "x, depth: int, on: float = 1.0, off: float = 0.0, dtype: dtype = 'float32'",
   "A new last axis of length depth: `on` at the place that x names (0 to depth - 1), `off` elsewhere.",
   dtype="attr:dtype", infer="one_hot", kernel="one_hot", ref="dlcore.ops.reference.one_hot",
   samples=[case(fixed([0, 2, 1], "int64"), depth=3),
   case(fixed([[1.0], [0.0]], "float32"), depth=2, on=5.0, off=-1.0, dtype="int32")],
   errors=[bad("depth", fixed([0], "int64"), depth=-1),
           bad("index 3 is out of range for axis 1 of size 3", fixed([3], "int64"), depth=3, raises="IndexError"),
           bad("index -1 is out of range for axis 1 of size 3", fixed([-1], "int64"), depth=3, raises="IndexError")],
   example="one_hot([0, 2], 3) -> [[1., 0., 0.], [0., 0., 1.]]")

# Rows put together by number. segment_ids need no order; a segment without rows gives what is written in each doc.
_seg = [case(real(0.5, 2, shape=(5, 3), apart=True), fixed([0, 2, 0, -1, 2], "int64"), num=4),
        case(real(0.5, 2, shape=(3,), apart=True), fixed([1, 1, 0], "int32"), num=2)]
_seg_errors = [bad("index 7 is out of range for axis 0 of size 4", _x43, fixed([0, 7, 0, 0], "int64"), num=4,
                   raises="IndexError"), bad(r"\(4, 3\).*\(2,\)", _x43, fixed([0, 1], "int64"), num=4),
               bad("num must not be negative, got -1", _x43, fixed([0, 1, 2, 3], "int64"), num=-1)]
_segment = partial(op, infer="segment", samples=_seg, errors=_seg_errors)
_full = [case(real(0.5, 2, shape=(5, 3), apart=True), fixed([0, 2, 0, -2, 2], "int64"), num=3), _seg[1]]
_bools = case(fixed([True, False, True], "bool"), fixed([0, 0, 2], "int32"), num=4)
_SEG = "x, segment_ids, num: int"
_segment("segment_sum", _SEG,
         "The sum of all rows of x with the same segment id, for ids 0 to num - 1; 0 without rows.",
         kernel="segment_sum", grad={"x": "take(gy, segment_ids, axis=0)"},
         ref="dlcore.ops.reference.segment_sum",
         example="segment_sum([1., 2., 3.], [0, 1, 0], 2) -> [4., 2.]")
op("segment_mean", _SEG, "The mean of all rows of x with the same segment id; 0 without rows.",
   define="segment_sum(x, segment_ids, num=num) / maximum(segment_sum(ones_like(x), segment_ids, num=num), 1.0)",
   ref="dlcore.ops.reference.segment_mean", samples=_seg, errors=_seg_errors, dtype="floating",
   example="segment_mean([1., 2., 3.], [0, 1, 0], 2) -> [2., 2.]")
for _name, _word, _start in (("max", "largest", "-inf"), ("min", "smallest", "inf")):
    _segment(f"segment_{_name}", _SEG,
             f"The {_word} of all rows of x with the same segment id, number by number; without rows {_start} (the "
             "outermost number, for whole numbers). Equal ones share the gradient.",
             kernel=f"segment_{_name}", samples=[*_full, _bools],  # an infinity has no differences
             grad={"x": "best = equal(x, take(y, segment_ids, axis=0)); one = where(best, ones_like(x), 0.0); "
                        "n = maximum(segment_sum(one, segment_ids, num=num), 1.0); "
                        "one * take(gy / n, segment_ids, axis=0)"},
             ref=f"dlcore.ops.reference.segment_{_name}",
             example=f"segment_{_name}([1., 2., 3.], [0, 1, 0], 2) -> [{'3.' if _name == 'max' else '1.'}, 2.]")
_segment("segment_prod", _SEG, "The product of all rows of x with the same segment id; 1 without rows.",
         kernel="segment_prod",
         grad={"x": "zero = equal(x, 0.0); rest = where(zero, ones_like(x), x); "
                    "z = segment_sum(where(zero, ones_like(x), 0.0), segment_ids, num=num); "
                    "p = take(gy * segment_prod(rest, segment_ids, num=num), segment_ids, axis=0) / rest; "
                    "others = take(z, segment_ids, axis=0) - where(zero, ones_like(x), 0.0); "
                    "where(equal(others, 0.0), p, 0.0)"},
         ref="dlcore.ops.reference.segment_prod",
         example="segment_prod([2., 5., 3.], [0, 1, 0], 2) -> [6., 5.]")

_line = real(shape=(3, 5), apart=True)
op("sort", "x, axis: int = -1, descending: bool = False", "The numbers along the axis in order, NaN last.",
   dtype="same",
   infer="same", kernel="sort",
   grad="_take_along_axis_grad(gy, argsort(x, axis=axis, descending=descending), x, axis=axis)",
   ref="dlcore.ops.reference.sort", method=True,
   samples=[case(_line), case(_line, axis=0), case(_line, descending=True)],
   errors=[bad("axis 5", _line, axis=5, raises="IndexError")],
   example="sort([3., 1., 2.]) -> [1., 2., 3.]")
op("argsort", "x, axis: int = -1, descending: bool = False",
   "The positions that would sort the axis; equal numbers keep their order.",
   dtype="index_out", infer="same", kernel="argsort", method=True,
   ref="np.argsort(x if not descending else -x if x.dtype.kind == 'f' else ~x, axis=axis, kind='stable')",
   samples=[case(_line), case(_line, axis=0), case(_line, descending=True)],
   errors=[bad("axis 5", _line, axis=5, raises="IndexError")],
   example="argsort([3., 1., 2.]) -> [1, 2, 0]")
op("argtopk", "x, k: int = 1, axis: int = -1, descending: bool = True",
   "The positions of the k largest (or smallest) numbers along the axis, in order; of equal ones the first.",
   dtype="index_out", infer="argtopk", kernel="argtopk",
   ref="dlcore.ops.reference.argtopk",
   samples=[case(_line, k=2), case(_line, k=3, axis=0), case(_line, k=5, descending=False)],
   errors=[bad("axis 5", _line, axis=5, raises="IndexError"), bad("expected k of 0 to 5", _line, k=6)],
   example="argtopk([3., 1., 2.], 2) -> [0, 2]")
op("topk", "x, k: int = 1, axis: int = -1, descending: bool = True",
   "The k largest (or smallest) numbers along the axis, in order, and their positions.", outs="values, indices",
   define="i = argtopk(x, k=k, axis=axis, descending=descending); take_along_axis(x, i, axis=axis), i",
   ref="dlcore.ops.reference.topk", samples=[case(_line, k=2), case(_line, k=3, axis=0, descending=False)],
   example="topk([3., 1., 2.], 2) -> ([3., 2.], [0, 2])", np_name="")
op("_searchsorted", "ordered, x, right: bool = False",
   "Where each number of x would have to be put into a vector to keep it in order: before equal ones, or after them.",
   dtype="index_out", infer="searchsorted", kernel="searchsorted",
   ref="np.searchsorted(ordered, x, 'right' if right else 'left')",
   samples=[case(fixed([1.0, 3.0, 3.0, 5.0]), fixed([[0.0, 3.0], [4.0, 9.0]])),
            case(fixed([1.0, 3.0, 3.0, 5.0]), fixed([3.0, 5.0]), right=True)])
