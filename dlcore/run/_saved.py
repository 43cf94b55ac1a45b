"""Runs of an earlier kernel: what is on disk of them, with their curves, to look at and to go on from."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dlcore._folders import LAST, left_on_disk
from dlcore.io import load_arrays, load_metadata

from ._history import History
from ._run import Run
from ._snapshot import CURVE, curves_in
from ._steer import folder


@dataclass(frozen=True)
class Saved:
    """A snapshot that was kept on disk of a run called `name`: after `step` steps, `age` seconds ago.

    >>> Saved("lenet", Path("0001200.safetensors"), step=1200, epoch=2, age=61.0)
    Saved(name='lenet', step=1200, epoch=2, age=61.0)
    """

    name: str
    path: Path = field(repr=False)
    step: int
    epoch: int
    age: float

    def history(self) -> History:
        """Its curves up to there, thinned."""
        found = History()
        arrays = {name: array for name, array in load_arrays(self.path).items() if name.startswith(CURVE)}
        for name, (steps, values) in curves_in(arrays).items():
            found.extend(name, steps, values)
        return found

    def run(self) -> Run:
        """A run that can be looked at, and not trained: `train(..., resume=path)` goes on."""
        shown = Run(lambda run: None, name=self.name, epochs=self.epoch)
        shown.history, shown.step, shown.epoch = self.history(), self.step, self.epoch
        shown._state = "stopped"
        return shown


def last_of(name: str) -> Path:
    """The file in which the newest snapshot of a run of this name is kept, for this working directory.

    >>> last_of("lenet").parent == folder("lenet")
    True
    """
    return folder(name) / LAST


def saved() -> list[Saved]:
    """What is on disk of runs that were started in this working directory, the newest first, without damaged files.

    >>> isinstance(saved(), list)
    True
    """
    found = []
    for path in left_on_disk():
        about = _about(path)
        if about is not None:
            age = max(0.0, time.time() - path.stat().st_mtime)
            found.append(Saved(str(about.get("name") or path.parent.name), path, about["step"], about["epoch"], age))
    return sorted(found, key=lambda one: one.age)


def _about(path: Path) -> dict[str, Any] | None:
    try:
        about = json.loads(load_metadata(path)["run"])
        return about if isinstance(about["step"], int) and isinstance(about["epoch"], int) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
