"""Arguments held against the signature of a public function: what each must be, and the words where one is not.

What an argument must be is its type hint (`_kinds.py`); where that is `Any`, its name (`NAMED`). The sentences are all
made here:

    Dense: units must be a whole number of at least 1, got 'ten' (str)

`_answers.py` says which functions are held against their signatures, and when. This module stands left of every room.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ._hints import HINTS
from ._kinds import FITS, NAMED, WRONG_TYPE, WRONG_VALUE, Kind, came, kind_of

BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_BY_NAME = inspect.Parameter.KEYWORD_ONLY
_OWN = frozenset((int, float, bool, str, type(None)))  # of these nothing needs to be changed
_ANY_NUMBER = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _kind(parameter: inspect.Parameter, known: dict[str, Any]) -> Kind | None:
    hint = parameter.annotation
    if hint is parameter.empty or hint in (Any, "Any"):
        name = "init" if parameter.name.endswith("_initializer") else parameter.name
        return NAMED.get(name)
    return kind_of(hint, known)


class Argument(NamedTuple):
    """One argument of a signature: what it must be, None for anything; what it is where it is not given."""

    name: str
    kind: Kind | None
    default: Any
    way: Any  # by place, by name, one of any number


def arguments(function: Callable[..., Any]) -> list[Argument]:
    """What each argument of a function must be."""
    inner = inspect.unwrap(function)
    found = inspect.signature(inner).parameters.values()
    return [Argument(p.name, _kind(p, inner.__globals__), p.default, p.kind) for p in found]


def misfit(who: str, argument: Argument, value: Any, cls: type = object) -> Exception | None:
    """TypeError or ValueError for an argument that is not of its kind, None if it is."""
    assert argument.kind is not None
    try:
        verdict = argument.kind.judge(value)
    except Exception:  # a value that cannot even be asked
        verdict = WRONG_TYPE
    if verdict == FITS:
        return None
    error = ValueError if verdict == WRONG_VALUE else TypeError
    fix = _fix(cls, f"({argument.name})")
    return error(f"{who}: {argument.name} must be {argument.kind.one}, got {came(value, argument.kind)}{fix}")


def _refuse(who: str, argument: Argument, value: Any, cls: type) -> None:
    if (error := misfit(who, argument, value, cls)) is not None:
        raise error


def _fix(cls: type, what: str) -> str:
    """What the table of hints says about an argument of a class or of one that it derives from."""
    places = (HINTS.get(f"{base.__name__}{what}") for base in cls.__mro__)
    return next((f"; {found}" for found in places if found), "")


class Look:
    """The check of one function's arguments; what they must be is read when it is first called."""

    __slots__ = ("free", "function", "hinted", "named", "needed", "placed", "rest", "who")

    def __init__(self, function: Callable[..., Any], who: str) -> None:
        self.function, self.who = function, who
        self.placed: list[Argument] | None = None
        self.hinted = hasattr(function, "__wrapped__")  # it answers wrong names and numbers itself

    def _read(self) -> list[Argument]:
        found = arguments(self.function)
        ways = {a.way: a for a in found}
        self.named = {a.name: a for a in found if a.way not in _ANY_NUMBER}
        self.rest = ways.get(inspect.Parameter.VAR_POSITIONAL)
        self.free = inspect.Parameter.VAR_KEYWORD in ways
        self.placed = [a for a in found if a.way in BY_PLACE]
        self.needed = [a for a in self.named.values() if a.default is inspect.Parameter.empty]
        return self.placed

    def __call__(
        self, who: str, args: tuple[Any, ...], kwargs: dict[str, Any], cls: type = object
    ) -> tuple[Any, ...] | list[Any]:
        """The arguments by place as the function gets them; those by name are changed where they are: scalars of
        NumPy's and arrays that stand for numbers become Python's own."""
        placed = self._read() if self.placed is None else self.placed
        given: tuple[Any, ...] | list[Any] = args
        for place, (argument, value) in enumerate(zip(placed, args, strict=False)):
            if argument.kind is not None and value is not argument.default:
                _refuse(who, argument, value, cls)
                if type(value) not in _OWN and argument.kind.plain is not None:
                    given = given if type(given) is list else list(given)
                    given[place] = argument.kind.plain(value)
        if len(args) > len(placed):
            self._too_many(who, args, cls)
        for name, value in kwargs.items():
            known = self.named.get(name)
            if known is None:
                self._unknown(who, name, cls)
            elif known.kind is not None and value is not known.default:
                _refuse(who, known, value, cls)
                if type(value) not in _OWN and known.kind.plain is not None:
                    kwargs[name] = known.kind.plain(value)
        for k, argument in enumerate(self.needed):
            if argument.name not in kwargs and (k >= len(args) or argument.way is _BY_NAME) and not self.hinted:
                raise TypeError(f"{who}() is missing the required positional argument {argument.name!r}")
        return given

    def _too_many(self, who: str, args: tuple[Any, ...], cls: type) -> None:
        assert self.placed is not None
        if self.rest is not None:
            if self.rest.kind is not None:
                for value in args[len(self.placed) :]:
                    _refuse(who, self.rest, value, cls)
        elif not self.hinted:
            names = [a.name for a in self.placed if a.name != "self"]
            more = len(args) - len(self.placed) + len(names)
            raise TypeError(f"{who}() takes {len(names)} positional arguments ({', '.join(names)}), got {more}")

    def _unknown(self, who: str, name: str, cls: type) -> None:
        if self.free or self.hinted:
            return
        fix = _fix(cls, f"({name}=)")
        near = difflib.get_close_matches(name, [n for n in self.named if n != "self"], 1)
        fix = fix or (f"; did you mean {near[0]!r}?" if near else "")
        raise TypeError(f"{who}() got an unexpected keyword argument {name!r}{fix}")


def look(who: str, function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """The same check for a function that makes it itself, at its beginning, with what it was given by name."""
    for argument in arguments(function):
        if argument.name in given and argument.kind is not None and given[argument.name] is not argument.default:
            _refuse(who, argument, given[argument.name], object)
