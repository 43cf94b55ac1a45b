"""The optimizer updates by MXNet's names: the state arrays are changed in place, the new weight goes into out=.

rescale_grad multiplies the gradient, clip_gradient above 0 then clips it, wd adds that much of the weight; lazy_update
is of no consequence for dense gradients. Updates of several arrays at once are in `updates_many`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..._core import NDArray
from ...ops import F
from .._shared import array_in_place

Arrays = Sequence[NDArray]
_NEVER = float("inf")  # as the number of steps: no bias correction is left


def _step(name: str, results: Any, states: Arrays, out: NDArray | None) -> NDArray:
    """Writes the new states in place and the new weight into `out`."""
    new, *moved = results if isinstance(results, tuple) else (results,)
    for state, value in zip(states, moved, strict=True):
        if not isinstance(state, NDArray):
            raise TypeError(f"{name}: a state must be an array to be changed in place, got {type(state).__name__}")
        state[...] = value
    if out is None:
        return new
    out[...] = new
    return out


def _alike(name: str, weight: Any, out: Any = None, **others: Any) -> None:
    """Raises unless gradient, states and where to write are of the weight's shape, for none of them is stretched."""
    shape = tuple(array_in_place(name, weight, "weight").shape)
    for argument, x in (others if out is None else {**others, "out": out}).items():
        if tuple(np.shape(x)) != shape:
            raise ValueError(
                f"{name}: expected {argument} of shape {shape}, that of the weight, got shape {tuple(np.shape(x))}"
            )


def _bounded(grad: NDArray, rescale_grad: float, limit: float) -> NDArray:
    """clip(rescale_grad * grad)."""
    grad = F.multiply(grad, rescale_grad)
    return F.clip(grad, -limit, limit) if limit > 0 else grad


def _with_decay(weight: NDArray, grad: NDArray, wd: float, rescale_grad: float, limit: float) -> NDArray:
    """clip(rescale_grad * grad + wd * weight): what MXNet's Adam and RMSProp begin with, clipping the decay as well."""
    return _bounded(F.add(F.multiply(grad, rescale_grad), F.multiply(weight, wd)), 1.0, limit)


def _counted(name: str, t: int | None) -> int:
    """The number of this step, which has to be given."""
    if t is None:
        raise TypeError(f"{name}: missing the argument t, the number of the step, from 1")
    return t


def sgd_update(
    weight: NDArray, grad: NDArray, lr: float, wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    lazy_update: bool = True, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """weight - lr * (grad + wd * weight).

    >>> from dlcore import nd
    >>> sgd_update(nd.array([1.0]), nd.array([2.0]), lr=0.25).tolist()
    [0.5]
    """
    _alike("sgd_update", weight, out, grad=grad)
    return _step("sgd_update", F.sgd_update(weight, grad, lr, wd, rescale_grad, clip_gradient), (), out)


def sgd_mom_update(
    weight: NDArray, grad: NDArray, mom: NDArray, lr: float, momentum: float = 0.0, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, lazy_update: bool = True, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """mom = momentum * mom - lr * (grad + wd * weight); weight + mom.

    >>> from dlcore import nd
    >>> w, mom = nd.array([1.0]), nd.array([0.0])
    >>> sgd_mom_update(w, nd.array([2.0]), mom, lr=0.25, momentum=0.5, out=w).tolist(), mom.tolist()
    ([0.5], [-0.5])
    """
    _alike("sgd_mom_update", weight, out, grad=grad, mom=mom)
    results = F.sgd_mom_update(weight, grad, mom, lr, momentum, wd, rescale_grad, clip_gradient)
    return _step("sgd_mom_update", results, (mom,), out)


def nag_mom_update(
    weight: NDArray, grad: NDArray, mom: NDArray, lr: float, momentum: float = 0.0, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """Nesterov's accelerated gradient: mom = momentum * mom - lr * grad; weight + momentum * mom - lr * grad.

    >>> from dlcore import nd
    >>> nag_mom_update(nd.array([1.0]), nd.array([2.0]), nd.array([0.0]), lr=0.25, momentum=0.5).tolist()
    [0.25]
    """
    _alike("nag_mom_update", weight, out, grad=grad, mom=mom)
    down = F.multiply(F.add(_bounded(grad, rescale_grad, clip_gradient), F.multiply(weight, wd)), lr)
    moved = F.subtract(F.multiply(array_in_place("nag_mom_update", mom, "mom"), momentum), down)
    new = F.subtract(F.add(weight, F.multiply(moved, momentum)), down)
    return _step("nag_mom_update", (new, moved), (mom,), out)


def adam_update(
    weight: NDArray, grad: NDArray, mean: NDArray, var: NDArray, lr: float, beta1: float = 0.9, beta2: float = 0.999,
    epsilon: float = 1e-8, wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    lazy_update: bool = True, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """Adam without bias correction, which MXNet's optimizer put into lr; the decay is clipped with the gradient.

    >>> from dlcore import nd
    >>> mean, var = nd.array([0.0]), nd.array([0.0])
    >>> _ = adam_update(nd.array([1.0]), nd.array([2.0]), mean, var, lr=0.1, beta1=0.5, beta2=0.75)
    >>> mean.tolist(), var.tolist()
    ([1.0], [1.0])
    """
    _alike("adam_update", weight, out, grad=grad, mean=mean, var=var)
    grad = _with_decay(weight, grad, wd, rescale_grad, clip_gradient)
    knobs = (lr, beta1, beta2, epsilon, 0.0, 1.0, -1.0, _NEVER)
    return _step("adam_update", F.adam_update(weight, grad, mean, var, *knobs), (mean, var), out)


def rmsprop_update(
    weight: NDArray, grad: NDArray, n: NDArray, lr: float, gamma1: float = 0.95, epsilon: float = 1e-8, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, clip_weights: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """n = gamma1 * n + (1 - gamma1) * grad**2; weight - lr * grad / sqrt(n + epsilon), held within clip_weights.

    grad is clip(rescale_grad * grad + wd * weight).

    >>> from dlcore import nd
    >>> rmsprop_update(nd.array([1.0]), nd.array([2.0]), nd.array([0.0]), lr=0.5, gamma1=0.75, epsilon=0.0).tolist()
    [0.0]
    """
    _alike("rmsprop_update", weight, out, grad=grad, n=n)
    grad = _with_decay(weight, grad, wd, rescale_grad, clip_gradient)
    new, square = F.rmsprop_update(weight, grad, n, lr, gamma1, epsilon, 0.0, 1.0, -1.0)
    return _step("rmsprop_update", (_held(new, clip_weights), square), (n,), out)


def rmspropalex_update(
    weight: NDArray, grad: NDArray, n: NDArray, g: NDArray, delta: NDArray, lr: float, gamma1: float = 0.95,
    gamma2: float = 0.9, epsilon: float = 1e-8, wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    clip_weights: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """RMSProp in Graves' form: the gradient's mean g is taken off its mean square n; delta is the momentum.

    >>> from dlcore import nd
    >>> zero = [nd.array([0.0]) for _ in range(3)]
    >>> round(rmspropalex_update(nd.array([1.0]), nd.array([2.0]), *zero, lr=0.1, gamma1=0.5).item(), 3)
    0.8
    """
    _alike("rmspropalex_update", weight, out, grad=grad, n=n, g=g, delta=delta)
    grad = _with_decay(weight, grad, wd, rescale_grad, clip_gradient)
    knobs = (lr, gamma1, gamma2, epsilon, 0.0, 1.0, -1.0)
    new, *moved = F.rmspropalex_update(weight, grad, n, g, delta, *knobs)
    return _step("rmspropalex_update", (_held(new, clip_weights), *moved), (n, g, delta), out)


def _held(weight: NDArray, limit: float) -> NDArray:
    return F.clip(weight, -limit, limit) if limit > 0 else weight


def ftrl_update(
    weight: NDArray, grad: NDArray, z: NDArray, n: NDArray, lr: float, lamda1: float = 0.01, beta: float = 1.0,
    wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """Follow the regularized leader, with lamda1 as its L1 weight.

    >>> from dlcore import nd
    >>> z, n = nd.array([0.0]), nd.array([0.0])
    >>> ftrl_update(nd.array([0.0]), nd.array([0.5]), z, n, lr=0.1, lamda1=1.0).tolist(), z.tolist()
    ([0.0], [0.5])
    """
    _alike("ftrl_update", weight, out, grad=grad, z=z, n=n)
    results = F.ftrl_update(weight, grad, z, n, lr, lamda1, beta, wd, rescale_grad, clip_gradient)
    return _step("ftrl_update", results, (z, n), out)


def ftml_update(
    weight: NDArray, grad: NDArray, d: NDArray, v: NDArray, z: NDArray, lr: float, beta1: float = 0.6,
    beta2: float = 0.999, epsilon: float = 1e-8, t: int | None = None, wd: float = 0.0, rescale_grad: float = 1.0,
    clip_grad: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """Follow the moving leader; t counts steps from 1.

    >>> from dlcore import nd
    >>> zero = [nd.array([0.0]) for _ in range(3)]
    >>> round(ftml_update(nd.array([1.0]), nd.array([2.0]), *zero, lr=0.1, t=1).item(), 3)
    0.9
    """
    _alike("ftml_update", weight, out, grad=grad, d=d, v=v, z=z)
    knobs = (lr, beta1, beta2, epsilon, wd, rescale_grad, clip_grad, _counted("ftml_update", t))
    return _step("ftml_update", F.ftml_update(weight, grad, d, v, z, *knobs), (d, v, z), out)


def signsgd_update(
    weight: NDArray, grad: NDArray, lr: float, wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """A step of size lr against the gradient's sign; wd shrinks the weight.

    >>> from dlcore import nd
    >>> signsgd_update(nd.array([1.0]), nd.array([-7.0]), lr=0.5).tolist()
    [1.5]
    """
    _alike("signsgd_update", weight, out, grad=grad)
    return _step("signsgd_update", F.signsgd_update(weight, grad, lr, wd, rescale_grad, clip_gradient), (), out)


def signum_update(
    weight: NDArray, grad: NDArray, mom: NDArray, lr: float, momentum: float = 0.0, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, wd_lh: float = 0.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """A step of size lr along the sign of the momentum.

    >>> from dlcore import nd
    >>> signum_update(nd.array([1.0]), nd.array([-7.0]), nd.array([0.0]), lr=0.5, momentum=0.9).tolist()
    [1.5]
    """
    _alike("signum_update", weight, out, grad=grad, mom=mom)
    results = F.signum_update(weight, grad, mom, lr, momentum, wd, rescale_grad, clip_gradient, wd_lh)
    return _step("signum_update", results, (mom,), out)


def lamb_update_phase1(
    weight: NDArray, grad: NDArray, mean: NDArray, var: NDArray, beta1: float = 0.9, beta2: float = 0.999,
    epsilon: float = 1e-6, t: int | None = None, bias_correction: bool = True, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """LAMB's direction; `lamb_update_phase2` scales it and steps.

    >>> from dlcore import nd
    >>> g = lamb_update_phase1(nd.array([1.0]), nd.array([2.0]), nd.array([0.0]), nd.array([0.0]), t=1)
    >>> round(g.item(), 4)
    1.0
    """
    _alike("lamb_update_phase1", weight, out, grad=grad, mean=mean, var=var)
    steps = _counted("lamb_update_phase1", t) if bias_correction else _NEVER
    knobs = (beta1, beta2, epsilon, wd, rescale_grad, clip_gradient, steps)
    return _step("lamb_update_phase1", F.lamb_phase1(weight, grad, mean, var, *knobs), (mean, var), out)


def lamb_update_phase2(
    weight: NDArray, g: NDArray, r1: NDArray, r2: NDArray, lr: float, lower_bound: float = -1.0,
    upper_bound: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """weight - lr * r1 / r2 * g, where r1 is the weight's norm (held between the bounds) and r2 that of g.

    >>> from dlcore import nd
    >>> lamb_update_phase2(nd.array([4.0]), nd.array([2.0]), nd.array([4.0]), nd.array([2.0]), lr=0.25).tolist()
    [3.0]
    """
    _alike("lamb_update_phase2", weight, out, g=g)
    for argument, r in (("r1", r1), ("r2", r2)):
        if np.size(r) != 1:
            raise ValueError(f"lamb_update_phase2: expected {argument} of one number, got shape {np.shape(r)}")
    of_w, of_g = (F.reshape(r, ()) for r in (r1, r2))
    return _step("lamb_update_phase2", F.lamb_phase2(weight, g, of_w, of_g, lr, lower_bound, upper_bound), (), out)


def adagrad_update(
    weight: NDArray, grad: NDArray, history: NDArray, lr: float, epsilon: float = 1e-7, wd: float = 0.0,
    rescale_grad: float = 1.0, clip_gradient: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """history += grad**2; weight - lr * grad / (sqrt(history) + epsilon).

    >>> from dlcore import nd
    >>> round(adagrad_update(nd.array([1.0]), nd.array([2.0]), nd.array([0.0]), lr=0.5).item(), 4)
    0.5
    """
    _alike("adagrad_update", weight, out, grad=grad, history=history)
    results = F.adagrad_update(weight, grad, history, lr, epsilon, wd, rescale_grad, clip_gradient)
    return _step("adagrad_update", results, (history,), out)


def adadelta_update(
    weight: NDArray, grad: NDArray, acc_g: NDArray, acc_delta: NDArray, rho: float = 0.9, epsilon: float = 1e-5,
    wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """AdaDelta: steps as large as earlier ones were, over the root mean square of gradients.

    >>> from dlcore import nd
    >>> w = adadelta_update(nd.array([1.0]), nd.array([2.0]), nd.array([0.0]), nd.array([0.0]))
    >>> 0.98 < w.item() < 1.0
    True
    """
    _alike("adadelta_update", weight, out, grad=grad, acc_g=acc_g, acc_delta=acc_delta)
    knobs = (rho, epsilon, 1.0, wd, rescale_grad, clip_gradient)
    return _step("adadelta_update", F.adadelta_update(weight, grad, acc_g, acc_delta, *knobs), (acc_g, acc_delta), out)


def adamw_update(
    weight: NDArray, grad: NDArray, mean: NDArray, var: NDArray, rescale_grad: Any = 1.0, lr: float = 0.001,
    eta: float = 1.0, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, wd: float = 0.0,
    clip_gradient: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """Adam whose decay stays out of the moments. With a rescale_grad that is 0 or not finite nothing changes.

    >>> from dlcore import nd
    >>> w = nd.array([1.0])
    >>> adamw_update(w, nd.array([2.0]), nd.array([0.0]), nd.array([0.0]), nd.array(0.0), lr=0.1).tolist()
    [1.0]
    """
    _alike("adamw_update", weight, out, grad=grad, mean=mean, var=var)
    scale = float(rescale_grad)
    if scale == 0.0 or scale - scale != 0.0:
        return _step("adamw_update", F.copy(weight), (), out)
    knobs = (lr, beta1, beta2, epsilon, wd, scale, clip_gradient, eta, _NEVER)
    return _step("adamw_update", F.adamw_update(weight, grad, mean, var, *knobs), (mean, var), out)


def group_adagrad_update(
    weight: NDArray, grad: NDArray, history: NDArray, lr: float, rescale_grad: float = 1.0, clip_gradient: float = -1.0,
    epsilon: float = 1e-5, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """AdaGrad with one history a row: history (rows, 1) += mean(grad**2); weight - lr * grad / sqrt(history + epsilon).

    >>> from dlcore import nd
    >>> history = nd.array([[0.0]])
    >>> _ = group_adagrad_update(nd.array([[1.0, 1.0]]), nd.array([[3.0, 1.0]]), history, lr=0.1)
    >>> history.tolist()
    [[5.0]]
    """
    _alike("group_adagrad_update", weight, out, grad=grad)
    g = _bounded(grad, rescale_grad, clip_gradient)
    axes, history = tuple(range(1, g.ndim)), array_in_place("group_adagrad_update", history, "history")
    if history.size != weight.shape[0]:
        raise ValueError(
            f"group_adagrad_update: expected history of shape {(weight.shape[0], 1)}, one number for each row of the "
            f"weight {tuple(weight.shape)}, got shape {tuple(history.shape)}"
        )
    moved = F.add(history, F.reshape(F.mean(F.square(g), axes, True), history.shape))
    root = F.reshape(F.sqrt(F.add(moved, epsilon)), (-1, *(1 for _ in axes)))
    return _step(
        "group_adagrad_update", (F.subtract(weight, F.divide(F.multiply(g, lr), root)), moved), (history,), out
    )
