"""One trial of a search: what was chosen, how it went."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

STATES = ("running", "finished", "pruned", "stopped", "diverged", "failed")


@dataclass
class Trial:
    """`values` are what was chosen, by name; `curve` the goal after each epoch, as (epoch, value).

    `state` is "running", "finished", "pruned" (ended early, since others were better at that point), "stopped" (by
    hand), "diverged" (its goal was no number any more) or "failed"; `error` says why. `score` is the last value of
    the goal. `net` is the trained network of the best trial, and None for all others. `by_hand` is true where a person
    chose the values, `earlier` where the trial was read from disk, as after a restart of the kernel.

    >>> import dlcore as dl
    >>> found = dl.tune.search(lambda x: x * x, {"x": dl.tune.choice(2, 3)}, trials=8, seed=0, show=False)
    >>> trial = found.best
    >>> trial.values, trial.state, trial.score
    ({'x': 2}, 'finished', 4.0)
    """

    number: int
    values: dict[str, Any]
    state: str = "running"
    curve: list[tuple[int, float]] = field(default_factory=list)
    score: float | None = None
    seconds: float = 0.0
    error: str | None = None
    by_hand: bool = False
    earlier: bool = False
    net: Any = field(default=None, repr=False)

    def __repr__(self) -> str:
        chosen = ", ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in self.values.items())
        score = "" if self.score is None else f", score {self.score:.4g}"
        return f"<trial {self.number} {self.state}: {chosen}{score}>"
