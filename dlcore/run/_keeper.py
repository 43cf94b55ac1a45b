"""Writes the newest snapshot of a run to disk now and then, for the day on which the kernel is gone."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from ._snapshot import Curves, Snapshot

FIRST, PERIOD = 20.0, 60.0  # seconds until the first is written, and between two


class Keeper:
    """Keeps `path` not much older than a minute. A thread of its own writes, so that training does not wait."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path, self.name = path, name
        self.curves: Callable[[], Curves] = dict  # what is written of the run's history
        self.problem: str | None = None
        self._next = time.monotonic() + FIRST
        self._thread: threading.Thread | None = None

    def offer(self, snapshot: Snapshot, now: bool = False) -> None:
        """Write `snapshot` if it is time to, or `now`."""
        busy = self._thread is not None and self._thread.is_alive()
        if (busy or time.monotonic() < self._next) and not now:
            return
        if busy and self._thread is not None:
            self._thread.join()
        self._next = time.monotonic() + PERIOD
        self._thread = threading.Thread(
            target=self._write, args=(snapshot, self.curves()), name="dlcore snapshot", daemon=True
        )
        self._thread.start()
        if now:
            self._thread.join()

    def end(self, snapshot: Snapshot | None, finished: bool) -> None:
        """Nothing is left to go on from after a finished run; after another the file says where it ended."""
        if finished:
            if self._thread is not None:
                self._thread.join()
            self.path.unlink(missing_ok=True)
        elif snapshot is not None and self.path.exists():
            self.offer(snapshot, now=True)

    def _write(self, snapshot: Snapshot, curves: Curves) -> None:
        try:
            snapshot.save(self.path, curves, self.name)
            self.problem = None
        except OSError as error:  # a full disk does not end the training
            self.problem = f"{type(error).__name__}: {error}"
