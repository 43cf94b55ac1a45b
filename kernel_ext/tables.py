"""Small tables that a notebook shows as HTML and a terminal as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

CELL = "padding: 0.15em 0.9em 0.15em 0.4em"


@dataclass
class TextTable:
    """Rows of text under a heading; `numbers` are the columns set to the right, `notes` the lines below."""

    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: tuple[int, ...] = ()
    notes: list[str] = field(default_factory=list)

    def __repr__(self) -> str:
        lines = [self.head, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.head))]

        def text(line: tuple[str, ...]) -> str:
            cells = [
                cell.rjust(width) if column in self.numbers else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            ]
            return "  ".join(cells).rstrip()

        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([text(self.head), rule, *map(text, self.rows), *self.notes])

    def _repr_html_(self) -> str:
        def row(cells: tuple[str, ...], tag: str) -> str:
            sides = ["right" if column in self.numbers else "left" for column in range(len(cells))]
            parts = [
                f'<{tag} style="text-align: {side}; {CELL}; font-variant-numeric: tabular-nums">{escape(cell)}</{tag}>'
                for side, cell in zip(sides, cells, strict=True)
            ]
            return f"<tr>{''.join(parts)}</tr>"

        body = "".join(row(cells, "td") for cells in self.rows)
        notes = "<br>".join(map(escape, self.notes))
        table = f"<table><thead>{row(self.head, 'th')}</thead><tbody>{body}</tbody></table>"
        return f"<div>{table}{notes}</div>"


def size_text(count: float) -> str:
    """A number of bytes for people.

    >>> size_text(1536)
    '1.5 KiB'
    """
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"
