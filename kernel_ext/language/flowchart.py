"""Draws the lines of a Mermaid flowchart apart: its boxes with their texts, its arrows with theirs, its frames."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..errors import did_you_mean
from .errors import Source, Span

NAME = re.compile(r"\w+(?:-\w+)*")
FRAMES = [("([", "])"), ("[[", "]]"), ("[(", ")]"), ("((", "))"), ("{{", "}}"), ("[/", "/]"), ("[\\", "\\]"),
          ("[", "]"), ("(", ")"), ("{", "}"), (">", "]")]  # fmt: skip
PLAIN_ARROW = re.compile(r"(?:--+>|==+>|-\.+->)(?:\s*\|(?P<text>[^|]*)\|)?")
TEXT_ARROW = re.compile(r"(?:--\s+(?P<a>[^-]+?)\s*--+>|==\s+(?P<b>[^=]+?)\s*==+>|-\.\s+(?P<c>.+?)\s*\.+->)")
HEADLESS = re.compile(r"---+|===+|-\.+-|<--+>?|--+[ox]")
SKIPPED = re.compile(r"(direction|classDef|class|style|linkStyle|click|accTitle|accDescr)\b")
COUNT = re.compile(r"\s*<br\s*/?>.*$", re.DOTALL)  # what stands below the line in a box: its parameters
STATEMENTS = ("subgraph", "end", "direction", "classDef", "class", "style", "linkStyle", "click")


@dataclass(frozen=True)
class Box:
    """A box: `span` is where its text stands; a `bare` one was never given any and is called by its id."""

    id: str
    text: str
    span: Span
    bare: bool = False


@dataclass(frozen=True)
class Arrow:
    """An arrow between two boxes, with the text on it ("" for none) and where both stand."""

    start: str
    end: str
    span: Span
    text: str = ""
    text_span: Span = Span(0, 0, 0)


@dataclass
class Chart:
    """Boxes by id in the order they are first named, arrows in order, the ids of frames, and their titles."""

    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: list[Arrow] = field(default_factory=list)
    frames: set[str] = field(default_factory=set)
    titles: list[tuple[str, Span]] = field(default_factory=list)


def read_chart(source: Source, first: int) -> Chart:
    """The chart in the lines from number `first` on. Raises NetworkError."""
    chart = Chart()
    for number in range(first, len(source.text.splitlines()) + 1):
        row = source.line(number)
        bare = row.strip().rstrip(";").strip()
        if not bare or bare.startswith("%%") or bare == "end" or SKIPPED.match(bare):
            continue
        if bare.startswith("subgraph"):
            _frame(chart, row, number)
        else:
            _Row(source, chart, row, number).run()
    return chart


def _frame(chart: Chart, row: str, number: int) -> None:
    match = re.match(r"\s*subgraph\s+(\S+?)?\s*(?:\[\s*\"?(.*?)\"?\s*\])?\s*;?\s*$", row)
    if match:
        if match[1]:
            chart.frames.add(match[1])
        if match[2]:
            chart.titles.append((match[2], Span(number, match.start(2), match.end(2))))


class _Row:
    """A cursor over one line: boxes joined by arrows, several at once with &."""

    def __init__(self, source: Source, chart: Chart, row: str, number: int) -> None:
        self.source, self.chart, self.row, self.number, self.at = source, chart, row, number, 0

    def run(self) -> None:
        """Read the whole line."""
        starts = self._group()
        while not self._ended():
            span, text, text_span = self._arrow()
            ends = self._group()
            self.chart.arrows += [Arrow(a, b, span, text, text_span) for a in starts for b in ends]
            starts = ends

    def _blank(self) -> None:
        while self.at < len(self.row) and self.row[self.at].isspace():
            self.at += 1

    def _ended(self) -> bool:
        self._blank()
        return self.row[self.at :].strip() in ("", ";")

    def _span(self, start: int, end: int | None = None) -> Span:
        return Span(self.number, start, self.at if end is None else end)

    def _group(self) -> list[str]:
        found = [self._box()]
        while not self._ended() and self.row[self.at] == "&":
            self.at += 1
            found.append(self._box())
        return found

    def _box(self) -> str:
        self._blank()
        match = NAME.match(self.row, self.at)
        if match is None:
            rest = self.row[self.at :].strip() or "the end of the line"
            raise self.source.error(
                f"expected a box such as a[conv 8 3x3], not {rest}", Span(self.number, self.at, len(self.row) + 1)
            )
        start, self.at = self.at, match.end()
        known = self.chart.boxes.get(match.group())
        frame = next((pair for pair in FRAMES if self.row.startswith(pair[0], self.at)), None)
        if frame is None:
            if known is None and match.group() not in self.chart.frames:
                self.chart.boxes[match.group()] = Box(match.group(), match.group(), self._span(start), bare=True)
        else:
            self._text(match.group(), frame, known)
        style = re.compile(r":::\w+").match(self.row, self.at)
        self.at = style.end() if style else self.at
        return match.group()

    def _text(self, name: str, frame: tuple[str, str], known: Box | None) -> None:
        opened = self.at
        self.at += len(frame[0])
        self._blank()
        quoted = self.row.startswith('"', self.at)
        begin = self.at + quoted
        end = self.row.find('"' if quoted else frame[1], begin)
        closed = self.row.find(frame[1], end + quoted) if end >= 0 else -1
        if closed < 0:
            raise self.source.error(f"this box has no closing {frame[1]}", Span(self.number, opened, len(self.row)))
        self.at = closed + len(frame[1])
        line = COUNT.sub("", self.row[begin:end]).rstrip()
        begin += len(line) - len(line.lstrip())
        box = Box(name, line.strip(), Span(self.number, begin, begin + len(line.strip())))
        if known is not None and not known.bare and known.text != box.text:
            where = f"on line {known.span.line}"
            raise self.source.error(f"the box {name} says something else already {where}: {known.text}", box.span)
        self.chart.boxes[name] = box

    def _arrow(self) -> tuple[Span, str, Span]:
        start = self.at
        match = PLAIN_ARROW.match(self.row, self.at) or TEXT_ARROW.match(self.row, self.at)
        if match is None:
            if headless := HEADLESS.match(self.row, self.at):
                self.at = headless.end()
                raise self.source.error("an arrow needs one head, which says where values go: -->", self._span(start))
            end = re.compile(r"\S+").match(self.row, self.at)
            self.at = end.end() if end else len(self.row)
            word = self.row[:start].strip()
            hint = did_you_mean(word, STATEMENTS) if " " not in word else ""
            raise self.source.error(f"expected an arrow such as -->{hint}", self._span(start))
        self.at = match.end()
        group = next((name for name, text in match.groupdict().items() if text is not None), None)
        if group is None:
            return self._span(start), "", self._span(start)
        raw = match[group]
        text = raw.strip().strip('"').strip()
        begin = match.start(group) + raw.find(text) if text else match.start(group)
        return self._span(start), text, Span(self.number, begin, begin + max(1, len(text)))
