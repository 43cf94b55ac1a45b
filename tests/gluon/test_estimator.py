"""The estimator learns, tells its handlers in order, and stops when told."""

import logging

import numpy as np
import pytest

import dlcore as dl
from dlcore.gluon.contrib import estimator as est


def problem(samples=64):
    """Points on two sides of a line, a fresh estimator and a loader."""
    dl.random.seed(5)
    x = np.random.default_rng(0).normal(size=(samples, 2)).astype(np.float32)
    y = (x.sum(1) > 0).astype(np.float32)
    data = dl.gluon.data.DataLoader(dl.gluon.data.ArrayDataset(x, y), 16)
    net = dl.gluon.nn.Dense(2)
    net.initialize(init="xavier")
    trainer = dl.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
    loss = dl.gluon.loss.SoftmaxCrossEntropyLoss()
    return est.Estimator(net, loss, dl.metric.Accuracy(), trainer=trainer), data, x, y


class Recorder(est.TrainBegin, est.TrainEnd, est.EpochBegin, est.EpochEnd, est.BatchBegin, est.BatchEnd):
    def __init__(self):
        self.seen = []

    def train_begin(self, estimator):
        self.seen.append("<")

    def train_end(self, estimator):
        self.seen.append(">")

    def epoch_begin(self, estimator):
        self.seen.append("(")

    def epoch_end(self, estimator):
        self.seen.append(")")

    def batch_begin(self, estimator, batch):
        self.seen.append("b")

    def batch_end(self, estimator, batch, pred, label, loss):
        assert pred[0].shape == (16, 2) and label[0].shape == loss[0].shape == (16,)
        self.seen.append("e")


def test_fit_learns_and_evaluate_measures():
    estimator, data, x, y = problem()
    estimator.fit(data, data, epochs=15, event_handlers=[])
    result = estimator.evaluate(data)
    scores = estimator.net(dl.nd.array(x)).asnumpy().astype(np.float64)
    right = (scores.argmax(1) == y).mean()
    picked = scores[np.arange(len(y)), y.astype(int)]
    assert result["validation accuracy"] == pytest.approx(right) and right > 0.95
    expected = (np.log(np.exp(scores).sum(1)) - picked).mean()
    assert result["validation loss"] == pytest.approx(expected, rel=1e-4)
    assert estimator.train_metrics[1] is not estimator.val_metrics[1]


def test_metrics_of_the_caller_are_used_as_they_are():
    estimator, data, *_ = problem()
    mine = dl.metric.Accuracy()
    other = est.Estimator(estimator.net, estimator.loss, "acc", mine, trainer=estimator.trainer)
    result = other.evaluate(data)
    assert mine.num_inst == 64 and result["validation accuracy"] == mine.get()[1]
    assert [metric.name for metric in other.train_metrics] == ["training loss", "training accuracy"]


def test_events_come_in_order_and_both_limits_hold():
    estimator, data, *_ = problem()
    recorder = Recorder()
    estimator.fit(data, epochs=2, event_handlers=[recorder])
    assert "".join(recorder.seen) == "<" + 2 * "(bebebebe)" + ">"
    recorder = Recorder()
    estimator.fit(data, batches=5, event_handlers=[recorder])
    assert "".join(recorder.seen) == "<(bebebebe)(be)>"
    with pytest.raises(ValueError, match="either epochs or batches, got None and None"):
        estimator.fit(data)
    with pytest.raises(ValueError, match="gave no batch"):
        estimator.fit(iter(data), epochs=2, event_handlers=[])


def test_early_stopping_waits_for_its_patience():
    estimator, data, *_ = problem()
    estimator.trainer.set_learning_rate(0.0)
    stop = est.EarlyStoppingHandler(estimator.val_metrics[0], patience=2)
    for _ in range(2):
        estimator.fit(data, data, epochs=50, event_handlers=[stop])
        assert (estimator.epoch, estimator.stopped, stop.stopped_epoch) == (3, True, 3)
    never = est.EarlyStoppingHandler(estimator.val_metrics[0], patience=2, baseline=-1.0)
    estimator.fit(data, data, epochs=50, event_handlers=[never])
    assert estimator.epoch == 2, "no epoch was better than the baseline"


def test_checkpoints_can_be_loaded(tmp_path, capsys):
    estimator, data, x, _ = problem()
    keep = est.CheckpointHandler(
        tmp_path / "m", monitor=estimator.val_metrics[1], save_best=True, epoch_period=2, max_checkpoints=2, verbose=1
    )
    estimator.fit(data, data, epochs=6, event_handlers=[keep])
    names = {path.name for path in (tmp_path / "m").iterdir()}
    kept = [f"model-{what}.{kind}" for what in ("epoch4batch16", "epoch6batch24") for kind in ("safetensors", "state")]
    assert names == {*kept, "model-best.safetensors"}
    assert "wrote" in capsys.readouterr().out
    again = dl.gluon.nn.Dense(2)
    again.load_parameters(keep.path("epoch6batch24"))
    assert (again(dl.nd.array(x)).asnumpy() == estimator.net(dl.nd.array(x)).asnumpy()).all()
    with pytest.raises(ValueError, match="save_best needs a metric"):
        est.CheckpointHandler(tmp_path, save_best=True)


def test_data_without_a_place_are_begun_anew(tmp_path):
    """An iterator of one's own has `state` from its base, which cannot tell; weights and counts are kept."""
    estimator, data, *_ = problem()

    class Own(dl.io.DataIter):
        def __iter__(self):
            return iter(data)

    estimator.fit(Own(16), epochs=2, event_handlers=[est.CheckpointHandler(tmp_path)])
    kept = estimator.net.weight.data().asnumpy()
    again, *_ = problem()
    again.fit(Own(16), epochs=2, event_handlers=[est.CheckpointHandler(tmp_path, resume_from_checkpoint=True)])
    assert again.batch == estimator.batch == 8 and (again.net.weight.data().asnumpy() == kept).all()


@pytest.mark.parametrize(("stop", "begins"), [(8, (1, 8)), (9, (2, 8)), (10, (2, 10)), (11, (2, 10))])
def test_resuming_goes_on_to_the_same_bits(tmp_path, stop, begins):
    """Adam, dropout, shuffled data: broken off after some batches, a fresh estimator ends where an unbroken one did.

    After the last batch of an epoch but before its end; after one of the next, in the middle, and later than was kept.
    """

    def fresh(folder, **more):
        dl.random.seed(5)
        x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
        data = dl.gluon.data.DataLoader(dl.gluon.data.ArrayDataset(x, x.sum(1) > 0), 16, shuffle=True)
        net = dl.gluon.nn.HybridSequential(dl.gluon.nn.Dense(4), dl.gluon.nn.Dropout(0.3), dl.gluon.nn.Dense(2))
        trainer = dl.gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.1})
        made = est.Estimator(net, dl.gluon.loss.SoftmaxCELoss(), "acc", initializer="xavier", trainer=trainer)
        keep = est.CheckpointHandler(folder, batch_period=2, monitor=made.val_metrics[1], save_best=True, **more)
        return made, data, keep

    class Breaks(est.BatchEnd):
        def batch_end(self, estimator, *args, **kwargs):
            if estimator.batch == stop:
                raise KeyboardInterrupt

    whole, data, keep = fresh(tmp_path / "whole")
    whole.fit(data, data, epochs=4, event_handlers=[keep])
    broken, data, keep = fresh(tmp_path / "broken")
    with pytest.raises(KeyboardInterrupt):
        broken.fit(data, data, epochs=4, event_handlers=[keep, Breaks()])
    dl.random.seed(99)
    resumed, data, keep = fresh(tmp_path / "broken", resume_from_checkpoint=True)
    begun = []

    class Begins(est.TrainBegin):
        priority = 1

        def train_begin(self, estimator):
            begun.append((estimator.epoch, estimator.batch))

    resumed.fit(data, data, epochs=4, event_handlers=[keep, Begins()])
    assert begun == [begins] and (resumed.epoch, resumed.batch) == (4, 16)
    for one, two in zip(whole.net.collect_params().values(), resumed.net.collect_params().values(), strict=True):
        assert np.array_equal(one.data().asnumpy(), two.data().asnumpy())


def test_handlers_and_processors_as_they_were_written_for_mxnet():
    """Keywords, lists of parts, priorities; gradients gathered over two batches; a batch divided among two devices."""
    estimator, data, *_ = problem()
    net, order = estimator.net, []

    class Gathers(est.GradientUpdateHandler):
        def batch_end(self, estimator, *args, **kwargs):
            order.append("update")
            if estimator.batch % 2 == 0:
                assert [loss.shape for loss in kwargs["loss"]] == [(8,), (8,)]
                estimator.trainer.step(32)

    class First(est.BatchEnd):
        priority = -5000

        def batch_end(self, estimator, *args, **kwargs):
            order.append("first")

    class Added(est.BatchProcessor):
        def fit_batch(self, estimator, train_batch, batch_axis=0):
            if estimator.batch % 2 == 0:
                net.collect_params().zero_grad()
            return super().fit_batch(estimator, train_batch, batch_axis)

    net(dl.nd.ones((1, 2)))
    net.collect_params().reset_ctx([dl.cpu(0), dl.cpu(1)])
    before = net.weight.data(dl.cpu(0)).asnumpy()
    net.weight.grad_req = net.bias.grad_req = "add"
    sgd = dl.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 1.0})
    other = est.Estimator(net, estimator.loss, "acc", trainer=sgd, batch_processor=Added())
    assert other.context == [dl.cpu(0), dl.cpu(1)]
    other.fit(data, batches=2, event_handlers=[Gathers(), First()])
    assert order == ["first", "update"] * 2 and (other.max_epoch, other.max_batch) == (None, 2)
    batches = list(data)[:2]
    x, y = (np.concatenate([batch[k].asnumpy() for batch in batches]) for k in (0, 1))
    p = np.exp(x @ before.T)
    p /= p.sum(1, keepdims=True)
    step = (p - np.eye(2)[y.astype(int)]).T @ x / 32
    np.testing.assert_allclose(net.weight.data(dl.cpu(1)).asnumpy(), before - step, rtol=1e-4, atol=1e-6)
    heard = []

    class Hears(est.EpochEnd, est.BatchEnd):
        def batch_end(self, estimator, *args, **kwargs):
            heard.append(len(kwargs["pred"]))

        def epoch_end(self, estimator):
            heard.append("end")

    other.evaluate(data, event_handlers=[Hears()])
    assert heard == [2, 2, 2, 2, "end"]


def test_logging(caplog):
    estimator, data, *_ = problem()
    with caplog.at_level(logging.INFO, "dlcore.estimator"):
        estimator.fit(data, data, epochs=1, event_handlers=[est.LoggingHandler(log_interval=2)])
    text = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in text[1:3]] == ["batch 2", "batch 4"]
    assert "training accuracy" in text[3] and "validation loss" in text[3]
    assert text[4].startswith("training ended after 1 epochs")
