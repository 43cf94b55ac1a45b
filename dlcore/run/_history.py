"""What a run has recorded: named series of (step, value) points in NumPy buffers."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

CHUNK = 4096


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


class History:
    """The series of a run by name.

    >>> history = History()
    >>> history.append("loss", 1, 2.5)
    >>> history.append("loss", 2, 1.5)
    >>> steps, values = history.series("loss")
    >>> values.tolist()
    [2.5, 1.5]
    """

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}

    def names(self) -> list[str]:
        """The names in the order in which they first appeared."""
        return list(self._series)

    def __contains__(self, name: str) -> bool:
        return name in self._series

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def append(self, name: str, step: int, value: float) -> None:
        """Add one point to the series `name`, which is made when it is new."""
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = Series()
        series.append(step, value)

    def extend(self, name: str, steps: np.ndarray, values: np.ndarray) -> None:
        """Add many points to the series `name`."""
        self._series.setdefault(name, Series()).extend(steps, values)

    def count(self, name: str) -> int:
        """How many points the series `name` has; 0 when there is no such series."""
        series = self._series.get(name)
        return 0 if series is None else len(series)

    def last(self, name: str) -> float | None:
        """The newest value of the series `name`, or None."""
        series = self._series.get(name)
        point = series.last() if series is not None else None
        return None if point is None else point[1]

    def series(self, name: str, start: int = 0, max_points: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The points of one series as (int64 steps, float64 values), both copies.

        `start` skips that many points; with `max_points` a long curve is thinned to at most that many,
        keeping the lowest and highest of every stretch so that spikes stay visible.
        Raises KeyError, naming the series there are, when `name` is unknown.
        """
        if name not in self._series:
            raise KeyError(f"history: no series {name!r}; there are {', '.join(self._series) or 'none yet'}")
        steps, values = self._series[name].read(start)
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
