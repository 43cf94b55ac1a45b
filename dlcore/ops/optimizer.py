"""Stanzas: one step of an optimizer, as one elementwise operator with several results.

Knobs (lr, wd, ...) are inputs, so a changed learning rate never recompiles a graph. `clip` below or at zero means no
clipping. With `out=` the results go into the given arrays: F.sgd_mom_update(w, g, mom, ..., out=(w, mom)).
"""

from functools import partial

from ._record import op as _op
from ._samples import bad, fixed, real, whole

# fmt: off
op = partial(_op, family="optimizer", infer="step", inplace_ok=True, np_name="", smooth=False)
# The gradient as the rule sees it: rescaled, then clipped, then with weight decay (the order of MXNet's updates).
_G = "r = g * rescale; c = min(max(r, -clip), clip) if clip > 0 else r; d = c + wd * w; "
_REF_G = "(lambda r: (np.clip(r, -clip, clip) if clip > 0 else r))(g * rescale) + wd * w"
_KNOBS = "wd: scalar = 0.0, rescale: scalar = 1.0, clip: scalar = -1.0"
# What the rules of Adam's family share: the moments of a gradient, and the step along one over the root of the other
# (what is the same for all numbers is in factors of its own: a division costs as much as eight products).
_MOMENTS = "n = beta1 * m + (1 - beta1) * {g}; s = beta2 * v + (1 - beta2) * {g} * {g}; "
_ADAM = "{rate} / (1 - pow(beta1, t)) * n / (sqrt({v}) * (1 / sqrt(1 - pow(beta2, t))) + eps)"
_M_D, _M_C = _MOMENTS.format(g="d"), _MOMENTS.format(g="c")
_ADAM_S, _ADAM_TOP = (_ADAM.format(v=v, rate="lr") for v in "sh")
_wg = (real(-2, 2), real(-2, 2))
_tail = (fixed(0.01), fixed(0.5), fixed(0.8))
_lr = fixed(0.1)
_w3 = real(shape=(3,))

op("sgd_update", f"w, g, lr: scalar = 0.01, {_KNOBS}", "Stochastic gradient descent: w - lr * (g + wd * w).",
   dtype="update:0", expr=_G + "w - lr * d", ref=f"w - lr * ({_REF_G})", samples=(*_wg, _lr, *_tail),
   example="sgd_update([1.], [2.], 0.1) -> [0.8]")

op("sgd_mom_update", f"w, g, mom, lr: scalar = 0.01, momentum: scalar = 0.9, {_KNOBS}",
   "Gradient descent with momentum: mom = momentum * mom - lr * (g + wd * w); w + mom.", outs="w2, mom2",
   dtype="update:0,2", expr=_G + "v = momentum * mom - lr * d; w + v, v",
   ref=f"(lambda v: (w + v, v))(momentum * mom - lr * ({_REF_G}))",
   samples=(*_wg, real(-1, 1), _lr, fixed(0.9), *_tail),
   errors=[bad(r"expected mom of shape \(3,\), that of w, got shape \(1,\)", _w3, _w3, real(shape=(1,))),
           bad(r"expected g of shape \(3,\), that of w, got shape \(2, 3\)", _w3, real(shape=(2, 3)), _w3),
           bad(r"expected lr as a number or of shape \(3,\), that of w, got shape \(2, 3\)", _w3, _w3, _w3,
               real(shape=(2, 3))),
           bad("expected w as a floating-point array, got a number", 1, _w3, _w3, raises="TypeError"),
           bad(r"expected mom as a floating-point array, got int64 of shape \(3,\)", _w3, _w3, whole(shape=(3,)),
               raises="TypeError")],
   example="sgd_mom_update([1.], [2.], [0.5], 0.1, 0.9) -> ([1.25], [0.25])",
   formula="Polyak's heavy ball in the form MXNet uses")

op("nag_mom_update", f"w, g, mom, lr: scalar = 0.01, momentum: scalar = 0.9, {_KNOBS}",
   "Nesterov's accelerated gradient: mom = momentum * mom + d; w - lr * (momentum * mom + d).", outs="w2, mom2",
   dtype="update:0,2", expr=_G + "v = momentum * mom + d; w - lr * (momentum * v + d), v",
   ref=f"(lambda d: (lambda v: (w - lr * (momentum * v + d), v))(momentum * mom + d))({_REF_G})",
   samples=(*_wg, real(-1, 1), _lr, fixed(0.9), *_tail),
   example="nag_mom_update([1.], [2.], [0.5], 0.1, 0.9) -> ([0.5795], [2.45])",
   formula="Sutskever et al., On the importance of initialization and momentum, ICML 2013")

op("adam_update", "w, g, m, v, lr: scalar = 0.001, beta1: scalar = 0.9, beta2: scalar = 0.999, eps: scalar = 1e-8, "
   f"{_KNOBS}, t: scalar = 1.0", "Adam with bias correction; t counts steps from 1.", outs="w2, m2, v2",
   dtype="update:0,2,3",
   expr=_G + _M_D + f"w - {_ADAM_S}, n, s",
   ref="(lambda d: (lambda n, s: (w - lr * (n / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps), n, s))"
   f"(beta1 * m + (1 - beta1) * d, beta2 * v + (1 - beta2) * d * d))({_REF_G})",
   samples=(*_wg, real(-1, 1), real(0.1, 1), _lr, fixed(0.9), fixed(0.999), fixed(1e-8), *_tail, fixed(3.0)),
   tol={"float32": 1e-5, "float16": 1e-2, "bfloat16": 5e-2},  # 1 - beta2**t loses three digits in float32
   example="adam_update([1.], [2.], [0.], [0.], 0.1) -> ([0.9], [0.2], [0.004])",
   formula="Kingma and Ba, arXiv:1412.6980, algorithm 1")

op("rmsprop_update", f"w, g, n, lr: scalar = 0.001, gamma: scalar = 0.9, eps: scalar = 1e-8, {_KNOBS}",
   "RMSProp: n = gamma * n + (1 - gamma) * d * d; w - lr * d / sqrt(n + eps).", outs="w2, n2",
   dtype="update:0,2", expr=_G + "s = gamma * n + (1 - gamma) * d * d; w - lr * d / sqrt(s + eps), s",
   ref=f"(lambda d: (lambda s: (w - lr * d / np.sqrt(s + eps), s))(gamma * n + (1 - gamma) * d * d))({_REF_G})",
   samples=(*_wg, real(0.1, 1), _lr, fixed(0.9), fixed(1e-8), *_tail),
   example="rmsprop_update([1.], [2.], [0.], 0.1) -> ([0.683772], [0.4])",
   formula="Tieleman and Hinton, Coursera lecture 6e; eps inside the root as in MXNet")

op("adagrad_update", f"w, g, n, lr: scalar = 0.01, eps: scalar = 1e-7, {_KNOBS}",
   "AdaGrad: n = n + d * d; w - lr * d / (sqrt(n) + eps).", outs="w2, n2",
   dtype="update:0,2", expr=_G + "s = n + d * d; w - lr * d / (sqrt(s) + eps), s",
   ref=f"(lambda d: (lambda s: (w - lr * d / (np.sqrt(s) + eps), s))(n + d * d))({_REF_G})",
   samples=(*_wg, real(0.1, 1), _lr, fixed(1e-7), *_tail),
   example="adagrad_update([1.], [2.], [0.], 0.1) -> ([0.9], [4.])",
   formula="Duchi et al., JMLR 12, 2011")

op("lerp", "old, new, keep: scalar = 0.9", "keep * old + (1 - keep) * new: a running average moved one step.",
   dtype="update:0", expr="keep * old + (1 - keep) * new",
   grad={"old": "gy * keep", "new": "gy * (1.0 - keep)"}, ref="keep * old + (1 - keep) * new",
   samples=(*_wg, fixed(0.9)), example="lerp([1.], [2.], 0.9) -> [1.1]")

_C = "r = g * rescale; c = min(max(r, -clip), clip) if clip > 0 else r; "  # rescaled and clipped, without decay
_REF_C = "(lambda r: (np.clip(r, -clip, clip) if clip > 0 else r))(g * rescale)"
_BETAS = "beta1: scalar = 0.9, beta2: scalar = 0.999, eps: scalar = 1e-8"
_betas = (fixed(0.9), fixed(0.999), fixed(1e-3))
_LOOSE = {"float32": 1e-5, "float16": 1e-2, "bfloat16": 5e-2}  # 1 - beta2**t loses three digits in float32

op("signsgd_update", f"w, g, lr: scalar = 0.01, {_KNOBS}", "A step of size lr against the gradient's sign.",
   dtype="update:0", expr=_C + "(1 - lr * wd) * w - lr * sign(c)", ref=f"(1 - lr * wd) * w - lr * np.sign({_REF_C})",
   samples=(*_wg, _lr, *_tail), example="signsgd_update([1.], [2.], 0.1) -> [0.9]",
   formula="Bernstein et al., signSGD, arXiv:1802.04434")

op("signum_update", f"w, g, mom, lr: scalar = 0.01, momentum: scalar = 0.9, {_KNOBS}, wd_lh: scalar = 0.0",
   "A step of size lr along the momentum's sign; wd_lh decays the weight itself.", outs="w2, mom2",
   dtype="update:0,2", expr=_G + "v = momentum * mom - (1 - momentum) * d; (1 - lr * wd_lh) * w + lr * sign(v), v",
   ref=f"(lambda v: ((1 - lr * wd_lh) * w + lr * np.sign(v), v))(momentum * mom - (1 - momentum) * ({_REF_G}))",
   samples=(*_wg, real(-1, 1), _lr, fixed(0.9), *_tail, fixed(0.02)),
   example="signum_update([1.], [2.], [0.], 0.1, 0.5) -> ([0.9], [-1.])",
   formula="Bernstein et al., signSGD, arXiv:1802.04434")

op("ftrl_update", f"w, g, z, n, lr: scalar = 0.1, lamda1: scalar = 0.01, beta: scalar = 1.0, {_KNOBS}",
   "Follow the regularized leader: weights whose z stays within lamda1 are exactly 0.", outs="w2, z2, n2",
   dtype="update:0,2,3",
   expr=_C + "s = n + c * c; q = z + c - (sqrt(s) - sqrt(n)) / lr * w; "
   "(sign(q) * lamda1 - q) / ((beta + sqrt(s)) / lr + wd) if abs(q) > lamda1 else 0.0, q, s",
   ref=f"(lambda c: (lambda s: (lambda q: (np.where(np.abs(q) > lamda1, (np.sign(q) * lamda1 - q) / "
   "((beta + np.sqrt(s)) / lr + wd), 0.0), q, s))(z + c - (np.sqrt(s) - np.sqrt(n)) / lr * w))(n + c * c))"
   f"({_REF_C})", samples=(*_wg, real(-3, 3), real(0.1, 1), _lr, fixed(0.01), fixed(1.0), *_tail), tol=_LOOSE,
   example="ftrl_update([0.], [2.], [0.], [0.], 0.1, 0.5) -> ([-0.05], [2.], [4.])",
   formula="McMahan et al., Ad click prediction, KDD 2013")

op("ftml_update", f"w, g, d, v, z, lr: scalar = 0.0025, beta1: scalar = 0.6, beta2: scalar = 0.999, "
   f"eps: scalar = 1e-8, {_KNOBS}, t: scalar = 1.0", "Follow the moving leader; t counts steps from 1.",
   outs="w2, d2, v2, z2", dtype="update:0,2,3,4",
   expr="r = g * rescale + wd * w; c = min(max(r, -clip), clip) if clip > 0 else r; "
   "s = beta2 * v + (1 - beta2) * c * c; e = (1 - pow(beta1, t)) / lr * (sqrt(s / (1 - pow(beta2, t))) + eps); "
   "q = beta1 * z + (1 - beta1) * c - (e - beta1 * d) * w; -q / e, e, s, q",
   ref="(lambda c: (lambda s: (lambda e: (lambda q: (-q / e, e, s, q))(beta1 * z + (1 - beta1) * c - "
   "(e - beta1 * d) * w))((1 - beta1**t) / lr * (np.sqrt(s / (1 - beta2**t)) + eps)))"
   "(beta2 * v + (1 - beta2) * c * c))((lambda r: (np.clip(r, -clip, clip) if clip > 0 else r))(g * rescale + wd * w))",
   samples=(*_wg, real(0.5, 1), real(0.1, 1), real(-1, 1), _lr, *_betas, *_tail, fixed(3.0)), tol=_LOOSE,
   example="ftml_update([1.], [2.], [0.], [0.], [0.], 0.1, 0.5) -> ([0.9], [10.], [0.004], [-9.])",
   formula="Zheng and Kwok, Follow the moving leader in deep learning, ICML 2017")

op("rmspropalex_update", "w, g, n, m, delta, lr: scalar = 0.001, gamma1: scalar = 0.95, gamma2: scalar = 0.9, "
   f"eps: scalar = 1e-8, {_KNOBS}", "RMSProp with the gradient's mean taken off its square's, and momentum.",
   outs="w2, n2, m2, delta2", dtype="update:0,2,3,4",
   expr=_G + "s = gamma1 * n + (1 - gamma1) * d * d; a = gamma1 * m + (1 - gamma1) * d; "
   "v = gamma2 * delta - lr * d / sqrt(s - a * a + eps); w + v, s, a, v",
   ref="(lambda d: (lambda s, a: (lambda v: (w + v, s, a, v))(gamma2 * delta - lr * d / np.sqrt(s - a * a + eps)))"
   f"(gamma1 * n + (1 - gamma1) * d * d, gamma1 * m + (1 - gamma1) * d))({_REF_G})",
   samples=(*_wg, real(0.5, 1), real(-0.5, 0.5), real(-1, 1), _lr, fixed(0.95), fixed(0.9), fixed(1e-3), *_tail),
   tol=_LOOSE,
   example="rmspropalex_update([1.], [2.], [0.], [0.], [0.], 0.1, 0.5) -> ([0.8], [2.], [1.], [-0.2])",
   formula="Graves, Generating sequences with recurrent neural networks, arXiv:1308.0850, equations 38-45")

op("adadelta_update", f"w, g, n, u, rho: scalar = 0.9, eps: scalar = 1e-5, lr: scalar = 1.0, {_KNOBS}",
   "AdaDelta: steps as large as earlier ones were, over the root mean square of gradients.", outs="w2, n2, u2",
   dtype="update:0,2,3",
   expr=_C + "s = rho * n + (1 - rho) * c * c; v = sqrt(u + eps) / sqrt(s + eps) * c; "
   "w - lr * (v + wd * w), s, rho * u + (1 - rho) * v * v",
   ref=f"(lambda c: (lambda s: (lambda v: (w - lr * (v + wd * w), s, rho * u + (1 - rho) * v * v))"
   f"(np.sqrt(u + eps) / np.sqrt(s + eps) * c))(rho * n + (1 - rho) * c * c))({_REF_C})",
   samples=(*_wg, real(0.1, 1), real(0.1, 1), fixed(0.9), fixed(1e-3), fixed(0.5), *_tail), tol=_LOOSE,
   example="adadelta_update([1.], [2.], [0.], [1.], 0.5, 0.) -> ([-0.414214], [2.], [1.5])",
   formula="Zeiler, ADADELTA, arXiv:1212.5701; decay as in MXNet")

op("adamw_update", f"w, g, m, v, lr: scalar = 0.001, {_BETAS}, {_KNOBS}, eta: scalar = 1.0, t: scalar = 1.0",
   "Adam whose weight decay stays out of the moments; t counts steps from 1 (inf: no bias correction).",
   outs="w2, m2, v2", dtype="update:0,2,3",
   expr=_C + _M_C + f"w - eta * ({_ADAM_S} + wd * w), n, s",
   ref="(lambda c: (lambda n, s: (w - eta * (lr * (n / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps) + wd * w)"
   f", n, s))(beta1 * m + (1 - beta1) * c, beta2 * v + (1 - beta2) * c * c))({_REF_C})",
   samples=(*_wg, real(-1, 1), real(0.1, 1), _lr, *_betas, *_tail, fixed(0.7), fixed(3.0)), tol=_LOOSE,
   example="adamw_update([1.], [2.], [0.], [0.], 0.1) -> ([0.9], [0.2], [0.004])",
   formula="Loshchilov and Hutter, Decoupled weight decay regularization, arXiv:1711.05101")

op("lamb_phase1", f"w, g, m, v, {_BETAS}, {_KNOBS}, t: scalar = 1.0",
   "The direction of LAMB before its norm is set to the weights': Adam's, plus the decay.", outs="d2, m2, v2",
   dtype="update:0,2,3",
   expr=_C + _M_C + f"{_ADAM.format(v='s', rate='1')} + wd * w, n, s",
   ref="(lambda c: (lambda n, s: ((n / (1 - beta1**t)) / (np.sqrt(s / (1 - beta2**t)) + eps) + wd * w, n, s))"
   f"(beta1 * m + (1 - beta1) * c, beta2 * v + (1 - beta2) * c * c))({_REF_C})",
   samples=(*_wg, real(-1, 1), real(0.1, 1), *_betas, *_tail, fixed(3.0)), tol=_LOOSE,
   example="lamb_phase1([1.], [2.], [0.], [0.]) -> ([1.], [0.2], [0.004])",
   formula="You et al., Large batch optimization for deep learning, arXiv:1904.00962, algorithm 2")

op("lamb_phase2", "w, d, of_w: scalar, of_d: scalar, lr: scalar = 0.001, low: scalar = -1.0, high: scalar = -1.0",
   "w - lr * of_w / of_d * d, where of_w is the length of w, held between low and high where these are above 0, and "
   "of_d that of d; a ratio of 1 where one of them is 0.", dtype="update:0",
   expr="a = max(of_w, low) if low > 0 else of_w; b = min(a, high) if high > 0 else a; "
   "w - lr * (b / of_d if min(b, of_d) > 0 else 1.0) * d",
   ref="(lambda b: w - lr * np.where(np.minimum(b, of_d) > 0, b / of_d, 1.0) * d)"
   "((lambda a: np.minimum(a, high) if high > 0 else a)(np.maximum(of_w, low) if low > 0 else of_w))",
   samples=(*_wg, fixed(1.5), fixed(0.7), _lr, fixed(0.5), fixed(1.2)),
   example="lamb_phase2([4.], [2.], 4., 2., 0.25) -> [3.]",
   formula="You et al., Large batch optimization for deep learning, arXiv:1904.00962, algorithm 2")
