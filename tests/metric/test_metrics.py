"""Metrics against scikit-learn, in several batches, on NumPy arrays and NDArrays."""

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from dlcore import _core, metric


@pytest.fixture
def batches():
    rng = np.random.default_rng(3)
    labels = [rng.integers(0, 7, n) for n in (40, 1, 33)]
    scores = [rng.random((len(y), 7)) for y in labels]
    return labels, [s / s.sum(1, keepdims=True) for s in scores]


def fill(m, labels, preds, wrap=lambda a: a):
    for y, p in zip(labels, preds, strict=True):
        m.update(wrap(y), wrap(p))
    return m.get()[1]


@pytest.mark.parametrize("wrap", [lambda a: a, _core.from_numpy, lambda a: [_core.from_numpy(a)]])
def test_classification(batches, wrap):
    labels, probabilities = batches
    y, p = np.concatenate(labels), np.concatenate(probabilities)
    assert fill(metric.Accuracy(), labels, probabilities, wrap) == pytest.approx(sk.accuracy_score(y, p.argmax(1)))
    for k in (1, 3):
        expected = sk.top_k_accuracy_score(y, p, k=k)
        assert fill(metric.TopKAccuracy(top_k=k), labels, probabilities, wrap) == pytest.approx(expected)
    assert fill(metric.CrossEntropy(), labels, probabilities, wrap) == pytest.approx(sk.log_loss(y, p), rel=1e-6)


def test_accuracy_takes_classes_and_other_axes():
    m = metric.Accuracy()
    m.update(np.array([1.0, 2.0, 3.0], np.float32), np.array([1, 2, 4]))
    assert m.get() == ("accuracy", pytest.approx(2 / 3))
    m = metric.Accuracy(axis=1)
    images = np.zeros((2, 3, 4, 4))
    images[:, 2] = 1
    m.update(np.full((2, 4, 4), 2), images)
    assert m.get()[1] == 1.0


@pytest.mark.parametrize(
    ("name", "reference"),
    [("mae", sk.mean_absolute_error), ("mse", sk.mean_squared_error), ("rmse", sk.root_mean_squared_error)],
)
def test_regression(name, reference):
    rng = np.random.default_rng(4)
    label, pred = rng.normal(size=(20, 1)).astype(np.float32), rng.normal(size=(20, 1)).astype(np.float32)
    m = metric.create(name)
    m.update(label.reshape(-1), pred)
    assert m.get()[1] == pytest.approx(reference(label, pred), rel=1e-6)


def test_loss_is_a_mean_over_values_not_over_batches():
    m = metric.Loss()
    m.update(None, _core.from_numpy(np.array([1.0, 2.0, 3.0], np.float32)))
    m.update(None, [np.array([10.0])])
    assert m.get() == ("loss", 4.0)


def test_reset_merge_and_empty(batches):
    labels, probabilities = batches
    first, second, whole = metric.Accuracy(), metric.Accuracy(), metric.Accuracy()
    assert math.isnan(first.get()[1])
    fill(first, labels[:1], probabilities[:1])
    fill(second, labels[1:], probabilities[1:])
    fill(whole, labels, probabilities)
    first.merge(second)
    assert first.get() == whole.get()
    first.reset()
    assert math.isnan(first.get()[1])


def test_create_and_composite(batches):
    both = metric.create(["acc", metric.TopKAccuracy(2), lambda label, pred: 1.5])
    fill(both, *batches)
    names, values = both.get()
    assert names[:2] == ["accuracy", "top_k_accuracy_2"] and values[2] == 1.5
    assert both.get_name_value()[0] == ("accuracy", values[0])
    with pytest.raises(ValueError, match="expected one of acc, accuracy.*got 'acuracy'"):
        metric.create("acuracy")


def test_sizes_that_do_not_meet_are_explained():
    with pytest.raises(ValueError, match=r"accuracy: predictions of shape \(3, 2\).*labels of shape \(4,\)"):
        metric.Accuracy().update(np.zeros(4), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="as many labels as predictions, got 1 and 2"):
        metric.Accuracy().update([np.zeros(1)], [np.zeros(1), np.zeros(1)])
    with pytest.raises(ValueError, match=r"mse: expected equal sizes.*\(3,\).*\(4,\)"):
        metric.MSE().update(np.zeros(3), np.zeros(4))
