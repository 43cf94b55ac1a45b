"""Runs what a program keeps from run to run again, when an array that it was computed from has changed."""

from __future__ import annotations

import threading
from typing import Any, Protocol

from dlcore import _core

from ._ir import Graph

PATIENCE = 8  # changes met before a program whose arrays change more often than not stops keeping anything


class _Program(Protocol):
    def run(self, arrays: list[Any]) -> list[Any]: ...


class Kept:
    """The kept part of a compiled graph: `program` computes what the states with `made` hold."""

    def __init__(self, graph: Graph, program: _Program) -> None:
        assert graph.kept is not None
        self.program = program
        self._targets = [(s.array, s.made) for s in graph.states if s.made >= 0]
        self._arrays = [s.array for s in graph.kept.states]
        self._watch = _core.Watch(self._arrays)
        self._lock = threading.Lock()
        self._runs = self._changes = 0

    def refresh(self) -> bool:
        """Brings the states up to date; False when they are out of date too often to be worth keeping."""
        self._runs += 1
        if self._watch.same():
            return True
        with self._lock:
            if not self._watch.same():
                self._changes += 1
                watch = _core.Watch(self._arrays)
                watch.take()  # what is written from here on is a change
                made = self.program.run([])
                for array, number in self._targets:
                    _core.assign(array, made[number])
                self._watch = watch  # only now: threads that find nothing changed do not wait
        return self._changes <= PATIENCE or 2 * self._changes < self._runs
