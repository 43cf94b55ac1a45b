"""A Mermaid flowchart as the text of a network: each box holds a line of the language, arrows say where values go.

    flowchart TB
        a([input 1x28x28]) -->|1x28x28| b[conv 8 3x3 relu]
        b --> c[flatten] --> d[dense 10]

What `%graph` draws can be read back, shapes on the arrows and parameter counts in the boxes included, as long as it is
not folded. A shape on an arrow is checked. Frames, directions and styles mean nothing here. Next: ``flowchart`` draws
the lines of this syntax apart; here they become a program.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from .errors import NetworkError, Source, Span
from .flowchart import Arrow, Box, Chart, read_chart
from .line_parser import LineParser
from .source import MAGIC
from .tokens import tokenize
from .tree import Claim, Layer, Name, Program, Repeat, Use
from .words import INPUT, LINE_WORDS, RESERVED, WORDS

HEAD = re.compile(r"\s*(flowchart|graph)(\s+(TB|TD|BT|RL|LR))?\s*;?\s*$")
SHAPE = re.compile(r"[1-9]\d*([x×][1-9]\d*)*$")
OUTPUT = "output"


def is_flowchart(text: str) -> bool:
    """Whether a text, with or without its ``%%network`` line, is a flowchart."""
    return _head(text.splitlines()) is not None


def _head(rows: list[str]) -> int | None:
    """The place of the ``flowchart`` line, before which only comments and a title may stand."""
    title = False
    for place, row in enumerate(rows):
        if row.strip() == "---":
            title = not title
        elif HEAD.match(row):
            return place
        elif row.strip() and not row.lstrip().startswith("%%") and not title:
            return None
    return None


def parse_flowchart(text: str, name: str = "net", place: str = "network", networks: Collection[str] = ()) -> Program:
    """Read a flowchart into a tree. Raises NetworkError, which points into the flowchart.

    >>> from dlcore.kernel_ext.language import to_source
    >>> print(to_source(parse_flowchart("graph LR\\n a[input 4] --> b[dense 2 relu]", "tiny")))
    %%network tiny
    input 4
    dense 2 relu
    """
    source, rows = Source(text, place), text.splitlines()
    start = _head(rows)
    assert start is not None
    first = next((number for number, row in enumerate(rows) if row.strip()), 0)
    if rows[first].startswith(MAGIC):
        blanked = Source(text.replace(MAGIC, " " * len(MAGIC), 1), place)
        header = LineParser(source, tokenize(blanked, first + 1), start=len(MAGIC))
        name, parameters = header.header(first + 1)
        if parameters is not None:
            raise source.error("a reusable block is written in lines, not as a flowchart", Span(first + 1, 0, 0))
    chart = read_chart(source, start + 2)
    return _Reader(source, chart, networks).program(name, Span(first + 1, 0, len(rows[first])))


@dataclass
class _Part:
    box: Box
    statement: Layer | Use
    arrows: list[Arrow]


class _Reader:
    def __init__(self, source: Source, chart: Chart, networks: Collection[str]) -> None:
        self.source, self.chart, self.networks = source, chart, networks

    def program(self, name: str, span: Span) -> Program:
        """The whole flowchart."""
        chart = self.chart
        for title, where in chart.titles:
            if re.search(r", \d+ times$", title):
                hint = "write it out, or write lines with a repeat"
                raise self.source.error(f"this frame stands for several turns, which are drawn once; {hint}", where)
        into: dict[str, list[Arrow]] = {box: [] for box in chart.boxes}
        for arrow in chart.arrows:
            for end in (arrow.start, arrow.end):
                if end in chart.frames:
                    raise self.source.error(f"{end} is a frame; an arrow joins boxes", arrow.span)
            into[arrow.end].append(arrow)
        leaving = {arrow.start for arrow in chart.arrows}
        ends = [b for b in chart.boxes.values() if b.text.lower() == OUTPUT and b.id not in leaving]
        parts = {
            box.id: _Part(box, self._statement(box), into[box.id]) for box in chart.boxes.values() if box not in ends
        }
        if not parts:
            raise self.source.error(f"{name} has no layers", span)
        for part in parts.values():
            self._check(part)
        body = self._joined(self._ordered(parts))
        return Program(name, tuple(body), None, self.source, span)

    # ------------------------------------------------------------------ boxes

    def _statement(self, box: Box) -> Layer | Use:
        """The line in a box, read where it stands, so that a mistake is shown there."""
        span = box.span
        row = self.source.line(span.line)
        alone = " " * span.start + row[span.start : span.end]
        blanked = Source("\n" * (span.line - 1) + alone, self.source.place)
        try:
            tokens = tokenize(blanked, span.line)
            if not tokens:
                raise blanked.error("this box is empty; write a layer in it, such as conv 8 3x3", span)
            statement = LineParser(blanked, tokens, frozenset(), self.networks, wired=True).statement()
        except NetworkError as error:
            hint = "" if row[span.start : span.end] in LINE_WORDS else self._hint(box)
            raise NetworkError(error.message + hint, self.source, error.span) from None
        if isinstance(statement, Repeat):
            raise self.source.error("a repeat cannot be drawn; write the network in lines", span)
        return statement

    def _hint(self, box: Box) -> str:
        return f"; write the layer into the box: {box.id}[conv 8 3x3]" if box.bare else ""

    def _check(self, part: _Part) -> None:
        statement, arrows, span = part.statement, part.arrows, part.box.span
        error = self.source.error
        word = statement.word if isinstance(statement, Layer) else "use"
        if word == INPUT.name:
            if arrows:
                raise error("an input comes from nowhere, but an arrow leads to it", arrows[0].span)
            return
        if not arrows:
            raise error(f"nothing flows into {word}; draw an arrow to it from a layer or an input", span)
        joins = isinstance(statement, Layer) and WORDS[statement.word].operands
        if joins and len(arrows) < 2:
            raise error(f"{word} puts values together and needs two arrows or more", span)
        if not joins and len(arrows) > 1:
            hint = "put them together with add or concat first"
            raise error(f"{word} takes one value, but {len(arrows)} arrows lead to it; {hint}", arrows[1].span)

    # ------------------------------------------------------------------ order and names

    def _ordered(self, parts: dict[str, _Part]) -> list[_Part]:
        """Inputs first, then each box as soon as what it needs is there, in the order they were drawn."""
        waiting = sorted(parts.values(), key=lambda part: not _is_input(part))
        done: dict[str, _Part] = {}
        while waiting:
            ready = next((p for p in waiting if all(a.start in done or a.start not in parts for a in p.arrows)), None)
            if ready is None:
                arrow = next(a for a in waiting[0].arrows if a.start not in done)
                raise self.source.error("this arrow closes a circle; values flow one way", arrow.span)
            waiting.remove(ready)
            done[ready.box.id] = ready
        return list(done.values())

    def _joined(self, order: list[_Part]) -> list[Layer | Use]:
        """The statements with the names and sources that the arrows tell, and what the arrows say of shapes."""
        following = {a.box.id: b for a, b in zip(order, order[1:], strict=False)}
        chain = {part.box.id for part in order if self._flows_on(part, following.get(part.box.id))}
        names = self._names([part for part in order if part.box.id not in chain or part.statement.target])
        body: list[Layer | Use] = []
        last = ""
        for part in order:
            statement: Layer | Use = part.statement
            spans = [Name(names.get(arrow.start, ""), arrow.span) for arrow in part.arrows]
            if isinstance(statement, Layer):
                joins = bool(WORDS[statement.word].operands) if statement.word in WORDS else False
                claims = tuple(c for a in self.chart.arrows if a.start == part.box.id for c in self._claims(a))
                statement = replace(statement, operands=tuple(spans) if joins else (), claims=claims)
            else:
                joins = False
            single = spans[0] if spans and not joins else None
            if single is not None and part.arrows[0].start == last:
                single = None
            target = Name(names[part.box.id], part.box.span) if part.box.id in names else None
            body.append(replace(statement, source=single, target=target, line=part.box.span))
            last = part.box.id
        return body

    def _flows_on(self, part: _Part, following: _Part | None) -> bool:
        """Whether what this box makes goes to the next one and nowhere else, so that it needs no name."""
        ends = [arrow.end for arrow in self.chart.arrows if arrow.start == part.box.id]
        if following is None:
            return True
        joins = isinstance(following.statement, Layer) and WORDS.get(following.statement.word)
        if joins and joins.operands:
            return False
        return ends == [following.box.id]

    def _names(self, named: list[_Part]) -> dict[str, str]:
        found: dict[str, str] = {}
        for part in named:
            own = part.statement.target.name if part.statement.target else ""
            for name in (own, part.box.id, f"v_{part.box.id}"):
                if name.isidentifier() and name not in RESERVED and name not in found.values():
                    found[part.box.id] = name
                    break
            else:
                found[part.box.id] = f"v{len(found) + 1}"
        return found

    def _claims(self, arrow: Arrow) -> list[Claim]:
        if not arrow.text or not arrow.text[0].isdigit():
            return []
        if not SHAPE.match(arrow.text):
            raise self.source.error(f'"{arrow.text}" is no shape; shapes are written 8x26x26', arrow.text_span)
        return [Claim(tuple(map(int, re.split("[x×]", arrow.text))), arrow.text_span)]


def _is_input(part: _Part) -> bool:
    return isinstance(part.statement, Layer) and part.statement.word == INPUT.name
