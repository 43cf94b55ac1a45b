"""Algebraic rules: which calls are left, and that results stay what they were, special values included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from graph.programs import trace_of
from hypothesis import given, settings
from hypothesis import strategies as st

import dlcore as dl
from dlcore import nd
from dlcore.graph.interpreter import interpret
from dlcore.graph.passes.algebraic import RULES, algebraic
from dlcore.graph.passes.canonicalize import canonicalize
from dlcore.graph.passes.dead_code import dead_code
from dlcore.graph.verify import verify
from dlcore.ops import F

SPECIAL = [0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 3.4e38, -3.4e38, 1e-45, 1.2e-38, 0.1]
A = np.array([x for x in SPECIAL for _ in SPECIAL], "f4")
B = np.array([x for _ in SPECIAL for x in SPECIAL], "f4")

# The call, and the operators that are left of it.
CASES: dict[str, tuple[Callable[..., Any], list[str]]] = {
    "a + -b": (lambda a, b: a + F.negative(b), ["subtract"]),
    "-a + b": (lambda a, b: F.negative(a) + b, ["subtract"]),
    "a - -b": (lambda a, b: a - F.negative(b), ["add"]),
    "-a * -b": (lambda a, b: F.negative(a) * F.negative(b), ["multiply"]),
    "-a / -b": (lambda a, b: F.negative(a) / F.negative(b), ["divide"]),
    "abs of -a": (lambda a, b: F.abs(F.negative(a)), ["abs"]),
    "square of -a": (lambda a, b: F.square(F.negative(a)), ["square"]),
    "square of abs": (lambda a, b: F.square(F.abs(a)), ["square"]),
    "abs of square": (lambda a, b: F.abs(F.square(a)), ["square"]),
    "relu twice": (lambda a, b: F.relu(F.relu(a)), ["relu"]),
    "floor twice": (lambda a, b: F.floor(F.floor(a)), ["floor"]),
    "maximum of one": (lambda a, b: F.maximum(a, a), []),
    "where of one": (lambda a, b: F.where(b > 0, a, a), []),
    "a / 8": (lambda a, b: a / 8.0, ["multiply"]),
    "a / 3 stays": (lambda a, b: a / 3.0, ["divide"]),
    "a * 2 * 8": (lambda a, b: a * 2.0 * 8.0, ["multiply"]),
    "a * 0.5 * 4 stays": (lambda a, b: a * 0.5 * 4.0, ["multiply", "multiply"]),
    "wider and back": (lambda a, b: F.cast(F.cast(a, "float64"), "float32"), []),
    "narrower and back stays": (lambda a, b: F.cast(F.cast(a, "float16"), "float32"), ["cast", "cast"]),
    "tanh of copies": (lambda a, b: F.tanh(F.broadcast_to(a, (3, a.size))), ["tanh", "broadcast_to"]),
    "max of copies": (lambda a, b: F.max(F.broadcast_to(a, (3, a.size)), axis=0), []),
    "other axis stays": (lambda a, b: F.max(F.broadcast_to(a, (3, a.size)), axis=1), ["broadcast_to", "max"]),
}


def _left(function: Callable[..., Any], *arrays: Any) -> list[str]:
    """The operators after the pass, which must leave a valid graph."""
    graph = verify(canonicalize(trace_of(function, *arrays)), "canonicalize")
    return [node.op for node in verify(dead_code(algebraic(graph)), "algebraic").nodes]


def _same(x: np.ndarray, y: np.ndarray) -> None:
    """To the bit; signs of zeros count, those of NaN do not."""
    np.testing.assert_array_equal(x, y)
    number = ~np.isnan(x)
    np.testing.assert_array_equal(np.signbit(x[number]), np.signbit(y[number]))


@pytest.mark.parametrize("name", CASES)
def test_rules(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, left = CASES[name]
    arrays = nd.array(A), nd.array(B)
    assert [op for op in _left(function, *arrays) if op != "greater"] == left
    made = dl.jit(function)(*arrays).asnumpy()
    _same(made, function(*arrays).asnumpy())
    monkeypatch.setenv("DLCORE_ALGEBRA", "0")
    _same(made, dl.jit(function)(*arrays).asnumpy())


def test_a_sum_of_copies_is_one_product() -> None:
    def total(a: nd.NDArray) -> nd.NDArray:
        return F.sum(F.broadcast_to(a, (300, a.size)), axis=0)

    a = nd.array(np.random.default_rng(0).standard_normal(50).astype("f4"))
    assert _left(total, a) == ["multiply"]
    np.testing.assert_array_equal(dl.jit(total)(a).asnumpy(), a.asnumpy() * np.float32(300))
    np.testing.assert_allclose(dl.jit(total)(a).asnumpy(), total(a).asnumpy(), rtol=1e-6)


def test_the_mean_of_copies_is_the_array() -> None:
    def mean(a: nd.NDArray) -> nd.NDArray:
        return F.mean(F.broadcast_to(a, (7, a.size)), axis=0)

    a = nd.array(np.random.default_rng(0).standard_normal(50).astype("f4"))
    assert _left(mean, a) == []
    np.testing.assert_array_equal(dl.jit(mean)(a).asnumpy(), a.asnumpy())
    np.testing.assert_allclose(dl.jit(mean)(a).asnumpy(), mean(a).asnumpy(), rtol=1e-6)


def test_the_lowest_integer_keeps_its_sign() -> None:
    def f(a: nd.NDArray) -> nd.NDArray:
        return F.abs(F.negative(a))

    a = nd.array(np.array([-128, -1, 0, 127], "i1"), dtype="int8")
    np.testing.assert_array_equal(dl.jit(f)(a).asnumpy(), f(a).asnumpy())


def test_every_rule_has_a_case() -> None:
    used = {rule for rules in RULES.values() for rule in rules}
    hit = set()

    def spy(rule: Any) -> Any:
        def call(builder: Any, node: Any, operands: Any) -> Any:
            found = rule(builder, node, operands)
            if found is not None:
                hit.add(rule)
            return found

        return call

    arrays = nd.array(A), nd.array(B)
    with pytest.MonkeyPatch.context() as patch:
        for op, rules in RULES.items():
            patch.setitem(RULES, op, tuple(spy(rule) for rule in rules))
        for function, _ in CASES.values():
            _left(function, *arrays)
    assert hit == used


UNARY = [F.negative, F.abs, F.square, F.relu, F.floor, lambda x: x / 4.0, lambda x: x * 2.0, lambda x: F.maximum(x, x)]
BINARY = [lambda x, y: x + y, lambda x, y: x - y, lambda x, y: x * y, lambda x, y: x / y]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 11), st.integers(0, 9), st.integers(0, 9)), min_size=3, max_size=12))
def test_chains_of_calls_stay_what_they_were(steps: list[tuple[int, int, int]]) -> None:
    def run(a: nd.NDArray, b: nd.NDArray) -> nd.NDArray:
        values = [a, b]
        for call, i, j in steps:
            x, y = values[-1 - i % len(values)], values[-1 - j % len(values)]
            values.append(UNARY[call](x) if call < len(UNARY) else BINARY[call - len(UNARY)](x, y))
        return values[-1]

    graph = canonicalize(trace_of(run, nd.array(A), nd.array(B)))
    (before,), _ = interpret(graph, [A, B])
    (after,), _ = interpret(verify(algebraic(graph), "algebraic"), [A, B])
    _same(after, before)
