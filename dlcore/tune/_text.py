"""The plain display of a search: one line a trial, for scripts and terminals."""

from __future__ import annotations

import sys
from typing import TextIO

from ._search import Search


class TextTrials:
    """A listener that prints a line when a trial is over.

    >>> import dlcore as dl
    >>> found = dl.tune.search(lambda x: x * x, {"x": dl.tune.choice(2, 2.5)}, trials=1, seed=0, show=False)
    >>> TextTrials(found)(found)
    lambda  trial 0  finished  score ...  best so far
    """

    def __init__(self, search: Search, stream: TextIO | None = None) -> None:
        self._printed: set[int] = set()
        self._stream = stream
        search.add_listener(self)

    def __call__(self, search: Search) -> None:
        for trial in list(search.trials):
            if trial.state == "running" or trial.number in self._printed:
                continue
            self._printed.add(trial.number)
            chosen = ", ".join(f"{name}={mark.label(trial.values[name])}" for name, mark in search.marks.items())
            score = "" if trial.score is None else f"  {search.goal} {trial.score:.4g}"
            best = "  best so far" if search.best is trial else ""
            why = f"  {trial.error}" if trial.state == "diverged" and trial.error else ""
            text = f"{search.name}  trial {trial.number}  {trial.state}{score}  ({chosen}){best}{why}"
            print(text, file=self._stream or sys.stdout, flush=True)
