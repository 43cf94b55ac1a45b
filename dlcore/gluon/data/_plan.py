"""Whole batches by one call into the core: what a dataset in memory and the transforms that are known come down to.

The call takes the rows of a batch out of the arrays, changes the pictures among them, and holds no GIL meanwhile. Every
sample draws the numbers that it would draw alone (`_draws`), so that both ways give the same batch bit for bit. What is
not known here, a function of the user's own for instance, has no plan and is done sample by sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dlcore import _core
from dlcore.io._rows import QUICK_BYTES
from dlcore.io._values import scale_of, values_of

from ._draws import strength

_OURS = "dlcore.gluon.data."


@dataclass(frozen=True)
class Parts:
    """What the batches of a dataset are made of.

    columns: arrays with a row for each element. alone: elements are items of the one column, not tuples. rows: which
    row each element is, where they are not in order. first: transforms of the first column's rows. strength: theirs.
    ready: to be asked before rows are looked at, which it may fill; False where it cannot. quick: whether that is soon.
    """

    columns: Sequence[np.ndarray]
    alone: bool = False
    rows: np.ndarray | None = None
    first: tuple[Any, ...] = ()
    strength: float | None = None
    ready: Callable[[np.ndarray], bool] | None = None
    quick: bool = True

    def chosen(self, indices: np.ndarray) -> Parts:
        """Only these elements, in this order."""
        return replace(self, rows=indices if self.rows is None else self.rows[indices])

    def changed(self, transform: Any) -> Parts | None:
        """With one more transform of the first column."""
        # One outside is as strong as it was made, whatever those inside are.
        return None if self.strength is not None else replace(self, first=(*self.first, transform))


class Plan:
    """How to make the batches of one pass."""

    def __init__(self, parts: Parts, made: Any) -> None:
        self._parts, self._made = parts, made

    def quick(self, samples: float) -> bool:
        """Whether a batch of so many samples costs less than its way from one thread to another."""
        return self._parts.quick and int(self._made.row_bytes) * samples <= QUICK_BYTES

    def take(self, indices: Any, words: tuple[int, ...], then: np.ndarray | None = None) -> Any:
        """The batch of these samples, whose draws begin with `words`; None for what a sample alone had better say.

        then: the samples that will be asked for next, if that is known.
        """
        parts = self._parts
        try:
            if parts.ready is not None:
                then, rows = None, np.asarray(indices, np.int64)
                if not parts.ready(rows if parts.rows is None else parts.rows[rows]):
                    return None
            strong = strength() if parts.strength is None else parts.strength
            batch = self._made.take(indices, words, strong, False, then)
        except (IndexError, TypeError):
            return None
        return batch[0] if parts.alone else batch


def planned(dataset: Any) -> Plan | None:
    """The plan for a dataset's batches, None where there is none."""
    parts = parts_of(dataset)
    if parts is None or not all(column.dtype.isnative for column in parts.columns):
        return None
    try:
        picture = _picture(parts.columns[0], parts.first) if parts.first else None
        if picture is None and parts.first:
            return None
        return Plan(parts, _core.BatchPlan(list(parts.columns), parts.rows, picture))
    except (IndexError, OverflowError, TypeError, ValueError):  # arrays not contiguous, a part larger than the picture
        return None


def parts_of(dataset: Any) -> Parts | None:
    """What a dataset is made of, None where it does not say or where a subclass gives elements of its own."""
    for kind in type(dataset).__mro__:
        if "_parts" in vars(kind):
            same = all(getattr(type(dataset), name) is getattr(kind, name) for name in ("__getitem__", "take_batch"))
            found: Parts | None = dataset._parts() if same else None
            return found
    return None


def _picture(data: np.ndarray, transforms: Iterable[Any]) -> tuple[Any, ...] | None:
    """What `BatchPlan` is told of transforms: first those that move pixels, then those that change each by itself."""
    if data.dtype != np.uint8 or data.ndim != 4 or 0 in data.shape[1:]:
        return None
    height, width, channels = data.shape[1:]
    steps: list[tuple[Any, ...]] = []
    margin = [0] * channels
    tail: list[Any] = []
    for transform in _flat(transforms):
        if not type(transform).__module__.startswith(_OURS):
            return None
        if getattr(transform, "pointwise", False):
            tail.append(transform)
            continue
        found = getattr(transform, "_step", lambda *shape: None)(height, width)
        padded = getattr(transform, "_pad", 0)
        if tail or found is None or (padded and any(s[0] == "crop" and s[3] for s in steps)):
            return None
        if padded:
            margin = _of_channels(transform._value, channels)
        for step in found:
            steps.append(_with_values(step, channels))
            if step[0] in _SIZED:
                width, height = step[_SIZED[step[0]]]
    values = values_of(tail, channels)
    return None if values is None else (steps, margin, *values, _scale(tail, channels))


# Where in a step stands the width of what comes out of it, with the height behind.
_SIZED = {"crop": slice(1, 3), "cut": slice(3, 5), "resize": slice(1, 3), "part": slice(1, 3)}


def _with_values(step: tuple[Any, ...], channels: int) -> tuple[Any, ...]:
    """The step with a value for every channel where it fills holes, or where one that comes by chance does."""
    if step[0] == "erase":
        return (*step[:-1], _of_channels(step[-1], channels))
    return ("apply", [_with_values(part, channels) for part in step[1]], step[2]) if step[0] == "apply" else step


def _of_channels(value: Any, channels: int) -> list[int]:
    found: list[int] = np.broadcast_to(np.asarray(value, np.uint8), (channels,)).tolist()
    return found


def _flat(transforms: Iterable[Any]) -> Iterator[Any]:
    for transform in transforms:
        inner = getattr(transform, "_transforms", None)
        if isinstance(inner, list) and type(transform).__module__.startswith(_OURS):
            yield from _flat(inner)
        else:
            yield transform


def _scale(tail: Sequence[Any], channels: int) -> list[tuple[float, ...]]:
    """The table as arithmetic, if it is a division by 255 and the usual normalisation: the core compares the two."""
    mean: Any = 0.0
    std: Any = 1.0
    for transform in tail:
        if hasattr(transform, "_mean"):
            mean, std = transform._mean, transform._std
    return scale_of(255.0, mean, std, channels)
