"""From a line of text to its words, numbers, sizes and braces."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NoReturn

from .errors import Source, Span

COMPONENT = r"(?:\d+|\{)"
NUMBER = re.compile(r"-?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?")
NAME = re.compile(r"[^\W\d]\w*")
MARKS = "=(),:"


@dataclass(frozen=True)
class Token:
    """One token. ``kind`` is name, number, size, brace, comment, or the mark itself; ``value`` what it says.

    A number's value is an int or a float, a size's a tuple of ints and brace texts, a brace's its text.
    """

    kind: str
    value: object
    span: Span

    @property
    def text(self) -> str:
        """The value as text, for names and braces."""
        return str(self.value)


def tokenize(source: Source, number: int) -> list[Token]:
    """The tokens of line ``number``; raises NetworkError at the first character that starts none.

    >>> [t.kind for t in tokenize(Source("conv 32 3x3  # first"), 1)]
    ['name', 'number', 'size', 'comment']
    """
    return _LineLexer(source, number).run()


class _LineLexer:
    def __init__(self, source: Source, number: int) -> None:
        self.source, self.number = source, number
        self.line = source.line(number)
        self.at = 0

    def run(self) -> list[Token]:
        tokens: list[Token] = []
        while True:
            while self.at < len(self.line) and self.line[self.at].isspace():
                self.at += 1
            if self.at == len(self.line):
                return tokens
            tokens.append(self._next())

    def _span(self, start: int) -> Span:
        return Span(self.number, start, self.at)

    def _next(self) -> Token:
        start, char = self.at, self.line[self.at]
        if char == "#":
            self.at = len(self.line)
            return Token("comment", self.line[start + 1 :].strip(), self._span(start))
        if char.isdigit() or char in "{.-":
            return self._value(start)
        if match := NAME.match(self.line, start):
            self.at = match.end()
            return Token("name", match.group(), self._span(start))
        self.at += 1
        if char in MARKS:
            return Token(char, char, self._span(start))
        hint = "; sizes are written 3x3" if char == "*" else ""
        raise self.source.error(f'"{char}" means nothing here{hint}', self._span(start))

    def _value(self, start: int) -> Token:
        """A number, a size like 3x3 or {n}x28x28, or a brace."""
        parts: list[int | float | str] = []
        while True:
            parts.append(self._component(start))
            more = re.match(rf"[x×](?={COMPONENT})", self.line[self.at :])
            if not more:
                break
            self.at += 1
        if re.match(r"[\w.]", self.line[self.at :]):
            self._bad(start)
        if len(parts) == 1:
            return Token("brace" if isinstance(parts[0], str) else "number", parts[0], self._span(start))
        if any(isinstance(part, float) for part in parts):
            self._bad(start)
        return Token("size", tuple(parts), self._span(start))

    def _component(self, start: int) -> int | float | str:
        if self.line[self.at] == "{":
            return self._brace()
        match = NUMBER.match(self.line, self.at)
        if not match:
            self._bad(start)
        self.at = match.end()
        text = match.group()
        return int(text) if re.fullmatch(r"-?\d+", text) else float(text)

    def _brace(self) -> str:
        """The text between { and its own }, knowing nested braces and Python strings."""
        start, depth, quote = self.at, 0, ""
        while self.at < len(self.line):
            char = self.line[self.at]
            if quote:
                if char == "\\":
                    self.at += 1
                elif char == quote:
                    quote = ""
            elif char in "'\"":
                quote = char
            elif char in "{}":
                depth += 1 if char == "{" else -1
            self.at += 1
            if depth == 0:
                inside = self.line[start + 1 : self.at - 1].strip()
                if not inside:
                    raise self.source.error("there is no expression between { and }", self._span(start))
                return inside
        self.at = len(self.line.rstrip())
        raise self.source.error("this { has no closing }", self._span(start))

    def _bad(self, start: int) -> NoReturn:
        while self.at < len(self.line) and not (self.line[self.at].isspace() or self.line[self.at] in "(),=:#{}"):
            self.at += 1
        word = self.line[start : self.at]
        raise self.source.error(
            f'"{word}" is not a number or a size; numbers are written 32 or 0.5, sizes 3x3', self._span(start)
        )
