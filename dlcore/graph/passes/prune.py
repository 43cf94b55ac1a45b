"""Drops what nobody needs from branches and loops: results, carried arrays that only feed themselves, operands."""

from __future__ import annotations

from dataclasses import replace

from .._control import Branch, Loop, Program
from .._ir import Graph, Node, Value, bodies_of
from .dead_code import dead_code


def prune(graph: Graph) -> Graph:
    """The same graph, its branches and loops with fewer results and operands where that is possible."""
    if not any(bodies_of(node) for node in graph.nodes):
        return graph
    graph, _ = graph.clone()
    needed: set[Value] = set(graph.all_uses())
    for node in graph.nodes:
        if bodies_of(node):
            _prune(node, [out in needed for out in node.outputs])
    return graph


def _prune(node: Node, used: list[bool]) -> None:
    program: Program = node.attrs[0]
    if isinstance(program, Branch):
        program, results, operands = _branch(program, used)
    else:
        program, results, operands = _loop(program, used)
    node.attrs = (program,)
    node.outputs = [node.outputs[i] for i in results]
    node.inputs = [node.inputs[i] for i in operands]
    for index, out in enumerate(node.outputs):
        out.index = index


def _branch(program: Branch, used: list[bool]) -> tuple[Branch, list[int], list[int]]:
    results = [i for i, mine in enumerate(used) if mine] or [0]
    bodies = [_giving(body, results) for body in (program.then, program.other)]
    read = set().union(*[_read(body) for body in bodies])
    for body in bodies:
        body.inputs = [body.inputs[i] for i in sorted(read)]
    return Branch(*bodies), results, [0, *[i + 1 for i in sorted(read)]]


def _loop(program: Loop, used: list[bool]) -> tuple[Loop, list[int], list[int]]:
    c, s, first = program.carried, program.scanned, int(program.counted)
    n = len(program.body.outputs)
    test = None if program.condition is None else _giving(program.condition, [0])
    asked = set() if test is None else _read(test)
    carried = {i for i in range(c) if used[i]} | {i for i in asked if i < c}
    rows = [i for i in range(c, n) if used[i]]
    while True:
        body = _giving(program.body, [*sorted(carried), *rows])
        more = {i for i in _read(body) if i < c} - carried
        if not more:
            break
        carried |= more
    if not body.outputs:  # only the number of steps is wanted
        carried, rows = {0}, []
        body = _giving(program.body, [0])
    read = _read(body) | carried | {i if i < c else i + s for i in asked}
    inputs = sorted(read)
    body.inputs = [body.inputs[i] for i in inputs]
    if test is not None:
        test.inputs = [test.inputs[i if i < c else i - s] for i in inputs if not c <= i < c + s]
    pruned = replace(
        program, body=body, condition=test, carried=len(carried), scanned=sum(c <= i < c + s for i in read)
    )
    results = [*sorted(carried), *rows, *([n] if test is not None else [])]
    return pruned, results, [*range(first), *[i + first for i in inputs]]


def _giving(graph: Graph, results: list[int]) -> Graph:
    """The graph with only these of its results."""
    graph, _ = graph.clone()
    graph.outputs = [graph.outputs[i] for i in results]
    return dead_code(graph)


def _read(graph: Graph) -> set[int]:
    """The numbers of the inputs that a graph reads."""
    read = set(graph.all_uses())
    return {i for i, value in enumerate(graph.inputs) if value in read}
