"""Symbols as JSON, in the form that MXNet writes: nodes with operator, name, attributes and inputs.

Reading makes calls of known operators and nothing else: names are looked up in a list, values are literals.
"""

from __future__ import annotations

import ast
import json
import os
import threading
from pathlib import Path
from typing import Any

from dlcore.array._dtypes import NUMBERED

from . import _old_names
from ._build import plain
from ._call import Call, Entry, order
from ._operators import STATES, known, parameters

_FORMAT = 1


def dumps(heads: list[Entry]) -> str:
    """The text for the calls behind `heads`."""
    calls = order(heads)
    number = {call: k for k, call in enumerate(calls)}
    nodes = []
    for call in calls:
        node: dict[str, Any] = {"op": call.op or "null", "name": call.name}
        if call.attrs or call.notes:
            node["attrs"] = {**call.attrs, **call.notes}
        node["inputs"] = [[number[one], k, 0] for one, k in call.inputs]
        if call.op:
            node["slots"] = call.slots
        nodes.append(node)
    whole = {
        "nodes": nodes,
        "arg_nodes": [k for k, call in enumerate(calls) if not call.op],
        "heads": [[number[call], k, 0] for call, k in heads],
        "attrs": {"dlcore_symbol": _FORMAT},
    }
    return json.dumps(whole, indent=2)


def save(fname: str | os.PathLike[str], text: str) -> None:
    """Writes `text` so that a reader sees the old file or the new one, never half of it."""
    path = Path(fname)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with open(temporary, "x", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def loads(text: str, source: str) -> list[Entry]:
    """The heads that a text describes; `source` says in errors where it came from. See `load_json`."""
    try:
        whole = json.loads(text)
        nodes, heads = whole["nodes"], whole["heads"]
        native = "dlcore_symbol" in whole.get("attrs", {})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{source}: not a symbol in JSON ({type(error).__name__}: {error})") from None
    calls: list[Call] = []
    for node in nodes:
        try:
            calls.append(_call(node, calls, native))
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            what = node.get("name", "?") if isinstance(node, dict) else "?"
            raise ValueError(f"{source}: node {what!r} is not complete ({type(error).__name__}: {error})") from None
        except ValueError as error:
            raise ValueError(f"{source}: {error}") from None
    try:
        return [_entry(head, calls, "the outputs") for head in heads]
    except (IndexError, TypeError, ValueError) as error:
        raise ValueError(f"{source}: the outputs are not complete ({error})") from None


def _entry(item: Any, calls: list[Call], where: str) -> Entry:
    k, index = int(item[0]), int(item[1])
    if not 0 <= k < len(calls) or not 0 <= index < calls[k].n_out:
        raise ValueError(f"{where} names output {index} of node {k}, which does not come before it")
    return calls[k], index


def _call(node: dict[str, Any], calls: list[Call], native: bool) -> Call:
    op, name = str(node["op"]), str(node["name"])
    given = node.get("attrs") or node.get("attr") or node.get("param") or {}
    values = {key: plain(value if native else _literal(value), f"node {name!r}: {key}") for key, value in given.items()}
    notes = {key: value for key, value in values.items() if key.startswith("__")}
    inputs = [_entry(item, calls, f"node {name!r}") for item in node["inputs"]]
    if op == "null":
        return Call("", name, notes=values if native else _named(values))
    attrs = {key: value for key, value in values.items() if key not in notes}
    if not native:
        if (made := _old_names.composed(op, name, inputs, attrs, notes)) is not None:
            return made
        op, inputs, attrs = _old_names.renamed(op, name, inputs, attrs)
    if not known(op):
        raise ValueError(f"node {name!r} has the operator {op!r}, which is not known; nothing was loaded")
    own = parameters(op)
    free = any(p.kind is p.VAR_KEYWORD for p in own.values())
    slots = [str(s) for s in node["slots"]] if "slots" in node else _slots(op, len(inputs))
    stars = {f"*{n}" for n, p in own.items() if p.kind is p.VAR_POSITIONAL}
    stars |= {slot for slot in STATES.get(op, ()) if slot.startswith("*")}
    unknown = [n for n in attrs if n not in own and not free] if native else []
    unknown += [s for s in slots if s not in stars and (s not in own or s in attrs)]
    if unknown or len(slots) != len(inputs):
        what = f"unknown arguments {unknown}" if unknown else f"{len(inputs)} inputs for {len(slots)} arguments"
        raise ValueError(f"node {name!r} ({op}) has {what}")
    if not native and not free:  # MXNet writes hints for its own kernels beside the arguments
        attrs = {n: value for n, value in attrs.items() if n in own}
    return Call(op, name, inputs, slots, attrs, notes)


def _slots(op: str, n: int) -> list[str]:
    """The arguments that `n` inputs are, when a file does not say: the first ones."""
    found: list[str] = []
    for name, parameter in parameters(op).items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return found + [f"*{name}"] * (n - len(found))
        found.append(name)
    return found[:n]


def _named(notes: dict[str, Any]) -> dict[str, Any]:
    """MXNet writes a variable's dtype as a number, below 0 for none."""
    number = notes.get("__dtype__")
    if not isinstance(number, int):
        return notes
    if number >= len(NUMBERED):
        raise ValueError(f"__dtype__: expected a number below {len(NUMBERED)}, got {number}")
    rest = {key: value for key, value in notes.items() if key != "__dtype__"}
    return rest if number < 0 else {**rest, "__dtype__": NUMBERED[number]}


def _literal(value: Any) -> Any:
    """MXNet writes every value as text: numbers and tuples become what they are, other text stays."""
    if not isinstance(value, str):
        return value
    try:
        return plain(ast.literal_eval(value), "attribute")
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return value
