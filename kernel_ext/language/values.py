"""The values of a text: numbers, sizes, the block's parameters, and Python expressions in braces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import did_you_mean
from .errors import Source, Span
from .kinds import Kind, whole
from .source import value_text
from .tree import Brace, Layer, Name, Number, Size, Use, Value


class Values:
    """Works out values with the notebook's names and a block's arguments in reach."""

    def __init__(self, source: Source, namespace: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
        self.source, self.namespace, self.arguments = source, namespace, arguments
        self._found: dict[int, Any] = {}

    def next_statement(self) -> None:
        """Forget what was worked out: each line, in each turn of a repeat, evaluates its braces anew, but only once."""
        self._found.clear()

    def evaluate(self, value: Value) -> Any:
        """The Python value; a name that is no parameter stands for itself (``pad same``)."""
        if id(value) not in self._found:
            self._found[id(value)] = self._evaluate(value)
        return self._found[id(value)]

    def _evaluate(self, value: Value) -> Any:
        match value:
            case Number():
                return value.value
            case Brace():
                return self.python(value.code, value.span)
            case Size():
                return tuple(self._part(part, value.span) for part in value.parts)
            case Name():
                return self.arguments.get(value.name, value.name)
        raise TypeError(f"{type(value).__name__} is not a value of the language")

    def convert(self, value: Value, kind: Kind, what: str) -> Any:
        """The value as ``kind`` wants it; ``what`` names it in the message."""
        given = self.evaluate(value)
        try:
            return kind.convert(given)
        except ValueError:
            via = "" if isinstance(value, (Number, Size)) else f" ({value_text(value)})"
            raise self.source.error(f"{what} must be {kind.what}, not {short(given)}{via}", value.span) from None

    def filled(self, statement: Layer | Use) -> Layer | Use:
        """The statement with its braces and parameters replaced by the numbers they stand for, to be shown."""
        if isinstance(statement, Use):
            args = None if statement.args is None else tuple(map(self._fill, statement.args))
            keywords = tuple((key, self._fill(value)) for key, value in statement.keywords)
            return replace(statement, args=args, keywords=keywords)
        options = tuple((name, None if value is None else self._fill(value)) for name, value in statement.options)
        return replace(statement, args=tuple(map(self._fill, statement.args)), options=options)

    def _fill(self, value: Value) -> Value:
        found = self.evaluate(value)
        if isinstance(found, (list, tuple)) and len(found) > 1 and all(hasattr(side, "__index__") for side in found):
            return Size(tuple(map(int, found)))
        if isinstance(found, bool) or not isinstance(found, (int, float)):
            return Number(int(found)) if hasattr(found, "__index__") and not isinstance(found, bool) else value
        return Number(found)

    def python(self, code: str, span: Span) -> Any:
        """The value of a Python expression; its errors point at the brace."""
        try:
            compiled = compile(code, self.source.place, "eval")
        except SyntaxError as error:
            raise self.source.error(f"this is not a Python expression: {error.msg}", span) from None
        scope = {**self.namespace, **self.arguments}
        try:
            return eval(compiled, scope)  # the user's own expression, in the user's own notebook
        except NameError as error:
            name = getattr(error, "name", None) or code
            raise self.source.error(f'the notebook has no "{name}"{did_you_mean(name, self._names())}', span) from None
        except Exception as error:
            raise self.source.error(f"this expression fails: {type(error).__name__}: {error}", span) from error

    def _names(self) -> list[str]:
        return [name for name in (*self.arguments, *self.namespace) if not name.startswith("_")]

    def _part(self, part: int | str, span: Span) -> int:
        given = part if isinstance(part, int) else self.python(part, span)
        try:
            return whole(given, -(2**62))
        except ValueError:
            raise self.source.error(f"a side of a size must be a whole number, not {short(given)}", span) from None


def short(value: object) -> str:
    """A value in a few characters, for a message."""
    if isinstance(value, tuple) and value and all(isinstance(part, int) for part in value):
        return "x".join(map(str, value))
    text = repr(value)
    if "\n" in text or len(text) > 40:
        return f"a value of type {type(value).__name__}"
    return text
