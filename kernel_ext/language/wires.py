"""A text as lines joined by wires, so that a line can be added, taken out or fed from elsewhere and the rest stays.

`Wires` reads a program; a line's inputs are lines, however the text says so (the line above, ``from``, names). After
a change `Wires.text` writes the program again: a line that still means the same keeps its very spelling, comments and
blank lines stay where they stood, and names are given only where a wire needs one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from .source import INDENT, MAGIC, statement_text, value_text
from .tree import Comment, Layer, Name, Program, Repeat, Statement, Use, walk
from .words import INPUT, WORDS


@dataclass(eq=False)
class Line:
    """One statement, or (with `statement` None) what comes into the text or into the turns of a repeat.

    `number` is its line in the text that was read, 0 for a new one. `sources` are the lines it takes values from; a
    name that means nothing leaves None. `body` is what a repeat repeats, its first line being what comes in.
    """

    statement: Layer | Use | Repeat | None
    number: int = 0
    sources: list[Line | None] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)
    above: list[str] = field(default_factory=list)  # comments and blank lines before it, as they are written
    raw: str = ""
    auto: str = ""  # the name it has where the text gives none

    @property
    def target(self) -> str | None:
        """The name that the text gives to what it makes."""
        named = self.statement.target if isinstance(self.statement, (Layer, Use)) else None
        return None if named is None else named.name

    @property
    def is_input(self) -> bool:
        """Whether this is an ``input`` line."""
        return isinstance(self.statement, Layer) and self.statement.word == INPUT.name

    @property
    def takes(self) -> int:
        """How many values it takes at least."""
        if self.statement is None or self.is_input:
            return 0
        return 2 if isinstance(self.statement, Layer) and WORDS[self.statement.word].operands else 1

    @property
    def joins(self) -> bool:
        """Whether it puts together as many values as it is given."""
        return self.takes == 2


class Wires:
    """The lines of a program with what they are connected to."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.rows = program.source.text.splitlines()
        self.headed = program.source.text.lstrip().startswith(MAGIC)
        self.read = program.span.line if self.headed else 0  # the last line that belongs to somebody
        self.body = self._scope(program.body, [{}])
        self.below = self.rows[self.read :]
        self._statements = {s.span.line: s for s in walk(program.body) if not isinstance(s, Comment)}
        self._number(self.body, {line.target for line, _ in self.walk()})
        self.moved: dict[int, int] = {}  # after `text`: its lines, and where they stood before
        self.places: dict[int, int] = {}  # after `text`: where each line (by its id) stands now

    # ------------------------------------------------------------------ reading

    def _scope(self, body: tuple[Statement, ...], scopes: list[dict[str, Line]]) -> list[Line]:
        entry = Line(None)
        found, last = [entry], entry
        for statement in body:
            if isinstance(statement, Comment):
                continue
            number = statement.span.line
            line = Line(statement, number, above=self.rows[self.read : number - 1], raw=self.rows[number - 1])
            self.read = max(self.read, number)
            found.append(line)
            if isinstance(statement, Repeat):
                line.sources = [last]
                line.body = self._scope(statement.body, [*scopes, {}])
            else:
                line.sources = [] if line.is_input else self._sources(statement, last, scopes)
                if line.target is not None:
                    scopes[-1][line.target] = line
            last = line
        return found

    def _sources(self, statement: Layer | Use, last: Line, scopes: list[dict[str, Line]]) -> list[Line | None]:
        def lookup(name: Name) -> Line | None:
            return next((scope[name.name] for scope in reversed(scopes) if name.name in scope), None)

        if isinstance(statement, Layer) and statement.operands:
            found = [lookup(name) for name in statement.operands]
            return [last, *found] if len(found) == 1 else found
        return [lookup(statement.source) if statement.source else last]

    def _number(self, body: list[Line], taken: set[str | None]) -> None:
        """Tell each line the name that the plan will give it, as `resolve` does."""
        numbers: dict[str, int] = {}
        for line in body:
            if line.body:
                self._number(line.body, taken)
            elif line.is_input:
                line.auto = INPUT.name
            elif isinstance(line.statement, (Layer, Use)) and line.target is None:
                base, number = _base(line.statement), 0
                while number == 0 or line.auto in taken:
                    number = numbers[base] = numbers.get(base, 0) + 1
                    line.auto = f"{base}{number}"

    # ------------------------------------------------------------------ finding

    def walk(self, body: list[Line] | None = None) -> Iterator[tuple[Line, list[Line]]]:
        """Every line with the list it stands in, in the order of the text."""
        here = self.body if body is None else body
        for line in here:
            yield line, here
            if line.body:
                yield from self.walk(line.body)

    def at(self, number: int) -> tuple[Line, list[Line]]:
        """The line that stood at this number, and the list it stands in; KeyError where none does."""
        for line, body in self.walk():
            if line.number == number and (line.statement is not None or number == 0):
                return line, body
        raise KeyError(number)

    def users(self, line: Line) -> list[tuple[Line, int]]:
        """The lines that take what `line` makes, with the place among their sources."""
        return [
            (other, place) for other, _ in self.walk() for place, source in enumerate(other.sources) if source is line
        ]

    # ------------------------------------------------------------------ writing

    def text(self) -> str:
        """The program as text, its ``%%network`` line included where it had one."""
        self._name_where_needed(self.body)
        head = self.rows[: self.program.span.line] if self.headed else []
        rows: list[tuple[str, Line | None]] = [(row, None) for row in head]
        rows += [*self._written(self.body, 0), *((row, None) for row in self.below)]
        self.places = {id(line): place + 1 for place, (_, line) in enumerate(rows) if line is not None}
        self.moved = {place + 1: line.number for place, (_, line) in enumerate(rows) if line and line.number}
        return "\n".join(row for row, _ in rows)

    def _written(self, body: list[Line], depth: int) -> Iterator[tuple[str, Line | None]]:
        """The rows of a body, each with its line; comments and blank rows have none."""
        last = body[0]
        old = next((line.raw for line in body if line.raw), "")
        usual = old[: len(old) - len(old.lstrip())] if old else INDENT * depth
        for line in body[1:]:
            yield from ((row, None) for row in line.above)
            statement, before = line.statement, self._statements.get(line.number)
            assert statement is not None
            if isinstance(statement, Repeat):
                same = isinstance(before, Repeat) and value_text(before.count) == value_text(statement.count)
                written = f"repeat {value_text(statement.count)}:"
            else:
                written = statement_text(self._wired(line, last))
                same = isinstance(before, (Layer, Use)) and statement_text(before) == written
            indent = line.raw[: len(line.raw) - len(line.raw.lstrip())] if line.raw else usual
            comment = statement.comment
            row = f"{indent}{written}" if comment is None else f"{indent}{written}  # {comment}".rstrip()
            yield (line.raw if same else row), line
            yield from self._written(line.body, depth + 1) if line.body else ()
            last = line

    def _wired(self, line: Line, last: Line) -> Layer | Use:
        """The statement with the names that its wires take."""
        statement = line.statement
        assert isinstance(statement, (Layer, Use))
        if line.is_input:
            return statement
        if line.joins:
            assert isinstance(statement, Layer)
            if len(statement.operands) == 1 and len(line.sources) == 2 and line.sources[0] is last:
                return replace(statement, operands=(self._name_of(line, 1),))
            return replace(statement, operands=tuple(self._name_of(line, n) for n in range(len(line.sources))))
        told = statement.source is not None and statement.source.name == last.target
        if line.sources[0] is last and not told:
            return replace(statement, source=None)
        return replace(statement, source=self._name_of(line, 0))

    def _name_of(self, line: Line, place: int) -> Name:
        source = line.sources[place]
        if source is not None:
            return Name(source.target or "?")
        statement = line.statement  # a name that means nothing stays as it is written
        if isinstance(statement, Layer) and statement.operands:
            names = statement.operands if len(statement.operands) > 1 else (Name("?"), *statement.operands)
            return names[place] if place < len(names) else Name("?")
        assert isinstance(statement, (Layer, Use)) and statement.source is not None
        return statement.source

    def _name_where_needed(self, body: list[Line]) -> None:
        """Give names to lines that another than the next one takes from; what has no name gets ``identity`` below."""
        for place in range(len(body) - 1, 0, -1):  # a repeat takes what is above it, and nothing else
            line = body[place]
            if isinstance(line.statement, Repeat) and line.sources[0] is not body[place - 1]:
                body.insert(place, Line(Layer("identity"), sources=line.sources))
                line.sources = [body[place]]
        for place in range(len(body) - 1, -1, -1):
            line = body[place]
            if line.body:
                self._name_where_needed(line.body)
            following = body[place + 1] if place + 1 < len(body) else None
            if line.target is not None or all(_implicit(use, following) for use in self.users(line)):
                continue
            if isinstance(line.statement, (Layer, Use)):
                taken = {other.target for other, _ in self.walk()}
                fits = line.auto and line.auto not in taken and not line.is_input
                name = line.auto if fits else self._free_name(_base(line.statement))
                line.statement = replace(line.statement, target=Name(name))
                continue
            named = Line(Layer("identity", target=Name(self._free_name("x"))))
            for user, at in self.users(line):
                user.sources[at] = named
            named.sources = [line]
            body.insert(place + 1, named)

    def _free_name(self, base: str) -> str:
        taken = {line.target for line, _ in self.walk()} | {p.name for p in self.program.parameters or ()}
        number = 1
        while f"{base}{number}" in taken:
            number += 1
        return f"{base}{number}"


def _implicit(use: tuple[Line, int], following: Line | None) -> bool:
    """Whether a wire needs no name: it goes to the line below, as that line's first value."""
    user, place = use
    if user is not following or place > 0:
        return False
    if isinstance(user.statement, Repeat) or not user.joins:
        return True
    assert isinstance(user.statement, Layer)
    return len(user.statement.operands) == 1 and len(user.sources) == 2


def _base(statement: Layer | Use) -> str:
    if isinstance(statement, Layer):
        return "x" if statement.word == INPUT.name else statement.word
    return statement.block.name if isinstance(statement.block, Name) else "block"
