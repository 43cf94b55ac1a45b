"""Cells around cells, two directions, and sequences of different lengths."""

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon import rnn

X = np.random.default_rng(1).normal(size=(3, 5, 4)).astype(np.float32)
LENGTHS = np.array([5, 2, 3], np.float32)


def ready(cell, seed=2):
    dl.random.seed(seed)
    cell.initialize(dl.init.Normal(0.5))
    return cell


def run(cell, x=X, **options):
    outputs, states = cell.unroll(x.shape[1], dl.nd.array(x), merge_outputs=True, **options)
    return outputs.asnumpy(), [s.asnumpy() for s in states]


@pytest.mark.parametrize("kind", [rnn.RNNCell, rnn.LSTMCell, rnn.GRUCell])
def test_each_sample_ends_at_its_own_length(kind):
    cell = ready(kind(6, input_size=4))
    outputs, states = run(cell, valid_length=dl.nd.array(LENGTHS))
    for k, length in enumerate(LENGTHS.astype(int)):
        alone, last = run(cell, X[k : k + 1, :length])
        np.testing.assert_allclose(outputs[k, :length], alone[0], rtol=1e-5, atol=1e-6)
        assert (outputs[k, length:] == 0).all()
        for state, expected in zip(states, last, strict=True):
            np.testing.assert_allclose(state[k], expected[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
def test_two_directions_are_two_cells_one_from_the_end(lengths):
    both = ready(rnn.BidirectionalCell(rnn.LSTMCell(3, input_size=4), rnn.GRUCell(2, input_size=4)))
    options = {} if lengths is None else {"valid_length": dl.nd.array(lengths)}
    outputs, states = run(both, **options)
    assert outputs.shape == (3, 5, 5) and [s.shape[1] for s in states] == [3, 3, 2]
    for k, length in enumerate((lengths if lengths is not None else np.full(3, 5)).astype(int)):
        x = X[k : k + 1, :length]
        ahead, _ = run(both.l_cell, x)
        behind, last = run(both.r_cell, x[:, ::-1].copy())
        np.testing.assert_allclose(outputs[k, :length], np.concatenate([ahead[0], behind[0, ::-1]], 1), atol=1e-6)
        np.testing.assert_allclose(states[2][k], last[0][0], atol=1e-6)
        assert (outputs[k, length:] == 0).all()
    with pytest.raises(RuntimeError, match="a single step has no future"):
        both(dl.nd.ones((1, 4)), both.begin_state(1))


def test_a_residual_adds_the_input():
    plain = ready(rnn.RNNCell(4, input_size=4))
    outputs, _ = run(rnn.ResidualCell(plain))
    inside, _ = run(plain, X[:, :1])
    np.testing.assert_allclose(outputs[:, 0], inside[:, 0] + X[:, 0], rtol=1e-6)
    with pytest.raises(ValueError, match=r"output \(1, 3\) and input \(1, 4\) must be alike"):
        narrow = ready(rnn.ResidualCell(rnn.RNNCell(3, input_size=4)))
        narrow(dl.nd.ones((1, 4)), narrow.begin_state(1))


def test_zoneout_keeps_old_values_in_training_only():
    plain = ready(rnn.RNNCell(200, input_size=4))
    cell = rnn.ZoneoutCell(plain, zoneout_outputs=0.3, zoneout_states=0.6)
    np.testing.assert_array_equal(run(cell)[0], run(plain)[0])
    with dl.autograd.train_mode():
        outputs, states = cell.unroll(1, dl.nd.array(X[:, :1]), merge_outputs=True)
    expected = run(plain, X[:, :1])[0]
    kept = outputs.asnumpy() == 0
    assert 0.2 < kept.mean() < 0.4 and (states[0].asnumpy() == 0).mean() == pytest.approx(0.6, abs=0.1)
    np.testing.assert_allclose(outputs.asnumpy()[~kept], expected[~kept], rtol=1e-6)


def test_a_variational_mask_is_one_for_all_steps():
    cell = ready(rnn.VariationalDropoutCell(rnn.RNNCell(50, input_size=4), drop_outputs=0.5))
    x = np.repeat(X[:, :1], 6, axis=1)
    with dl.autograd.train_mode():
        first, _ = run(cell, x)
        second, _ = run(cell, x)
    dropped = first == 0
    assert (dropped == dropped[:, :1]).all() and 0.3 < dropped.mean() < 0.7
    assert (dropped != (second == 0)).any(), "a new sequence has a new mask"
    assert not (run(cell, x)[0] == 0).any()


def test_wrapped_cells_train_when_compiled():
    net = ready(rnn.SequentialRNNCell())
    net.add(rnn.ResidualCell(rnn.GRUCell(4, input_size=4)), rnn.ZoneoutCell(rnn.LSTMCell(3, input_size=4), 0.1, 0.1))
    net.initialize()
    params = net.collect_params()
    trainer = dl.gluon.Trainer(params, "adam", {"learning_rate": 0.05})
    x, y = dl.nd.array(X), dl.nd.array(np.ones((3, 3), np.float32) * 0.3)

    @dl.jit
    def step():
        with dl.autograd.record():
            outputs, _ = net.unroll(5, x)
            loss = ((outputs[-1] - y) ** 2).mean()
        loss.backward()
        trainer.step(1)
        return loss

    losses = [float(step()) for _ in range(40)]
    assert np.mean(losses[-5:]) < 0.3 * losses[0]


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: rnn.ZoneoutCell(rnn.RNNCell(3), 1.0), ValueError, "a rate from 0 up to 1, got 1.0"),
        (lambda: rnn.ResidualCell(dl.gluon.nn.Dense(3)), TypeError, "ResidualCell: expected a cell, got"),
    ],
)
def test_what_does_not_fit_is_named(make, error, match):
    with pytest.raises(error, match=match):
        make()
