"""Stanzas: one step of an optimizer, as one elementwise operator with several results.

Knobs (lr, wd, ...) are inputs, so a changed learning rate never recompiles a graph. `clip` below or at zero means no
clipping. With `out=` the results go into the given arrays: F.sgd_mom_update(w, g, mom, ..., out=(w, mom)).
"""

from functools import partial

from ._record import op as _op
from ._samples import fixed, real

# fmt: off
op = partial(_op, family="optimizer", inplace_ok=True, np_name="", smooth=False)
# The gradient as the rule sees it: rescaled, then clipped, then with weight decay (the order of MXNet's updates).
_G = "r = g * rescale; c = min(max(r, -clip), clip) if clip > 0 else r; d = c + wd * w; "
_REF_G = "(lambda r: (np.clip(r, -clip, clip) if clip > 0 else r))(g * rescale) + wd * w"
_KNOBS = "wd: scalar = 0.0, rescale: scalar = 1.0, clip: scalar = -1.0"
_wg = (real(-2, 2), real(-2, 2))
_tail = (fixed(0.01), fixed(0.5), fixed(0.8))
_lr = fixed(0.1)

op("sgd_update", f"w, g, lr: scalar = 0.01, {_KNOBS}", "Stochastic gradient descent: w - lr * (g + wd * w).",
   dtype="update:0", expr=_G + "w - lr * d", ref=f"w - lr * ({_REF_G})", samples=(*_wg, _lr, *_tail),
   example="sgd_update([1.], [2.], 0.1) -> [0.8]")

op("sgd_mom_update", f"w, g, mom, lr: scalar = 0.01, momentum: scalar = 0.9, {_KNOBS}",
   "Gradient descent with momentum: mom = momentum * mom - lr * (g + wd * w); w + mom.", outs="w2, mom2",
   dtype="update:0,2", expr=_G + "v = momentum * mom - lr * d; w + v, v",
   ref=f"(lambda v: (w + v, v))(momentum * mom - lr * ({_REF_G}))",
   samples=(*_wg, real(-1, 1), _lr, fixed(0.9), *_tail),
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
   expr=_G + "n = beta1 * m + (1 - beta1) * d; s = beta2 * v + (1 - beta2) * d * d; "
   "w - lr * (n / (1 - pow(beta1, t))) / (sqrt(s / (1 - pow(beta2, t))) + eps), n, s",
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
