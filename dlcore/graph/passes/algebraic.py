"""Algebra: calls that come to less, by identities that hold for every number, NaN, infinities and -0.0 too.

- signs: a + (-b) is a - b, a - (-b) is a + b, (-a) * (-b) and (-a) / (-b) lose both, abs, square and cos do not see one
- repetition: relu, abs, sign, floor, ceil, trunc and round of themselves, maximum and minimum of x and x, where with
  two equal arms, abs of a square
- powers of two: x / 2^n is x * 2^-n, and a product of such factors is one factor, where it neither over- nor underflows
- copies: elementwise functions, sums, means and extremes of an array repeated by broadcast_to are made of the array
  itself. A sum of n copies is a product by n, their mean is one of them: adding up rounds at every step, and may
  overflow on the way
- casts: to a wider dtype and back

DLCORE_ALGEBRA=0 leaves all of them out.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable

from .. import _ops
from .._build import Builder
from .._ir import Graph, Node, Value, constant, numel
from .._rebuild import can_stand_for, named_attrs, rebuild, scalar_of
from .._types import is_float
from .dead_code import trimmed

Operands = list[Value | None]
Rewrite = Callable[[Builder, Node, Operands], Value | None]
_WIDER = {"float16": ("float32", "float64"), "bfloat16": ("float32", "float64"), "float32": ("float64",)}
_EXPONENTS = 64  # of factors that are put together: far from where float32 ends


def algebraic(graph: Graph) -> Graph:
    """Applies the first rule that fits each call."""
    if os.environ.get("DLCORE_ALGEBRA") == "0":
        return graph

    def rule(builder: Builder, node: Node, operands: Operands) -> list[Value] | None:
        for rewrite in RULES.get(node.op, ()):
            found = rewrite(builder, node, operands)
            if found is not None:
                return [found]
        return None

    return trimmed(rebuild(graph, rule))


def _inside(value: Value | None, *ops: str) -> Value | None:
    """What `value` is one of `ops` of, if it is that."""
    if value is None or value.node is None or value.node.op not in ops:
        return None
    return value.node.inputs[0]


def _positive(value: Value | None, node: Node) -> Value | None:
    """x of a value -x, of the dtype of the call's result."""
    inner = _inside(value, "negative")
    return inner if inner is not None and not inner.weak and inner.dtype == node.outputs[0].dtype else None


# ---- signs ----


def _add_negative(builder: Builder, node: Node, operands: Operands) -> Value | None:
    for i in (1, 0):
        inner = _positive(operands[i], node)
        if inner is not None:
            return builder.one("subtract", [operands[1 - i], inner])
    return None


def _subtract_negative(builder: Builder, node: Node, operands: Operands) -> Value | None:
    inner = _positive(operands[1], node)
    return None if inner is None else builder.one("add", [operands[0], inner])


def _both_negative(builder: Builder, node: Node, operands: Operands) -> Value | None:
    a, b = _positive(operands[0], node), _positive(operands[1], node)
    return builder.one(node.op, [a, b]) if a is not None and b is not None and is_float(a.dtype) else None


def _even(builder: Builder, node: Node, operands: Operands) -> Value | None:
    inner = _inside(operands[0], "negative", "abs") if node.op != "abs" else _inside(operands[0], "negative")
    if inner is None or inner.weak or not is_float(inner.dtype) or inner.dtype != node.outputs[0].dtype:
        return None  # the lowest integer has no negative
    return builder.one(node.op, [inner])


# ---- repetition ----


def _again(builder: Builder, node: Node, operands: Operands) -> Value | None:
    x = operands[0]
    return x if _inside(x, node.op) is not None and can_stand_for(x, node) else None


def _abs_of_square(builder: Builder, node: Node, operands: Operands) -> Value | None:
    x = operands[0]
    return x if _inside(x, "square") is not None and can_stand_for(x, node) and is_float(x.dtype) else None  # type: ignore[union-attr]


def _same_twice(builder: Builder, node: Node, operands: Operands) -> Value | None:
    a, b = operands[-2:]
    return a if a is b and can_stand_for(a, node) else None


# ---- powers of two ----


def _exponent(value: Value | None, dtype: str) -> int | None:
    """n of a constant 2^n, not too large."""
    number = scalar_of(value)
    if not is_float(dtype) or dtype == "float16" or isinstance(number, complex) or not number or number < 0:  # type: ignore[operator]
        return None
    mantissa, exponent = math.frexp(float(number))  # type: ignore[arg-type]
    return exponent - 1 if mantissa == 0.5 and abs(exponent) <= _EXPONENTS else None


def _factor(exponent: int, dtype: str) -> Value:
    return constant(math.ldexp(1.0, exponent), dtype, weak=True)


def _divide_by_power(builder: Builder, node: Node, operands: Operands) -> Value | None:
    exponent = _exponent(operands[1], node.outputs[0].dtype)
    if exponent is None or not can_stand_for(operands[0], node):
        return None
    return builder.one("multiply", [operands[0], _factor(-exponent, node.outputs[0].dtype)])


def _two_powers(builder: Builder, node: Node, operands: Operands) -> Value | None:
    """(x * 2^a) * 2^b where both only grow or only shrink a number: in between nothing is lost that comes back."""
    dtype = node.outputs[0].dtype
    for i in (1, 0):
        outer, x = _exponent(operands[i], dtype), operands[1 - i]
        if outer is None or not can_stand_for(x, node) or x.node is None or x.node.op != "multiply":  # type: ignore[union-attr]
            continue
        for k in (1, 0):
            inner, base = _exponent(x.node.inputs[k], dtype), x.node.inputs[1 - k]  # type: ignore[union-attr]
            if inner is None or min(inner, outer) < 0 or inner + outer > _EXPONENTS or not can_stand_for(base, node):
                continue
            return builder.one("multiply", [base, _factor(inner + outer, dtype)])
    return None


# ---- copies ----


def _repeated(value: Value | None) -> Value | None:
    """The smaller array that `value` repeats; numbers do not count, they are folded into groups anyway."""
    inner = _inside(value, "broadcast_to")
    return inner if inner is not None and inner.size > 1 and inner.size < value.size else None  # type: ignore[union-attr]


def _of_copies(builder: Builder, node: Node, operands: Operands) -> Value | None:
    """f(broadcast_to(x)) = broadcast_to(f(x)) for functions of one array."""
    inner = _repeated(operands[0])
    if inner is None or len(operands) != 1 or inner.weak:
        return None
    return builder.one("broadcast_to", [builder.one(node.op, [inner], *node.attrs)], node.outputs[0].shape)


def _reduced_copies(builder: Builder, node: Node, operands: Operands) -> Value | None:
    """A sum, mean or extreme over exactly the axes along which an array repeats itself."""
    inner, out = _inside(operands[0], "broadcast_to"), node.outputs[0]
    if inner is None or inner.dtype != out.dtype or not is_float(out.dtype) or out.dtype in ("float16", "bfloat16"):
        return None
    wide = operands[0].shape  # type: ignore[union-attr]
    axis = named_attrs(node)["axis"]
    axes = (
        set(range(len(wide))) if axis is None else {a % len(wide) for a in ((axis,) if isinstance(axis, int) else axis)}
    )
    padded = (1,) * (len(wide) - len(inner.shape)) + inner.shape
    if not axes or 0 in wide or any(padded[a] != 1 for a in axes):
        return None
    if any(padded[i] != wide[i] for i in range(len(wide)) if i not in axes):
        return None
    small = inner if inner.shape == out.shape else builder.one("reshape", [inner], out.shape)
    count = numel(wide[a] for a in axes)
    if node.op != "sum" or count == 1:
        return small
    return builder.one("multiply", [small, constant(float(count), out.dtype, weak=True)])


# ---- casts ----


def _there_and_back(builder: Builder, node: Node, operands: Operands) -> Value | None:
    inner = _inside(operands[0], "cast")
    if inner is None or not can_stand_for(inner, node):
        return None
    return inner if operands[0].dtype in _WIDER.get(inner.dtype, ()) else None  # type: ignore[union-attr]


_UNARY = tuple(
    "relu sigmoid tanh exp log sqrt square negative abs sin cos gelu_erf gelu_tanh silu erf log1p expm1".split()
)
RULES: dict[str, tuple[Rewrite, ...]] = {
    **{op: (_of_copies,) for op in _UNARY},
    "add": (_add_negative,),
    "subtract": (_subtract_negative,),
    "multiply": (_both_negative, _two_powers),
    "divide": (_both_negative, _divide_by_power),
    "square": (_even, _of_copies),
    "cos": (_even, _of_copies),
    "abs": (_again, _even, _abs_of_square, _of_copies),
    "relu": (_again, _of_copies),
    **dict.fromkeys(("sign", "floor", "ceil", "trunc", "round"), (_again,)),
    **dict.fromkeys(("maximum", "minimum", "where"), (_same_twice,)),
    **dict.fromkeys(("sum", "mean", "max", "min"), (_reduced_copies,)),
    "cast": (_there_and_back,),
}
RULES = {op: rules for op, rules in RULES.items() if op in _ops.RECORDS}
