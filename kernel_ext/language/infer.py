"""Follows the shapes through a plan and points at the line where they do not meet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .errors import NetworkError, Span
from .kinds import shape_text
from .plan import INPUT, USE, Plan, Step
from .shapes import Shape, ShapeProblem
from .words import WORDS

Probe = Callable[[Any, Shape], Shape]


def infer(
    plan: Plan, given: Sequence[Shape | None], probe: Probe, shapes: list[Shape | None] | None = None
) -> list[Shape | None]:
    """The shape of every step, without the batch; None where it is not known before the first batch.

    ``given`` are the shapes of the inputs, None for those that the text itself must tell. ``probe`` finds the output
    shape of a Gluon block. ``shapes`` is a list to put them in, which holds them up to a mistake. Raises NetworkError.
    """
    shapes = [] if shapes is None else shapes
    waiting = list(given)
    for step in plan.steps:
        if step.word == INPUT:
            shapes.append(_input(plan, step, waiting.pop(0) if waiting else None))
        else:
            shapes.append(_step(plan, step, [shapes[source] for source in step.sources], probe))
        _check_claims(plan, step, shapes[-1])
    return shapes


def _check_claims(plan: Plan, step: Step, shape: Shape | None) -> None:
    """What arrows say of the shape must be so."""
    for claim in step.claims:
        if shape is not None and claim.shape != shape:
            said = f"this arrow says {shape_text(claim.shape)}, but {step.text} makes {shape_text(shape)}"
            raise plan.source.error(f"{said}; write {shape_text(shape)}, or leave the shape out", claim.span)


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
        raise _unmet(plan, "\n".join([str(problem), *_origins(plan, step, known)]), span) from None


def _unmet(plan: Plan, message: str, span: Span) -> NetworkError:
    error = plan.source.error(message, span)
    error.shapes = True
    return error


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
            raise _unmet(plan, said, step.span) from problem
    inner = step.part
    if len(inner.inputs) != 1:
        raise plan.source.error(f"{inner.name} has {len(inner.inputs)} inputs, but use gives it one value", step.span)
    try:
        return infer(inner, [shape], probe)[-1]
    except NetworkError as problem:
        raise plan.source.error_within(problem, inner.name, step.span) from None
