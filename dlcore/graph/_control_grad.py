"""Gradients of branches and loops: a program that also keeps what is needed, and one that goes back.

A branch keeps the values of the body that ran (zeros for the other one) and goes back through the same body. A loop
stacks what each step keeps and is gone through from the last step to the first; what all steps read gets the sum of the
steps' gradients. Both are programs again, so they can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ._build import Builder
from ._control import Branch, Loop, Meta, Program, meta
from ._ir import Graph, Value, constant, contiguous_strides
from ._split import Halves
from ._types import is_inexact


@dataclass
class Gradient:
    """How to go back through a program.

    forward    gives the results of the program, then what is kept
    backward   gives the gradients of the operands numbered in `of`
    takes      its operands: ("in", operand), ("out", result of `forward`), ("head", result) or ("zeros", meta)
    """

    forward: Program
    backward: Program
    takes: list[tuple[str, Any]]
    of: list[int]


def needing(program: Program, active: list[bool]) -> list[bool]:
    """The operands of `active` that gradients flow to: not the number that decides a branch."""
    return [mine and not (isinstance(program, Branch) and i == 0) for i, mine in enumerate(active)]


@dataclass
class Back:
    """A body differentiated: its halves, and which results have a head gradient."""

    halves: Halves
    heads: list[int]
    kept: list[Value]  # what the forward half gives beyond the results


Halve = Callable[[Graph, list[int]], Back]  # of a body, the gradient with respect to these of its inputs


def differentiate(program: Program, wanted: list[bool], halve: Halve) -> Gradient:
    """The gradient with respect to the operands marked in `wanted` (floating-point ones, at least one)."""
    return _branch(program, wanted, halve) if isinstance(program, Branch) else _loop(program, wanted, halve)


def _branch(program: Branch, wanted: list[bool], halve: Halve) -> Gradient:
    of = [i for i, mine in enumerate(wanted) if mine]
    backs = [halve(body, [i - 1 for i in of]) for body in (program.then, program.other)]
    kept = [[meta(v) for v in back.kept] for back in backs]
    forwards = []
    for number, back in enumerate(backs):
        graph = back.halves.forward
        n = len(graph.outputs) - len(back.kept)
        other = zeros_of(graph, kept[1 - number])
        mine = graph.outputs[n:]
        graph.outputs = graph.outputs[:n] + (mine + other if number == 0 else other + mine)
        forwards.append(graph)
    direct = sorted({*backs[0].halves.direct, *backs[1].halves.direct})
    backwards = []
    for number, back in enumerate(backs):
        graph = back.halves.backward
        own = graph.inputs[: len(kept[number])]
        reads = dict(zip(back.halves.direct, graph.inputs[len(own) :], strict=False))
        heads = graph.inputs[len(own) + len(back.halves.direct) :]
        other = [unread(m) for m in kept[1 - number]]
        operands = [reads.get(i) or unread(meta(program.then.inputs[i])) for i in direct]
        graph.inputs = (own + other if number == 0 else other + own) + operands + heads
        backwards.append(graph)
    n_main, n_kept = len(program.then.outputs), len(kept[0]) + len(kept[1])
    takes: list[tuple[str, Any]] = [("in", 0), *(("out", n_main + i) for i in range(n_kept))]
    takes += [*(("in", i + 1) for i in direct), *(("head", i) for i in backs[0].heads)]
    return Gradient(Branch(*forwards), Branch(*backwards), takes, of)


def _loop(program: Loop, wanted: list[bool], halve: Halve) -> Gradient:
    body, c, s, first = program.body, program.carried, program.scanned, int(program.counted)
    of = [i for i, mine in enumerate(wanted) if mine]
    carried = [i for i in range(c) if is_inexact(body.inputs[i].dtype)]  # of each the gradient is carried back
    scanned = [i - first for i in of if c <= i - first < c + s]
    read = [i - first for i in of if i - first >= c + s]
    back = halve(body, [*carried, *scanned, *read])
    direct = back.halves.direct
    forward = back.halves.forward
    forward.outputs = forward.outputs + [forward.inputs[i] for i in direct if i < c]  # what a step began with
    n_out = len(body.outputs)

    graph = back.halves.backward
    kept = graph.inputs[: len(back.kept)]
    reads = dict(zip(direct, graph.inputs[len(kept) :], strict=False))
    heads = dict(zip(back.heads, graph.inputs[len(kept) + len(direct) :], strict=True))
    grads = dict(zip([*carried, *scanned, *read], graph.outputs, strict=True))
    sums = {i: unread(meta(grads[i])) for i in read}
    builder = Builder(graph.nodes)
    totals = [builder.one("add", [sums[i], grads[i]]) for i in read]
    stacked = [i for i in direct if i < c]
    rows = [i for i in direct if c <= i < c + s]
    steady = [i for i in direct if i >= c + s]
    results = [i for i in back.heads if i >= c]
    graph.inputs = [
        *[heads[i] for i in carried], *sums.values(), *kept, *[reads[i] for i in [*stacked, *rows]],
        *[heads[i] for i in results], *[reads[i] for i in steady],
    ]  # fmt: skip
    graph.outputs = [*[grads[i] for i in carried], *totals, *[grads[i] for i in scanned]]

    with_count = program.counted or program.condition is not None
    n_kept = len(kept) + len(stacked)
    takes: list[tuple[str, Any]] = []
    if with_count:
        takes.append(("in", 0) if program.counted else ("out", n_out + n_kept))
    takes += [("head", i) for i in carried] + [("zeros", meta(sums[i])) for i in read]
    takes += [("out", n_out + i) for i in range(n_kept)] + [("in", i + first) for i in rows]
    takes += [("head", i) for i in results] + [("in", i + first) for i in steady]
    backward = Loop(
        graph, None, len(carried) + len(read), n_kept + len(rows) + len(results), program.length, with_count,
        not program.reverse,
    )  # fmt: skip
    return Gradient(replace(program, body=forward), backward, takes, [i + first for i in [*carried, *read, *scanned]])


def result_numbers(forward: Program, n: int) -> list[int]:
    """Where the `n` results of a program are among those of its forward form: a number of steps stays the last one."""
    counts = isinstance(forward, Loop) and forward.condition is not None
    return [*range(n - 1), len(forward.results()) - 1] if counts else list(range(n))


def unread(like: Meta) -> Value:
    """An input of this dtype and shape that a graph need not read."""
    return Value(*like, contiguous_strides(like[1]), kind="input")


def zeros_of(graph: Graph, metas: list[Meta]) -> list[Value]:
    """Zeros of these dtypes and shapes, made in `graph`."""
    builder = Builder(graph.nodes)
    return [builder.one("broadcast_to", [constant(0.0, dtype)], shape) for dtype, shape in metas]
