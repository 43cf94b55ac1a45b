"""Reads the words after a magic that looks at something, and answers a wrong one with the nearest right one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import CleanError, did_you_mean, words_of
from .lookup import shape_argument
from .train_options import DATA_SETS, read_count, read_data, read_number, read_whole

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@dataclass(frozen=True)
class Words:
    """How a magic is written: its plain words, and its options with what each holds.

    The kinds are "data", "count", "whole", "number", "shape", "function", "flag", "word" and "one of ...".
    """

    magic: str
    plain: str
    options: Mapping[str, tuple[str, str]]
    least: int = 1
    most: int = 1

    @property
    def usage(self) -> str:
        """One line."""
        parts = [f"[--{name}{f' {shown}' if shown else ''}]" for name, (_, shown) in self.options.items()]
        return " ".join(["usage:", f"%{self.magic}", *([self.plain] if self.plain else []), *parts])

    def read(self, line: str, namespace: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
        """The plain words and the values of the options. Raises CleanError for whatever cannot be meant."""
        words = iter(words_of(line, f"%{self.magic}"))
        plain: list[str] = []
        given: dict[str, Any] = {}
        for word in words:
            if not word.startswith("--"):
                plain.append(word)
                continue
            option, equals, text = word[2:].partition("=")
            if option not in self.options:
                known = [f"--{name}" for name in self.options]
                hint = did_you_mean(word, known) or (f"; there are {', '.join(known)}" if known else "; it has none")
                raise CleanError(f"%{self.magic}: there is no option --{option}{hint}\n{self.usage}")
            if option in given:
                raise CleanError(f"%{self.magic}: --{option} is given twice\n{self.usage}")
            if self.options[option][0] == "flag":
                if equals:
                    raise CleanError(f"%{self.magic}: --{option} takes no value, got {text!r}\n{self.usage}")
                given[option] = True
                continue
            found = text if equals else next(words, None)
            if found is None or (not equals and found.startswith("--")):
                raise CleanError(f"%{self.magic}: --{option} needs a value\n{self.usage}")
            given[option] = self._value(option, found, namespace)
        if not self.least <= len(plain) <= self.most:
            got = "nothing is named" if not plain else f"expected {self.plain or 'options only'}, got {' '.join(plain)}"
            raise CleanError(f"%{self.magic}: {got}\n{self.usage}")
        return plain, given

    def _value(self, option: str, text: str, namespace: Mapping[str, Any]) -> Any:
        kind, magic = self.options[option][0], f"%{self.magic}"
        if kind == "data":
            return read_data(option, text, namespace, magic)
        if kind == "count":
            return read_count(option, text, namespace, magic)
        if kind == "whole":
            return read_whole(option, text, namespace, magic)
        if kind == "number":
            return read_number(option, text, namespace, magic)
        if kind == "shape":
            return shape_argument(text)
        if kind == "function":
            if not callable(namespace.get(text)):
                hint = did_you_mean(text, [name for name in namespace if not name.startswith("_")])
                raise CleanError(f"{magic}: --{option} expects a function of the notebook, and {text} is none{hint}")
            return namespace[text]
        if kind.startswith("one of "):
            choices = kind.removeprefix("one of ").split()
            if text not in choices:
                hint = did_you_mean(text, choices) or f"; expected {', '.join(choices)}"
                raise CleanError(f"{magic}: --{option} cannot be {text}{hint}")
        return text


RUNS = {("dlcore.run._run", "Run"), ("dlcore.tune._search", "Search")}  # what %attach shows; neither is imported
_known: dict[str, Words] = {}


def offer(ip: InteractiveShell, words: Words) -> None:
    """Have the line of this magic completed: networks and data by name, options, choices."""
    _known[words.magic] = words
    matchers = ip.Completer.custom_matchers
    if any(getattr(matcher, "matcher_identifier", None) == MATCHER for matcher in matchers):
        return
    from IPython.core.completer import SimpleCompletion, context_matcher

    @context_matcher(identifier=MATCHER)
    def options_matcher(context: Any) -> dict[str, Any]:
        line = context.full_text.split("\n")[context.cursor_line][: context.cursor_position]
        word, offers = complete(line, ip.user_ns)
        found = [SimpleCompletion(text=text, type="magic") for text in offers]
        return {"completions": found, "suppress": bool(found), "ordered": True, "matched_fragment": word}

    matchers.append(options_matcher)


MATCHER = "dlcore.options"


def forget(ip: InteractiveShell, magic: str) -> None:
    """Complete the line of this magic no longer."""
    _known.pop(magic, None)
    if not _known:
        matchers = ip.Completer.custom_matchers
        matchers[:] = [m for m in matchers if getattr(m, "matcher_identifier", None) != MATCHER]


def complete(line: str, namespace: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The word that is being written on a line of one of these magics, and what it may become."""
    start = line.lstrip().split(" ")
    words = _known.get(start[0][1:])  # a cell's magic is known by its second sign: %%tune as "%tune"
    if words is None or line.lstrip()[:1] != "%" or len(start) < 2:
        return "", []
    word, before = start[-1], start[-2]
    names = sorted(name for name in namespace if not name.startswith("_"))
    kind = words.options[before[2:]][0] if before.startswith("--") and before[2:] in words.options else ""
    if kind in ("", "flag"):
        known = [f"--{name}" for name in words.options if f"--{name}" not in start]
        if not word.startswith("--") and len([part for part in start[1:-1] if part]) == 0:
            known = _plain(words.plain, namespace) if words.plain else known
    elif kind == "data":
        known = [*names, *DATA_SETS]
    elif kind.startswith("one of "):
        known = kind.removeprefix("one of ").split()
    else:
        known = names if kind == "function" else []
    return word, [name for name in known if name.startswith(word)]


def _plain(what: str, namespace: Mapping[str, Any]) -> list[str]:
    """What a magic's first word may be."""
    from .language.parts import network_names

    if what.startswith("one of "):
        return what.removeprefix("one of ").split()
    if what.startswith("NET"):
        return sorted(network_names(namespace))
    names = sorted(name for name in namespace if not name.startswith("_"))
    if what == "RUN":
        kinds = {name: type(namespace[name]) for name in names}
        return [name for name in names if (kinds[name].__module__, kinds[name].__name__) in RUNS]
    return [*names, *DATA_SETS] if what == "DATA" else []
