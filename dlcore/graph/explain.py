"""`explain`: what a compiled function became, in words and numbers."""

from __future__ import annotations

from typing import Any

from ._compiled import Compiled
from ._function import GraphFunction
from ._ir import FUSED
from ._jit import Jit


class Explanation(str):
    """The text of `explain`, with its figures as attributes.

    kernels  instructions run by one call;  arena_bytes: shared memory of intermediate results
    naive_bytes  what they would take without sharing;  compile_seconds: time of the passes and the plan
    """

    kernels: int
    arena_bytes: int
    naive_bytes: int
    compile_seconds: float


def explain(compiled: Any, *args: Any, **kwargs: Any) -> Explanation:
    """Describes the graph behind a compiled function: its instructions, memory, and the time compilation took.

    compiled   a function made by `jit`, or anything with `entries()`; with arguments it is called with them first
    Errors: ValueError when it has not been called yet (there is no graph then), TypeError for anything else.

    >>> import dlcore as dl
    >>> f = dl.jit(lambda x: (x * 2 + 1).sum())
    >>> dl.explain(f, dl.np.ones((4, 4))).kernels
    2
    """
    if isinstance(compiled, (Compiled, GraphFunction)):
        functions: list[Any] = [compiled]
    elif isinstance(compiled, Jit):
        if args or kwargs:
            compiled(*args, **kwargs)
        functions = compiled.entries()
    else:
        raise TypeError(f"explain: expected a compiled function, got {type(compiled).__name__}")
    if not functions:
        raise ValueError("explain: this function was not called yet, so there is no graph; pass it example arguments")
    newest = functions[-1]
    return _describe(newest.plain if isinstance(newest, GraphFunction) else newest)


def _describe(compiled: Compiled) -> Explanation:
    graph, memory, lowered = compiled.graph, compiled.plan, compiled.lowered
    fused = sum(node.op == FUSED for node in lowered.nodes)
    lines = [
        f"{graph.name}: {len(compiled.traced.nodes)} traced calls became {len(lowered.nodes)} kernels "
        f"({fused} fused groups)",
        f"kernels: {len(lowered.nodes)}",
        f"arena_bytes: {memory.arena_bytes}",
        f"naive_bytes: {memory.naive_bytes}",
        f"compile_seconds: {compiled.compile_seconds:.3f}",
        f"state arrays: {len(graph.states)}, written {len(graph.writes)}, {len(memory.copies)} of them by a last copy",
    ]
    names = graph.names()
    lines += ["  " + graph.node_text(node, names) for node in lowered.nodes]
    text = Explanation("\n".join(lines))
    text.kernels, text.arena_bytes, text.naive_bytes = len(lowered.nodes), memory.arena_bytes, memory.naive_bytes
    text.compile_seconds = compiled.compile_seconds
    return text
