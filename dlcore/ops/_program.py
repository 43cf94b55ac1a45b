"""The operator language: gradients and composite definitions, written in Python's syntax over operators.

    grad="t = gy * y; t - y * sum(t, axis=axis, keepdims=True)"
    define="d = x - mean(x, axis=axis, keepdims=True); mean(d * d, axis=axis, keepdims=keepdims)"

Names are the operator's arguments, its outputs (`y` unless the stanza names them) and their gradients (`gy`: "g" and
the output's name). Infix signs mean the operators of the same meaning. The result is a program that the C++ core
runs through its ordinary `invoke`, so a gradient can be differentiated again. Equal steps are shared.

A program is {"steps": [(operator, references, attributes, first slot)], "results": [references]}; a reference is
("in", k), ("out", k), ("gy", k), ("tmp", slot), ("const", number), ("attr", name), a starred kind ("in*", "gy*",
"tmp*") that stands for a whole list, or None; an attribute is ("lit", value), ("attr", name) or ("fn", name, [attrs]).
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any, NoReturn

from ._table import REQUIRED, get

if TYPE_CHECKING:
    from ._record import Op

_BINARY: dict[type, str] = {
    ast.Add: "add",
    ast.Sub: "subtract",
    ast.Mult: "multiply",
    ast.Div: "divide",
    ast.FloorDiv: "floor_divide",
    ast.Mod: "remainder",
    ast.Pow: "power",
    ast.BitAnd: "logical_and",
    ast.BitOr: "logical_or",
    ast.MatMult: "matmul",
}
_UNARY: dict[type, str] = {ast.USub: "negative", ast.Invert: "logical_not"}
_COMPARE: dict[type, str] = {
    ast.Eq: "equal",
    ast.NotEq: "not_equal",
    ast.Lt: "less",
    ast.LtE: "less_equal",
    ast.Gt: "greater",
    ast.GtE: "greater_equal",
}
ATTR_FUNCTIONS = {"inverse_perm", "dual_norm"}  # functions of attributes that the core knows, beside "not" and "neg"

Ref = tuple | None


class ProgramError(SyntaxError):
    """A gradient or definition in a stanza cannot be compiled."""


def compile_grad(record: Op) -> dict[str, Any]:
    """The gradient program of a record: one result per input, None where nothing flows."""
    builder = _Builder(record, gradient=True)
    grad = record.grad
    if isinstance(grad, dict):
        unknown = set(grad) - {i.name for i in record.inputs}
        if unknown:
            raise ProgramError(f"{record.name}: grad names {sorted(unknown)}, which are no inputs")
        results = [builder.result(grad.get(i.name)) for i in record.inputs]
    else:
        results = builder.run(grad)
        results += [None] * (len(record.inputs) - len(results))
    return {"steps": builder.steps, "results": results}


def compile_define(record: Op) -> dict[str, Any]:
    """The program of a composite operator: one result per output."""
    builder = _Builder(record, gradient=False)
    results = builder.run(record.define)
    if record.n_out not in (-1, len(results)):
        raise ProgramError(f"{record.name}: define gives {len(results)} results, outs names {record.n_out}")
    return {"steps": builder.steps, "results": results}


def conjugated(program: dict[str, Any]) -> dict[str, Any] | None:
    """The gradient program of a complex-differentiable function: gy * conj(f'(x)) where `program` says gy * f'(x).

    Functions that are real on real numbers have f'(conj x) = conj f'(x), so it is enough to conjugate every array that
    is read (Kreutz-Delgado, "The complex gradient operator and the CR-calculus", arXiv:0906.4835). None where nothing
    is read: such a program is right as it is.
    """
    steps: list[tuple] = []
    moved: dict[tuple, tuple] = {}  # references of `program` -> those here; slots must grow with the steps
    size = 0

    def read(ref: Ref, like: bool) -> Ref:
        nonlocal size
        if ref is None or like or ref[0] not in ("in", "out"):
            return moved.get(ref, ref) if ref else ref
        if ref not in moved:
            steps.append(("conj", [ref], [], size))
            moved[ref] = ("tmp", size)
            size += 1
        return moved[ref]

    for name, refs, attrs, slot in program["steps"]:
        like = [i.like for i in get(name).inputs]
        refs = [read(ref, like[min(k, len(like) - 1)]) for k, ref in enumerate(refs)]
        steps.append((name, refs, attrs, size))
        for k in range(max(get(name).n_out, 1)):
            moved["tmp", slot + k], moved["tmp*", slot + k] = ("tmp", size + k), ("tmp*", size + k)
        size += max(get(name).n_out, 1)
    results = [read(ref, like=False) for ref in program["results"]]
    return {"steps": steps, "results": results} if len(steps) > len(program["steps"]) else None


class _Builder:
    def __init__(self, record: Op, gradient: bool) -> None:
        self.record = record
        self.steps: list[tuple] = []
        self.known: dict[Any, int] = {}
        self.slots = 0
        self.attrs = {a.name for a in record.attrs}
        self.env: dict[str, Ref] = {}
        for k, given in enumerate(record.inputs):
            self.env[given.name] = ("in*" if given.variadic else "in", k)
        if gradient:
            for k, out in enumerate(record.outs):
                if out == "*":
                    self.env["gy"] = ("gy*", 0)
                else:
                    self.env[out] = ("out", k)
                    self.env["g" + out] = ("gy", k)

    def fail(self, node: ast.AST, why: str) -> NoReturn:
        raise ProgramError(f"{self.record.name}: {why}, at '{ast.unparse(node)}'")

    def result(self, source: str | None) -> Ref:
        return None if source is None else self.run(source)[0]

    def run(self, source: str | None) -> list[Ref]:
        """Runs the statements of `source` and gives the references of its last one."""
        body: list[Any] = ast.parse((source or "").strip()).body
        *assignments, last = body
        for statement in assignments:
            if not isinstance(statement, ast.Assign):
                self.fail(statement, "only 'name = expression' may come before the result")
            self.assign(statement.targets[0], statement.value)
        if not isinstance(last, ast.Expr):
            self.fail(last, "the last statement must be the result")
        nodes = last.value.elts if isinstance(last.value, ast.Tuple) else [last.value]
        results: list[Ref] = []
        for node in nodes:
            results += self.call_all(node) if self.is_multi(node) else [self.value(node)]
        return results

    def is_multi(self, node: Any) -> bool:
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            return False
        return get(node.func.id).n_out != 1

    def assign(self, target: Any, value: Any) -> None:
        if isinstance(target, ast.Tuple):
            refs = self.call_all(value)
            for name, ref in zip(target.elts, refs, strict=True):
                self.env[ast.unparse(name)] = ref
        else:
            self.env[target.id] = self.value(value)

    def value(self, node: Any) -> Ref:
        kind = type(node)
        if kind is ast.Name:
            if node.id in self.env:
                return self.env[node.id]
            if node.id in self.attrs:
                return ("attr", node.id)
            self.fail(node, f"unknown name {node.id!r}")
        if kind is ast.Constant:
            return None if node.value is None else ("const", node.value)
        if kind is ast.Starred:
            return self.value(node.value)
        if kind is ast.BinOp:
            return self.binary(node)
        if kind is ast.UnaryOp:
            if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
                return ("const", -float(ast.literal_eval(node.operand)))
            return self.step(_UNARY[type(node.op)], [self.value(node.operand)], [])[0]
        if kind is ast.Compare and len(node.ops) == 1:
            operands = [self.value(node.left), self.value(node.comparators[0])]
            return self.step(_COMPARE[type(node.ops[0])], operands, [])[0]
        if kind is ast.Call:
            return self.call_all(node)[0]
        self.fail(node, f"{kind.__name__} is not part of the operator language")

    def binary(self, node: ast.BinOp) -> Ref:
        if isinstance(node.op, ast.Pow) and isinstance(node.right, ast.Constant) and node.right.value == 2:
            return self.step("square", [self.value(node.left)], [])[0]
        return self.step(_BINARY[type(node.op)], [self.value(node.left), self.value(node.right)], [])[0]

    def call_all(self, node: Any) -> list[Ref]:
        """The references of every output of a call."""
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            self.fail(node, "expected a call of an operator")
        callee = get(node.func.id)
        given: dict[str, Any] = {k.arg or "": k.value for k in node.keywords}
        positional = list(node.args)
        refs: list[Ref] = []
        for slot in callee.inputs:
            if slot.variadic:
                refs += [self.value(a) for a in positional]
                positional = []
            elif positional:
                refs.append(self.value(positional.pop(0)))
            elif slot.name in given:
                refs.append(self.value(given.pop(slot.name)))
            elif slot.default is not REQUIRED:
                refs.append(None if slot.default is None else ("const", slot.default))
            else:
                self.fail(node, f"{callee.name} needs {slot.name!r}")
        attrs = []
        for attr in callee.attrs:
            if positional:
                attrs.append(self.attr(positional.pop(0)))
            elif attr.name in given:
                attrs.append(self.attr(given.pop(attr.name)))
            elif attr.default is not REQUIRED:
                attrs.append(("lit", attr.default))
            else:
                self.fail(node, f"{callee.name} needs {attr.name!r}")
        if given or positional:
            self.fail(node, f"{callee.name} does not take {sorted(given) or ast.unparse(positional[0])}")
        return self.step(callee.name, refs, attrs)

    def attr(self, node: Any) -> tuple:
        if isinstance(node, ast.Name) and node.id in self.attrs:
            return ("attr", node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Name):
            return ("fn", "not" if isinstance(node.op, ast.Not) else "neg", [node.operand.id])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ATTR_FUNCTIONS:
            return ("fn", node.func.id, [ast.unparse(a) for a in node.args])
        try:
            return ("lit", ast.literal_eval(node))
        except ValueError:
            self.fail(node, "this is no attribute value")

    def step(self, name: str, refs: list[Ref], attrs: list[tuple]) -> list[Ref]:
        callee = get(name)
        key = (name, repr(refs), repr(attrs))
        if key not in self.known or callee.random:
            self.known[key] = self.slots
            self.steps.append((name, refs, attrs, self.slots))
            self.slots += max(callee.n_out, 1)
        first = self.known[key]
        if callee.n_out == -1:
            return [("tmp*", first)]
        return [("tmp", first + i) for i in range(callee.n_out)]
