"""A network with every value worked out: steps that know their layer, their settings and where their inputs come from.

A plan is plain data: it holds no notebook and no text to be evaluated, so one plan can be built any number of times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import Source, Span
from .tree import Claim, Program

INPUT = "input"
USE = "use"


class Reusable:
    """What ``use name(values)`` makes a network from; `Template` is the one kind there is.

    Named here so that resolving a program, which may use a template, and a template, which resolves its program, need
    not import each other.
    """

    def arguments(self, *args: Any, **keywords: Any) -> dict[str, Any]:
        """The value of each parameter; raises TypeError as a Python call would."""
        raise NotImplementedError

    def plan(self, arguments: Mapping[str, Any], stack: tuple[str, ...] = ()) -> Plan:
        """The plan for these values of the parameters."""
        raise NotImplementedError


@dataclass(frozen=True)
class Step:
    """One value of the network.

    ``word`` is ``input``, ``use`` or a row of the vocabulary; ``sources`` are numbers of earlier steps; ``part`` is the
    Plan of an embedded network, or a Gluon block that is used as it is. ``turn`` says which repeats the step stands in
    and in which turn of each, such as ``(("repeat1", 2),)``.
    """

    name: str
    word: str
    settings: dict[str, Any]
    sources: tuple[int, ...]
    text: str
    span: Span
    activation: str | None = None
    turn: tuple[tuple[str, int], ...] = ()
    part: Any = None
    operand_spans: tuple[Span, ...] = ()
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All steps in order; the last one is the network's output."""

    program: Program
    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """The network's name."""
        return self.program.name

    @property
    def source(self) -> Source:
        """The text that messages point into."""
        return self.program.source

    @property
    def inputs(self) -> tuple[Step, ...]:
        """The steps that take what is given to the network."""
        return tuple(step for step in self.steps if step.word == INPUT)
