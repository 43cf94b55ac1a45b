"""From a syntax tree back to text, in one tidy spelling."""

from __future__ import annotations

from .tree import Brace, Comment, Layer, Name, Number, Program, Repeat, Size, Statement, Use, Value

MAGIC = "%%network"
INDENT = "    "


def to_source(program: Program) -> str:
    """The text of a whole cell, its ``%%network`` line included; parsing it gives the same tree.

    >>> from dlcore.kernel_ext.language import parse
    >>> print(to_source(parse("%%network tiny\\ninput   4\\ndense  2   relu")))
    %%network tiny
    input 4
    dense 2 relu
    """
    lines = [header_text(program)]
    for statement in program.body:
        lines += _lines(statement, 0)
    return "\n".join(lines)


def header_text(program: Program) -> str:
    """The ``%%network NAME(...)`` line."""
    if program.parameters is None:
        return f"{MAGIC} {program.name}"
    given = (p.name if p.default is None else f"{p.name}={value_text(p.default)}" for p in program.parameters)
    return f"{MAGIC} {program.name}({', '.join(given)})"


def value_text(value: Value) -> str:
    """One value as it is written."""
    match value:
        case Number():
            return repr(value.value)
        case Size():
            return "x".join(f"{{{part}}}" if isinstance(part, str) else str(part) for part in value.parts)
        case Brace():
            return f"{{{value.code}}}"
        case Name():
            return value.name
    raise TypeError(f"{type(value).__name__} is not a value of the language")


def statement_text(statement: Layer | Use) -> str:
    """One layer or use line without indentation and comment."""
    words = [] if statement.target is None else [statement.target.name, "="]
    if isinstance(statement, Layer):
        words.append(statement.word)
        words += map(value_text, (*statement.operands, *statement.args))
        for option, value in statement.options:
            words.append(option)
            if value is not None:
                words.append(value_text(value))
        if statement.activation:
            words.append(statement.activation)
    else:
        words += ["use", value_text(statement.block) + _call_text(statement)]
    if statement.source is not None:
        words += ["from", statement.source.name]
    return " ".join(words)


def _call_text(use: Use) -> str:
    if use.args is None:
        return ""
    given = [*map(value_text, use.args), *(f"{key}={value_text(value)}" for key, value in use.keywords)]
    return f"({', '.join(given)})"


def _lines(statement: Statement, depth: int) -> list[str]:
    indent = INDENT * depth
    if isinstance(statement, Comment):
        return [f"{indent}# {statement.text}".rstrip()]
    if isinstance(statement, Repeat):
        head = f"{indent}repeat {value_text(statement.count)}:"
        body = [line for inner in statement.body for line in _lines(inner, depth + 1)]
        return [_commented(head, statement.comment), *body]
    return [_commented(indent + statement_text(statement), statement.comment)]


def _commented(line: str, comment: str | None) -> str:
    return line if comment is None else f"{line}  # {comment}".rstrip()
