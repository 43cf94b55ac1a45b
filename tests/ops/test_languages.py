"""The two small languages of the stanzas: scalar expressions and operator programs."""

from __future__ import annotations

import math

import pytest

from dlcore.ops import get
from dlcore.ops._expr import ExprError, compile_tile
from dlcore.ops._program import ProgramError
from dlcore.ops._record import RECORDS, op, parse_args


def run_tile(source: str, **values: float) -> tuple[float, ...]:
    """Runs a tile program with Python's own arithmetic."""
    tile = compile_tile(source, list(values))
    seen: list[float] = list(values.values())
    python = {
        "add": lambda a, b: a + b,
        "sub": lambda a, b: a - b,
        "mul": lambda a, b: a * b,
        "div": lambda a, b: a / b,
        "fdiv": lambda a, b: a // b,
        "rem": lambda a, b: a % b,
        "neg": lambda a: -a,
        "max": max,
        "min": min,
        "gt": lambda a, b: float(a > b),
        "select": lambda c, a, b: a if c else b,
        "sqrt": math.sqrt,
        "and": lambda a, b: float(bool(a) and bool(b)),
    }
    for mnemonic, operands in tile.code:
        seen.append(operands if mnemonic == "const" else python[mnemonic](*(seen[o] for o in operands)))
    return tuple(seen[o] for o in tile.outs)


@pytest.mark.parametrize(
    ("source", "values", "expected"),
    [
        ("x * x + 1", {"x": 3.0}, (10.0,)),
        ("a - b if a > b else b - a", {"a": 1.0, "b": 4.0}, (3.0,)),
        ("t = a * b; t + t, t", {"a": 2.0, "b": 5.0}, (20.0, 10.0)),
        ("a // b + a % b", {"a": 7.0, "b": 2.0}, (4.0,)),
        ("-x ** 2", {"x": 3.0}, (-9.0,)),
        ("x ** 3 + x ** 0.5", {"x": 4.0}, (66.0,)),
        ("x", {"x": 4.0}, (4.0,)),
        ("select(a and b, 1, 2)", {"a": 1.0, "b": 0.0}, (2.0,)),
    ],
)
def test_expressions_mean_what_python_means(source: str, values: dict[str, float], expected: tuple) -> None:
    assert run_tile(source, **values) == expected


def test_equal_instructions_are_shared_and_constants_folded() -> None:
    tile = compile_tile("(x + 2 * 3) * (x + 6)", ["x"])
    assert tile.code == [("const", 6.0), ("add", (0, 1)), ("mul", (2, 2))]


def test_minus_zero_is_not_zero() -> None:
    code = compile_tile("max(x, 0.0) + min(x, -0.0)", ["x"]).code
    zeros = [math.copysign(1, v) for m, v in code if m == "const"]
    assert zeros == [1.0, -1.0]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("y + 1", "unknown name 'y'"),
        ("frob(x)", "unknown function 'frob'"),
        ("erf(x, x)", "erf takes 1 operand"),
        ("[x]", "List is not part"),
        ("x = 1", "last statement must be the result"),
        ("import os; x", "only 'name = expression'"),
        ("0 < x < 1", "Compare is not part"),
    ],
)
def test_wrong_expressions_say_what_is_wrong(source: str, message: str) -> None:
    with pytest.raises(ExprError, match=message):
        compile_tile(source, ["x"])


def test_gradient_program_shares_steps_between_inputs() -> None:
    program = get("dense").grad_program
    assert program is not None
    names = [step[0] for step in program["steps"]]
    assert len(names) == len({repr(step[:3]) for step in program["steps"]})
    assert names.count("swap_last") == 1
    slots = [step[3] for step in program["steps"]]
    assert slots == sorted(slots)


def test_every_program_refers_to_what_exists() -> None:
    for record in RECORDS.values():
        for program in filter(None, (record.grad_program, record.define_program)):
            for name, refs, attrs, _ in program["steps"]:
                callee = get(name)
                fixed = [i for i in callee.inputs if not i.variadic]
                assert len(refs) >= len(fixed) and len(attrs) == len(callee.attrs), (record.name, name)


@pytest.mark.parametrize(
    ("grad", "message"),
    [
        ("gy * nothing", "unknown name 'nothing'"),
        ("no_such_operator(gy)", "no operator 'no_such_operator'"),
        ("sum(gy, axiz=1)", "does not take"),
        ("take(gy)", "take needs 'indices'"),
    ],
)
def test_wrong_programs_say_what_is_wrong(grad: str, message: str) -> None:
    with pytest.raises((ProgramError, KeyError), match=message):
        op("wrong_for_test", "x", "A stanza with a mistake.", expr="x", grad=grad)
    assert "wrong_for_test" not in RECORDS


def test_signatures_are_read() -> None:
    inputs, attrs, order = parse_args("t", "g, x: like, *rest, slope: scalar = 0.5, axis: opt_ints = None")
    assert [(i.name, i.like, i.variadic, i.scalar) for i in inputs] == [
        ("g", False, False, False),
        ("x", True, False, False),
        ("rest", False, True, False),
        ("slope", False, False, True),
    ]
    assert attrs[0].name == "axis" and attrs[0].type == "opt_ints" and attrs[0].default is None
    assert order == ("g", "x", "rest", "slope", "axis")
    with pytest.raises(ValueError, match="unknown type 'integer'"):
        parse_args("t", "x, axis: integer")


def test_a_name_is_declared_once() -> None:
    with pytest.raises(ValueError, match="declared twice"):
        op("exp", "x", "Again.", expr="exp(x)")
