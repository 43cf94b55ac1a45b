"""How fast a run is going: samples and steps a second over the last few seconds, pauses left out."""

from __future__ import annotations

import time
from collections import deque

WINDOW = 5.0
SPACING = 0.1


class Pace:
    """Count finished steps; the speed is taken over the last few seconds of running time."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int, int]] = deque()
        self._samples = 0
        self._steps = 0
        self._active = 0.0
        self._since: float | None = None

    def start(self) -> None:
        """The clock runs (again)."""
        if self._since is None:
            self._since = time.perf_counter()
            self._marks.append((self.seconds(), self._samples, self._steps))

    def stop(self) -> None:
        """The clock stands: a pause, or the end."""
        if self._since is not None:
            self._active, self._since = self.seconds(), None

    def seconds(self) -> float:
        """Running time so far."""
        return self._active + (0.0 if self._since is None else time.perf_counter() - self._since)

    def add(self, samples: int) -> None:
        """One more step of `samples` samples is done."""
        self._samples += samples
        self._steps += 1
        now = self.seconds()
        if self._marks and now - self._marks[-1][0] < SPACING:
            return
        self._marks.append((now, self._samples, self._steps))
        while len(self._marks) > 2 and now - self._marks[0][0] > WINDOW:
            self._marks.popleft()

    def rates(self) -> tuple[float, float]:
        """(samples a second, steps a second); zeros until something was measured."""
        if not self._marks:
            return 0.0, 0.0
        before = self._marks[0]
        now = self.seconds()
        if len(self._marks) > 1:
            now, samples, steps = self._marks[-1]
        else:
            samples, steps = self._samples, self._steps
        span = now - before[0]
        if span <= 0 or steps == before[2]:
            return 0.0, 0.0
        return (samples - before[1]) / span, (steps - before[2]) / span
