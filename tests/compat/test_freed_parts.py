"""What an earlier backward() freed is a constant for old programs, as in MXNet, and an error for all others."""

import pytest

import dlcore as dl
from dlcore import autograd, compat, gluon, nd
from dlcore.gluon import rnn


def losses_and_gradients(let_go, hybrid=False):
    """Three steps of a language model's loop, whose state goes on from step to step; let_go(state) between them."""
    dl.random.seed(3)
    layer = rnn.LSTM(4, input_size=2)
    layer.initialize()
    if hybrid:
        layer.hybridize()
    trainer = gluon.Trainer(layer.collect_params(), "sgd", {"learning_rate": 0.1})
    state, seen = layer.begin_state(batch_size=1), []
    for step in range(3):
        state = let_go(state)
        with autograd.record():
            output, state = layer(nd.ones((5, 1, 2)) * (step + 1), state)
            loss = (output**2).sum()
        loss.backward()
        trainer.step(1)
        seen += [loss.asscalar(), *(p.grad().asnumpy().tolist() for p in layer.collect_params().values())]
    return seen


def detached(state):
    return [part.detach() for part in state]


def called_only(state):  # as d2l-zh wrote it: detach() gives a new array, which nobody keeps
    for part in state:
        part.detach()
    return state


@pytest.mark.parametrize("hybrid", [False, True])
def test_a_state_that_was_never_let_go_is_a_constant(mx, hybrid):
    with pytest.warns(UserWarning, match=r"freed was taken for a constant.*x = x\.detach\(\)") as told:
        found = losses_and_gradients(called_only, hybrid)
    assert found == losses_and_gradients(detached, hybrid)
    assert told[0].filename == __file__


def test_the_end_of_a_recording_that_was_freed_is_still_an_error(mx):
    x = nd.ones((2,))
    x.attach_grad()
    with autograd.record():
        y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError, match="already freed"):
        y.backward()


def test_gradients_stop_there_and_nowhere_else(mx):
    x, v = nd.array([1.0, 2.0]), nd.array([1.0, 1.0])
    x.attach_grad()
    v.attach_grad()
    with autograd.record():
        below = x * 2
        loss = (below * 3).sum()
    loss.backward()
    with autograd.record():
        loss = (below * v * x).sum()
    with pytest.warns(UserWarning, match="constant"):
        loss.backward()
    assert x.grad.asnumpy().tolist() == [2, 4]  # v * below, and nothing through below
    assert v.grad.asnumpy().tolist() == [2, 8]


def test_without_the_old_names_it_is_an_error():
    compat.uninstall()
    with pytest.raises(RuntimeError, match="already freed"):
        losses_and_gradients(called_only)
