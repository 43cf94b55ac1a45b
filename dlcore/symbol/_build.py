"""Calls from arguments: which of them are inputs, which are attributes, and which variables are made for them."""

from __future__ import annotations

import inspect
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from dlcore.array._names._call import passed_over

from . import _custom, attribute
from . import name as naming
from ._call import Call, Entry, Outputs
from ._operators import known, made, parameters
from ._types import dtype_name

_ARRAYS = ("data", "x")  # what operators call the array that they work on
_counts: Counter[str] = Counter()
_lock = threading.Lock()


def _name(op: str) -> str:
    """A name for a node that got none: its operator and a number."""
    with _lock:
        hint = op.lower()
        _counts[hint] += 1
        return f"{hint}{_counts[hint] - 1}"


def call(
    op: str, args: Sequence[Any], kwargs: Mapping[str, Any], name: str | None = None, attr: Any = None, hint: str = ""
) -> Call:
    """A call of an operator; symbols among its arguments are inputs. TypeError, naming the node, for wrong ones.

    hint: what its name begins with if it gets none; else that is the operator.
    """
    if not known(op):
        raise ValueError(f"there is no operator {op!r}")
    manager = naming.current()
    name = manager.get(name, hint or op.lower()) if manager is not None else name or _name(hint or op)
    if op == _custom.NAME:
        return _custom_call(name, args, kwargs, attr)
    inputs: list[Entry] = []
    slots: list[str] = []
    attrs: dict[str, Any] = {}

    def take(slot: str, value: Any) -> None:
        if isinstance(value, Outputs):
            inputs.append(value._single(f"{op} {name}: {slot}"))
            slots.append(slot)
        elif value is not None or not slot.startswith("*"):
            attrs[slot] = plain(value, f"{op} {name}: {slot}")

    own = parameters(op)
    for slot, value in _bound(op, name, args, kwargs).items():
        kind = own[slot].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            listed = value[0] if len(value) == 1 and isinstance(value[0], (list, tuple)) else value
            for one in listed:
                if not isinstance(one, Outputs):
                    raise TypeError(f"{op} {name}: expected Symbols, got {type(one).__name__}")
                take(f"*{slot}", one)
        elif kind is inspect.Parameter.VAR_KEYWORD:
            for key, one in value.items():
                take(key, one)
        else:
            take(slot, value)
    if not inputs and (first := _waits(own, attrs)) is not None:  # a layer by itself, to be called on its data later
        inputs.append((Call("", f"{name}_{first}", notes=attribute.notes(None)), 0))
        slots.append(first)
    for slot in made(op, attrs):
        if slot not in slots and attrs.get(slot) is None:
            attrs.pop(slot, None)
            inputs.append((Call("", f"{name}_{slot}", notes=attribute.notes(None)), 0))
            slots.append(slot)
    node = Call(op, name, inputs, slots, attrs, attribute.notes(attr))
    _in_order(node, list(own))
    missing = [n for n, p in own.items() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD
               and n not in slots and n not in attrs]  # fmt: skip
    if missing:
        raise TypeError(f"{op} {name}: missing argument {', '.join(map(repr, missing))}")
    return node


def _waits(own: Mapping[str, inspect.Parameter], attrs: Mapping[str, Any]) -> str | None:
    """The first argument if it is an array that is not given."""
    first = next(iter(own.values()), None)
    if first is None or first.name not in _ARRAYS or first.name in attrs:
        return None
    return first.name if first.default is first.empty and first.kind is first.POSITIONAL_OR_KEYWORD else None


def _custom_call(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], attr: Any) -> Call:
    given = {key: value for key, value in kwargs.items() if isinstance(value, Outputs)}
    attrs = {key: plain(value, f"Custom {name}: {key}") for key, value in kwargs.items() if key not in given}
    if "op_type" not in attrs:
        raise TypeError(f"Custom {name}: op_type= says which registered operator it is; it is not given")
    node = Call(_custom.NAME, name, [], [], attrs, attribute.notes(attr))
    _custom.take_inputs(node, args, given)
    return node


def _bound(op: str, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    own = list(parameters(op))
    kwargs = dict(kwargs)
    for place, words in enumerate((("data", "lhs"), ("rhs",))):  # what MXNet calls the first inputs
        for word in words:
            if word in kwargs and word not in own and place < len(own) and own[place] not in kwargs:
                kwargs[own[place]] = kwargs.pop(word)
    takes = parameters(op).values()
    for word in [word for word in kwargs if word not in own]:
        if not any(one.kind is one.VAR_KEYWORD for one in takes) and passed_over(f"{op} {name}", takes, word):
            del kwargs[word]
    try:
        signature = inspect.Signature(list(parameters(op).values()))
        return dict(signature.bind_partial(*args, **kwargs).arguments)
    except TypeError as error:
        raise TypeError(f"{op} {name}: {error}; it takes {', '.join(parameters(op))}") from None


def _in_order(node: Call, own: list[str]) -> None:
    """Inputs in the order of the function's arguments, as MXNet lists them."""
    pairs = sorted(zip(node.slots, node.inputs, strict=True), key=lambda pair: own.index(pair[0].lstrip("*")))
    node.slots, node.inputs = [slot for slot, _ in pairs], [entry for _, entry in pairs]


def plain(value: Any, where: str) -> Any:
    """An argument as something a file can hold. TypeError for arrays and other objects."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        return tuple(plain(v, where) for v in value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (np.dtype, type)):
        return dtype_name(value)
    raise TypeError(
        f"{where}: expected a Symbol, a number, a text or a tuple, got {type(value).__name__}; "
        "an array is given by a variable that is bound to it"
    )
