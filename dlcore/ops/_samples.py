"""How a stanza says what its tests draw: plain data, turned into arrays only by the tests."""

from __future__ import annotations

from typing import Any, NamedTuple


class Draw(NamedTuple):
    """Numbers drawn evenly from [low, high]: kind is "real", "whole", "flag" or "fixed" (then `value` holds them)."""

    kind: str
    low: float
    high: float
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    value: Any = None
    apart: bool = False


class Case(NamedTuple):
    """One call: its inputs (Draw, number or None) and its attributes."""

    inputs: tuple
    attrs: dict[str, Any]


class Bad(NamedTuple):
    """One call that must raise `raises` with a message that matches the pattern `match`."""

    match: str
    inputs: tuple
    attrs: dict[str, Any]
    raises: str


def real(low: float = -2.0, high: float = 2.0, shape: tuple[int, ...] | None = None, **more: Any) -> Draw:
    """Floating-point numbers. `apart=True` keeps all of them clearly different (for max, sort and the like)."""
    return Draw("real", low, high, shape, **more)


def whole(low: int = 0, high: int = 9, shape: tuple[int, ...] | None = None, dtype: str = "int64") -> Draw:
    """Whole numbers with both ends included, in the stated dtype whatever dtype the test is about."""
    return Draw("whole", low, high, shape, dtype)


def flag(shape: tuple[int, ...] | None = None) -> Draw:
    """Truth values."""
    return Draw("flag", 0, 1, shape, "bool")


def fixed(value: Any, dtype: str | None = None) -> Draw:
    """These very numbers; without a dtype they follow the dtype of the test."""
    return Draw("fixed", 0, 0, None, dtype, value)


def case(*inputs: Any, **attrs: Any) -> Case:
    """A call with these inputs and attributes."""
    return Case(inputs, attrs)


def bad(match: str, *inputs: Any, raises: str = "ValueError", **attrs: Any) -> Bad:
    """A call that must fail with this message."""
    return Bad(match, inputs, attrs, raises)
