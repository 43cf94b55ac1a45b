"""`train` on real networks: against a loop written by hand, in every form of data and loss, ended in every way."""

import io
import time

import numpy as np
import pytest

import dlcore as dl
from dlcore import autograd, gluon
from dlcore.gluon import nn
from dlcore.run import Run, TextProgress, train

CLASSES = 3


def points(count=90, seed=0):
    """Float points and the class (0, 1, 2) that each belongs to."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 4)).astype("float32")
    return x, x[:, :CLASSES].argmax(axis=1).astype("int32")


def network(seed=0, units=16):
    net = nn.HybridSequential()
    net.add(nn.Dense(units, activation="tanh", in_units=4), nn.Dense(CLASSES, in_units=units))
    net.initialize()
    rng = np.random.default_rng(seed)
    for parameter in net.collect_params().values():
        parameter.set_data(dl.nd.array(rng.normal(size=parameter.shape, scale=0.3).astype("float32")))
    return net


def weights(net):
    return [parameter.data().asnumpy() for parameter in net.collect_params().values()]


def by_hand(net, batches, epochs, optimizer="sgd", **settings):
    """The loop as people write it, uncompiled; returns the losses."""
    criterion = gluon.loss.SoftmaxCrossEntropyLoss()
    trainer = gluon.Trainer(net.collect_params(), optimizer, settings)
    losses = []
    for _ in range(epochs):
        for x, y in batches:
            with autograd.record():
                loss = criterion(net(x), y).mean()
            loss.backward()
            trainer.step(1)
            losses.append(float(loss))
    return losses


def in_order(x, y, batch):
    return [
        (dl.nd.array(x[i : i + batch]), dl.nd.array(y[i : i + batch], dtype="int32")) for i in range(0, len(x), batch)
    ]


class Loader:
    """Batches in order, the last one short, as a loader that is no DataLoader."""

    def __init__(self, batches):
        self.batches = batches

    def __len__(self):
        return len(self.batches)

    def __iter__(self):
        return iter(self.batches)


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
    assert sorted(function.compilations for function in compiled) == [0, 1, 2]


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


class TestData:
    def test_a_dataset_a_loader_and_arrays_are_the_same(self):
        x, y = points()
        forms = [
            (x, y),
            [dl.nd.array(x), dl.nd.array(y, dtype="int32")],
            (x.astype("float64"), y),
            gluon.data.ArrayDataset(x, y),
        ]
        histories = [train(network(), data, epochs=2, batch=32, seed=7, show=False).history for data in forms]
        for history in histories[1:]:
            np.testing.assert_array_equal(history.series("loss")[1], histories[0].series("loss")[1])
        loader = gluon.data.DataLoader(gluon.data.ArrayDataset(x, y), batch_size=32, shuffle=False)
        run = train(network(), loader, epochs=2, batch=5, show=False)
        assert run.step == 6  # the loader's batches, not batch=

    def test_every_sample_is_seen_once_an_epoch_in_an_order_of_its_own(self):
        seen = []

        class Spy(gluon.data.Dataset):
            def __len__(self):
                return 50

            def __getitem__(self, index):
                seen.append(index)
                return np.zeros(4, "float32"), np.int32(0)

        train(network(), Spy(), epochs=2, batch=16, seed=5, show=False)
        first, second = seen[-100:-50], seen[-50:]
        assert sorted(first) == sorted(second) == list(range(50))
        assert first != second and first != list(range(50))

    def test_the_same_seed_gives_the_same_run(self):
        def losses(seed):
            dropping = nn.HybridSequential()
            dropping.add(nn.Dense(16), nn.Dropout(0.5), nn.Dense(CLASSES))
            return train(dropping, points(), epochs=3, seed=seed, show=False).history.series("loss")[1].tolist()

        assert losses(1) == losses(1) != losses(2)

    @pytest.mark.parametrize(
        "data, kind, text",
        [
            (None, TypeError, "train: expected data="),
            (3, TypeError, "data: expected a dataset, a loader, a pair of arrays"),
            ("mnits", ValueError, "no data set 'mnits'; did you mean 'mnist'"),
            ((np.zeros((3, 4)), np.zeros(2)), ValueError, "as many labels as samples"),
            (iter([]), TypeError, "got an iterator that ends once"),
            (Loader([]), ValueError, "expected at least one batch"),
            ((np.zeros((0, 4)), np.zeros(0)), ValueError, "expected at least one sample"),
            (Loader([(1, 2, 3)]), ValueError, r"a pair \(x, y\), got 3 parts"),
        ],
    )
    def test_data_that_cannot_be_meant(self, data, kind, text):
        with pytest.raises(kind, match=text):
            train(network(), data, show=False)


class TestLossAndMetric:
    def test_every_form_of_loss(self):
        criterion = gluon.loss.SoftmaxCrossEntropyLoss()
        forms = [None, criterion, lambda out, y: criterion(out, y), lambda net, x, y: criterion(net(x), y).mean()]
        losses = [
            train(network(), points(), val=points(), epochs=1, loss=loss, seed=1, show=False).history for loss in forms
        ]
        for history in losses[1:]:
            np.testing.assert_allclose(history.series("loss")[1], losses[0].series("loss")[1], rtol=1e-5)
            assert history.last("val_accuracy") == losses[0].last("val_accuracy")
        assert "accuracy" in losses[0] and "accuracy" not in losses[3]

    def test_numbers_as_labels_are_fitted_by_squares(self):
        x, _ = points(200)
        net = nn.Dense(1)
        run = train(net, (x, x[:, :1] * 2), val=(x, x[:, :1] * 2), epochs=30, batch=20, lr=0.2, show=False)
        assert run.history.names() == ["loss", "val_loss"]
        np.testing.assert_allclose(net.weight.data().asnumpy(), [[2, 0, 0, 0]], atol=1e-2)

    def test_a_metric_object_is_updated_in_the_evaluation(self):
        run = train(network(), points(), val=points(), metric=dl.metric.TopKAccuracy(top_k=3), show=False)
        assert run.history.last("val_top_k_accuracy_3") == 1.0 and "accuracy" not in run.history

    def test_no_metric(self):
        run = train(network(), points(), val=points(), metric=None, show=False)
        assert run.history.names() == ["loss", "val_loss"]

    @pytest.mark.parametrize(
        "loss, text",
        [
            (3, "expected a Gluon loss or a function of"),
            (lambda x: x, r"got one of \(x\)"),
            (lambda net, x, y: 1.0, "expected an array computed from the network's output, got float"),
        ],
    )
    def test_a_loss_that_is_none(self, loss, text):
        with pytest.raises(TypeError, match=text):
            train(network(), points(), loss=loss, show=False)


class TestArguments:
    @pytest.mark.parametrize(
        "arguments, kind, text",
        [
            ({"epochs": 0}, ValueError, "a whole number >= 1 for epochs, got 0"),
            ({"batch": 2.5}, ValueError, "a whole number >= 1 for batch, got 2.5"),
            ({"workers": True}, ValueError, "a whole number >= 1 for workers, got True"),
            ({"optimizer": "adamm"}, ValueError, "expected an Optimizer or one of"),
            ({"optimizer": "sgd", "beta1": 1}, TypeError, "beta1"),
            ({"show": 3}, TypeError, "train: show must be a function or .text. or True"),
        ],
    )
    def test_arguments_that_cannot_be_meant(self, arguments, kind, text):
        with pytest.raises(kind, match=text):
            train(network(), points(), **{"show": False, **arguments})

    def test_something_that_is_no_network(self):
        with pytest.raises(TypeError, match=r"expected a network \(a gluon Block\), got str"):
            train("net", points(), show=False)

    def test_an_optimizer_object_keeps_its_settings(self):
        rule = dl.optim.SGD(learning_rate=0.3, momentum=0.5)
        run = train(network(), points(), optimizer=rule, show=False)
        numbers = {"lr": 0.3, "wd": 0.0, "momentum": 0.5, "clip": 0.0, "batch": 64.0}
        assert run.knobs == {**numbers, "schedule": "constant"}

    def test_a_schedule_keeps_the_learning_rate_to_itself(self):
        schedule = dl.optim.lr_scheduler.FactorScheduler(step=2, factor=0.5, base_lr=0.1)
        run = train(network(), points(), optimizer="sgd", lr_scheduler=schedule, epochs=2, show=False)
        assert "lr" not in run.knobs and run.state == "finished"

    def test_a_network_without_weights_is_initialized(self):
        net = nn.HybridSequential()
        net.add(nn.Dense(8, activation="relu"), nn.Dense(CLASSES))
        run = train(net, points(), show=False)
        assert [event.data["text"] for event in run.events if event.kind == "note"] == [
            "the network had no weights yet: initialized with Xavier"
        ]

    def test_a_plain_block_trains_as_well(self):
        class Plain(gluon.Block):
            def __init__(self):
                super().__init__()
                self.first = nn.Dense(8, in_units=4)
                self.second = nn.Dense(CLASSES, in_units=8)

            def forward(self, x):
                return self.second(dl.nd.relu(self.first(x)))

        assert train(Plain(), points(), val=points(), show=False).state == "finished"


class TestShow:
    def test_text_is_a_line_an_epoch(self, capsys):
        run = train(network(), points(), val=points(), epochs=2, show="text", name="lenet")
        lines = capsys.readouterr().out.splitlines()
        assert [line.split("  loss")[0] for line in lines] == ["lenet  epoch 1/2", "lenet  epoch 2/2", "lenet"]
        assert "val_accuracy 0." in lines[1] and lines[1].endswith("samples/s")
        first, bars, last = lines[2].split("loss ")[1].split(" ")
        losses = run.history.series("loss")[1]
        assert (first, last) == (f"{losses[0]:.4g}", f"{losses[-1]:.4g}")
        assert len(bars) == min(40, len(losses)) and {"▁", "█"} <= set(bars) <= set("▁▂▃▄▅▆▇█")

    def test_nothing_is_printed_where_nobody_looks(self, capsys):
        train(network(), points())
        assert capsys.readouterr().out == ""

    def test_a_function_gets_the_run_before_it_starts(self):
        seen = []
        run = train(network(), points(), show=lambda run: seen.append((run, run.state)))
        assert seen == [(run, "pending")]

    def test_a_stopped_run_says_so(self):
        stream = io.StringIO()
        run = train(network(), points(), epochs=10**6, background=True, show=lambda run: TextProgress(run, stream))
        run.stop()
        run.wait(timeout=20)
        assert stream.getvalue().splitlines()[-1].startswith("hybridsequential")
        assert "stopped at step" in stream.getvalue()
