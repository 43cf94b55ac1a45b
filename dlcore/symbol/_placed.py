"""Parts of a symbol on different devices: which call runs where, and the walk over the parts.

Calls that follow each other on one device are compiled together; where an array is needed on another one it is copied
there, on the tape, so that gradients find their way back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dlcore.array.context import Context, current_context
from dlcore.graph import CachedOp

from ._call import Call, Entry, made_by

if TYPE_CHECKING:
    from ._symbol import Symbol


def context(ctx: Any) -> Context:
    """One device from a Context, a text, a list of one, or None for the current one."""
    if isinstance(ctx, (list, tuple)):
        if len(ctx) != 1:
            raise ValueError(f"an executor runs on one device and those of group2ctx, got {len(ctx)}")
        ctx = ctx[0]
    return current_context() if ctx is None else Context(ctx) if not isinstance(ctx, Context) else ctx


def places(symbol: Symbol, ctx: Any, groups: Mapping[str, Any] | None) -> dict[Call, Context]:
    """The device of every call: that of its `ctx_group`, else `ctx`. A variable without a group goes where it is used
    first."""
    home = context(ctx)
    chosen = {name: context(where) for name, where in (groups or {}).items()}
    found: dict[Call, Context] = {}
    calls = symbol._calls()
    for call in calls:
        group = call.notes.get("__ctx_group__")
        if call.op or group in chosen:
            found[call] = chosen.get(group, home) if group is not None else home
    for call in calls:
        for one, _ in call.inputs:
            if one not in found and call in found:
                found[one] = found[call]
    return {call: found.get(call, home) for call in calls}


@dataclass(eq=False)
class _Part:
    """Calls that run together on one device: what they take from outside, and what others need of them."""

    where: Context
    calls: list[Call] = field(default_factory=list)
    takes: list[Entry] = field(default_factory=list)
    gives: list[Entry] = field(default_factory=list)
    run: Any = None


class Placed:
    """Calls a symbol on arrays that lie where `places` says, part by part.

    arguments: the variables whose arrays come with each call; aux: the arrays of the others, by name.
    """

    def __init__(
        self, symbol: Symbol, where: Mapping[Call, Context], arguments: Sequence[Call], aux: Mapping[str, Any]
    ) -> None:
        self._heads, self._arguments, self._aux = symbol._entries, list(arguments), dict(aux)
        self._parts: list[_Part] = []
        owner: dict[Call, _Part] = {}
        for call in symbol._calls():
            if not call.op:
                continue
            if not self._parts or self._parts[-1].where != where[call]:
                self._parts.append(_Part(where[call]))
            part = owner[call] = self._parts[-1]
            part.calls.append(call)
            for entry in call.inputs:
                if owner.get(entry[0]) is not part and entry not in part.takes and entry[0].name not in self._aux:
                    part.takes.append(entry)
        needed = [entry for part in self._parts for entry in part.takes] + list(self._heads)
        for entry in dict.fromkeys(needed):
            if entry[0] in owner:
                owner[entry[0]].gives.append(entry)
        for number, part in enumerate(self._parts):
            states = [self._aux[one.name] for call in part.calls for one, _ in call.inputs if one.name in self._aux]
            part.run = CachedOp(self._function(part), states, f"{symbol.name or 'group'}{number}")

    def __call__(self, *arrays: Any) -> list[Any]:
        """The outputs."""
        known: dict[Entry, Any] = {(call, 0): array for call, array in zip(self._arguments, arrays, strict=True)}
        for part in self._parts:
            given = [known[entry].as_in_context(part.where) for entry in part.takes]
            results = part.run(*given)
            known.update(zip(part.gives, results, strict=True))
        return [known[entry] if entry in known else self._aux[entry[0].name] for entry in self._heads]

    def _function(self, part: _Part) -> Any:
        def walk(*arrays: Any) -> list[Any]:
            known: dict[Entry, Any] = dict(zip(part.takes, arrays, strict=True))
            for call in part.calls:
                taken = [known[e] if e in known else self._aux[e[0].name] for e in call.inputs]
                known.update({(call, index): array for index, array in enumerate(made_by(call, taken))})
            return [known[entry] for entry in part.gives]

        return walk
