"""Stanzas: the same numbers in another shape (mostly views), joining and cutting, and making arrays."""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, fixed, real

# fmt: off
op = partial(_op, family="shape")
_view = partial(op, dtype="same", kernel="view")
_x23, _x234 = real(shape=(2, 3)), real(shape=(2, 3, 4))

op("reshape", "x, shape: ints", "The same numbers in order, in another shape; -1 is worked out. A view if possible.",
   dtype="same", infer="reshape", kernel="reshape", grad="_reshape_like(gy, x)", ref="np.reshape(x, shape)", np_name="",
   samples=[case(_x234, shape=(4, -1)), case(_x23, shape=(6,)), case(real(shape=()), shape=(1, 1)),
            case(real(shape=(0, 3)), shape=(3, 0))],
   errors=[bad(r"6.*\(4,\)|\(4,\).*6|\(2, 3\).*\(4,\)", _x23, shape=(4,)), bad("-1", _x23, shape=(-1, -1))],
   example="reshape([1., 2., 3., 4.], (2, -1)) -> [[1., 2.], [3., 4.]]")
op("_reshape_like", "x, y: like", "x with y's shape.", dtype="same", infer="reshape_like", kernel="reshape",
   grad={"x": "_reshape_like(gy, x)"}, ref="np.reshape(x, y.shape)", samples=[case(_x23, real(shape=(3, 2)))])
op("flatten2d", "x, leading: bool = False",
   "A matrix: (d0, rest), or with leading (rest, d_last). A view where possible.",
   dtype="same", infer="flatten2d", kernel="reshape", grad="_reshape_like(gy, x)", np_name="",
   aliases="flatten Flatten",
   ref="x.reshape((-1, x.shape[-1]) if leading else (x.shape[0], -1))",
   samples=[case(_x234), case(_x234, leading=True)],
   example="flatten2d([[[1., 2.], [3., 4.]]]) -> [[1., 2., 3., 4.]]")
_view("transpose", "x, axes: opt_ints = None", "Axes in another order (all reversed if None). A view.",
      infer="transpose",
      grad="transpose(gy, axes=inverse_perm(axes))", ref="np.transpose(x, axes)", np_name="",
      samples=[case(_x234), case(_x234, axes=(2, 0, 1)), case(real(shape=(0, 3)))],
      errors=[bad("axes", _x23, axes=(0, 0)), bad("axes", _x23, axes=(0,))],
      example="transpose([[1., 2.], [3., 4.]]) -> [[1., 3.], [2., 4.]]")
_view("swap_last", "x", "The last two axes exchanged. A view.", infer="swap_last", grad="swap_last(gy)",
      np_name="matrix_transpose",
      ref="np.swapaxes(x, -1, -2)", samples=[case(_x234)], errors=[bad("2", real(shape=(3,)))],
      example="swap_last([[1., 2.], [3., 4.]]) -> [[1., 3.], [2., 4.]]")
_view("expand_dims", "x, axis: ints", "New axes of length 1, placed so that they have these positions. A view.",
      infer="expand_dims",
      grad="_reshape_like(gy, x)", ref="np.expand_dims(x, axis)", method=True,
      samples=[case(_x23, axis=1), case(_x23, axis=(0, -1)), case(real(shape=()), axis=0)],
      errors=[bad("axis", _x23, axis=5, raises="IndexError")], example="expand_dims([1., 2.], 1) -> [[1.], [2.]]")
_view("squeeze", "x, axis: opt_ints = None", "Without axes of length 1 (all of them, if None). A view.",
      infer="squeeze",
      grad="_reshape_like(gy, x)", ref="np.squeeze(x, axis)", method=True,
      samples=[case(real(shape=(1, 3, 1))), case(real(shape=(1, 3, 1)), axis=-1)],
      errors=[bad("axis", _x23, axis=1)], example="squeeze([[[1.], [2.]]]) -> [1., 2.]")
_view("broadcast_to", "x, shape: ints", "x repeated to a larger shape without copying. A view.", infer="broadcast_to",
      grad="gy",
      ref="np.broadcast_to(x, shape)", samples=[case(real(shape=(3, 1)), shape=(2, 3, 4)),
                                                case(real(shape=()), shape=(2,))],
      errors=[bad(r"\(2, 3\).*\(2, 4\)", _x23, shape=(2, 4)), bad("negative size", real(shape=()), shape=(-1,))],
      example="broadcast_to([1., 2.], (2, 2)) -> [[1., 2.], [1., 2.]]")
_view("broadcast_like", "x, y: like", "x repeated to y's shape without copying. A view.", infer="broadcast_like",
      grad={"x": "gy"}, ref="np.broadcast_to(x, y.shape)", samples=[case(real(shape=(3, 1)), _x234)], np_name="",
      errors=[bad("broadcast", _x23, real(shape=(2, 4)))], example="broadcast_like([1.], [5., 6.]) -> [1., 1.]")
_view("flip", "x, axis: opt_ints = None", "Order reversed along the axes (all, if None). A view.", infer="flip",
      grad="flip(gy, axis=axis)", ref="np.flip(x, axis)",
      samples=[case(_x23), case(_x234, axis=1), case(_x234, axis=(0, -1))],
      errors=[bad("axis 2", _x23, axis=2, raises="IndexError")], aliases="reverse", method=True,
      example="flip([1., 2., 3.]) -> [3., 2., 1.]")
_view("slice", "x, start: ints, size: ints, step: opt_ints = None",
      "size[k] numbers from start[k] on in steps of step[k], for each leading axis k. A view; going outside raises.",
      infer="slice", grad="_slice_grad(gy, x, start=start, step=step)", np_name="",
      ref="dlcore.ops.reference.cut",
      samples=[case(_x234, start=(0, 1), size=(2, 2)), case(_x234, start=(1, 2, 0), size=(1, 3, 2), step=(1, -1, 3)),
               case(_x23, start=(0, 0), size=(0, 3))],
      errors=[bad("slice", _x23, start=(0, 2), size=(2, 2), raises="IndexError"),
              bad("each of 2 axes, got 1 starts", _x23, start=(0,), size=(2, 2)),
              bad("each of 2 axes, got 2 starts and 1 steps", _x23, start=(0, 0), size=(2, 2), step=(1,))],
      example="slice([1., 2., 3., 4.], start=(1,), size=(2,)) -> [2., 3.]")
_view("_part", "x, start: ints, size: ints, step: ints, shape: ints",
      "slice over all axes, in a shape with other axes of length 1. A view.",
      infer="part", grad="_slice_grad(reshape(gy, shape=size), x, start=start, step=step)",
      ref="dlcore.ops.reference.part",
      samples=[case(_x234, start=(1, 0, 2), size=(1, 3, 1), step=(1, 1, 1), shape=(3,)),
               case(_x234, start=(0, 2, 0), size=(2, 3, 2), step=(1, -1, 3), shape=(2, 1, 3, 2))],
      errors=[bad(r"\(1, 3\).*\(2,\)", _x23, start=(0, 0), size=(1, 3), step=(1, 1), shape=(2,))])
op("_slice_grad", "g, x: like, start: ints, step: opt_ints = None", "Zeros of x's shape with g at the slice's place.",
   dtype="first", infer="like1", kernel="slice_grad", grad={"g": "_window(gy, g, start=start, step=step)"},
   ref="dlcore.ops.reference.slice_grad",
   samples=[case(real(shape=(2, 2)), real(shape=(3, 4)), start=(1, 0)),
            case(real(shape=(2, 2)), real(shape=(3, 4)), start=(2, 0), step=(-1, 2))])
op("_window", "x, g: like, start: ints, step: opt_ints = None",
   "The part of x with g's shape that begins at start. A view.",
   dtype="first", infer="window", kernel="view", grad={"x": "_slice_grad(gy, x, start=start, step=step)"},
   ref="dlcore.ops.reference.window",
   samples=[case(real(shape=(3, 4)), real(shape=(2, 2)), start=(1, 0), step=(1, 2))])
op("pad", "x, before: ints, after: ints, value: float = 0.0",
   "x with before[k] and after[k] numbers of `value` added on axis k.",
   dtype="same", infer="pad", kernel="pad", grad="_window(gy, x, start=before)", np_name="",
   ref="np.pad(x, list(zip(before, after)), constant_values=value)",
   samples=[case(_x23, before=(1, 0), after=(0, 2)), case(_x23, before=(0, 1), after=(1, 1), value=3.0)],
   errors=[bad("pad", _x23, before=(1,), after=(1,)), bad("pad", _x23, before=(-1, 0), after=(0, 0))],
   example="pad([1., 2.], (1,), (2,)) -> [0., 1., 2., 0., 0.]")
_PAD = 'before: ints, after: ints, mode: str = "edge"'
_PAD_SAME = "before=before, after=after, mode=mode"
op("pad_repeat", f"x, {_PAD}",
   "x with before[k] and after[k] numbers of its own added on axis k, a mode of numpy.pad saying which: 'edge' repeats "
   "the last one, 'reflect' and 'symmetric' the mirror image without and with the last one, 'wrap' the other end.",
   dtype="same", infer="pad_repeat", kernel="pad_repeat", grad=f"_pad_repeat_grad(gy, x, {_PAD_SAME})", np_name="",
   ref="np.pad(x, list(zip(before, after)), mode)",
   samples=[case(_x23, before=(1, 0), after=(0, 2)), case(_x234, before=(0, 2, 0), after=(0, 2, 1), mode="reflect"),
            case(_x23, before=(3, 0), after=(4, 1), mode="symmetric"),  # wider than the axis is long
            case(_x23, before=(0, 4), after=(3, 8), mode="wrap"),
            case(real(shape=(2, 1, 3)), before=(1, 2, 7), after=(3, 1, 0), mode="reflect")],
   errors=[bad(r"2 axes of shape \(2, 3\), got before \(1,\) and after \(1,\)", _x23, before=(1,), after=(1,)),
           bad(r"before \(-1, 0\) and after \(0, 0\)", _x23, before=(-1, 0), after=(0, 0)),
           bad("mode must be edge, reflect, symmetric or wrap, got 'mean'", _x23, before=(1, 0), after=(0, 0),
               mode="mean"),
           bad(r"repeat along axis 0, got shape \(0, 3\)", real(shape=(0, 3)), before=(1, 0), after=(0, 0))],
   example="pad_repeat([1., 2., 3.], (1,), (2,), 'reflect') -> [2., 1., 2., 3., 2., 1.]")
op("_pad_repeat_grad", f"g, x: like, {_PAD}", "What pad_repeat repeated, added up where it came from.", dtype="first",
   infer="pad_repeat_grad", kernel="pad_repeat_grad", grad={"g": f"pad_repeat(gy, {_PAD_SAME})"},
   ref="dlcore.ops.reference.pad_repeat_grad",
   samples=[case(real(shape=(3, 5)), _x23, before=(1, 0), after=(0, 2)),
            case(real(shape=(2, 7, 5)), _x234, before=(0, 2, 0), after=(0, 2, 1), mode="reflect"),
            case(real(shape=(9, 4)), _x23, before=(3, 0), after=(4, 1), mode="symmetric"),
            case(real(shape=(5, 15)), _x23, before=(0, 4), after=(3, 8), mode="wrap")],
   errors=[bad(r"expected g \(3, 3\) for x \(2, 3\), got \(2, 3\)", _x23, _x23, before=(1, 0), after=(0, 0))])
op("stop_gradient", "x", "A copy through which no gradient flows.", dtype="same", expr="x", ref="x", np_name="",
   samples=real(-2, 2), aliases="BlockGrad", example="stop_gradient([1., 2.]) -> [1., 2.]")
op("_overwritten", "x, y", "y itself, whose gradient goes to x: a recorded array, written to while recording paused.",
   dtype="first", expr="y", grad={"x": "gy"}, ref="np.copy(y)", smooth=False,  # x is not in the value
   samples=(real(shape=(4, 3)), real(shape=(4, 3))))
op("copy", "x", "A contiguous copy in memory of its own.", dtype="same", infer="same", kernel="copy", grad="gy",
   ref="x.copy()",
   samples=[case(_x23), case(real(shape=()))], method=True, np_name="", example="copy([1., 2.]) -> [1., 2.]")

_DIAGONAL = "offset: int = 0, axis1: int = 0, axis2: int = 1"
_DIAGONAL_ARGS = "offset=offset, axis1=axis1, axis2=axis2"
_view("diagonal", f"x, {_DIAGONAL}", "The diagonal of the matrices that lie on two axes, as the last axis; offset > 0 "
      "is above the main one, and one beyond the matrix has length 0. A view.", infer="diagonal",
      grad=f"_put_diagonal(gy, x, {_DIAGONAL_ARGS})", ref=f"np.diagonal(x, {_DIAGONAL_ARGS})", method=True,
      samples=[case(_x23), case(_x234, offset=1, axis1=-2, axis2=-1), case(_x234, offset=-1, axis1=2),
               case(_x23, offset=3), case(real(shape=(0, 3)))],
      errors=[bad(r"2 axes.*\(3,\)", real(shape=(3,))), bad("differ", _x23, axis1=1), bad("differ", _x23, axis2=-2),
              bad("axis 2", _x23, axis2=2, raises="IndexError")],
      example="diagonal([[1., 2.], [3., 4.]]) -> [1., 4.]")
op("_put_diagonal", f"g, x: like, {_DIAGONAL}", "Zeros of x's shape with g on a diagonal.", dtype="first",
   infer="like1", kernel="put_diagonal", grad={"g": f"diagonal(gy, {_DIAGONAL_ARGS})"},
   ref="dlcore.ops.reference.put_diagonal",
   samples=[case(real(shape=(2,)), _x23), case(real(shape=(2, 2)), _x23._replace(shape=(2, 3, 2)), offset=-1, axis1=1,
                                               axis2=2)],
   errors=[bad(r"\(2,\).*\(4,\)", real(shape=(4,)), _x23)])

# Joining and cutting.
op("concat", "*xs, axis: int = 0", "Arrays joined along an axis they have; all other axes must be equally long.",
   infer="concat", kernel="concat", grad="_split_like(gy, *xs, axis=axis)", aliases="Concat concatenate",
   ref="np.concatenate(xs, axis=axis)", samples=[case(_x23, real(shape=(4, 3))),
                                                 case(_x23, real(shape=(2, 0)), _x23, axis=-1)],
   errors=[bad(r"\(2, 3\).*\(2, 4\)", _x23, real(shape=(2, 4))), bad("axis 2", _x23, _x23, axis=2, raises="IndexError"),
           bad(r"concat: expected arrays with an axis, got shape \(\); use stack", real(shape=()), real(shape=())),
           bad("at least one")],
   example="concat([1., 2.], [3.]) -> [1., 2., 3.]", np_name="")
op("_split_like", "g, *xs: like, axis: int = 0", "g cut into pieces as long as the xs are. Views.", outs="*",
   dtype="first",
   infer="split_like", kernel="view", grad={"g": "concat(*gy, axis=axis)"},
   ref="np.split(g, np.cumsum([x.shape[axis] for x in xs])[:-1], axis)",
   samples=[case(real(shape=(5, 3)), real(shape=(2, 3)), real(shape=(3, 3)))])
op("stack", "*xs, axis: int = 0", "Arrays of one shape joined along a new axis.", infer="stack", kernel="stack",
   grad="_unstack(gy, *xs, axis=axis)", ref="np.stack(xs, axis=axis)", np_name="",
   samples=[case(_x23, _x23), case(_x23, _x23, _x23, axis=-1)],
   errors=[bad(r"\(2, 3\).*\(3, 2\)", _x23, real(shape=(3, 2))), bad("at least one")],
   example="stack([1., 2.], [3., 4.], axis=1) -> [[1., 3.], [2., 4.]]")
op("_unstack", "g, *xs: like, axis: int = 0", "g cut into its layers along the axis, which goes. Views.", outs="*",
   dtype="first",
   infer="unstack", kernel="view", grad={"g": "stack(*gy, axis=axis)"},
   ref="[np.take(g, i, axis) for i in range(g.shape[axis])]",
   samples=[case(real(shape=(2, 3)), real(shape=(3,)), real(shape=(3,)))])
op("split", "x, parts: int = 0, axis: int = 0, sizes: opt_ints = None",
   "x cut along the axis into equal parts, or into pieces of the given sizes. Views.", outs="*", dtype="same",
   infer="split",
   kernel="view", grad="concat(*gy, axis=axis)", np_name="",
   ref="np.split(x, parts if sizes is None else np.cumsum(sizes)[:-1], axis)",
   samples=[case(real(shape=(4, 3)), parts=2), case(real(shape=(2, 5)), axis=1, sizes=(2, 3))],
   errors=[bad("split", real(shape=(4, 3)), parts=3), bad("split", real(shape=(4,)), sizes=(1, 2))],
   example="split([1., 2., 3., 4.], 2) -> ([1., 2.], [3., 4.])")

# Making arrays. `device` "" means the current default device.
_make = partial(op, dtype="attr:dtype", infer="attr_shape", np_name="")
_DT = "dtype: dtype = 'float32', device: str = ''"
_neg = bad("negative", shape=(-1, 2))
_make("zeros", f"shape: ints, {_DT}", "An array of zeros.", kernel="zeros", ref="np.zeros(shape, dtype)", errors=[_neg],
      samples=[case(shape=(2, 3)), case(shape=(0, 2), dtype="int32"), case(shape=())],
      example="zeros((2,)) -> [0., 0.]")
_make("ones", f"shape: ints, {_DT}", "An array of ones.", kernel="ones", ref="np.ones(shape, dtype)", errors=[_neg],
      samples=[case(shape=(2, 3)), case(shape=(2,), dtype="bool")], example="ones((2,)) -> [1., 1.]")
_make("full", f"value: scalar, shape: ints, {_DT}", "An array of one number.", infer="full", kernel="full",
      ref="np.full(shape, value, dtype)",
      samples=[case(fixed(2.5), shape=(2, 3)), case(fixed(7, "int64"), shape=(2,), dtype="int64")],
      errors=[bad("negative", 1.0, shape=(-1, 2)),
              bad(r"\(3,\) cannot be broadcast to \(1,\)", real(shape=(3,)), shape=(1,))],
      example="full(2.5, (2,)) -> [2.5, 2.5]")
_make("arange", f"start: float, stop: float, step: float = 1.0, {_DT}", "start, start + step, ... while before stop.",
      infer="arange", kernel="arange", ref="np.arange(start, stop, step).astype(dtype)",
      errors=[bad("arange: expected a step that is not 0, got 0 from 0 to 3", start=0, stop=3, step=0)],
      samples=[case(start=0, stop=5), case(start=2, stop=-3, step=-2, dtype="int64"), case(start=1, stop=0)],
      example="arange(0, 3) -> [0., 1., 2.]")
_make("eye", f"n: int, m: int, k: int = 0, {_DT}",
      "A matrix with ones on its k-th diagonal, zeros elsewhere.",
      infer="eye", kernel="eye", ref="np.eye(n, m, k, dtype)",
      samples=[case(n=3, m=3), case(n=2, m=4, k=1), case(n=3, m=2, k=-1)],
      errors=[bad("negative", n=-1, m=2)], example="eye(2, 2) -> [[1., 0.], [0., 1.]]")
_like = partial(op, dtype="attr_or_first")
_like("zeros_like", "x: like, dtype: opt_dtype = None", "Zeros of x's shape (and dtype).", infer="like", kernel="zeros",
      ref="np.zeros_like(x, dtype)",
      samples=[case(_x23), case(_x23, dtype="int32")], method=True, example="zeros_like([1., 2.]) -> [0., 0.]")
_like("ones_like", "x: like, dtype: opt_dtype = None", "Ones of x's shape (and dtype).", infer="like", kernel="ones",
      ref="np.ones_like(x, dtype)",
      samples=[case(_x23), case(_x23, dtype="int32")], method=True, example="ones_like([1., 2.]) -> [1., 1.]")
_like("full_like", "x: like, value: scalar, dtype: opt_dtype = None", "One number in x's shape (and dtype).",
      infer="full_like", kernel="full_like",
      ref="np.full_like(x, value, dtype)", samples=[case(_x23, fixed(3.0)), case(_x23, fixed(3.0), dtype="int32")],
      errors=[bad(r"\(2, 2\) and \(2, 3\) cannot be broadcast", _x23, real(shape=(2, 2)))],
      example="full_like([1., 2.], 3.) -> [3., 3.]")
for _name, _word, _kept in (("tril", "above", "[[1., 0.], [3., 4.]]"), ("triu", "below", "[[1., 2.], [0., 4.]]")):
    op(_name, "x, k: int = 0", f"x with zeros {_word} its k-th diagonal (in the last two axes).", dtype="same",
       infer="same",
       kernel=_name, grad=f"{_name}(gy, k=k)", ref=f"np.{_name}(x, k)",
       samples=[case(real(shape=(3, 3))), *(case(_x234, k=k) for k in (1, -1, 2**62, -(2**62)))],
       errors=[bad("2", real(shape=(3,)))],
       example=f"{_name}([[1., 2.], [3., 4.]]) -> {_kept}")
