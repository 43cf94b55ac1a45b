"""`F.ctc_loss` against PyTorch, with lengths of all kinds, and what cannot be aligned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlcore import autograd, nd
from dlcore.ops import F

RNG = np.random.default_rng(2)
DATA = RNG.uniform(-2, 2, (12, 4, 6))


def value_and_gradient(data: np.ndarray, *rest: Any, **more: Any) -> tuple[np.ndarray, np.ndarray]:
    x = nd.array(data, dtype="float64")
    x.attach_grad()
    with autograd.record():
        loss = F.ctc_loss(x, *rest, **more)
        total = (loss * loss).sum()
    total.backward()
    return loss.asnumpy(), x.grad.asnumpy()


def of_pytorch(data: np.ndarray, labels: np.ndarray, steps: list[int], lengths: list[int], blank: int) -> tuple:
    torch = pytest.importorskip("torch")
    x = torch.tensor(data, requires_grad=True)
    loss = torch.nn.functional.ctc_loss(
        torch.log_softmax(x, -1), torch.tensor(labels), torch.tensor(steps), torch.tensor(lengths), blank, "none"
    )
    (loss * loss).sum().backward()
    return loss.detach().numpy(), x.grad.numpy()


@pytest.mark.parametrize("blank_label", ["first", "last"])
def test_agrees_with_pytorch(blank_label: str) -> None:
    low, blank = (1, 0) if blank_label == "first" else (0, 5)
    labels = RNG.integers(low, low + 5, (4, 5))
    labels[1, 1] = labels[1, 0]  # a repeat, which needs a blank between
    steps, lengths = [12, 9, 12, 7], [5, 3, 1, 2]
    ours = value_and_gradient(
        DATA, nd.array(labels, dtype="int32"), nd.array(steps, dtype="int64"), nd.array(lengths, dtype="int64"),
        blank_label,
    )  # fmt: skip
    for got, want in zip(ours, of_pytorch(DATA, labels, steps, lengths, blank), strict=True):
        np.testing.assert_allclose(got, want, atol=1e-10)


@pytest.mark.parametrize(("blank_label", "padding"), [("first", 0), ("last", -1)])
def test_labels_end_where_their_padding_begins(blank_label: str, padding: int) -> None:
    labels = np.array([[1, 2, padding], [3, padding, padding], [4, 4, 1], [padding] * 3])
    told = nd.array([2, 1, 3, 0], dtype="int64")
    got = value_and_gradient(DATA, nd.array(labels, dtype="int64"), blank_label=blank_label)
    want = value_and_gradient(DATA, nd.array(labels, dtype="int64"), None, told, blank_label)
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b)


def test_labels_may_be_floats_as_in_old_scripts() -> None:
    labels = np.array([[1, 2], [3, 0], [4, 4], [5, 1]])
    np.testing.assert_array_equal(
        F.ctc_loss(nd.array(DATA), nd.array(labels, dtype="float32")).asnumpy(),
        F.ctc_loss(nd.array(DATA), nd.array(labels, dtype="int64")).asnumpy(),
    )


def test_what_does_not_fit_costs_infinity_and_leaves_the_others_alone() -> None:
    labels = nd.array([[1, 1], [1, 2]], dtype="int64")  # 1, 1 needs three steps
    loss, grad = value_and_gradient(DATA[:2, :2], labels)
    assert np.isinf(loss[0]) and np.isfinite(loss[1])
    x = nd.array(DATA[:2, :2], dtype="float64")
    x.attach_grad()
    with autograd.record():
        loss_ = F.ctc_loss(x, labels)
    loss_.backward()
    assert (x.grad.asnumpy()[:, 0] == 0).all() and np.isfinite(x.grad.asnumpy()[:, 1]).all()


def test_long_sequences_stay_finite() -> None:
    data, labels = RNG.uniform(-20, 20, (600, 1, 30)), RNG.integers(1, 30, (1, 200))
    steps, lengths = [600], [200]
    got = value_and_gradient(data, nd.array(labels, dtype="int64"))
    for a, b in zip(got, of_pytorch(data, labels, steps, lengths, 0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-8)


def test_errors_say_what_was_expected() -> None:
    data = nd.array(DATA)
    with pytest.raises(ValueError, match="'first' or 'last', got 'middle'"):
        F.ctc_loss(data, nd.zeros((4, 2)), blank_label="middle")
    with pytest.raises(ValueError, match=r"expected data .* got \(4, 6\) and \(4, 2\)"):
        F.ctc_loss(data[0], nd.zeros((4, 2)))
    with pytest.raises(IndexError, match="label 9 of sample 2 is out of range for 6 classes"):
        F.ctc_loss(data, nd.array([[1, 2], [1, 2], [9, 1], [1, 1]], dtype="int64"))
