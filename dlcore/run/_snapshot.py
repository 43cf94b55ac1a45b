"""One point of a run to which it can go back: every array and number that the next step depends on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcore.io import load_arrays, load_metadata, save_arrays

from ._patience import BEST

FORMAT = "dlcore.snapshot"


@dataclass(eq=False)
class Snapshot:
    """The state of a run after `step` steps.

    `arrays` holds copies of weights, running statistics and the optimizer's arrays. `about` holds the rest, as JSON
    can: the random state, the place in the data, the knobs in force, and the log of knobs that were turned before.
    `branch` is the line of the history it lies on; `path` is the file it was written to, None while only in memory.
    """

    step: int
    branch: int
    arrays: dict[str, np.ndarray] = field(repr=False)
    about: dict[str, Any] = field(repr=False)
    pinned: bool = False
    path: str | None = None

    @property
    def nbytes(self) -> int:
        """The memory its arrays take."""
        return sum(array.nbytes for array in self.arrays.values())

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write it to a safetensors file whose header holds the numbers as JSON; the file appears whole or not."""
        about = json.dumps({"step": self.step, **self.about})
        save_arrays(path, self.arrays, {"format": FORMAT, "run": about})
        return os.fspath(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Snapshot:
        """Read a file of `save`. Raises FileNotFoundError, or ValueError for a file of another kind."""
        header = load_metadata(path)
        if header.get("format") != FORMAT:
            raise ValueError(f"{os.fspath(path)}: not a snapshot of a run")
        about = json.loads(header["run"])
        return cls(about.pop("step"), 1, load_arrays(path), about, path=os.fspath(path))

    def write_into(self, live: Mapping[str, Any]) -> None:
        """Copy the arrays of a step into those of the same names. Raises ValueError where names or shapes differ."""
        from dlcore import _core

        mine = {name: (array.shape, array.dtype.name) for name, array in self.arrays.items() if name[:5] != BEST}
        theirs = {name: (tuple(array.shape), array.dtype.name) for name, array in live.items()}
        for name in {**mine, **theirs}:
            if mine.get(name) != theirs.get(name):
                raise ValueError(
                    f"snapshot of step {self.step}: {name}: expected {_said(theirs.get(name))}, "
                    f"found {_said(mine.get(name))}"
                )
        for name, array in live.items():
            _core.assign(array, _core.from_numpy(self.arrays[name]))


def _said(kind: tuple[tuple[int, ...], str] | None) -> str:
    return "nothing of this name" if kind is None else f"{kind[1]} of shape {kind[0]}"
