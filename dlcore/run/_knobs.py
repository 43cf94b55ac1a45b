"""Knobs: the numbers and words of a run that may be changed while it is going."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from dlcore._hints import did_you_mean

from ._schedule import SCHEDULES

Value = float | str
WORDS: dict[str, tuple[str, ...]] = {"schedule": SCHEDULES}  # the knobs that are one of a few words


class Knobs:
    """The knobs of one run by name, with a check on every change.

    Only finite numbers that are not below zero are let in, because one bad entry in a slider's text field would
    otherwise spoil the weights for good. "batch" is a whole number from 1 on, "dropout" is below 1, "schedule" is one
    of the words of `SCHEDULES`.
    """

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values: dict[str, Value] = {k: v if k in WORDS else float(v) for k, v in values.items()}

    def values(self) -> dict[str, Any]:
        """A copy of all of them."""
        return dict(self._values)

    def names(self) -> list[str]:
        return list(self._values)

    def checked(self, asked: Mapping[str, Any]) -> dict[str, Value]:
        """`asked` as floats and words. Raises ValueError for an unknown name or a value that cannot be meant."""
        good: dict[str, Value] = {}
        for name, value in asked.items():
            if name not in self._values:
                raise ValueError(f"set: there is no knob {name!r}{did_you_mean(name, self._values)}; {self._known()}")
            good[name] = _word(name, value) if name in WORDS else _number(name, value)
        return good

    def update(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Take over checked values; returns those that really changed."""
        changed = {name: value for name, value in values.items() if self._values.get(name) != value}
        self._values.update(changed)
        return changed

    def _known(self) -> str:
        return f"this run has {', '.join(self._values)}" if self._values else "this run has none"


def as_numbers(values: Mapping[str, Value]) -> list[float]:
    """Knobs as numbers, in the order of their names, to be sent to other processes."""
    return [float(WORDS[k].index(str(v))) if k in WORDS else float(v) for k, v in sorted(values.items())]


def from_numbers(names: Iterable[str], numbers: Iterable[float]) -> dict[str, Value]:
    """What `as_numbers` was given."""
    pairs = zip(sorted(names), numbers, strict=True)
    return {name: WORDS[name][int(number)] if name in WORDS else number for name, number in pairs}


def _word(name: str, value: Any) -> str:
    if value not in WORDS[name]:
        fix = did_you_mean(str(value), WORDS[name])
        raise ValueError(f"set: expected one of {', '.join(WORDS[name])} for {name!r}, got {value!r}{fix}")
    return str(value)


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"set: expected a number for {name!r}, got {value!r}") from None
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"set: expected a finite number >= 0 for {name!r}, got {value!r}")
    if name == "batch" and (number < 1 or number != int(number)):
        raise ValueError(f"set: expected a whole number >= 1 for 'batch', got {value!r}")
    if name == "dropout" and number >= 1:
        raise ValueError(f"set: expected a rate below 1 for 'dropout', got {value!r}")
    return number
