"""`F.ctc_loss` against its definition, with lengths of all kinds, and what cannot be aligned."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from plain import sequences
from plain.slope import agree

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


@pytest.mark.parametrize("blank_label", ["first", "last"])
def test_agrees_with_the_forward_variables(blank_label: str) -> None:
    low, blank = (1, 0) if blank_label == "first" else (0, 5)
    labels = RNG.integers(low, low + 5, (4, 5))
    labels[1, 1] = labels[1, 0]  # a repeat, which needs a blank between
    steps, lengths = [12, 9, 12, 7], [5, 3, 1, 2]
    given = (nd.array(labels, dtype="int32"), nd.array(steps, dtype="int64"), nd.array(lengths, dtype="int64"))
    agree(
        lambda x: F.ctc_loss(x, *given, blank_label),
        lambda x: sequences.ctc(x, labels, steps, lengths, blank),
        [DATA],
    )


@pytest.mark.parametrize("label", [[], [1], [2, 1], [1, 1], [2, 2, 1]], ids=str)
def test_is_the_sum_over_every_path(label: list[int]) -> None:
    """The definition itself: 3^5 ways through five steps of three classes."""
    data = DATA[:5, :1, :3]
    lengths = nd.array([len(label)], dtype="int64")
    padded = nd.array([[*label, *[1] * (3 - len(label))]], dtype="int64")
    want = lambda x: sequences.ctc_by_paths(x[:, 0], label, 0).reshape(1)  # noqa: E731
    agree(lambda x: F.ctc_loss(x, padded, None, lengths), want, [data], limit=1e-12)
    np.testing.assert_allclose(sequences.ctc(data, [label], [5], [len(label)], 0), want(data), rtol=1e-13)


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
    agree(
        lambda x: F.ctc_loss(x, nd.array(labels, dtype="int64")),
        lambda x: sequences.ctc(x, labels, [600], [200], 0),
        [data],
        limit=1e-9,
    )


def test_errors_say_what_was_expected() -> None:
    data = nd.array(DATA)
    with pytest.raises(ValueError, match="'first' or 'last', got 'middle'"):
        F.ctc_loss(data, nd.zeros((4, 2)), blank_label="middle")
    with pytest.raises(ValueError, match=r"expected data .* got \(4, 6\) and \(4, 2\)"):
        F.ctc_loss(data[0], nd.zeros((4, 2)))
    with pytest.raises(IndexError, match="label 9 of sample 2 is out of range for 6 classes"):
        F.ctc_loss(data, nd.array([[1, 2], [1, 2], [9, 1], [1, 1]], dtype="int64"))
