"""Wrong calls of public functions and classes are answered in words of dlcore, not of Python or NumPy.

Two ways, each one line at the end of a room. `guard(__name__, __all__)`: functions, constructors and methods look at
their arguments before they begin (`_arguments.py`), so that a layer given what it cannot use says so when it is made.
`answer(__name__, names)`, for functions of arrays, where that would cost every call: nothing but a `try` around them.

An error that nobody raised on purpose, but Python or NumPy somewhere inside, does not reach the caller of either: the
arguments are held against the signature, and the one that does not fit is named; where all fit by kind, what came is
listed. Errors raised on purpose only get the name of the function where they lack one; every error in the caller's own
functions stays as it is. Operators answer for themselves, in C++. This module stands left of every room.
"""

from __future__ import annotations

import functools
import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType, TracebackType
from typing import Any, TypeVar, cast

import numpy

from ._arguments import BY_PLACE, Argument, Look, arguments, misfit
from ._kinds import NAMED, NUMBERS, shown

# Methods that are asked for every batch or number, or that subclasses define in their own way.
_PASSED_OVER = frozenset(
    """append apply call data decayed due error forward grad gradient held hybrid_forward infer_shape look_up measure
    place rule take_batch take_reduced value wait""".split()
)
# Everyday functions of arrays that say all of it themselves: nothing is put around them. tests/fuzz/public.py finds it
# out where one does not.
_ALONE = frozenset(
    """all any arange argsort array asanyarray astype cumsum dot eye matmul mean nonzero ones
    prod ravel repeat reshape sort sum take where zeros""".split()
)
_F = TypeVar("_F", bound=Callable[..., Any])
Again = Callable[[str, Callable[..., Any], Any, Any], Any]
_HERE = str(Path(__file__).parent)
_NUMPY = str(Path(numpy.__file__).parent)
# Where code lies that is not the caller's own: ours, Python's, and NumPy's among other installed packages.
INSIDE = (_HERE, str(Path(os.__file__).parent), str(Path(numpy.__file__).parents[1]), "<frozen")
CAUGHT = (TypeError, ValueError, IndexError, KeyError, AttributeError, OverflowError, ZeroDivisionError,
           RecursionError)  # fmt: skip
# "pad: ...", "einsum(): ...", "Dense: ...", "Parameter weight: ...": errors that say who speaks.
_NAMED = re.compile(r"\w[\w.]*(\(.*?\))?(( [\w.]+){0,2}|( [\w.]+)? has [^:]*): ")
# What Python says without the name of what failed although it is written like that.
_NOT_NAMED = re.compile(r"invalid literal|could not convert|unhashable|bad operand|\w+\(\): incompatible")
# What making an array says, also where another function was called that makes one of what it was given.
_CONVERTERS = ("array", "asarray", "asanyarray", "ascontiguousarray")
_CONVERTED = re.compile(r"array: (cannot make numbers of|the lists are not of one shape)")
# Arguments of functions of arrays that may be anything.
_FREE = frozenset("args cls fname func function key knobs kwargs more named params self step".split())
# What objects are asked by signs: obj(...) and obj[...].
_BY_SIGN = ("__call__", "__getitem__")


def _ours(traceback: TracebackType) -> bool | None:
    """Whether the error was raised on purpose; None where it comes from the caller's own functions."""
    last = traceback
    while last.tb_next is not None:
        last = last.tb_next
        if not last.tb_frame.f_code.co_filename.startswith(INSIDE):
            return None
    return _raised_in(last, _HERE)


def _raised_in(last: TracebackType, folder: str) -> bool:
    """Whether the last line of a traceback is a `raise` in a file of `folder`."""
    import dis

    code = last.tb_frame.f_code
    return code.co_filename.startswith(folder) and dis.opname[code.co_code[last.tb_lasti]] == "RAISE_VARARGS"


def _reason(error: Exception) -> str:
    """What NumPy's own functions say about numbers that they refuse, as the end of a sentence."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return f"; {' '.join(str(error).split())}" if last is not None and _raised_in(last, _NUMPY) else ""


def better(function: Callable[..., Any], who: str, error: Exception, args: Any, kwargs: Any) -> Exception | None:
    """The error that a wrong call should end with instead, with its cause; None if it is good as it is."""
    traceback = error.__traceback__.tb_next if error.__traceback__ is not None else None
    purpose = False if traceback is None else _ours(traceback)
    text = str(error.args[0]) if type(error) is KeyError and error.args else str(error)
    if purpose and _CONVERTED.match(text) and who not in _CONVERTERS:
        return type(error)(f"{who}: {text.partition(': ')[2]}")  # what did not become an array was this one's argument
    named = _NAMED.match(text) is not None and _NOT_NAMED.match(text) is None
    if purpose is None or (named and not isinstance(error, AttributeError)):
        return None
    if type(error) is KeyError and function.__name__ == "__getitem__":
        return None  # a mapping says so
    kind = next((k for k in (TypeError, IndexError, ValueError) if isinstance(error, k)), TypeError)
    if purpose and not isinstance(error, (AttributeError, KeyError)):
        return kind(f"{who}: {text}") if text and type(error) in (TypeError, ValueError, IndexError) else None
    try:
        bound = inspect.signature(function).bind(*args, **kwargs).arguments
    except TypeError as mismatch:
        return TypeError(f"{who}() {_takes(function)}: {mismatch}")
    for argument in arguments(function):
        if argument.name in bound and (found := _misfit(who, argument, bound[argument.name], purpose)):
            return found
    if purpose:
        return None
    given = ", ".join(f"{name} {shown(value)}" for name, value in bound.items() if name != "self")
    made = kind(
        f"{who}: expected arguments that fit each other, {_takes(function)}; got {given or 'none'}{_reason(error)}"
    )
    made.__cause__ = error  # it may be a mistake of ours
    return made


def _misfit(who: str, argument: Argument, value: Any, purpose: bool) -> Exception | None:
    if value is argument.default:
        return None
    if argument.kind is None:
        if purpose or argument.way not in BY_PLACE or argument.name in _FREE:
            return None
        argument = argument._replace(kind=NUMBERS)
    if argument.way is inspect.Parameter.VAR_POSITIONAL:
        return next((found for one in value if (found := misfit(who, argument, one))), None)
    if argument.way is inspect.Parameter.VAR_KEYWORD:
        return None
    return misfit(who, argument, value)


def _takes(function: Callable[..., Any]) -> str:
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    return f"takes ({', '.join(names)})"


def checked(function: _F, who: str = "") -> _F:
    """`function`, which looks at its arguments first; `who` it is in its errors."""
    first = Look(function, who or function.__name__)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        args = first(first.who, args, kwargs)  # type: ignore[assignment]
        try:
            return function(*args, **kwargs)
        except CAUGHT as error:
            found = better(function, first.who, error, args, kwargs)
            if found is None:
                raise
            raise found from found.__cause__

    return marked(call)


def _method(function: _F) -> _F:
    first = Look(function, function.__name__)
    makes = function.__name__ == "__init__"

    @functools.wraps(function)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        who = type(self).__name__ if makes else f"{type(self).__name__}.{first.who}"
        given = first(who, (self, *args), kwargs, type(self))
        try:
            return function(*given, **kwargs)
        except CAUGHT as error:
            found = better(function, who, error, given, kwargs)
            if found is None:
                raise
            raise found from found.__cause__

    return marked(call)


def _answered_method(function: _F) -> _F:
    @functools.wraps(function)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return function(self, *args, **kwargs)
        except CAUGHT as error:
            who = f"{type(self).__name__}.{function.__name__}"
            found = better(function, who, error, (self, *args), kwargs)
            if found is None:
                raise
            raise found from found.__cause__

    return marked(call)


def marked(call: Any) -> Any:
    call.__looks__ = True
    return call


def _worth(function: Any) -> bool:
    """Whether there is anything to check: not where all arguments may be anything."""
    if not inspect.isfunction(function) or hasattr(function, "__looks__"):
        return False
    hints = inspect.unwrap(function).__annotations__
    if function.__name__ == "__init__" or "." not in function.__qualname__:
        return True  # constructors, whose name in Python's words would be that of a base, and functions
    return any(name != "return" and (hint != "Any" or name in NAMED) for name, hint in hints.items())


def _guard_class(cls: type, methods: bool) -> None:
    if issubclass(cls, BaseException):
        return
    for base in cls.__mro__:
        if not base.__module__.startswith("dlcore.") or "__looked_at__" in vars(base):
            continue
        for name, member in list(vars(base).items()):
            public = name[0] != "_" and name not in _PASSED_OVER
            if name == "__init__" or (methods and (public or name in _BY_SIGN)):
                _guard_member(base, name, member)
        base.__looked_at__ = True  # type: ignore[attr-defined]


def _guard_member(cls: type, name: str, member: Any) -> None:
    if isinstance(member, (staticmethod, classmethod)):
        setattr(cls, name, type(member)(checked(member.__func__, f"{cls.__name__}.{name}")))
    elif not inspect.isfunction(member) or hasattr(member, "__looks__"):
        return
    elif name in _BY_SIGN or not _worth(member):
        several = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
        if member.__code__.co_argcount > 1 or member.__code__.co_flags & several:
            setattr(cls, name, _answered_method(member))
    else:
        setattr(cls, name, _method(member))


def guard(module: str, names: Iterable[str], methods: bool = True) -> None:
    """Let everything that a room offers under `names` look at its arguments; called once, behind its `__all__`.

    methods: those of its classes as well; not where they are what every step runs through.
    """
    space = vars(sys.modules[module])
    place = module.removeprefix("dlcore.").split("._", 1)[0]
    for name in names:
        value = space.get(name)
        if isinstance(value, type):
            if value.__module__.startswith("dlcore."):
                _guard_class(value, methods)
        elif _worth(value):
            home = vars(sys.modules[value.__module__])
            space[name] = checked(cast(Any, value), f"{place}.{name}")
            for other in [n for n, found in home.items() if found is value]:
                home[other] = space[name]


def answered(function: Callable[..., Any], who: str, again: Again | None = None) -> Callable[..., Any]:
    """`function`, whose errors are in words. again: makes of a call that does not fit its signature one that does, or
    is NotImplemented."""

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except CAUGHT as error:
            if again is not None and error.__traceback__ is not None and error.__traceback__.tb_next is None:
                made = again(who, function, args, kwargs)
                if made is not NotImplemented:
                    return made
            found = better(function, who, error, args, kwargs)
            if found is None:
                raise
            raise found from found.__cause__

    return marked(call)


def _within(again: Again, prefix: str) -> Again:
    return lambda name, *call: again(prefix + name, *call)


def answer(module: str, names: Iterable[str], again: Again | None = None, prefix: str = "") -> None:
    """Put every function that a namespace of arrays offers under `names` behind `answered`; called at its end."""
    space = vars(sys.modules[module])
    for name in names:
        value = space.get(name)
        if name[0] == "_" or name in _ALONE or not isinstance(value, FunctionType) or hasattr(value, "__looks__"):
            continue
        if value.__module__.startswith("dlcore.") and value.__module__ != "dlcore.ops.F":
            space[name] = answered(value, name, None if again is None else _within(again, prefix))
