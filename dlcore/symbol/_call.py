"""What a Symbol consists of: calls of operators by name, and the walk that makes them on arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dlcore import _core

from ._operators import STATES, n_outputs, parameters, target

Entry = tuple["Call", int]  # a call and which of its outputs


@dataclass(eq=False)
class Call:
    """One operator call, or a variable if `op` is empty.

    inputs   the calls whose outputs it takes;  slots: the argument that each of them is
    attrs    all other arguments: numbers, texts, truth values, None, and tuples of them
    notes    what belongs to the name, not to the call: "__shape__", "__lr_mult__", ...
    """

    op: str
    name: str
    inputs: list[Entry] = field(default_factory=list)
    slots: list[str] = field(default_factory=list)
    attrs: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def n_out(self) -> int:
        if "__outputs__" in self.notes:  # of an operator that gives as many as its arguments say
            return int(self.notes["__outputs__"])
        return n_outputs(self.op, self.attrs) if self.op else 1

    def output_names(self) -> list[str]:
        """Names of its outputs as `list_outputs` gives them."""
        if not self.op:
            return [self.name]
        return [f"{self.name}_output{k if self.n_out > 1 else ''}" for k in range(self.n_out)]


class Outputs:
    """What has outputs of calls: the base of Symbol, for those who take symbols apart."""

    def __init__(self, entries: list[Entry]) -> None:
        self._entries = entries

    def _single(self, where: str) -> Entry:
        if len(self._entries) != 1:
            raise ValueError(f"{where}: expected one output, {self!r} has {len(self._entries)}; take one by its index")
        return self._entries[0]


def order(heads: Sequence[Entry]) -> list[Call]:
    """Every call that the heads need, each after its inputs, in the order in which arguments are listed."""
    found: dict[Call, None] = {}
    todo: list[tuple[Call, bool]] = [(call, False) for call, _ in reversed(heads)]
    while todo:
        call, ready = todo.pop()
        if call in found:
            continue
        if ready:
            found[call] = None
        else:
            todo.append((call, True))
            todo += [(one, False) for one, _ in reversed(call.inputs)]
    return list(found)


def states(calls: list[Call]) -> set[Call]:
    """The variables that operators change in place."""
    return {
        one
        for call in calls
        for (one, _), slot in zip(call.inputs, call.slots, strict=True)
        if slot in STATES.get(call.op, ()) and not one.op
    }


def run(calls: list[Call], heads: Sequence[Entry], variable: Callable[[Call], Any], before: Any = None) -> list[Any]:
    """Makes the calls on arrays and returns those of the heads; inside a trace this builds the graph.

    variable   gives the array of a variable;  before(call, results): called before each operator
    An operator's error gets the node's name and the shapes that came.
    """
    results: dict[Call, Sequence[Any]] = {}
    for call in calls:
        if not call.op:
            if before is None:
                results[call] = [variable(call)]
            continue
        if before is not None:
            before(call, results)
        results[call] = made_by(call, [results[one][index] for one, index in call.inputs])
    return [results[call][index] if call in results else variable(call) for call, index in heads]


def made_by(call: Call, arrays: list[Any]) -> Sequence[Any]:
    """What the call gives for arrays, one for each input; an error gets the node's name and the shapes that came."""
    _core.push_scope(call.name)
    try:
        made = _applied(call, arrays)
    except (TypeError, ValueError, IndexError, RuntimeError) as error:
        raise _located(error, call, arrays) from error
    finally:
        _core.pop_scope()
    return made if isinstance(made, (list, tuple)) else [made]


def _applied(call: Call, arrays: list[Any]) -> Any:
    """The call's function on arrays, one for each input."""
    given: dict[str, Any] = dict(call.attrs)
    several: list[Any] = []
    for slot, array in zip(call.slots, arrays, strict=True):
        if slot.startswith("*"):
            several.append(array)
        else:
            given[slot] = array
    leading = []
    for name, parameter in parameters(call.op).items():
        if parameter.kind is parameter.VAR_POSITIONAL or not (several or parameter.kind is parameter.POSITIONAL_ONLY):
            break
        leading.append(given.pop(name))
    return target(call.op)(*leading, *several, **given)


def _located(error: Exception, call: Call, arrays: list[Any]) -> Exception:
    """The same error with the node and what came into it."""
    text = str(error).partition("\n  in layer ")[0] if "\n  in node " not in str(error) else str(error)
    if "\n  in node " in text:
        return error
    came = ", ".join(f"{slot} {tuple(a.shape)}" for slot, a in zip(call.slots, arrays, strict=True))
    kind = type(error) if type(error) in (TypeError, ValueError, IndexError, RuntimeError) else RuntimeError
    return kind(f"{text}\n  in node {call.name} ({call.op}) with {came or 'no arrays'}")
