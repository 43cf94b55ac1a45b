"""What the GPU's kernels ask of CuPy is there: every function and method by name, every keyword by signature.

The kernels run in the tests with NumPy in CuPy's place, and NumPy has more than CuPy; this reads their source against
the CuPy that is installed, which needs no device for that.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cupy
import pytest

ROOM = Path(__file__).resolve().parents[2] / "dlcore" / "cuda"
FILES = sorted(ROOM.glob("*.py"))
OTHERS = {
    "count",
    "execute",
    "get",
    "index",
    "update",
    "add",
    "format",
    "split",
    "copy",
}  # str and dict have them


def dotted(node: ast.AST) -> str | None:
    """`cupy.cuda.alloc` of such an expression; call.xp and self.xp are the array module too."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        if node.attr in ("xp", "cupy"):
            return ".".join(reversed(parts))
        parts.append(node.attr)
        node = node.value
    return ".".join(reversed(parts)) if isinstance(node, ast.Name) and node.id in ("xp", "cupy") and parts else None


def found(name: str) -> Any:
    value: Any = cupy
    for part in name.split("."):
        value = getattr(value, part)
    return value


def keywords_of(function: Any) -> set[str] | None:
    """The names of its parameters; None where it does not tell (compiled ones do in their docstring)."""
    try:
        parameters = inspect.signature(function).parameters.values()
        return None if any(p.kind is p.VAR_KEYWORD for p in parameters) else {p.name for p in parameters}
    except (TypeError, ValueError):
        first = (function.__doc__ or "").strip().split("\n\n")[0]
        told = re.search(r"\w+\((.*)\)", first, re.DOTALL)
        return set(re.findall(r"(\w+)\s*(?:=|,|$|:)", told[1])) if told else None


def calls(file: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_names_exist(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text())):
        name = dotted(node) if isinstance(node, ast.Attribute) else None
        if name and not name.startswith("__name__"):
            found(name)  # AttributeError names what CuPy lacks


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_keywords_exist(file: Path) -> None:
    for call in calls(file):
        given = {k.arg for k in call.keywords if k.arg}
        if not given or not isinstance(call.func, ast.Attribute):
            continue
        name = dotted(call.func)
        if name is None and (not hasattr(cupy.ndarray, call.func.attr) or call.func.attr in OTHERS):
            continue
        known = keywords_of(found(name) if name else getattr(cupy.ndarray, call.func.attr))
        where = f"{file.name}:{call.lineno} {ast.unparse(call.func)}"
        assert known is None or given <= known, f"{where} has no {', '.join(sorted(given - known))}; it has {known}"


def test_the_reading_sees_what_is_missing() -> None:
    tree = ast.parse("call.xp.max(x, axis=0, initial=3)").body[0]
    assert isinstance(tree, ast.Expr) and isinstance(tree.value, ast.Call)
    assert dotted(tree.value.func) == "max"
    assert "initial" not in (keywords_of(cupy.max) or {"initial"})
    assert "keepdims" in (keywords_of(cupy.ndarray.sum) or set())
