"""What can be done to a network's text in one gesture: add, remove, connect, write a line anew, name it, repeat it.

Each takes a program and line numbers, and gives the new text and where its lines stood before. The text that comes out
can always be read; whether it makes a network is found out by making it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..errors import CleanError
from . import repeats
from .errors import NetworkError, Source
from .line_parser import LineParser
from .source import statement_text, value_text
from .tokens import tokenize
from .tree import Layer, Name, Program, Repeat, Use
from .wires import Line, Wires
from .words import INPUT, RESERVED, WORDS


@dataclass(frozen=True)
class Edited:
    """The text after an edit; `moved` says for its lines where they stood before; `line` is the one to look at."""

    text: str
    moved: Mapping[int, int]
    line: int


def edit(program: Program, request: Mapping[str, Any], networks: Collection[str] = ()) -> Edited:
    """Do what `request` says: its ``do`` is add, remove, connect, disconnect, write, name, repeat or unrepeat.

    CleanError says why not.

    >>> from dlcore.kernel_ext.language import parse
    >>> print(edit(parse("input 4\\ndense 2\\ndense 1"), {"do": "add", "line": 2, "text": "dropout"}).text)
    input 4
    dense 2
    dropout
    dense 1
    """
    wires = Wires(program)
    action = {
        "add": _add, "remove": _remove, "connect": _connect, "disconnect": _disconnect, "write": _write, "name": _name,
        "repeat": _repeat, "unrepeat": repeats.unwrap,
    }.get(str(request.get("do")))  # fmt: skip
    if action is None:
        raise CleanError(f"there is no edit {request.get('do')!r}")
    try:
        looked_at = action(wires, request, networks)
    except KeyError:
        raise CleanError(f"there is no line {request.get('line')}") from None
    _settle(wires, looked_at)
    text = wires.text()
    return Edited(text, wires.moved, wires.places.get(id(looked_at), 0))


def read_line(wires: Wires, text: str, networks: Collection[str]) -> Layer | Use | Repeat:
    """One line as its statement; CleanError without a place, since the line stands in a field of its own."""
    source = Source(text.strip())
    known = frozenset(p.name for p in wires.program.parameters or ())
    try:
        tokens = tokenize(source, 1)
        if not tokens:
            raise CleanError("a line cannot be empty; remove it instead")
        parser = LineParser(source, tokens, known, networks, wired=True)
        statement = parser.statement()
    except NetworkError as error:
        raise CleanError(error.message) from None
    return statement


def _write(wires: Wires, request: Mapping[str, Any], networks: Collection[str]) -> Line:
    """Write a line anew: its wires stay as they are where the new text does not say otherwise."""
    line, _ = wires.at(int(request["line"]))
    new, old = read_line(wires, str(request["text"]), networks), line.statement
    if isinstance(new, Repeat) != isinstance(old, Repeat) or old is None:
        raise CleanError("a repeat stays a repeat, and a layer a layer; remove the line and add another")
    if isinstance(new, Repeat):
        line.statement = replace(new, comment=old.comment)
        return line
    assert isinstance(old, (Layer, Use))
    if (isinstance(new, Layer) and new.word == INPUT.name) != line.is_input:
        raise CleanError("an input stays an input; remove the line and add another")
    joined = line.joins
    line.statement = replace(new, comment=old.comment, target=new.target or old.target)
    if new.target is not None:
        _check_name(wires, line, new.target.name)
    named = (*new.operands,) if isinstance(new, Layer) else ()
    if named or new.source:
        found = [_named(wires, name.name) for name in (*named, *([new.source] if new.source else []))]
        line.sources = [*(line.sources[:1] if len(named) == 1 and joined else []), *found]
    elif joined and not line.joins:
        line.sources = line.sources[:1]
    elif line.joins and not joined:
        assert isinstance(new, Layer)
        line.sources = [*line.sources, *line.sources]
    return line


def _named(wires: Wires, name: str) -> Line:
    found = next((line for line, _ in wires.walk() if name in (line.target, line.auto) and line.statement), None)
    if found is None:
        raise CleanError(f'no value is named "{name}"')
    return found


def _name(wires: Wires, request: Mapping[str, Any], networks: Collection[str]) -> Line:
    """Give what a line makes a name, or take it away."""
    line, _ = wires.at(int(request["line"]))
    name = str(request.get("name", "")).strip()
    if not isinstance(line.statement, (Layer, Use)):
        raise CleanError("a repeat has no name; name the lines inside or below it")
    if name:
        _check_name(wires, line, name)
    line.statement = replace(line.statement, target=Name(name) if name else None)
    return line


def _check_name(wires: Wires, line: Line, name: str) -> None:
    if not name.isidentifier():
        raise CleanError(f'"{name}" is no name; a name is a word such as a or skip')
    if name in RESERVED:
        raise CleanError(f'"{name}" is a word of the language and cannot be the name of a value')
    if any(p.name == name for p in wires.program.parameters or ()):
        raise CleanError(f'"{name}" is a parameter of this block and cannot be the name of a value')
    if any(other.target == name and other is not line for other, _ in wires.walk()):
        raise CleanError(f'another line is named "{name}" already')


def _add(wires: Wires, request: Mapping[str, Any], networks: Collection[str]) -> Line:
    """A new line below another, in the flow; with ``branch`` beside it: the others take from where they took."""
    at, body = wires.at(int(request["line"]))
    both = repeats.split(str(request["text"]))
    statement = read_line(wires, both[1] if both else str(request["text"]), networks)
    assert not isinstance(statement, Repeat)
    new = Line(statement, sources=[at])
    if statement.target is not None:
        _check_name(wires, new, statement.target.name)
    if new.is_input:
        new.sources = []
    elif new.joins:
        named = [_named(wires, name.name) for name in statement.operands] if isinstance(statement, Layer) else []
        new.sources = [*named] if len(named) > 1 else [at, *(named or at.sources[:1] or [at])]
    if both is not None:
        turns = read_line(wires, both[0], networks)
        if new.is_input or new.joins:
            raise CleanError("begin a repeat with a layer that takes one value; others can be added inside")
        assert isinstance(turns, Repeat)
        new = repeats.framed(turns, at, new)
    if not request.get("branch") and not new.is_input:
        for user, place in wires.users(at):
            if _below(wires, user, at):
                user.sources[place] = new
    where = body.index(at) + 1
    if new.is_input:
        where = next((n for n, line in enumerate(body) if n and not line.is_input), len(body))
    body.insert(where, new)
    return new


def _repeat(wires: Wires, request: Mapping[str, Any], networks: Collection[str]) -> Line:
    """Repeat the lines from ``line`` to ``to`` as often as ``turns`` says."""
    statement = read_line(wires, f"repeat {request.get('turns') or 2}:", networks)
    assert isinstance(statement, Repeat)
    return repeats.wrap(wires, request, statement)


def _below(wires: Wires, user: Line, line: Line) -> bool:
    order = [other for other, _ in wires.walk()]
    return order.index(user) > order.index(line)


def _remove(wires: Wires, request: Mapping[str, Any], networks: Collection[str]) -> Line:
    """Take a line out; what took from it takes from where it took."""
    line, body = wires.at(int(request["line"]))
    if line.statement is None:
        raise CleanError("what comes in cannot be removed")
    instead = line.sources[0] if line.sources else next((x for x in body if x.is_input and x is not line), body[0])
    for user, place in wires.users(line):
        user.sources[place] = instead
    place = body.index(line)
    if place + 1 < len(body):  # comments stay
        body[place + 1].above = [*line.above, *body[place + 1].above]
    body.remove(line)
    if body is not wires.body and len(body) == 1:
        owner = next(other for other, _ in wires.walk() if other.body is body)
        return _remove(wires, {"line": owner.number}, networks)
    if all(other.statement is None for other in wires.body):
        raise CleanError("the last line cannot be removed")
    return instead if instead is not None and instead.statement is not None else wires.body[1]


def _connect(wires: Wires, request: Mapping[str, Any], networks: Collection[str]) -> Line:
    """Let a line take from another: as its value number ``place``, or as one more where it joins values."""
    line, _ = wires.at(int(request["line"]))
    source, _ = wires.at(int(request["source"]))
    if not line.takes:
        raise CleanError("an input takes no value")
    place = int(request.get("place", 0 if not line.joins else len(line.sources)))
    line.sources[place : place + 1] = [source]
    return line


def _settle(wires: Wires, line: Line) -> None:
    """See that a line can take what it takes, and bring it below that."""
    homes = {id(other): home for other, home in wires.walk()}
    for source in line.sources:
        if source is None or id(source) not in homes:
            continue
        if source is line or _reaches(line, source):
            raise CleanError("that would make a circle")
        if all(other is not line for other, _ in wires.walk(homes[id(source)])):
            raise CleanError("what is inside a repeat is known only there; take the repeat's own value")
    for home in [wires.body, *(other.body for other, _ in wires.walk() if other.body)]:
        _order(home)


def _reaches(line: Line, other: Line) -> bool:
    """Whether the value of `line` flows into `other`."""
    seen: set[int] = set()
    waiting: list[Line | None] = [other]
    while waiting:
        here = waiting.pop()
        if here is None or id(here) in seen:
            continue
        if here is line:
            return True
        seen.add(id(here))
        waiting += [*here.sources, *here.body]
    return False


def _order(body: list[Line]) -> None:
    """Bring lines below what they take from, and change nothing else."""
    inner = set(map(id, body))
    done: list[Line] = []
    placed: set[int] = set()

    def needs(line: Line) -> list[Line]:
        found = [source for part in [line, *_all(line.body)] for source in part.sources]
        return [source for source in found if source is not None and id(source) in inner and source is not line]

    def put(line: Line) -> None:
        if id(line) not in placed:
            placed.add(id(line))
            for source in needs(line):
                put(source)
            done.append(line)

    for line in body:
        put(line)
    body[:] = done


def _all(body: list[Line]) -> list[Line]:
    return [part for line in body for part in [line, *_all(line.body)]]


def _disconnect(wires: Wires, request: Mapping[str, Any], networks: Collection[str]) -> Line:
    """Take one of the values away from a line that joins them."""
    line, _ = wires.at(int(request["line"]))
    place = int(request.get("place", 0))
    if not line.joins or len(line.sources) <= 2:
        raise CleanError("it needs the values it has; connect another one in its place")
    del line.sources[place]
    return line


def fields(line: Line) -> list[dict[str, Any]]:
    """What a form for this line asks: each setting with its text, what it is, and what it may be."""
    statement = line.statement
    if isinstance(statement, Repeat):
        return [{"name": "turns", "text": value_text(statement.count), "kind": "value", "what": "how often"}]
    if not isinstance(statement, Layer):
        return []
    row = INPUT if line.is_input else WORDS[statement.word]
    given = dict(statement.options)
    found: list[dict[str, Any]] = []
    for number, slot in enumerate(row.slots):
        text = value_text(statement.args[number]) if number < len(statement.args) else ""
        found.append({"name": slot.name, "text": text, "kind": "value", "what": slot.doc or slot.kind.what})  # type: ignore[union-attr]
    for slot in row.options:
        if slot.kind is None:
            found.append({"name": slot.name, "text": slot.name in given, "kind": "flag", "what": slot.doc})
            continue
        value = given.get(slot.name)
        text = "" if value is None else value_text(value)
        found.append({"name": slot.name, "text": text, "kind": "option", "what": slot.doc or slot.kind.what})
    if row.activation:
        found.append({"name": "activation", "text": statement.activation or "", "kind": "activation", "what": ""})
    return found


def line_text(line: Line) -> str:
    """A line without its wires: what a form writes anew."""
    statement = line.statement
    if isinstance(statement, Repeat):
        return f"repeat {value_text(statement.count)}:"
    if isinstance(statement, Layer):
        return statement_text(replace(statement, source=None, target=None, operands=()))
    return "" if statement is None else statement_text(replace(statement, source=None, target=None))
