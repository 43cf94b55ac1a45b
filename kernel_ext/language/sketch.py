"""What a diagram shows of a network's text, also while it has a mistake: rows, wires, shapes, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dlcore.gluon._count import parameter_count

from .builder import probe
from .edits import fields, line_text
from .errors import NetworkError
from .infer import infer
from .kinds import shape_text
from .plan import Plan
from .resolve import resolve
from .tree import Layer, Program, Repeat, Use
from .wires import Line, Wires
from .words import INPUT, WORDS


@dataclass
class Row:
    """One line of the text. ``line`` is its number; 0 is what comes in where no input line says it.

    ``kind`` is input, layer, join, use, repeat or entry (what comes in); ``inside`` is the number of the repeat it
    stands in. ``sources`` are (line, shape as text, whether the mistake is on this wire).
    """

    line: int
    kind: str
    name: str
    text: str
    inside: int = 0
    shape: str = ""
    parameters: int = 0
    target: str = ""
    sources: list[tuple[int, str, bool]] = field(default_factory=list)
    fields: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""


@dataclass
class Sketch:
    """The rows in the order of the text, and the mistake, if there is one."""

    rows: list[Row]
    error: NetworkError | None = None


def sketch(
    program: Program, namespace: Mapping[str, Any], net: Any = None, error: NetworkError | None = None
) -> Sketch:
    """The sketch of a text that can be read.

    ``net`` is the living network of that text, for its parameter counts; ``error`` a mistake that is known already.
    """
    wires = Wires(program)
    shapes: dict[int, list[Any]] = {}
    counts: dict[int, int] = {}
    plan = None
    for unused in (False, True):
        try:
            plan = resolve(program, namespace, unused=unused)
            break
        except NetworkError as problem:
            error = error or problem
    if plan is not None:
        error = _follow(plan, shapes) or error
        if net is not None and error is None:
            _count(plan, net, counts)
    rows = list(_rows(wires, wires.body, 0, shapes, counts))
    if error is not None:
        _mark(rows, wires, error)
    return Sketch(rows, error)


def _follow(plan: Plan, shapes: dict[int, list[Any]]) -> NetworkError | None:
    """The shapes as far as they go, by line, and the mistake where they stop."""
    found: list[Any] = []
    error = None
    try:
        infer(plan, [], probe, found)
    except NetworkError as problem:
        error = problem
    for step, shape in zip(plan.steps, found, strict=False):
        number = step.span.line if step.text != INPUT.name or step.settings.get("shape") else 0
        shapes.setdefault(number, []).append(shape)
    return error


def _count(plan: Plan, net: Any, counts: dict[int, int]) -> None:
    for step, layer in zip(plan.steps, net.layers, strict=True):
        number = parameter_count(layer) if layer is not None else 0
        counts[step.span.line] = counts.get(step.span.line, 0) + (number or 0)


def _rows(wires: Wires, body: list[Line], inside: int, shapes: dict[int, list[Any]], counts: dict[int, int]) -> Any:
    def shape_of(line: Line | None) -> str:
        while line is not None and line.body:  # a repeat makes what its last line makes
            line = line.body[-1]
        known = shapes.get(line.number, []) if line is not None else []
        return "" if not known or known[-1] is None else shape_text(known[-1])

    for line in body:
        statement = line.statement
        if statement is None:
            if not inside and any(line in other.sources for other in body):
                yield Row(0, "entry", "input", "the first batch", shape=shape_of(line))
            continue
        row = Row(line.number, _kind(line), line.target or line.auto, line_text(line), inside)
        row.shape, row.parameters = shape_of(line), counts.get(line.number, 0)
        row.target, row.fields = line.target or "", fields(line)
        for source in line.sources:
            if source is not None:
                entry = source.statement is None
                row.sources.append((inside if entry and inside else source.number, shape_of(source), False))
        yield row
        if line.body:
            yield from _rows(wires, line.body, line.number, shapes, counts)


def _kind(line: Line) -> str:
    if isinstance(line.statement, Repeat):
        return "repeat"
    if isinstance(line.statement, Use):
        return "use"
    assert isinstance(line.statement, Layer)
    if line.is_input:
        return "input"
    return "join" if WORDS[line.statement.word].operands else "layer"


def _mark(rows: list[Row], wires: Wires, error: NetworkError) -> None:
    """Put the mistake on its row, and where shapes do not meet on the wire that brings the wrong one."""
    row = next((row for row in rows if row.line == error.span.line), rows[-1] if rows else None)
    if row is None:
        return
    row.error = error.message
    if not error.shapes or not row.sources:
        return
    statement = wires.at(row.line)[0].statement
    place = 0
    if isinstance(statement, Layer) and statement.operands:
        spans = [name.span for name in statement.operands]
        at = next((n for n, span in enumerate(spans) if span == error.span), None)
        place = 0 if at is None else at + (len(row.sources) - len(spans))
    source, shape, _ = row.sources[place]
    row.sources[place] = (source, shape, True)
