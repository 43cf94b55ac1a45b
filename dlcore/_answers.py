"""The answer to a wrong call that Python or NumPy noticed first, somewhere inside, in words of their own.

Functions of arrays do not look at their arguments before they begin, as `_arguments.py` lets others do: that would cost
every call. `answer(__name__, names)` puts nothing but a `try` around them. Once one has failed, its arguments are held
against its signature, and the one that does not fit is named:

    diagonal: offset must be a whole number, got 'a' (str)

Where all fit by kind, what came is listed. Errors that were raised on purpose are left alone, but for the name of the
function where they lack one, and so is every error in the caller's own functions. This module stands left of all rooms.
"""

from __future__ import annotations

import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType, TracebackType
from typing import Any

from ._arguments import BY_PLACE, Argument, arguments, marked, misfit
from ._kinds import NUMBERS, shown

_HERE = str(Path(__file__).parent)
_NUMPY = re.compile(r"[/\\]numpy[/\\]")
CAUGHT = (TypeError, ValueError, IndexError, KeyError, AttributeError, ArithmeticError, AssertionError, RecursionError)
# "pad: ...", "einsum(): ...", "Dense: ...", "Parameter weight: ...": errors that say who speaks.
_NAMED = re.compile(r"\w[\w.]*(\(.*?\))?( [\w.]+){0,2}: ")
# What Python says without the name of what failed although it is written like that.
_NOT_NAMED = re.compile(r"invalid literal|could not convert")
# Arguments of functions of arrays that may be anything.
_FREE = {"knobs", "named", "kwargs", "args", "params", "more", "fname", "function", "func", "self", "key", "step"}


def _ours(traceback: TracebackType) -> bool | None:
    """Whether the error was raised on purpose; None where it comes from the caller's own functions."""
    import dis

    last, purpose = traceback, False
    while last.tb_next is not None:
        last = last.tb_next
        if not (last.tb_frame.f_code.co_filename.startswith(_HERE) or _NUMPY.search(last.tb_frame.f_code.co_filename)):
            return None
    code = last.tb_frame.f_code
    if code.co_filename.startswith(_HERE):
        purpose = dis.opname[code.co_code[last.tb_lasti]] == "RAISE_VARARGS"
    return purpose


def better(function: Callable[..., Any], who: str, error: Exception, args: Any, kwargs: Any) -> Exception | None:
    """The error that a wrong call should end with instead; None if it is good as it is."""
    traceback = error.__traceback__.tb_next if error.__traceback__ is not None else None
    purpose = False if traceback is None else _ours(traceback)
    text = str(error)
    named = _NAMED.match(text) is not None and _NOT_NAMED.match(text) is None
    if purpose is None or (named and not isinstance(error, AttributeError)):
        return None
    if type(error) is KeyError:
        text = str(error.args[0]) if error.args else ""
    kind = type(error) if type(error) in (TypeError, ValueError, IndexError) else TypeError
    if purpose and text and type(error) in (TypeError, ValueError, IndexError):
        return kind(f"{who}: {text}")
    try:
        bound = inspect.signature(function).bind(*args, **kwargs).arguments
    except TypeError as mismatch:
        return TypeError(f"{who}() {_takes(function)}: {mismatch}")
    for argument in arguments(function):
        if argument.name in bound and (found := _misfit(who, argument, bound[argument.name])):
            return found
    given = ", ".join(f"{name} {shown(value)}" for name, value in bound.items())
    return kind(f"{who}: expected arguments that fit each other, {_takes(function)}; got {given or 'none'}")


def _misfit(who: str, argument: Argument, value: Any) -> Exception | None:
    if value is argument.default:
        return None
    if argument.kind is None:
        if argument.way not in BY_PLACE or argument.name in _FREE:
            return None
        argument = argument._replace(kind=NUMBERS)
    if argument.way is inspect.Parameter.VAR_POSITIONAL:
        return next((found for one in value if (found := misfit(who, argument, one))), None)
    if argument.way is inspect.Parameter.VAR_KEYWORD:
        return None
    return misfit(who, argument, value)


def _takes(function: Callable[..., Any]) -> str:
    names = [str(p.replace(annotation=p.empty)) for p in inspect.signature(function).parameters.values()]
    return f"takes ({', '.join(names)})"


def answered(function: Callable[..., Any], who: str) -> Callable[..., Any]:
    """`function`, whose errors are in words."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except CAUGHT as error:
            found = better(function, who, error, args, kwargs)
            if found is None:
                raise
            raise found from error

    return marked(call)


def answer(module: str, names: Iterable[str]) -> None:
    """Put every function that a namespace of arrays offers under `names` behind `answered`; called at its end."""
    space = vars(sys.modules[module])
    for name in names:
        value = space.get(name)
        if name[0] == "_" or not isinstance(value, FunctionType) or hasattr(value, "__looks__"):
            continue
        if value.__module__.startswith("dlcore.") and value.__module__ != "dlcore.ops.F":
            space[name] = answered(value, name)
