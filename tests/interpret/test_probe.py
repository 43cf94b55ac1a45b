"""A look into a layer: the figures are NumPy's, the gradients those of backward, and nothing is left behind."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.interpret import Probe, measure
from dlcore.interpret._batch import batch_of, objective_of

nn = dl.gluon.nn


@pytest.fixture
def net():
    made = nn.HybridSequential()
    made.add(nn.Conv2D(4, 3, activation="relu"), nn.BatchNorm(), nn.Dropout(0.5), nn.Dense(3))
    made.initialize(dl.init.Xavier())
    return made


@pytest.fixture
def probe(net):
    rng = np.random.default_rng(0)
    data = rng.normal(size=(8, 1, 6, 6)).astype("float32"), np.arange(8, dtype="int32") % 3
    x, y = batch_of(data, 8)
    net(x)
    return Probe(net, x, y, objective_of(net))


def test_figures_are_those_of_the_arrays(net, probe):
    look = probe.look("0")
    weight = net[0].weight.data().asnumpy()
    output = net[0](probe.x).asnumpy()
    for found, values in ((look.weights[0], weight), (look.activations[0], output)):
        assert found.shape == values.shape
        np.testing.assert_allclose([found.mean, found.std], [values.mean(), values.std()], rtol=1e-4)
        assert (found.low, found.high) == (values.min(), values.max())
        assert sum(found.counts) == values.size
    assert look.weights[0].tiles.shape == (4, 3, 3) and look.activations[0].tiles.shape == (4, 4, 4)


def test_gradients_are_those_of_backward_in_predict_mode(net, probe):
    look = probe.look("3")
    with dl.autograd.record(train_mode=False):
        loss = dl.gluon.loss.SoftmaxCrossEntropyLoss()(net(probe.x), probe.y).mean()
    loss.backward()
    for found, name in zip(look.gradients[1:], ("weight", "bias"), strict=True):
        gradient = getattr(net[3], name).grad().asnumpy()
        assert found.name == name
        np.testing.assert_allclose([found.low, found.high], [gradient.min(), gradient.max()], rtol=1e-5, atol=1e-9)
    assert look.loss == pytest.approx(float(loss.asnumpy()), rel=1e-6)


@pytest.mark.parametrize("hybrid", [False, True])
def test_a_look_changes_nothing(net, probe, hybrid):
    net.hybridize(hybrid)
    trainer = dl.gluon.Trainer(net.collect_params(), "adam")
    with dl.autograd.record():
        loss = net(probe.x).sum()
    loss.backward()
    trainer.step(8)
    learns = [p for p in net.collect_params().values() if p.grad_req != "null"]
    before = [p.data().asnumpy() for p in net.collect_params().values()] + [p.grad().asnumpy() for p in learns]
    state = dl.random.get_state()
    for path in ("", "0", "1", "2", "3"):
        probe.look(path)
    after = [p.data().asnumpy() for p in net.collect_params().values()] + [p.grad().asnumpy() for p in learns]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert dl.random.get_state() == state
    assert not any(child._hooks for child in net._children.values())


def test_dead_units_and_numbers_that_are_none_are_counted(net, probe):
    weight = net[0].weight.data().asnumpy()
    weight[1], weight[2, 0, 0, 0] = 0, np.nan
    net[0].weight.set_data(dl.np.array(weight))
    bias = np.zeros(4, "float32")
    bias[1] = -1
    net[0].bias.set_data(dl.np.array(bias))
    look = probe.look("0")
    assert (look.activations[0].units, look.activations[0].dead) == (4, 1)
    assert look.weights[0].nan == 1 and look.activations[0].nan > 0
    assert "1 NaN" in str(look)


def test_the_histogram_is_numpys():
    values = np.random.default_rng(3).normal(size=5000)
    np.testing.assert_array_equal(measure("x", values).counts, np.histogram(values, 48)[0])
    assert sum(measure("x", np.full(7, 2.0)).counts) == 7
    assert measure("x", np.array([np.inf, -np.inf, 1.0])).inf == 2


def test_attention_is_the_softmax_of_queries_and_keys():
    layer = nn.MultiHeadAttention(8, 2, causal=True)
    layer.initialize(dl.init.Normal(0.5))
    x = dl.np.array(np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32"))
    found = Probe(layer, x).look("").attention[0]
    q, k = (getattr(layer, name)(x).asnumpy()[0].reshape(5, 2, 4).transpose(1, 0, 2) for name in ("query", "key"))
    scores = np.where(np.tri(5, dtype=bool), np.exp(q @ k.transpose(0, 2, 1) / 2), 0)
    weights = scores / scores.sum(-1, keepdims=True)
    np.testing.assert_allclose(found.tiles - 128.0, 127 * weights / weights.max(), atol=0.51)


def test_what_cannot_be_seen_is_said(net, probe):
    assert "once there is data" in Probe(net).look("0").note
    assert "initialize()" in Probe(nn.Dense(2), np.ones((1, 2))).look("").note
    with pytest.raises(KeyError, match="there is no layer 'conv9'"):
        probe.look("conv9")
