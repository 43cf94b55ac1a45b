"""What `train` takes: every form of data, loss and metric, arguments that cannot be meant, and what is shown."""

import io

import numpy as np
import pytest
from run.problems import CLASSES, Loader, network, points

import dlcore as dl
from dlcore import gluon
from dlcore.gluon import nn
from dlcore.run import TextProgress, train


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

    def test_a_loader_may_give_arrays_of_numpy(self):
        x, y = points()

        class Parts:
            def __init__(self, kind):
                self.kind = kind

            def __iter__(self):
                for i in range(0, len(x), 32):
                    yield self.kind(x[i : i + 32]), self.kind(y[i : i + 32])

        kinds = [lambda a: a, dl.np.array, np.ndarray.tolist]
        runs = [train(network(), Parts(kind), epochs=2, show=False) for kind in kinds]
        losses = [run.history.series("loss")[1].tolist() for run in runs]
        assert losses[0] == losses[1] == losses[2] and losses[0][-1] < losses[0][0]

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


@pytest.mark.parametrize("kind, place", [("words", (5,)), ("pixels", (4, 3))])
def test_classes_of_every_place_are_learned_without_naming_a_loss(kind, place):
    """Numbers of words, and of the classes of pixels: cross-entropy and accuracy along the axis that has no label."""
    from dlcore.gluon import loss, nn

    y = np.random.default_rng(0).integers(0, 7, (32, *place))
    if kind == "words":
        net, axis, x = nn.HybridSequential(nn.Embedding(7, 16), nn.Dense(7, flatten=False)), -1, y
    else:
        net, axis, x = nn.Conv2D(7, 1), 1, np.eye(7, dtype="float32")[y].transpose(0, 3, 1, 2)
    run = train(net, (x, y), val=(x, y), epochs=40, batch=16, optimizer="adam", lr=0.1, show=False)
    assert run.history.last("val_accuracy") == run.history.last("accuracy") == 1
    want = loss.SoftmaxCrossEntropyLoss(axis)(net(dl.nd.array(x, dtype=x.dtype)), dl.nd.array(y, dtype="int64")).mean()
    assert run.history.last("val_loss") == pytest.approx(float(want), rel=1e-4)


def test_numbers_that_are_no_classes_are_values_and_must_fit():
    from dlcore.gluon import nn

    x = np.ones((8, 4), "float32")
    run = train(nn.Dense(3), (x, np.arange(24).reshape(8, 3)), batch=8, show=False)
    assert run.history.last("loss") > 10 and run.history.count("accuracy") == 0
    with pytest.raises(ValueError, match=r"L2Loss: .*\n(.*\n)* *no loss was given: squared error, as labels of int64"):
        train(nn.Dense(3), (x, np.arange(16).reshape(8, 2)), batch=8, show=False)
