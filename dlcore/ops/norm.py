"""Stanzas: normalisation: softmax, batch and layer normalisation, dropout's mask."""

from functools import partial

from ._record import op as _op
from ._samples import bad, case, fixed, real

# fmt: off
op = partial(_op, family="norm", np_name="")
_cases = [case(real(shape=(3, 5))), case(real(shape=(2, 3, 4)), axis=1), case(real(shape=(0, 3)))]
_axis = bad("axis 2", real(shape=(2, 3)), axis=2, raises="IndexError")

op("softmax", "x, axis: int = -1", "exp(x) divided by its sum along the axis, without overflow.", dtype="floating",
   infer="same",
   kernel="softmax", grad="t = gy * y; t - y * sum(t, axis=axis, keepdims=True)", ref="sp.softmax(x, axis=axis)",
   samples=_cases,
   errors=[_axis], method=True, aliases="Softmax SoftmaxActivation", example="softmax([0., 0.]) -> [0.5, 0.5]")
op("log_softmax", "x, axis: int = -1", "The logarithm of softmax, without overflow.", dtype="floating", infer="same",
   kernel="log_softmax", grad="gy - exp(y) * sum(gy, axis=axis, keepdims=True)", ref="sp.log_softmax(x, axis=axis)",
   samples=_cases,
   errors=[_axis], method=True, example="log_softmax([0., 0.]) -> [-0.693147, -0.693147]",
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
op("_along", "v, x: like, axis: int = 1",
   "A vector with axes of length 1 around it, so that it lies along x's axis. A view.",
   dtype="same", infer="along", kernel="reshape", grad={"v": "_reshape_like(gy, v)"}, ref="dlcore.ops.reference.along",
   samples=[case(real(shape=(3,)), real(shape=(2, 3, 4))), case(real(shape=(4,)), real(shape=(2, 3, 4)), axis=-1)],
   errors=[bad(r"\(3,\)", real(shape=(3,)), real(shape=(2, 5)))])

# Batch normalisation. The public F.batch_norm (in composite.py) chooses between these and moves the running averages.
_bx, _bg = real(shape=(4, 3, 2, 2)), real(shape=(3,))
op("batch_norm_train", "x, gamma, beta, axis: int = 1, eps: float = 1e-5",
   "Normalised with the batch's own mean and (biased) variance for each place on the axis; gives y, mean, variance.",
   outs="y, mean, var", dtype="first", infer="batch_norm", kernel="batch_norm_train",
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
   "The gradients of batch_norm_train's y with respect to x, gamma and beta.", outs="dx, dgamma, dbeta", dtype="first",
   infer="batch_norm_grad", kernel="batch_norm_grad",
   define="d = x - _along(_mean_but(x, axis=axis), x, axis=axis); r = rsqrt(_mean_but(square(d), axis=axis) + eps);"
          "h = d * _along(r, x, axis=axis); gb = _mean_but(g, axis=axis); gg = _mean_but(g * h, axis=axis);"
          "dx = g - _along(gb, x, axis=axis) - h * _along(gg, x, axis=axis); n = _size_but(x, axis=axis);"
          "dx * _along(gamma * r, x, axis=axis), gg * n, gb * n",
   ref="dlcore.ops.reference.batch_norm_grad", tol={"float32": 2e-5, "float16": 5e-2, "bfloat16": 4e-1},
   smooth=False,  # its kernel takes mean and var as they come
   samples=[case(_bx, _bx, _bg, fixed([0.1, -0.2, 0.0]), fixed([1.3, 1.2, 1.1]))])
op("batch_norm_infer", "x, gamma, beta, running_mean, running_var, axis: int = 1, eps: float = 1e-5",
   "Normalised with the running mean and variance.",
   define="s = gamma * rsqrt(running_var + eps);"
          "x * _along(s, x, axis=axis) + _along(beta - running_mean * s, x, axis=axis)",
   ref="dlcore.ops.reference.batch_norm_infer", samples=[case(_bx, _bg, _bg, _bg, real(0.5, 2, shape=(3,)))],
   errors=[bad(r"\(2,\)", _bx, real(shape=(2,)), real(shape=(2,)), real(shape=(2,)), real(0.5, 2, shape=(2,)))],
   tol={"float32": 1e-5, "float16": 2e-2, "bfloat16": 2e-1},
   example="batch_norm_infer([[3.]], [1.], [0.], [1.], [4.]) -> [[0.999999]]")
op("_mean_but", "x, axis: int = 1", "The mean over all axes but one.", dtype="mean", infer="reduce_but",
   kernel="mean_but",
   grad="broadcast_like(_along(gy / _size_but(x, axis=axis), x, axis=axis), x)", ref="dlcore.ops.reference.mean_but",
   samples=[case(_bx), case(real(shape=(4, 3)), axis=-1)])
op("_size_but", "x: like, axis: int = 1", "How many numbers _mean_but adds up for each result.", dtype="floating",
   infer="scalar",
   kernel="size_but", ref="np.asarray(x.size / x.shape[axis], x.dtype)", samples=[case(_bx)])
