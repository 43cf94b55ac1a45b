"""Shapes of parameters in the older style: learned by running `hybrid_forward` once, operator by operator."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from dlcore import _core
from dlcore.ops import RECORDS

from ._parameter import Parameter


class Learning:
    """Stands for F during that run: before an operator meets a parameter without shape, its shape is worked out.

    Raises ValueError, naming the operator, where the operator does not tell the shape.
    """

    def __init__(self, operators: Any) -> None:
        self._operators = operators

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._operators, name)
        if not callable(found):
            return Learning(found)

        def call(*args: Any, **kwargs: Any) -> Any:
            inputs = [*args, *(value for key, value in kwargs.items() if _is_waiting(value) or _is_array(value))]
            if any(_is_waiting(value) for value in inputs):
                _tell(name, inputs, kwargs)
            args = tuple(_real(value) for value in args)
            return found(*args, **{key: _real(value) for key, value in kwargs.items()})

        return call


def _is_waiting(value: Any) -> bool:
    return isinstance(value, Parameter)


def _is_array(value: Any) -> bool:
    return isinstance(value, _core.NDArray)


def _is_elementwise(name: str) -> bool:
    return any(record.elementwise for record in RECORDS.values() if name == record.name or name in record.aliases)


def _real(value: Any) -> Any:
    return value.data() if isinstance(value, Parameter) else value


def _tell(name: str, inputs: list[Any], words: dict[str, Any]) -> None:
    """Give the parameters among `inputs` their shapes, from the first array among them."""
    known = [tuple(value.shape) for value in inputs if _is_array(value)]
    rule = _RULES.get(name.lower()) or (_like_the_last_axes if _is_elementwise(name) else None)
    for value in inputs:
        if _is_waiting(value) and not value._shape_known:
            shape = rule(known[0], value.shape, words) if rule and known and value.shape else None
            if shape is None:
                raise ValueError(
                    f"{name} does not tell the shape of {value.name} {value.shape}; give it, or define infer_shape(x)"
                )
            value.shape = shape
        if _is_waiting(value):
            value.finish_deferred_init()


Shape = tuple[int, ...]
Rule = Callable[[Shape, Shape, dict[str, Any]], "Shape | None"]


def _filled(shape: Shape, known: Shape) -> Shape:
    """`shape` with its unknown lengths taken from `known`, which is as long."""
    return tuple(b if a in (0, -1) else a for a, b in zip(shape, known, strict=True))


def _fully_connected(x: Shape, shape: Shape, words: dict[str, Any]) -> Shape | None:
    inner = math.prod(x[1:]) if words.get("flatten", True) else x[-1]
    units = words.get("num_hidden", shape[0])
    return _filled(shape, (units, inner) if len(shape) == 2 else (units,))


def _convolution(x: Shape, shape: Shape, words: dict[str, Any]) -> Shape | None:
    filters = words.get("num_filter", shape[0])
    if len(shape) == 1:
        return _filled(shape, (filters,))
    kernel = tuple(words.get("kernel", shape[2:]))
    return _filled(shape, (filters, x[1] // words.get("num_group", words.get("groups", 1)), *kernel))


def _along(default: int) -> Rule:
    def rule(x: Shape, shape: Shape, words: dict[str, Any]) -> Shape | None:
        return _filled(shape, (x[words.get("axis", default)],)) if len(shape) == 1 else None

    return rule


def _dot(x: Shape, shape: Shape, words: dict[str, Any]) -> Shape | None:
    if len(shape) != 2:
        return None
    columns = words.get("transpose_b", False)
    return _filled(shape, (shape[0], x[-1]) if columns else (x[-1], shape[1]))


def _like_the_last_axes(x: Shape, shape: Shape, words: dict[str, Any]) -> Shape | None:
    """Elementwise operators: an unknown length is that of the array's axis it is broadcast against."""
    return _filled(shape, x[len(x) - len(shape) :]) if len(shape) <= len(x) else None


_RULES: dict[str, Rule] = {
    "fullyconnected": _fully_connected,
    "dense": _fully_connected,
    "convolution": _convolution,
    "conv2d": _convolution,
    "batchnorm": _along(1),
    "layernorm": _along(-1),
    "dot": _dot,
    "matmul": _dot,
}
