"""Reads the words after ``%train`` and answers a wrong one with what was meant and how it is used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .errors import CleanError, did_you_mean, nearest, words_of
from .lookup import find_network

DATA_SETS = ("mnist", "fashion_mnist")


class Option(NamedTuple):
    """How an option is written and what it holds: "flag", "count", "whole", "number", "data", "value" or "word"."""

    kind: str
    shown: str


OPTIONS: dict[str, Option] = {
    "data": Option("data", "DATA"),
    "val": Option("data", "DATA"),
    "epochs": Option("count", "N"),
    "batch": Option("count", "N"),
    "optimizer": Option("value", "NAME"),
    "lr": Option("number", "X"),
    "loss": Option("value", "NAME"),
    "metric": Option("value", "NAME"),
    "momentum": Option("number", "X"),
    "wd": Option("number", "X"),
    "workers": Option("count", "N"),
    "seed": Option("whole", "N"),
    "schedule": Option("word", "NAME"),
    "patience": Option("count", "N"),
    "imperative": Option("flag", ""),
    "name": Option("word", "TEXT"),
    "clip": Option("number", "X"),
    "resume": Option("flag", ""),
    "background": Option("flag", ""),
}
BRIEF = ("data", "val", "epochs", "batch", "optimizer", "lr", "background")


@dataclass
class Request:
    """A line that was understood: the network, and the arguments for `dlcore.run.train`."""

    net: Any
    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)  # argument -> how the user wrote it, where that is a name


def usage(word: str | None = None, magic: str = "%train") -> str:
    """One line: how `magic` is written, or how one of its options is."""
    if word is not None:
        option = OPTIONS[word]
        return f"usage: {magic} ... --{word} {option.shown}".rstrip()
    parts = [f"--{name} {OPTIONS[name].shown}".strip() for name in BRIEF]
    return f"usage: {magic} NET " + " ".join(f"[{part}]" if part != "--data DATA" else part for part in parts)


def parse(line: str, namespace: Mapping[str, Any], magic: str = "%train") -> Request:
    """What a line asks for, its names looked up in `namespace`. Raises CleanError for whatever cannot be meant."""
    words = words_of(line, magic)
    plain, given = _split(words, magic)
    if len(plain) != 1:
        problem = "no network is named" if not plain else f"expected one network, got {', '.join(plain)}"
        raise CleanError(f"{magic}: {problem}\n{usage(None, magic)}")
    request = Request(find_network(namespace, plain[0]), plain[0])
    if "data" not in given:
        raise CleanError(f"{magic}: --data is missing\n{usage(None, magic)}")
    for option, text in given.items():
        request.arguments[option] = _READERS[OPTIONS[option].kind](option, text, namespace, magic)
        if isinstance(request.arguments[option], (int, float, str)) or OPTIONS[option].kind == "flag":
            continue
        request.words[option] = f"({', '.join(text.split(','))})" if "," in text else text
    request.words["net"] = plain[0]
    if "clip" in request.arguments:
        request.arguments["clip_gradient"] = request.arguments.pop("clip") or None
    request.arguments.setdefault("name", plain[0])
    return request


def _split(words: list[str], magic: str) -> tuple[list[str], dict[str, str]]:
    """Plain words and options; `--lr 0.1` and `--lr=0.1` are the same."""
    plain: list[str] = []
    given: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            plain.append(word)
            continue
        option, equals, text = word[2:].partition("=")
        if option not in OPTIONS:
            known = [f"--{name}" for name in OPTIONS]
            hint = did_you_mean(f"--{option}", known) or f"; there are {', '.join(known)}"
            close = nearest(option, OPTIONS)
            raise CleanError(f"{magic}: there is no option --{option}{hint}\n{usage(close, magic)}")
        if OPTIONS[option].kind == "flag":
            if equals:
                raise CleanError(f"{magic}: --{option} takes no value, got {text!r}\n{usage(option, magic)}")
            given[option] = ""
            continue
        found = text if equals else next(rest, None)
        if found is None or (not equals and found.startswith("--")):
            raise CleanError(f"{magic}: --{option} needs a value\n{usage(option, magic)}")
        if option in given:
            raise CleanError(f"{magic}: --{option} is given twice\n{usage(option, magic)}")
        given[option] = found
    return plain, given


def _flag(option: str, text: str, namespace: Mapping[str, Any], magic: str) -> bool:
    return True


def _word(option: str, text: str, namespace: Mapping[str, Any], magic: str) -> str:
    return text


def read_number(option: str, text: str, namespace: Mapping[str, Any], magic: str) -> float:
    value: Any = namespace.get(text, text)
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or number < 0:
        raise CleanError(f"{magic}: --{option} expects a number >= 0, got {text!r}\nusage: {magic} ... --{option} X")
    return number


def read_whole(option: str, text: str, namespace: Mapping[str, Any], magic: str, least: int = 0) -> int:
    value: Any = namespace.get(text, text)
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = least - 1
    if number < least:
        expected = f"expects a whole number >= {least}, got {text!r}"
        raise CleanError(f"{magic}: --{option} {expected}\nusage: {magic} ... --{option} N")
    return number


def read_count(option: str, text: str, namespace: Mapping[str, Any], magic: str) -> int:
    return read_whole(option, text, namespace, magic, least=1)


def read_data(option: str, text: str, namespace: Mapping[str, Any], magic: str) -> Any:
    """A name of the notebook, two of them for samples and labels (`x,y`), or a data set known by name."""
    if "," in text:
        names = [name.strip() for name in text.split(",")]
        if len(names) != 2:
            raise CleanError(f"{magic}: --{option} expects one name or two (samples,labels), got {text!r}")
        return tuple(_named(option, name, namespace, magic) for name in names)
    if text not in namespace and text.lower().replace("-", "_") in DATA_SETS:
        return text
    return _named(option, text, namespace, magic, DATA_SETS)


def _value(option: str, text: str, namespace: Mapping[str, Any], magic: str) -> Any:
    """A name of the notebook where it fits, else the word itself (`adam`, `accuracy`), which `train` looks up."""
    found = namespace.get(text)
    fits = {"optimizer": "set_knob", "loss": "__call__", "metric": "update"}[option]
    if found is not None and hasattr(found, fits) and not isinstance(found, (type, str)):
        return found
    if option == "loss":
        raise CleanError(f"{magic}: --loss expects a function of the notebook; {_unknown(text, namespace)}")
    return text


def _named(option: str, name: str, namespace: Mapping[str, Any], magic: str, more: tuple[str, ...] = ()) -> Any:
    if name in namespace:
        return namespace[name]
    sets = f", nor a data set ({', '.join(more)})" if more else ""
    raise CleanError(f"{magic}: --{option} {name}: {_unknown(name, namespace, more, sets)}")


def _unknown(name: str, namespace: Mapping[str, Any], more: tuple[str, ...] = (), or_else: str = "") -> str:
    own = [key for key in namespace if not key.startswith("_")]
    return f"the notebook has no variable {name}{or_else}{did_you_mean(name, [*own, *more])}"


_READERS = {
    "flag": _flag,
    "word": _word,
    "number": read_number,
    "whole": read_whole,
    "count": read_count,
    "data": read_data,
    "value": _value,
}
