"""Shapes from what is known: forward by tracing the calls, backward for the parameters of layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from dlcore import _core
from dlcore.graph import trace

from . import _custom
from ._call import Call, Entry, made_by, order, run

Shape = tuple[int, ...]
Rule = Callable[[Shape, dict[str, Any]], dict[str, Shape]]


def _dense(x: Shape, a: dict[str, Any]) -> dict[str, Shape]:
    inner = math.prod(x[1:]) if a.get("flatten", True) else x[-1]
    return {"weight": (a["num_hidden"], inner), "bias": (a["num_hidden"],)}


def _convolution(x: Shape, a: dict[str, Any]) -> dict[str, Shape]:
    filters = a["num_filter"]
    return {"weight": (filters, x[1] // a.get("num_group", 1), *_kernel(x, a)), "bias": (filters,)}


def _kernel(x: Shape, a: dict[str, Any]) -> Shape:
    kernel = a["kernel"]
    return (kernel,) * (len(x) - 2) if isinstance(kernel, int) else tuple(kernel)


def _deconvolution(x: Shape, a: dict[str, Any]) -> dict[str, Shape]:
    filters = a["num_filter"]
    return {"weight": (x[1], filters // a.get("num_group", 1), *_kernel(x, a)), "bias": (filters,)}


def _along(default: int) -> Rule:
    def rule(x: Shape, a: dict[str, Any]) -> dict[str, Shape]:
        length = (x[a.get("axis", default)],)
        return dict.fromkeys(("gamma", "beta", "moving_mean", "moving_var"), length)

    return rule


def _label(x: Shape, a: dict[str, Any]) -> dict[str, Shape]:
    if a.get("multi_output"):
        return {"label": (x[0], *x[2:])}
    return {"label": x[:-1] if a.get("preserve_shape") else x[:1]}


def _same(x: Shape, a: dict[str, Any]) -> dict[str, Shape]:
    return {"label": x[:1] if len(x) == 2 and x[1] == 1 else x}


def _recurrent(x: Shape, a: dict[str, Any]) -> dict[str, Shape]:
    hidden, layers, ways = a["state_size"], a.get("num_layers", 1), 1 + bool(a.get("bidirectional"))
    gates = {"lstm": 4, "gru": 3}.get(a.get("mode", "lstm"), 1) * hidden
    inputs = x[2] + (layers - 1) * hidden * ways  # of all layers together
    state = (layers * ways, x[1], hidden)
    size = ways * gates * (inputs + layers * (hidden + 2))
    return {"parameters": (size,), "state": state, "state_cell": state}


# What the shape of `data` and the arguments say about the other inputs (as in MXNet).
RULES: dict[str, Rule] = {
    "FullyConnected": _dense,
    **dict.fromkeys(
        ("Convolution", "Convolution_v1", "DeformableConvolution", "ModulatedDeformableConvolution"), _convolution
    ),
    "Deconvolution": _deconvolution,
    "InstanceNorm": _along(1),
    "GroupNorm": lambda x, a: dict.fromkeys(("gamma", "beta"), (a.get("num_groups", 1),)),
    "SVMOutput": lambda x, a: {"label": x[:1]},
    **dict.fromkeys(("BatchNorm", "BatchNorm_v1", "BatchNormWithReLU", "SyncBatchNorm"), _along(1)),
    "LayerNorm": _along(-1),
    "LeakyReLU": _along(1),
    **dict.fromkeys(("Embedding", "SparseEmbedding"), lambda x, a: {"weight": (a["input_dim"], a["output_dim"])}),
    "SoftmaxOutput": _label,
    "LinearRegressionOutput": _same,
    "LogisticRegressionOutput": _same,
    "MAERegressionOutput": _same,
    "RNN": _recurrent,
}


def infer(heads: list[Entry], known: Mapping[str, Any], dtypes: Mapping[Call, str]) -> tuple[dict[Call, Shape], list]:
    """The shape of every variable, and of every head.

    known   shapes by name; a variable's own shape counts where it is complete
    Errors: ValueError naming a variable whose shape nothing tells, or the node at which shapes do not fit.
    """
    calls = order(heads)
    shapes = _given(calls, known)

    def variable(call: Call) -> Any:
        if call not in shapes:
            raise ValueError(f"symbol: the shape of {call.name!r} is not known; give it, as in {call.name}=(2, 3)")
        return _core.empty(shapes[call], dtypes[call], "cpu(0)")

    def before(call: Call, results: dict[Call, Any]) -> None:
        _tell(call, results, shapes)
        for one, _ in call.inputs:
            if one not in results:
                results[one] = [_needed(one, call, variable)]

    def walk(stand_ins: list[Any]) -> tuple[None, list[Any]]:
        return None, run(calls, heads, variable, before)

    found = trace(walk, [], "symbol").graph
    return shapes, [tuple(value.shape) for value in found.outputs]


def infer_partial(
    heads: list[Entry], known: Mapping[str, Any], dtypes: Mapping[Call, str]
) -> tuple[dict[Call, Shape], list[Shape]]:
    """`infer` as far as it goes: variables that nothing tells are left out, heads behind them have the shape ()."""
    calls = order(heads)
    shapes = _given(calls, known)
    results: dict[Call, Any] = {}

    def walk(stand_ins: list[Any]) -> tuple[None, list[Any]]:
        for call in calls:
            if not call.op or any(one.op and one not in results for one, _ in call.inputs):
                continue
            _tell(call, results, shapes)
            if all(one.op or one in shapes for one, _ in call.inputs):
                for one, _ in call.inputs:
                    results.setdefault(one, None if one.op else [_core.empty(shapes[one], dtypes[one], "cpu(0)")])
                results[call] = made_by(call, [results[one][index] for one, index in call.inputs])
        return None, [array for arrays in results.values() for array in arrays]

    trace(walk, [], "symbol")
    outputs = {(call, index): tuple(a.shape) for call, arrays in results.items() for index, a in enumerate(arrays)}
    return shapes, [outputs.get(head, shapes.get(head[0], ())) for head in heads]


def _given(calls: list[Call], known: Mapping[str, Any]) -> dict[Call, Shape]:
    """The shapes that the variables come with. ValueError for the name of none."""
    names = {call.name for call in calls if not call.op}
    for name in known:
        if name not in names:
            raise ValueError(f"there is no argument {name!r}; the arguments are {', '.join(sorted(names))}")
    shapes: dict[Call, Shape] = {}
    for call in calls:
        if not call.op:
            shape = known.get(call.name, call.notes.get("__shape__"))
            if shape is not None and all(n > 0 for n in _tuple(shape)):
                shapes[call] = _tuple(shape)
    return shapes


def _tuple(shape: Any) -> Shape:
    return (shape,) if isinstance(shape, int) else tuple(int(n) for n in shape)


def _needed(one: Call, call: Call, variable: Callable[[Call], Any]) -> Any:
    try:
        return variable(one)
    except ValueError as error:
        raise ValueError(f"{error}\n  in node {call.name} ({call.op})") from None


def _tell(call: Call, results: dict[Call, Any], shapes: dict[Call, Shape]) -> None:
    """Gives the call's variables the shapes that its data tells."""
    waiting = [one for one, _ in call.inputs if not one.op and one not in shapes]
    if not waiting or call.op not in (*RULES, _custom.NAME):
        return
    first, index = call.inputs[0]
    data = tuple(results[first][index].shape) if first in results else shapes.get(first)
    if data is None:
        return
    slots = call.slots
    try:
        if call.op == _custom.NAME:  # its inputs have no names of their own in the call
            slots = [str(place) for place in range(len(call.inputs))]
            told = _custom.shapes(data, call.attrs, slots)
        else:
            told = RULES[call.op](data, call.attrs)
    except (KeyError, IndexError) as error:
        what = f"the argument {error}" if isinstance(error, KeyError) else f"an axis that data {data} has not"
        raise ValueError(
            f"{call.op}: {what} is needed for the shapes\n  in node {call.name} ({call.op}) with data {data}"
        ) from None
    for (one, _), slot in zip(call.inputs, slots, strict=True):
        if one in waiting and slot in told:
            shapes[one] = told[slot]
