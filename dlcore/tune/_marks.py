"""Marks: what a search may choose from, in place of a value."""

from __future__ import annotations

import builtins
import math
from dataclasses import dataclass
from typing import Any


class MarkError(ValueError):
    """A mark that cannot be meant; `argument` is the place of the wrong one (from 0), None for the whole mark.

    >>> import dlcore as dl
    >>> dl.tune.uniform(2, 1)
    Traceback (most recent call last):
    dlcore.tune._marks.MarkError: uniform: expected the low end before the high one, got 2 and 1
    """

    def __init__(self, text: str, argument: builtins.int | None = None) -> None:
        super().__init__(text)
        self.argument = argument


class Mark:
    """Base: `suggest` asks an Optuna trial for a value, `label` is how a value is written, `place` where it lies.

    >>> import dlcore as dl
    >>> mark = dl.tune.log(0.001, 0.1)
    >>> isinstance(mark, Mark), mark.kind, round(mark.place(0.01), 3), mark.label(0.01)
    (True, 'log', 0.5, '0.01')
    """

    kind = ""

    def suggest(self, trial: Any, name: str) -> Any:
        """The value that the trial proposes under this name."""
        raise NotImplementedError

    def stored(self, value: Any) -> Any:
        """What Optuna keeps for a value. ValueError where the mark does not allow it."""
        raise NotImplementedError

    def taken(self, stored: Any) -> Any:
        """The value for what Optuna kept."""
        return stored

    def label(self, value: Any) -> str:
        """A value as text."""
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    def place(self, value: Any) -> float:
        """Where between 0 (the low end) and 1 (the high end) a value lies."""
        raise NotImplementedError

    def about(self) -> dict[str, Any]:
        """The mark as plain values, for a page that draws it."""
        raise NotImplementedError


@dataclass(frozen=True)
class Choice(Mark):
    """One of `options`, in no order."""

    options: tuple[Any, ...]
    kind = "choice"

    @property
    def labels(self) -> tuple[str, ...]:
        """The options as text; equal texts get their number."""
        texts = [option if isinstance(option, str) else _written(option) for option in self.options]
        return tuple(text if texts.count(text) == 1 else f"{text} ({n})" for n, text in enumerate(texts, 1))

    def suggest(self, trial: Any, name: str) -> Any:
        return self.taken(trial.suggest_categorical(name, self.labels))

    def taken(self, stored: Any) -> Any:
        return self.options[self.labels.index(stored)]

    def stored(self, value: Any) -> str:
        for option, label in zip(self.options, self.labels, strict=True):
            if option is value or (type(option) is type(value) and option == value) or label == value:
                return label
        raise ValueError(f"expected one of {', '.join(self.labels)}, got {value!r}")

    def label(self, value: Any) -> str:
        return self.stored(value)

    def place(self, value: Any) -> float:
        return self.labels.index(self.stored(value)) / max(1, len(self.options) - 1)

    def about(self) -> dict[str, Any]:
        return {"kind": self.kind, "options": list(self.labels)}


@dataclass(frozen=True)
class _Range(Mark):
    low: Any
    high: Any

    def stored(self, value: Any) -> Any:
        number = _number(value, None)
        if not self.low <= number <= self.high:
            raise ValueError(f"expected a value from {self.low:g} to {self.high:g}, got {value!r}")
        return number

    def place(self, value: Any) -> float:
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5

    def about(self) -> dict[str, Any]:
        return {"kind": self.kind, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Uniform(_Range):
    """Any number from `low` to `high`."""

    kind = "uniform"

    def suggest(self, trial: Any, name: str) -> float:
        return float(trial.suggest_float(name, self.low, self.high))


@dataclass(frozen=True)
class Log(_Range):
    """Any number from `low` to `high`, every power of ten as likely as the next."""

    kind = "log"

    def suggest(self, trial: Any, name: str) -> float:
        return float(trial.suggest_float(name, self.low, self.high, log=True))

    def place(self, value: Any) -> float:
        return math.log(value / self.low) / math.log(self.high / self.low) if self.high > self.low else 0.5


@dataclass(frozen=True)
class Int(_Range):
    """A whole number from `low` to `high`, `step` apart."""

    step: builtins.int = 1
    kind = "int"

    def suggest(self, trial: Any, name: str) -> builtins.int:
        return builtins.int(trial.suggest_int(name, self.low, self.high, step=self.step))

    def stored(self, value: Any) -> builtins.int:
        number = super().stored(value)
        if number != builtins.int(number) or (number - self.low) % self.step:
            raise ValueError(f"expected a whole number, {self.step} apart from {self.low} on, got {value!r}")
        return builtins.int(number)

    def about(self) -> dict[str, Any]:
        return {**super().about(), "step": self.step}


def choice(*options: Any) -> Choice:
    """One of these, in no order: numbers, words, functions, classes.

    Raises MarkError for fewer than two, or for the same one twice.

    >>> choice(32, 64, 128).labels
    ('32', '64', '128')
    """
    if len(options) == 1 and isinstance(options[0], (list, tuple)):
        raise MarkError("choice: write the options one by one, choice(32, 64), not as a list", 0)
    if len(options) < 2:
        raise MarkError(f"choice: expected two options or more, got {len(options)}", 0 if options else None)
    for place, option in enumerate(options):
        if any(type(option) is type(other) and option == other for other in options[:place]):
            raise MarkError(f"choice: {option!r} is there twice", place)
    return Choice(options)


def uniform(low: float, high: float) -> Uniform:
    """Any number from `low` to `high`. Raises MarkError where that is no range.

    >>> uniform(0.0, 0.5).place(0.25)
    0.5
    """
    return Uniform(*_ends("uniform", low, high))


def log(low: float, high: float) -> Log:
    """Any number from `low` to `high`, every power of ten as likely: for learning rates. `low` is above 0.

    >>> round(log(1e-4, 1e-2).place(1e-3), 6)
    0.5
    """
    ends = _ends("log", low, high)
    if ends[0] <= 0:
        raise MarkError(f"log: the low end must be above 0, got {low!r}; uniform reaches 0", 0)
    return Log(*ends)


def int(low: builtins.int, high: builtins.int, step: builtins.int = 1) -> Int:
    """A whole number from `low` to `high`, `step` apart.

    >>> int(1, 4).place(4)
    1.0
    """
    for place, value in enumerate((low, high, step)):
        if _number(value, place) != builtins.int(value):
            raise MarkError(f"int: expected whole numbers, got {value!r}", place)
    _ends("int", low, high)
    if step < 1:
        raise MarkError(f"int: expected a step >= 1, got {step!r}", 2)
    return Int(builtins.int(low), builtins.int(low) + (high - low) // step * step, builtins.int(step))


MARKS: dict[str, Any] = {"choice": choice, "uniform": uniform, "log": log, "int": int}


def _ends(name: str, low: Any, high: Any) -> tuple[float, float]:
    ends = _number(low, 0, name), _number(high, 1, name)
    if ends[0] >= ends[1]:
        raise MarkError(f"{name}: expected the low end before the high one, got {low!r} and {high!r}", 1)
    return ends


def _number(value: Any, place: builtins.int | None, name: str = "int") -> float:
    if isinstance(value, (str, bool)):
        raise MarkError(f"{name}: expected a number, got {value!r}", place)
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise MarkError(f"{name}: expected a number, got {value!r}", place) from None
    if not math.isfinite(number):
        raise MarkError(f"{name}: expected a finite number, got {value!r}", place)
    return number


def _written(option: Any) -> str:
    named = getattr(option, "__name__", None)
    return named if isinstance(named, str) else " ".join(repr(option).split())[:40]
