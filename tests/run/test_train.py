"""`train` on real networks: against a loop written by hand, compiled once, ended in every way."""

import time

import numpy as np
import pytest
from run.problems import Loader, by_hand, in_order, network, points, weights

import dlcore as dl
from dlcore import autograd, gluon
from dlcore.run import Run, train


@pytest.mark.parametrize("optimizer, settings", [("sgd", {"momentum": 0.9, "wd": 1e-3}), ("adam", {})])
def test_a_run_is_the_loop_people_write_with_its_short_last_batch(optimizer, settings):
    batches = in_order(*points(90), 32)  # 32, 32, 26
    ours, theirs = network(), network()
    run = train(ours, Loader(batches), epochs=4, optimizer=optimizer, lr=0.05, show=False, **settings)
    losses = by_hand(theirs, batches, 4, optimizer, learning_rate=0.05, **settings)
    assert (run.state, run.step, run.steps_total) == ("finished", 12, 12)
    np.testing.assert_allclose(run.history.series("loss")[1], losses, rtol=1e-5, atol=1e-6)
    for one, other in zip(weights(ours), weights(theirs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_training_learns_and_scores_are_those_of_all_validation_samples():
    x, y = points(600)
    net = network()
    run = train(
        net, (x, y), val=points(301, seed=1), epochs=15, batch=32, optimizer="adam", lr=0.02, seed=3, show=False
    )
    vx, vy = points(301, seed=1)
    with autograd.predict_mode():
        out = net(dl.nd.array(vx)).asnumpy()
    right = (out.argmax(axis=1) == vy).mean()
    assert right > 0.9
    assert run.history.last("val_accuracy") == pytest.approx(right, abs=1e-6)
    shifted = out - out.max(axis=1, keepdims=True)
    expected = (np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(301), vy]).mean()
    assert run.history.last("val_loss") == pytest.approx(expected, rel=1e-4)
    assert run.history.count("accuracy") == run.step == 15 * 19
    assert run.history.series("val_loss")[0].tolist() == [19 * (i + 1) for i in range(15)]


def test_the_step_is_compiled_once_a_shape_and_a_knob_changes_nothing_about_that(monkeypatch):
    from dlcore.run import _step

    compiled = []
    jit = _step.jit
    monkeypatch.setattr(_step, "jit", lambda function: compiled.append(jit(function)) or compiled[-1])
    run = train(network(), points(80), val=points(40), epochs=40, batch=32, background=True, show=False)
    run.set(lr=0.5)
    run.set(wd=0.01)
    run.wait(timeout=60)
    assert [event for event in run.events if event.kind == "note"] == []
    assert run.knobs["lr"] == 0.5 and run.knobs["wd"] == 0.01
    # Whole batches and the short last one, once each; the evaluation sees one shape.
    assert sorted(function.compilations for function in compiled if function.compilations) == [1, 2]


def test_a_learning_rate_of_zero_holds_the_weights_from_the_next_step_on():
    net = network()
    run = train(net, points(), epochs=10**6, lr=0.1, background=True, show=False)
    while run.step < 5:
        time.sleep(0.001)
    run.pause()
    run.set(lr=0)
    while run.state != "paused" or run.knobs["lr"] != 0:
        time.sleep(0.001)
    held = weights(net)
    step = run.step
    run.resume()
    while run.step < step + 10:
        time.sleep(0.001)
    run.stop()
    run.wait(timeout=20)
    for one, other in zip(held, weights(net), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_tracing_cannot_follow_is_refused_with_the_line_and_trained_on_request():
    def loss(net, x, y):
        value = gluon.loss.SoftmaxCrossEntropyLoss()(net(x), y).mean()
        return value * 2 if float(value) > 0 else value

    net, other = network(), network()
    batches = in_order(*points(), 32)
    with pytest.raises(dl._core.TraceError) as caught:
        train(net, Loader(batches), epochs=2, lr=0.1, loss=loss, show=False)
    for part in ("training step cannot be compiled", "test_train.py:", "value * 2 if float(value) > 0", "dl.cond",
                 "--imperative"):  # fmt: skip
        assert part in str(caught.value)
    run = train(net, Loader(batches), epochs=2, lr=0.1, loss=loss, imperative=True, show=False)
    losses = by_hand(other, batches, 2, learning_rate=0.2)
    np.testing.assert_allclose(run.history.series("loss")[1], 2 * np.array(losses), rtol=1e-4)


def test_a_stopped_network_is_usable_and_can_be_trained_again():
    net = network()
    run = train(net, points(), epochs=10**6, background=True, show=False)
    while run.step < 3:
        time.sleep(0.001)
    run.stop()
    assert run.wait(timeout=20).state == "stopped"
    assert np.isfinite(net(dl.nd.array(points(2)[0])).asnumpy()).all()
    assert train(net, points(), epochs=1, show=False).state == "finished"


def test_one_run_at_a_time_trains_a_network():
    net = network()
    run = train(net, points(), epochs=10**6, background=True, show=False, name="first")
    with pytest.raises(RuntimeError, match="run 'first' is still training this network"):
        train(net, points(), show=False)
    other = train(network(), points(), show=False)
    assert other.state == "finished" and not run.ended
    run.stop()
    run.wait(timeout=20)
    assert run.net is None
    assert train(net, points(), show=False).state == "finished"


def test_an_error_in_the_loss_is_raised_from_the_users_line_and_the_network_stays_usable():
    net = network()

    def broken(net, x, y):
        out = net(x)
        raise ArithmeticError(f"out has {out.shape[1]} columns")  # the user's line

    before = weights(net)
    with pytest.raises(ArithmeticError, match="out has 3 columns") as caught:
        train(net, points(), loss=broken, show=False)
    assert caught.traceback[-1].name == "broken"
    assert [entry.path.name for entry in caught.traceback][1:-1] == ["_train.py", "_train.py", "_run.py"]
    for one, other in zip(before, weights(net), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not autograd.is_recording()
    assert train(net, points(), epochs=1, show=False).state == "finished"


def test_an_error_in_the_data_ends_the_run():
    class Broken(gluon.data.Dataset):
        def __len__(self):
            return 40

        def __getitem__(self, index):
            if index == 39:
                raise OSError("disk")
            return np.zeros(4, "float32"), np.int32(0)

    with pytest.raises(RuntimeError, match="element 39 of Broken failed: OSError: disk"):
        train(network(), Broken(), batch=8, show=False)


def test_an_interrupt_while_waiting_stops_at_a_step(monkeypatch, capsys):
    wait = Run.wait
    calls = []

    def interrupted(self, timeout=None):
        calls.append(timeout)
        while len(calls) == 1 and self.step < 3:
            time.sleep(0.001)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return wait(self, timeout)

    monkeypatch.setattr(Run, "wait", interrupted)
    run = train(network(), points(), epochs=10**6, show=False, name="lenet")
    assert run.state == "stopped" and run.step >= 3
    assert capsys.readouterr().out == (
        f"lenet: interrupted, stopped at step {run.step:,}; the network is usable as it is\n"
    )


def test_a_stop_during_the_evaluation_ends_it():
    def slow(net, x, y):
        if not autograd.is_training():
            run.stop()
        return gluon.loss.SoftmaxCrossEntropyLoss()(net(x), y)

    run = train(network(), points(), val=points(2000), epochs=3, batch=10, loss=slow, background=True, show=False)
    run.wait(timeout=20)
    assert run.state == "stopped" and run.step == 9 and "val_loss" not in run.history
