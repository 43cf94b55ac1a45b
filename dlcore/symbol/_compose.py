"""A symbol as a function of its variables: other symbols in their places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ._call import Call, Entry, Outputs, order


def compose(symbol: Outputs, names: Sequence[str], args: Sequence[object], kwargs: Mapping[str, object]) -> list[Entry]:
    """The outputs of a copy of the symbol with others for the variables called `names`: by position or by name."""
    if args and kwargs:
        raise TypeError("a symbol is called with all its variables by position or all by name, not with both")
    if len(args) > len(names):
        raise TypeError(f"the symbol has {len(names)} variables {list(names)}, got {len(args)} symbols")
    given = dict(zip(names, args, strict=False)) if args else dict(kwargs)
    inputs = {call.name for call in order(symbol._entries) if not call.op}
    for name, value in given.items():
        if name not in inputs:
            raise TypeError(f"the symbol has no variable {name!r}; it has {sorted(inputs)}")
        if not isinstance(value, Outputs):
            raise TypeError(f"variable {name!r}: expected a symbol, got {type(value).__name__}")
    placed = {name: value._single(name) for name, value in given.items() if isinstance(value, Outputs)}
    copies: dict[Call, Call] = {}

    def at(entry: Entry) -> Entry:
        call, index = entry
        return placed[call.name] if not call.op and call.name in placed else (copies.get(call, call), index)

    for call in order(symbol._entries):
        if call.op:
            copies[call] = replace(call, inputs=[at(entry) for entry in call.inputs])
    return [at(entry) for entry in symbol._entries]
