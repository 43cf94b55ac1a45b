"""The sweep for a learning rate: it leaves no trace, and what it suggests is what the curve says."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.run._lr_find import _found

nn = dl.gluon.nn


def data(count=256):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 1, 6, 6)).astype("float32")
    return x, (x.sum((1, 2, 3)) > 0).astype("int32")


def test_everything_is_as_before_to_the_bit():
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Dropout(0.5), nn.Dense(2))
    net.initialize()
    net.hybridize()
    rule = dl.optim.create("adam", learning_rate=0.003)
    dl.run.train(net, data(), epochs=1, optimizer=rule, seed=1, show=False)
    arrays = [p.data() for p in net.collect_params().values()]
    arrays += [p.grad() for p in net.collect_params().values() if p.grad_req != "null"]
    before, versions = [a.asnumpy() for a in arrays], [a._version for a in arrays]
    state, numpy_state = dl.random.get_state(), np.random.get_state()[1].copy()
    dl.run.lr_find(net, data(), optimizer=rule, steps=60)
    for old, array, version in zip(before, arrays, versions, strict=True):
        np.testing.assert_array_equal(array.asnumpy(), old)
        assert array._version == version
    assert dl.random.get_state() == state
    np.testing.assert_array_equal(np.random.get_state()[1], numpy_state)
    assert rule.learning_rate == 0.003


def test_a_network_without_weights_has_none_afterwards():
    net = nn.Dense(2)
    dl.run.lr_find(net, data(), steps=20)
    with pytest.raises(RuntimeError, match="has not been initialized"):
        net.weight.data()


def test_the_suggestion_trains_and_ten_times_the_minimum_does_not():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(512, 8)).astype("float32")
    y = x @ rng.normal(size=(8, 1)).astype("float32")

    def trained(lr):
        net = nn.Dense(1)
        return dl.run.train(net, (x, y), epochs=3, batch=32, lr=lr, seed=0, show=False).history.last("loss")

    found = dl.run.lr_find(nn.Dense(1), (x, y), batch=32)
    assert trained(found.suggestion) < 0.5 * trained(found.suggestion / 1000)
    worse = trained(10 * found.minimum)
    assert not np.isfinite(worse) or worse > trained(found.suggestion)


def test_the_rule_on_a_known_curve():
    rates = np.geomspace(1e-4, 10, 200)
    losses = 1 / (1 + (rates / 0.01) ** 2) + rates
    found = _found("curve", rates, losses)
    falls = -np.gradient(losses, np.log(rates))
    assert 0.5 < found.steepest / rates[np.argmax(falls)] < 2.5  # smoothing looks back a few steps
    assert found.minimum > found.steepest and found.suggestion == min(found.steepest, found.minimum / 10)
    assert "suggestion" in repr(found) and "▁" in repr(found)


def test_a_loss_that_does_not_fall_gives_a_tenth_of_where_it_rises():
    rates = np.geomspace(1e-6, 10, 100)
    noise = np.random.default_rng(0).normal(0.1, 0.05, 100)
    found = _found("trained", rates, np.abs(noise) + np.where(rates > 0.05, rates * 20, 0))
    assert 0.05 <= found.edge < 0.1 and found.suggestion == found.edge / 10
    assert "does not fall" in repr(found)


def test_a_first_batch_that_is_easy_is_not_the_minimum():
    """The mean of a loss or two says nothing: a trained network gets no rate below those that were tried."""
    rates = np.geomspace(1e-6, 10, 100)
    losses = 0.5 + 0.05 * np.sin(7.0 * np.arange(100))
    losses[0] = 0.1
    found = _found("trained", rates, losses + np.where(rates > 0.05, rates * 20, 0))
    assert found.edge is not None and 1e-3 < found.suggestion < 0.1


@pytest.mark.parametrize("wrong", [{"start": 0.0}, {"start": 1.0, "stop": 0.1}, {"steps": 3}])
def test_a_range_that_is_none_is_refused(wrong):
    with pytest.raises(ValueError, match="lr_find: expected"):
        dl.run.lr_find(nn.Dense(2), data(), **wrong)
