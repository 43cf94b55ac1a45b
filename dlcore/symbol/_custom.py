"""`sym.Custom`: calls of operators that the user registered, whose inputs the registered class names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from . import attribute
from ._call import Call, Outputs
from ._operators import prop_of

NAME = "Custom"


def take_inputs(node: Call, args: Sequence[Any], given: Mapping[str, Any]) -> None:
    """Give `node`, whose attributes are there, its inputs: symbols in order or by name, variables for the others."""
    prop = prop_of(node.attrs)
    arguments, states = prop.list_arguments(), prop.list_auxiliary_states()
    unknown = [name for name in given if name not in (*arguments, *states)]
    if unknown or len(args) > len(arguments) + len(states):
        raise TypeError(
            f"Custom {node.name}: {node.attrs['op_type']!r} takes {', '.join((*arguments, *states))}; got "
            f"{len(args)} in order and {', '.join(given) or 'none'} by name"
        )
    left = list(args)
    for name in (*arguments, *states):
        value = given[name] if name in given else left.pop(0) if left else None
        if value is None:
            entry = Call("", f"{node.name}_{name}", notes=attribute.notes(None)), 0
        elif isinstance(value, Outputs):
            entry = value._single(f"Custom {node.name}: {name}")
        else:
            raise TypeError(f"Custom {node.name}: {name}: expected a Symbol, got {type(value).__name__}")
        node.inputs.append(entry)
        node.slots.append("*data" if name in arguments else "*aux")


def shapes(data: tuple[int, ...], attrs: dict[str, Any], names: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """The shapes of all inputs, by place, that the registered class tells from that of the first one."""
    prop = prop_of(attrs)
    found = prop.infer_shape([data, *[()] * (len(prop.list_arguments()) - 1)])
    states = found[2] if len(found) > 2 else []
    listed = [tuple(int(n) for n in shape) for shape in (*found[0], *states)]
    return {name: shape for name, shape in zip(names, listed, strict=False) if shape}
