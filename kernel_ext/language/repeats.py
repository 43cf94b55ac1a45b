"""What can be done to repeats in one gesture: repeat a stretch of lines, add a repeat, take a repeat's frame away."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ..errors import CleanError
from .source import INDENT
from .tree import Repeat
from .wires import Line, Wires

FORM = "repeat 3: dense 64 relu"  # how a repeat with its first line is written in one


def split(text: str) -> tuple[str, str] | None:
    """``repeat 3: dense 64`` as its two lines; None for what is no repeat."""
    head, colon, body = text.strip().partition(":")
    if head.split()[:1] != ["repeat"]:
        return None
    if not colon or body.split()[:1] in ([], ["repeat"]):
        raise CleanError(f"say what is repeated, as in {FORM}; more lines can be added inside")
    return f"{head}:", body


def framed(statement: Repeat, source: Line | None, inner: Line) -> Line:
    """A new repeat of one new line."""
    entry = Line(None)
    inner.sources = [entry]
    return Line(statement, sources=[source], body=[entry, inner])


def wrap(wires: Wires, request: Mapping[str, Any], statement: Repeat) -> Line:
    """Put the lines from ``line`` to ``to`` into a repeat; what comes into the first comes into every turn."""
    first, body = wires.at(int(request["line"]))
    last, other = wires.at(int(request.get("to") or request["line"]))
    if body is not other:
        raise CleanError("a repeat takes lines that stand in the same frame")
    start, end = sorted((body.index(first), body.index(last)))
    stretch = body[start : end + 1]
    if any(line.statement is None or line.is_input for line in stretch):
        raise CleanError("what comes in cannot be repeated")
    parts = [part for line in stretch for part, _ in wires.walk([line])]
    for line in stretch[:-1]:
        user = next((user for user, _ in wires.users(line) if user not in parts), None)
        if user is not None:
            what, by = (one.target or one.auto or "a repeat" for one in (line, user))
            raise CleanError(f"{what} is used below the stretch, by {by}; repeat that too")
    source, entry = stretch[0].sources[0], Line(None)
    made = Line(statement, sources=[source], body=[entry, *stretch], above=stretch[0].above)
    stretch[0].above = []
    for user, place in wires.users(stretch[-1]):
        if user not in parts:
            user.sources[place] = made
    for part in parts:
        part.sources = [entry if one is source else one for one in part.sources]
        part.raw = INDENT + part.raw if part.raw else ""
        part.above = [INDENT + row if row.strip() else row for row in part.above]
    body[start : end + 1] = [made]
    return made


def unwrap(wires: Wires, request: Mapping[str, Any], networks: Collection[str]) -> Line:
    """Take the frame of a repeat away: its lines stay once."""
    line, body = wires.at(int(request["line"]))
    if not line.body:
        raise CleanError("only a repeat has a frame that can be taken away")
    entry, inner = line.body[0], line.body[1:]
    names = {other.target for other, home in wires.walk() if home is not line.body}
    twice = next((one.target for one in inner if one.target is not None and one.target in names), None)
    if twice is not None:
        raise CleanError(f'another line is named "{twice}" already; give the one in the repeat another name')
    for user, place in wires.users(entry):
        user.sources[place] = line.sources[0]
    for user, place in wires.users(line):
        user.sources[place] = inner[-1]
    margin = _indent(inner[0].raw or INDENT) - _indent(line.raw)
    for part, _ in wires.walk(inner):
        part.raw = part.raw[margin:]
        part.above = [row[margin:] if row[:margin].isspace() else row for row in part.above]
    inner[0].above = [*line.above, *inner[0].above]
    body[body.index(line) : body.index(line) + 1] = inner
    return inner[0]


def _indent(row: str) -> int:
    return len(row) - len(row.lstrip())
