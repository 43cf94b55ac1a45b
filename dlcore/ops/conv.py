"""Stanzas: convolution and transposed convolution over (batch, channels, ...) with one, two or three spatial axes."""

from functools import partial
from typing import Any

from ._record import op as _op
from ._samples import bad, case, real, whole

# fmt: off
op = partial(_op, family="conv", np_name="")
_SAME = "stride=stride, pad=pad, dilate=dilate, groups=groups"
_tol = {"float32": 1e-5, "float16": 2e-2, "bfloat16": 1e-1}  # sums of some 30 products
_SIZES = {1: ("(n, c, w)", "kw"), 2: ("(n, c, h, w)", "kh, kw"), 3: ("(n, c, d, h, w)", "kd, kh, kw")}
_HARD: dict[int, dict[str, Any]] = {
    1: dict(stride=2, pad=2, dilate=2), 2: dict(stride=(2, 1), pad=(1, 2), dilate=(1, 2)),
    3: dict(stride=(2, 1, 2), pad=(1, 0, 2), dilate=(2, 1, 1))}


def _shape(*leading: int, nd: int, of: tuple[int, ...]) -> Any:
    return real(shape=(*leading, *of[-nd:]))


def _example(name: str, nd: int) -> str:
    data, ones = {1: ("[[[1., 2.]]]", "[[[1., 1.]]]"),
                  2: ("[[[[1., 2.], [3., 4.]]]]", "[[[[1., 1.], [1., 1.]]]]"),
                  3: ("[[[[[1., 2.]]]]]", "[[[[[1., 1.]]]]]")}[nd]
    results = {"conv1d": "[[[3.]]]", "conv2d": "[[[[10.]]]]", "conv3d": "[[[[[3.]]]]]", "deconv1d": "[[[1., 3., 2.]]]",
               "deconv2d": "[[[[1., 3., 2.], [4., 10., 6.], [3., 7., 4.]]]]", "deconv3d": "[[[[[1., 3., 2.]]]]]"}
    return f"{name}({data}, {ones}) -> {results[name]}"


def _convolution(nd: int) -> None:
    name, one, zero = f"conv{nd}d", (1,) * nd, (0,) * nd
    attrs = f"stride: ints = {one}, pad: ints = {zero}, dilate: ints = {one}, groups: int = 1"
    data, window = _SIZES[nd]
    axes = (0, *range(2, nd + 2))
    x, w, b = _shape(2, 4, nd=nd, of=(5, 5, 6)), _shape(3, 4, nd=nd, of=(2, 3, 3)), real(shape=(3,))
    depthwise = _shape(4, 1, nd=nd, of=(1, 3, 3))
    samples = [case(x, w, b), case(x, w, None, **_HARD[nd]),
               case(x, _shape(4, 2, nd=nd, of=(2, 2, 2)), real(shape=(4,)), groups=2),
               case(x, depthwise, None, groups=4, pad=(0, 1, 1)[-nd:])]
    shape = r"\(3, 3, .*\(2, 4, "
    op(name, f"x, weight, bias=None, {attrs}",
       f"Convolution without flipping: x {data}, weight (k, c / groups, {window}), bias (k,) give k channels.",
       infer=name, kernel=name,
       grad={"x": f"_{name}_dx(gy, weight, x, {_SAME})", "weight": f"_{name}_dw(gy, x, weight, {_SAME})",
             "bias": f"sum(gy, axis={axes})"},
       ref="dlcore.ops.reference_conv.conv", tol=_tol, samples=samples, example=_example(name, nd),
       errors=[bad(f"{name}: .*{shape}", x, _shape(3, 3, nd=nd, of=(2, 3, 3)), None),
               bad(name, real(shape=(4, 5)), w, None),
               bad(name, x, _shape(3, 4, nd=nd, of=(9, 9, 9)), None), bad("bias", x, w, real(shape=(2,))),
               bad("groups", x, w, None, groups=3), bad("stride", x, w, None, stride=0),
               bad("needs floating-point arrays, got int64", whole(shape=(1, 2, *(3,) * nd)),
                   whole(shape=(1, 2, *(2,) * nd)), None, raises="TypeError"),
               bad("groups must be .* got 0", x, w, None, groups=0), bad("less than 2", x, w, None, groups=2**62),
               bad("stride must be one integer", x, w, None, stride=(1,) * (nd + 1)) if nd != 2 else
               bad("stride must be one integer", x, w, None, stride=(1, 1, 1))])
    # What a window reaches of x decides the size of g: conv(x).shape without, and with the hard attributes.
    plain = _shape(2, 3, nd=nd, of=(4, 3, 4))
    hard = _shape(2, 3, nd=nd, of=(3, 3, 4)) if nd == 3 else _shape(2, 3, nd=nd, of=(3, 6)) if nd == 2 else \
        real(shape=(2, 3, 3))
    op(f"_{name}_dx", f"g, weight, x: like, {attrs}", f"The gradient of {name} with respect to x.", dtype="first",
       infer="like2", kernel=f"{name}_dx",
       grad={"g": f"{name}(gy, weight, None, {_SAME})", "weight": f"_{name}_dw(g, gy, weight, {_SAME})"},
       ref="dlcore.ops.reference_conv.conv_dx", tol=_tol,
       samples=[case(plain, w, x), case(hard, w, x, **_HARD[nd])],
       errors=[bad("expected gy", _shape(2, 3, nd=nd, of=(1, 1, 1)), w, x)])
    op(f"_{name}_dw", f"g, x, weight: like, {attrs}", f"The gradient of {name} with respect to weight.", dtype="first",
       infer="like2", kernel=f"{name}_dw",
       grad={"g": f"{name}(x, gy, None, {_SAME})", "x": f"_{name}_dx(g, gy, x, {_SAME})"},
       ref="dlcore.ops.reference_conv.conv_dw", tol=_tol,
       samples=[case(plain, x, w), case(hard, x, w, **_HARD[nd])],
       errors=[bad("expected gy", _shape(2, 3, nd=nd, of=(1, 1, 1)), x, w)])


def _transposed(nd: int) -> None:
    name, one, zero = f"deconv{nd}d", (1,) * nd, (0,) * nd
    attrs = f"stride: ints = {one}, pad: ints = {zero}, dilate: ints = {one}, adj: ints = {zero}, groups: int = 1"
    data, window = _SIZES[nd]
    x, w, b = _shape(2, 4, nd=nd, of=(2, 3, 4)), _shape(4, 3, nd=nd, of=(2, 3, 3)), real(shape=(3,))
    samples = [case(x, w, b), case(x, w, None, **_HARD[nd], adj=(1, 0, 1)[-nd:]),
               case(x, _shape(4, 2, nd=nd, of=(2, 2, 2)), real(shape=(4,)), groups=2, stride=(1, 2, 2)[-nd:]),
               case(x, _shape(4, 1, nd=nd, of=(1, 3, 3)), None, groups=4, pad=(0, 1, 1)[-nd:])]
    if nd == 2:
        samples[1] = case(x, w, None, **_HARD[2], adj=(1, 0))
    op(name, f"x, weight, bias=None, {attrs}",
       f"Transposed convolution: x {data}, weight (c, k / groups, {window}), bias (k,) give k channels of size"
       " (n - 1) * stride - 2 * pad + dilate * (kernel - 1) + 1 + adj.",
       infer=name, kernel=name,
       grad={"x": f"conv{nd}d(gy, weight, None, {_SAME})", "weight": f"_conv{nd}d_dw(x, gy, weight, {_SAME})",
             "bias": f"sum(gy, axis={(0, *range(2, nd + 2))})"},
       ref="dlcore.ops.reference_conv.deconv", tol=_tol, samples=samples, example=_example(name, nd),
       formula="Zeiler et al., Deconvolutional Networks, CVPR 2010",
       errors=[bad(f"{name}: expected x and weight", x, _shape(3, 3, nd=nd, of=(2, 3, 3)), None),
               bad("adj must be at least 0 and less than the stride", x, w, None, adj=1),
               bad("bias", x, w, real(shape=(2,))), bad("groups", x, w, None, groups=3),
               bad("nothing is left", x, w, None, pad=9)])


for _nd in (1, 2, 3):
    _convolution(_nd)
    _transposed(_nd)
# What the graph makes of a convolution, a sum and an activation that follow each other.
op("_conv2d_act", "x, weight, bias=None, add=None, stride: ints = (1, 1), pad: ints = (0, 0), dilate: ints = (1, 1), "
   "groups: int = 1, act: str = 'relu'",
   "act(conv2d(x, weight, bias) + add), act being '', 'relu' or 'relu6'; the sum is rounded before and after add.",
   infer="conv2d_act", kernel="conv2d_act", ref="dlcore.ops.reference_conv.conv_act", tol=_tol,
   samples=[case(real(shape=(2, 4, 5, 6)), real(shape=(3, 4, 3, 3)), real(shape=(3,)), real(shape=(2, 3, 3, 4))),
            case(real(shape=(2, 4, 5, 6)), real(shape=(3, 4, 3, 3)), None, real(shape=(2, 3, 3, 6)), act="",
                 **_HARD[2]),
            case(real(shape=(2, 16, 5, 6)), real(-3, 3, shape=(16, 16, 3, 3)), None, None, pad=1, act="relu6"),
            case(real(shape=(1, 4, 6, 6)), real(shape=(4, 2, 3, 3)), None, real(shape=(1, 4, 4, 4)), groups=2)],
   errors=[bad("expected add", real(shape=(1, 2, 4, 4)), real(shape=(3, 2, 3, 3)), None, real(shape=(1, 3, 2, 1))),
           bad("act must be", real(shape=(1, 2, 4, 4)), real(shape=(3, 2, 3, 3)), None, None, act="tanh")])
op("_channels_last", "x", "x, an image's channels next to each other in memory.", dtype="same", infer="channels_last",
   kernel="copy", ref="x", samples=[case(real(shape=(2, 5, 3, 4))), case(real(shape=(1, 3, 1, 2)))], tol={},
   errors=[bad(r"expected x \(N, C, H, W\)", real(shape=(2, 3)))])
