"""Values that stand in for others: what a public signature must take where its examples give a plain number or list.

Every example of the reference is run. Whatever looks at its arguments on the way is asked whether it would take NumPy's
scalars and arrays of no axis for numbers, arrays and the other kind of list for sequences, `os.PathLike` for file
names, a subclass for a string, another mapping for a dict, an object that can be called for a function; functions and
constructors are called with these as well. Judged in a child.
"""

from __future__ import annotations

import collections
import contextlib
import doctest
import functools
import inspect
import io
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from fuzz.public import EXCUSED, isolated, public

import dlcore as dl
from dlcore import _arguments
from dlcore._kinds import FITS

SLOW = ("dlcore.gluon.model_zoo",)  # large networks are made once
# Arguments for which the kind of list says what is meant -> how.
TWOFOLD = {"io.image.CreateMultiRandCropAugmenter": "A list has one entry for each crop, a tuple is a pair."}


class Text(str):
    """A string that is of a class of its own."""


class Place:
    """A path that is no string."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __fspath__(self) -> str:
        return self.path


class Calls:
    """What can be called and is no function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def whole(value: Any) -> bool:
    return type(value) is int and -(2**31) < value < 2**31


def standins(value: Any, path: bool = False) -> list[Any]:
    """What a function that takes `value` must take as well."""
    if type(value) is bool:
        return [np.bool_(value), int(value)]
    if whole(value):
        return [np.int64(value), np.int32(value), np.array(value), dl.np.array(value)]
    if type(value) is float:
        found = [np.float32(value), np.float64(value), np.array(value), dl.np.array(value)]
        return [*found, int(value)] if value.is_integer() else found
    if type(value) is str:
        return [Path(value), Place(value)] if path else [Text(value), np.str_(value)]
    if type(value) in (list, tuple) and value:
        return _sequences(value)
    if type(value) is dict:
        return [types.MappingProxyType(value), collections.OrderedDict(value)]
    if inspect.isfunction(value):
        return [Calls(value), functools.partial(value)]
    return []


def _sequences(value: Any) -> list[Any]:
    found: list[Any] = [tuple(value) if type(value) is list else list(value)]
    if all(whole(v) for v in value):
        found += [np.array(value), dl.np.array(value, dtype="int64"), [np.int64(v) for v in value]]
    elif all(type(v) in (int, float) for v in value):
        found += [np.array(value), [np.float32(v) for v in value]]
    elif all(type(v) is str for v in value):
        found.append([Text(v) for v in value])
    return found


def _fits(argument: _arguments.Argument, value: Any) -> bool:
    kind = argument.kind
    return kind is None or value is argument.default or kind.judge(value) == FITS


def _of_path(argument: _arguments.Argument, value: Any) -> bool:
    """Whether a string is taken as a file name."""
    return argument.kind is not None and type(value) is str and "file name" in argument.kind.one


class Spy:
    """Takes the place of `Look.__call__`: asks about stand-ins, and calls anew with them what has no state."""

    def __init__(self, found: dict[str, str]) -> None:
        self.found, self.inner, self.busy = found, _arguments.Look.__call__, False
        self.seen: set[tuple[Any, str, str]] = set()

    def __call__(self, look: Any, who: str, args: Any, kwargs: Any, cls: type = object) -> Any:
        made = self.inner(look, who, args, kwargs, cls)
        if self.busy:
            return made
        self.busy = True
        try:
            for place, argument, value in self.given(look, args, kwargs):
                key = (look.function, argument.name, type(value).__name__)
                if key not in self.seen and who not in TWOFOLD:
                    self.seen.add(key)
                    self.ask(look, who, args, kwargs, place, argument, value)
        finally:
            self.busy = False
        return made

    def given(self, look: Any, args: Any, kwargs: Any) -> Iterator[tuple[Any, _arguments.Argument, Any]]:
        yield from ((k, a, v) for k, (a, v) in enumerate(zip(look.placed, args, strict=False)))
        yield from ((name, look.named[name], v) for name, v in kwargs.items() if name in look.named)

    def ask(self, look: Any, who: str, args: Any, kwargs: Any, place: Any, argument: Any, value: Any) -> None:
        for other in standins(value, _of_path(argument, value)):
            said = f"{who}: {argument.name}={value!r} as {type(other).__module__}.{type(other).__name__}"
            if not _fits(argument, other):
                self.found[said] = f"must be {argument.kind.one}"
            elif anew := self.anew(look, who, cls_of(look, args)):
                new_args, new_kwargs = list(args), dict(kwargs)
                if isinstance(place, int):
                    new_args[place] = other
                else:
                    new_kwargs[place] = other
                if (
                    call(anew, list(args), dict(kwargs)) is None
                    and (error := call(anew, new_args, new_kwargs)) is not None
                ):
                    self.found[said] = f"{type(error).__name__}: {error}"

    def anew(self, look: Any, who: str, cls: Any) -> Callable[..., Any] | None:
        """What makes the same call without a trace: none of a method, which may change its object."""

        def again(*args: Any, **kwargs: Any) -> Any:
            if cls is not None:
                args = (cls.__new__(cls), *args[1:])
            return look.function(*self.inner(look, who, args, kwargs), **kwargs)

        whole = cls is not None or "." not in look.function.__qualname__
        return again if whole and not look.function.__module__.startswith(SLOW) else None


def cls_of(look: Any, args: Any) -> Any:
    return type(args[0]) if args and look.function.__name__ == "__init__" else None


def call(function: Callable[..., Any], args: Any, kwargs: Any) -> Exception | None:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            function(*args, **kwargs)
    except Exception as error:
        return error
    return None


def examples(page: str) -> Iterator[tuple[Any, str]]:
    """What stands on a page of the reference, with its text."""
    for one in public()[page]:
        if one.name not in EXCUSED:
            yield one.value, inspect.getdoc(one.value) or ""
            if isinstance(one.value, type):
                yield from ((one.value, inspect.getdoc(m) or "") for n, m in vars(one.value).items() if n[0] != "_")


@contextlib.contextmanager
def spying() -> Iterator[dict[str, str]]:
    """Who refuses what while this lasts."""
    found: dict[str, str] = {}
    spy = Spy(found)
    _arguments.Look.__call__ = lambda look, *a: spy(look, *a)  # type: ignore[method-assign, assignment]
    try:
        yield found
    finally:
        _arguments.Look.__call__ = spy.inner  # type: ignore[method-assign]


def faults(page: str) -> dict[str, str]:
    with spying() as found:
        for value, text in examples(page):
            scope = dict(vars(sys.modules[value.__module__]))
            for example in doctest.DocTestParser().get_examples(text):
                with contextlib.suppress(Exception), contextlib.redirect_stdout(io.StringIO()):
                    exec(compile(example.source, "<example>", "single"), scope)  # noqa: S102  (our own documentation)
    return found


def judge(page: str) -> str:
    """ "" where everything on a page takes what stands in for what its examples give, else what does not."""
    with isolated():
        return "\n".join(f"{said}: {why}" for said, why in faults(page).items())
