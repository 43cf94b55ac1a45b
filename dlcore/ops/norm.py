"""Stanzas: normalisation: softmax, batch and layer normalisation, dropout's mask."""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, fixed, flag, real

# fmt: off
op = partial(_op, family="norm", np_name="")
_cases = [case(real(shape=(3, 5))), case(real(shape=(2, 3, 4)), axis=1), case(real(shape=(0, 3)))]
_axis = bad("axis 2", real(shape=(2, 3)), axis=2, raises="IndexError")

op("softmax", "x, axis: int = -1", "exp(x) divided by its sum along the axis, without overflow.", dtype="floating",
   infer="same",
   kernel="softmax", grad="(gy - sum(gy * y, axis=axis, keepdims=True)) * y", ref="sp.softmax(x, axis=axis)",
   samples=_cases,
   errors=[_axis], method=True, aliases="Softmax SoftmaxActivation", example="softmax([0., 0.]) -> [0.5, 0.5]")
op("log_softmax", "x, axis: int = -1", "The logarithm of softmax, without overflow.", dtype="floating", infer="same",
   kernel="log_softmax", grad="gy - exp(y) * sum(gy, axis=axis, keepdims=True)",
   ref="dlcore.ops.reference_nn.log_softmax", samples=_cases,
   errors=[_axis], method=True, example="log_softmax([0., 0.]) -> [-0.693147, -0.693147]",
   tol={"float16": 4e-3, "bfloat16": 4e-2})

op("softmin", "x, axis: int = -1", "softmax of -x: the smallest number gets the largest share.",
   define="softmax(-x, axis=axis)", ref="sp.softmax(-x, axis=axis)", samples=_cases, errors=[_axis],
   example="softmin([0., 0.]) -> [0.5, 0.5]")
# A line without a single True is left as it is for the softmax and emptied afterwards, so no NaN arises on the way.
_OPEN = "m = mask | ~any(mask, axis=axis, keepdims=True);"
_mask = fixed([[True, True, False, True, False], [False] * 5, [False, True, True, True, True]], "bool")
_mismatch = bad("cannot be broadcast", real(shape=(2, 3)), flag(shape=(2, 4)))
op("masked_softmax", "x, mask, axis: int = -1",
   "softmax over the places where the mask is True; 0 at the others, and all over where a line has none.",
   define=_OPEN + "y = softmax(where(m, x, -1e999), axis=axis); where(mask, y, zeros_like(y))",
   ref="dlcore.ops.reference_nn.masked_softmax", samples=[case(real(shape=(3, 5)), _mask)], errors=[_mismatch],
   example="masked_softmax([1., 1., 5.], [True, True, False]) -> [0.5, 0.5, 0.]")
op("masked_log_softmax", "x, mask, axis: int = -1",
   "log_softmax over the places where the mask is True; minus infinity at the others.",
   define=_OPEN + "y = log_softmax(where(m, x, -1e999), axis=axis); where(mask, y, full_like(y, -1e999))",
   ref="dlcore.ops.reference_nn.masked_log_softmax", samples=[case(real(shape=(3, 5)), _mask)], errors=[_mismatch],
   smooth=False,  # minus infinity: differences are NaN
   example="masked_log_softmax([1., 1., 5.], [True, True, False]) -> [-0.693147, -0.693147, -float('inf')]",
   tol={"float16": 4e-3, "bfloat16": 4e-2})

_STATS = ("d = x - mean(x, axis=axis, keepdims=True);"
          "r = rsqrt(mean(square(d), axis=axis, keepdims=True) + eps);")
op("layer_norm", "x, gamma, beta, axis: int = -1, eps: float = 1e-5",
   "x with mean 0 and variance 1 along the axis, times gamma, plus beta; both have the length of the axis.",
   dtype="first", infer="layer_norm", kernel="layer_norm",
   define=_STATS + "d * r * _along(gamma, x, axis=axis) + _along(beta, x, axis=axis)",
   grad={"x": "dx, dg, db = _layer_norm_grad(gy, x, gamma, axis=axis, eps=eps); dx", "gamma": "dg", "beta": "db"},
   ref="dlcore.ops.reference.layer_norm",
   samples=[case(real(shape=(3, 5)), real(shape=(5,)), real(shape=(5,))),
            case(real(shape=(2, 4, 3)), real(shape=(4,)), real(shape=(4,)), axis=1)],
   errors=[bad(r"\(3,\)", real(shape=(2, 5)), real(shape=(3,)), real(shape=(5,)))], aliases="LayerNorm",
   example="layer_norm([[1., 3.]], [1., 1.], [0., 0.]) -> [[-0.999995, 0.999995]]",
   formula="Ba et al., arXiv:1607.06450",
   tol={"float32": 1e-5, "float16": 2e-2, "bfloat16": 2e-1})
op("_layer_norm_grad", "g, x, gamma, axis: int = -1, eps: float = 1e-5",
   "The gradients of layer_norm with respect to x, gamma and beta.", outs="dx, dgamma, dbeta", dtype="first",
   infer="layer_norm_grad", kernel="layer_norm_grad",
   define=_STATS + "h = d * r; t = g * _along(gamma, x, axis=axis); n = _size_but(x, axis=axis);"
          "dx = r * (t - mean(t, axis=axis, keepdims=True) - h * mean(t * h, axis=axis, keepdims=True));"
          "dx, n * _mean_but(g * h, axis=axis), n * _mean_but(g, axis=axis)",
   ref="dlcore.ops.reference.layer_norm_grad", tol={"float32": 2e-5, "float16": 5e-2, "bfloat16": 4e-1},
   samples=[case(real(shape=(3, 5)), real(shape=(3, 5)), real(shape=(5,))),
            case(real(shape=(2, 4, 3)), real(shape=(2, 4, 3)), real(shape=(4,)), axis=1)])
op("rms_norm", "x, gamma, axis: int = -1, eps: float = 1e-6",
   "x over the root of its mean square along the axis, times gamma (of the axis's length).",
   define="x * rsqrt(mean(square(x), axis=axis, keepdims=True) + eps) * _along(gamma, x, axis=axis)",
   ref="dlcore.ops.reference_nn.rms_norm",
   samples=[case(real(shape=(3, 5)), real(shape=(5,))), case(real(shape=(2, 4, 3)), real(shape=(4,)), axis=1)],
   errors=[bad(r"\(3,\)", real(shape=(2, 5)), real(shape=(3,)))], example="rms_norm([3., 3.], [1., 2.]) -> [1., 2.]",
   formula="Zhang and Sennrich, arXiv:1910.07467", tol={"float32": 1e-5, "float16": 2e-2, "bfloat16": 1e-1})
_GROUPED = ("r = _group_rows(x, groups=groups); d = r - mean(r, axis=1, keepdims=True);"
            "s = rsqrt(mean(square(d), axis=1, keepdims=True) + eps); h = d * s;")
_gx, _g4 = real(shape=(2, 4, 3, 2)), real(shape=(4,))
op("group_norm", "x, gamma, beta, groups: int, eps: float = 1e-5",
   "Mean 0 and variance 1 over each group of channels of each sample (each channel, if groups is 0), times gamma, plus"
   " beta (one for each channel).",
   dtype="first", infer="group_norm", kernel="group_norm",
   define=_GROUPED + "_reshape_like(h, x) * _along(gamma, x, axis=1) + _along(beta, x, axis=1)",
   grad={"x": "dx, dg, db = _group_norm_grad(gy, x, gamma, groups=groups, eps=eps); dx", "gamma": "dg", "beta": "db"},
   ref="dlcore.ops.reference_nn.group_norm",
   samples=[case(_gx, _g4, _g4, groups=2), case(real(shape=(3, 4)), _g4, _g4, groups=1)],
   errors=[bad("4 channels cannot be cut into 3 groups", _gx, _g4, _g4, groups=3),
           bad(r"\(3,\)", _gx, real(shape=(3,)), _g4, groups=2)],
   example="group_norm([[1., 3.]], [1., 1.], [0., 0.], 1) -> [[-0.999995, 0.999995]]",
   formula="Wu and He, arXiv:1803.08494", tol={"float32": 1e-5, "float16": 2e-2, "bfloat16": 2e-1})
op("_group_norm_grad", "g, x, gamma, groups: int, eps: float = 1e-5",
   "The gradients of group_norm with respect to x, gamma and beta.", outs="dx, dgamma, dbeta", dtype="first",
   infer="group_norm_grad", kernel="group_norm_grad",
   define=_GROUPED + "t = _group_rows(g * _along(gamma, x, axis=1), groups=groups); n = _size_but(x, axis=1);"
          "dr = s * (t - mean(t, axis=1, keepdims=True) - h * mean(t * h, axis=1, keepdims=True));"
          "_reshape_like(dr, x), n * _mean_but(g * _reshape_like(h, x), axis=1), n * _mean_but(g, axis=1)",
   ref="dlcore.ops.reference_nn.group_norm_grad", tol={"float32": 2e-5, "float16": 5e-2, "bfloat16": 4e-1},
   samples=[case(_gx, _gx, _g4, groups=2), case(real(shape=(3, 4)), real(shape=(3, 4)), _g4, groups=1)])
op("instance_norm", "x, gamma, beta, eps: float = 1e-5",
   "Mean 0 and variance 1 over each channel of each sample, times gamma, plus beta (one for each channel).",
   define="group_norm(x, gamma, beta, groups=0, eps=eps)", ref="dlcore.ops.reference_nn.instance_norm",
   samples=[case(_gx, _g4, _g4), case(real(shape=(3, 4, 5)), _g4, _g4)],
   errors=[bad(r"\(3,\)", _gx, real(shape=(3,)), _g4), bad("2 dimensions", real(shape=(3,)), _g4, _g4)],
   example="instance_norm([[[1., 3.]]], [1.], [0.]) -> [[[-0.999995, 0.999995]]]",
   formula="Ulyanov et al., arXiv:1607.08022", tol={"float32": 1e-5, "float16": 2e-2, "bfloat16": 2e-1})
op("_group_rows", "x, groups: int = 0",
   "(n, c, ...) as (n * groups, rest), one row for each group of channels (each channel, if 0).", dtype="same",
   infer="group_rows", kernel="reshape", grad="_reshape_like(gy, x)",
   ref="x.reshape(x.shape[0] * (groups or x.shape[1]), -1)", samples=[case(_gx, groups=2), case(_gx)])

op("_along", "v, x: like, axis: int = 1",
   "A vector with axes of length 1 around it, so that it lies along x's axis. A view.",
   dtype="same", infer="along", kernel="reshape", grad={"v": "_reshape_like(gy, v)"}, ref="dlcore.ops.reference.along",
   samples=[case(real(shape=(3,)), real(shape=(2, 3, 4))), case(real(shape=(4,)), real(shape=(2, 3, 4)), axis=-1)],
   errors=[bad(r"\(3,\)", real(shape=(3,)), real(shape=(2, 5)))])

# Batch normalisation. The public F.batch_norm (in composite.py) chooses between these and moves the running averages.
_bx, _bg = real(shape=(4, 3, 2, 2)), real(shape=(3,))
op("batch_norm_train", "x, gamma, beta, axis: int = 1, eps: float = 1e-5",
   "Normalised with the batch's own mean and (biased) variance for each place on the axis; gives y, mean, variance.",
   outs="y, mean, var", dtype="update:0,1,1",  # statistics in gamma's dtype: float32 where activations have 16 bits
   infer="batch_norm", kernel="batch_norm_train",
   define="m = _mean_but(x, axis=axis); d = x - _along(m, x, axis=axis); v = _mean_but(square(d), axis=axis);"
          "d * _along(gamma * rsqrt(v + eps), x, axis=axis) + _along(beta, x, axis=axis), m, v",
   grad={"x": "dx, dg, db = _batch_norm_grad(gy, x, gamma, mean, var, axis=axis, eps=eps); dx", "gamma": "dg",
   "beta": "db"},
   ref="dlcore.ops.reference.batch_norm_train",
   samples=[case(_bx, _bg, _bg), case(real(shape=(6, 3)), _bg, _bg, axis=-1)],
   errors=[bad(r"\(2,\)", _bx, real(shape=(2,)), _bg)], tol={"float32": 1e-5, "float16": 2e-2, "bfloat16": 2e-1},
   example="batch_norm_train([[1.], [3.]], [1.], [0.]) -> ([[-0.999995], [0.999995]], [2.], [1.])",
   formula="Ioffe and Szegedy, arXiv:1502.03167")
# Its definition starts from x alone: what mean and var hold depends on x, and a second derivative has to see that.
op("_batch_norm_grad", "g, x, gamma, mean, var, axis: int = 1, eps: float = 1e-5",
   "The gradients of batch_norm_train's y with respect to x, gamma and beta.", outs="dx, dgamma, dbeta",
   dtype="update:0,2,2", infer="batch_norm_grad", kernel="batch_norm_grad",
   define="d = x - _along(_mean_but(x, axis=axis), x, axis=axis); r = rsqrt(_mean_but(square(d), axis=axis) + eps);"
          "h = d * _along(r, x, axis=axis); gb = _mean_but(g, axis=axis); gg = _mean_but(g * h, axis=axis);"
          "dx = g - _along(gb, x, axis=axis) - h * _along(gg, x, axis=axis); n = _size_but(x, axis=axis);"
          "dx * _along(gamma * r, x, axis=axis), gg * n, gb * n",
   ref="dlcore.ops.reference.batch_norm_grad", tol={"float32": 2e-5, "float16": 5e-2, "bfloat16": 4e-1},
   smooth=False,  # its kernel takes mean and var as they come
   samples=[case(_bx, _bx, _bg, fixed([0.1, -0.2, 0.0]), fixed([1.3, 1.2, 1.1]))])
op("batch_norm_infer", "x, gamma, beta, running_mean, running_var, axis: int = 1, eps: float = 1e-5",
   "Normalised with the running mean and variance.",
   define="s = _widened(gamma) * rsqrt(_widened(running_var) + eps); t = _widened(beta) - _widened(running_mean) * s;"
          "_scaled(x, _along(s, x, axis=axis), _along(t, x, axis=axis))",
   ref="dlcore.ops.reference.batch_norm_infer", samples=[case(_bx, _bg, _bg, _bg, real(0.5, 2, shape=(3,)))],
   errors=[bad(r"\(2,\)", _bx, real(shape=(2,)), real(shape=(2,)), real(shape=(2,)), real(0.5, 2, shape=(2,)))],
   tol={"float32": 1e-5, "float16": 2e-2, "bfloat16": 2e-1},
   example="batch_norm_infer([[3.]], [1.], [0.], [1.], [4.]) -> [[0.999999]]")
# What a channel is scaled by and moved by may pass the range of 16-bit floats where their sum does not.
op("_widened", "x", "x in float32, if it has 16 bits.", dtype="wide", expr="x", grad="gy",
   ref="x.astype('float32') if x.dtype.itemsize == 2 else x", samples=real(-2, 2))
op("_scaled", "x, s, t", "x * s + t, rounded once to x's dtype.", dtype="mean", expr="x * s + t",
   grad={"x": "gy * s", "s": "_widened(gy) * x", "t": "_widened(gy)"}, ref="x * s + t",
   samples=(real(-2, 2), real(-2, 2), real(-2, 2)))
op("_mean_but", "x, axis: int = 1", "The mean over all axes but one.", dtype="mean", infer="reduce_but",
   kernel="mean_but",
   grad="broadcast_like(_along(gy / _size_but(x, axis=axis), x, axis=axis), x)", ref="dlcore.ops.reference.mean_but",
   samples=[case(_bx), case(real(shape=(4, 3)), axis=-1)])
op("_size_but", "x: like, axis: int = 1", "How many numbers _mean_but adds up for each result.", dtype="floating",
   infer="axis_size",
   kernel="size_but", ref="np.asarray(x.size / x.shape[axis], x.dtype)", samples=[case(_bx)])
