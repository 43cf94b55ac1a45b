"""What a compiled function names outside itself, watched: under another network, number or helper it is compiled anew.

Watched are globals, variables of functions around it and attributes of its object that its code names, and what the
user's own functions name that it calls by name. Whatever is reached in other ways (through lists, by methods) is not.
"""

from __future__ import annotations

import dis
import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

from dlcore._answers import INSIDE

from ._resize import PLAIN

# Instructions of Python that read a name of each kind, and those that write one.
GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME"), ("STORE_GLOBAL", "STORE_NAME")
ATTRIBUTE = ("LOAD_ATTR", "LOAD_METHOD"), ("STORE_ATTR",)
WRITES_AROUND = ("STORE_DEREF",)
Watched = list[tuple[str, Callable[[], Any], Any]]  # a name, a way to look again, what it was


def watched(function: Callable[..., Any], seen: set[types.CodeType] | None = None) -> Watched:
    """What the function names and its trace may hold.

    >>> factor = 2.0
    >>> [(name, value) for name, _, value in watched(lambda x: x * factor)]
    [('factor', 2.0)]
    """
    function = inspect.unwrap(function)
    owner: dict[str, Any] = {}
    if isinstance(function, types.MethodType):
        owner, function = getattr(function.__self__, "__dict__", {}), function.__func__
    seen = set() if seen is None else seen
    if not isinstance(function, types.FunctionType) or function.__code__ in seen:
        return []
    seen.add(function.__code__)
    found: Watched = []
    for name, get, one in _named(function, owner):
        if _holds(one):
            found.append((name, get, one))
        elif isinstance(one, types.FunctionType) and not one.__code__.co_filename.startswith(INSIDE):
            found += [(name, get, one), *watched(one, seen)]
    return found


def _named(function: types.FunctionType, owner: dict[str, Any]) -> Watched:
    """Everything that a function names and does not write itself, as it would a count of its traces."""
    code = function.__code__
    found: Watched = []
    for holder, (reads, writes) in ((function.__globals__, GLOBAL), (owner, ATTRIBUTE)):
        own = set(_names(code, writes)) if holder else set()
        names = [name for name in _names(code, reads) if name in holder and name not in own] if holder else []
        found += [(name, functools.partial(holder.get, name), holder[name]) for name in names]
    own = set(_names(code, WRITES_AROUND))
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        if name in own:
            continue
        try:
            found.append((name, functools.partial(getattr, cell, "cell_contents"), cell.cell_contents))
        except ValueError:  # not assigned yet
            continue
    return found


def _names(code: types.CodeType, how: tuple[str, ...]) -> Iterator[str]:
    """What a function, and the functions written inside it, name in this way."""
    yield from dict.fromkeys(i.argval for i in dis.get_instructions(code) if i.opname in how)
    for inside in code.co_consts:
        if isinstance(inside, types.CodeType):
            yield from _names(inside, how)


def _holds(one: Any) -> bool:
    """Whether it is an array, a number or word, or an object of dlcore's that may hold arrays, such as a network."""
    if isinstance(one, (type, types.ModuleType, types.FunctionType)):
        return False
    return isinstance(one, PLAIN) or any(cls.__module__.startswith("dlcore.") for cls in type(one).__mro__)
