"""Where something stands in a network's text, and the error that points at it."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import PLAIN, RED, CleanError


@dataclass(frozen=True)
class Span:
    """A piece of one line: ``line`` counts from 1, ``start`` and ``end`` are columns counted from 0."""

    line: int
    start: int
    end: int

    def to(self, other: Span) -> Span:
        """The piece from the beginning of this one to the end of ``other`` (on the same line)."""
        return Span(self.line, self.start, max(self.end, other.end))


@dataclass(frozen=True)
class Source:
    """The text of a network and the name of the place it was written in (``Cell In[3]``)."""

    text: str
    place: str = "network"

    def line(self, number: int) -> str:
        """Line ``number`` (from 1); empty past the end."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def error(self, message: str, span: Span) -> NetworkError:
        """An error with this message that points at ``span``."""
        return NetworkError(message, self, span)

    def error_within(self, inner: NetworkError, name: str, span: Span) -> NetworkError:
        """The error of a network that is used here: it points at ``span`` and quotes the line of ``name``."""
        first, *rest = inner.message.splitlines()
        where = f"  in {name}, line {inner.lineno}: {inner.source.line(inner.lineno).strip()}"
        error = NetworkError("\n".join([first, where, *rest]), self, span)
        error.shapes = inner.shapes
        return error


class NetworkError(CleanError):
    """A mistake in a network's text: the line, a caret under the word, and what was expected.

    >>> print(Source("convv 32 3x3").error("there is no layer convv", Span(1, 0, 5)).box())
    network, line 1
        convv 32 3x3
        ^^^^^
    NetworkError: there is no layer convv
    """

    label = "NetworkError"
    shapes = False  # whether shapes do not meet, so that the wire is at fault and not the line

    def __init__(self, message: str, source: Source, span: Span) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.span = span

    @property
    def lineno(self) -> int:
        """The line of the mistake, counted from 1."""
        return self.span.line

    @property
    def caret(self) -> str:
        """The words that the caret stands under."""
        return self.source.line(self.span.line)[self.span.start : self.span.end]

    def __str__(self) -> str:
        first, *rest = self.message.splitlines()
        return "\n".join([f"{first} ({self.source.place}, line {self.span.line})", *rest])

    def box(self) -> str:
        """The whole box as plain text."""
        return "\n".join(self.render())

    def render(self, color: bool = False) -> list[str]:
        """The lines of the box: place, the line as written, the caret, the message."""
        red, plain = (RED, PLAIN) if color else ("", "")
        text = self.source.line(self.span.line).replace("\t", " ")
        width = max(1, min(self.span.end, max(len(text), self.span.start + 1)) - self.span.start)
        first, *rest = self.message.splitlines()
        return [
            f"{self.source.place}, line {self.span.line}",
            f"    {text}".rstrip(),
            f"    {' ' * self.span.start}{red}{'^' * width}{plain}",
            f"{red}{self.label}{plain}: {first}",
            *rest,
        ]

    def __reduce__(self) -> tuple[type, tuple[str, Source, Span]]:
        return type(self), (self.message, self.source, self.span)
