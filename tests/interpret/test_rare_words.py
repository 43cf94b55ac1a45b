"""Errors of looking inside that no other test meets, each provoked once."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlcore import gluon, interpret


def net() -> Any:
    made = gluon.nn.Dense(2, in_units=3)
    made.initialize()
    return made


def samples(n: int) -> Any:
    return np.ones((n, 3), np.float32), np.zeros(n, np.int64)


def short() -> Any:
    """Three samples without a batch of four."""
    return gluon.data.DataLoader(gluon.data.ArrayDataset(*samples(3)), 4, last_batch="discard")


ROWS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: interpret.results(net(), samples(4), names=["a"]),
        ValueError,
        "results: expected 2 names of classes, got",
    ),
    (lambda: interpret.rules(net(), samples(0)), ValueError, "data: expected at least one"),
    (lambda: interpret.rules(net(), short()), ValueError, "data: expected at least one batch, got none"),
    (lambda: interpret.rules(net(), samples(3)), ValueError, "rules: expected at least four samples, got 3"),
    (
        lambda: interpret.rules(net(), samples(5), features=["a"]),
        ValueError,
        "rules: expected 3 names of features, got 1",
    ),
    (lambda: interpret.embedding(net(), samples(2)), ValueError, "embedding: expected at least three samples, got 2"),
    (
        lambda: interpret.saliency(gluon.nn.HybridLambda("identity"), np.ones((4, 2, 2), np.float32)),
        ValueError,
        r"saliency: expected one row of scores a sample from the network, got \(4, 2, 2\)",
    ),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_rules_say_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.tree", None)
    with pytest.raises(ImportError, match="rules needs scikit-learn: pip install scikit-learn"):
        interpret.rules(net(), samples(5))
