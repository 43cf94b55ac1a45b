"""Losses against PyTorch's, with gradients, weights and axes."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import dlcore as dl  # noqa: E402
from dlcore import _core  # noqa: E402
from dlcore.gluon import loss as gloss  # noqa: E402

TF = torch.nn.functional
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


def reference(fn, pred):
    t = torch.tensor(pred, requires_grad=True)
    value = fn(t)
    value.sum().backward()
    return value.detach().numpy(), t.grad.numpy()


t = torch.tensor
ELEMENTWISE = {
    "l2": (gloss.L2Loss(), LABEL, lambda x: (0.5 * (t(LABEL) - x) ** 2).mean(1)),
    "l2 weighted": (gloss.L2Loss(weight=3.0), LABEL, lambda x: (1.5 * (t(LABEL) - x) ** 2).mean(1)),
    "l1": (gloss.L1Loss(), LABEL, lambda x: (t(LABEL) - x).abs().mean(1)),
    "huber": (
        gloss.HuberLoss(rho=0.7),
        LABEL,
        lambda x: TF.huber_loss(x, t(LABEL), reduction="none", delta=0.7).mean(1) / 0.7,
    ),
    "sigmoid": (
        gloss.SigmoidBCELoss(),
        YES,
        lambda x: TF.binary_cross_entropy_with_logits(x, t(YES), reduction="none").mean(1),
    ),
    "softmax": (gloss.SoftmaxCELoss(), CLASSES, lambda x: TF.cross_entropy(x, t(CLASSES), reduction="none")),
    "softmax, float labels": (
        gloss.SoftmaxCELoss(),
        CLASSES.astype(np.float32),
        lambda x: TF.cross_entropy(x, t(CLASSES), reduction="none"),
    ),
    "softmax, dense labels": (
        gloss.SoftmaxCELoss(sparse_label=False),
        P,
        lambda x: TF.cross_entropy(x, t(P), reduction="none"),
    ),
    "from logits": (
        gloss.SoftmaxCELoss(from_logits=True),
        CLASSES,
        lambda x: TF.nll_loss(x, t(CLASSES), reduction="none"),
    ),
    "from logits, dense": (
        gloss.SoftmaxCELoss(from_logits=True, sparse_label=False),
        P,
        lambda x: -(x * t(P)).sum(1),
    ),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_and_gradients(name):
    loss, label, fn = ELEMENTWISE[name]
    value, grad = run(loss, PRED, label)
    expected, expected_grad = reference(fn, PRED)
    assert value.shape == (5,)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(grad, expected_grad, rtol=1e-5, atol=1e-6)


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
    expected = TF.cross_entropy(t(images), t(classes), reduction="none").mean((1, 2))
    np.testing.assert_allclose(value, expected.numpy(), rtol=1e-5)
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
    expected = TF.binary_cross_entropy_with_logits(t(PRED), t(YES), reduction="none", pos_weight=t(pw)).mean(1)
    np.testing.assert_allclose(value, expected.numpy(), rtol=1e-5)


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
