"""Follows the shapes through a plan and points at the line where they do not meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .errors import NetworkError
from .kinds import shape_text
from .plan import INPUT, USE, Plan, Step
from .shapes import Shape, ShapeProblem
from .words import WORDS

Probe = Callable[[Any, Shape], Shape]


def infer(plan: Plan, given: Sequence[Shape | None], probe: Probe) -> list[Shape | None]:
    """The shape of every step, without the batch; None where it is not known before the first batch.

    ``given`` are the shapes of the inputs, None for those that the text itself must tell. ``probe`` finds the output
    shape of a Gluon block. Raises NetworkError.
    """
    shapes: list[Shape | None] = []
    waiting = list(given)
    for step in plan.steps:
        if step.word == INPUT:
            shapes.append(_input(plan, step, waiting.pop(0) if waiting else None))
        else:
            shapes.append(_step(plan, step, [shapes[source] for source in step.sources], probe))
    return shapes


def _input(plan: Plan, step: Step, given: Shape | None) -> Shape | None:
    told: Shape | None = step.settings["shape"]
    if told is not None and given is not None and told != given:
        raise plan.source.error(f"{plan.name} expects {shape_text(told)}, but gets {shape_text(given)}", step.span)
    return told if given is None else given


def _step(plan: Plan, step: Step, shapes: list[Shape | None], probe: Probe) -> Shape | None:
    if step.word == USE:
        return _use(plan, step, shapes[0], probe)
    known = [shape for shape in shapes if shape is not None]
    if len(known) < len(shapes):
        return None
    try:
        return WORDS[step.word].shape(step.word, step.settings, known)
    except ShapeProblem as problem:
        span = step.span if problem.operand is None else step.operand_spans[problem.operand]
        raise plan.source.error("\n".join([str(problem), *_origins(plan, step, known)]), span) from None


def _origins(plan: Plan, step: Step, shapes: list[Shape]) -> list[str]:
    """For a line that takes several values: each value's name, shape and line."""
    if len(shapes) < 2:
        return []
    steps = [plan.steps[source] for source in step.sources]
    return [
        f"  {one.name}: {shape_text(shape)} (line {one.span.line})" for one, shape in zip(steps, shapes, strict=True)
    ]


def _use(plan: Plan, step: Step, shape: Shape | None, probe: Probe) -> Shape | None:
    if not isinstance(step.part, Plan):
        if shape is None:
            return None
        try:
            return probe(step.part, shape)
        except Exception as problem:
            said = f"{step.name} cannot take {shape_text(shape)}: {problem}"
            raise plan.source.error(said, step.span) from problem
    inner = step.part
    if len(inner.inputs) != 1:
        raise plan.source.error(f"{inner.name} has {len(inner.inputs)} inputs, but use gives it one value", step.span)
    try:
        return infer(inner, [shape], probe)[-1]
    except NetworkError as problem:
        raise plan.source.error_within(problem, inner.name, step.span) from None
