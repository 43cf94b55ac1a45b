"""Errors of symbols, executors and cells that no other test meets, each provoked once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import dlcore as dl
from dlcore import gluon, nd, rnn, sym, symbol
from dlcore.ops import F

X, W = sym.var("x"), sym.var("w")
TWO = sym.Group([sym.var("a"), sym.var("b")])
BOUND = {"x": nd.ones((2,)), "w": nd.ones((2,))}


def bound(**more: Any) -> Any:
    return (X + W).bind(dl.cpu(), dict(BOUND), **more)


def shared() -> None:
    wide = (X + W).simple_bind(dl.cpu(), x=(3,), w=(3,))
    bound().sharing(wide, ["x"])


def of_states() -> None:
    norm = sym.BatchNorm(sym.var("d"), name="norm").simple_bind(dl.cpu(), d=(2, 3))
    norm.reshape(d=(2, 5))


def custom() -> None:
    dl.operator.register("rare_for_test")(dl.operator.CustomOpProp)
    sym.Custom(3, name="c", op_type="rare_for_test")


def old(op: str) -> None:
    variable = {"op": "null", "name": "a", "inputs": []}
    call = {"op": op, "name": "b", "inputs": [[0, 0, 0]] * 3, "attrs": {}}
    sym.load_json(json.dumps({"nodes": [variable, call], "heads": [[1, 0, 0]], "arg_nodes": [0]}))


def fused(*shape: int) -> None:
    rnn.FusedRNNCell(3, prefix="f_").unpack_weights({"f_parameters": nd.ones(shape)})


def loop(func: Any, start: Any = X) -> None:
    sym.contrib.while_loop(lambda a: a < 3, func, [start] if start is not None else [], max_iterations=3)


ROWS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: symbol._build.call("nope", [], {}), ValueError, "there is no operator 'nope'"),
    (lambda: symbol._operators.target("nope"), ValueError, "there is no operator 'nope'"),
    (lambda: TWO + X, ValueError, r"add add\d*: lhs: expected one output, <Symbol group \[a, b\]> has 2; take one by"),
    (lambda: (X + W)(X, X, X), TypeError, r"the symbol has 2 variables \['x', 'w'\], got 3 symbols"),
    (lambda: (X + W)(X, x=X), TypeError, "a symbol is called with all its variables by position or all by name"),
    (lambda: (X + W)(z=X), TypeError, r"the symbol has no variable 'z'; it has \['w', 'x'\]"),
    (lambda: (X + W)(3), TypeError, "variable 'x': expected a symbol, got int"),
    (lambda: TWO["q"], ValueError, r"expected one output called 'q', there are 0 in \['a', 'b'\]"),
    (lambda: X[3], IndexError, "Symbol: there is no output 3 of 1"),
    (lambda: sym.var(""), TypeError, "var: a variable needs a name, got ''"),
    (lambda: sym.var("x", stype="a"), ValueError, "var x: stype must be 'default', 'csr' or 'row_sparse', got 'a'"),
    (lambda: sym.Group([]), TypeError, r"Group: expected a list of at least one Symbol, got \[\]"),
    (lambda: sym.Group(X), TypeError, "Group: expected a list of at least one Symbol, got <Symbol x>"),
    (custom, TypeError, "Custom c: data: expected a Symbol, got int"),
    (lambda: bound(grad_req="once"), ValueError, "bind: grad_req of x must be 'write', 'add' or 'null', got 'once'"),
    (lambda: bound(grad_req=["add"]), ValueError, r"bind: grad_req must be .* 2 words, for x, w; got \['add'\]"),
    (
        lambda: bound(args_grad={"x": nd.ones((3,))}),
        ValueError,
        r"bind: the gradient of x has shape \(3,\), the argument \(2,\)",
    ),
    (lambda: (X + W).bind(dl.cpu(), [nd.ones((2,))]), ValueError, "bind: args has 1 entries, expected 2: x, w"),
    (
        lambda: (X + W).bind([dl.cpu(), dl.cpu()], dict(BOUND)),
        ValueError,
        "an executor runs on one device and those of group2ctx, got 2",
    ),
    (shared, ValueError, r"x: shared by two symbols, as \(3,\) and \(2,\)"),
    (of_states, ValueError, r"reshape: the state 'norm_moving_mean' would change to \(5,\)"),
    (
        lambda: bound().copy_params_from({"q": nd.ones((2,))}),
        ValueError,
        "'q' is neither an argument nor an auxiliary state",
    ),
    (lambda: (X + W).infer_shape(q=(2,)), ValueError, "there is no argument 'q'; the arguments are w, x"),
    (lambda: (X + W).simple_bind(dl.cpu(), x=(2,)), ValueError, "symbol: the shape of 'w' is not known; give it, as"),
    (
        lambda: sym.BatchNorm(sym.var("d"), axis=7).infer_shape(d=(2, 3)),
        ValueError,
        r"BatchNorm: an axis that data \(2, 3\) has not is needed for the shapes\n  in node batchnorm",
    ),
    (lambda: old("_plus"), ValueError, r"node 'b' \(add\) has 3 inputs for 2 arguments"),
    (lambda: rnn.BaseRNNCell().state_info, NotImplementedError, "BaseRNNCell does not say what states it has: define"),
    (lambda: rnn.BaseRNNCell()(X, []), NotImplementedError, "BaseRNNCell has no step: define __call__"),
    (
        lambda: rnn.BidirectionalCell(rnn.RNNCell(3), rnn.RNNCell(3))(X, []),
        NotImplementedError,
        "BidirectionalCell has no single step: it needs the whole sequence, call unroll",
    ),
    (lambda: rnn.LSTMCell(3).unpack_weights({}), ValueError, "weights of cells: there is no 'lstm_i2h_weight' among"),
    (lambda: fused(5), ValueError, r"FusedRNNCell f_: f_parameters must be one vector .* 3 units, got shape \(5,\)"),
    (lambda: fused(84, 1), ValueError, r"FusedRNNCell f_: f_parameters must .* got shape \(84, 1\)"),
    (lambda: loop(lambda a: a), TypeError, r"while_loop: func must give \(outputs, loop_vars\), it gave Symbol"),
    (lambda: loop(lambda a: (a, [a, a])), ValueError, "while_loop: func must give 1 loop_vars, it gave 2"),
    (lambda: loop(lambda a: (a, 3)), TypeError, "while_loop: loop_vars: expected Symbols, got int"),
    (lambda: loop(lambda: (X, []), None), ValueError, "while_loop: expected at least one of loop_vars, got none"),
    (lambda: sym.contrib.cond(3, lambda: W, lambda: W), TypeError, "cond: pred: expected Symbols, got int"),
    (lambda: sym.contrib.SyncBatchNorm(X, ndev=2), ValueError, "SyncBatchNorm: here it is for one device, got ndev=2"),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_a_network_that_updates_weights_is_not_exported(tmp_path: Path) -> None:
    class Steps(gluon.HybridBlock):
        def forward(self, x: Any) -> Any:
            return F.sgd_update(x, x, 0.1)

    net = Steps()
    net.hybridize()
    net(nd.ones((2,)))
    with pytest.raises(ValueError, match="sgd_update changes weights, which a file of operators cannot say"):
        net.export(str(tmp_path / "net"))
