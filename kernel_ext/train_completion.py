"""What the Tab key offers after ``%train``: networks, options, and what an option may hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .language.parts import network_names
from .train_options import DATA_SETS, OPTIONS

LINE = re.compile(r"^(?:.*=\s*)?%%?train\s(?P<rest>.*)$")


def complete(before: str, namespace: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The word that is being written at the end of `before`, and what it may become; nothing outside `%train`.

    >>> complete("run = %train net --ep", {})
    ('--ep', ['--epochs'])
    """
    found = LINE.match(before)
    if found is None:
        return "", []
    words = found["rest"].split(" ")
    *earlier, word = words
    earlier = [word for word in earlier if word]
    offers = _offers(earlier, namespace)
    return word, sorted(offer for offer in offers if offer.startswith(word) and offer != word)


def _offers(earlier: list[str], namespace: Mapping[str, Any]) -> Iterator[str]:
    last = earlier[-1][2:] if earlier and earlier[-1].startswith("--") else None
    if last in OPTIONS and OPTIONS[last].kind != "flag":
        yield from _values(last, namespace)
        return
    given = {word[2:].partition("=")[0] for word in earlier if word.startswith("--")}
    yield from (f"--{name}" for name in OPTIONS if name not in given)
    if not any(_is_plain(earlier, place) for place in range(len(earlier))):
        yield from network_names(namespace)


def _is_plain(words: list[str], place: int) -> bool:
    """Whether a word is neither an option nor the value of one."""
    before = words[place - 1][2:] if place and words[place - 1].startswith("--") else None
    return not words[place].startswith("--") and (before not in OPTIONS or OPTIONS[before].kind == "flag")


def _values(option: str, namespace: Mapping[str, Any]) -> Iterator[str]:
    names = [name for name in namespace if not name.startswith("_")]
    if OPTIONS[option].kind == "data":
        yield from DATA_SETS
        yield from (name for name in names if _holds_data(namespace[name]))
    elif option == "optimizer":
        yield from ("sgd", "adam", "rmsprop")
        yield from (name for name in names if hasattr(namespace[name], "set_knob"))
    elif option == "schedule":
        from dlcore.run import SCHEDULES  # here, since loading the extension loads no room of the library

        yield from SCHEDULES
    elif option == "metric":
        yield "accuracy"
        yield from (name for name in names if hasattr(namespace[name], "get_name_value"))
    elif option == "loss":
        yield from (name for name in names if callable(namespace[name]) and not isinstance(namespace[name], type))


def _holds_data(value: Any) -> bool:
    if isinstance(value, (str, bytes, dict, type)) or hasattr(value, "collect_params"):
        return False
    if isinstance(value, (tuple, list)):
        return len(value) == 2 and all(hasattr(part, "shape") for part in value)
    return hasattr(value, "__len__") and (hasattr(value, "__getitem__") or hasattr(value, "__iter__"))
