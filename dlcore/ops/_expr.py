"""The scalar expression of an elementwise stanza, turned into a tile program.

A stanza says what one element becomes, in Python's own syntax::

    expr="x * sigmoid(x)"
    expr="n2 = gamma * n + (1 - gamma) * g * g; w - lr * g / (sqrt(n2) + eps), n2"

The text is parsed with `ast` and flattened to single assignments: value 0, 1, ... are the inputs, and every
instruction makes the next value. Equal instructions are shared and arithmetic on constants is done here. The
result is what the C++ tile machine runs, what graph fusion joins and what CUDA C is rendered from.
"""

from __future__ import annotations

import ast
import math
from typing import Any, NamedTuple, NoReturn

# Function name in an expression -> (micro-operation, number of operands).
CALLS: dict[str, tuple[str, int]] = {
    **{
        name: (name, 1)
        for name in (
            "abs sign sqrt rsqrt exp expm1 log log1p log2 log10 sin cos tan asin acos atan sinh cosh tanh asinh "
            "acosh atanh erf sigmoid floor ceil round trunc isnan isinf isfinite round_bf16 round_f16 "
            "signbit cbrt exp2 lgamma gamma erfinv real imag conj angle gelu gelu_slope"
        ).split()
    },
    **{name: (name, 2) for name in ("pow", "max", "min", "rem", "fdiv", "xor", "atan2", "hypot")},
    **{name: (name, 2) for name in ("copysign", "fmod", "polygamma", "gcd", "lcm")},
    "complex_": ("complex", 2),
    "not_": ("not", 1),
    "and_": ("and", 2),
    "or_": ("or", 2),
    "select": ("select", 3),
    "fma": ("fma", 3),
}
NAMED_CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan}

_BINARY: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.FloorDiv: "fdiv",
    ast.Mod: "rem",
    ast.Pow: "pow",
    ast.BitAnd: "band",
    ast.BitOr: "bor",
    ast.BitXor: "bxor",
    ast.LShift: "shl",
    ast.RShift: "shr",
}
_UNARY: dict[type, str] = {ast.USub: "neg", ast.Invert: "bnot", ast.Not: "not"}
_COMPARE: dict[type, str] = {
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}
_FOLD: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
}


class Tile(NamedTuple):
    """A tile program: `code` is [(mnemonic, operand ids) or ("const", value)], `outs` the ids of its results."""

    n_in: int
    code: list[tuple]
    outs: list[int]


class ExprError(SyntaxError):
    """A stanza's expression uses something the tile machine does not know."""


def compile_tile(source: str, names: list[str]) -> Tile:
    """Compiles `source` over the inputs `names`; the last statement gives the result, a tuple several.

    >>> compile_tile("x * x + 1", ["x"])
    Tile(n_in=1, code=[('mul', (0, 0)), ('const', 1.0), ('add', (1, 2))], outs=[3])
    """
    return _Builder(source, names).build()


class _Builder:
    def __init__(self, source: str, names: list[str]) -> None:
        self.source = source
        self.n_in = len(names)
        self.env: dict[str, int] = {name: i for i, name in enumerate(names)}
        self.code: list[tuple] = []
        self.known: dict[tuple, int] = {}
        self.const_of: dict[int, float] = {}

    def build(self) -> Tile:
        body: list[Any] = ast.parse(self.source.strip()).body
        *assignments, last = body
        for statement in assignments:
            if not (isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name)):
                self.fail(statement, "only 'name = expression' may come before the result")
            self.env[statement.targets[0].id] = self.value(statement.value)
        if not isinstance(last, ast.Expr):
            self.fail(last, "the last statement must be the result")
        results = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
        return prune(Tile(self.n_in, self.code, [self.value(r) for r in results]))

    def fail(self, node: ast.AST, why: str) -> NoReturn:
        raise ExprError(f"expression {self.source!r}: {why}, at '{ast.unparse(node)}'")

    def emit(self, mnemonic: str, operands: tuple) -> int:
        constants = [self.const_of.get(i) for i in operands]
        if mnemonic in _FOLD and None not in constants:
            return self.const(_FOLD[mnemonic](*constants))
        return self.add((mnemonic, operands))

    def const(self, value: float) -> int:
        value = float(value)
        index = self.add(("const", value))
        self.const_of[index] = value
        return index

    def add(self, instruction: tuple) -> int:
        key = (*instruction, math.copysign(1.0, instruction[1])) if instruction[0] == "const" else instruction
        if key not in self.known:
            self.code.append(instruction)
            self.known[key] = self.n_in + len(self.code) - 1
        return self.known[key]

    def value(self, node: Any) -> int:
        kind = type(node)
        if kind is ast.Name:
            if node.id in self.env:
                return self.env[node.id]
            if node.id in NAMED_CONSTANTS:
                return self.const(NAMED_CONSTANTS[node.id])
            self.fail(node, f"unknown name {node.id!r}; known: {', '.join(self.env)}")
        if kind is ast.Constant and isinstance(node.value, (bool, int, float)):
            return self.const(node.value)
        if kind is ast.BinOp and type(node.op) in _BINARY:
            return self.binary(node)
        if kind is ast.UnaryOp and type(node.op) in _UNARY:
            return self.emit(_UNARY[type(node.op)], (self.value(node.operand),))
        if kind is ast.Compare and len(node.ops) == 1:
            return self.emit(_COMPARE[type(node.ops[0])], (self.value(node.left), self.value(node.comparators[0])))
        if kind is ast.BoolOp:
            word = "and" if isinstance(node.op, ast.And) else "or"
            first, *rest = [self.value(v) for v in node.values]
            for other in rest:
                first = self.emit(word, (first, other))
            return first
        if kind is ast.IfExp:
            return self.emit("select", (self.value(node.test), self.value(node.body), self.value(node.orelse)))
        if kind is ast.Call and isinstance(node.func, ast.Name):
            return self.call(node)
        self.fail(node, f"{kind.__name__} is not part of the scalar language")

    def binary(self, node: ast.BinOp) -> int:
        left = self.value(node.left)
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and left not in self.const_of:
            if node.right.value == 2:
                return self.emit("mul", (left, left))
            if node.right.value == 3:
                return self.emit("mul", (self.emit("mul", (left, left)), left))
            if node.right.value == 0.5:
                return self.emit("sqrt", (left,))
        return self.emit(_BINARY[type(node.op)], (left, self.value(node.right)))

    def call(self, node: Any) -> int:
        name = node.func.id
        if name not in CALLS:
            self.fail(node, f"unknown function {name!r}; known: {', '.join(sorted(CALLS))}")
        mnemonic, count = CALLS[name]
        if len(node.args) != count or node.keywords:
            self.fail(node, f"{name} takes {count} operand(s), got {len(node.args)}")
        return self.emit(mnemonic, tuple(self.value(a) for a in node.args))


def prune(tile: Tile) -> Tile:
    """Drops instructions that no result needs (constants left over from folding)."""
    needed = set(tile.outs)
    for index in range(len(tile.code) - 1, -1, -1):
        mnemonic, operands = tile.code[index]
        if tile.n_in + index in needed and mnemonic != "const":
            needed.update(operands)
    renamed = {i: i for i in range(tile.n_in)}
    code: list[tuple] = []
    for index, (mnemonic, operands) in enumerate(tile.code):
        if tile.n_in + index in needed:
            renamed[tile.n_in + index] = tile.n_in + len(code)
            code.append((mnemonic, operands if mnemonic == "const" else tuple(renamed[o] for o in operands)))
    return Tile(tile.n_in, code, [renamed[o] for o in tile.outs])
