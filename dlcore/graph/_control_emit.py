"""Puts branches and loops into a trace, and their gradients on the tape of that trace."""

from __future__ import annotations

from typing import Any

from dlcore import _core
from dlcore.ops import F

from ._control import Program
from ._control_grad import differentiate, needing, result_numbers
from ._types import is_inexact
from .passes.autodiff import halve


def emit(program: Program, operands: list[Any], paused: frozenset[int] = frozenset()) -> list[Any]:
    """The results of a program on arrays, recorded in the trace of this thread.

    While gradients are recorded, the results are on the tape too, except those numbered in `paused`.
    """
    wanted = needing(program, [a._tracked and is_inexact(a._dtype_name) for a in operands])
    if _core.is_recording() and any(wanted):
        return _taped(program, operands, wanted, paused)
    return _called(program, operands)


def _called(program: Program, operands: list[Any]) -> list[Any]:
    return _core.trace_control(program.op, operands, program.results(), program, program.blocks)


def _taped(program: Program, operands: list[Any], wanted: list[bool], paused: frozenset[int]) -> list[Any]:
    gradient = differentiate(program, wanted, halve)
    outs = _called(gradient.forward, operands)
    results = [outs[i] for i in result_numbers(gradient.forward, len(program.results()))]
    values = {key: _core.trace_value(operands[key]) for kind, key in gradient.takes if kind == "in"}

    # The tape holds `back`: it must not hold what lies on the tape through it.
    kept = {key: outs[key] for kind, key in gradient.takes if kind == "out"}
    shapes = [(a._dtype_name, a.shape) for a in results]

    def back(heads: list[Any]) -> list[Any]:
        for i, value in values.items():
            if _core.trace_value(operands[i]) != value:
                raise RuntimeError(
                    f"backward of a {program}: an array of shape {operands[i].shape} that it needs was changed in "
                    "place after the forward pass"
                )
        given = dict(zip(taped, heads, strict=True))
        known = _again(gradient.forward, operands) if _core.is_recording() else kept

        def operand(kind: str, key: Any) -> Any:
            if kind in ("in", "out"):
                return operands[key] if kind == "in" else known[key]
            if kind == "head" and key in given:
                return given[key]
            dtype, shape = key if kind == "zeros" else shapes[key]
            return F.zeros(shape=shape, dtype=dtype)

        taken = [operand(kind, key) for kind, key in gradient.takes]
        found = dict(zip(gradient.of, emit(gradient.backward, taken), strict=True))
        return [found[i] if i in found else F.zeros_like(operands[i]) for i in marked]

    marked = [i for i, mine in enumerate(wanted) if mine]
    taped = [i for i, a in enumerate(results) if is_inexact(a._dtype_name) and i not in paused]
    if taped:
        _core.make_function_node([operands[i] for i in marked], [results[i] for i in taped], back, in_graph=True)
    return results


def _again(forward: Program, operands: list[Any]) -> list[Any]:
    """The forward form once more, on the tape, so that what it keeps is differentiated as well."""
    if forward.blocks:
        raise RuntimeError(
            f"a {forward} draws random numbers, so inside a compiled function it has no gradient of its gradient; take "
            "that outside of jit, or draw the numbers before it"
        )
    return emit(forward, operands)
