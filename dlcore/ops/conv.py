"""Stanzas: two-dimensional convolution and pooling over (batch, channels, height, width)."""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, real

# fmt: off
op = partial(_op, family="conv", np_name="")
_CONV = "stride: ints = (1, 1), pad: ints = (0, 0), dilate: ints = (1, 1), groups: int = 1"
_SAME = "stride=stride, pad=pad, dilate=dilate, groups=groups"
_x, _w, _b = real(shape=(2, 4, 5, 6)), real(shape=(3, 4, 3, 3)), real(shape=(3,))
_hard = dict(stride=(2, 1), pad=(1, 2), dilate=(1, 2))
_tol = {"float32": 1e-5, "float16": 2e-2, "bfloat16": 1e-1}  # sums of some 30 products

op("conv2d", f"x, weight, bias=None, {_CONV}",
   "Convolution without flipping: x (n, c, h, w), weight (k, c / groups, kh, kw), bias (k,) give (n, k, oh, ow).",
   infer="conv2d", kernel="conv2d",
   grad={"x": f"_conv2d_dx(gy, weight, x, {_SAME})", "weight": f"_conv2d_dw(gy, x, weight, {_SAME})",
   "bias": "sum(gy, axis=(0, 2, 3))"},
   ref="dlcore.ops.reference.conv2d", tol=_tol,
   samples=[case(_x, _w, _b), case(_x, _w, None, **_hard),
            case(_x, real(shape=(4, 2, 2, 2)), real(shape=(4,)), groups=2),
            case(_x, real(shape=(4, 1, 3, 3)), None, groups=4, pad=(1, 1))],
   errors=[bad(r"conv2d: .*\(3, 3, 3, 3\).*\(2, 4, 5, 6\)", _x, real(shape=(3, 3, 3, 3)), None),
           bad("4", real(shape=(4, 5, 6)), _w, None),
           bad("conv2d", _x, real(shape=(3, 4, 9, 9)), None), bad("bias", _x, _w, real(shape=(2,))),
           bad("groups", _x, _w, None, groups=3)],
   example="conv2d([[[[1., 2.], [3., 4.]]]], [[[[1., 1.], [1., 1.]]]]) -> [[[[10.]]]]")
op("_conv2d_dx", f"g, weight, x: like, {_CONV}", "The gradient of conv2d with respect to x.", dtype="first",
   infer="like2",
   kernel="conv2d_dx", grad={"g": f"conv2d(gy, weight, None, {_SAME})",
   "weight": f"_conv2d_dw(g, gy, weight, {_SAME})"},
   ref="dlcore.ops.reference.conv2d_dx", tol=_tol,
   samples=[case(real(shape=(2, 3, 3, 4)), _w, _x), case(real(shape=(2, 3, 3, 6)), _w, _x, **_hard)])
op("_conv2d_dw", f"g, x, weight: like, {_CONV}", "The gradient of conv2d with respect to weight.", dtype="first",
   infer="like2",
   kernel="conv2d_dw", grad={"g": f"conv2d(x, gy, None, {_SAME})", "x": f"_conv2d_dx(g, gy, x, {_SAME})"},
   ref="dlcore.ops.reference.conv2d_dw", tol=_tol,
   samples=[case(real(shape=(2, 3, 3, 4)), _x, _w), case(real(shape=(2, 3, 3, 6)), _x, _w, **_hard)])

_POOL = "kernel: ints, stride: opt_ints = None, pad: ints = (0, 0)"
_PSAME = "kernel=kernel, stride=stride, pad=pad"
_apart = real(shape=(2, 3, 5, 6), apart=True)
op("max_pool2d", f"x, {_POOL}", "The largest number of each window; stride None means the window. Padding never wins.",
   dtype="same", infer="pool2d", kernel="max_pool2d", grad=f"_max_pool2d_grad(gy, x, {_PSAME})",
   ref="dlcore.ops.reference.max_pool2d",
   samples=[case(_apart, kernel=(2, 2)), case(_apart, kernel=(3, 2), stride=(2, 1), pad=(1, 1))],
   errors=[bad("max_pool2d", _apart, kernel=(9, 9)), bad("4", real(shape=(3, 4)), kernel=(2, 2)),
           bad("pad", _apart, kernel=(2, 2), pad=(2, 0))],
   example="max_pool2d([[[[1., 2.], [3., 4.]]]], (2, 2)) -> [[[[4.]]]]")
op("_max_pool2d_grad", f"g, x, {_POOL}", "g sent back to the (first) largest number of each window of x.",
   dtype="first", infer="like1",
   kernel="max_pool2d_grad", grad={"g": f"_max_pool2d_pick(gy, x, {_PSAME})"},
   ref="dlcore.ops.reference.max_pool2d_grad",
   samples=[case(real(shape=(2, 3, 2, 3)), _apart, kernel=(2, 2)),
            case(real(shape=(2, 3, 3, 7)), _apart, kernel=(3, 2), stride=(2, 1), pad=(1, 1))])
op("_max_pool2d_pick", f"g, x, {_POOL}", "The numbers of g at the places where the windows of x have their maxima.",
   dtype="first",
   infer="pool2d", kernel="max_pool2d_pick", grad={"g": f"_max_pool2d_grad(gy, x, {_PSAME})"},
   ref="dlcore.ops.reference.max_pool2d_pick",
   samples=[case(real(shape=(2, 3, 5, 6)), _apart, kernel=(2, 2))])
op("avg_pool2d", f"x, {_POOL}, count_include_pad: bool = True",
   "The mean of each window; padding counts as zeros unless told not to.",
   dtype="same", infer="pool2d", kernel="avg_pool2d",
   grad=f"_avg_pool2d_grad(gy, x, {_PSAME}, count_include_pad=count_include_pad)",
   ref="dlcore.ops.reference.avg_pool2d",
   samples=[case(_apart, kernel=(2, 2)), case(_apart, kernel=(3, 2), stride=(2, 1), pad=(1, 1)),
            case(_apart, kernel=(3, 2), stride=(2, 1), pad=(1, 1), count_include_pad=False)],
   errors=[bad("avg_pool2d", _apart, kernel=(9, 9)), bad("4", real(shape=(3, 4)), kernel=(2, 2)),
           bad("pad", _apart, kernel=(2, 2), pad=(2, 0))],
   example="avg_pool2d([[[[1., 2.], [3., 4.]]]], (2, 2)) -> [[[[2.5]]]]", tol={"float16": 2e-3, "bfloat16": 2e-2})
op("_avg_pool2d_grad", f"g, x: like, {_POOL}, count_include_pad: bool = True", "g shared out over each window.",
   dtype="first",
   infer="like1", kernel="avg_pool2d_grad",
   grad={"g": f"avg_pool2d(gy, {_PSAME}, count_include_pad=count_include_pad)"},
   ref="dlcore.ops.reference.avg_pool2d_grad", tol={"float16": 2e-3, "bfloat16": 2e-2},
   samples=[case(real(shape=(2, 3, 3, 7)), _apart, kernel=(3, 2), stride=(2, 1), pad=(1, 1), count_include_pad=False)])
op("global_avg_pool2d", "x", "The mean of each channel's picture: (n, c, h, w) to (n, c, 1, 1).",
   define="mean(x, axis=(2, 3), keepdims=True)", ref="x.mean(axis=(2, 3), keepdims=True)", samples=[case(_apart)],
   example="global_avg_pool2d([[[[1., 2.], [3., 4.]]]]) -> [[[[2.5]]]]", tol={"float16": 2e-3, "bfloat16": 2e-2})
op("global_max_pool2d", "x", "The largest number of each channel's picture: (n, c, h, w) to (n, c, 1, 1).",
   define="max(x, axis=(2, 3), keepdims=True)", ref="x.max(axis=(2, 3), keepdims=True)", samples=[case(_apart)],
   example="global_max_pool2d([[[[1., 2.], [3., 4.]]]]) -> [[[[4.]]]]")
