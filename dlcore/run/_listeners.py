"""Those who are told how a run is going, and how much each telling has to say."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ._history import History

PERIOD = 1 / 20
LONGEST = 0.5
# Telling may take one part in so many of the processor's time, and twice that of the run's own, part of which it waits
# for other threads; where it is slow, it is done less often. What is told is then sent by another thread of the kernel,
# which takes about as long again: in all a hundredth of the time is not reached.
SHARE = 300

Listener = Callable[[str, dict[str, Any]], None]


class Listeners:
    """Calls every listener with what is new in the history and among the events since the call before."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []
        self._points: dict[str, int] = {}
        self._events = 0
        self._at = -PERIOD
        self._period = PERIOD

    def add(self, listener: Listener) -> None:
        """Call `listener` from the next telling on."""
        self._listeners.append(listener)

    def remove(self, listener: Listener) -> None:
        """Stop calling `listener`; unknown ones are ignored."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    def wait(self) -> float:
        """Seconds until the next telling is due; 0 when it is."""
        return max(0.0, self._at + self._period - time.monotonic())

    def tell(self, kind: str, status: dict[str, Any], history: History, events: Sequence[Any]) -> list[str]:
        """Tell everybody; returns a line for each listener that raised and was dropped."""
        self._at, worked = time.monotonic(), time.thread_time()
        payload = {**status, **self._news(history, events)}
        dropped = []
        for listener in list(self._listeners):
            try:
                listener(kind, payload)
            except Exception as error:  # whatever a display does, the training goes on
                self.remove(listener)
                dropped.append(f"a listener was dropped: {type(error).__name__}: {error}")
        if self._listeners:
            took = max(time.thread_time() - worked, (time.monotonic() - self._at) / 2)
            self._period = min(LONGEST, max(PERIOD, SHARE * took))
        return dropped

    def _news(self, history: History, events: Sequence[Any]) -> dict[str, Any]:
        series = {}
        for name in history.parts():
            start = self._points.get(name, 0)
            steps, values = history.part(name, start)
            if len(steps):
                series[name] = (start, steps, values)
                self._points[name] = start + len(steps)
        first, self._events = self._events, len(events)
        return {"first_event": first, "events": list(events[first:]), "series": series}
