"""Every public function and class called with wrong arguments, and what may be answered. Judged in a child.

The names are those of the reference (docs/namespaces.py, docs/rooms.py) and of `dlcore` itself, so that a new one is
called wrongly from the day it is public. Operators have a judge of their own, tests/ops/wording.py.
"""

from __future__ import annotations

import contextlib
import enum
import functools
import inspect
import io
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import dlcore as dl
from dlcore import _core
from dlcore._arguments import arguments
from dlcore.ops import RECORDS

DOCS = str(Path(__file__).parents[2] / "docs")
# Name -> why nobody calls it wrongly here.
EXCUSED: dict[str, str] = {
    "dlcore.load_ipython_extension": "IPython calls it, with itself.",
    "dlcore.unload_ipython_extension": "IPython calls it, with itself.",
    **{
        f"graph.{name}": "Passes make thousands of them, and no person one; graph.verify looks at what they hold."
        for name in ("Graph", "Node", "State", "Value")
    },
    "parallel.WorkerPool": "What is right in it starts processes.",
    "parallel.pool": "What is right in it starts processes.",
    "parallel.run_cell": "What is right in it starts processes.",
    "parallel.shutdown": "It takes no argument.",
    "parallel.train": "What is right in it starts processes.",
}
ALLOWED = (TypeError, ValueError, IndexError, KeyError, NotImplementedError, OSError, RuntimeError, OverflowError,
           UserWarning)  # fmt: skip
NEVER = (_core.TraceError, RecursionError, UnicodeError)
# Python's and NumPy's words about their own steps, which do not say what the caller should have written.
ACCIDENT = re.compile(
    r"object has no attribute|unsupported operand|has no len\(\)|cannot unpack|is not iterable|is not subscriptable"
    r"|cannot be interpreted as an integer|not supported between|must be real number|invalid literal"
    r"|could not convert string|object is not callable|unhashable|should be string, bytes|expected str, bytes"
    r"|sequence item|bad operand|indices must be|does not support|values to unpack|truth value of an"
    r"|setting an array element|ufunc|could not be broadcast|dtype\('|is ambiguous|argument of type"
    r"|can't multiply|can only concatenate|not all arguments converted|not an iterator|takes no arguments"
    r"|incompatible function arguments|exception set|(?<![\w.])_\w+\(\)|mappingproxy|<lambda>|<locals>|metaclass"
    r"|\w\(\) argument must be|arg \d must be|must be str, not|concatenate str|an integer is required|null character"
)
WORDS = re.compile(
    r"expected|must|needs?\b|takes?\b|only|cannot|can be|do(?:es)? not|outside|missing|unexpected|(?:out of|in) range"
    r"|, got |negative|different|no such|there (?:is|are)|not found|unknown|has no|have no|is no|no file|was selected"
    r"|(?:for|of) an array|names |gives? |weight has|conditions for|leaves no|above base_lr|use cpu|which variables"
    r"|is empty|could not|no argument|iteration over|out of bounds|, but |use |: not a|write |no format|variables, "
    r"|not offered|call [\w ,()=]+ first|neither|is closed|is one of|; pass "
)
# "pad: ...", "Trainer.step: ...", "KVStore.push() ...", "Parameter weight has ...: ...": who speaks, or of which file.
SPEAKER = re.compile(r"[\w./-]+(\(.*?\))?(( [\w.]+){0,2}|( [\w.]+)? has [^:]*): |[\w./-]+ not found")
STRICT = ("int", "float", "bool", "str", "Count", "Natural", "Length", "Chance")  # hints that no object() fits


class Public(NamedTuple):
    """A name that people call, and what is behind it."""

    name: str  # "gluon.nn.Dense"
    value: Any
    asked: tuple[str, ...]  # what an error may call it


def _reference() -> dict[str, list[tuple[str, Any]]]:
    sys.path.insert(0, DOCS)
    try:
        import namespaces
    finally:
        sys.path.remove(DOCS)
    found = {page: [(name, getattr(module, name)) for name in namespaces.names(module)]
             for page, (module, _) in namespaces.modules().items()}  # fmt: skip
    found["dlcore"] = [(name, value) for name in dir(dl) if name[0] != "_" and callable(value := getattr(dl, name))]
    return found


@functools.cache
def public() -> dict[str, list[Public]]:
    """Page of the reference -> its functions and classes, each once."""
    seen = set()
    pages: dict[str, list[Public]] = {}
    for page, names in _reference().items():
        for name, value in names:
            inner: Any = inspect.unwrap(value) if callable(value) else None
            if not (inspect.isfunction(inner) or isinstance(value, type)) or id(value) in seen:
                continue
            if inner.__module__.startswith("dlcore._"):
                continue  # what a module needs for itself
            if inner.__module__ == "dlcore.ops.F" and inner.__name__ in RECORDS:
                continue
            if isinstance(value, type) and issubclass(value, (BaseException, enum.Enum)):
                continue
            seen.add(id(value))
            pages.setdefault(page, []).append(Public(f"{page}.{name}", value, (name, inner.__name__)))
    return pages


def wrong() -> list[Any]:
    """Values of which an argument takes one or two at most."""
    return [object(), "no_such_word", -3, ["a", "b"], None, {"a": 1}, 1.5, print, int, b"ab", [[1], [1, 2]]]


def first(*args: Any, **kwargs: Any) -> Any:
    """A function that takes anything."""
    return args[0] if args else dl.np.array(1.0)


def right(parameter: inspect.Parameter) -> Any:
    """A value that an argument may well take, by its name and hint."""
    for words, value in (
        (("activation",), "relu"),
        (("dtype",), "float32"),
        (("name", "key"), "word"),
        (("net", "block", "model"), dl.gluon.nn.Dense(2)),
        (("loss",), dl.gluon.loss.L2Loss()),
        (("fn", "function", "func", "fun", "callback"), first),
        (("shape",), (2, 2)),
    ):
        if parameter.name in words:
            return value
    hint = str(parameter.annotation).split("[")[0]
    for word, value in (
        ("Callable", first),
        ("int", 2),
        ("Count", 2),
        ("Length", 2),
        ("Natural", 2),
        ("float", 0.5),
        ("bool", True),
        ("str", "word"),
    ):
        if word in hint:
            return value
    return dl.np.array([[1.0, 2.0], [3.0, 4.0]])


def calls(function: Any) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Calls with one argument wrong, the others as right as can be told from outside; that argument goes before.

    The first argument is given every wrong value, those behind it a few.
    """
    try:
        given = list(inspect.signature(function).parameters.values())
    except ValueError:  # a record that only a function here makes
        return
    by_place = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in by_place if p.default is p.empty]
    by_name = {p.name: right(p) for p in given if p.kind is p.KEYWORD_ONLY and p.default is p.empty}
    yield "", (), {"no_such": 1}
    rest = any(p.kind is p.VAR_POSITIONAL for p in given)
    for place in range(min(4, len(by_place)) + (rest and len(by_place) < 4)):
        for value in wrong() if place == 0 else wrong()[:4]:
            row = [right(p) for p in by_place[: max(len(needed), place + 1)]]
            row[place : place + 1] = [value]
            yield by_place[place].name if place < len(by_place) else "", tuple(row), dict(by_name)
    for p in given:
        if p.kind is p.KEYWORD_ONLY or (p.kind is p.POSITIONAL_OR_KEYWORD and p in by_place[4:]):
            for value in wrong()[:4]:
                yield p.name, tuple(right(q) for q in needed if q is not p), {**by_name, p.name: value}


def fault(error: BaseException, asked: tuple[str, ...]) -> str:
    """ "" for an error that may reach a caller, else what is wrong with it."""
    if isinstance(error, AssertionError) and "Not equal" in str(error):
        return ""  # what dlcore.test_utils is there to say
    if not isinstance(error, ALLOWED) or isinstance(error, NEVER):
        return f"is a {type(error).__name__}"
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    line = text.partition("\n")[0]
    if any(f"{name}()" in line for name in asked) and re.search(r"argument|takes", line):
        return ""  # Python's own words about arguments that are missing or too many name all there is to name
    if isinstance(error, OSError) and error.filename is not None and error.strerror is not None:
        return ""  # the system's own words, with the name of the file
    if ACCIDENT.search(line):
        return "are Python's words"
    named = any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) for name in asked)
    if not named and not SPEAKER.match(line):
        return "names nobody"
    return "" if WORDS.search(text) else "does not say what was expected"


def strict(value: Any) -> set[str]:
    """The arguments of a class that must refuse an object() when they are given it."""
    made = vars(value).get("__init__") if isinstance(value, type) else None
    if not inspect.isfunction(made):
        return set()
    hints = inspect.unwrap(made).__annotations__
    return {a.name for a in arguments(made) if a.kind is not None and hints.get(a.name) in STRICT}


def small(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) < 60 else text[:57] + "..."


def faults(one: Public) -> Iterator[str]:
    refuses = strict(one.value)
    for name, args, kwargs in calls(one.value):
        said = f"{one.name}{small(args)} {kwargs or ''}"
        try:
            with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
                one.value(*args, **kwargs)
        except Exception as error:
            found = fault(error, one.asked)
            if found:
                yield f"{said}: {found}: {type(error).__name__}: {error}"
        else:
            given = (*args, *kwargs.values())
            if name in refuses and any(type(value) is object for value in given):
                yield f"{said}: {name} was taken"


def _no_network(*args: Any) -> None:
    raise OSError("there is no network")


@contextlib.contextmanager
def isolated() -> Iterator[None]:
    """An empty folder, for temporary files too, no network, no waiting."""
    time.sleep = lambda seconds: None  # before another try
    socket.getaddrinfo = _no_network  # type: ignore[assignment]
    socket.socket.connect = _no_network  # type: ignore[assignment, method-assign]
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HOME"] = folder
        os.environ["PATH"] = ""  # no program that could fetch anything
        os.chdir(folder)
        tempfile.tempdir = folder
        try:
            yield
        finally:
            os.chdir(home)
            tempfile.tempdir = None


def judge(page: str) -> str:
    """ "" where every wrong call of what stands on a page is answered as it should be, else what is not."""
    with isolated():
        return "\n".join(text for one in public()[page] if one.name not in EXCUSED for text in faults(one))
