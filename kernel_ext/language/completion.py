"""What the Tab key offers in a network's text: layer words, options, activations, names, and Python names in braces."""

from __future__ import annotations

import builtins
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .parts import network_names
from .words import ACTIVATIONS, FROM, LINE_WORDS, REQUIRED, WORDS, Word


@dataclass(frozen=True)
class Offer:
    """One completion; ``kind`` says what it is, for the little icon beside it."""

    text: str
    kind: str


def complete(text: str, line: int, column: int, namespace: Mapping[str, Any]) -> list[Offer]:
    """What fits at ``column`` of line ``line`` (both from 0) of a cell whose line 0 is ``%%network ...``.

    >>> [offer.text for offer in complete("%%network n\\nmaxp", 1, 4, {})]
    ['maxpool']
    """
    lines = text.split("\n")
    if line == 0 or line >= len(lines):
        return []
    before = lines[line][:column]
    if "#" in before:
        return []
    parameters = header_parameters(lines[0])
    if before.count("{") > before.count("}"):
        return _python(before[before.rindex("{") + 1 :], namespace, parameters)
    start = re.search(r"\w*$", before)
    assert start is not None
    prefix, before = start.group(), before[: start.start()]
    names = list(visible_names(lines, line))
    offers = _line(before, namespace, names, parameters)
    return [offer for offer in offers if offer.text.startswith(prefix) and offer.text != prefix]


def header_parameters(header: str) -> list[str]:
    """The parameters of a reusable block, read loosely: the line may still be half written."""
    inside = header.partition("(")[2].partition(")")[0]
    return [part.partition("=")[0].strip() for part in inside.split(",") if part.strip()]


def visible_names(lines: list[str], line: int) -> Iterator[str]:
    """The named values above ``line`` that can be used there: those in a repeat that has ended cannot."""
    depth = len(lines[line]) - len(lines[line].lstrip())
    for text in reversed(lines[1:line]):
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        indent = len(text) - len(text.lstrip())
        depth = min(depth, indent)
        match = re.match(r"\s*([^\W\d]\w*)\s*=", text)
        if match and indent <= depth:
            yield match.group(1)


def _line(before: str, namespace: Mapping[str, Any], names: list[str], parameters: list[str]) -> list[Offer]:
    """The offers after ``before``, the finished part of the line."""
    rest = re.sub(r"^\s*[^\W\d]\w*\s*=", "", before)
    words = re.sub(r"\{[^}]*\}", "0", rest).split()
    if not words:
        return [Offer(word, "keyword") for word in LINE_WORDS]
    if words[-1] == FROM:
        return [Offer(name, "instance") for name in names]
    given = [Offer(parameter, "param") for parameter in parameters]
    if words[0] == "repeat":
        return given if len(words) == 1 else []
    if words[0] == "use":
        return _use(rest, words, namespace, given)
    row = WORDS.get(words[0])
    return [] if row is None else _layer(row, words[1:], names, given)


def _use(rest: str, words: list[str], namespace: Mapping[str, Any], given: list[Offer]) -> list[Offer]:
    if len(words) == 1:
        return [Offer(name, "module") for name in sorted(network_names(namespace))]
    if rest.count("(") > rest.count(")"):
        return given
    return [Offer(FROM, "keyword")]


def _layer(row: Word, words: list[str], names: list[str], given: list[Offer]) -> list[Offer]:
    option = row.option(words[-1]) if words else None
    if option is not None and option.kind is not None:
        return [*(Offer(word, "keyword") for word in option.kind.words), *given]
    values = sum(bool(re.match(r"[\d.-]", word)) or word in {offer.text for offer in given} for word in words)
    for word in words:
        slot = row.option(word)
        values -= slot is not None and slot.kind is not None
    offers = [Offer(name, "instance") for name in names] if row.operands else []
    needed = sum(slot.default is REQUIRED for slot in row.slots)
    if values < len(row.slots):
        offers += given
    if values < needed:
        return offers
    offers += [Offer(slot.name, "property") for slot in row.options if slot.name not in words]
    if row.activation and not any(word in ACTIVATIONS for word in words):
        offers += [Offer(name, "function") for name in ACTIVATIONS]
    return offers if row.operands else [*offers, Offer(FROM, "keyword")]


def _python(code: str, namespace: Mapping[str, Any], parameters: list[str]) -> list[Offer]:
    """Names of the notebook inside braces, and the attributes of plain dotted names. Runs no expression."""
    match = re.search(r"[\w.]*$", code)
    path = (match.group() if match else "").split(".")
    prefix = path.pop()
    if not path:
        known = [*parameters, *(n for n in sorted(namespace) if not n.startswith("_") or prefix.startswith("_"))]
        known += dir(builtins) if prefix else []
        return [Offer(name, "instance") for name in dict.fromkeys(known) if name.startswith(prefix) and name != prefix]
    value = namespace.get(path[0])
    for name in path[1:]:
        value = inspect.getattr_static(value, name, None)
    if value is None or isinstance(value, property):
        return []
    found = [name for name in dir(value) if name.startswith(prefix) and (prefix or not name.startswith("_"))]
    return [Offer(".".join([*path, name]), "instance") for name in found]
