"""Metrics against scikit-learn, in several batches, on NumPy arrays and NDArrays."""

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from dlcore import metric, nd


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


@pytest.mark.parametrize("wrap", [lambda a: a, nd.array, lambda a: [nd.array(a)]])
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
    m.update(None, nd.array(np.array([1.0, 2.0, 3.0], np.float32)))
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


BINARY = [
    ("f1", sk.f1_score),
    ("precision", sk.precision_score),
    ("recall", sk.recall_score),
    ("mcc", sk.matthews_corrcoef),
]


@pytest.fixture
def answers():
    rng = np.random.default_rng(11)
    labels = [rng.integers(0, 2, n) for n in (50, 8, 33)]
    ones = [np.clip(0.3 * y + 0.7 * rng.random(len(y)), 0, 1) for y in labels]
    return labels, [np.stack([1 - p, p], 1) for p in ones]


@pytest.mark.parametrize(("name", "reference"), BINARY)
def test_tables_of_two_classes(answers, name, reference):
    labels, scores = answers
    y, p = np.concatenate(labels), np.concatenate(scores).argmax(1)
    assert fill(metric.create(name, average="micro"), labels, scores) == pytest.approx(reference(y, p))
    each = [reference(y, s.argmax(1)) for y, s in zip(labels, scores, strict=True)]
    assert fill(metric.create(name, average="macro"), labels, scores) == pytest.approx(np.mean(each))
    one = metric.create(name, average="micro")
    one.update(y, np.concatenate(scores)[:, 1])
    assert one.get()[1] == pytest.approx(reference(y, p))


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_fbeta(answers, beta):
    labels, scores = answers
    expected = sk.fbeta_score(np.concatenate(labels), np.concatenate(scores).argmax(1), beta=beta)
    assert fill(metric.Fbeta(beta=beta, average="micro"), labels, scores) == pytest.approx(expected)


def test_several_classes_and_their_table(batches):
    labels, probabilities = batches
    y, p = np.concatenate(labels), np.concatenate(probabilities).argmax(1)
    assert fill(metric.PCC(), labels, probabilities) == pytest.approx(sk.matthews_corrcoef(y, p))
    table = metric.ConfusionMatrix()
    assert fill(table, labels, probabilities) == pytest.approx(sk.accuracy_score(y, p))
    assert np.array_equal(table.matrix, sk.confusion_matrix(y, p, labels=range(7)))
    grown = metric.ConfusionMatrix()
    grown.update(np.array([0, 1]), np.array([0, 1]))
    grown.update(np.array([3]), np.array([1]))
    assert grown.matrix[3, 1] == 1 and grown.matrix.shape == (4, 4)


def test_yes_or_no_and_losses_by_their_old_names(answers):
    labels, scores = answers
    y, p = np.concatenate(labels), np.concatenate(scores)[:, 1]
    for threshold in (0.5, 0.3):
        each = fill(metric.BinaryAccuracy(threshold=threshold), labels, [s[:, 1] for s in scores])
        assert each == pytest.approx(sk.accuracy_score(y, p > threshold))
    for name in ("torch", "caffe"):
        assert fill(metric.create(name), labels, scores) == pytest.approx(np.concatenate(scores).mean())


def test_auc_counts_ties_as_half(answers):
    labels, scores = answers
    y, p = np.concatenate(labels), np.concatenate(scores)[:, 1]
    assert fill(metric.AUC(), labels, scores) == pytest.approx(sk.roc_auc_score(y, p))
    coarse = [np.round(s[:, 1] * 4) for s in scores]
    assert fill(metric.create("roc_auc"), labels, coarse) == pytest.approx(sk.roc_auc_score(y, np.concatenate(coarse)))
    one = metric.AUC()
    one.update(np.ones(3), np.ones(3))
    assert math.isnan(one.get()[1])


def test_likelihoods(batches):
    labels, probabilities = batches
    y, p = np.concatenate(labels), np.concatenate(probabilities)
    expected = sk.log_loss(y, p, labels=range(7))
    assert fill(metric.NegativeLogLikelihood(), labels, probabilities) == pytest.approx(expected, rel=1e-6)
    assert fill(metric.Perplexity(), labels, probabilities) == pytest.approx(math.exp(expected), rel=1e-6)
    kept = y != 3
    without = sk.log_loss(y[kept], p[kept] / 1.0, labels=range(7))
    assert fill(metric.Perplexity(ignore_label=3), labels, probabilities) == pytest.approx(math.exp(without), rel=1e-6)


def test_likenesses():
    rng = np.random.default_rng(5)
    labels = [rng.normal(3, 1, (n, 4)) for n in (30, 7)]
    preds = [y + rng.normal(0, 0.5, y.shape) for y in labels]
    y, p = np.concatenate(labels), np.concatenate(preds)
    flat = np.corrcoef(y.reshape(-1), p.reshape(-1))[0, 1]
    assert fill(metric.PearsonCorrelation(average="micro"), labels, preds) == pytest.approx(flat)
    each = [np.corrcoef(a.reshape(-1), b.reshape(-1))[0, 1] for a, b in zip(labels, preds, strict=True)]
    assert fill(metric.PearsonCorrelation(), labels, preds) == pytest.approx(np.mean(each))
    assert fill(metric.R2(), labels, preds) == pytest.approx(sk.r2_score(y.reshape(-1), p.reshape(-1)))
    distance = np.linalg.norm(y - p, axis=1)
    assert fill(metric.MeanPairwiseDistance(), labels, preds) == pytest.approx(distance.mean())
    manhattan = np.abs(y - p).sum(1).mean()
    assert fill(metric.MeanPairwiseDistance(p=1), labels, preds) == pytest.approx(manhattan)
    cosine = sk.pairwise.paired_cosine_distances(y, p)
    assert fill(metric.MeanCosineSimilarity(), labels, preds) == pytest.approx(1 - cosine.mean())


@pytest.mark.parametrize("name", ["f1", "mcc", "pcc", "auc", "pearsonr", "r2", "confusionmatrix", "precision"])
def test_parts_merge_into_the_whole(answers, name):
    labels, scores = answers
    scores = scores if name not in ("pearsonr", "r2") else [s[:, 1] for s in scores]
    kind = {"average": "micro"} if name in ("f1", "mcc", "precision", "pearsonr") else {}
    whole, left, right = (metric.create(name, **kind) for _ in range(3))
    fill(whole, labels, scores)
    fill(left, labels[:1], scores[:1])
    fill(right, labels[1:], scores[1:])
    left.merge(right)
    assert left.get()[1] == pytest.approx(whole.get()[1], nan_ok=True)
    left.reset()
    assert math.isnan(left.get()[1])


@pytest.mark.parametrize(
    ("make", "label", "pred", "error", "match"),
    [
        (lambda: metric.F1(average="weighted"), None, None, ValueError, "'macro' or 'micro', got 'weighted'"),
        (lambda: metric.Fbeta(beta=0), None, None, ValueError, "beta above 0, got 0"),
        (metric.F1, np.array([0, 2]), np.array([0, 1]), ValueError, "labels of two classes"),
        (metric.F1, np.array([0, 1]), np.array([0, 1, 1]), ValueError, r"\(3,\) do not fit labels of shape \(2,\)"),
        (metric.CrossEntropy, np.array([7]), np.ones((1, 7)), IndexError, "from 0 to 6, got 7"),
        (metric.Perplexity, np.array([-1]), np.ones((1, 7)), IndexError, "from 0 to 6, got -1"),
        (metric.PCC, np.array([-1]), np.array([0]), ValueError, "classes from 0, got -1"),
        (metric.R2, np.ones(3), np.ones(2), ValueError, r"labels \(3,\) and predictions \(2,\)"),
        (metric.BinaryAccuracy, np.ones(3), np.ones(2), ValueError, r"\(2,\) do not fit labels of shape \(3,\)"),
        (metric.AUC, np.ones(3), np.ones(2), ValueError, r"\(2,\) do not fit labels of shape \(3,\)"),
        (
            lambda: metric.Accuracy(axis=3),
            np.ones(1),
            np.ones((1, 2)),
            ValueError,
            r"accuracy: axis 3 is out of range for predictions of shape \(1, 2\); labels have shape \(1,\)",
        ),
        (
            lambda: metric.EvalMetric("own"),
            np.ones(1),
            np.ones(1),
            NotImplementedError,
            r"EvalMetric has no measure\(label, pred\)",
        ),
        (
            lambda: metric.CompositeEvalMetric(["acc"]).get_metric(3),
            None,
            None,
            IndexError,
            "CompositeEvalMetric.get_metric: there is no metric 3 of 1",
        ),
        (
            lambda: object.__new__(metric.Accuracy).sum_metric,
            None,
            None,
            AttributeError,
            "'Accuracy' object has no attribute 'sum_metric'",
        ),
    ],
)
def test_what_does_not_fit_is_named(make, label, pred, error, match):
    with pytest.raises(error, match=match):
        make().update(label, pred)
