"""Early stopping: ends where the loss has stopped falling, with the weights of the best epoch."""

from __future__ import annotations

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon import nn
from dlcore.run import train


def problem():
    """A network that can learn the noise of a few points by heart: its validation loss falls, then rises."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 10)).astype("float32")
    y = (x[:, 0] + 1.5 * rng.normal(size=80) > 0).astype("int32")
    dl.random.seed(2)
    net = nn.HybridSequential()
    net.add(nn.Dense(64, activation="relu", in_units=10), nn.Dense(2, in_units=64))
    net.initialize(dl.init.Xavier())
    return net, (x[:40], y[:40]), (x[40:], y[40:])


def settings(epochs, **more):
    return dict(epochs=epochs, batch=10, optimizer="adam", lr=0.02, seed=3, show=False, **more)


def loss_on(net, data):
    x, y = data
    return float(dl.gluon.loss.SoftmaxCrossEntropyLoss()(net(dl.nd.array(x)), dl.nd.array(y, dtype="int32")).mean())


def test_it_ends_after_the_patience_with_the_best_weights() -> None:
    net, data, val = problem()
    run = train(net, data, val, **settings(60, patience=4))
    losses = run.history.series("val_loss")[1]
    best = int(losses.argmin())
    assert len(losses) == best + 1 + 4 < 60 and losses[-1] > losses[best]
    assert run.state == "finished" and run.step == 4 * len(losses)
    assert loss_on(net, val) == pytest.approx(losses[best], rel=1e-5)

    net, data, val = problem()
    train(net, data, val, **settings(best + 1))
    weights = [p.data().asnumpy() for p in net.collect_params().values()]
    net, data, val = problem()
    train(net, data, val, **settings(60, patience=4))
    for mine, expected in zip(net.collect_params().values(), weights, strict=True):
        np.testing.assert_array_equal(mine.data().asnumpy(), expected)


def test_a_run_that_reaches_its_end_has_the_best_weights_too() -> None:
    net, data, val = problem()
    run = train(net, data, val, **settings(20, patience=20))
    losses = run.history.series("val_loss")[1]
    assert len(losses) == 20 and losses.argmin() < 19
    assert loss_on(net, val) == pytest.approx(losses.min(), rel=1e-5)
    said = [event.data["text"] for event in run.events if event.kind == "note"]
    assert any(f"the weights are those of epoch {losses.argmin() + 1}" in text for text in said)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(patience=3), "needs val="),
        (dict(patience=0, val=True), "whole number >= 1 for patience, got 0"),
        (dict(patience=1.5, val=True), "whole number >= 1 for patience, got 1.5"),
    ],
)
def test_what_cannot_be_meant_is_said_before_training(arguments, message) -> None:
    net, data, val = problem()
    if arguments.pop("val", False):
        arguments["val"] = val
    with pytest.raises(ValueError, match=message):
        train(net, data, **arguments)
