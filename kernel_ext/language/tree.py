"""The syntax tree of a network. Two trees are equal when they say the same, wherever they stand in the text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

from .errors import Source, Span

NOWHERE = Span(0, 0, 0)


def _span() -> Span:
    """A field for the place in the text, which equality ignores."""
    return field(default=NOWHERE, compare=False, repr=False)  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Number:
    """A number as written: ``32`` is an int, ``0.5`` a float."""

    value: int | float
    span: Span = _span()


@dataclass(frozen=True)
class Size:
    """A size such as ``3x3`` or ``{n}x28x28``; a part is an int or the text of a brace."""

    parts: tuple[int | str, ...]
    span: Span = _span()


@dataclass(frozen=True)
class Brace:
    """``{python expression}``, evaluated in the notebook when the network is made."""

    code: str
    span: Span = _span()


@dataclass(frozen=True)
class Name:
    """A parameter of the block, a named value, or a word that an option takes (``pad same``)."""

    name: str
    span: Span = _span()


Value = Number | Size | Brace | Name


@dataclass(frozen=True)
class Claim:
    """What an arrow of a flowchart says of the shape of what a line makes."""

    shape: tuple[int, ...]
    span: Span = _span()


@dataclass(frozen=True)
class Comment:
    """A line that is only a comment."""

    text: str
    span: Span = _span()


@dataclass(frozen=True)
class Layer:
    """One layer line: ``target = word args option value ... activation from source``.

    ``operands`` are the named values that words such as ``add`` put together. ``options`` stand in the order of the
    word's row in the vocabulary; a flag such as ``nobias`` has the value None.
    """

    word: str
    args: tuple[Value, ...] = ()
    options: tuple[tuple[str, Value | None], ...] = ()
    activation: str | None = None
    operands: tuple[Name, ...] = ()
    source: Name | None = None
    target: Name | None = None
    comment: str | None = None
    span: Span = _span()
    line: Span = _span()
    claims: tuple[Claim, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Use:
    """``use NAME(args, key=value)`` or ``use {expression}``."""

    block: Name | Brace
    args: tuple[Value, ...] | None = None
    keywords: tuple[tuple[str, Value], ...] = ()
    source: Name | None = None
    target: Name | None = None
    comment: str | None = None
    span: Span = _span()
    line: Span = _span()


@dataclass(frozen=True)
class Repeat:
    """``repeat N:`` and its indented body."""

    count: Value
    body: tuple[Statement, ...]
    comment: str | None = None
    span: Span = _span()


Statement = Comment | Layer | Use | Repeat


@dataclass(frozen=True)
class Parameter:
    """A parameter of a reusable block; ``default`` is None when it must be given."""

    name: str
    default: Value | None = None
    span: Span = _span()


@dataclass(frozen=True)
class Program:
    """A whole cell. ``parameters`` is None for a network and a tuple for a reusable block."""

    name: str
    body: tuple[Statement, ...]
    parameters: tuple[Parameter, ...] | None = None
    source: Source = field(default=Source(""), compare=False, repr=False)
    span: Span = _span()


def python_names(program: Program) -> set[str]:
    """Every name of the notebook that the text mentions: in braces, and after ``use``."""
    names: set[str] = set()
    codes: list[str] = []
    values: list[Value | None] = [parameter.default for parameter in program.parameters or ()]
    for statement in walk(program.body):
        if isinstance(statement, Repeat):
            values.append(statement.count)
        elif isinstance(statement, Use):
            values += [*(statement.args or ()), *(value for _, value in statement.keywords)]
            if isinstance(statement.block, Name):
                names.add(statement.block.name)
            else:
                values.append(statement.block)
        elif isinstance(statement, Layer):
            values += [*statement.args, *(value for _, value in statement.options)]
    for value in values:
        if isinstance(value, Brace):
            codes.append(value.code)
        elif isinstance(value, Size):
            codes += [part for part in value.parts if isinstance(part, str)]
    for code in codes:
        try:
            names |= {node.id for node in ast.walk(ast.parse(code, mode="eval")) if isinstance(node, ast.Name)}
        except SyntaxError:
            continue  # reported where the text is resolved
    return names


def walk(body: tuple[Statement, ...]) -> Iterator[Statement]:
    """Every statement of a body, those inside repeats too, in the order of the text."""
    for statement in body:
        yield statement
        if isinstance(statement, Repeat):
            yield from walk(statement.body)
