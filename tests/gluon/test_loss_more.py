"""The losses with margins, likelihoods and pairs, against their formulas in NumPy, with gradients."""

import numpy as np
import pytest
from gluon.test_loss import CLASSES, LABEL, PRED, YES, P, by_differences, run
from scipy.special import log_softmax, softmax

from dlcore.gluon import loss as gloss

RNG = np.random.default_rng(17)
SIGNS = 2 * YES - 1
COUNTS = RNG.poisson(2.0, (5, 4)).astype(np.float32)
OTHER = RNG.normal(size=(5, 4)).astype(np.float32)
PAIRS = np.array([1, -1, 1, -1, -1], np.float32)


def kl(x):
    return (P * (np.log(P) - x)).sum(1)


def poisson_full(x):
    t = COUNTS.astype(np.float64)
    stirling = np.where(t > 1, t * np.log(np.maximum(t, 1)) - t + 0.5 * np.log(2 * np.pi * np.maximum(t, 1)), 0)
    return (np.exp(x) - t * x + stirling).mean(1)


def focal(x):
    p = softmax(x, axis=1)[np.arange(5), CLASSES]
    return -((1 - p) ** 2) * np.log(p)


def smoothed(x):
    logs = log_softmax(x, axis=1)
    label = np.full((5, 4), 0.1 / 4)
    label[np.arange(5), CLASSES] += 0.9
    return -(logs * label).sum(1)


def cosine(x):
    c = (x * OTHER).sum(1) / np.linalg.norm(x, axis=1) / np.linalg.norm(OTHER, axis=1)
    return np.where(PAIRS == 1, 1 - c, np.maximum(c - 0.1, 0))


def triplet(x):
    return np.maximum(((x - LABEL) ** 2).sum(1) - ((x - OTHER) ** 2).sum(1) + 1.5, 0)


def sdml(x):
    logs = log_softmax(-((x[:, None] - OTHER[None]) ** 2).sum(2), axis=1)
    label = np.full((5, 5), 0.3 / 4)
    np.fill_diagonal(label, 0.7)
    return (label * (np.log(label) - logs)).sum(1)


LOSSES = {
    "hinge": (gloss.HingeLoss(margin=0.6), [SIGNS], lambda x: np.maximum(0, 0.6 - x * SIGNS).mean(1)),
    "squared hinge": (gloss.SquaredHingeLoss(), [SIGNS], lambda x: (np.maximum(0, 1 - x * SIGNS) ** 2).mean(1)),
    "logistic": (gloss.LogisticLoss(), [SIGNS], lambda x: np.log1p(np.exp(-x * SIGNS)).mean(1)),
    "logistic, 0 and 1": (
        gloss.LogisticLoss(label_format="binary", weight=2.0),
        [YES],
        lambda x: 2 * np.log1p(np.exp(-x * SIGNS)).mean(1),
    ),
    "kl": (gloss.KLDivLoss(), [P], kl),
    "kl of scores": (gloss.KLDivLoss(from_logits=False), [P], lambda x: kl(log_softmax(x, axis=1))),
    "poisson": (gloss.PoissonNLLLoss(), [COUNTS], lambda x: (np.exp(x) - COUNTS * x).mean(1)),
    "poisson, in full": (gloss.PoissonNLLLoss(compute_full=True), [COUNTS], poisson_full),
    "focal": (gloss.FocalLoss(gamma=2.0), [CLASSES], focal),
    "smoothed": (gloss.SoftmaxCELoss(label_smoothing=0.1), [CLASSES], smoothed),
    "cosine": (gloss.CosineEmbeddingLoss(margin=0.1), [OTHER, PAIRS], cosine),
    "triplet": (gloss.TripletLoss(margin=1.5), [LABEL, OTHER], triplet),
    "sdml": (gloss.SDMLLoss(), [OTHER], sdml),
}


@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients(name):
    loss, labels, fn = LOSSES[name]
    value, grad = run(loss, PRED, *labels)
    assert value.shape == (5,)
    np.testing.assert_allclose(value, fn(PRED.astype(np.float64)), rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(grad, by_differences(fn, PRED), rtol=2e-4, atol=2e-5)


def test_poisson_of_means_and_smoothing_with_weights():
    means = np.exp(PRED)
    value, _ = run(gloss.PoissonNLLLoss(from_logits=False), means, COUNTS)
    np.testing.assert_allclose(value, (means - COUNTS * np.log(means + 1e-8)).mean(1), rtol=1e-5, atol=1e-6)
    w = np.array([[1.0], [0.0], [2.0], [0.5], [1.0]], np.float32)
    value, _ = run(gloss.SoftmaxCELoss(label_smoothing=0.1), PRED, CLASSES, w=w)
    np.testing.assert_allclose(value, smoothed(PRED) * w[:, 0], rtol=1e-5)
    dense, _ = run(gloss.SoftmaxCELoss(label_smoothing=0.1, sparse_label=False), PRED, np.eye(4, dtype="f")[CLASSES])
    np.testing.assert_allclose(dense, smoothed(PRED), rtol=1e-5)


def test_logistic_loss_far_out_is_finite():
    far = np.array([[-300.0, 300.0]], np.float32)
    value, grad = run(gloss.LogisticLoss(), far, np.array([[1.0, -1.0]], np.float32))
    np.testing.assert_allclose(value, [300.0])
    assert np.isfinite(grad).all()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: gloss.LogisticLoss(label_format="yes"), "'signed' or 'binary', got 'yes'"),
        (lambda: gloss.SDMLLoss(smoothing_parameter=1.0), "from 0 up to 1, got 1.0"),
        (lambda: gloss.SoftmaxCELoss(label_smoothing=-0.1), "from 0 up to 1, got -0.1"),
        (lambda: run(gloss.SDMLLoss(), PRED[:1], OTHER[:1]), r"two rows or more, got \(1, 4\) and \(1, 4\)"),
        (
            lambda: run(gloss.HingeLoss(), PRED, OTHER[:2]),
            r"HingeLoss: expected a label of .*got \(2, 4\)",
        ),
        (lambda: run(gloss.CosineEmbeddingLoss(), PRED, OTHER[:2], PAIRS), r"of one shape, got \(5, 4\), \(2, 4\)"),
        (lambda: run(gloss.TripletLoss(), PRED, OTHER[:2], OTHER), r"TripletLoss: expected a label of shape \(5, 4\)"),
    ],
)
def test_what_does_not_fit_is_named(make, match):
    with pytest.raises(ValueError, match=match):
        make()
