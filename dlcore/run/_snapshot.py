"""One point of a run to which it can go back: every array and number that the next step depends on."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcore.gluon.data._sampler import is_count
from dlcore.io import load_arrays, load_metadata, save_arrays

from ._knobs import WORDS
from ._patience import BEST

FORMAT = "dlcore.snapshot"
OPTIONAL = ("patience", "span")


CURVE = "curve/"  # what the names of a curve's arrays begin with
Curves = dict[str, tuple[np.ndarray, np.ndarray]]


def curves_in(arrays: Mapping[str, np.ndarray]) -> Curves:
    """The curves among the arrays of a file: name -> (steps, values). Those that are none are left out."""
    found = {}
    for name in {key[len(CURVE) :].rpartition("/")[0] for key in arrays}:
        both = tuple(arrays.get(f"{CURVE}{name}/{part}") for part in (0, 1))
        steps, values = both
        if steps is not None and values is not None and steps.ndim == 1 and steps.shape == values.shape:
            found[name] = (steps.astype(np.int64), values.astype(np.float64))
    return dict(sorted(found.items(), key=lambda item: (item[0] != "loss", item[0])))


@dataclass(eq=False)
class Snapshot:
    """The state of a run after `step` steps.

    `arrays` holds copies of weights, running statistics and the optimizer's arrays. `about` holds the rest, as JSON
    can: the random state, the place in the data, the knobs in force, and the log of knobs that were turned before.
    `branch` is the line of the history it lies on; `path` is the file it was written to, None while only in memory.

    >>> import dlcore as dl
    >>> run = dl.run.train(dl.gluon.nn.Dense(1), (dl.np.ones((8, 2)), dl.np.ones((8, 1))), batch=4, show=False)
    >>> snapshot = run.snapshots[-1]
    >>> snapshot.step, snapshot.branch, snapshot.pinned, snapshot.path
    (2, 1, False, None)
    """

    step: int
    branch: int
    arrays: dict[str, np.ndarray] = field(repr=False)
    about: dict[str, Any] = field(repr=False)
    pinned: bool = False
    path: str | None = None
    curves: Curves = field(default_factory=dict, repr=False)  # those that came with a file

    @property
    def nbytes(self) -> int:
        """The memory its arrays take."""
        return sum(array.nbytes for array in self.arrays.values())

    def save(self, path: str | os.PathLike[str], curves: Curves | None = None, name: str | None = None) -> str:
        """Write it to a safetensors file whose header holds the numbers as JSON; the file appears whole or not.

        `curves` are written beside it, for whoever draws the run later, and the `name` of the run.
        """
        about = json.dumps({"step": self.step, **({"name": name} if name else {}), **self.about})
        drawn = {f"{CURVE}{key}/{part}": both[part] for key, both in (curves or {}).items() for part in (0, 1)}
        save_arrays(path, {**self.arrays, **drawn}, {"format": FORMAT, "run": about})
        return os.fspath(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Snapshot:
        """Read a file of `save`. Raises FileNotFoundError, or ValueError for a damaged file or one of another kind."""
        header = load_metadata(path)
        if header.get("format") != FORMAT:
            raise ValueError(f"{os.fspath(path)}: not a snapshot of a run")
        try:
            about = json.loads(header["run"])
            wrong = _wrong(about)
        except (KeyError, ValueError, RecursionError):  # ValueError: no JSON
            wrong = "its numbers"
        if wrong is not None:
            raise ValueError(f"{os.fspath(path)}: a damaged snapshot: {wrong} cannot be read")
        arrays = load_arrays(path)
        drawn = {name: arrays.pop(name) for name in list(arrays) if name.startswith(CURVE)}
        about.pop("name", None)
        return cls(about.pop("step"), 1, arrays, about, path=os.fspath(path), curves=curves_in(drawn))

    def check(self, live: Mapping[str, Any]) -> None:
        """Raise ValueError where names or shapes are not those of the arrays of a step."""
        mine = {name: (array.shape, array.dtype.name) for name, array in self.arrays.items() if name[:5] != BEST}
        theirs = {name: (tuple(array.shape), array.dtype.name) for name, array in live.items()}
        for name in {**mine, **theirs}:
            if mine.get(name) != theirs.get(name):
                raise ValueError(
                    f"snapshot of step {self.step}: {name}: expected {_said(theirs.get(name))}, "
                    f"found {_said(mine.get(name))}"
                )

    def write_into(self, live: Mapping[str, Any]) -> None:
        """Copy the arrays of a step into those of the same names, which `check` has seen."""
        from dlcore import _core

        for name, array in live.items():
            _core.assign(array, _core.from_numpy(self.arrays[name]))


def _random(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(is_count, value))


def _knobs(value: Any) -> bool:
    found = value.items() if isinstance(value, dict) else [("", None)]
    return all(_finite(v) or v in WORDS.get(k, ()) for k, v in found)


def _finite(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _counters(value: Any) -> bool:
    """What a source of data says of itself: whole numbers and lists of them."""
    each = value.values() if isinstance(value, dict) else [None]
    return all(is_count(v) or (isinstance(v, list) and all(map(is_count, v))) for v in each)


_ABOUT: dict[str, Callable[[Any], bool]] = {
    "step": is_count, "epoch": is_count, "done": is_count, "begun": is_count, "random": _random, "knobs": _knobs,
    "opened": lambda v: isinstance(v, list) and len(v) == 2 and _random(v[0]) and _counters(v[1]),
    "log": lambda v: isinstance(v, list) and all(
        isinstance(e, list) and len(e) == 2 and is_count(e[0]) and _knobs(e[1]) for e in v
    ),
    "steps_total": lambda v: v is None or is_count(v),
    "span": lambda v: isinstance(v, list) and len(v) == 2 and is_count(v[0]) and (v[1] is None or is_count(v[1])),
    "patience": lambda v: (  # nothing has been best yet: infinity
        isinstance(v, list) and len(v) == 2 and (_finite(v[0]) or v[0] == math.inf) and is_count(v[1])
    ),
}  # fmt: skip


def _wrong(about: Any) -> str | None:
    """The first entry that is not what `TrainingLoop.capture` writes; else None."""
    if not isinstance(about, dict):
        return "its numbers"
    for name, right in _ABOUT.items():
        if (name in about or name not in OPTIONAL) and not right(about.get(name)):
            return name
    return None


def _said(kind: tuple[tuple[int, ...], str] | None) -> str:
    return "nothing of this name" if kind is None else f"{kind[1]} of shape {kind[0]}"
