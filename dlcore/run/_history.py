"""What a run has recorded: named series of (step, value) points in NumPy buffers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

CHUNK = 4096
MARK = "#"  # between a series' name and the number of its branch: `loss#2`; the first branch has none


class Series:
    """One curve. Points live in blocks of fixed size, so an append never copies what is already there.

    One thread appends; any thread may read at the same time, because `_count` grows only after the point is written.
    """

    def __init__(self) -> None:
        self._steps: list[np.ndarray] = []
        self._values: list[np.ndarray] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, step: int, value: float) -> None:
        """Add one point."""
        block, place = divmod(self._count, CHUNK)
        if place == 0:
            self._steps.append(np.empty(CHUNK, np.int64))
            self._values.append(np.empty(CHUNK, np.float64))
        self._steps[block][place] = step
        self._values[block][place] = value
        self._count += 1

    def extend(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Add many points at once; `steps` and `values` are one-dimensional and equally long."""
        if len(steps) != len(values):
            raise ValueError(f"history: expected as many values as steps ({len(steps)}), got {len(values)}")
        for step, value in zip(steps, values, strict=True):
            self.append(int(step), float(value))

    def read(self, start: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Copies of the points from number `start` on: int64 steps and float64 values."""
        stop = self._count
        if start >= stop:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        first, last = start // CHUNK, (stop - 1) // CHUNK
        steps = np.concatenate(self._steps[first : last + 1])
        values = np.concatenate(self._values[first : last + 1])
        inside = slice(start - first * CHUNK, stop - first * CHUNK)
        return steps[inside], values[inside]

    def last(self) -> tuple[int, float] | None:
        """The newest point, or None."""
        if self._count == 0:
            return None
        block, place = divmod(self._count - 1, CHUNK)
        return int(self._steps[block][place]), float(self._values[block][place])


class Branch(NamedTuple):
    """One line of a run: it left branch number `parent` after `step` steps; the first one left none.

    >>> history = History()
    >>> history.fork(parent=1, step=100, name="slower")
    Branch(number=2, name='slower', parent=1, step=100)
    """

    number: int
    name: str
    parent: int | None
    step: int


class History:
    """The series of a run by name.

    After a run has gone back to an earlier step it goes on in a new branch. What was recorded before stays: a series
    is stored in one part for each branch, and reads as the points on the way to the branch that was asked for.

    >>> history = History()
    >>> history.append("loss", 1, 2.5)
    >>> history.append("loss", 2, 1.5)
    >>> steps, values = history.series("loss")
    >>> values.tolist()
    [2.5, 1.5]
    >>> history.fork(parent=1, step=1).name
    'branch 2, from step 1'
    >>> history.append("loss", 2, 1.25)
    >>> history.series("loss")[1].tolist(), history.series("loss", branch=1)[1].tolist()
    ([2.5, 1.25], [2.5, 1.5])
    """

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}
        self.branches: list[Branch] = [Branch(1, "main", None, 0)]
        self.branch = 1  # the one that is recorded now

    def fork(self, parent: int, step: int, name: str | None = None) -> Branch:
        """Record from now on in a new branch, which left branch `parent` after `step` steps."""
        number = len(self.branches) + 1
        made = Branch(number, name or f"branch {number}, from step {step:,}", parent, step)
        self.branches.append(made)
        self.branch = number
        return made

    def names(self) -> list[str]:
        """The names in the order in which they first appeared."""
        return list(dict.fromkeys(key.partition(MARK)[0] for key in list(self._series)))

    def parts(self) -> list[str]:
        """The names with their branches: `loss`, `val_loss`, `loss#2`."""
        return list(self._series)

    def __contains__(self, name: str) -> bool:
        return name in self.names()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def append(self, name: str, step: int, value: float) -> None:
        """Add one point to the series `name` of the present branch; the series is made when it is new."""
        key = _key(name, self.branch)
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = Series()
        series.append(step, value)

    def extend(self, part: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Add many points to one part (`loss`, or `loss#2` for a branch)."""
        self._series.setdefault(part, Series()).extend(steps, values)

    def count(self, part: str) -> int:
        """How many points one part has; 0 when there is no such part."""
        series = self._series.get(part)
        return 0 if series is None else len(series)

    def last(self, name: str) -> float | None:
        """The newest value of the series `name` on the present branch, or None."""
        for branch, until in self._way(self.branch):
            series = self._series.get(_key(name, branch))
            if series is not None and len(series):
                if until is None:
                    point = series.last()
                    return None if point is None else point[1]
                steps, values = series.read()
                if len(before := values[steps <= until]):
                    return float(before[-1])
        return None

    def part(self, key: str, start: int = 0, max_points: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The points of one part from number `start` on; otherwise as `series`."""
        return thinned(*self._series[key].read(start), max_points)

    def series(
        self, name: str, start: int = 0, max_points: int | None = None, branch: int | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The points of one series as (int64 steps, float64 values), both copies.

        They are those on the way to the present branch, or to the one whose number is given. `start` skips that many
        points; with `max_points` a long curve is thinned to at most that many, keeping the lowest and highest of every
        stretch so that spikes stay visible.
        Raises KeyError, naming the series there are, when `name` is unknown.
        """
        if name not in self:
            raise KeyError(f"history: no series {name!r}; there are {', '.join(self.names()) or 'none yet'}")
        pieces = []
        for number, until in self._way(self.branch if branch is None else branch):
            if (series := self._series.get(_key(name, number))) is not None:
                steps, values = series.read()
                kept = slice(None) if until is None else steps <= until
                pieces.append((steps[kept], values[kept]))
        if not pieces:
            return np.empty(0, np.int64), np.empty(0, np.float64)
        steps, values = (np.concatenate(column)[start:] for column in zip(*reversed(pieces), strict=True))
        return thinned(steps, values, max_points)

    def curves(self, max_points: int = 2000) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Every series on the way to the present branch, thinned: name -> (steps, values)."""
        return {name: self.series(name, max_points=max_points) for name in self.names()}

    def _way(self, branch: int) -> Iterator[tuple[int, int | None]]:
        """From a branch back to the first: numbers, and up to which step each belongs to the way (None: all of it)."""
        if not 1 <= branch <= len(self.branches):
            raise KeyError(f"history: there is no branch {branch}; there are {len(self.branches)}")
        number: int | None = branch
        until: int | None = None
        while number is not None:
            yield number, until
            left = self.branches[number - 1]
            number, until = left.parent, left.step if until is None else min(until, left.step)


def _key(name: str, branch: int) -> str:
    return name if branch == 1 else f"{name}{MARK}{branch}"


def thinned(steps: np.ndarray, values: np.ndarray, max_points: int | None) -> tuple[np.ndarray, np.ndarray]:
    """The points that `thin` keeps."""
    if max_points is not None and len(steps) > max_points:
        kept = thin(values, max_points)
        steps, values = steps[kept], values[kept]
    return steps, values


def thin(values: np.ndarray, max_points: int) -> np.ndarray:
    """Indices of at most `max_points` points that draw the same picture as all of `values`.

    The curve is cut into equal stretches and the lowest and highest point of each is kept, the first and last point
    always. Points that are not numbers count as lowest, so a curve that turned to nan still shows it.
    """
    if max_points < 4:
        raise ValueError(f"thin: expected room for at least 4 points, got {max_points}")
    count = len(values)
    stretches = (max_points - 2) // 2
    width = -(-count // stretches)
    padded = np.concatenate([values, np.repeat(values[-1:], stretches * width - count)])
    table = padded.reshape(stretches, width)
    low = np.where(np.isnan(table), -np.inf, table).argmin(axis=1)
    high = np.where(np.isnan(table), -np.inf, table).argmax(axis=1)
    base = np.arange(stretches) * width
    kept = np.concatenate([[0], base + low, base + high, [count - 1]])
    return np.unique(np.minimum(kept, count - 1))
