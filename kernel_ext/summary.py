"""``%summary NET``: the layers of a network as a table, with shapes and parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from .items import Group, Outline
from .language.kinds import shape_text
from .lookup import find_network
from .options import Words, forget, offer
from .outline import outline
from .tables import size_text

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

WORDS = Words("summary", "NET", {"input": ("shape", "SHAPE")})
HEAD = ("name", "layer", "output shape", "parameters")
STYLE = {
    "table": "border-collapse: collapse; margin: 0.4em 0",
    "text": "text-align: left; padding: 0.15em 1.2em 0.15em 0.4em",
    "number": "text-align: right; padding: 0.15em 0.4em 0.15em 1.2em; font-variant-numeric: tabular-nums",
    "line": "border-bottom: 1px solid currentColor",
}


def register(ip: InteractiveShell) -> None:
    """Give the shell the magic and its completion."""

    def summary(line: str) -> None:
        """Print a network's layers with their output shapes and parameters.

        %summary NET [--input SHAPE]

        NET is a network of the notebook, such as lenet or lenet.conv1. --input: the shape of one sample, such as
        1x28x28, for a network that neither knows it nor was trained yet.

        Example: %summary lenet
        """
        (name,), given = WORDS.read(line, ip.user_ns)
        show(ip.user_ns, name, given.get("input"))

    ip.register_magic_function(summary, "line", "summary")  # type: ignore[arg-type]
    offer(ip, WORDS)


def unregister(ip: InteractiveShell) -> None:
    """Take the completion back."""
    forget(ip, WORDS.magic)


def show(namespace: Mapping[str, Any], name: str, sample: tuple[int, ...] | None = None) -> None:
    """Display the table of the network called ``name`` in ``namespace``."""
    from IPython.display import display

    block = find_network(namespace, name)
    table = summarize(outline(block, name, sample))
    display({"text/html": table.html(), "text/plain": table.text()}, raw=True)


@dataclass(frozen=True)
class Table:
    """The rows as text, each with its depth, and the lines below them."""

    name: str
    rows: tuple[tuple[int, tuple[str, str, str, str]], ...]
    totals: tuple[str, ...]

    def text(self) -> str:
        """The table for a terminal."""
        cells = [("  " * depth + row[0], *row[1:]) for depth, row in self.rows]
        widths = [max(len(row[column]) for row in [HEAD, *cells]) for column in range(len(HEAD))]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        lines = [_line(HEAD, widths), rule, *(_line(row, widths) for row in cells), rule, *self.totals]
        return "\n".join([self.name, *lines])

    def html(self) -> str:
        """The table for a notebook."""
        head = "".join(_cell("th", text, column, STYLE["line"]) for column, text in enumerate(HEAD))
        body = "".join(
            "<tr>" + "".join(_cell("td", text, column, "", depth) for column, text in enumerate(row)) + "</tr>"
            for depth, row in self.rows
        )
        totals = "<br>".join(map(escape, self.totals))
        return (
            f'<div><b>{escape(self.name)}</b><table style="{STYLE["table"]}"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>{totals}</div>"
        )


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    *left, last = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
    return "  ".join([*left, last.strip().rjust(widths[-1])])


def _cell(tag: str, text: str, column: int, more: str = "", depth: int = 0) -> str:
    style = STYLE["number" if column == len(HEAD) - 1 else "text"]
    if column == 0 and depth:
        style += f"; padding-left: {0.4 + 1.4 * depth:.1f}em"
    return f'<{tag} style="{"; ".join(filter(None, (style, more)))}">{escape(text)}</{tag}>'


def summarize(seen: Outline) -> Table:
    """The table of an outline: a row a layer, a row above each nested network and each turn of a repeat."""
    rows: list[tuple[int, tuple[str, str, str, str]]] = []
    open_groups: tuple[Group, ...] = ()
    for item in seen.items:
        shared = 0
        while item.groups[: shared + 1] == open_groups[: shared + 1] and shared < len(item.groups):
            shared += 1
        for depth in range(shared, len(item.groups)):
            group = item.groups[depth]
            turn = f"turn {group.turn} of {group.turns}" if group.turn else ""
            rows.append((depth, (group.name, turn, "", "")))
        open_groups = item.groups
        shape = "?" if item.shape is None else shape_text(item.shape)
        count = "?" if item.parameters is None else f"{item.parameters:,}" if item.parameters else ""
        rows.append((len(item.groups), (item.name, item.label, shape, count)))
    return Table(seen.name, tuple(rows), _totals(seen.block))


def _totals(block: Any) -> tuple[str, ...]:
    """All parameters, each counted once, those that do not learn, and the memory they take."""
    from dlcore.gluon._count import numbers_of, unique

    parameters = unique(block.collect_params().values())
    sizes = [numbers_of(parameter) for parameter in parameters]
    if None in sizes:
        return ("parameters: not all are known before the first batch",)
    total = sum(size or 0 for size in sizes)
    fixed = sum(size or 0 for p, size in zip(parameters, sizes, strict=True) if p.grad_req == "null")
    memory = sum((size or 0) * _itemsize(p) for p, size in zip(parameters, sizes, strict=True))
    said = f"parameters: {total:,}" + (f", of which {fixed:,} do not learn" if fixed else "")
    return (said, f"memory: {size_text(memory)}")


def _itemsize(parameter: Any) -> int:
    text = str(parameter.dtype)
    if "bfloat16" in text:
        return 2
    import numpy

    return numpy.dtype(parameter.dtype).itemsize
