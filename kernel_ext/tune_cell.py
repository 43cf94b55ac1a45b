"""The body of a ``%%tune`` cell: its marks, and a function of the chosen values that makes a network."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import CleanError, nearest
from .language.errors import NetworkError, Source, Span
from .network import cell_name
from .train_loss import assigned_names, parsed, remember

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# What a cell may assign besides the network, to be used for its training.
SETTINGS = "lr wd momentum batch optimizer loss metric epochs clip patience schedule data val".split()
SCORE = "score"
FUNCTION = "trial_of_cell"
HIDDEN = "_mark_"
FORMS = {
    "choice": "choice(32, 64, 128)",
    "uniform": "uniform(0, 0.5)",
    "log": "log(1e-4, 1e-1)",
    "int": "int(1, 4)",
}


class TuneError(NetworkError):
    """A mistake in a ``%%tune`` cell: the line, a caret, and what was expected."""

    label = "TuneError"


@dataclass(frozen=True)
class Place:
    """Where a mark stands in the cell: lines from 1, columns from 0, in bytes as `ast` counts them."""

    name: str
    line: int
    start: int
    last_line: int
    end: int


@dataclass(frozen=True)
class Written:
    """A cell that was understood: its marks by name, the function that makes a trial's network, and its text."""

    marks: dict[str, Any]
    make: Callable[..., Any]
    cell: str
    places: tuple[Place, ...]

    def code(self, values: Mapping[str, Any]) -> str:
        """The cell with chosen values in the place of its marks."""
        lines = [line.encode() for line in self.cell.splitlines()]
        for place in sorted(self.places, key=lambda p: (p.line, p.start), reverse=True):
            value = values[place.name]
            text = (getattr(value, "__name__", None) or repr(value)).encode()
            head, tail = lines[place.line - 1][: place.start], lines[place.last_line - 1][place.end :]
            lines[place.line - 1 : place.last_line] = [head + text + tail]
        return b"\n".join(lines).decode() + "\n"


def compile_cell(ip: InteractiveShell, line: str, cell: str, net: str | None) -> Written:
    """What a cell says. `net` is the name of the network it assigns; None where it assigns `score`.

    Raises TuneError at the place of a wrong mark, CleanError for what is missing, SyntaxError for what is no Python.
    """
    text = f"# %%tune {line}\n{cell}"  # a comment, since what shows tracebacks reads the text as Python
    source = Source(f"%%tune {line}\n{cell}", cell_name(ip))
    place = remember(ip, text)
    tree = parsed(cell, place)
    assigned = assigned_names(tree)
    wanted = net or SCORE
    if wanted not in assigned:
        other = f"; to tune a number, assign {SCORE} and name no network" if net else ""
        raise CleanError(f"%%tune: the cell must assign {wanted}{other}")
    found = list(_marks(tree))
    _look_for_misspelled(tree, assigned, ip.user_ns, source)
    if not found:
        raise CleanError(f"%%tune: the cell has no mark; write for instance lr = {FORMS['log']}")
    marks: dict[str, Any] = {}
    places = []
    for call, name in found:
        if name is None:
            raise _error(source, call, f"this mark has no name; write for instance width = {FORMS[_word(call)]}")
        if name in marks:
            raise _error(source, call, f"there are two marks called {name}; give one of them a name of its own")
        marks[name] = _made(call, assigned, ip.user_ns, source)
        places.append(Place(name, call.lineno, call.col_offset, call.end_lineno or 0, call.end_col_offset or 0))
    tree = ast.fix_missing_locations(_Replace({id(call): str(name) for call, name in found}).visit(tree))
    ast.increment_lineno(tree)  # the line of the magic itself is the cell's first
    return Written(marks, _function(ip, tree, place, list(marks), assigned, wanted), cell, tuple(places))


def _word(call: ast.Call) -> str:
    assert isinstance(call.func, ast.Name)
    return call.func.id


def _is_mark(node: ast.AST) -> bool:
    """A call of one of the four words. One argument alone is Python's own int or a logarithm."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in FORMS:
        return False
    return node.func.id not in ("int", "log") or len(node.args) + len(node.keywords) != 1


def _marks(tree: ast.AST) -> Iterator[tuple[ast.Call, str | None]]:
    """Every mark with its name: the variable or the argument that it is given to."""
    names: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            names[id(node.value)] = node.targets[0].id
        elif isinstance(node, ast.AnnAssign) and node.value is not None and isinstance(node.target, ast.Name):
            names[id(node.value)] = node.target.id
        elif isinstance(node, ast.keyword) and node.arg is not None:
            names[id(node.value)] = node.arg
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_mark(node)]
    for call in sorted(calls, key=lambda call: (call.lineno, call.col_offset)):
        yield call, names.get(id(call))


def _look_for_misspelled(tree: ast.AST, assigned: set[str], namespace: Mapping[str, Any], source: Source) -> None:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        word = node.func.id
        if word in assigned or word in namespace or hasattr(builtins, word) or word in FORMS:
            continue
        close = nearest(word, FORMS)
        if close is not None:
            raise _error(source, node.func, f'there is no {word}; did you mean "{close}"? As in {FORMS[close]}')


def _made(call: ast.Call, assigned: set[str], namespace: Mapping[str, Any], source: Source) -> Any:
    """The mark that a call stands for."""
    from dlcore.tune import MarkError
    from dlcore.tune._marks import MARKS

    word = _word(call)
    parts: list[ast.AST] = [*call.args, *(keyword.value for keyword in call.keywords)]
    for part in parts:
        for node in ast.walk(part):
            if isinstance(node, ast.Name) and node.id in assigned:
                text = f"{node.id} is not known before the trials begin; assign it in a cell above"
                raise _error(source, node, text)
    values = [_value(part, namespace, source) for part in call.args]
    named = {str(keyword.arg): _value(keyword.value, namespace, source) for keyword in call.keywords}
    try:
        return MARKS[word](*values, **named)
    except MarkError as error:
        at = parts[error.argument] if error.argument is not None and error.argument < len(parts) else call
        raise _error(source, at, str(error)) from None
    except TypeError:
        raise _error(source, call, f"{word} is written like {FORMS[word]}") from None


def _value(node: ast.AST, namespace: Mapping[str, Any], source: Source) -> Any:
    if isinstance(node, ast.Starred):
        raise _error(source, node, "write the options one by one")
    assert isinstance(node, ast.expr)
    try:
        return eval(compile(ast.Expression(node), "<mark>", "eval"), dict(namespace))  # the user's own expression
    except Exception as error:
        raise _error(source, node, f"{type(error).__name__}: {error}") from None


def _error(source: Source, node: ast.AST, message: str) -> TuneError:
    """An error that points at a piece of the cell (to the end of its first line)."""
    line = int(getattr(node, "lineno", 1)) + 1
    text = source.line(line)
    start = len(text.encode()[: int(getattr(node, "col_offset", 0))].decode(errors="ignore"))
    one_line = getattr(node, "end_lineno", None) == getattr(node, "lineno", None)
    end = int(getattr(node, "end_col_offset", 0))
    end = len(text.encode()[:end].decode(errors="ignore")) if one_line else len(text)
    return TuneError(message, source, Span(line, start, end))


class _Replace(ast.NodeTransformer):
    """Puts a hidden variable in the place of each mark."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names = names

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if id(node) in self.names:
            return ast.copy_location(ast.Name(HIDDEN + self.names[id(node)], ast.Load()), node)
        return self.generic_visit(node)


def _function(
    ip: InteractiveShell, tree: ast.Module, place: str, marks: list[str], assigned: set[str], wanted: str
) -> Callable[..., Any]:
    """The cell as a function of its marks; what it both reads and assigns begins with the notebook's value."""
    kept = sorted(name for name in assigned if name in ip.user_ns)
    names = ", ".join(["*", *(HIDDEN + name for name in marks), *kept])
    made = ast.parse(f"def {FUNCTION}({names}): pass")
    function = made.body[0]
    assert isinstance(function, ast.FunctionDef)
    given = sorted(assigned & set(SETTINGS)) if wanted != SCORE else []
    settings = ", ".join(f"{name!r}: {name}" for name in given)
    result = ast.parse(f"return {wanted}, {{{settings}}}" if wanted != SCORE else f"return {SCORE}").body[0]
    for node in ast.walk(result):
        ast.copy_location(node, tree.body[-1])
    function.body = [*tree.body, result]
    box: dict[str, Any] = {}
    exec(compile(made, place, "exec"), ip.user_ns, box)  # the user's own code, in the user's names
    body = box[FUNCTION]
    # Named as the code of any cell is, so that a traceback shows the cell's lines and not those of a function.
    body.__code__ = body.__code__.replace(co_name="<module>")
    before = {name: ip.user_ns[name] for name in kept}

    def make(**values: Any) -> Any:
        return body(**{HIDDEN + name: value for name, value in values.items()}, **before)

    return make
