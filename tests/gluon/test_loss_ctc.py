"""The loss CTCLoss beside PyTorch's, in every layout, with lengths given or not; wrong shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import autograd, gluon, nd

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(6)
PRED = RNG.normal(size=(3, 9, 5)).astype("float32")
LABEL = np.array([[0, 1, 1, 3], [2, 2, -1, -1], [3, -1, -1, -1]])
LENGTHS, STEPS = np.array([4, 2, 1]), np.array([9, 7, 5])


def want(steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pred = torch.tensor(PRED, requires_grad=True)
    logs = pred.log_softmax(-1).transpose(0, 1)
    label = torch.tensor(np.where(LABEL < 0, 0, LABEL))
    loss = torch.nn.functional.ctc_loss(
        logs, label, torch.tensor(steps), torch.tensor(LENGTHS), blank=4, reduction="none"
    )
    loss.sum().backward()
    assert pred.grad is not None
    return loss.detach().numpy(), pred.grad.numpy()


@pytest.mark.parametrize("hybrid", [False, True])
@pytest.mark.parametrize("layout", ["NTC", "TNC"])
@pytest.mark.parametrize("label_layout", ["NT", "TN"])
@pytest.mark.parametrize("given", ["nothing", "label_lengths", "both"])
def test_values_and_gradients_are_those_of_pytorch(layout: str, label_layout: str, given: str, hybrid: bool) -> None:
    loss = gluon.loss.CTCLoss(layout, label_layout, weight=2.0)
    if hybrid:
        loss.hybridize()
    pred = nd.array(PRED if layout == "NTC" else PRED.transpose(1, 0, 2))
    label = nd.array(LABEL if label_layout == "NT" else LABEL.T, dtype="int32")
    words: dict[str, Any] = {} if given == "nothing" else {"label_lengths": nd.array(LENGTHS, dtype="int32")}
    if given == "both":
        words["pred_lengths"] = nd.array(STEPS, dtype="int32")
    values, slopes = want(STEPS if given == "both" else np.array([9, 9, 9]))
    pred.attach_grad()
    with autograd.record():
        out = loss(pred, label, words.get("pred_lengths"), words.get("label_lengths"))
    out.backward()
    np.testing.assert_allclose(out.asnumpy(), 2 * values, rtol=1e-5)
    grad = pred.grad.asnumpy() if layout == "NTC" else pred.grad.asnumpy().transpose(1, 0, 2)
    np.testing.assert_allclose(grad, 2 * slopes, rtol=1e-4, atol=1e-5)


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
