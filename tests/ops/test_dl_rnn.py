"""`F.rnn`: derivatives to second order by differences, dropout between layers, half precision, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import autograd, nd
from dlcore.ops import F

GATES = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}


def arrays(mode: str, bidirectional: bool, layers: int = 1, hidden: int = 2, seed: int = 3) -> list[np.ndarray]:
    """x, the states, then the parameters."""
    rng, ways, inputs = np.random.default_rng(seed), 1 + bidirectional, 3
    shapes = [(4, 2, inputs)] + [(layers * ways, 2, hidden)] * (1 + (mode == "lstm"))
    for layer in range(layers):
        size = inputs if layer == 0 else hidden * ways
        rows = GATES[mode] * hidden
        shapes += [(rows, size), (rows, hidden), (rows,), (rows,)] * ways
    return [rng.uniform(-1, 1, s) for s in shapes]


def total(given: list[Any], mode: str, bidirectional: bool) -> Any:
    states = 1 + (mode == "lstm")
    y, last = F.rnn(given[0], given[1 + states :], given[1 : 1 + states], mode, bidirectional)
    out = (y * y * y).sum()
    for state in last:
        out = out + (state * state).sum()
    return out


def gradients(values: list[np.ndarray], mode: str, bidirectional: bool, create: bool = False) -> tuple[list, list]:
    given = [nd.array(v, dtype="float64") for v in values]
    for v in given:
        v.attach_grad()
    with autograd.record():
        return given, autograd.grad(total(given, mode, bidirectional), given, create_graph=create, retain_graph=create)


@pytest.mark.parametrize("mode", GATES)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_first_and_second_derivatives(mode: str, bidirectional: bool) -> None:
    values = arrays(mode, bidirectional, layers=2)
    rng = np.random.default_rng(8)
    along, other = ([rng.uniform(-1, 1, v.shape) for v in values] for _ in range(2))

    def at(step: float) -> list[np.ndarray]:
        return [v + step * d for v, d in zip(values, along, strict=True)]

    def slope(step: float) -> float:
        found = gradients(at(step), mode, bidirectional)[1]
        return sum(float((g.asnumpy() * o).sum()) for g, o in zip(found, other, strict=True))

    def value(step: float) -> float:
        return float(total([nd.array(v, dtype="float64") for v in at(step)], mode, bidirectional))

    found = gradients(values, mode, bidirectional)[1]
    first = sum(float((g.asnumpy() * d).sum()) for g, d in zip(found, along, strict=True))
    assert first == pytest.approx((value(1e-6) - value(-1e-6)) / 2e-6, rel=1e-6, abs=1e-7)
    given, found = gradients(values, mode, bidirectional, create=True)
    with autograd.record():
        mixed: Any = 0.0
        for g, o in zip(found, other, strict=True):
            mixed = mixed + (g * nd.array(o, dtype="float64")).sum()
    mixed.backward()
    second = sum(float((v.grad.asnumpy() * d).sum()) for v, d in zip(given, along, strict=True))
    assert second == pytest.approx((slope(1e-5) - slope(-1e-5)) / 2e-5, rel=1e-5, abs=1e-6)


def test_third_derivatives_are_refused_rather_than_wrong() -> None:
    x, h, *rest = (nd.array(v, dtype="float64") for v in arrays("gru", False))
    x.attach_grad()
    with autograd.record():
        y, _ = F.rnn(x, rest, [h], "gru")
        for _ in range(2):
            y = autograd.grad((y * y).sum(), [x], create_graph=True, retain_graph=True)[0]
        with pytest.raises(RuntimeError, match="no derivative of that order"):
            autograd.grad((y * y).sum(), [x])


def test_only_the_last_cell_state_counts() -> None:
    values = arrays("lstm", False)
    given = [nd.array(v, dtype="float64") for v in values]
    given[0].attach_grad()
    with autograd.record():
        _, (_, c) = F.rnn(given[0], given[3:], given[1:3])
        out = c.sum()
    out.backward()
    moved = [v.copy() for v in values]
    moved[0][1, 1, 2] += 1e-6
    again = [nd.array(v, dtype="float64") for v in moved]
    difference = float(F.rnn(again[0], again[3:], again[1:3])[1][1].sum()) - float(out)
    assert float(given[0].grad[1, 1, 2]) == pytest.approx(difference / 1e-6, abs=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_follows_float32(dtype: str) -> None:
    values = arrays("lstm", True)
    half = [F.cast(nd.array(v, dtype="float32"), dtype) for v in values]
    full = [F.cast(v, "float32") for v in half]
    y, _ = F.rnn(half[0], half[3:], half[1:3], "lstm", True)
    want, _ = F.rnn(full[0], full[3:], full[1:3], "lstm", True)
    assert y._dtype_name == dtype
    np.testing.assert_allclose(y.asnumpy().astype("float32"), want.asnumpy(), atol=2e-3 if dtype == "float16" else 2e-2)


def test_dropout_lies_between_the_layers() -> None:
    values = [nd.array(v, dtype="float32") for v in arrays("gru", False, layers=2, hidden=8)]
    run = lambda p: F.rnn(values[0], values[2:], values[1:2], "gru", dropout=p)[0].asnumpy()  # noqa: E731
    assert (run(0.0) == run(0.5)).all()
    with autograd.train_mode():
        assert (run(0.0) != run(0.5)).any()


def test_errors_say_what_was_expected() -> None:
    x, h, *rest = (nd.array(v) for v in arrays("gru", False))
    for match, call in {
        "mode must be one of": lambda: F.rnn(x, rest, [h], "mgu"),
        "expected 4 parameters for each layer and direction, got 3": lambda: F.rnn(x, rest[:3], [h], "gru"),
        "expected 2 states for mode 'lstm', got 1": lambda: F.rnn(x, rest, [h], "lstm"),
        r"expected x \(steps, batch, inputs\) with a step, got shape \(2, 3\)": lambda: F.rnn(x[0], rest, [h], "gru"),
        r"expected states \(1, batch, hidden\), got shape \(2, 2\)": lambda: F.rnn(x, rest, [h[0]], "gru"),
        r"expected states \(2, 2\), got shape \(5, 2\)": lambda: F.rnn(x, rest, [nd.zeros((1, 5, 2))], "gru"),
    }.items():
        with pytest.raises(ValueError, match=match):
            call()
