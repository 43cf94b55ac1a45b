"""From a syntax tree to a plan: evaluates the braces, unrolls the repeats, follows the names."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, NoReturn

from ..errors import did_you_mean
from . import kinds
from .errors import Span
from .parts import find_part
from .plan import INPUT, USE, Plan, Step
from .source import statement_text
from .tree import Comment, Layer, Name, Program, Repeat, Statement, Use, walk
from .values import Values
from .words import INPUT as INPUT_ROW
from .words import WORDS, Slot, Word

MOST_TURNS = 1000


def resolve(
    program: Program,
    namespace: Mapping[str, Any],
    arguments: Mapping[str, Any] | None = None,
    stack: tuple[str, ...] = (),
    unused: bool = False,
) -> Plan:
    """Work out every value of ``program``.

    ``namespace`` is what braces and ``use`` see, ``arguments`` the values of the block's parameters, ``stack`` the
    blocks that are being resolved around this one. ``unused`` lets values pass that nothing uses. Raises NetworkError.
    """
    return _Resolver(program, namespace, dict(arguments or {}), (*stack, program.name)).run(unused)


class _Resolver:
    def __init__(
        self, program: Program, namespace: Mapping[str, Any], arguments: dict[str, Any], stack: tuple[str, ...]
    ) -> None:
        self.program, self.stack = program, stack
        self.values = Values(program.source, namespace, arguments)
        self.steps: list[Step] = []
        self.scopes: list[dict[str, int]] = [{}]
        self.turn: tuple[tuple[str, int], ...] = ()
        self.repeats = 0
        layers = [s for s in walk(program.body) if isinstance(s, (Layer, Use))]
        self.targets = [s.target for s in layers if s.target is not None]
        self.taken = {target.name for target in self.targets}
        self.numbers: dict[str, int] = {}

    def run(self, unused: bool = False) -> Plan:
        """The plan of the whole program."""
        first = next((s for s in self.program.body if not isinstance(s, Comment)), None)
        if not (isinstance(first, Layer) and first.word == INPUT):
            self.steps.append(Step(INPUT, INPUT, {"shape": None}, (), INPUT, self.program.span))
        self._body(self.program.body)
        if all(step.word == INPUT for step in self.steps):
            raise self.program.source.error(f"{self.program.name} has no layers", self.program.span)
        if not unused:
            self._check_used()
        return Plan(self.program, tuple(self.steps))

    def _fail(self, message: str, span: Span) -> NoReturn:
        raise self.program.source.error(message, span)

    def _body(self, body: tuple[Statement, ...]) -> None:
        for statement in body:
            self.values.next_statement()
            if isinstance(statement, Repeat):
                self._repeat(statement)
            elif isinstance(statement, Layer):
                self._layer(statement)
            elif isinstance(statement, Use):
                self._use(statement)

    def _repeat(self, repeat: Repeat) -> None:
        count = self.values.convert(repeat.count, kinds.COUNT, "the number of turns")
        if count > MOST_TURNS:
            self._fail(f"{count} turns are too many; {MOST_TURNS} is the most", repeat.count.span)
        self.repeats += 1
        name, outer, numbers = f"repeat{self.repeats}", self.turn, self.numbers
        inside = self.repeats
        for turn in range(1, count + 1):
            self.turn, self.numbers, self.repeats = (*outer, (name, turn)), {}, inside
            self.scopes.append({})
            self._body(repeat.body)
            self.scopes.pop()
        self.turn, self.numbers = outer, numbers

    def _layer(self, layer: Layer) -> None:
        if layer.word == INPUT:
            self._input(layer)
            return
        row = WORDS[layer.word]
        settings = self._settings(row, layer)
        sources, spans = self._sources(layer)
        self._add(
            layer, layer.word, settings, sources, activation=layer.activation, operand_spans=spans, claims=layer.claims
        )

    def _input(self, layer: Layer) -> None:
        if self.turn:
            self._fail("an input cannot stand in a repeat", layer.span)
        if any(step.word != INPUT for step in self.steps):
            self._fail("input stands above the layers", layer.span)
        self._add(layer, INPUT, self._settings(INPUT_ROW, layer), (), claims=layer.claims)

    def _use(self, use: Use) -> None:
        part, name = find_part(use, self.values, self.stack)
        source = self._lookup(use.source) if use.source else len(self.steps) - 1
        self._add(use, USE, {}, (source,), base=name, part=part)

    def _add(
        self, statement: Layer | Use, word: str, settings: dict[str, Any], sources: tuple[int, ...],
        base: str | None = None, **more: Any,
    ) -> None:  # fmt: skip
        name = self._name(statement.target, base or word)
        text = statement_text(self.values.filled(statement))
        self.steps.append(Step(name, word, settings, sources, text, statement.span, turn=self.turn, **more))
        if statement.target is not None:
            self._bind(statement.target)

    # --- settings

    def _settings(self, row: Word, layer: Layer) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for slot, value in zip_longest(row.slots, layer.args):
            found[slot.name] = slot.default if value is None else self._convert(row, slot, value)
        given = dict(layer.options)
        for slot in row.options:
            if slot.name not in given:
                found[slot.name] = slot.default
            elif slot.kind is None:
                found[slot.name] = True
            else:
                found[slot.name] = self._convert(row, slot, given[slot.name])
        return found

    def _convert(self, row: Word, slot: Slot, value: Any) -> Any:
        assert slot.kind is not None
        return self.values.convert(value, slot.kind, f"the {slot.name} of {row.name}")

    # --- names

    def _name(self, target: Name | None, base: str) -> str:
        """The step's own name: the one it was given, or its word and a number; inside a repeat with the turn."""
        prefix = "".join(f"{repeat}_{turn}_" for repeat, turn in self.turn)
        if target is not None:
            return prefix + target.name
        if base == INPUT:
            return INPUT
        while True:
            self.numbers[base] = self.numbers.get(base, 0) + 1
            name = f"{base}{self.numbers[base]}"
            if name not in self.taken:
                return prefix + name

    def _bind(self, target: Name) -> None:
        if any(target.name in scope for scope in self.scopes):
            number = next(scope[target.name] for scope in self.scopes if target.name in scope)
            self._fail(f'"{target.name}" is already named on line {self.steps[number].span.line}', target.span)
        self.scopes[-1][target.name] = len(self.steps) - 1

    def _sources(self, layer: Layer) -> tuple[tuple[int, ...], tuple[Span, ...]]:
        if not layer.operands:
            source = self._lookup(layer.source, layer.target) if layer.source else len(self.steps) - 1
            return (source,), (layer.source.span if layer.source else layer.span,)
        found = [self._lookup(name, layer.target) for name in layer.operands]
        spans = [name.span for name in layer.operands]
        if len(found) == 1:
            found.insert(0, len(self.steps) - 1)
            spans.insert(0, layer.span)
        return tuple(found), tuple(spans)

    def _lookup(self, name: Name, target: Name | None = None) -> int:
        for scope in reversed(self.scopes):
            if name.name in scope:
                return scope[name.name]
        if target is not None and target.name == name.name:
            self._fail(f'"{name.name}" is made from itself', name.span)
        known = [known for scope in self.scopes for known in scope]
        for other in self.targets:
            if other.name == name.name:
                below = other.span.line > name.span.line
                where = "only below this line" if below else "inside a repeat and known only there"
                self._fail(f'"{name.name}" is named on line {other.span.line}, {where}', name.span)
        hint = did_you_mean(name.name, known)
        if not hint:
            hint = f"; the names are {', '.join(known)}" if known else "; name one like this: a = conv 32 3x3"
        self._fail(f'no value is named "{name.name}"{hint}', name.span)

    def _check_used(self) -> None:
        """Every value but the last must lead somewhere; else it is a slip, and its parameters would never learn."""
        used = {source for step in self.steps for source in step.sources}
        for number, step in enumerate(self.steps[:-1]):
            if number not in used:
                what = "this input" if step.word == INPUT else "what this line makes"
                span = Span(step.span.line, step.span.start, step.span.end)
                self._fail(f"nothing uses {what}", span)
