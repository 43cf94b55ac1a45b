"""Tracing: runs a Python function once on stand-ins for its arrays and turns what it called into a Graph."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dlcore import _core

from . import _ops
from ._ir import Graph, Node, State, Value, constant, contiguous_strides
from ._shared import DTYPES, shared
from ._source import SourceLines
from ._types import is_inexact
from ._untraceable import explained

_local = threading.local()


@dataclass
class Trace:
    """A finished trace: the graph, what the function returned, and what must run on the host before every run."""

    graph: Graph
    result: Any
    host_calls: list[Callable[[], None]] = field(default_factory=list)
    custom_gradient: bool = False  # the function holds a gradient written in Python, which is not in the graph
    sizes_read: bool = False  # Python saw sizes of arrays: for others it may do something else
    met: frozenset[int] = frozenset()  # the storages of all arrays that the function met without getting them


def is_tracing() -> bool:
    """Whether this thread is inside a function that is being compiled.

    >>> import dlcore as dl
    >>> seen = []
    >>> y = dl.jit(lambda x: seen.append(is_tracing()) or x + 1)(dl.np.ones((2,)))
    >>> is_tracing(), seen
    (False, [True])
    """
    return getattr(_local, "host_calls", None) is not None


def every_call(function: Callable[[], None]) -> None:
    """Runs `function` now, or, inside a function that is being compiled, before each of its runs.

    For the little Python that a compiled step must repeat every time, such as counting updates and asking a schedule
    for the learning rate; `function` writes what it finds into arrays that the step reads.

    >>> import dlcore as dl
    >>> count = []
    >>> @dl.jit
    ... def f(x):
    ...     every_call(lambda: count.append(1))
    ...     return x + 1
    >>> first, second = f(dl.np.ones((2,))), f(dl.np.ones((2,)))
    >>> len(count), f.compilations
    (2, 1)
    """
    if is_tracing():
        _local.host_calls.append(function)
    else:
        function()


def write_last(array: Any) -> None:
    """Inside a function that is being compiled: what it writes into `array` comes when all else of a run is done.

    So a run that fails leaves the array as it was.

    >>> import dlcore as dl
    >>> total = dl.np.zeros(())
    >>> @dl.jit
    ... def f(rows, which):
    ...     write_last(total)
    ...     total[...] += rows.sum()
    ...     return dl.nd.take(rows, which, mode="raise")
    >>> try:
    ...     y = f(dl.np.ones((3, 2)), dl.np.asarray([7]))
    ... except IndexError:
    ...     print(float(total))
    0.0
    """
    if is_tracing():
        _local.last.add(array._storage_id)


def outside_trace(function: Callable[[], Any]) -> Any:
    """Runs `function` for real even while this thread is tracing (to set up parameters, for instance).

    It runs on a short-lived thread of its own, where neither the trace nor the recording of gradients is active.

    >>> import dlcore as dl
    >>> @dl.jit
    ... def f(x):
    ...     here = outside_trace(lambda: float(dl.np.ones((2,)).sum()))  # an array's value, which a trace has not
    ...     return x * here
    >>> f(dl.np.ones((2,))).tolist()
    [2.0, 2.0]
    """
    if not is_tracing():
        return function()
    outcome: list[Any] = []

    def work() -> None:
        try:
            outcome.append((function(), None))
        except BaseException as error:  # handed to the waiting thread below
            outcome.append((None, error))

    thread = threading.Thread(target=work, name="dlcore-outside-trace")
    thread.start()
    thread.join()
    value, error = outcome[0]
    if error is not None:
        raise error
    return value


def trace(call: Callable[[list[Any]], tuple[Any, list[Any]]], arrays: list[Any], name: str) -> Trace:
    """Traces `call`, which gets stand-ins for `arrays` and returns (result description, list of result arrays).

    Errors: `_core.TraceError` when the function needs the value of an array, with the user's line in the text.

    >>> import dlcore as dl
    >>> made = trace(lambda arrays: (None, [arrays[0] * 2 + 1]), [dl.np.ones((2, 3))], "f")
    >>> [node.op for node in made.graph.nodes], made.graph.outputs[0].shape
    (['multiply', 'add'], (2, 3))
    """
    tracer, recording = _core.Tracer(), _core.is_recording()
    stand_ins = tracer.start(arrays)
    if recording:  # so that functions with a gradient of their own see that one is wanted
        for stand_in, array in zip(stand_ins, arrays, strict=True):
            if array._tracked:
                _core.mark_variable(stand_in, _core.empty((0,), array._dtype_name), "write")
    host_calls: list[Any] = []
    _local.host_calls, _local.last = host_calls, set()
    try:
        with SourceLines(tracer) as lines:
            result, outputs = call(stand_ins)
        recorded = tracer.stop(outputs)
    except BaseException as error:
        tracer.abort()
        _local.host_calls = None
        if isinstance(error, _core.TraceError):
            raise explained(error) from None
        raise
    finally:
        _local.host_calls = None
    graph = _located(recorded, name, lines, recording)
    for state in graph.states:
        state.last = state.array._storage_id in _local.last
    met = frozenset(array._storage_id for _, array in recorded["captured"])
    return Trace(graph, result, host_calls, recorded["custom_gradient"], recorded["sizes_read"], met)


@dataclass
class BodyTrace:
    """What a loop or a branch does in one step: `graph.inputs` stand for its operands, `graph.states` for the rest."""

    graph: Graph
    result: Any
    captured: list[Value] = field(default_factory=list)  # the inputs that stand for what it read without getting it


def trace_inside(
    call: Callable[[list[Any]], tuple[Any, list[Any]]], metas: list[tuple[str, tuple[int, ...]]], device: str, name: str
) -> BodyTrace:
    """Traces `call` on stand-ins of the given dtypes and shapes while another trace waits.

    Arrays of the waiting trace are captured like arrays from outside, and may be changed in place.
    """
    tracer, recording = _core.Tracer(), _core.is_recording()
    stand_ins = tracer.start_inside(metas, device)
    if recording:
        _track(stand_ins)
    try:
        with SourceLines(tracer) as lines:
            result, outputs = call(stand_ins)
        recorded = tracer.stop(outputs)
    except BaseException:
        tracer.abort()
        raise
    if recorded["custom_gradient"]:
        _core.mark_custom_gradient()
    return BodyTrace(_located(recorded, name, lines, recording), result)


def _track(stand_ins: list[Any]) -> None:
    """Lets the tape follow stand-ins, so that functions with a gradient of their own see that one is wanted."""
    floats = [a for a in stand_ins if is_inexact(a._dtype_name)]
    if floats:
        anchor = _core.empty((0,))
        _core.mark_variable(anchor, _core.empty((0,)), "write")
        _core.make_function_node([anchor], floats, lambda heads: [_core.empty((0,))], in_graph=True)


def _located(recorded: dict[str, Any], name: str, lines: SourceLines, recording: bool) -> Graph:
    """The graph of a trace, each node with the user's line."""
    graph = graph_from(recorded, name)
    for number, node in enumerate(graph.nodes):
        node.src = lines.of(number)
        node.recorded = not node.paused
        node.paused = node.paused and recording
    return graph


def window(array: Any) -> tuple:
    """What makes two NDArray objects the same array: memory, shape, layout and dtype, or the value of a trace."""
    if array._is_traced:
        return array._trace_key
    return (array._storage_id, array._ptr, array.shape, array._strides, array._dtype_name)


def graph_from(recorded: dict[str, Any], name: str) -> Graph:
    """The Graph of what `_core.Tracer.stop` returned."""
    values: dict[int, Value] = {}

    def value_of(number: int, kind: str) -> Value:
        dtype, shape, strides, weak = recorded["values"][number]
        values[number] = Value(DTYPES[dtype], shared(shape), shared(strides), bool(weak), kind=kind)
        return values[number]

    graph = Graph(name=name, rng_blocks=recorded["rng_blocks"])
    graph.inputs = [value_of(number, "input") for number in recorded["inputs"]]
    targets: dict[tuple, State] = {}
    for number, array in recorded["captured"]:
        state = State(value_of(number, "state"), array)
        graph.states.append(state)
        targets[window(array)] = state
    for number, content, dtype in recorded["consts"]:
        weak = bool(recorded["values"][number][3])
        values[number] = constant(content, str(dtype), weak)
    for op_id, ins, attrs, outs, scope, rng_offset, _view_of, recorded_gradients in recorded["records"]:
        op = _ops.name_of(op_id)
        node = Node(
            op, [None if i < 0 else values[i] for i in ins], tuple(attrs), scope=scope, paused=not recorded_gradients
        )
        if _ops.is_random(node):
            node.rng = rng_offset
        for index, (number, found) in enumerate(zip(outs, _ops.infer(op, node.inputs, node.attrs), strict=True)):
            out = value_of(number, "node")
            out.node, out.index = node, index
            out.strides = shared(found[2])  # after an in-place write the traced array still shows its old layout
            if found[3] >= 0:
                out.base, out.offset = node.inputs[found[3]], found[4]
            node.outputs.append(out)
        graph.nodes.append(node)
    graph.outputs = [values[number] for number in recorded["outputs"]]
    for number, array, taped in recorded["writes"]:
        state = targets[window(array)]
        if values[number] is not state.value:
            state.new, state.taped = values[number], taped
    return _without_hollow(graph)


def _without_hollow(graph: Graph) -> Graph:
    """Takes arrays of which only the shape was asked for, to make zeros, for what they are: not captured."""
    asked = {node.inputs[0] for node in graph.nodes if node.op == "zeros_like"}
    hollow = {state.value for state in graph.states if state.value in asked and state.new is None}
    if hollow:
        users = graph.users()
        hollow = {v for v in hollow if all(n.op == "zeros_like" for n in users[v]) and v not in graph.outputs}
    for node in graph.nodes if hollow else ():
        if node.inputs and node.inputs[0] in hollow:
            out = node.outputs[0]
            node.op, node.inputs = "zeros", []
            node.attrs = _ops.normal_attrs("zeros", {"shape": out.shape, "dtype": out.dtype})
            out.strides = shared(contiguous_strides(out.shape))
    graph.states = [state for state in graph.states if state.value not in hollow]
    return graph
