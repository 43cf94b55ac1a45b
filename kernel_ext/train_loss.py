"""The body of a ``%%train`` cell as a function that computes the loss of a batch."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .errors import CleanError
from .tracebacks import OF_CELL

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

RESULT = "loss"
FUNCTION = "loss_of_batch"


def compile_loss(ip: InteractiveShell, line: str, cell: str) -> Callable[[Any, Any, Any], Any]:
    """A function of (net, x, y) from the text of a cell, compiled once.

    The notebook's variables are its globals. A variable that the cell both reads and assigns starts every batch with
    the notebook's value, so that `loss = loss(net(x), y)` means what it says. An error in it shows the line in the
    cell. Raises SyntaxError with the place, CleanError when the cell assigns no `loss`.
    """
    # The first line is a comment, since what shows tracebacks reads the text as Python.
    place = remember(ip, f"# %%train {line}\n{cell}")
    tree = parsed(cell, place)
    ast.increment_lineno(tree)  # the line of the magic itself is the cell's first
    assigned = assigned_names(tree)
    if RESULT not in assigned:
        raise CleanError(f"%%train: the cell must assign {RESULT}, for instance: loss = criterion(net(x), y)")
    kept = sorted(name for name in assigned if name in ip.user_ns and name not in ("x", "y"))
    box: dict[str, Any] = {}
    exec(compile(_as_function(tree, kept), place, "exec"), ip.user_ns, box)  # the user's own code, in the user's names
    function = box[FUNCTION]
    # Named as the code of any cell is, so that a traceback shows the cell's lines and not those of a function.
    function.__code__ = function.__code__.replace(co_name="<module>")

    def loss_of(net: Any, x: Any, y: Any) -> Any:
        return function(x, y, **_values(kept, ip.user_ns))

    loss_of.written = _written(cell, kept)  # type: ignore[attr-defined]
    return loss_of


def _written(cell: str, kept: list[str]) -> str:
    """The cell as a function that can stand in a script."""
    more = "".join(f", {name}={name}" for name in kept)
    body = textwrap.indent(cell.strip("\n"), "    ")
    return f"def {FUNCTION}(net, x, y{', *' if kept else ''}{more}):\n{body}\n    return {RESULT}\n"


def _values(names: list[str], namespace: Mapping[str, Any]) -> dict[str, Any]:
    return {name: namespace[name] for name in names if name in namespace}


def remember(ip: InteractiveShell, text: str) -> str:
    """Give the text to IPython's compiler cache, so that tracebacks show its lines as those of this cell."""
    inputs = ip.user_ns.get("In", [])
    return ip.compile.cache(text, max(0, len(inputs) - 1), raw_code=text)


def parsed(cell: str, place: str) -> ast.Module:
    """The cell as a tree, its lines counted from 1; a SyntaxError counts the magic too, as the page does."""
    try:
        return ast.parse(cell, place)
    except SyntaxError:
        pass
    try:
        return ast.parse(f"\n{cell}", place)  # the same error, a line further down
    except SyntaxError as error:
        setattr(error, OF_CELL, True)
        raise


def assigned_names(tree: ast.Module) -> set[str]:
    """The names that the body binds at its own level (not inside functions it defines)."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        waiting.extend(ast.iter_child_nodes(node))
    return found


def _as_function(tree: ast.Module, kept: list[str]) -> ast.Module:
    """`def loss_of_batch(x, y, *, kept...): <the cell>; return loss`, with the cell's own line numbers."""
    names = ", ".join(["x", "y", *(["*"] if kept else []), *kept])
    made = ast.parse(f"def {FUNCTION}({names}): pass")
    function = made.body[0]
    assert isinstance(function, ast.FunctionDef)
    last = tree.body[-1]
    result = ast.parse(f"return {RESULT}").body[0]
    for node in ast.walk(result):
        ast.copy_location(node, last)
    function.body = [*tree.body, result]
    return made
