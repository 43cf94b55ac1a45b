"""Common subexpressions: of two equal calls on equal operands the second is dropped."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _ops
from .._ir import FUSED, Graph, Node, Value
from .._pause import release


def cse(graph: Graph) -> Graph:
    """Merges equal calls (never random ones). Values are written once, so equal operands mean equal results."""
    numbers: dict[Any, int] = {}  # equal constants share a number, other values have their own
    seen: dict[tuple, Node] = {}
    changes: dict[Value, Value] = {}
    twice: set[Node] = set()
    for node in graph.nodes:
        key = _key(node, [None if v is None else changes.get(v, v) for v in node.inputs], numbers)
        if key is None or seen.setdefault(key, node) is node:
            continue
        twice.add(node)
        changes.update(zip(node.outputs, seen[key].outputs, strict=True))
    if not twice:
        return graph
    fresh, copies = graph.clone()
    twins = list(zip(graph.nodes, fresh.nodes, strict=True))
    fresh.nodes = [twin for node, twin in twins if node not in twice]
    fresh.replace({copies[value]: copies[first] for value, first in changes.items()})
    release(twin for node, twin in twins if node in twice)
    return fresh


def _key(node: Node, inputs: list[Value | None], numbers: dict[Any, int]) -> tuple | None:
    if _ops.is_random(node):
        return None
    operands = tuple([-1 if v is None else numbers.setdefault(_identity(v), len(numbers)) for v in inputs])
    try:
        attrs = tuple((type(a), a) for a in node.attrs)
        hash(attrs)
    except TypeError:
        return None
    program: tuple = ()
    if node.op == FUSED:
        code = tuple((m, _number(o)) if m == "const" else (m, *o) for m, o in node.tile.code)
        layouts = tuple((out.dtype, out.strides) for out in node.outputs)
        program = (node.register, code, tuple(node.tile.outs), layouts)
    return (node.op, operands, attrs, program)


def _number(x: Any) -> tuple:
    """Distinguishes -0.0 from 0.0 and makes NaN equal to itself."""
    if isinstance(x, complex):
        return (_number(x.real), _number(x.imag))
    return ("nan",) if x != x else (type(x), x, math.copysign(1.0, x))


def _identity(value: Value) -> Any:
    if value.kind != "const":
        return value
    if isinstance(value.const, np.ndarray) and value.const.ndim:
        return (value.dtype, value.shape, value.const.tobytes())
    return (value.dtype, value.weak, _number(value.const))
