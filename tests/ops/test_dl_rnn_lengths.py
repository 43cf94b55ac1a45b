"""`F.rnn` with sequences of different lengths, projected outputs and held cells, beside one step after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import autograd, jit, nd
from dlcore.ops import F

GATES = {"rnn_tanh": 1, "rnn_relu": 1, "gru": 3, "lstm": 4}
STEPS, BATCH, INPUTS, HIDDEN = 5, 3, 2, 4
LENGTHS = [5, 2, 0]
rng = np.random.default_rng(5)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def step(mode: str, x: np.ndarray, own: list, state: list, after: Any, clip: Any) -> list[np.ndarray]:
    """One sample's next states."""
    wx, wh, bx, bh = own
    if mode == "lstm":
        i, f, g, o = np.split(wx @ x + bx + wh @ state[0] + bh, 4)
        c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
        c = c if clip is None else np.clip(c, *clip)
        h = sigmoid(o) * np.tanh(c)
        return [h if after is None else after @ h, c]
    if mode == "gru":
        (xr, xz, xn), (hr, hz, hn) = np.split(wx @ x + bx, 3), np.split(wh @ state[0] + bh, 3)
        z = sigmoid(xz + hz)
        return [(1 - z) * np.tanh(xn + sigmoid(xr + hr) * hn) + z * state[0]]
    a = wx @ x + bx + wh @ state[0] + bh
    return [np.maximum(a, 0) if mode == "rnn_relu" else np.tanh(a)]


def by_hand(
    x: np.ndarray, parameters: list, states: list, mode: str, ways: int, lengths: list, after: Any, clip: Any
) -> list[np.ndarray]:
    """Outputs and last states, sample by sample; a sequence ends at its length."""
    last = [s.copy() for s in states]
    for layer in range(len(parameters) // (4 * ways)):
        made = np.zeros((STEPS, BATCH, ways * states[0].shape[2]))
        for way in range(ways):
            k = layer * ways + way
            for n, length in enumerate(lengths):
                state = [s[k, n] for s in states]
                for t in range(length) if way == 0 else reversed(range(length)):
                    project = None if after is None else after[k]
                    state = step(mode, x[t, n], parameters[4 * k : 4 * k + 4], state, project, clip)
                    made[t, n].reshape(ways, -1)[way] = state[0]
                for kept, s in zip(last, state, strict=True):
                    kept[k, n] = s
        x = made
    return [x, *last]


def arrays(mode: str, ways: int, projected: int = 0, layers: int = 2) -> tuple[np.ndarray, list, list, list | None]:
    out, rows, width = projected or HIDDEN, GATES[mode] * HIDDEN, INPUTS
    parameters: list[np.ndarray] = []
    for _ in range(layers):
        for _ in range(ways):
            parameters += [rng.normal(size=s) * 0.6 for s in ((rows, width), (rows, out), (rows,), (rows,))]
        width = out * ways
    states = [rng.normal(size=(layers * ways, BATCH, n)) for n in ((out, HIDDEN) if mode == "lstm" else (out,))]
    after = [rng.normal(size=(projected, HIDDEN)) for _ in range(layers * ways)] if projected else None
    return rng.normal(size=(STEPS, BATCH, INPUTS)), parameters, states, after


def wide(x: Any) -> Any:
    return [wide(v) for v in x] if isinstance(x, list) else None if x is None else nd.array(x, dtype="float64")


CASES = [*((mode, 1, 0, None) for mode in GATES), *((mode, 2, 0, None) for mode in GATES),
         ("lstm", 1, 3, None), ("lstm", 2, 3, None), ("lstm", 2, 0, (-0.2, 0.3)),
         ("lstm", 1, 3, (-0.2, 0.3))]  # fmt: skip


@pytest.mark.parametrize(("mode", "ways", "projected", "clip"), CASES)
def test_every_sequence_ends_at_its_length(mode: str, ways: int, projected: int, clip: Any) -> None:
    x, parameters, states, after = arrays(mode, ways, projected)
    for lengths in (LENGTHS, [STEPS] * BATCH):
        want = by_hand(x, parameters, states, mode, ways, lengths, after, clip)
        given = None if lengths is not LENGTHS else nd.array(lengths, dtype="int32")
        y, last = F.rnn(wide(x), wide(parameters), wide(states), mode, ways == 2, 0.0, given, wide(after), clip)
        for a, b in zip([y, *last], want, strict=True):
            np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("mode", "projected"), [("gru", 0), ("lstm", 3)])
def test_nothing_flows_from_behind_an_end(mode: str, projected: int) -> None:
    x, parameters, states, after = arrays(mode, 2, projected)
    given, lengths = wide([x, *parameters, *(after or [])]), nd.array(LENGTHS)
    for v in given:
        v.attach_grad()

    def loss(*values: Any) -> Any:
        own = list(values[1 : 1 + len(parameters)])
        y, last = F.rnn(values[0], own, wide(states), mode, True, 0.0, lengths, list(values[1 + len(own) :]) or None)
        return (y * y).sum() + sum((s * s).sum() for s in last)

    with autograd.record():
        loss(*given).backward()
    assert np.abs(given[0].grad.asnumpy()[2:, 1]).max() == np.abs(given[0].grad.asnumpy()[:, 2]).max() == 0
    along = [rng.normal(size=v.shape) for v in given]
    slope = sum(float((v.grad.asnumpy() * a).sum()) for v, a in zip(given, along, strict=True))
    ends = [float(loss(*(nd.array(v.asnumpy() + s * a, dtype="float64") for v, a in zip(given, along, strict=True))))
            for s in (1e-6, -1e-6)]  # fmt: skip
    np.testing.assert_allclose(slope, (ends[0] - ends[1]) / 2e-6, rtol=1e-6)
    np.testing.assert_allclose(float(jit(loss)(*given)), float(loss(*given)), rtol=1e-12)


def test_the_one_vector_of_mxnet() -> None:
    """The order within it was held against MXNet 1.9.1: for each layer and way i2h, h2h, h2r; then the biases."""
    x, parameters, states, after = arrays("lstm", 2, 3)
    assert after is not None
    weights = [a for k in range(4) for a in (*parameters[4 * k : 4 * k + 2], after[k])]
    biases = [a for k in range(4) for a in parameters[4 * k + 2 : 4 * k + 4]]
    flat = np.concatenate([a.ravel() for a in weights + biases])
    sizes = {"state_size": HIDDEN, "num_layers": 2, "bidirectional": True, "projection_size": 3, "state_outputs": True}
    knobs = {"lstm_state_clip_min": -0.2, "lstm_state_clip_max": 0.2, "use_sequence_length": True}
    made = nd.RNN(*wide([x, flat, *states]), sequence_length=nd.array(LENGTHS), **sizes, **knobs)
    want = by_hand(x, parameters, states, "lstm", 2, LENGTHS, after, (-0.2, 0.2))
    for a, b in zip(made, want, strict=True):
        np.testing.assert_allclose(a.asnumpy(), b, rtol=1e-9, atol=1e-12)


def test_what_does_not_belong_together() -> None:
    x, parameters, states, _ = (wide(v) for v in arrays("gru", 1))
    run: Any = F.rnn
    with pytest.raises(ValueError, match=r"one length for each sequence of x \(5, 3, 2\), got shape \(2,\)"):
        run(x, parameters, states, "gru", lengths=nd.array([1, 2]))
    with pytest.raises(IndexError, match="out of range"):
        run(x, parameters, states, "gru", lengths=nd.array([1, 2, 6]))
    with pytest.raises(ValueError, match="projections and clip need mode 'lstm', got 'gru'"):
        run(x, parameters, states, "gru", clip=(-1, 1))
    x, parameters, states, after = (wide(v) for v in arrays("lstm", 1, 3))
    with pytest.raises(ValueError, match="expected 2 projections, got 1"):
        run(x, parameters, states, projections=after[:1])
    cells, flat = nd.zeros((1, 3, 4)), nd.zeros((96,))
    with pytest.raises(ValueError, match="use_sequence_length needs sequence_length"):
        nd.RNN(nd.zeros((5, 3, 2)), flat, cells, cells, state_size=4, use_sequence_length=True)
    with pytest.raises(ValueError, match="belong together"):
        nd.RNN(nd.zeros((5, 3, 2)), flat, cells, cells, state_size=4, lstm_state_clip_min=-1.0)
