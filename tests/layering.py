"""Reads every import of the product and says which ones go the wrong way.

The rooms stand in one row; a module may import from its own room and from rooms further left. Everything is
read from the syntax tree, so an import inside a function counts as well, and so does `import_module("...")`.
Used by test_layering.py; `python tests/layering.py` prints what is wrong.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# From left to right. Rooms on one line stand side by side and do not import each other.
ORDER: list[list[str]] = [
    # Names that dlcore/__init__.py fills in, what to write instead of names that are not here, where files are kept,
    # what type hints let in, text in flowcharts.
    ["_hooks", "_hints", "_folders", "_kinds", "_mermaid", "_warn", "_fault"],
    ["_arguments"],
    ["_answers"],
    ["_disk_cache"],
    ["_core"],
    ["ops"],
    ["array"],
    ["autograd"],
    ["graph"],
    ["symbol", "cuda"],
    ["comm"],
    ["init", "optim", "metric", "io"],
    ["gluon"],
    ["amp", "module"],
    ["run"],
    ["parallel", "compress", "interop", "compat", "interpret"],
    ["tune"],
    ["dlcore"],  # the assembly point, dlcore/__init__.py: what dlcore offers as a whole
    ["widgets"],
    ["kernel_ext"],
]
PLACE = {room: place for place, rooms in enumerate(ORDER) for room in rooms}

# The one import that goes right, in the hook that IPython looks up on the package.
ALLOWED = {("dlcore", "dlcore.kernel_ext")}

# Folders on disk and what they are called once installed.
FOLDERS = {"dlcore": "dlcore", "kernel_ext": "dlcore.kernel_ext", "widgets": "dlcore.widgets"}
NOT_MODULES = {"widgets/build.py"}

# The core must work where there is no notebook: these belong to widgets and kernel_ext.
NOTEBOOK_PACKAGES = {"IPython", "ipywidgets", "anywidget", "matplotlib", "mermaid", "traitlets", "ipykernel"}
# A backend is found through the device table, so that its absence is one clear error in one place.
NEVER_BY_NAME = {"cuda"}


@dataclass(frozen=True)
class Import:
    """One import: the module that does it, the line, and the full name of what it asks for."""

    module: str
    line: int
    target: str
    types_only: bool = False


@dataclass(frozen=True)
class Problem:
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def modules(root: Path) -> dict[str, Path]:
    """Every module of the product by its installed name."""
    found: dict[str, Path] = {}
    for folder, package in FOLDERS.items():
        for path in sorted((root / folder).rglob("*.py")):
            relative = path.relative_to(root / folder)
            if "node_modules" in relative.parts or f"{folder}/{relative.as_posix()}" in NOT_MODULES:
                continue
            parts = [package, *relative.with_suffix("").parts]
            if parts[-1] == "__init__":
                parts.pop()
            found[".".join(parts)] = path
    return found


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def _walk(node: ast.AST, types_only: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        inside = types_only or (_is_type_checking(node) and child in getattr(node, "body", []))
        yield child, inside
        yield from _walk(child, inside)


def _base(node: ast.ImportFrom, module: str, is_package: bool) -> str:
    """The full name of the package or module that `from ... import` names."""
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    parts = parts[: len(parts) - node.level + (1 if is_package else 0)]
    return ".".join([*parts, *([node.module] if node.module else [])])


def _dynamic_target(node: ast.Call) -> str | None:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", None)
    if name in ("import_module", "__import__") and node.args:
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value
    return None


def imports(module: str, path: Path, known: set[str]) -> list[Import]:
    """All imports of one file. `from package import name` counts as the submodule where there is one."""
    found: list[Import] = []
    for node, types_only in _walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, module, path.name == "__init__.py")
            for alias in node.names:
                full = f"{base}.{alias.name}"
                is_room = base == "dlcore" and alias.name in PLACE
                targets.append(full if full in known or is_room else base)
        elif isinstance(node, ast.Call):
            target = _dynamic_target(node)
            targets = [target] if target and not target.startswith(".") else []
        line = getattr(node, "lineno", 0)
        found += [Import(module, line, target, types_only) for target in dict.fromkeys(targets)]
    return found


def room(name: str) -> str | None:
    """The room that a module of the product belongs to; None for other packages."""
    parts = name.split(".")
    if parts[0] != "dlcore":
        return None
    return parts[1] if len(parts) > 1 else "dlcore"


def _room_package(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _breach(item: Import) -> str | None:
    top = item.target.split(".")[0]
    here = room(item.module)
    there = room(item.target)
    if top in ("kernel_ext", "widgets"):
        return f"imports {top}, which is called dlcore.{top} once installed"
    if there is None:
        outside_notebook = here not in ("widgets", "kernel_ext")
        if top in NOTEBOOK_PACKAGES and outside_notebook:
            return f"imports {top}; only dlcore.widgets and dlcore.kernel_ext may"
        return None
    if there not in PLACE:
        return f"imports {item.target}, but no room is called '{there}'"
    if here not in PLACE or here == there or (here, _room_package(item.target)) in ALLOWED:
        return None
    if there in NEVER_BY_NAME and here != "dlcore":
        return f"imports {item.target} by name; backends are reached through the device table"
    if PLACE[here] == PLACE[there]:
        return f"'{here}' imports {item.target}, but '{there}' stands beside it"
    if PLACE[here] < PLACE[there]:
        return f"'{here}' imports {item.target}, but '{there}' stands to the right of it"
    return None


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import each other in a circle (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    groups: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(edges.get(node, ())):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            group = []
            while not group or group[-1] != node:
                group.append(stack.pop())
            if len(group) > 1 or node in edges.get(node, ()):
                groups.append(sorted(group))

    for node in sorted(edges):
        if node not in index:
            visit(node)
    return groups


def check(root: Path) -> list[Problem]:
    """Everything that is wrong with the imports of the tree at `root`: breaches, then cycles between modules."""
    found = modules(root)
    problems: list[Problem] = []
    edges: dict[str, set[str]] = {name: set() for name in found}
    for module, path in found.items():
        where = path.relative_to(root).as_posix()
        if room(module) not in PLACE:
            problems.append(Problem(where, f"room '{room(module)}' has no place in the order (tests/layering.py)"))
        for item in imports(module, path, set(found)):
            what = _breach(item)
            if what:
                problems.append(Problem(f"{where}:{item.line}", what))
            allowed = (room(module), _room_package(item.target)) in ALLOWED
            if item.target in found and not item.types_only and not allowed:
                edges[module].add(item.target)
    for group in cycles(edges):
        problems.append(Problem(found[group[0]].relative_to(root).as_posix(), "cycle: " + ", ".join(group)))
    return problems


if __name__ == "__main__":
    wrong = check(Path(__file__).resolve().parent.parent)
    print(*wrong, sep="\n")
    sys.exit(1 if wrong else 0)
