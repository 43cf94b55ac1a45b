"""Public functions given what they cannot use: an error of the right kind with words in it, nothing from inside."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy
import pytest

import dlcore as dl
from dlcore import _core

MODULES: dict[str, ModuleType] = {
    "np": dl.np,
    "nd": dl.nd,
    "npx": dl.npx,
    "np.linalg": dl.np.linalg,
    "np.random": dl.np.random,
    "np.fft": dl.np.fft,
    "nd.linalg": dl.nd.linalg,
    "nd.random": dl.nd.random,
    "nd.sparse": dl.nd.sparse,
    "nd.image": dl.nd.image,
    "nd.contrib": dl.nd.contrib,
}
WRONG: list[Any] = [None, object(), "word", ["a", "b"], {"a": 1}, [[1], [1, 2]], {1}, b"ab", int, print]
ALLOWED = (TypeError, ValueError, IndexError, NotImplementedError, OverflowError, OSError, RuntimeError)
# Words that only somebody who knows the inside understands, and kinds of RuntimeError that no argument may cause.
INSIDE = re.compile(r"(?<![\w.])_\w+\(\)|incompatible function arguments|exception set")
NEVER = (_core.TraceError, RecursionError)
OTHERS = {"genfromtxt", "loadtxt"}  # NumPy's own readers of text files, with NumPy's words


def functions() -> Iterator[tuple[str, Any]]:
    """The functions of the namespaces that are no operators (tests/ops/test_wording.py has those)."""
    for place, module in MODULES.items():
        names = getattr(module, "__all__", None) or [n for n in dir(module) if n[0] != "_"]
        for name in sorted(set(names) - OTHERS):
            found = getattr(module, name, None)
            if inspect.isfunction(found) and not found.__name__.startswith("_"):
                yield f"{place}.{name}", found


def arguments(function: Any) -> Iterator[tuple[Any, ...]]:
    """Calls with one of the first arguments wrong, the others an array."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    given = inspect.signature(function).parameters.values()
    taken = [p for p in given if p.kind in kinds]
    needed = sum(p.default is p.empty for p in taken)
    several = any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in given)
    for place in range(min(3, len(taken) + several)):
        for value in WRONG:
            row: list[Any] = [dl.np.array([[1.0, 2.0], [3.0, 4.0]]) for _ in range(max(needed, place + 1))]
            row[place] = value
            yield tuple(row)


def fault(error: BaseException) -> str:
    """ "" for an error that may reach a caller."""
    if not isinstance(error, ALLOWED) or isinstance(error, NEVER):
        return f"is a {type(error).__name__}"
    if not str(error):
        return "says nothing"
    return "speaks of the inside" if INSIDE.search(str(error)) else ""


@pytest.mark.parametrize(("name", "function"), [pytest.param(n, f, id=n) for n, f in functions()])
def test_wrong_arguments_are_refused_in_words(name: str, function: Any) -> None:
    faults = []
    for given in arguments(function):
        try:
            with contextlib.redirect_stdout(io.StringIO()), numpy.errstate(all="ignore"):
                function(*given)
        except BaseException as error:
            if fault(error):
                faults.append(f"{given}: {fault(error)}: {type(error).__name__}: {error}")
    assert not faults, "\n".join(faults)


def test_it_finds_what_it_looks_for() -> None:
    assert sum(1 for _ in functions()) > 300
    assert fault(AttributeError("'str' object has no attribute 'shape'")) == "is a AttributeError"
    assert fault(SystemError("returned a result")) == "is a SystemError"
    assert fault(TypeError("_fitting() takes 2 positional arguments")) == "speaks of the inside"
    assert fault(TypeError("")) == "says nothing"
    assert fault(TypeError("pad: expected numbers, got None")) == ""
