"""``%memory``: which variables and cells of the notebook hold arrays, and what the core's pool holds."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .options import Words, forget, offer
from .tables import TextTable, size_text

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words("memory", "", {"count": ("count", "N")}, 0, 0)
COUNT = 15
HIDDEN = ("In", "Out", "exit", "quit", "get_ipython")


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic."""

    def memory(line: str) -> TextTable:
        """List the variables that hold arrays, the largest first, with the cell that made each, and the pool.

        %memory [--count N]

        Example: %memory
        Python: from dlcore import _core; _core.memory_stats()
        """
        _, given = WORDS.read(line, ip.user_ns)
        return table(ip, given.get("count", COUNT))

    ip.register_magic_function(memory, "line", "memory")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def table(ip: InteractiveShell, count: int) -> TextTable:
    """A row for each variable; what two of them hold together is counted for both, and once in the sum."""
    from dlcore import _core

    cells = made_in(ip.user_ns.get("In", []))
    held: dict[int, int] = {}
    rows = []
    for name, value in holders(ip.user_ns):
        arrays = {array._storage_id: _bytes(array) for array in arrays_of(value)}
        if arrays:
            held.update(arrays)
            cell = cells.get(name.partition("[")[0]) if not name.startswith("Out[") else int(name[4:-1])
            rows.append((sum(arrays.values()), name, len(arrays), "" if cell is None else f"[{cell}]", _kind(value)))
    rows.sort(key=lambda row: -row[0])
    shown = [(name, kind, cell, f"{number:,}", size_text(size)) for size, name, number, cell, kind in rows[:count]]
    notes = [f"{len(rows) - count} smaller ones are not shown"] if len(rows) > count else []
    stats = _core.memory_stats()
    pool = ", ".join(f"{key.replace('_', ' ')} {_figure(key, value)}" for key, value in _flat(stats))
    notes += [f"all variables together: {size_text(sum(held.values()))}", f"the core: {pool}"]
    return TextTable(("variable", "kind", "cell", "arrays", "memory"), shown, (3, 4), notes)


def _flat(stats: Any) -> Iterator[tuple[str, Any]]:
    for key, value in stats.items() if isinstance(stats, Mapping) else ():
        if isinstance(value, Mapping):
            yield from ((f"{key} {inner}", number) for inner, number in value.items())
        else:
            yield str(key), value


def _figure(key: str, value: Any) -> str:
    return f"{value:,}" if key in ("allocations", "reused") else size_text(float(value))


def holders(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The variables of the notebook, and the results that `Out` still holds and no variable has."""
    own = {key: value for key, value in namespace.items() if not key.startswith("_") and key not in HIDDEN}
    yield from own.items()
    known = {id(value) for value in own.values()}
    for number, value in dict(namespace.get("Out", {})).items():
        if id(value) not in known:
            yield f"Out[{number}]", value


def arrays_of(value: Any, depth: int = 3) -> Iterator[Any]:
    """The arrays that a value holds: itself, those of a network, those in lists, tuples and dicts."""
    from dlcore import NDArray
    from dlcore.gluon import Block, Parameter

    if isinstance(value, NDArray):
        yield value
        if value.grad is not None:
            yield value.grad
    elif isinstance(value, Block):
        for parameter in value.collect_params().values():
            yield from arrays_of(parameter)
    elif isinstance(value, Parameter):
        for held in (value._data, getattr(value, "_grad", None)):
            if isinstance(held, NDArray):
                yield from arrays_of(held)
    elif depth and isinstance(value, (list, tuple, set)) and len(value) <= 10_000:
        for part in value:
            yield from arrays_of(part, depth - 1)
    elif depth and isinstance(value, dict) and len(value) <= 10_000:
        for part in value.values():
            yield from arrays_of(part, depth - 1)


def _bytes(array: Any) -> int:
    from dlcore.graph._ir import ITEMSIZE

    return int(array.size) * int(ITEMSIZE[array._dtype_name])


def _kind(value: Any) -> str:
    shape = getattr(value, "shape", None)
    text = type(value).__name__
    return f"{text} {'x'.join(map(str, shape))}" if isinstance(shape, tuple) and shape else text


def made_in(cells: list[str]) -> dict[str, int]:
    """The number of the last cell that assigned each name."""
    found: dict[str, int] = {}
    for number, source in enumerate(cells):
        plain = "\n".join(line for line in source.split("\n") if not line.lstrip().startswith(("%", "!")))
        try:
            tree = ast.parse(plain)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found[node.id] = number
    return found
