"""Reads one line of a network: its words, values, options, activation and names, checked against the vocabulary."""

from __future__ import annotations

import keyword
from collections.abc import Collection
from typing import NoReturn

from ..errors import did_you_mean, nearest
from .errors import Source, Span
from .kinds import PAIR, SHAPE
from .tokens import Token
from .tree import Brace, Layer, Name, Number, Parameter, Repeat, Size, Use, Value
from .words import ACTIVATIONS, FROM, INPUT, LINE_WORDS, REQUIRED, RESERVED, SYNONYMS, WORDS, Slot, Word


class LineParser:
    """A cursor over the tokens of one line."""

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        parameters: frozenset[str] = frozenset(),
        networks: Collection[str] = (),
        start: int = 0,
        wired: bool = False,
    ) -> None:
        self.wired = wired  # where values come from is told elsewhere, so a line that joins some need not name them
        self.source, self.parameters, self.networks = source, parameters, networks
        self.comment = tokens[-1].text if tokens and tokens[-1].kind == "comment" else None
        self.tokens = tokens if self.comment is None else tokens[:-1]
        self.at = 0
        self.end = self.tokens[-1].span.end if self.tokens else start

    # --- the cursor

    def _peek(self, ahead: int = 0) -> Token | None:
        return self.tokens[self.at + ahead] if self.at + ahead < len(self.tokens) else None

    def _is(self, kind: str, ahead: int = 0) -> bool:
        token = self._peek(ahead)
        return token is not None and token.kind == kind

    def _take(self) -> Token:
        self.at += 1
        return self.tokens[self.at - 1]

    def _after(self, line: int) -> Span:
        """Just behind the last token, where something is missing."""
        return Span(line, self.end + 1, self.end + 2)

    def _fail(self, message: str, span: Span) -> NoReturn:
        raise self.source.error(message, span)

    # --- the head of a cell

    def header(self, line: int) -> tuple[str, tuple[Parameter, ...] | None]:
        """``NAME`` or ``NAME(channels, stride=1)``."""
        if not self._is("name"):
            token = self._peek()
            self._fail("%%network needs a name: %%network lenet", token.span if token else self._after(line))
        name = self._take()
        self._check_new_name(name, "a network's name")
        if keyword.iskeyword(name.text):
            self._fail(f'"{name.text}" is a word of Python and cannot be a network\'s name', name.span)
        parameters = None
        if self._is("("):
            self._take()
            parameters = self._parameters(line)
        if rest := self._peek():
            self._fail(f'"{rest.text}" is too much here; the layers stand on the lines below', rest.span)
        return name.text, parameters

    def _parameters(self, line: int) -> tuple[Parameter, ...]:
        found: dict[str, Parameter] = {}
        while not self._is(")"):
            if not self._is("name"):
                token = self._peek()
                self._fail("expected a parameter's name or )", token.span if token else self._after(line))
            name = self._take()
            if name.text in found:
                self._fail(f"the parameter {name.text} stands here twice", name.span)
            if name.text in LINE_WORDS or name.text == FROM:
                self._fail(f'"{name.text}" is a word of the language and cannot be a parameter', name.span)
            default = None
            if self._is("="):
                self._take()
                default = self._value(f"the default of {name.text}", line, names=False)
            elif found and next(reversed(found.values())).default is not None:
                self._fail(f"{name.text} needs a default too, since the parameter before it has one", name.span)
            found[name.text] = Parameter(name.text, default, name.span)
            self._between(line)
        self._take()
        return tuple(found.values())

    def _between(self, line: int) -> None:
        """The comma between two things in brackets; it may be missing before the closing one."""
        if self._is(","):
            self._take()
        elif not self._is(")"):
            token = self._peek()
            self._fail("expected , or ) here", token.span if token else self._after(line))

    # --- a line

    def statement(self) -> Layer | Use | Repeat:
        """The statement that this line is."""
        target = None
        if self._is("=", 1):
            name = self._take()
            if name.kind != "name":
                self._fail("a value's name starts with a letter: a = conv 32 3x3", name.span)
            self._check_new_name(name, "the name of a value")
            target = Name(name.text, name.span)
            equals = self._take()
            if self._peek() is None:
                self._fail(f'what is "{name.text}"? a layer is missing after =', equals.span)
        word = self._take()
        if word.kind != "name":
            self._fail("a line starts with a layer word, such as conv or dense", word.span)
        if word.text == "repeat":
            if target is not None:
                self._fail("a repeat has no name; name the lines inside or below it", target.span)
            return self._repeat(word)
        if word.text == "use":
            return self._use(word, target)
        row = INPUT if word.text == INPUT.name else WORDS.get(word.text)
        if row is None:
            self._unknown_word(word)
        if self._is("("):
            self._fail(f"layers take no brackets; write it like: {row.example}", self._take().span)
        return _LayerLine(self, row, word, target).run()

    def _check_new_name(self, token: Token, what: str) -> None:
        if token.text in RESERVED:
            self._fail(f'"{token.text}" is a word of the language and cannot be {what}', token.span)
        if token.text in self.parameters:
            self._fail(f'"{token.text}" is a parameter of this block and cannot be {what}', token.span)

    def _unknown_word(self, word: Token) -> NoReturn:
        if word.text in self.networks:
            self._fail(
                f'there is no layer "{word.text}"; for the network of that name write: use {word.text}', word.span
            )
        right = SYNONYMS.get(word.text.lower())
        right = right if right in LINE_WORDS else nearest(word.text, LINE_WORDS)
        if right is None and (close := nearest(word.text, SYNONYMS)):
            right = SYNONYMS[close] if SYNONYMS[close] in LINE_WORDS else None
        hint = f'; did you mean "{right}"?' if right else f"; the words are {', '.join(LINE_WORDS)}"
        self._fail(f'there is no layer "{word.text}"{hint}', word.span)

    def _repeat(self, word: Token) -> Repeat:
        count = self._value("how often to repeat", word.span.line)
        if not self._is(":"):
            token = self._peek()
            self._fail("repeat ends with a colon: repeat 3:", token.span if token else self._after(word.span.line))
        self._take()
        if rest := self._peek():
            self._fail("the repeated layers stand on the lines below, indented", rest.span)
        return Repeat(count, (), self.comment, word.span)

    def _use(self, word: Token, target: Name | None) -> Use:
        token = self._peek()
        if token is None or token.kind not in ("name", "brace") or token.text == FROM:
            self._fail(
                "use needs the name of a network: use lenet", token.span if token else self._after(word.span.line)
            )
        self._take()
        block = Name(token.text, token.span) if token.kind == "name" else Brace(token.text, token.span)
        args: tuple[Value, ...] | None = None
        keywords: tuple[tuple[str, Value], ...] = ()
        if self._is("("):
            self._take()
            args, keywords = self._call(word.span.line)
        source = self.source_name()
        if rest := self._peek():
            hint = f"; write its values in brackets: use {token.text}(64)" if rest.kind in ("number", "size") else ""
            self._fail(f'"{_shown(rest)}" means nothing after the network{hint}', rest.span)
        return Use(block, args, keywords, source, target, self.comment, word.span, self._whole_line())

    def _call(self, line: int) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...]]:
        args: list[Value] = []
        keywords: dict[str, Value] = {}
        while not self._is(")"):
            if self._is("name") and self._is("=", 1):
                key = self._take()
                if key.text in keywords:
                    self._fail(f"{key.text} is given twice", key.span)
                self._take()
                keywords[key.text] = self._value(f"the value of {key.text}", line)
            else:
                if keywords:
                    token = self._peek()
                    self._fail("write the values without a name first", token.span if token else self._after(line))
                args.append(self._value("a value", line))
            self._between(line)
        self._take()
        return tuple(args), tuple(keywords.items())

    def _whole_line(self) -> Span:
        first = self.tokens[0].span
        return Span(first.line, first.start, self.end)

    # --- values

    def source_name(self) -> Name | None:
        """``from NAME`` at the end of a line, if it stands there."""
        token = self._peek()
        if token is None or token.text != FROM or token.kind != "name":
            return None
        self._take()
        if not self._is("name"):
            rest = self._peek()
            self._fail("from needs the name of a value: from a", rest.span if rest else self._after(token.span.line))
        name = self._take()
        if rest := self._peek():
            self._fail(f'"from {name.text}" ends the line; write {_shown(rest)} before it', rest.span)
        return Name(name.text, name.span)

    def is_value(self, words: tuple[str, ...] = ()) -> bool:
        """Whether a value stands next: a number, a size, a brace, a parameter, or one of ``words``."""
        token = self._peek()
        if token is None:
            return False
        return token.kind in ("number", "size", "brace") or (
            token.kind == "name" and (token.text in self.parameters or token.text in words)
        )

    def _value(self, what: str, line: int, names: bool = True, words: tuple[str, ...] = ()) -> Value:
        token = self._peek()
        if token is None:
            self._fail(f"{what} is missing here", self._after(line))
        if not self.is_value(words) or (token.kind == "name" and not names):
            hint = did_you_mean(token.text, (*self.parameters, *words)) if token.kind == "name" else ""
            if token.kind == "name" and not hint and names:
                hint = f"; a Python name goes in braces: {{{token.text}}}"
            self._fail(f'expected {what}, a value such as 32 or 3x3, not "{_shown(token)}"{hint}', token.span)
        return self.take_value()

    def take_value(self) -> Value:
        """The value that stands next."""
        token = self._take()
        if token.kind == "number":
            assert isinstance(token.value, (int, float))
            return Number(token.value, token.span)
        if token.kind == "size":
            assert isinstance(token.value, tuple)
            return Size(token.value, token.span)
        return Brace(token.text, token.span) if token.kind == "brace" else Name(token.text, token.span)


class _LayerLine:
    """The part of a layer's line after its word."""

    def __init__(self, parser: LineParser, row: Word, word: Token, target: Name | None) -> None:
        self.parser, self.row, self.word, self.target = parser, row, word, target
        self.args: list[Value] = []
        self.operands: list[Name] = []
        self.options: dict[str, Value | None] = {}
        self.activation: str | None = None

    def run(self) -> Layer:
        """The whole line."""
        parser = self.parser
        source = None
        while (token := parser._peek()) is not None:
            source = parser.source_name()
            if source is None:
                self._part(token)
        self._check_complete()
        if source is not None and (self.row.operands or self.row is INPUT):
            why = "names its values itself" if self.row.operands else "comes from nowhere"
            parser._fail(f'{self.row.name} {why}, so "from" means nothing here', source.span)
        order = [slot.name for slot in self.row.options]
        options = tuple(sorted(self.options.items(), key=lambda item: order.index(item[0])))
        return Layer(
            self.row.name, tuple(self.args), options, self.activation, tuple(self.operands), source, self.target,
            parser.comment, self.word.span, parser._whole_line(),
        )  # fmt: skip

    def _part(self, token: Token) -> None:
        parser, row = self.parser, self.row
        if token.kind == "name" and (slot := row.option(token.text)):
            self._option(parser._take(), slot)
        elif token.kind == "name" and token.text in ACTIVATIONS:
            self._activation(parser._take())
        elif token.kind == "name" and row.operands and token.text not in RESERVED:
            if token.text in parser.parameters:
                parser._fail(f'"{token.text}" is a parameter, not a value that {row.name} can take', token.span)
            self.operands.append(Name(token.text, parser._take().span))
        elif parser.is_value():
            if len(self.args) == len(row.slots):
                self._too_many(token)
            self.args.append(parser.take_value())
        else:
            self._unknown(token)

    def _option(self, token: Token, slot: Slot) -> None:
        parser = self.parser
        if slot.name in self.options:
            parser._fail(f"{slot.name} is given twice", token.span)
        if parser._is("="):
            parser._fail(f"options take no =; write {slot.name} and its value: {slot.name} 1", parser._take().span)
        self.options[slot.name] = None
        if slot.kind is not None:
            what = f"the {slot.name} of {self.row.name}"
            self.options[slot.name] = parser._value(what, token.span.line, words=slot.kind.words)

    def _activation(self, token: Token) -> None:
        if not self.row.activation:
            self.parser._fail(
                f"{self.row.name} takes no activation; write {token.text} on a line of its own", token.span
            )
        if self.activation:
            self.parser._fail(f"there is an activation already, {self.activation}; one line has one", token.span)
        self.activation = token.text

    def _too_many(self, token: Token) -> NoReturn:
        row = self.row
        takes = f"it is written: {row.usage}" if row.slots else "it takes no number"
        if row.slots and (kind := row.slots[-1].kind) in (PAIR, SHAPE) and kind is not None:
            takes += f", with {kind.what}"
        if row.options:
            takes += f"; its options are {', '.join(slot.name for slot in row.options)}"
        self.parser._fail(f"this is one value too many for {row.name}: {takes}", token.span)

    def _unknown(self, token: Token) -> NoReturn:
        row, shown = self.row, _shown(token)
        options = [slot.name for slot in row.options]
        known = [*options, *(ACTIVATIONS if row.activation else ()), FROM, *self.parser.parameters]
        if token.kind != "name":
            self.parser._fail(f'"{shown}" means nothing here; {row.name} is written: {row.usage}', token.span)
        right = SYNONYMS.get(token.text.lower())
        right = right if right in known else nearest(token.text, known)
        if token.text in LINE_WORDS:
            hint = f"; one layer stands on each line, so {token.text} goes on the next"
        elif right:
            hint = f'; did you mean "{right}"?'
        else:
            hint = f"; it takes {', '.join(options + (['an activation'] if row.activation else [])) or 'no words'}"
            if len(self.args) < len(row.slots):
                hint += f"; a Python name goes in braces: {{{token.text}}}"
        self.parser._fail(f'{row.name} does not know the word "{shown}"{hint}', token.span)

    def _check_complete(self) -> None:
        row, parser = self.row, self.parser
        line = self.word.span.line
        for slot in row.slots[len(self.args) :]:
            if slot.default is REQUIRED:
                what = f"{slot.kind.what}" if slot.kind else ""
                parser._fail(
                    f"{row.name} needs its {slot.name}, {what}; for example: {row.example}", parser._after(line)
                )
        if len(self.operands) < row.operands and not parser.wired:
            parser._fail(f"{row.name} needs the names of the values it takes: {row.example}", parser._after(line))


def _shown(token: Token) -> str:
    """A token as it is written, near enough for a message."""
    if token.kind == "size":
        assert isinstance(token.value, tuple)
        return "x".join(f"{{{part}}}" if isinstance(part, str) else str(part) for part in token.value)
    return f"{{{token.text}}}" if token.kind == "brace" else token.text
