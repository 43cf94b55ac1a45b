"""Loops and choices on arrays: `dl.foreach`, `dl.while_loop` and `dl.cond`, and their names in `nd.contrib` and `npx`.

Run step by step; inside a compiled function each becomes one node of the graph (dlcore/graph/_control_trace.py), which
decides when the function runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import _core
from ..._core import NDArray
from ..._hooks import hook
from ...ops import F


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def foreach(body: Callable[..., Any], data: Any, init_states: Any, name: str = "foreach") -> tuple[Any, Any]:
    """Calls body(slice, states) -> (outputs, states) for each place on the first axis of `data`.

    data, states and outputs may each be an array or a list of arrays, outputs also None. Returns the outputs, stacked
    on a new first axis, and the last states. Gradients flow through all of it. Inside a compiled function the body is
    compiled once, however many steps there are; it may read and change arrays that it does not get (parameters, running
    means), and states must keep their shapes and dtypes.

    Errors: TypeError for data without a first axis or a body that gives something else, ValueError for data of
    different lengths.

    >>> import dlcore as dl
    >>> outs, state = dl.foreach(lambda x, s: (x + s, x + s), dl.np.array([1.0, 2.0, 3.0]), dl.np.array(0.0))
    >>> outs.tolist(), state.item()
    ([1.0, 3.0, 6.0], 6.0)
    """
    arrays, states = _listed(data), init_states
    if not arrays or any(not isinstance(a, NDArray) or a.ndim == 0 for a in arrays):
        raise TypeError("foreach: data must be an array with at least one axis, or a list of them")
    steps = {a.shape[0] for a in arrays}
    if len(steps) != 1:
        shapes = " and ".join(str(a.shape) for a in arrays)
        raise ValueError(f"foreach: the first axes of data differ, its arrays have shapes {shapes}")
    count = steps.pop()
    if _core.is_tracing() and count:
        return hook("control.foreach")(body, arrays, not isinstance(data, (list, tuple)), init_states)
    outputs: list[list[Any]] = []
    single = True
    for k in range(count):
        parts = [a[k] for a in arrays]
        result = body(parts if isinstance(data, (list, tuple)) else parts[0], states)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(f"foreach: the body must give (outputs, states), it gave {type(result).__name__}")
        out, states = result
        single = not isinstance(out, (list, tuple))
        outputs.append([] if out is None else _listed(out))
    if single and outputs and not outputs[0]:
        return None, states
    stacked = [F.stack(*column, axis=0) for column in zip(*outputs, strict=True)]
    return (stacked[0] if single and stacked else stacked), states


def _truth(must: str, value: Any) -> bool:
    if isinstance(value, NDArray) and value.size != 1:
        raise ValueError(f"{must} one number, which is true or not, got shape {value.shape}")
    return bool(value)


def while_loop(
    cond: Callable[..., Any], func: Callable[..., Any], loop_vars: Any, max_iterations: int | None = None,
    name: str = "while_loop",
) -> tuple[list[NDArray], Any]:  # fmt: skip
    """While cond(*loop_vars) holds, at most max_iterations times: outputs, loop_vars = func(*loop_vars).

    Returns a list of the outputs stacked on a new first axis of length max_iterations (rows of steps that did not
    happen are 0) and the last loop_vars. func may give None where there are no outputs. Gradients flow through all of
    it; inside a compiled function what they need is kept for max_iterations steps, so choose it no larger than needed.

    Errors: ValueError without max_iterations, or when func gives another number of loop_vars.

    >>> import dlcore as dl
    >>> outs, last = dl.while_loop(lambda i: i < 3, lambda i: (i * 10, [i + 1]), [dl.np.array(1.0)], max_iterations=4)
    >>> outs[0].tolist(), last[0].item()
    ([10.0, 20.0, 0.0, 0.0], 3.0)
    """
    if max_iterations is None or max_iterations < 0:
        raise ValueError(f"while_loop: max_iterations must be a number from 0, got {max_iterations}")
    values = _listed(loop_vars)
    if not values:
        raise ValueError("while_loop: expected at least one of loop_vars, got none")
    if _core.is_tracing():
        outs, last = hook("control.while_loop")(cond, func, values, int(max_iterations))
        return outs, last if isinstance(loop_vars, (list, tuple)) else last[0]
    outputs: list[list[Any]] = []
    while len(outputs) < max_iterations and _truth("while_loop: cond must give", cond(*values)):
        result = func(*values)
        if not isinstance(result, (list, tuple)) or len(result) != 2:
            raise TypeError(f"while_loop: func must give (outputs, loop_vars), it gave {type(result).__name__}")
        out, new = result[0], _listed(result[1])
        if len(new) != len(values):
            raise ValueError(f"while_loop: func must give {len(values)} loop_vars, it gave {len(new)}")
        outputs.append(_listed(out) if out is not None else [])
        values = new
    stacked = []
    for column in zip(*outputs, strict=True):
        missing = max_iterations - len(column)
        stacked.append(F.stack(*column, *[F.zeros_like(column[0])] * missing, axis=0))
    return stacked, values if isinstance(loop_vars, (list, tuple)) else values[0]


def cond(pred: Any, true_fn: Callable[..., Any], false_fn: Callable[..., Any], *args: Any) -> Any:
    """true_fn(*args) if pred is true (not zero), else false_fn(*args).

    pred   one number, or a function that gives it for `args`

    Inside a compiled function both functions are compiled and one of them runs; they must return the same number of
    arrays of the same shapes and dtypes, and may read and change arrays that they do not get. Gradients flow through
    the one that ran.

    Errors: ValueError when pred is more than one number; in a compiled function TypeError when the results differ.

    >>> import dlcore as dl
    >>> f = dl.jit(lambda x: dl.cond(x.sum() > 0, lambda x: x * 2, lambda x: -x, x))
    >>> f(dl.np.array([1.0, 2.0])).tolist(), f(dl.np.array([-1.0, -2.0])).tolist()
    ([2.0, 4.0], [1.0, 2.0])
    """
    if callable(pred):
        pred = pred(*args)
    if _core.is_tracing() and isinstance(pred, NDArray):
        return hook("control.cond")(pred, true_fn, false_fn, args)
    return true_fn(*args) if _truth("cond: pred must be", pred) else false_fn(*args)


def classic_cond(
    pred: Any, then_func: Callable[..., Any], else_func: Callable[..., Any], inputs: Any = (), name: str = "cond"
) -> Any:
    """then_func(*inputs) if pred is true (not zero), else else_func(*inputs): `cond` as nd.contrib and npx have it.

    >>> from dlcore import nd
    >>> classic_cond(nd.array(1.0) > 0, lambda: "yes", lambda: "no")
    'yes'
    """
    args = () if inputs is None or isinstance(inputs, str) else _listed(inputs)
    return cond(pred, then_func, else_func, *args)


__all__: Sequence[str] = ("classic_cond", "cond", "foreach", "while_loop")
