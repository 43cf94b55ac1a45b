"""Optimizer updates of several arrays at once, and of low-precision weights with a float32 copy beside them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from ..._core import NDArray
from ...ops import F
from .._shared import array_in_place
from . import updates

Arrays = Sequence[NDArray]


def _mixed(update: Callable[..., NDArray], example: str) -> Callable[..., NDArray]:
    """The update computed on weight32, which changes in place; the weight is its rounded copy."""
    parameters = inspect.signature(update).parameters
    states = [n for n in parameters if n in ("mom", "mean", "var", "r1", "r2")]
    last = 2 + len(states)
    second = list(parameters)[1]
    only_direction = update.__name__ == "lamb_update_phase1"  # changes no weight

    def mixed(weight: NDArray, *args: Any, **kwargs: Any) -> NDArray:
        out = kwargs.pop("out", None)
        bound = mixed.__signature__.bind(weight, *args, **kwargs)  # type: ignore[attr-defined]
        given, kwargs = list(bound.args[1:]), bound.kwargs
        grad, weight32 = given.pop(0), given.pop(last - 2)
        updates._alike(mixed.__name__, weight, out, weight32=weight32, **{second: grad})
        wide = F.cast(grad, "float32")
        new = update(weight32, wide, *given, **kwargs)
        if only_direction:
            return new if out is None else _into(out, new)
        weight32[...] = new
        rounded = F.cast(new, weight._dtype_name)
        return rounded if out is None else _into(out, rounded)

    mixed.__name__ = mixed.__qualname__ = f"mp_{update.__name__}"
    order = [p for p in parameters.values()]
    extra = inspect.Parameter("weight32", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=NDArray)
    mixed.__signature__ = inspect.Signature([*order[:last], extra, *order[last:]])  # type: ignore[attr-defined]
    mixed.__doc__ = (
        f"`{update.__name__}` computed on weight32, a float32 copy that changes in place; gives the weight's dtype.\n\n"
        f"    >>> from dlcore import nd\n{example}"
    )
    return mixed


_W = "    >>> w = nd.array([1.0]).astype('float16'); w32 = nd.array([1.0])\n"
_CHECK = "    >>> w.dtype.name, w32.dtype.name\n    ('float16', 'float32')\n"


def _sample(name: str, states: str, knobs: str) -> str:
    return f"{_W}    >>> _ = {name}(w, w * 2, {states}w32, {knobs}, out=w)\n{_CHECK}"


_ONE = "nd.array([0.5]), "
mp_sgd_update = _mixed(updates.sgd_update, _sample("mp_sgd_update", "", "lr=0.25"))
mp_sgd_mom_update = _mixed(updates.sgd_mom_update, _sample("mp_sgd_mom_update", _ONE, "lr=0.25"))
mp_nag_mom_update = _mixed(updates.nag_mom_update, _sample("mp_nag_mom_update", _ONE, "lr=0.25"))
mp_lamb_update_phase1 = _mixed(updates.lamb_update_phase1, _sample("mp_lamb_update_phase1", _ONE * 2, "t=1"))
mp_lamb_update_phase2 = _mixed(updates.lamb_update_phase2, _sample("mp_lamb_update_phase2", _ONE * 2, "lr=0.25"))


def mp_adamw_update(
    weight: NDArray, grad: NDArray, mean: NDArray, var: NDArray, weight32: NDArray, rescale_grad: Any = 1.0,
    lr: float = 0.001, eta: float = 1.0, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
    wd: float = 0.0, clip_gradient: float = -1.0, out: NDArray | None = None,
) -> NDArray:  # fmt: skip
    """`adamw_update` computed on weight32, a float32 copy that changes in place; gives the weight's dtype.

    >>> from dlcore import nd
    >>> w, w32, zero = nd.array([1.0]).astype('float16'), nd.array([1.0]), [nd.array([0.0]), nd.array([0.0])]
    >>> mp_adamw_update(w, w, *zero, w32, 0.0, lr=0.1).dtype
    dtype('float16')
    """
    updates._alike("mp_adamw_update", weight, out, weight32=weight32, grad=grad)
    knobs = (rescale_grad, lr, eta, beta1, beta2, epsilon, wd, clip_gradient)
    new = updates.adamw_update(weight32, F.cast(grad, "float32"), mean, var, *knobs)
    array_in_place("mp_adamw_update", weight32, "weight32")[...] = new
    return _into(out, F.cast(new, array_in_place("mp_adamw_update", weight, "weight")._dtype_name))


def _into(out: NDArray | None, value: NDArray) -> NDArray:
    if out is None:
        return value
    out[...] = value
    return out


def _each(values: Any, count: int, name: str) -> list[float]:
    """One number for each weight, from a list, an array or one number for all."""
    numbers = values.asnumpy().tolist() if isinstance(values, NDArray) else values
    numbers = [numbers] * count if isinstance(numbers, (int, float)) else numbers
    if not isinstance(numbers, (list, tuple)) or not all(isinstance(v, (int, float, NDArray)) for v in numbers):
        raise TypeError(f"multi update: {name} must be a number for each weight, got {values!r}")
    if len(numbers) != count:
        raise ValueError(f"multi update: {name} has {len(numbers)} numbers for {count} weights")
    return [float(v) for v in numbers]


def _many(update: Callable[..., NDArray], width: int) -> Callable[..., list[NDArray]]:
    """The update for `width` arrays a weight, given one after the other: weight, grad, states, weight, ..."""

    def multi(
        *data: NDArray, lrs: Any = None, wds: Any = 0.0, num_weights: int | None = None,
        out: Sequence[NDArray] | None = None, **knobs: Any,
    ) -> list[NDArray]:  # fmt: skip
        given: Arrays = data[0] if len(data) == 1 and isinstance(data[0], (list, tuple)) else data
        count = len(given) // width
        if num_weights not in (None, count) or len(given) != count * width or lrs is None:
            raise ValueError(f"{multi.__name__}: takes {width} arrays for each of num_weights={num_weights} weights "
                             f"and lrs, got {len(given)} arrays")  # fmt: skip
        targets = list(out) if out is not None else [None] * count
        rates, decays = _each(lrs, count, "lrs"), _each(wds, count, "wds")
        results = []
        for k in range(count):
            arrays = given[k * width : (k + 1) * width]
            results.append(update(*arrays, lr=rates[k], wd=decays[k], out=targets[k], **knobs))
        return results

    return multi


def _preloaded(multi: Callable[..., list[NDArray]]) -> Callable[..., list[NDArray]]:
    """As `multi`, with learning rates and decays as the last two arrays."""

    def preloaded(*data: NDArray, **knobs: Any) -> list[NDArray]:
        *arrays, lrs, wds = data
        return multi(*arrays, lrs=lrs, wds=wds, **knobs)

    return preloaded


_EXAMPLE = """

    >>> from dlcore import nd
    >>> parts = {parts}
    >>> [w.tolist() for w in {name}(*parts * 2, {rates})]
    {wanted}
"""
_PARTS = {
    "sgd_update": ("[nd.array([1.0]), nd.array([2.0])]", 2),
    "sgd_mom_update": ("[nd.array([1.0]), nd.array([2.0]), nd.array([0.0])]", 3),
    "mp_sgd_update": ("[nd.array([1.0]), nd.array([2.0]), nd.array([1.0])]", 3),
    "mp_sgd_mom_update": ("[nd.array([1.0]), nd.array([2.0]), nd.array([0.0]), nd.array([1.0])]", 4),
}


def _describe(function: Any, name: str, of: str, parts: str, preloaded: bool) -> Any:
    rates = "nd.array([0.5, 0.25]), nd.array([0.0, 0.0])" if preloaded else "lrs=[0.5, 0.25]"
    wanted = "[[0.0], [-0.5]]" if of.startswith("mp") else "[[0.0], [0.5]]"
    where = "; lrs and wds are its last two arrays" if preloaded else ""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`{of}` for several weights, whose arrays follow each other{where}." + _EXAMPLE.format(
        parts=parts, name=name, rates=rates, wanted=wanted
    )
    return function


multi_sgd_update = _many(updates.sgd_update, 2)
multi_sgd_mom_update = _many(updates.sgd_mom_update, 3)
multi_mp_sgd_update = _many(mp_sgd_update, 3)
multi_mp_sgd_mom_update = _many(mp_sgd_mom_update, 4)
preloaded_multi_sgd_update = _preloaded(multi_sgd_update)
preloaded_multi_sgd_mom_update = _preloaded(multi_sgd_mom_update)
preloaded_multi_mp_sgd_update = _preloaded(multi_mp_sgd_update)
preloaded_multi_mp_sgd_mom_update = _preloaded(multi_mp_sgd_mom_update)
for _of, (_parts, _) in _PARTS.items():
    _describe(globals()[f"multi_{_of}"], f"multi_{_of}", _of, _parts, False)
    _describe(globals()[f"preloaded_multi_{_of}"], f"preloaded_multi_{_of}", _of, _parts, True)


def multi_sum_sq(*arrays: NDArray, num_arrays: int | None = None) -> NDArray:
    """The sums of squares of several arrays, in one vector.

    >>> from dlcore import nd
    >>> multi_sum_sq(nd.array([3.0, 4.0]), nd.array([1.0])).tolist()
    [25.0, 1.0]
    """
    return F.stack(*[F.sum(F.square(F.cast(a, "float32"))) for a in arrays], axis=0)


def multi_all_finite(*arrays: NDArray, num_arrays: int | None = None, init_output: bool = True) -> NDArray:
    """Whether no number of any array is infinite or NaN.

    >>> from dlcore import nd
    >>> bool(multi_all_finite(nd.array([1.0]), nd.array([float("nan")])))
    False
    """
    return F.all(F.stack(*[F.all(F.isfinite(a)) for a in arrays], axis=0))


def reset_arrays(*arrays: NDArray, num_arrays: int | None = None) -> None:
    """Puts zeros into all arrays.

    >>> from dlcore import nd
    >>> x = nd.array([1.0]); reset_arrays(x); x.tolist()
    [0.0]
    """
    for a in arrays:
        a[...] = 0


def multi_lars(
    lrs: NDArray, weights_sum_sq: NDArray, grads_sum_sq: NDArray, wds: NDArray, eta: float = 0.001, eps: float = 1e-8,
    rescale_grad: float = 1.0,
) -> NDArray:  # fmt: skip
    """The learning rates of LARS: lr * eta * |w| / (|g| + wd * |w| + eps) where both norms are above 0.

    >>> from dlcore import nd
    >>> one = nd.array([1.0])
    >>> round(multi_lars(one, nd.array([4.0]), one, nd.array([0.0]), eta=0.5).item(), 4)
    1.0
    """
    w, g = F.sqrt(weights_sum_sq), F.multiply(F.sqrt(grads_sum_sq), rescale_grad)
    both = F.logical_and(F.greater(w, 0.0), F.greater(g, 0.0))
    below = F.add(F.add(g, F.multiply(wds, w)), eps)
    return F.multiply(lrs, F.where(both, F.divide(F.multiply(w, eta), below), 1.0))


def _lists(
    name: str, step: Callable[..., NDArray], weights: Arrays, out: Any, count: int | None = None
) -> list[NDArray]:
    """step(k, where to) for each weight; `count`, where old code says it, must be their number."""
    if count not in (None, 0, len(weights)):
        raise ValueError(f"{name}: expected {count} weights as said, got {len(weights)}")
    targets = list(out) if isinstance(out, (list, tuple)) else [None] * len(weights)
    return [step(k, targets[k]) for k in range(len(weights))]


def multi_adamw_update(
    weights: Arrays, grads: Arrays, mean: Arrays, var: Arrays, rescale_grad: Any, lrs: Any, wds: Any = 0.0,
    etas: Any = 1.0, out: Sequence[NDArray] | None = None, size: int | None = None, **knobs: Any,
) -> list[NDArray]:  # fmt: skip
    """`adamw_update` for lists of arrays.

    >>> from dlcore import nd
    >>> z = [nd.array([0.0])]
    >>> [w.tolist() for w in multi_adamw_update([nd.array([1.0])], z, z, [nd.array([1.0])], 1.0, [0.1])]
    [[1.0]]
    """
    rates, decays, scales = (_each(v, len(weights), n) for v, n in ((lrs, "lrs"), (wds, "wds"), (etas, "etas")))

    def step(k: int, target: NDArray | None) -> Any:
        arrays = (weights[k], grads[k], mean[k], var[k], rescale_grad)
        return updates.adamw_update(*arrays, lr=rates[k], wd=decays[k], eta=scales[k], out=target, **knobs)

    return _lists("multi_adamw_update", step, weights, out, size)


def multi_mp_adamw_update(
    weights: Arrays, grads: Arrays, mean: Arrays, var: Arrays, weights32: Arrays, rescale_grad: Any, lrs: Any,
    wds: Any = 0.0, etas: Any = 1.0, out: Sequence[NDArray] | None = None, size: int | None = None, **knobs: Any,
) -> list[NDArray]:  # fmt: skip
    """`mp_adamw_update` for lists of arrays.

    >>> from dlcore import nd
    >>> z, one = [nd.array([0.0])], [nd.array([1.0])]
    >>> [w.tolist() for w in multi_mp_adamw_update(one, z, z, [nd.array([1.0])], [nd.array([1.0])], 1.0, [0.1])]
    [[1.0]]
    """
    rates, decays, scales = (_each(v, len(weights), n) for v, n in ((lrs, "lrs"), (wds, "wds"), (etas, "etas")))

    def step(k: int, target: NDArray | None) -> Any:
        arrays = (weights[k], grads[k], mean[k], var[k], weights32[k], rescale_grad)
        return mp_adamw_update(*arrays, lr=rates[k], wd=decays[k], eta=scales[k], out=target, **knobs)

    return _lists("multi_mp_adamw_update", step, weights, out, size)


def multi_lamb_update(
    weights: Arrays, grads: Arrays, mean: Arrays, var: Arrays, step_count: Sequence[int], lrs: Any, wds: Any = 0.0,
    lower_bound: float = -1.0, upper_bound: float = -1.0, out: Sequence[NDArray] | None = None,
    num_tensors: int | None = None, **knobs: Any,
) -> list[NDArray]:  # fmt: skip
    """Both phases of LAMB for lists of arrays; step_count counts each weight's steps from 1.

    >>> from dlcore import nd
    >>> new, = multi_lamb_update([nd.array([1.0])], [nd.array([2.0])], [nd.zeros(1)], [nd.zeros(1)], [1], [0.5])
    >>> round(new.item(), 4)
    0.5
    """
    rates, decays = _each(lrs, len(weights), "lrs"), _each(wds, len(weights), "wds")

    def step(k: int, target: NDArray | None) -> Any:
        g = updates.lamb_update_phase1(weights[k], grads[k], mean[k], var[k], t=step_count[k], wd=decays[k], **knobs)
        own, step_norm = (F.sqrt(F.sum(F.square(a))) for a in (weights[k], g))
        return updates.lamb_update_phase2(weights[k], g, own, step_norm, rates[k], lower_bound, upper_bound, target)

    return _lists("multi_lamb_update", step, weights, out, num_tensors)


def multi_mp_lamb_update(
    weights: Arrays, grads: Arrays, mean: Arrays, var: Arrays, weights32: Arrays, step_count: Sequence[int], lrs: Any,
    wds: Any = 0.0, out: Sequence[NDArray] | None = None, num_tensors: int | None = None, **knobs: Any,
) -> list[NDArray]:  # fmt: skip
    """`multi_lamb_update` computed on float32 copies, which change in place; gives the weights' dtype.

    The norms are those of the float32 copies, as `mp_lamb_update_phase2` is given them, so that one weight or many
    take the same step; MXNet's kernel for many took those of the rounded weights.

    >>> from dlcore import nd
    >>> w, w32 = nd.array([1.0]).astype("float16"), nd.array([1.0])
    >>> new, = multi_mp_lamb_update([w], [w * 2], [nd.zeros(1)], [nd.zeros(1)], [w32], [1], [0.5])
    >>> new.dtype.name, round(w32.item(), 3)
    ('float16', 0.5)
    """
    wide = [F.cast(g, "float32") for g in grads]
    multi_lamb_update(weights32, wide, mean, var, step_count, lrs, wds, out=weights32, **knobs)

    def step(k: int, target: NDArray | None) -> Any:
        return _into(target, F.cast(weights32[k], weights[k]._dtype_name))

    return _lists("multi_mp_lamb_update", step, weights, out, num_tensors)
