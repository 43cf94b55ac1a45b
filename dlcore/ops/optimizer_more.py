"""Stanzas: one step of the optimizers that came after Adam; the order of rescaling, clipping and decay is that of
`optimizer.py`. `decoupled` rules leave the decay out of the gradient and shrink the weight itself."""

from functools import partial

from ._record import op as _op
from ._samples import fixed, real
from .optimizer import _ADAM_TOP, _G, _KNOBS, _M_C, _M_D, _REF_G, _lr, _tail, _wg

# fmt: off
op = partial(_op, family="optimizer", infer="step", inplace_ok=True, np_name="", smooth=False)
_BETAS = "lr: scalar = 0.001, beta1: scalar = 0.9, beta2: scalar = 0.999, eps: scalar = 1e-8"
_C = "r = g * rescale; c = min(max(r, -clip), clip) if clip > 0 else r; "  # without decay
_REF_C = "(lambda r: (np.clip(r, -clip, clip) if clip > 0 else r))(g * rescale)"
_betas = (_lr, fixed(0.9), fixed(0.999), fixed(1e-3))
_LOOSE = {"float32": 1e-5, "float16": 1e-2, "bfloat16": 5e-2}  # 1 - beta2**t loses three digits in float32

op("sgd_ema_update", f"w, g, mom, lr: scalar = 0.01, momentum: scalar = 0.9, {_KNOBS}",
   "Gradient descent along a moving average: mom = momentum * mom + (1 - momentum) * d; w - lr * mom.",
   outs="w2, mom2", dtype="update:0,2", expr=_G + "v = momentum * mom + (1 - momentum) * d; w - lr * v, v",
   ref=f"(lambda v: (w - lr * v, v))(momentum * mom + (1 - momentum) * ({_REF_G}))",
   samples=(*_wg, real(-1, 1), _lr, fixed(0.9), *_tail),
   example="sgd_ema_update([1.], [2.], [1.], 0.1, 0.5) -> ([0.85], [1.5])",
   formula="momentum as an exponential moving average of gradients")

op("adamax_update", f"w, g, m, u, {_BETAS}, {_KNOBS}, t: scalar = 1.0",
   "AdaMax: u = max(beta2 * u, |d|); w - lr / (1 - beta1^t) * m / (u + eps).", outs="w2, m2, u2",
   dtype="update:0,2,3",
   expr=_G + "n = beta1 * m + (1 - beta1) * d; s = max(beta2 * u, abs(d)); "
   "w - lr * n / ((1 - pow(beta1, t)) * (s + eps)), n, s",
   ref="(lambda d: (lambda n, s: (w - lr * n / ((1 - beta1**t) * (s + eps)), n, s))"
   f"(beta1 * m + (1 - beta1) * d, np.maximum(beta2 * u, np.abs(d))))({_REF_G})",
   samples=(*_wg, real(-1, 1), real(0.1, 1), *_betas, *_tail, fixed(3.0)), tol=_LOOSE,
   example="adamax_update([1.], [2.], [0.], [0.], 0.1) -> ([0.9], [0.2], [2.])",
   formula="Kingma and Ba, arXiv:1412.6980, algorithm 2")

op("amsgrad_update", f"w, g, m, v, top, {_BETAS}, {_KNOBS}, t: scalar = 1.0",
   "Adam that divides by the largest second moment so far: top = max(top, v).", outs="w2, m2, v2, top2",
   dtype="update:0,2,3,4",
   expr=_G + _M_D + f"h = max(top, s); w - {_ADAM_TOP}, n, s, h",
   ref="(lambda d: (lambda n, s: (lambda h: (w - lr * (n / (1 - beta1**t)) / (np.sqrt(h / (1 - beta2**t)) + eps), "
   f"n, s, h))(np.maximum(top, s)))(beta1 * m + (1 - beta1) * d, beta2 * v + (1 - beta2) * d * d))({_REF_G})",
   samples=(*_wg, real(-1, 1), real(0.1, 1), real(0.1, 1), *_betas, *_tail, fixed(3.0)), tol=_LOOSE,
   example="amsgrad_update([1.], [2.], [0.], [0.], [0.], 0.1) -> ([0.9], [0.2], [0.004], [0.004])",
   formula="Reddi, Kale and Kumar, On the convergence of Adam and beyond, ICLR 2018")

op("adamw_amsgrad_update", f"w, g, m, v, top, {_BETAS}, {_KNOBS}, eta: scalar = 1.0, t: scalar = 1.0",
   "AMSGrad whose weight decay stays out of the moments: w - eta * (lr * m' / (sqrt(top') + eps) + wd * w).",
   outs="w2, m2, v2, top2", dtype="update:0,2,3,4",
   expr=_C + _M_C + f"h = max(top, s); w - eta * ({_ADAM_TOP} + wd * w), n, s, h",
   ref="(lambda c: (lambda n, s: (lambda h: (w - eta * (lr * (n / (1 - beta1**t)) / (np.sqrt(h / (1 - beta2**t)) + "
   "eps) + wd * w), n, s, h))(np.maximum(top, s)))(beta1 * m + (1 - beta1) * c, beta2 * v + (1 - beta2) * c * c))"
   f"({_REF_C})",
   samples=(*_wg, real(-1, 1), real(0.1, 1), real(0.1, 1), *_betas, *_tail, fixed(0.7), fixed(3.0)), tol=_LOOSE,
   example="adamw_amsgrad_update([1.], [2.], [0.], [0.], [0.], 0.1) -> ([0.9], [0.2], [0.004], [0.004])",
   formula="Loshchilov and Hutter, arXiv:1711.05101, with the second moment of Reddi, Kale and Kumar, ICLR 2018")

op("adabelief_update", f"w, g, m, s, {_BETAS}, {_KNOBS}, t: scalar = 1.0",
   "Adam whose second moment is that of the gradient's distance from its average.", outs="w2, m2, s2",
   dtype="update:0,2,3",
   expr=_G + "n = beta1 * m + (1 - beta1) * d; e = d - n; q = beta2 * s + (1 - beta2) * e * e + eps; "
   "w - lr * (n / (1 - pow(beta1, t))) / (sqrt(q / (1 - pow(beta2, t))) + eps), n, q",
   ref="(lambda d: (lambda n: (lambda q: (w - lr * (n / (1 - beta1**t)) / (np.sqrt(q / (1 - beta2**t)) + eps), n, q))"
   f"(beta2 * s + (1 - beta2) * (d - n)**2 + eps))(beta1 * m + (1 - beta1) * d))({_REF_G})",
   samples=(*_wg, real(-1, 1), real(0.1, 1), *_betas, *_tail, fixed(3.0)), tol=_LOOSE,
   example="adabelief_update([1.], [2.], [0.], [0.], 0.1, eps=0.) -> ([0.8888889], [0.2], [0.00324])",
   formula="Zhuang et al., AdaBelief optimizer, NeurIPS 2020")

op("nadam_update", f"w, g, m, v, {_BETAS}, {_KNOBS}, t: scalar = 1.0, now: scalar = 0.9, after: scalar = 0.9, "
   "product: scalar = 0.9",
   "Adam with Nesterov's momentum. now, after: the momentum of this step and the next; product: that of all up to "
   "this one.", outs="w2, m2, v2", dtype="update:0,2,3",
   expr=_G + _M_D + "b = (1 - now) * d / (1 - product) + after * n / (1 - product * after); "
   "w - lr * b / (sqrt(s / (1 - pow(beta2, t))) + eps), n, s",
   ref="(lambda d: (lambda n, s: (w - lr * ((1 - now) * d / (1 - product) + after * n / (1 - product * after)) / "
   "(np.sqrt(s / (1 - beta2**t)) + eps), n, s))(beta1 * m + (1 - beta1) * d, beta2 * v + (1 - beta2) * d * d))"
   f"({_REF_G})",
   samples=(*_wg, real(-1, 1), real(0.1, 1), *_betas, *_tail, fixed(3.0), fixed(0.7), fixed(0.8), fixed(0.5)),
   tol=_LOOSE,
   example="nadam_update([1.], [2.], [0.], [0.], 0.1, now=0.5, after=0.5, product=0.5) -> "
   "([0.8933333], [0.2], [0.004])",
   formula="Dozat, Incorporating Nesterov momentum into Adam, ICLR workshop 2016")

op("lion_update", "w, g, m, lr: scalar = 0.0001, beta1: scalar = 0.9, beta2: scalar = 0.99, "
   "wd: scalar = 0.0, rescale: scalar = 1.0, clip: scalar = -1.0",
   "The sign of an average of momentum and gradient, with decoupled decay: w - lr * (sign(beta1 * m + (1 - beta1) * "
   "c) + wd * w).", outs="w2, m2", dtype="update:0,2",
   expr=_C + "w - lr * (sign(beta1 * m + (1 - beta1) * c) + wd * w), beta2 * m + (1 - beta2) * c",
   ref=f"(lambda c: (w - lr * (np.sign(beta1 * m + (1 - beta1) * c) + wd * w), beta2 * m + (1 - beta2) * c))({_REF_C})",
   samples=(*_wg, real(1, 2), _lr, fixed(0.9), fixed(0.99), *_tail),  # m that keeps the sign away from zero
   example="lion_update([1.], [2.], [0.], 0.1) -> ([0.9], [0.02])",
   formula="Chen et al., Symbolic discovery of optimization algorithms, 2023")

op("adan_update", "w, g, m, v, n, old, lr: scalar = 0.001, beta1: scalar = 0.98, beta2: scalar = 0.92, "
   f"beta3: scalar = 0.99, eps: scalar = 1e-8, {_KNOBS}, t: scalar = 1.0",
   "Nesterov's momentum by the difference of gradients, old being the last step's, with decoupled decay.",
   outs="w2, m2, v2, n2, old2", dtype="update:0,2,3,4,5",
   expr=_C + "e = c - old if t > 1.5 else c - c; x = beta1 * m + (1 - beta1) * c; y = beta2 * v + (1 - beta2) * e; "
   "z = c + beta2 * e; q = beta3 * n + (1 - beta3) * z * z; "
   "(w - lr * (x / (1 - pow(beta1, t)) + beta2 * y / (1 - pow(beta2, t))) / (sqrt(q / (1 - pow(beta3, t))) + eps)) "
   "/ (1 + lr * wd), x, y, q, c",
   ref="(lambda c: (lambda e: (lambda x, y, q: ((w - lr * (x / (1 - beta1**t) + beta2 * y / (1 - beta2**t)) / "
   "(np.sqrt(q / (1 - beta3**t)) + eps)) / (1 + lr * wd), x, y, q, c))(beta1 * m + (1 - beta1) * c, "
   "beta2 * v + (1 - beta2) * e, beta3 * n + (1 - beta3) * (c + beta2 * e)**2))"
   f"(c - old if t > 1.5 else c - c))({_REF_C})",
   samples=(*_wg, real(-1, 1), real(-1, 1), real(0.1, 1), real(-2, 2), _lr, fixed(0.98), fixed(0.92), fixed(0.99),
            fixed(1e-3), *_tail, fixed(3.0)), tol=_LOOSE,
   example="adan_update([1.], [2.], [0.], [0.], [0.], [0.], 0.1) -> ([0.9], [0.04], [0.], [0.04], [2.])",
   formula="Xie et al., Adan: adaptive Nesterov momentum algorithm, 2022")

op("dcasgd_update", f"w, g, mom, old, lr: scalar = 0.01, momentum: scalar = 0.0, lamda: scalar = 0.04, {_KNOBS}",
   "Gradient descent that makes up for a late gradient by the way gone since `old`, the weight it was taken at.",
   outs="w2, mom2, old2", dtype="update:0,2,3",
   expr=_G + "x = momentum * mom - lr * (d + lamda * c * c * (w - old)); w + x, x, w + x",
   ref="(lambda c: (lambda x: (w + x, x, w + x))(momentum * mom - lr * (c + wd * w + lamda * c * c * (w - old))))"
   f"({_REF_C})", samples=(*_wg, real(-1, 1), real(-2, 2), _lr, fixed(0.9), fixed(0.04), *_tail),
   example="dcasgd_update([1.], [2.], [0.], [0.], 0.1, 0.9, 0.5) -> ([0.6], [-0.4], [0.6])",
   formula="Zheng et al., Asynchronous SGD with delay compensation, ICML 2017")
