"""Losses against their formulas in NumPy, with gradients, weights and axes."""

import numpy as np
import pytest
from scipy.special import expit, log_softmax, xlogy

import dlcore as dl
from dlcore import _core
from dlcore.gluon import loss as gloss

RNG = np.random.default_rng(7)
PRED = RNG.normal(size=(5, 4)).astype(np.float32)
LABEL = RNG.normal(size=(5, 4)).astype(np.float32)
YES = (RNG.random((5, 4)) > 0.5).astype(np.float32)
CLASSES = np.array([0, 3, 1, 1, 2])
P = RNG.dirichlet(np.ones(4), 5).astype(np.float32)


def run(loss, pred, *labels, **kw):
    """Loss values and the gradient of their sum with respect to pred."""
    x = _core.from_numpy(pred)
    x.attach_grad()
    extra = {k: _core.from_numpy(v) for k, v in kw.items()}
    with dl.autograd.record():
        value = loss(x, *[_core.from_numpy(label) for label in labels], *extra.values())
    value.backward()
    return value.asnumpy(), x.grad.asnumpy()


def by_differences(fn, pred, step=1e-5):
    """The gradient of the sum of `fn`, element by element, in float64."""
    pred = pred.astype(np.float64)
    grad = np.empty_like(pred)
    for at in np.ndindex(pred.shape):
        shifted = [pred.copy(), pred.copy()]
        shifted[0][at] += step
        shifted[1][at] -= step
        grad[at] = (fn(shifted[0]).sum() - fn(shifted[1]).sum()) / (2 * step)
    return grad


def cross_entropy(x, classes=CLASSES):
    return -log_softmax(x, axis=1)[np.arange(5), classes]


def binary(x):
    return -(xlogy(YES, expit(x)) + xlogy(1 - YES, expit(-x))).mean(1)


def huber(x):
    e = np.abs(LABEL - x)
    return np.where(e > 0.7, e - 0.35, e * e / 1.4).mean(1)


LOSSES = {
    "l2": (gloss.L2Loss(), LABEL, lambda x: (0.5 * (LABEL - x) ** 2).mean(1)),
    "l2 weighted": (gloss.L2Loss(weight=3.0), LABEL, lambda x: (1.5 * (LABEL - x) ** 2).mean(1)),
    "l1": (gloss.L1Loss(), LABEL, lambda x: np.abs(LABEL - x).mean(1)),
    "huber": (gloss.HuberLoss(rho=0.7), LABEL, huber),
    "sigmoid": (gloss.SigmoidBCELoss(), YES, binary),
    "softmax": (gloss.SoftmaxCELoss(), CLASSES, cross_entropy),
    "softmax, float labels": (gloss.SoftmaxCELoss(), CLASSES.astype(np.float32), cross_entropy),
    "softmax, dense labels": (
        gloss.SoftmaxCELoss(sparse_label=False),
        P,
        lambda x: -(log_softmax(x, axis=1) * P).sum(1),
    ),
    "from logits": (gloss.SoftmaxCELoss(from_logits=True), CLASSES, lambda x: -x[np.arange(5), CLASSES]),
    "from logits, dense": (
        gloss.SoftmaxCELoss(from_logits=True, sparse_label=False),
        P,
        lambda x: -(x * P).sum(1),
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_values_and_gradients(name):
    loss, label, fn = LOSSES[name]
    value, grad = run(loss, PRED, label)
    assert value.shape == (5,)
    np.testing.assert_allclose(value, fn(PRED.astype(np.float64)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(grad, by_differences(fn, PRED), rtol=1e-4, atol=1e-5)


def test_sample_weights_and_other_axes():
    w = np.array([[1.0], [0.0], [2.0], [0.5], [1.0]], np.float32)
    value, grad = run(gloss.SoftmaxCELoss(), PRED, CLASSES, w=w)
    plain, plain_grad = run(gloss.SoftmaxCELoss(), PRED, CLASSES)
    np.testing.assert_allclose(value, plain * w[:, 0], rtol=1e-6)
    np.testing.assert_allclose(grad, plain_grad * w, rtol=1e-6)
    value, _ = run(gloss.L2Loss(), PRED, LABEL, w=w)
    np.testing.assert_allclose(value, run(gloss.L2Loss(), PRED, LABEL)[0] * w[:, 0], rtol=1e-6)

    images = RNG.normal(size=(2, 3, 4, 5)).astype(np.float32)
    classes = RNG.integers(0, 3, (2, 4, 5))
    value, _ = run(gloss.SoftmaxCELoss(axis=1), images, classes)
    expected = -np.take_along_axis(log_softmax(images, axis=1), classes[:, None], 1)[:, 0].mean((1, 2))
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    value, _ = run(gloss.L2Loss(batch_axis=1), images, images * 0)
    np.testing.assert_allclose(value, (images**2 / 2).mean((0, 2, 3)), rtol=1e-5)


def test_sigmoid_losses_far_out_and_with_weights():
    far = np.array([[-200.0, 200.0, 90.0]], np.float32)
    value, grad = run(gloss.SigmoidBCELoss(), far, np.array([[0.0, 1.0, 0.0]], np.float32))
    np.testing.assert_allclose(value, [30.0])
    assert np.isfinite(grad).all()
    probability = 1 / (1 + np.exp(-PRED))
    plain, _ = run(gloss.SigmoidBCELoss(), PRED, YES)
    np.testing.assert_allclose(run(gloss.SigmoidBCELoss(from_sigmoid=True), probability, YES)[0], plain, rtol=1e-4)
    pw = np.array([3.0], np.float32)
    value, _ = run(lambda x, y, p: gloss.SigmoidBCELoss()(x, y, None, p), PRED, YES, pw=pw)
    expected = -(3 * xlogy(YES, probability) + xlogy(1 - YES, 1 - probability)).mean(1)
    np.testing.assert_allclose(value, expected, rtol=1e-4)


def test_labels_that_do_not_fit():
    loss = gloss.SoftmaxCELoss()
    column = run(loss, PRED, CLASSES.reshape(5, 1))[0]
    np.testing.assert_array_equal(column, run(loss, PRED, CLASSES)[0])
    with pytest.raises(ValueError, match=r"for pred \(5, 4\) expected classes of shape \(5,\), got \(5, 4\)"):
        run(loss, PRED, P)
    with pytest.raises(ValueError, match=r"L2Loss: expected a label of shape \(5, 4\), got \(5,\)"):
        run(gloss.L2Loss(), PRED, LABEL[:, 0])
    with pytest.raises(IndexError):
        run(loss, PRED, np.array([0, 1, 2, 3, 4]))
