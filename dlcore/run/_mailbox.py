"""The box between whoever asks (a button, a cell, another thread) and the loop, which looks in between two steps."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any, NamedTuple


class Letter(NamedTuple):
    """One request: `kind` is "pause", "resume", "stop" or "set"; `value` holds the knobs of a "set"."""

    kind: str
    value: dict[str, Any]


class Mailbox:
    """A first-in, first-out box that any thread may post to and one thread empties."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque()
        self._arrived = threading.Event()

    def post(self, kind: str, **value: Any) -> None:
        """Leave a request and return at once."""
        self._letters.append(Letter(kind, value))
        self._arrived.set()

    def take(self) -> list[Letter]:
        """Everything that came since the last call, oldest first. Cheap when the box is empty."""
        if not self._letters:
            return []
        # Cleared before emptying: a letter that comes in between sets the flag again, so none is slept through.
        self._arrived.clear()
        letters = []
        while self._letters:
            letters.append(self._letters.popleft())
        return letters

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until a letter is there, at most `timeout` seconds. True when one is."""
        return self._arrived.wait(timeout)
