"""`sym.contrib`: loops and branches of symbols, and the other operators by the names they have there.

The functions given are called once, with symbols that stand for a row, a state or a loop variable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dlcore._hints import missing

from . import _control, attribute
from ._build import _name
from ._call import Call, Entry, order
from ._make import function, var
from ._operators import STATES, known, names
from ._symbol import Symbol

__all__ = ["SyncBatchNorm", "cond", "foreach", "while_loop"]


def foreach(body: Callable[..., Any], data: Any, init_states: Any, name: str | None = None) -> tuple[Any, Any]:
    """body(row, states) -> (outputs, states) for each place on the first axis of `data`: (stacked outputs, states).

    data, states and outputs may each be a Symbol or a list of them. Variables that the body uses besides become
    arguments; their shapes must be known or given. Errors: TypeError for anything else, ValueError where the body
    contains an operator that keeps state.

    >>> from dlcore import nd
    >>> outs, last = foreach(lambda row, s: (row + s, row + s), var("x"), var("s"))
    >>> last.eval(x=nd.array([1.0, 2.0, 3.0]), s=nd.zeros(()))[0].item()
    6.0
    """
    name = name or _name("foreach")
    rows, states = _listed(data, "foreach: data"), _listed(init_states, "foreach: init_states")
    stand_ins = [
        var(f"{name}_{what}{k}") for what, some in (("row", rows), ("state", states)) for k in range(len(some))
    ]
    given, now = stand_ins[: len(rows)], stand_ins[len(rows) :]
    result = body(*(_like(some, kind) for some, kind in ((given, data), (now, init_states))))
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise TypeError(f"foreach: the body must give (outputs, states), it gave {type(result).__name__}")
    outs, new = _listed(result[0], "foreach: outputs"), _listed(result[1], "foreach: states")
    if len(new) != len(states):
        raise ValueError(f"foreach: the body must give {len(states)} states, it gave {len(new)}")
    heads = _entries([*outs, *new])
    attrs = {"body": _control.text_of(heads), "data": len(rows), "states": len(states)}
    made = _made("_foreach", name, [*rows, *states], stand_ins, [heads], attrs, len(heads))
    return _like(made[: len(outs)], result[0]), _like(made[len(outs) :], init_states)


def while_loop(
    cond: Callable[..., Any], func: Callable[..., Any], loop_vars: Any, max_iterations: int | None = None,
    name: str | None = None,
) -> tuple[list[Symbol], Any]:  # fmt: skip
    """While cond(*loop_vars) is not 0, at most max_iterations times: outputs, loop_vars = func(*loop_vars).

    Returns the outputs, stacked to max_iterations rows (0 where there was no step), and the last loop_vars.

    >>> from dlcore import nd
    >>> outs, last = while_loop(lambda i: i < 3, lambda i: (i * 10, [i + 1]), [var("i")], max_iterations=4)
    >>> outs[0].eval(i=nd.array(1.0))[0].tolist()
    [10.0, 20.0, 0.0, 0.0]
    """
    if max_iterations is None or max_iterations < 0:
        raise ValueError(f"while_loop: max_iterations must be a number from 0, got {max_iterations}")
    name = name or _name("while_loop")
    start = _listed(loop_vars, "while_loop: loop_vars")
    if not start:
        raise ValueError("while_loop: expected at least one of loop_vars, got none")
    now = [var(f"{name}_var{k}") for k in range(len(start))]
    result, test = func(*now), _entries(_listed(cond(*now), "while_loop: cond"))
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise TypeError(f"while_loop: func must give (outputs, loop_vars), it gave {type(result).__name__}")
    outs = [] if result[0] is None else _listed(result[0], "while_loop: outputs")
    new = _listed(result[1], "while_loop: loop_vars")
    if len(new) != len(start):
        raise ValueError(f"while_loop: func must give {len(start)} loop_vars, it gave {len(new)}")
    heads = _entries([*outs, *new])
    attrs = {"condition": _control.text_of(test), "body": _control.text_of(heads), "loop_vars": len(start)}
    attrs["max_iterations"] = int(max_iterations)
    made = _made("_while_loop", name, start, now, [heads, test], attrs, len(heads))
    return made[: len(outs)], _like(made[len(outs) :], loop_vars)


def cond(pred: Symbol, then_func: Callable[[], Any], else_func: Callable[[], Any], name: str | None = None) -> Any:
    """then_func() where pred, one number, is not 0, else else_func(); both give as many symbols of equal shapes.

    >>> from dlcore import nd
    >>> x = var("x")
    >>> cond(x.sum() > 0, lambda: x * 2, lambda: -x).eval(x=nd.array([-1.0]))[0].tolist()
    [1.0]
    """
    name = name or _name("cond")
    _listed(pred, "cond: pred")
    results = [then_func(), else_func()]
    bodies = [_entries(_listed(result, "cond")) for result in results]
    if len(bodies[0]) != len(bodies[1]):
        raise ValueError(f"cond: the functions give {len(bodies[0])} and {len(bodies[1])} symbols")
    attrs = {"then": _control.text_of(bodies[0]), "other": _control.text_of(bodies[1])}
    return _like(_made("_cond", name, [pred], [], bodies, attrs, len(bodies[0])), results[0])


def SyncBatchNorm(*args: Any, ndev: int = 1, key: str = "", **kwargs: Any) -> Symbol:
    """`sym.BatchNorm` for one process; statistics over several are gluon.nn.SyncBatchNorm's. ValueError for ndev > 1.

    >>> SyncBatchNorm(var("x"), name="norm").list_auxiliary_states()
    ['norm_moving_mean', 'norm_moving_var']
    """
    if ndev != 1:
        raise ValueError(f"SyncBatchNorm: here it is for one device, got ndev={ndev}; use gluon.nn.SyncBatchNorm")
    return function("BatchNorm")(*args, **kwargs)


def _made(
    op: str, name: str, inputs: list[Symbol], stand_ins: list[Symbol], bodies: list[list[Entry]],
    attrs: dict[str, Any], n_out: int,
) -> list[Symbol]:  # fmt: skip
    """The outputs of a call; what its bodies use besides the stand-ins becomes inputs as well."""
    own = [symbol._entries[0][0] for symbol in stand_ins]
    calls = [call for body in bodies for call in order(body)]
    for call in calls:
        if call.op in STATES:
            raise ValueError(f"{name}: {call.op} {call.name} keeps state, which a loop or a branch of symbols cannot")
    free = list(dict.fromkeys(call for call in calls if not call.op and call not in own))
    attrs["names"] = tuple(call.name for call in [*own, *free])
    entries = [*_entries(inputs), *[(call, 0) for call in free]]
    notes = {**attribute.notes(None), "__outputs__": n_out}
    node = Call(op, name, entries, ["*arrays"] * len(entries), attrs, notes)
    return [Symbol([(node, k)]) for k in range(n_out)]


def _listed(value: Any, where: str) -> list[Symbol]:
    found = list(value) if isinstance(value, (list, tuple)) else [value]
    for one in found:
        if not isinstance(one, Symbol):
            raise TypeError(f"{where}: expected Symbols, got {type(one).__name__}")
    return found


def _entries(symbols: Sequence[Symbol]) -> list[Entry]:
    return [symbol._single("a loop or a branch") for symbol in symbols]


def _like(symbols: list[Symbol], kind: Any) -> Any:
    """As a list where `kind` is one, else the single symbol."""
    return symbols if isinstance(kind, (list, tuple)) else symbols[0]


def __getattr__(name: str) -> Any:
    if name.startswith("_") or not known(name):
        raise missing("dlcore.symbol.contrib", "symbol.contrib", name, [*names(), *__all__])
    return function(name)
