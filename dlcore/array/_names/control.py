"""Loops and choices on arrays: foreach, while_loop and cond of `nd.contrib`, run step by step.

Inside a compiled function foreach is unrolled; while_loop and cond look at numbers, so they cannot be compiled there
and say so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import _core
from ..._core import NDArray
from ...ops import F


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def foreach(body: Callable[..., Any], data: Any, init_states: Any, name: str = "foreach") -> tuple[Any, Any]:
    """Calls body(slice, states) -> (outputs, states) for each place on the first axis of `data`.

    data, states and outputs may each be an array or a list of arrays. Returns the outputs, stacked on a new first axis,
    and the last states. Gradients flow through all of it.

    >>> from dlcore import nd
    >>> outs, state = foreach(lambda x, s: (x + s, x + s), nd.array([1.0, 2.0, 3.0]), nd.array(0.0))
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
    outputs: list[list[Any]] = []
    single = True
    for k in range(steps.pop()):
        parts = [a[k] for a in arrays]
        result = body(parts if isinstance(data, (list, tuple)) else parts[0], states)
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(f"foreach: the body must give (outputs, states), it gave {type(result).__name__}")
        out, states = result
        single = not isinstance(out, (list, tuple))
        outputs.append(_listed(out))
    stacked = [F.stack(*column, axis=0) for column in zip(*outputs, strict=True)]
    return (stacked[0] if single and stacked else stacked), states


def while_loop(
    cond: Callable[..., Any], func: Callable[..., Any], loop_vars: Any, max_iterations: int | None = None,
    name: str = "while_loop",
) -> tuple[list[NDArray], Any]:  # fmt: skip
    """While cond(*loop_vars) holds, at most max_iterations times: outputs, loop_vars = func(*loop_vars).

    Returns the outputs stacked on a new first axis of length max_iterations (steps that did not happen are 0) and the
    last loop_vars.

    >>> from dlcore import nd
    >>> outs, last = while_loop(lambda i: i < 3, lambda i: (i * 10, [i + 1]), [nd.array(1.0)], max_iterations=4)
    >>> outs[0].tolist(), last[0].item()
    ([10.0, 20.0, 0.0, 0.0], 3.0)
    """
    if max_iterations is None or max_iterations < 0:
        raise ValueError(f"while_loop: max_iterations must be a number from 0, got {max_iterations}")
    _not_traced("while_loop")
    values = _listed(loop_vars)
    outputs: list[list[Any]] = []
    while len(outputs) < max_iterations and bool(cond(*values)):
        out, new = func(*values)
        new = _listed(new)
        if len(new) != len(values):
            raise ValueError(f"while_loop: func must give {len(values)} loop_vars, it gave {len(new)}")
        outputs.append(_listed(out) if out is not None else [])
        values = new
    stacked = []
    for column in zip(*outputs, strict=True):
        missing = max_iterations - len(column)
        stacked.append(F.stack(*column, *[F.zeros_like(column[0])] * missing, axis=0))
    return stacked, values if isinstance(loop_vars, (list, tuple)) else values[0]


def cond(pred: Any, then_func: Callable[[], Any], else_func: Callable[[], Any], name: str = "cond") -> Any:
    """then_func() if pred is true (not zero), else else_func().

    >>> from dlcore import nd
    >>> cond(nd.array(1.0) > 0, lambda: "yes", lambda: "no")
    'yes'
    """
    _not_traced("cond")
    return then_func() if bool(pred) else else_func()


def _not_traced(name: str) -> None:
    if _core.is_tracing():
        raise RuntimeError(
            f"{name}: a compiled function cannot look at an array's numbers; use where, or call it outside of jit"
        )


__all__: Sequence[str] = ("cond", "foreach", "while_loop")
