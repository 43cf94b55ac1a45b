"""Loops and branches of symbols: calls whose bodies are symbols in JSON, kept as an argument, so files carry them.

Run on arrays they are `dl.foreach`, `dl.while_loop` and `dl.cond`, which a trace takes into the graph.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from dlcore.array._names import control

from ._call import Call, Entry, order, run
from ._json import dumps, loads
from ._operators import BODIES

Heads = tuple[list[Call], list[Entry]]


def foreach_arrays(*arrays: Any, body: str, names: Sequence[str], data: int, states: int) -> list[Any]:
    """The outputs stacked, then the last states, of a loop over the rows of the first `data` arrays."""
    step, free = _parsed(body), arrays[data + states :]
    n_out = len(step[1]) - states

    def one(rows: list[Any], now: list[Any]) -> tuple[list[Any], list[Any]]:
        found = _values(step, names, [*rows, *now, *free])
        return found[:n_out], found[n_out:]

    outs, last = control.foreach(one, list(arrays[:data]), list(arrays[data : data + states]))
    return [*outs, *last]


def while_arrays(
    *arrays: Any, condition: str, body: str, names: Sequence[str], loop_vars: int, max_iterations: int
) -> list[Any]:
    """The outputs stacked, then the last loop variables, of a loop that goes on while the condition holds."""
    step, test, free = _parsed(body), _parsed(condition), arrays[loop_vars:]
    n_out = len(step[1]) - loop_vars

    def one(*now: Any) -> tuple[list[Any], list[Any]]:
        found = _values(step, names, [*now, *free])
        return found[:n_out], found[n_out:]

    outs, last = control.while_loop(
        lambda *now: _values(test, names, [*now, *free])[0], one, list(arrays[:loop_vars]), max_iterations
    )
    return [*outs, *last]


def cond_arrays(*arrays: Any, then: str, other: str, names: Sequence[str]) -> list[Any]:
    """What one of two bodies gives; the first array decides."""
    return control.cond(arrays[0], *[partial(_values, _parsed(body), names, arrays[1:]) for body in (then, other)])


BODIES.update({"_foreach": foreach_arrays, "_while_loop": while_arrays, "_cond": cond_arrays})


@cache
def _parsed(body: str) -> Heads:
    heads = loads(body, "the body of a loop or a branch")
    return order(heads), heads


def _values(body: Heads, names: Sequence[str], arrays: Sequence[Any]) -> list[Any]:
    """The results of a body for the arrays of these names."""
    calls, heads = body
    given = dict(zip(names, arrays, strict=True))
    return run(calls, heads, lambda call: given[call.name])


def text_of(heads: Sequence[Entry]) -> str:
    """A body as JSON in one line."""
    return json.dumps(json.loads(dumps(list(heads))), separators=(",", ":"))
