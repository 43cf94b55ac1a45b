"""Knobs: the numbers of a run that may be changed while it is going."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from typing import Any


class Knobs:
    """The numbers of one run by name, with a check on every change.

    Only finite numbers that are not below zero are let in, because one bad entry in a slider's text field would
    otherwise spoil the weights for good. "batch" is a whole number from 1 on, "dropout" is below 1.
    """

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = {name: float(value) for name, value in values.items()}

    def values(self) -> dict[str, float]:
        """A copy of all of them."""
        return dict(self._values)

    def names(self) -> list[str]:
        return list(self._values)

    def checked(self, asked: Mapping[str, Any]) -> dict[str, float]:
        """`asked` as floats. Raises ValueError for an unknown name or a value that cannot be meant."""
        good = {}
        for name, value in asked.items():
            if name not in self._values:
                raise ValueError(f"set: there is no knob {name!r}{hint(name, self._values)}; {self._known()}")
            good[name] = _number(name, value)
        return good

    def update(self, values: Mapping[str, float]) -> dict[str, float]:
        """Take over checked values; returns those that really changed."""
        changed = {name: value for name, value in values.items() if self._values.get(name) != value}
        self._values.update(changed)
        return changed

    def _known(self) -> str:
        return f"this run has {', '.join(self._values)}" if self._values else "this run has none"


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


def hint(word: str, known: Iterable[str]) -> str:
    """`"; did you mean 'lr'?"` for the known word that looks most like `word`, else nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""
