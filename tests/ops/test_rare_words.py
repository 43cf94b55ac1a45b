"""Errors that no sample of a stanza meets, each provoked once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from dlcore import nd
from dlcore import np as xp
from dlcore.ops import F
from dlcore.ops.composite_vision import pixel_shuffle

X = np.ones((2, 3), np.float32)
ROWS: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: F.random_uniform(0.0, np.inf, shape=(2,)), ValueError, "finite, got low=0 and high=inf"),
    (lambda: F.conv1d(xp.ones((1, 1, 3)), xp.ones((1, 1, 0))), ValueError, "conv1d: the kernel must be at least 1"),
    (lambda: F.conv2d(xp.ones((1, 1, 3, 3)), xp.ones((1, 1, 0, 1))), ValueError, "conv2d: the kernel must be"),
    (lambda: xp.array(X).item(6), IndexError, r"item: index 6 is out of range for size 6 \(array of shape \(2, 3\)\)"),
    (lambda: xp.array(X).item((0, 1, 2)), ValueError, r"item: an array of shape \(2, 3\) takes 2 indices, got 3"),
    (lambda: xp.array(X).item("a"), TypeError, "item: expected a place in order or indices, got "),
    (lambda: xp.bincount(xp.array([2**60])), MemoryError, "bincount: no memory for counts of all numbers up to"),
    (lambda: xp.broadcast_to(xp.ones(1), (2**62, 8)), ValueError, r"a view of shape \(4611686018427387904, 8\) is too"),
    (lambda: xp.ones(3) + 2**70, ValueError, "add: 1180591620717411303424 does not fit into 64 bits"),
    (lambda: F.zeros((2,), device="cpu(200)"), ValueError, "unknown device .*expected a number from 0 to 127"),
    (lambda: pixel_shuffle(xp.ones((1, 3, 2, 2)), 2), ValueError, "pixel_shuffle: 3 channels cannot be cut into"),
    (
        lambda: pixel_shuffle(xp.ones((3, 2, 2)), 2),
        ValueError,
        r"pixel_shuffle: .* \(n, c, h, w\), got shape \(3, 2, 2\)",
    ),
    (lambda: F.ctc_loss([1], [2]), TypeError, "ctc_loss: data must be an array, got list"),
    (lambda: F.multibox_prior(xp.array(X)), ValueError, r"multibox_prior: expected .* \(2, 3\), 1 sizes and 1 ratios"),
    (
        lambda: nd.contrib.box_decode(xp.ones((1, 1, 3)), xp.ones((1, 1, 4))),
        ValueError,
        r"expected boxes with a last axis of 4, got shape \(1, 1, 3\)",
    ),
    (lambda: F.roi_align(xp.ones((1, 1, 0, 2)), xp.ones((1, 5)), size=1), ValueError, "expected an image with pixels"),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()
