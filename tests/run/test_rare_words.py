"""Errors of runs that no other test meets, each provoked once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import dlcore as dl
from dlcore import gluon, run
from dlcore._hooks import HOOKS
from dlcore.run._data import joined
from dlcore.run._ring import Elsewhere
from dlcore.run._snapshot import FORMAT, Snapshot
from dlcore.run._steer import Steering

DATA = np.ones((4, 1), np.float32), np.ones((4, 1), np.float32)


SHORT = gluon.data.DataLoader(gluon.data.ArrayDataset(*DATA), 5, last_batch="discard")  # without a batch
NOTHING = np.ones((0, 1), np.float32), np.ones((0, 1), np.float32)


class Once:
    """A loader that forgets to begin anew: the first look takes all it has."""

    def __init__(self) -> None:
        self.left = iter([tuple(map(dl.np.array, DATA))])

    def __iter__(self) -> Any:
        yield from self.left


def train(data: Any = DATA, **words: Any) -> Any:
    return run.train(gluon.nn.Dense(1, in_units=1), data, show=False, **words)


def find(data: Any = DATA, **words: Any) -> Any:
    return run.lr_find(gluon.nn.Dense(1, in_units=1), data, **words)


ENDED: Any = SimpleNamespace(ended=True, name="far", state="finished")
ROWS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: train(knobs_at={-1: {"lr": 1}}), ValueError, "expected whole numbers of steps >= 0 in knobs_at, got -1"),
    (lambda: train(workers=2, steps=3), ValueError, r"train: resume=, knobs_at= and steps= work in one process, not"),
    (lambda: train(NOTHING), ValueError, "expected at least one"),
    (lambda: find(NOTHING), ValueError, "expected at least one"),
    (lambda: train(SHORT), ValueError, "data: expected at least one batch an epoch, got none"),
    (lambda: find(SHORT), ValueError, "data: expected at least one batch an epoch, got none"),
    (lambda: train(Once()), ValueError, "data: expected at least one batch an epoch, got none"),
    (lambda: find(Once()), ValueError, "data: expected at least one batch an epoch, got none"),
    (
        lambda: train(epochs=1, snapshots=0).to_code(),
        RuntimeError,
        "run 'dense.*' cannot be written as code: it has no snapshot of its beginning",
    ),
    (
        lambda: Steering._ask_workers(ENDED, "restore", True, {}),
        RuntimeError,
        "run 'far' has finished, and the snapshots of its workers are gone",
    ),
    (lambda: list(train(epochs=1).history._way(9)), KeyError, "history: there is no branch 9; there are 1"),
    (lambda: Elsewhere().nearest(3), ValueError, "restore: no worker process holds a snapshot"),
    (
        lambda: joined(np.ones(3), SimpleNamespace(x=np.ones((2, 1))), None),
        ValueError,
        r"metric: expected labels and outputs with rows for each of 2 samples, .* got an array of shape \(3,\)",
    ),
]


@pytest.mark.parametrize(("call", "kind", "match"), ROWS, ids=lambda v: v[:24] if isinstance(v, str) else "")
def test_it_is_said(call: Callable[[], object], kind: type[Exception], match: str) -> None:
    with pytest.raises(kind, match=match):
        call()


def test_a_damaged_snapshot_is_refused(tmp_path: Path) -> None:
    dl.io.save_arrays(tmp_path / "x", {"w": np.ones(1)}, {"format": FORMAT, "run": "{"})
    with pytest.raises(ValueError, match="x: a damaged snapshot: its numbers cannot be read"):
        Snapshot.load(tmp_path / "x")


def test_workers_need_a_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(HOOKS, "run.workers")
    with pytest.raises(RuntimeError, match="train: workers=2 needs a launcher, and none is registered as run.workers"):
        train(workers=2)


def test_a_schedule_leaves_no_rate_to_find() -> None:
    for words in ({"optimizer": dl.optim.SGD(lr_scheduler=lambda n: 1.0)}, {"lr_scheduler": lambda n: 1.0}):
        with pytest.raises(ValueError, match="lr_find: the optimizer's schedule decides the learning rate; give one"):
            find(**words)


def test_a_network_in_training_is_left_alone() -> None:
    net = gluon.nn.Dense(1, in_units=1)
    training = run.train(net, DATA, epochs=10**6, show=False, background=True)
    try:
        with pytest.raises(RuntimeError, match=r"lr_find: a run is training this network; end it with its stop"):
            run.lr_find(net, DATA)
    finally:
        training.stop()
        training.wait_for_end(20)
