"""Recurrent cells and layers against a plain NumPy recurrence in float64, gradients against differences."""

import numpy as np
import pytest
from scipy.special import expit

import dlcore as dl
from dlcore import _core
from dlcore.gluon import rnn

T, N, C, H = 4, 2, 3, 5
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
LAYERS = {"rnn": lambda *a, **k: rnn.RNN(*a, activation="tanh", **k), "lstm": rnn.LSTM, "gru": rnn.GRU}
CELLS = {"rnn": rnn.RNNCell, "lstm": rnn.LSTMCell, "gru": rnn.GRUCell}


def step(kind, x, states, wi, wh, bi, bh):
    """The formulas of MXNet's documentation."""
    i2h, h2h = np.split(x @ wi.T + bi, GATES[kind], 1), np.split(states[0] @ wh.T + bh, GATES[kind], 1)
    if kind == "rnn":
        return [np.tanh(i2h[0] + h2h[0])]
    if kind == "lstm":
        enter, forget, new, leave = (a + b for a, b in zip(i2h, h2h, strict=True))
        c = expit(forget) * states[1] + expit(enter) * np.tanh(new)
        return [expit(leave) * np.tanh(c), c]
    r, z = expit(i2h[0] + h2h[0]), expit(i2h[1] + h2h[1])
    return [(1 - z) * np.tanh(i2h[2] + r * h2h[2]) + z * states[0]]


def reference(kind, x, begin, weights, layers, ways):
    """Outputs (t, n, hidden * ways) and last states; weights by the layers' parameter names."""
    last = []
    for layer in range(layers):
        outputs = []
        for way in "lr"[:ways]:
            names = ("i2h_weight", "h2h_weight", "i2h_bias", "h2h_bias")
            own = [weights[f"{way}{layer}_{name}"] for name in names]
            states, seen = [state[len(last)] for state in begin], {}
            for t in range(len(x)) if way == "l" else range(len(x))[::-1]:
                states = step(kind, x[t], states, *own)
                seen[t] = states[0]
            outputs.append(np.stack([seen[t] for t in range(len(x))]))
            last.append(states)
        x = np.concatenate(outputs, 2)
    return x, [np.stack(parts) for parts in zip(*last, strict=True)]


def filled(block, seed=0):
    """The block in float64 with normal weights, and these by name."""
    block.initialize()
    block.cast("float64")
    draw = np.random.default_rng(seed)
    for parameter in block.collect_params().values():
        parameter.set_data(draw.normal(size=parameter.shape) * 0.6)
    return {name: parameter.data().asnumpy() for name, parameter in block.collect_params().items()}


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("ways", [1, 2])
@pytest.mark.parametrize("kind", LAYERS)
def test_layer_is_the_recurrence(kind, ways, hybrid):
    layer = LAYERS[kind](H, num_layers=2, bidirectional=ways == 2, input_size=C, layout="NTC")
    weights = filled(layer)
    draw = np.random.default_rng(1)
    x = draw.normal(size=(N, T, C))
    begin = [draw.normal(size=(2 * ways, N, H)) for _ in layer.state_info()]
    if hybrid:
        layer.hybridize()
    for _ in range(2):
        y, states = layer(_core.from_numpy(x), [_core.from_numpy(s) for s in begin])
    expected, last = reference(kind, x.transpose(1, 0, 2), begin, weights, 2, ways)
    np.testing.assert_allclose(y.asnumpy(), expected.transpose(1, 0, 2), rtol=1e-10, atol=1e-12)
    for found, wanted in zip(states, last, strict=True):
        np.testing.assert_allclose(found.asnumpy(), wanted, rtol=1e-10, atol=1e-12)
    zeros = [np.zeros_like(s) for s in begin]
    expected = reference(kind, x.transpose(1, 0, 2), zeros, weights, 2, ways)[0].transpose(1, 0, 2)
    np.testing.assert_allclose(layer(_core.from_numpy(x)).asnumpy(), expected, rtol=1e-10, atol=1e-12)


def slopes_agree(block, loss, extra):
    """The gradient along a direction, for every parameter and array in `extra`, is what differences say."""
    for array in extra:
        array.attach_grad()
    with dl.autograd.record():
        out = loss()
    out.backward()
    pairs = [(p.data(), p.grad()) for p in block.collect_params().values()] + [(a, a.grad) for a in extra]
    for k, (array, grad) in enumerate(pairs):
        here, size = array.asnumpy(), 1e-6
        direction = np.random.default_rng(k).normal(size=here.shape)
        sides = []
        for sign in (1, -1):
            _core.assign(array, _core.from_numpy(here + sign * size * direction))
            sides.append(loss().asnumpy().item())
        _core.assign(array, _core.from_numpy(here))
        slope = (sides[0] - sides[1]) / (2 * size)
        assert (grad.asnumpy() * direction).sum() == pytest.approx(slope, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("kind", LAYERS)
def test_gradients_of_a_layer(kind, hybrid):
    layer = LAYERS[kind](H, num_layers=2, bidirectional=True, input_size=C)
    filled(layer)
    draw = np.random.default_rng(2)
    x = _core.from_numpy(draw.normal(size=(T, N, C)))
    begin = [_core.from_numpy(draw.normal(size=info["shape"])) for info in layer.state_info(N)]
    pull = _core.from_numpy(draw.normal(size=(T, N, 2 * H)))
    if hybrid:
        layer.hybridize()

    def loss():
        y, states = layer(x, begin)
        return (y * pull).sum() + sum((s * s).sum() for s in states)

    slopes_agree(layer, loss, [x, *begin])


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("layout", ["NTC", "TNC"])
@pytest.mark.parametrize("kind", CELLS)
def test_unrolled_cell_is_the_recurrence(kind, layout, hybrid):
    cell = CELLS[kind](H, input_size=C)
    weights = {f"l0_{name}": value for name, value in filled(cell).items()}
    x = np.random.default_rng(3).normal(size=(T, N, C))
    expected, last = reference(kind, x, [np.zeros((1, N, H))] * len(cell.state_info()), weights, 1, 1)
    if hybrid:
        cell.hybridize()
    swapped = layout == "NTC"
    given = _core.from_numpy(np.ascontiguousarray(x.transpose(1, 0, 2)) if swapped else x)
    y, states = cell.unroll(T, given, layout=layout, merge_outputs=True)
    found = y.asnumpy()
    np.testing.assert_allclose(found.transpose(1, 0, 2) if swapped else found, expected, rtol=1e-10, atol=1e-12)
    for state, wanted in zip(states, last, strict=True):
        np.testing.assert_allclose(state.asnumpy(), wanted[0], rtol=1e-10, atol=1e-12)
    as_list, _ = cell.unroll(T, [_core.from_numpy(part) for part in x])
    np.testing.assert_allclose(np.stack([part.asnumpy() for part in as_list]), expected, rtol=1e-10, atol=1e-12)
    slopes_agree(cell, lambda: (cell.unroll(T, given, layout=layout, merge_outputs=True)[0] ** 2).sum(), [given])


def test_stacked_cells_are_the_layer_and_learn_their_input_size():
    stack = rnn.SequentialRNNCell()
    stack.add(rnn.LSTMCell(H), rnn.DropoutCell(0.5), rnn.LSTMCell(H))
    layer = rnn.LSTM(H, num_layers=2, dropout=0.5)
    x = dl.nd.random.normal(shape=(T, N, C))
    for block in (stack, layer):
        block.initialize()
    layer(x)
    stack.unroll(T, x, layout="TNC")
    for name, parameter in stack.collect_params().items():
        place, what = name.split(".")
        assert parameter.shape == layer.collect_params()[f"l{int(place) // 2}_{what}"].shape
        parameter.set_data(layer.collect_params()[f"l{int(place) // 2}_{what}"].data())
    y, states = stack.unroll(T, x, layout="TNC", merge_outputs=True)
    np.testing.assert_allclose(y.asnumpy(), layer(x).asnumpy(), rtol=1e-5, atol=1e-6)
    assert [s.shape for s in states] == [(N, H)] * 4
    with dl.autograd.record():
        assert not np.allclose(layer(x).asnumpy(), y.asnumpy(), atol=1e-4)
    with pytest.raises(TypeError, match="SequentialRNNCell: expected cells, got Dense"):
        stack.add(dl.gluon.nn.Dense(1))


def test_a_layer_trains_inside_a_network():
    """Tell which of two symbols came first: the last output must remember the beginning."""
    dl.random.seed(1)

    class Net(dl.gluon.HybridBlock):
        def __init__(self):
            super().__init__()
            self.lstm, self.out = rnn.LSTM(8, layout="NTC"), dl.gluon.nn.Dense(2)

        def forward(self, x):
            return self.out(self.lstm(x)[:, -1])

    draw = np.random.default_rng(4)
    x = draw.normal(size=(64, 6, 2)).astype(np.float32) * 0.1
    label = draw.integers(0, 2, 64)
    x[np.arange(64), 0, label] += 1
    net = Net()
    net.initialize(init="xavier")
    net.hybridize()
    trainer = dl.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.05})
    ce = dl.gluon.loss.SoftmaxCrossEntropyLoss()
    for _ in range(40):
        with dl.autograd.record():
            loss = ce(net(dl.nd.array(x)), dl.nd.array(label))
        loss.backward()
        trainer.step(64)
    assert (net(dl.nd.array(x)).asnumpy().argmax(1) == label).mean() == 1


def test_errors_say_what_was_expected():
    layer, cell = rnn.LSTM(H), rnn.LSTMCell(H)
    for block in (layer, cell):
        block.initialize()
    with pytest.raises(ValueError, match=r"expected x of layout TNC with a step, got \(2, 3\)"):
        layer(dl.nd.ones((2, 3)))
    with pytest.raises(ValueError, match=r"expected states of shapes \[\(1, 2, 5\), \(1, 2, 5\)\], got \[\(1, 2"):
        layer(dl.nd.ones((T, N, C)), dl.nd.ones((1, N, H)))
    with pytest.raises(ValueError, match="expected 2 states, got 1"):
        cell(dl.nd.ones((N, C)), [dl.nd.ones((N, H))])
    with pytest.raises(ValueError, match="expected inputs of 3 steps, at least 1; got 4"):
        cell.unroll(3, dl.nd.ones((N, T, C)))
    with pytest.raises(ValueError, match="layout must be 'TNC' or 'NTC', got 'CNT'"):
        rnn.GRU(H, layout="CNT")
