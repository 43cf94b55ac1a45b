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

GLOBAL, ATTRIBUTE = ("LOAD_GLOBAL", "LOAD_NAME"), ("LOAD_ATTR", "LOAD_METHOD")  # instructions of Python
Watched = list[tuple[Callable[[], Any], Any]]


def watched(function: Callable[..., Any], seen: set[types.CodeType] | None = None) -> Watched:
    """What the function names and its trace may hold, each with a way to look again.

    >>> factor, names = 2.0, {}
    >>> [value for _, value in watched(lambda x: x * factor)]
    [2.0]
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
    for get, one in _named(function, owner):
        if _holds(one):
            found.append((get, one))
        elif isinstance(one, types.FunctionType) and not one.__code__.co_filename.startswith(INSIDE):
            found += [(get, one), *watched(one, seen)]
    return found


def _named(function: types.FunctionType, owner: dict[str, Any]) -> Watched:
    """Everything that a function names, with a way to look again."""
    found: Watched = []
    for holder, how in ((function.__globals__, GLOBAL), (owner, ATTRIBUTE)):
        names = _names(function.__code__, how) if holder else ()
        found += [(functools.partial(holder.get, name), holder[name]) for name in names if name in holder]
    for cell in function.__closure__ or ():
        try:
            found.append((functools.partial(getattr, cell, "cell_contents"), cell.cell_contents))
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
