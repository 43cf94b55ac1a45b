"""The loss CTCLoss beside the forward variables in NumPy, in every layout, with lengths given or not; wrong shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain import sequences
from plain.slope import STEP

from dlcore import autograd, gluon, nd

RNG = np.random.default_rng(6)
PRED = RNG.normal(size=(3, 9, 5)).astype("float32")
LABEL = np.array([[0, 1, 1, 3], [2, 2, -1, -1], [3, -1, -1, -1]])
LENGTHS, STEPS = np.array([4, 2, 1]), np.array([9, 7, 5])


def plain(pred: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The loss of pred (n, t, classes), the last class being the blank."""
    return sequences.ctc(pred.transpose(1, 0, 2), LABEL, list(steps), list(LENGTHS), 4)


def slopes(steps: np.ndarray) -> np.ndarray:
    """The gradient of the losses' sum, by a complex step for every number."""
    found = np.zeros(PRED.shape)
    for place in np.ndindex(*PRED.shape):
        moved = PRED.astype(complex)
        moved[place] += 1j * STEP
        found[place] = plain(moved, steps).sum().imag / STEP
    return found


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("layout", ["NTC", "TNC"])
@pytest.mark.parametrize("label_layout", ["NT", "TN"])
@pytest.mark.parametrize("given", ["nothing", "label_lengths", "both"])
def test_values_and_gradients(layout: str, label_layout: str, given: str, hybrid: bool) -> None:
    loss = gluon.loss.CTCLoss(layout, label_layout, weight=2.0)
    if hybrid:
        loss.hybridize()
    pred = nd.array(PRED if layout == "NTC" else PRED.transpose(1, 0, 2))
    label = nd.array(LABEL if label_layout == "NT" else LABEL.T, dtype="int32")
    words: dict[str, Any] = {} if given == "nothing" else {"label_lengths": nd.array(LENGTHS, dtype="int32")}
    if given == "both":
        words["pred_lengths"] = nd.array(STEPS, dtype="int32")
    steps = STEPS if given == "both" else np.array([9, 9, 9])
    pred.attach_grad()
    with autograd.record():
        out = loss(pred, label, words.get("pred_lengths"), words.get("label_lengths"))
    out.backward()
    np.testing.assert_allclose(out.asnumpy(), 2 * plain(PRED.astype(np.float64), steps), rtol=1e-5)
    grad = pred.grad.asnumpy() if layout == "NTC" else pred.grad.asnumpy().transpose(1, 0, 2)
    np.testing.assert_allclose(grad, 2 * slopes(steps), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gluon.loss.CTCLoss("CTN"), "layout must be 'NTC' or 'TNC', got 'CTN'"),
        (lambda: gluon.loss.CTCLoss()(nd.ones((2, 3)), nd.ones((2, 1))), "expected pred of 3 axes"),
        (lambda: gluon.loss.CTCLoss()(nd.ones((2, 3, 4)), nd.ones((3, 1))), "2 samples in pred, 3 in label"),
    ],
)
def test_wrong_use_is_named(call: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
