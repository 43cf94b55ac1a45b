"""The values of a text: numbers, sizes, the block's parameters, and Python expressions in braces."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import did_you_mean
from .errors import Source, Span
from .kinds import Kind, whole
from .source import value_text
from .tree import Brace, Name, Number, Size, Value


class Values:
    """Works out values with the notebook's names and a block's arguments in reach."""

    def __init__(self, source: Source, namespace: Mapping[str, Any], arguments: Mapping[str, Any]) -> None:
        self.source, self.namespace, self.arguments = source, namespace, arguments

    def evaluate(self, value: Value) -> Any:
        """The Python value; a name that is no parameter stands for itself (``pad same``)."""
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
