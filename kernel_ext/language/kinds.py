"""The kinds of value that a word or an option takes, each with the words that describe it in a message."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``convert`` takes a Python value and gives the one a layer needs, or raises ValueError."""

    what: str
    convert: Callable[[object], object]
    words: tuple[str, ...] = ()


def shape_text(shape: tuple[int, ...] | None) -> str:
    """A shape as the language writes it: ``1x28x28``.

    >>> shape_text((1, 28, 28))
    '1x28x28'
    """
    if shape is None:
        return "unknown"
    return "x".join(map(str, shape)) if shape else "one number"


def whole(value: object, least: int) -> int:
    """``value`` as an int that is not below ``least``; a bool or a float is no whole number."""
    if isinstance(value, (bool, float, str, tuple, list)):
        raise ValueError(value)
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(value) from None
    if number < least:
        raise ValueError(value)
    return number


def _whole_from(least: int) -> Callable[[object], int]:
    return lambda value: whole(value, least)


def _pair_from(least: int) -> Callable[[object], tuple[int, int]]:
    def convert(value: object) -> tuple[int, int]:
        if isinstance(value, (tuple, list)):
            if len(value) != 2:
                raise ValueError(value)
            return whole(value[0], least), whole(value[1], least)
        number = whole(value, least)
        return number, number

    return convert


def _padding(value: object) -> tuple[int, int] | str:
    return "same" if value == "same" else _pair_from(0)(value)


def _shape(value: object) -> tuple[int, ...]:
    if isinstance(value, (tuple, list)):
        if not value:
            raise ValueError(value)
        return tuple(whole(part, 1) for part in value)
    return (whole(value, 1),)


def _number(value: object) -> float:
    if isinstance(value, (bool, str, tuple, list)):
        raise ValueError(value)
    try:
        return float(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(value) from None


def _fraction(value: object) -> float:
    number = _number(value)
    if not 0 <= number < 1:
        raise ValueError(value)
    return number


def _axis(value: object) -> int:
    number = whole(value, -8)
    if number == 0:
        raise ValueError(value)
    return number


COUNT = Kind("a whole number of at least 1", _whole_from(1))
PAIR = Kind("a size such as 3 or 3x3", _pair_from(1))
PADDING = Kind('a size such as 1 or 1x1, or the word "same"', _padding, words=("same",))
SHAPE = Kind("a shape such as 1x28x28", _shape)
NUMBER = Kind("a number", _number)
FRACTION = Kind("a number from 0 up to, but not including, 1", _fraction)
AXIS = Kind("1 for the first number of the shape, 2 for the second, -1 for the last", _axis)
