"""Pruning: exactly the smallest weights, and training around the zeros."""

from __future__ import annotations

import doctest
import gc
import importlib
import importlib.util
import pickle
from typing import Any

import numpy as np
import pytest
from compress import digits

import dlcore as dl
from dlcore.compress import prune


def small() -> Any:
    net = dl.gluon.nn.HybridSequential()
    net.add(dl.gluon.nn.Dense(8, in_units=5, activation="relu"), dl.gluon.nn.Dense(3, in_units=8))
    net.initialize("xavier")
    return net


def weights(net: Any) -> list[np.ndarray]:
    return [net[k].weight.data().asnumpy() for k in range(len(net))]


def test_examples() -> None:
    for name in ("_prune", "_quantize"):
        failed, tried = doctest.testmod(importlib.import_module(f"dlcore.compress.{name}"))
        assert tried > 0 and failed == 0


@pytest.mark.parametrize("sparsity", [0.0, 0.1, 0.5, 0.93, 1.0])
def test_globally_the_smallest_of_all(sparsity: float) -> None:
    net = small()
    before = np.concatenate([w.ravel() for w in weights(net)])
    pruned = prune(net, sparsity)
    after = np.concatenate([w.ravel() for w in weights(net)])
    zeros = round(sparsity * 64)
    assert (after == 0).sum() == zeros and pruned.sparsity() == zeros / 64
    expected = before.copy()
    expected[np.argsort(np.abs(before))[:zeros]] = 0
    np.testing.assert_array_equal(after, expected)


def test_layer_by_layer_the_same_share_even_of_equal_weights() -> None:
    net = small()
    net[1].weight.set_data(dl.nd.ones((3, 8)))
    prune(net, 0.25, scope="layer")
    assert [int((w == 0).sum()) for w in weights(net)] == [10, 6]


def test_select() -> None:
    net = small()
    assert list(prune(net, 0.5, select=r"1\.weight").masks) == ["1.weight"]
    net = small()
    assert list(prune(net, 0.5, select=lambda path, parameter: parameter.shape == (8, 5)).masks) == ["0.weight"]
    with pytest.raises(ValueError, match="no parameter of HybridSequential was selected"):
        prune(net, 0.5, select="nothing")
    with pytest.raises(ValueError, match="between 0 and 1, got 50"):
        prune(net, 50)
    with pytest.raises(ValueError, match="'row'"):
        prune(net, 0.5, scope="row")
    net[0].weight.set_data(np.full((8, 5), np.nan, np.float32))
    with pytest.raises(ValueError, match=r"0\.weight: expected finite floats"):
        prune(net, 0.5)


def test_a_shared_weight_counts_once() -> None:
    net = small()
    both = dl.gluon.nn.Sequential()
    both.add(net[0], net[0])
    pruned = prune(both, 0.5)
    assert list(pruned.masks) == ["0.weight"] and pruned.sparsity() == 0.5


def test_a_copy_of_a_pruned_network_is_an_ordinary_one() -> None:
    net = small()
    prune(net, 0.5)
    copy = pickle.loads(pickle.dumps(net))
    np.testing.assert_array_equal(weights(copy)[0], weights(net)[0])
    for one in (copy, net):
        one[0].weight.set_data(dl.nd.ones((8, 5)))
        one(dl.nd.ones((1, 5)))
    assert (weights(copy)[0] == 1).all() and not (weights(net)[0] == 1).all()


def test_the_masks_outlive_their_handle() -> None:
    net = small()
    prune(net, 1.0)
    gc.collect()
    net[0].weight.set_data(dl.nd.ones((8, 5)))
    net(dl.nd.ones((1, 5)))
    assert (weights(net)[0] == 0).all()


@pytest.mark.parametrize("hybrid", [False, True])
def test_training_keeps_the_zeros_until_the_masks_are_removed(hybrid: bool) -> None:
    net = small()
    net.hybridize(hybrid)
    x, y = dl.nd.array(np.random.randn(16, 5)), dl.nd.array(np.random.randn(16, 3))
    trainer = dl.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.05})

    def steps(number: int) -> None:
        for _ in range(number):
            with dl.autograd.record():
                loss = ((net(x) - y) ** 2).mean()
            loss.backward()
            trainer.step(1)

    steps(3)  # the optimizer's momentum is not zero when the masks come
    pruned = prune(net, 0.6)
    dead = [w == 0 for w in weights(net)]
    kept = [w.copy() for w in weights(net)]
    steps(5)
    pruned.apply()
    for now, was, zero in zip(weights(net), kept, dead, strict=True):
        np.testing.assert_array_equal(now == 0, zero)
        assert (now[~zero] != was[~zero]).all(), "the others learn"
    steps(1)
    zeroed = [np.where(zero, 0, w) for w, zero in zip(weights(net), dead, strict=True)]
    hidden = np.maximum(x.asnumpy() @ zeroed[0].T + net[0].bias.data().asnumpy(), 0)
    expected = hidden @ zeroed[1].T + net[1].bias.data().asnumpy()
    np.testing.assert_allclose(net(x).asnumpy(), expected, rtol=1e-5, atol=1e-6)
    pruned.remove()
    steps(2)
    assert pruned.sparsity() < 0.1


def test_a_compiled_step_keeps_the_zeros_too() -> None:
    net = small()
    pruned = prune(net, 0.5)
    trainer = dl.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    x = dl.nd.array(np.random.randn(16, 5))

    @dl.jit
    def step(x: Any) -> Any:
        with dl.autograd.record():
            loss = (net(x) ** 2).mean()
        loss.backward()
        trainer.step(1)
        return loss

    losses = [float(step(x)) for _ in range(6)]
    pruned.apply()
    assert pruned.sparsity() == 0.5 and losses[-1] < losses[0]
    masked = [np.where(pruned.masks[f"{k}.weight"], w, 0) for k, w in enumerate(weights(net))]
    hidden = np.maximum(x.asnumpy() @ masked[0].T + net[0].bias.data().asnumpy(), 0)
    expected = ((hidden @ masked[1].T + net[1].bias.data().asnumpy()) ** 2).mean()
    np.testing.assert_allclose(float(step(x)), expected, rtol=1e-5)


def test_a_run_trains_around_the_zeros() -> None:
    net = small()
    pruned = prune(net, 0.7)
    x, y = np.random.randn(64, 5).astype(np.float32), np.random.randint(0, 3, 64)
    before = weights(net)
    dl.run.train(net, (x, y), epochs=2, batch=16, optimizer="adam", lr=0.01)
    assert pruned.sparsity() == round(0.7 * 64) / 64
    for k, (was, now) in enumerate(zip(before, weights(net), strict=True)):
        mask = pruned.masks[f"{k}.weight"]
        assert (now[~mask] == 0).all() and (now[mask] != was[mask]).any()


def test_two_calls_before_one_backward_pass() -> None:
    net = small()
    prune(net, 0.5)
    x = dl.nd.ones((2, 5))
    with dl.autograd.record():
        loss = (net(x) + net(2 * x)).sum()
    loss.backward()
    assert np.isfinite(net[0].weight.grad().asnumpy()).all()


def test_half_of_the_weights_of_a_trained_network_are_enough() -> None:
    net = digits.trained()
    before = digits.accuracy(net)
    assert before > 0.93
    pruned = prune(net, 0.5)
    digits.train(net, 2)
    pruned.apply()
    assert pruned.sparsity() == 0.5
    assert abs(digits.accuracy(net) - before) < 0.02
