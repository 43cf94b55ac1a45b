"""Where Python code makes an error: the places, and the same code with each place telling that it was reached.

A place is a `raise` of a new exception, an exception made elsewhere (`return ValueError(...)`) or what a function
returns whose hint says that it is one. No places: what was caught and is raised again, errors without words (a
`KeyError` that holds the key, an abstract method's bare `NotImplementedError`). What only a fault of dlcore itself can
raise is made by `FAULT`, and known by that name.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = tuple(f"{ROOT / name}{os.sep}" for name in ("dlcore", "kernel_ext", "widgets"))
FAULT = "own_fault"
REACHED = "__dlcore_reached__"
# An exception's name, or a hint that holds one.
_EXCEPTION = re.compile(r"^[\w.]*(Error|Exception)\b")
# These say what Python asks to hear: which key, which name, that there is no more.
_WORDLESS = ("AttributeError", "KeyError", "IndexError", "StopIteration", "StopAsyncIteration")


class Place(NamedTuple):
    """One place; `key` stays when lines above it are added or taken away."""

    path: str
    line: int
    key: str
    text: str
    internal: bool  # only a fault of dlcore leads there


def _name(call: ast.expr) -> str:
    """The last part of what is called."""
    function = call.func if isinstance(call, ast.Call) else call
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _has_words(call: ast.Call) -> bool:
    if not call.args and not call.keywords and _EXCEPTION.match(_name(call)):
        return False
    strings = any(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in ast.walk(call))
    return strings or _name(call) not in _WORDLESS


class _Finder(ast.NodeTransformer):
    """Finds the places of one file and wraps each in a call of the recorder."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.within: list[str] = []
        self.returns = [False]
        self.places: list[Place] = []
        self.seen: dict[str, int] = {}

    def _place(self, statement: ast.AST, call: ast.Call) -> ast.expr:
        text = ast.unparse(call)
        told = ".".join([*self.within, text])
        self.seen[told] = self.seen.get(told, 0) + 1
        key = hashlib.sha1(f"{told} {self.seen[told]}".encode()).hexdigest()[:12]
        line = getattr(statement, "lineno", 0)
        internal = _name(call) == FAULT or FAULT in self.within
        self.places.append(Place(self.path, line, key, text, internal))
        tell = ast.Name(REACHED, ast.Load())
        return ast.copy_location(ast.Call(tell, [ast.Constant(self.path), ast.Constant(key), call], []), call)

    def _named(self, node: Any) -> Any:
        self.within.append(node.name)
        hint = getattr(node, "returns", None)
        self.returns.append(hint is not None and _EXCEPTION.match(ast.unparse(hint)) is not None)
        self.generic_visit(node)
        self.within.pop()
        self.returns.pop()
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _named

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if isinstance(node.exc, ast.Call):
            if _has_words(node.exc):
                node.exc = self._place(node, node.exc)
            return node
        return self.generic_visit(node)

    def visit_Return(self, node: ast.Return) -> ast.AST:
        if self.returns[-1] and isinstance(node.value, ast.Call) and _has_words(node.value):
            node.value = self._place(node, node.value)
            return node
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if _EXCEPTION.match(_name(node)) and _has_words(node):
            return self._place(node, node)
        return self.generic_visit(node)


def _found(source: str | bytes, path: str) -> tuple[ast.AST, list[Place]]:
    finder = _Finder(path)
    tree = finder.visit(ast.parse(source))
    return ast.fix_missing_locations(tree), finder.places


def places(source: str | bytes, path: str) -> list[Place]:
    """The places of one file."""
    return _found(source, path)[1]


def files(*folders: str) -> Iterator[str]:
    """The Python files of these folders of the repository."""
    for folder in folders:
        yield from (str(file.relative_to(ROOT)) for file in sorted((ROOT / folder).rglob("*.py")))


class Recorder:
    """Writes each place that is reached, and the test file that led there: at once, as a process may be ended."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.told: set[tuple[str, str, str]] = set()

    def __call__(self, path: str, key: str, error: Any) -> Any:
        test = os.environ.get("PYTEST_CURRENT_TEST", "").partition("::")[0]
        if (path, key, test) not in self.told:
            self.told.add((path, key, test))
            with open(os.path.join(self.folder, f"{os.getpid()}.txt"), "a", encoding="utf-8") as file:
                file.write(f"{path}\t{key}\t{test}\n")
        return error


def install(folder: str) -> None:
    """Let every module of the project that is imported from now on record in `folder`; no .pyc is written for it."""
    import builtins

    os.makedirs(folder, exist_ok=True)
    setattr(builtins, REACHED, Recorder(folder))
    usual = SourceFileLoader.get_code

    def get_code(self: SourceFileLoader, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        if not path.startswith(FOLDERS):
            return usual(self, fullname)
        tree, found = _found(self.get_data(path), os.path.relpath(path, ROOT))
        if not found:
            return usual(self, fullname)
        return compile(tree, path, "exec", dont_inherit=True)  # type: ignore[no-any-return, call-overload]

    SourceFileLoader.get_code = get_code  # type: ignore[assignment, method-assign]
