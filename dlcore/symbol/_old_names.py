"""What MXNet's files call operators: `x * 2` is "_mul_scalar" there. They become calls of the operators here."""

from __future__ import annotations

from typing import Any

from dlcore.array._signs import COMPARISONS, sign_of

from ._call import Call, Entry
from ._operators import known, parameters

# Layers of networks that were written for arrays like NumPy's.
_LAYERS = {
    "activation": "Activation", "batch_flatten": "Flatten", "batch_norm": "BatchNorm", "convolution": "Convolution",
    "deconvolution": "Deconvolution", "dropout": "Dropout", "embedding": "Embedding",
    "fully_connected": "FullyConnected", "group_norm": "GroupNorm", "instance_norm": "InstanceNorm",
    "layer_norm": "LayerNorm", "leaky_relu": "LeakyReLU", "pooling": "Pooling", "rnn": "RNN",
}  # fmt: skip
_SAME = {
    "_copy": "identity", "_copyto": "identity", "_CrossDeviceCopy": "identity", "_rnn_param_concat": "concat",
    "_identity_with_attr_like_rhs": "identity", "_grad_add": "add",
}  # fmt: skip
_BEFORE = ("_contrib_", "_npx_", "_npi_", "_np_", "_")


def renamed(op: str, name: str, inputs: list[Entry], attrs: dict[str, Any]) -> tuple[str, list[Entry], dict[str, Any]]:
    """The operator here that does what `op` does, with its inputs and arguments; `op` itself where there is none."""
    if op == "RNN":
        return op, [*inputs[:2], *(_begun(name, inputs[0], state) for state in inputs[2:])], attrs
    if known(op):
        return op, inputs, attrs
    if op == "_identity_with_attr_like_rhs":
        inputs = inputs[:1]
    if op == "_split_v2":
        cuts = tuple(attrs.get("indices", ()))[1:]  # MXNet writes a 0 before them
        parts = {"indices_or_sections": attrs.get("sections") or cuts}
        return "split_v2", inputs, {**parts, **{n: attrs[n] for n in ("axis", "squeeze_axis") if n in attrs}}
    if op == "_full":
        return "full", inputs, {"shape": attrs["shape"], "val": attrs["value"], "dtype": attrs.get("dtype", "float32")}
    if op in _SAME:
        return _SAME[op], inputs, attrs
    for before in _BEFORE:
        rest = op.removeprefix(before)
        if rest != op:
            name = _LAYERS.get(rest, rest) if before == "_npx_" else rest
            if known(name):
                return name, inputs, attrs
    return op, inputs, attrs


def composed(op: str, name: str, inputs: list[Entry], attrs: dict[str, Any], notes: dict[str, Any]) -> Call | None:
    """A call, with others before it where needed, for operators that take a number or say yes or no; None for others.

    What they say becomes 1 and 0 in the dtype of what they look at, as the calls that follow expect it.
    """
    if op == "_square_sum":
        square = _call("square", f"{name}_square", inputs, {})
        return _call("sum", name, [(square, 0)], {n: v for n, v in attrs.items() if n in ("axis", "keepdims")}, notes)
    target, number, turned = ("logical_not", False, False) if op == "logical_not" else sign_of(op) or ("", False, False)
    if not target or (known(op) and target not in COMPARISONS):
        return None
    slots = list(parameters(target))[: 1 if target == "logical_not" else 2]
    if number:
        given = attrs.get("scalar", 0.0)
        attrs, slots = {slots[1 - turned]: given}, [slots[turned]]
    else:
        attrs = {}
    if target not in COMPARISONS:
        return _call(target, name, inputs, attrs, notes, slots)
    said = _call(target, f"{name}_said", inputs, attrs, slots=slots)
    ones = _call("ones_like", f"{name}_ones", inputs[:1], {})
    return _call("multiply", name, [(said, 0), (ones, 0)], {}, notes)


def _begun(name: str, data: Entry, state: Entry) -> Entry:
    """A first state: zeros for as many samples as data (steps, n, inputs) have, where the file left that open."""
    shape: Any = state[0].attrs.get("shape", ()) if state[0].op == "zeros" else ()
    if len(shape) != 3 or shape[1] != 0:
        return state
    for axis in (0, 2):
        data = (_call("slice_axis", f"{name}_one{axis}", [data], {"axis": axis, "begin": 0, "end": 1}), 0)
    zeros = _call("zeros_like", f"{name}_zeros", [data], {})
    return _call("tile", f"{name}_begin", [(zeros, 0)], {"reps": (shape[0], 1, shape[2])}), 0


def _call(
    op: str, name: str, inputs: list[Entry], attrs: dict[str, Any], notes: Any = None, slots: list[str] | None = None
) -> Call:
    slots = list(parameters(op))[: len(inputs)] if slots is None else slots
    if len(slots) != len(inputs):
        raise ValueError(f"node {name!r} ({op}) has {len(inputs)} inputs for {len(slots)} arguments")
    return Call(op, name, inputs, slots, attrs, dict(notes or {}))
