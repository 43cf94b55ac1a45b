"""From the text of a cell to its syntax tree: lines, indentation and the head; one line is read in ``line_parser``."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from .errors import Source, Span
from .line_parser import LineParser
from .source import MAGIC
from .tokens import Token, tokenize
from .tree import Comment, Program, Repeat, Statement


@dataclass
class _Line:
    number: int
    indent: int
    tokens: list[Token]

    @property
    def is_comment(self) -> bool:
        return self.tokens[0].kind == "comment"


@dataclass
class _Block:
    """A body that is still open: the whole text, or that of a ``repeat``."""

    indent: int
    repeat: Repeat | None = None
    body: list[Statement] = field(default_factory=list)


def parse(text: str, name: str = "net", place: str = "network", networks: Collection[str] = ()) -> Program:
    """Read the text of a network into a tree.

    ``text`` may start with its ``%%network NAME(...)`` line; without one the network is called ``name``. ``place``
    names the text in messages, ``networks`` are names of other networks, known only to give better hints.
    Raises NetworkError.

    >>> parse("input 784\\ndense 10").body[1].word
    'dense'
    """
    source = Source(text, place)
    lines = text.splitlines()
    head = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines and lines[head].startswith(MAGIC):
        tokens = _head_tokens(source, head + 1)
        name, parameters = LineParser(source, tokens, start=len(MAGIC)).header(head + 1)
        first = head + 2
    else:
        parameters, first = None, 1
    known = frozenset(p.name for p in parameters or ())
    body = _Parser(source, first, known, networks).run()
    return Program(name, tuple(body), parameters, source, Span(head + 1, 0, len(source.line(head + 1))))


def _head_tokens(source: Source, number: int) -> list[Token]:
    """The tokens after ``%%network``; the magic's own signs are blanked so that columns stay true."""
    first = source.line(number)[len(MAGIC) :].split("(")[0].split()[:1]
    if first and first[0][0].isdigit():
        start = source.line(number).index(first[0], len(MAGIC))
        message = f'"{first[0]}" cannot be a network\'s name: names of Python begin with a letter'
        raise source.error(message, Span(number, start, start + len(first[0])))
    blanked = Source(source.text.replace(MAGIC, " " * len(MAGIC), 1), source.place)
    return [token for token in tokenize(blanked, number) if token.kind != "comment"]


class _Parser:
    def __init__(self, source: Source, first: int, parameters: frozenset[str], networks: Collection[str]) -> None:
        self.source, self.parameters, self.networks = source, parameters, networks
        self.lines = self._read(first)
        self.blocks = [_Block(0)]

    def _read(self, first: int) -> list[_Line]:
        lines = []
        for number in range(first, len(self.source.text.splitlines()) + 1):
            text = self.source.line(number)
            if not text.strip():
                continue
            margin = re.match(r"\s*", text)
            indent = margin.end() if margin else 0
            if "\t" in text[:indent]:
                tab = text.index("\t")
                raise self.source.error("indent with spaces, not with tabs", Span(number, tab, tab + 1))
            lines.append(_Line(number, indent, tokenize(self.source, number)))
        return lines

    def run(self) -> list[Statement]:
        """Every statement of the text."""
        for at, line in enumerate(self.lines):
            if line.is_comment:
                self._comment(line, self._next_indent(at))
            else:
                self._statement(line, at)
        self._close(0)
        return self.blocks[0].body

    def _next_indent(self, at: int) -> int:
        """The indentation of the next line that is not a comment; 0 at the end of the text."""
        return next((line.indent for line in self.lines[at + 1 :] if not line.is_comment), 0)

    def _comment(self, line: _Line, following: int) -> None:
        """A comment belongs where it is indented, but never ends a repeat that goes on below it."""
        self._close(max(line.indent, following))
        token = line.tokens[0]
        self.blocks[-1].body.append(Comment(token.text, token.span))

    def _statement(self, line: _Line, at: int) -> None:
        known = [block.indent for block in self.blocks]
        self._close(line.indent)
        block = self.blocks[-1]
        if line.indent > block.indent:
            message = "only the lines below a repeat are indented"
            if line.indent < known[-1]:
                either = " or ".join(map(str, known))
                message = f"this line is indented by {line.indent}, but the lines above it by {either}"
            raise self.source.error(message, Span(line.number, 0, line.indent))
        statement = LineParser(self.source, line.tokens, self.parameters, self.networks).statement()
        if not isinstance(statement, Repeat):
            block.body.append(statement)
            return
        inner = self._next_indent(at)
        if inner <= line.indent:
            raise self.source.error("repeat needs at least one indented line below it", statement.span)
        self.blocks.append(_Block(inner, statement))

    def _close(self, indent: int) -> None:
        """End every repeat that is indented deeper than ``indent``."""
        while len(self.blocks) > 1 and self.blocks[-1].indent > indent:
            done = self.blocks.pop()
            assert done.repeat is not None
            repeat = Repeat(done.repeat.count, tuple(done.body), done.repeat.comment, done.repeat.span)
            self.blocks[-1].body.append(repeat)
