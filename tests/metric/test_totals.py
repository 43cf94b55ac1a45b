"""Parts of an epoch: what a metric has seen since its last line in a log, and altogether."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import dlcore as dl
from dlcore import metric

RNG = np.random.default_rng(0)
NAMES = ["acc", "f1", "mcc", "pcc", "mae", "rmse", "pearsonr", "auc", "perplexity", "confusionmatrix", "loss"]


@pytest.mark.parametrize("name", NAMES)
def test_all_of_it_is_what_one_metric_would_have_said(name: str) -> None:
    one, parts = ([metric.create(n) for n in (name, "acc")] for _ in range(2))
    whole, cut = metric.CompositeEvalMetric(one), metric.CompositeEvalMetric(parts)
    for turn in range(4):
        label, pred = RNG.integers(0, 2, 30), RNG.random((30, 2))
        if name in ("mae", "rmse", "pearsonr"):
            label, pred = RNG.random((30, 1)), RNG.random((30, 1))
            whole.metrics, cut.metrics = whole.metrics[:1], cut.metrics[:1]
        whole.update(dl.nd.array(label), dl.nd.array(pred))
        cut.update(dl.nd.array(label), dl.nd.array(pred))
        np.testing.assert_allclose(cut.get_global()[1], whole.get()[1], rtol=1e-6)
        assert turn == 0 or cut.get()[1] != whole.get()[1]
        cut.reset_local()
    np.testing.assert_allclose([v for _, v in cut.get_global_name_value()], whole.get()[1], rtol=1e-6)
    cut.reset()
    assert np.isnan(cut.get_global()[1][0])


class Counting(metric.EvalMetric):
    """As metrics of libraries are written that count both themselves."""

    def __init__(self, **kwargs: object) -> None:
        super().__init__("counting", axis=2, **kwargs)

    def update(self, labels: object, preds: object) -> None:
        self.sum_metric += 1.0
        self.global_sum_metric += 1.0
        self.num_inst += 2
        self.global_num_inst += 2


def test_a_class_of_ones_own_keeps_its_words_and_counts_itself() -> None:
    own = Counting(has_global_stats=True)
    own.update(None, None)
    own.reset_local()
    assert np.isnan(own.get()[1]) and own.get_global() == ("counting", 0.5)
    assert own.get_config() == {
        "axis": 2, "has_global_stats": True, "metric": "Counting", "name": "counting", "output_names": None,
        "label_names": None,
    }  # fmt: skip
    plain = Counting()
    plain.update(None, None)
    plain.reset_local()
    plain.update(None, None)
    assert plain.get_global() == plain.get() == ("counting", 0.5)
    with pytest.raises(TypeError, match=r"Accuracy\(\) got an unexpected keyword argument 'axs'"):
        metric.Accuracy(axs=1)


def test_arrays_are_chosen_by_name() -> None:
    both = metric.CompositeEvalMetric([metric.MAE(output_names=["b"], label_names=["y"]), metric.MAE()])
    both.update_dict({"y": dl.nd.array([1.0])}, {"b": dl.nd.array([4.0])})
    assert both.get()[1] == [3.0, 3.0]
    with pytest.raises(ValueError, match="no array called 'b' among a"):
        both.update_dict({"y": dl.nd.array([1.0])}, {"a": dl.nd.array([4.0])})


def test_what_fit_says_of_an_epoch_is_of_all_of_it(caplog: pytest.LogCaptureFixture) -> None:
    """The lines in between forget what was before them; the epoch does not."""
    x, y = RNG.random((40, 3)).astype("f"), np.repeat([0, 1], 20)
    out = dl.sym.SoftmaxOutput(dl.sym.FullyConnected(dl.sym.var("data"), num_hidden=2, name="fc"), name="softmax")
    module = dl.mod.Module(out)
    weights = {"fc_weight": dl.nd.zeros((2, 3)), "fc_bias": dl.nd.array([1.0, 0.0])}  # always says 0
    with caplog.at_level(logging.INFO):
        module.fit(
            dl.io.NDArrayIter(x, y, 4), num_epoch=1, arg_params=weights, optimizer_params={"learning_rate": 0.0},
            batch_end_callback=dl.callback.Speedometer(4, 3),
        )  # fmt: skip
    said = [record.getMessage() for record in caplog.records]
    assert "Epoch[0] Train-accuracy=0.500000" in said
    assert any("accuracy=1.000000" in line for line in said) and any("accuracy=0.000000" in line for line in said)
