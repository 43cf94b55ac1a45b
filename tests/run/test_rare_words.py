"""Errors of runs that no other test meets, each provoked once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from dlcore import gluon, run

DATA = np.ones((4, 1), np.float32), np.ones((4, 1), np.float32)


def train(**words: Any) -> Any:
    return run.train(gluon.nn.Dense(1, in_units=1), DATA, **words)


ROWS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: train(knobs_at={-1: {"lr": 1}}), ValueError, "expected whole numbers of steps >= 0 in knobs_at, got -1"),
    (lambda: train(workers=2, steps=3), ValueError, r"train: resume=, knobs_at= and steps= work in one process, not"),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()
