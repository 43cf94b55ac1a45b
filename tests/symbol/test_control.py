"""`sym.contrib.foreach`, `while_loop` and `cond`: the numbers of their namesakes on arrays, gradients, and files."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, nd, sym

X = np.arange(6, dtype=np.float32).reshape(3, 2) - 2.5
W = np.array([[0.5, -0.3], [0.2, 0.9]], np.float32)


def fold(s: Any, x: Any, w: Any, start: Any) -> Any:
    outs, last = s.contrib.foreach(lambda row, h: (row * 2, s.tanh(s.dot(row.reshape((1, 2)), w) + h)), x, start)
    return outs, last


def through(symbol: Any, **arrays: np.ndarray) -> tuple[list[Any], dict[str, np.ndarray]]:
    """The outputs, and the gradients of their sum, of a symbol that went through a file's text."""
    symbol = sym.load_json(symbol.tojson())
    given = {name: nd.array(a) for name, a in arrays.items()}
    grads = {name: nd.zeros(a.shape) for name, a in arrays.items()}
    bound = symbol.bind(dl.cpu(), given, args_grad=grads)
    outs = [a.asnumpy() for a in bound.forward(is_train=True)]
    bound.backward([nd.ones(a.shape) for a in outs])
    return outs, {name: g.asnumpy() for name, g in grads.items()}


def on_arrays(function: Any, **arrays: np.ndarray) -> tuple[list[Any], dict[str, np.ndarray]]:
    given = {name: nd.array(a) for name, a in arrays.items()}
    for a in given.values():
        a.attach_grad()
    with autograd.record():
        outs = function(**given)
        total = sum(o.sum() for o in outs)
    total.backward()
    return [o.asnumpy() for o in outs], {name: a.grad.asnumpy() for name, a in given.items()}


def same(found: tuple[list[Any], dict[str, Any]], expected: tuple[list[Any], dict[str, Any]]) -> None:
    for a, b in zip(found[0], expected[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    for name, gradient in expected[1].items():
        np.testing.assert_allclose(found[1][name], gradient, rtol=1e-5, atol=1e-6, err_msg=name)


def test_foreach_uses_variables_from_outside() -> None:
    symbol = sym.Group(list(fold(sym, sym.var("x"), sym.var("w"), sym.var("h"))))
    assert sorted(symbol.list_arguments()) == ["h", "w", "x"]
    arrays = {"x": X, "w": W, "h": np.ones((1, 2), np.float32)}
    same(through(symbol, **arrays), on_arrays(lambda x, w, h: fold(nd, x, w, h), **arrays))
    shapes, outs, _ = symbol.infer_shape(x=(3, 2), w=(2, 2), h=(1, 2))
    assert outs == [(3, 2), (1, 2)] and shapes is not None


def test_while_loop_and_cond_decide_when_they_run() -> None:
    def program(s: Any, x: Any, w: Any) -> Any:
        outs, (n, last) = s.contrib.while_loop(
            lambda n, v: s.sum(v * v) < 50, lambda n, v: ([s.sum(v)], [n + 1, s.dot(v, w) * 2]),
            [s.sum(x) * 0, x], max_iterations=8,
        )  # fmt: skip
        return outs[0], n, s.contrib.cond(s.sum(last) > 0, lambda: last * 2, lambda: s.sin(last))

    symbol = sym.Group(list(program(sym, sym.var("x"), sym.var("w"))))
    for sign in (1, -1):
        arrays = {"x": X * sign, "w": W}
        found = through(symbol, **arrays)
        same(found, on_arrays(lambda x, w: program(nd, x, w), **arrays))
        assert 0 < found[0][1] < 8


def test_files_hold_the_bodies_and_nothing_else() -> None:
    symbol = fold(sym, sym.var("x"), sym.var("w"), sym.var("h"))[1]
    whole = json.loads(symbol.tojson())
    (node,) = [n for n in whole["nodes"] if n["op"] == "_foreach"]
    body = json.loads(node["attrs"]["body"])
    assert {"dot", "tanh"} <= {n["op"] for n in body["nodes"]}
    broken = symbol.tojson().replace('\\"op\\":\\"tanh\\"', '\\"op\\":\\"exec\\"')
    assert broken != symbol.tojson()
    with pytest.raises(ValueError, match="exec"):
        sym.load_json(broken).eval(x=nd.array(X), w=nd.array(W), h=nd.ones((1, 2)))


def test_what_cannot_be_is_said() -> None:
    x, h = sym.var("x"), sym.var("h")
    with pytest.raises(TypeError, match="must give"):
        sym.contrib.foreach(lambda row, s: row, x, h)
    with pytest.raises(ValueError, match="1 states, it gave 2"):
        sym.contrib.foreach(lambda row, s: (row, [s, s]), x, h)
    with pytest.raises(ValueError, match="BatchNorm .* keeps state"):
        sym.contrib.foreach(lambda row, s: (sym.BatchNorm(row), s), x, h)
    with pytest.raises(ValueError, match="max_iterations"):
        sym.contrib.while_loop(lambda v: v, lambda v: (v, [v]), [x])
    with pytest.raises(ValueError, match="give 1 and 2 symbols"):
        sym.contrib.cond(h, lambda: x, lambda: [x, x])
    with pytest.raises(AttributeError, match="symbol.contrib has no 'foreech'"):
        sym.contrib.foreech  # noqa: B018
    assert sym.contrib.relu(x).list_arguments() == ["x"]
