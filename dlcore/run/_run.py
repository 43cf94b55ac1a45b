"""One training run as an object: its state, its thread, its knobs, what it recorded, and who is told.

A `Run` does not train. It is given `work`, a function that does, calls it on a thread of its own, and stands between
that function and everybody else. There are two sides:

- anybody, from any thread: read `state`, `step`, `history`, `knobs` ...; ask with `pause`, `resume`, `stop`, `set`;
  `wait` for the end; be told with `add_listener`.
- `work(run)`, on the run's thread: `begin`, then `boundary` before every step, `advance` after it, `record`, `note`.

Two kinds of `work` exist. `TrainingLoop` trains in this process. A launcher that trains in worker processes gives a
`work` that relays instead: it starts its workers, calls `requests` a few times a second and sends on what it returns,
and hands every payload that comes from the first worker's own run (its listeners get them) to `absorb`. The same
charts then follow either kind, because both are the same class.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from dlcore._arguments import look

from ._history import History
from ._knobs import WORDS, Knobs, Value
from ._known import remember
from ._listeners import Listener
from ._working import Working

STATES = ("pending", "running", "paused", "stopped", "finished", "failed")
ENDED = ("stopped", "finished", "failed")


class Run(Working):
    """One training run.

    Parameters: `work`, called as `work(run)` on the run's own thread; `name`, shown on charts; `epochs`;
    `steps_total`, None where it is not known beforehand; `knobs`, the numbers that may change while it runs;
    `apply`, called on the run's thread with the knobs that changed, between two steps; `loop`, the `TrainingLoop`
    that can take and restore snapshots, where the run trains in this process.

    >>> def work(run):
    ...     run.begin()
    ...     for step in range(3):
    ...         if not run.boundary():
    ...             return
    ...         run.advance(samples=8, loss=1.0 / (step + 1))
    >>> run = Run(work, name="example", steps_total=3).start()
    >>> run.wait().state
    'finished'
    >>> run.history.series("loss")[1].tolist()
    [1.0, 0.5, 0.3333333333333333]
    """

    def __init__(
        self,
        work: Callable[[Run], None],
        *,
        name: str = "run",
        epochs: int = 1,
        steps_total: int | None = None,
        knobs: Mapping[str, Value] | None = None,
        apply: Callable[[dict[str, Value]], None] | None = None,
        loop: Any = None,
    ) -> None:
        super().__init__(loop)
        self._work, self._apply = work, apply
        self.name = name
        self.epochs = epochs
        self.epoch = 0
        self.steps_total = steps_total
        self.history = History()
        self.net: Any = None  # the network that `train` gave it, until the end
        self.exception: BaseException | None = None
        self.traceback: TracebackType | None = None  # of the exception, from the user's line on
        self._knobs = Knobs(knobs or {})
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------------ what anybody may read

    @property
    def state(self) -> str:
        """One of "pending", "running", "paused", "stopped", "finished", "failed"."""
        return self._state

    @property
    def ended(self) -> bool:
        """True once the run is over, whatever the reason."""
        return self._state in ENDED

    @property
    def knobs(self) -> dict[str, Any]:
        """The values now in force, by name. Change them with `set`."""
        return self._knobs.values()

    @property
    def samples_per_second(self) -> float:
        """Over the last few seconds of running time."""
        return self._remote["samples_per_second"] if self._remote else self._pace.rates()[0]

    @property
    def seconds(self) -> float:
        """Running time so far, pauses left out."""
        return self._remote["seconds"] if self._remote else self._pace.seconds()

    @property
    def seconds_left(self) -> float | None:
        """Expected running time to the end, None where it cannot be told."""
        if self._remote:
            return self._remote["seconds_left"]
        rate = self._pace.rates()[1]
        if self.ended or not rate or self.steps_total is None:
            return None
        return (self.steps_total - self.step) / rate

    def __repr__(self) -> str:
        of = "" if self.steps_total is None else f" of {self.steps_total:,}"
        parts = [f"Run {self.name!r} {self.state}", f"step {self.step:,}{of}", f"epoch {self.epoch}/{self.epochs}"]
        parts += [f"{name} {value:.4g}" for name in self.history if (value := self.history.last(name)) is not None]
        if self.exception is not None:
            parts.append(f"{_one_line(self.exception)} (wait() shows where)")
        return f"<{', '.join(parts)}>"

    # ------------------------------------------------------------------ what anybody may ask

    def start(self) -> Run:
        """Begin on a thread of its own and return at once. Raises RuntimeError when it was started before."""
        if self._thread is not None:
            raise RuntimeError(f"run {self.name!r} was started before; make a new one to train again")
        self._thread = threading.Thread(target=self._main, name=f"dlcore run {self.name}", daemon=True)
        remember(self)
        self._thread.start()
        return self

    def revive(self, loop: Any) -> None:
        """Train on with the loop of a run that has ended."""
        self._mailbox.take()  # what was asked of the run that had ended
        self._loop = self._work = loop
        self._apply, self.net = loop.turn, loop.net
        self._hold = self._halt = False
        self.exception = self.traceback = None
        self._ended.clear()
        self._thread = None
        self.start()

    def pause(self) -> None:
        """Hold at the next step boundary until `resume`. Returns at once."""
        self._mailbox.post("pause")

    def resume(self) -> None:
        """Go on after `pause`, or train on after the end or after `restore`. Returns at once."""
        if self.ended and self.revived():
            return
        self._mailbox.post("resume")

    def stop(self) -> None:
        """End at the next step boundary, with the network as it is then. Returns at once."""
        self._mailbox.post("stop")

    def set(self, **knobs: Value) -> None:
        """Change knobs from the next step on: `run.set(lr=0.01, schedule="cosine")`. Returns at once.

        Raises ValueError for a name that is not a knob or a value that it cannot have, RuntimeError after the end.
        """
        values = self._knobs.checked(knobs)
        if self.ended:
            raise RuntimeError(f"run {self.name!r} has {self.state}: {', '.join(knobs)} can no longer be changed")
        self._mailbox.post("set", **values)

    def wait(self, timeout: float | None = None) -> Run:
        """Sleep until the run is over and return it; with `timeout` (seconds) raise TimeoutError when it is not.

        An exception that ended the run is raised here, with the traceback of the place where it happened.
        """
        look("Run.wait", Run.wait, {"timeout": timeout})
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._ended.wait(_slice(deadline)):
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(f"run {self.name!r} is still {self.state} after {timeout} s, at step {self.step}")
        if self.exception is not None:
            # With its own traceback each time, which would otherwise grow with every wait.
            raise self.exception.with_traceback(self.traceback)
        return self

    def wait_for_end(self, timeout: float) -> bool:
        """Sleep until the run is over, whatever ended it; False when it is not within `timeout` seconds."""
        return self._ended.wait(timeout)

    def add_listener(self, listener: Listener) -> None:
        """Call `listener(kind, payload)` from the run's thread, at most 20 times a second and at every change of state.

        `kind` is "update", "state" (the state changed) or "end" (the last call). `payload` has the keys state, name,
        step, steps_total, epoch, epochs, seconds, seconds_left, samples_per_second, knobs, error, `events` (the new
        ones; `first_event` is the number of the first) and `series`: name -> (number of the first point, int64 steps,
        float64 values), the points since the call before. A listener that raises is dropped; the run goes on.
        """
        self._listeners.add(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling `listener`; unknown ones are ignored."""
        self._listeners.remove(listener)

    def status(self) -> dict[str, Any]:
        """Where the run stands, as plain values: the payload of a listener without events and series."""
        return {
            "name": self.name,
            "state": self.state,
            "step": self._step,
            "steps_total": self.steps_total,
            "epoch": self.epoch,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "seconds_left": self.seconds_left,
            "samples_per_second": self.samples_per_second,
            "knobs": self.knobs,
            "words": {name: list(WORDS[name]) for name in self.knobs if name in WORDS},
            "error": None if self.exception is None else _one_line(self.exception),
            **self.steering(),
        }


def _slice(deadline: float | None) -> float:
    """Sleep in short pieces: where an interrupt does not wake a sleeping lock, it is seen after one of them."""
    return 0.2 if deadline is None else max(0.0, min(0.2, deadline - time.monotonic()))


def _one_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__
