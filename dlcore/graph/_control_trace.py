"""`cond`, `while_loop` and `foreach` inside a compiled function: their functions are traced once and become one node.

Called by the functions of these names (dlcore/array/_names/control.py) while a trace runs. Arrays that the functions
read without getting them (closures, parameters) become operands; arrays that they change in place become results,
which are written back after the node.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from dlcore import _core
from dlcore._core import NDArray
from dlcore.ops import F

from . import _tree
from ._control import Branch, Loop, Meta
from ._control_emit import emit
from ._control_grad import unread
from ._ir import SHORT_DTYPE, Value
from ._trace import BodyTrace, trace_inside, window


def cond(pred: NDArray, true_fn: Callable[..., Any], false_fn: Callable[..., Any], args: tuple) -> Any:
    """A branch on a number that is known only when the compiled function runs."""
    if pred.size != 1:
        raise ValueError(f"cond: the condition must be one number, got an array of shape {pred.shape}")
    device = _device([pred])
    traced = _alike([partial(true_fn, *args), partial(false_fn, *args)], device)
    shared = _Captured(traced)
    shared.add_results(list(shared.written))
    then, other = (body.graph for body in traced)
    metas = [[_meta(v) for v in graph.outputs] for graph in (then, other)]
    if metas[0] != metas[1]:
        raise TypeError(
            "cond: both functions must return arrays of the same shapes and dtypes; the first gives "
            f"{_text(metas[0])}, the second {_text(metas[1])}"
        )
    n = len(then.outputs) - len(shared.written)
    if not then.outputs:
        return _tree.unflatten(traced[0].result, iter(()))
    outs = emit(Branch(then, other), [pred, *shared.arrays], shared.paused(n))
    shared.write_back(outs[n:])
    return _tree.unflatten(traced[0].result, iter(outs[:n]))


def foreach(body: Callable[..., Any], data: list[NDArray], single: bool, states: Any) -> tuple[Any, Any]:
    """A loop over the first axis of `data`, whose arrays have the same one."""
    start: list[NDArray] = []
    spec = _tree.flatten(_arrays(states), start)
    steps = data[0].shape[0]
    device = _device([*start, *data])

    def step(given: list[Any]) -> Any:
        rows = given[len(start) :]
        result = body(rows[0] if single else rows, _tree.unflatten(spec, iter(given)))
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(f"foreach: the body must give (outputs, states), it gave {type(result).__name__}")
        return _stepped("foreach", result[1], spec, start), _arrays(result[0])

    metas = [_meta(a) for a in start] + [(a._dtype_name, a.shape[1:]) for a in data]
    traced = _trace(step, metas, device, "foreach")
    outs, last = _loop("foreach", traced, None, start, data, steps)
    return _tree.unflatten(traced.result[2][1], iter(outs)), _tree.unflatten(spec, iter(last))


def while_loop(
    condition: Callable[..., Any], function: Callable[..., Any], loop_vars: list[Any], limit: int
) -> tuple[Any, list[Any]]:
    """A loop that goes on while a number, known only when the compiled function runs, is not zero."""
    start: list[NDArray] = []
    spec = _tree.flatten(_arrays(loop_vars), start)
    device = _device(start)
    metas = [_meta(a) for a in start]

    def step(given: list[Any]) -> Any:
        result = function(*_tree.unflatten(spec, iter(given)))
        if not isinstance(result, (tuple, list)) or len(result) != 2:
            raise TypeError(f"while_loop: func must give (outputs, loop_vars), it gave {type(result).__name__}")
        out, new = result
        new = list(new) if isinstance(new, (tuple, list)) else [new]
        out = [] if out is None else _arrays(out)
        return _stepped("while_loop", new, spec, start), list(out) if isinstance(out, (tuple, list)) else [out]

    def goes_on(given: list[Any]) -> Any:
        answer = condition(*_tree.unflatten(spec, iter(given)))
        if not isinstance(answer, NDArray):
            answer = _arrays(bool(answer))
        if answer.size != 1:
            raise ValueError(f"while_loop: cond must give one number, it gave an array of shape {answer.shape}")
        return answer

    traced = _trace(step, metas, device, "while_loop")
    test = _trace(goes_on, metas, device, "condition")
    if test.graph.writes or test.graph.rng_blocks:
        raise RuntimeError(
            "while_loop: inside a compiled function, cond may change no array and draw no random numbers"
        )
    outs, last = _loop("while_loop", traced, test, start, [], limit)
    return _tree.unflatten(traced.result[2][1], iter(outs)), _tree.unflatten(spec, iter(last))


def _loop(
    name: str, traced: BodyTrace, test: BodyTrace | None, start: list[Any], data: list[Any], steps: int
) -> tuple[list[Any], list[Any]]:
    """Emits the loop: (stacked outputs, last loop variables)."""
    bodies = [traced] if test is None else [traced, test]
    shared = _Captured(bodies)
    n, graph = len(start), traced.graph
    _check_carried(name, start, graph.outputs[:n])
    changed = list(shared.written)
    read = [i for i in range(len(shared.arrays)) if i not in shared.written]
    own = graph.inputs[: n + len(data)]
    captured = graph.inputs[n + len(data) :]
    graph.inputs = [*own[:n], *[captured[i] for i in changed], *own[n:], *[captured[i] for i in read]]
    ys = graph.outputs[n:]
    graph.outputs = graph.outputs[:n]
    shared.add_results(changed, bodies[:1])
    graph.outputs = graph.outputs + ys
    if test is not None:
        known = test.graph.inputs
        test.graph.inputs = [*known[:n], *[known[n + i] for i in changed], *[known[n + i] for i in read]]
    loop = Loop(graph, None if test is None else test.graph, n + len(changed), len(data), steps)
    operands = [*start, *[shared.arrays[i] for i in changed], *data, *[shared.arrays[i] for i in read]]
    outs = emit(loop, operands, shared.paused(n))
    shared.write_back(outs[n : n + len(changed)])
    first = n + len(changed)
    return outs[first : first + len(ys)], outs[:n]


class _Captured:
    """What several bodies read and change without getting it: the same inputs for all of them.

    arrays    each once;  written: numbers of those that some body changes
    """

    def __init__(self, bodies: list[BodyTrace]) -> None:
        self.bodies = bodies
        places: dict[tuple, int] = {}
        self.arrays: list[NDArray] = []
        for body in bodies:
            for state in body.graph.states:
                if places.setdefault(window(state.array), len(places)) == len(self.arrays):
                    self.arrays.append(state.array)
        self.written: dict[int, None] = {}
        self._new: list[dict[int, Value]] = []
        self._pausing: set[int] = set()
        recorded: set[int] = set()
        for body in bodies:
            body.captured = [unread((a._dtype_name, a.shape)) for a in self.arrays]
            new: dict[int, Value] = {}
            for state in body.graph.states:
                at = places[window(state.array)]
                body.captured[at] = state.value
                state.value.kind = "input"
                if state.new is not None:
                    new[at] = state.new
                    self.written[at] = None
                    if state.new.node is not None:
                        (self._pausing if state.new.node.paused else recorded).add(at)
            body.graph.inputs, body.graph.states = body.graph.inputs + body.captured, []
            self._new.append(new)
        for at in self._pausing & recorded:
            raise _core.TraceError(
                f"cond: an array of shape {tuple(self.arrays[at].shape)} is changed in place by one function while "
                "recording is paused and by the other while it is not; let both do the same"
            )

    def add_results(self, numbers: list[int], bodies: list[BodyTrace] | None = None) -> None:
        """Makes the bodies give what the arrays of these numbers hold afterwards."""
        for body, new in zip(bodies or self.bodies, self._new, strict=False):
            body.graph.outputs = body.graph.outputs + [new.get(i, body.captured[i]) for i in numbers]

    def paused(self, first: int) -> frozenset[int]:
        """The results, from number `first` on, that were written while no gradients were recorded."""
        return frozenset(first + k for k, i in enumerate(self.written) if i in self._pausing)

    def write_back(self, values: list[NDArray]) -> None:
        """Writes what the arrays hold afterwards into them."""
        for i, value in zip(self.written, values, strict=True):
            recording = _core.set_recording(_core.is_recording() and i not in self._pausing)
            try:
                _core.assign(self.arrays[i], value)
            finally:
                _core.set_recording(recording)


def _trace(call: Callable[[list[Any]], Any], metas: list[Meta], device: str, name: str) -> BodyTrace:
    def run(stand_ins: list[Any]) -> tuple[Any, list[Any]]:
        outputs: list[Any] = []
        return _tree.flatten(call(stand_ins), outputs), outputs

    return trace_inside(run, metas, device, name)


def _alike(calls: list[Callable[[], Any]], device: str) -> list[BodyTrace]:
    """The traces of two branches; when they return different numbers, these become arrays."""

    def traces(fitted: Callable[[Any], Any]) -> list[BodyTrace]:
        return [_trace(partial(_result, call, fitted), [], device, "cond") for call in calls]

    traced = traces(lambda result: result)
    if traced[0].result != traced[1].result:
        traced = traces(_arrays)
    if traced[0].result != traced[1].result:
        shapes = " and ".join(_shape_of(body.result) for body in traced)
        raise TypeError(f"cond: both functions must return the same kinds of things, got {shapes}")
    return traced


def _result(call: Callable[[], Any], fitted: Callable[[Any], Any], given: list[Any]) -> Any:
    return fitted(call())


def _shape_of(spec: tuple) -> str:
    """A description of a result in words."""
    if spec[0] == "array":
        return "an array"
    if spec[0] == "static":
        return repr(spec[2])
    children = ", ".join(_shape_of(child) for child in spec[2])
    return f"({children})" if spec[0] == "tuple" else f"[{children}]" if spec[0] == "list" else f"{{{children}}}"


def _stepped(name: str, new: Any, spec: tuple, start: list[NDArray]) -> list[Any]:
    """The new loop variables as a list of arrays, which are as many and arranged as before."""
    leaves: list[NDArray] = []
    found = _tree.flatten(_arrays(new, iter(start)), leaves)
    if found != spec and (found[0] not in ("list", "tuple") or found[2:] != spec[2:]):
        raise ValueError(
            f"{name}: the body must give the loop variables in the arrangement it got: {_shape_of(spec)}, it gave "
            f"{_shape_of(found)}"
        )
    return leaves


def _check_carried(name: str, start: list[NDArray], new: list[Value]) -> None:
    for i, (array, value) in enumerate(zip(start, new, strict=True)):
        if _meta(array) != _meta(value):
            raise TypeError(
                f"{name}: inside a compiled function a loop variable keeps its shape and dtype; variable {i} begins as "
                f"{_text([_meta(array)])} and becomes {_text([_meta(value)])}"
            )


def _arrays(tree: Any, like: Any = None) -> Any:
    """Numbers in a tree as arrays (of the dtype of the next array of `like`, where it says)."""
    if isinstance(tree, (list, tuple)):
        items = [_arrays(item, like) for item in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    if isinstance(tree, dict):
        return {key: _arrays(item, like) for key, item in tree.items()}
    beside = next(like, None) if like is not None and isinstance(tree, (NDArray, bool, int, float, complex)) else None
    if isinstance(tree, NDArray) or not isinstance(tree, (bool, int, float, complex)):
        return tree
    dtype = "bool" if isinstance(tree, bool) else "int64" if isinstance(tree, int) else "float32"
    dtype = "complex64" if isinstance(tree, complex) else dtype
    return F.full(shape=(), value=tree, dtype=dtype if beside is None else beside._dtype_name)


def _device(arrays: list[NDArray]) -> str:
    return next((a._device for a in arrays if not a._device.startswith("cpu")), "cpu(0)")


def _meta(thing: Any) -> Meta:
    return (thing.dtype, thing.shape) if isinstance(thing, Value) else (thing._dtype_name, tuple(thing.shape))


def _text(metas: list[Meta]) -> str:
    return ", ".join(f"{SHORT_DTYPE[dtype]}[{','.join(map(str, shape))}]" for dtype, shape in metas) or "nothing"
