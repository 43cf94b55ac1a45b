"""Cells of pictures and projected cells, against the same recurrences written in NumPy and SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import dlcore as dl
from dlcore import gluon

RNG = np.random.default_rng(4)
SPACE = {1: (7,), 2: (6, 5), 3: (4, 5, 4)}


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def conv(x: np.ndarray, w: np.ndarray, b: np.ndarray, pad: int, dilate: int = 1) -> np.ndarray:
    """(n, c, ...) with (k, c, ...), by SciPy's correlation over the padded picture."""
    axes = x.ndim - 2
    reach = [dilate * (k - 1) + 1 for k in w.shape[2:]]
    wide = np.zeros((*w.shape[:2], *reach))
    wide[(slice(None), slice(None), *[slice(None, None, dilate)] * axes)] = w
    x = np.pad(x, [(0, 0), (0, 0), *[(pad, pad)] * axes])
    out = []
    for n in range(len(x)):
        for k in range(len(w)):
            full = sum(ndimage.correlate(x[n, c], wide[k, c], mode="constant") for c in range(x.shape[1]))
            inside = tuple(slice(r // 2, size - (r - 1 - r // 2)) for r, size in zip(reach, full.shape, strict=True))
            out.append(full[inside] + b[k])
    return np.stack(out).reshape(len(x), len(w), *out[0].shape)


def step(kind: str, i2h: np.ndarray, h2h: np.ndarray, states: list[np.ndarray], act: Any) -> list[np.ndarray]:
    if kind == "RNN":
        return [act(i2h + h2h)]
    if kind == "LSTM":
        i, f, g, o = np.split(i2h + h2h, 4, axis=1)
        c = sigmoid(f) * states[1] + sigmoid(i) * act(g)
        return [sigmoid(o) * act(c), c]
    (ir, iz, io), (hr, hz, ho) = np.split(i2h, 3, axis=1), np.split(h2h, 3, axis=1)
    z = sigmoid(iz + hz)
    return [(1 - z) * act(io + sigmoid(ir + hr) * ho) + z * states[0]]


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("activation", "act"), [("tanh", np.tanh), ("relu", lambda x: np.maximum(x, 0))])
def test_two_steps_are_those_of_the_formula(kind: str, axes: int, activation: str, act: Any) -> None:
    make = getattr(gluon.contrib.rnn, f"Conv{axes}D{kind}Cell")
    cell = make((2, *SPACE[axes]), 3, i2h_kernel=3, h2h_kernel=3, i2h_pad=1, h2h_dilate=2, activation=activation)
    cell.initialize(dl.init.Normal(0.3))
    x = RNG.normal(size=(2, 2, 2, *SPACE[axes]))
    w = {name: RNG.normal(size=p.shape) * 0.3 for name, p in cell.collect_params().items()}
    cell.cast("float64")
    for name, p in cell.collect_params().items():
        p.set_data(dl.nd.array(w[name], dtype="float64"))
    states = [RNG.normal(size=info["shape"]) for info in cell.state_info(2)]
    begin = [dl.nd.array(s, dtype="float64") for s in states]
    outputs, last = cell.unroll(2, dl.nd.array(x, dtype="float64"), begin, merge_outputs=True)
    cell.hybridize()
    again, _ = cell.unroll(2, dl.nd.array(x, dtype="float64"), begin, merge_outputs=True)
    for t in range(2):
        i2h = conv(x[:, t], w["i2h_weight"], w["i2h_bias"], 1)
        h2h = conv(states[0], w["h2h_weight"], w["h2h_bias"], 2, dilate=2)
        states = step(kind, i2h, h2h, states, act)
        np.testing.assert_allclose(outputs[:, t].asnumpy(), states[0], rtol=1e-9, atol=1e-10)
        np.testing.assert_allclose(again[:, t].asnumpy(), states[0], rtol=1e-9, atol=1e-10)
    for got, want in zip(last, states, strict=True):
        np.testing.assert_allclose(got.asnumpy(), want, rtol=1e-9, atol=1e-10)


def test_a_cell_of_pictures_learns() -> None:
    dl.random.seed(2)
    cell = gluon.rnn.Conv2DLSTMCell((1, 5, 5), 1, i2h_kernel=3, h2h_kernel=3, i2h_pad=1)
    cell.initialize(dl.init.Xavier())
    trainer = gluon.Trainer(cell.collect_params(), "adam", {"learning_rate": 0.02})
    x = dl.nd.array(RNG.normal(size=(8, 3, 1, 5, 5)))
    want = dl.nd.tanh(x[:, 2])
    losses = []
    for _ in range(60):
        with dl.autograd.record():
            out, _ = cell.unroll(3, x)
            loss = ((out[-1] - want) ** 2).mean()
        loss.backward()
        trainer.step(1)
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 3


def test_a_projected_lstm_is_that_of_the_formula() -> None:
    cell = gluon.contrib.rnn.LSTMPCell(5, projection_size=3, input_size=4)
    cell.initialize()
    cell.cast("float64")
    w = {name: RNG.normal(size=p.shape) * 0.4 for name, p in cell.collect_params().items()}
    for name, p in cell.collect_params().items():
        p.set_data(dl.nd.array(w[name], dtype="float64"))
    x = RNG.normal(size=(2, 6, 4))
    outputs, states = cell.unroll(6, dl.nd.array(x, dtype="float64"))
    r, c = np.zeros((2, 3)), np.zeros((2, 5))
    for t in range(6):
        gates = x[:, t] @ w["i2h_weight"].T + w["i2h_bias"] + r @ w["h2h_weight"].T + w["h2h_bias"]
        h, c = step("LSTM", gates, np.zeros_like(gates), [r, c], np.tanh)
        r = h @ w["h2r_weight"].T
        np.testing.assert_allclose(outputs[t].asnumpy(), r, rtol=1e-10)
    np.testing.assert_allclose(states[1].asnumpy(), c, rtol=1e-10)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: gluon.rnn.Conv2DLSTMCell((1, 5, 5), 1, 3, 2), "h2h_kernel must be odd"),
        (lambda: gluon.rnn.Conv2DLSTMCell((1, 5), 1, 3, 3), "expected input_shape"),
        (lambda: gluon.rnn.Conv2DLSTMCell((1, 2, 2), 1, 3, 3), "nothing is left"),
        (lambda: gluon.rnn.Conv1DRNNCell((1, 5), 1, 3, 3, activation="up"), "activation must be one of"),
        (lambda: gluon.rnn.Conv1DRNNCell((1, 5), 1, 3, 3, conv_layout="NWC"), "expected the layout 'NCW'"),
    ],
)
def test_wrong_arguments_are_named(make: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make()


def test_wrong_inputs_are_named() -> None:
    cell = gluon.rnn.Conv1DRNNCell((1, 5), 1, 3, 3)
    cell.initialize()
    with pytest.raises(ValueError, match=r"Conv1DRNNCell: expected x of shape \(n, \*\(1, 5\)\), got \(2, 1, 6\)"):
        cell(dl.nd.ones((2, 1, 6)), cell.begin_state(2))
    with pytest.raises(ValueError, match="expected 1 states, got 2"):
        cell(dl.nd.ones((2, 1, 5)), cell.begin_state(2) * 2)
