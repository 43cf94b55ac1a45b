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
        assert pred.shape == (16, 2) and label.shape == loss.shape == (16,)
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
    other = est.Estimator(estimator.net, estimator.loss, "acc", mine, estimator.trainer)
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
        assert (estimator.epoch, estimator.stopped) == (4, True)


def test_checkpoints_can_be_loaded(tmp_path):
    estimator, data, x, _ = problem()
    keep = est.CheckpointHandler(tmp_path / "m", monitor=estimator.val_metrics[1], save_best=True, epoch_period=2)
    estimator.fit(data, data, epochs=4, event_handlers=[keep])
    names = {path.name for path in (tmp_path / "m").iterdir()}
    assert names == {"model-epoch2.safetensors", "model-epoch4.safetensors", "model-best.safetensors"}
    again = dl.gluon.nn.Dense(2)
    again.load_parameters(keep.path("epoch4"))
    assert (again(dl.nd.array(x)).asnumpy() == estimator.net(dl.nd.array(x)).asnumpy()).all()
    with pytest.raises(ValueError, match="save_best needs a metric"):
        est.CheckpointHandler(tmp_path, save_best=True)


def test_logging(caplog):
    estimator, data, *_ = problem()
    with caplog.at_level(logging.INFO, "dlcore.estimator"):
        estimator.fit(data, data, epochs=1, event_handlers=[est.LoggingHandler(log_interval=2)])
    text = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in text[1:3]] == ["batch 2", "batch 4"]
    assert "training accuracy" in text[3] and "validation loss" in text[3]
    assert text[4].startswith("training ended after 1 epochs")
