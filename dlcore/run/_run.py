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

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from ._history import History
from ._knobs import Knobs
from ._listeners import Listener, Listeners
from ._mailbox import Letter, Mailbox
from ._pace import Pace
from ._steer import Steering

STATES = ("pending", "running", "paused", "stopped", "finished", "failed")
ENDED = ("stopped", "finished", "failed")


class Event(NamedTuple):
    """Something that happened at a step: `kind` is "knob", "state", "epoch", "restore" or "note"; `data` says what."""

    step: int
    seconds: float
    kind: str
    data: dict[str, Any]


class Run(Steering):
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
        knobs: Mapping[str, float] | None = None,
        apply: Callable[[dict[str, float]], None] | None = None,
        loop: Any = None,
    ) -> None:
        super().__init__(loop)
        self.name = name
        self.epochs = epochs
        self.epoch = 0
        self.steps_total = steps_total
        self.history = History()
        self.events: list[Event] = []
        self.net: Any = None  # the network that `train` gave it, until the end
        self.exception: BaseException | None = None
        self.traceback: TracebackType | None = None  # of the exception, from the user's line on
        self._work: Callable[[Run], None] | None = work
        self._apply = apply
        self._knobs = Knobs(knobs or {})
        self._state = "pending"
        self._pace = Pace()
        self._remote: dict[str, Any] = {}
        self._mailbox = Mailbox()
        self._hold = False
        self._halt = False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._listeners = Listeners()
        self._scalars: list[tuple[str, int, Any]] = []

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
    def knobs(self) -> dict[str, float]:
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
        _alive.add(self)
        if not any(known() is self for known in _known):
            _known.append(weakref.ref(self))
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

    def set(self, **knobs: float) -> None:
        """Change knobs from the next step on: `run.set(lr=0.01)`. Returns at once.

        Raises ValueError for a name that is not a knob or a value that is no number >= 0, RuntimeError after the end.
        """
        values = self._knobs.checked(knobs)
        if self.ended:
            raise RuntimeError(f"run {self.name!r} has {self.state}: {', '.join(knobs)} can no longer be changed")
        self._mailbox.post("set", **values)

    def wait(self, timeout: float | None = None) -> Run:
        """Sleep until the run is over and return it; with `timeout` (seconds) raise TimeoutError when it is not.

        An exception that ended the run is raised here, with the traceback of the place where it happened.
        """
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

    # ------------------------------------------------------------------ what the work calls, on the run's thread

    def begin(self) -> None:
        """The preparations are over and the first step is about to start: the clock runs from here."""
        self._pace.start()

    def boundary(self) -> bool:
        """Between two steps: do what was asked meanwhile, sleep through a pause. False means: end now."""
        self._obey(self._mailbox.take())
        while self._held() and not self._halt:
            self._pace.stop()
            self._set_state("paused")
            self._mailbox.wait()
            time.sleep(self._listeners.wait())
            self._obey(self._mailbox.take())
            self._tell("update")
        if self._state == "paused":
            self._set_state("running")
        if not self._halt:
            self._pace.start()
        self._tell_if_due()
        return not self._halt

    def halt(self) -> None:
        """End at the next boundary, as told by another process; the run is then called stopped."""
        self._halt = True

    def requests(self, timeout: float = 0.0) -> list[Letter]:
        """For work that relays: the requests since the last call, waiting up to `timeout` seconds for one.

        They are not acted on here, except that "stop" decides how the run is called at its end.
        """
        if timeout:
            self._mailbox.wait(timeout)
        letters = self._mailbox.take()
        self._halt = self._halt or any(letter.kind == "stop" for letter in letters)
        return letters

    def advance(self, samples: int, **scalars: Any) -> None:
        """One step is done: `samples` went through it and these scalars came out (floats, or 0-d arrays).

        Arrays are turned into numbers only when somebody is told, so that a device is not waited for at every step.
        """
        if self._fork is not None:
            self.history.fork(*self._fork)
            self._fork = None
        self._step += 1
        self._singles = max(0, self._singles - 1)
        self._pace.add(samples)
        for name, value in scalars.items():
            self._scalars.append((name, self._step, value))
        if len(self._scalars) > 256:
            self.settle()

    def record(self, **values: float) -> None:
        """Add a point at the present step to each named series."""
        self.settle()
        for name, value in values.items():
            self.history.append(name, self._step, float(value))

    def settle(self) -> None:
        """Turn the scalars of `advance` that are still waiting into points of the history."""
        scalars, self._scalars = self._scalars, []
        for name, step, value in scalars:
            self.history.append(name, step, float(value))

    def note(self, kind: str, **data: Any) -> None:
        """Add an event at the present step; what is noted for people to read (`text=`) is told at once."""
        self.events.append(Event(self._step, self.seconds, kind, data))
        if "text" in data and self.state in ("running", "paused"):
            self._tell("update")

    def absorb(self, payload: Mapping[str, Any]) -> None:
        """For work that relays: take over what a listener of the real run was told, in order, and tell it on."""
        for name, (_, steps, values) in payload["series"].items():
            self.history.extend(name, np.asarray(steps), np.asarray(values))
        self.events.extend(Event(*event) for event in payload["events"] if event[2] != "state")
        for key in ("step", "steps_total", "epoch", "epochs"):
            setattr(self, key, payload[key])
        self._knobs.update(payload["knobs"])
        self._remote = {key: payload[key] for key in ("seconds", "seconds_left", "samples_per_second")}
        if payload["state"] in ("running", "paused"):
            self._set_state(payload["state"])
        self._tell_if_due()

    # ------------------------------------------------------------------ inside

    def _main(self) -> None:
        try:
            self._set_state("running")
            assert self._work is not None
            self._work(self)
            state = "stopped" if self._halt else "finished"
        except BaseException as error:  # noqa: B036 - kept and raised again in whoever waits
            self.exception, self.traceback = error, _trimmed(error.__traceback__)
            state = "failed"
        self._pace.stop()
        try:
            self.settle()
            self._set_state(state, kind="end")
        finally:
            self._state = state
            self.let_go()
            self._work = self._apply = self.net = None  # so that keeping the run keeps no network alive
            _alive.discard(self)
            self._ended.set()

    def _obey(self, letters: list[Letter]) -> None:
        for letter in letters:
            if letter.kind == "set":
                self.turn(letter.value)
            elif letter.kind == "stop":
                self._halt = True
            elif letter.kind in ("pause", "resume"):
                self._hold, self._singles = letter.kind == "pause", 0
            else:
                self.steer(letter)

    def turn(self, values: dict[str, float]) -> None:
        """Put checked knob values in force now and note what changed; for work that is told them by another process."""
        before = self._knobs.values()
        changed = self._knobs.update(values)
        if not changed:
            return
        if self._apply is not None:
            self._apply(changed)
        self.log.append((self._step, changed))
        for name, value in changed.items():
            self.note("knob", name=name, value=value, before=before[name])

    def _set_state(self, state: str, kind: str = "state") -> None:
        if state != self._state:
            self._state = state
            self.note("state", state=state)
            self._tell(kind)

    def state_after_restore(self) -> None:
        """A run that has ended and went back is one that was stopped there."""
        if self._state == "stopped":
            self._tell("update")
        self._set_state("stopped")

    def _tell_if_due(self) -> None:
        if not self._listeners.wait():
            self._tell("update")

    def _tell(self, kind: str) -> None:
        self.settle()
        for text in self._listeners.tell(kind, self.status(), self.history, self.events):
            self.events.append(Event(self._step, self.seconds, "note", {"text": text}))

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
            "error": None if self.exception is None else _one_line(self.exception),
            **self.steering(),
        }


def _slice(deadline: float | None) -> float:
    """Sleep in short pieces: where an interrupt does not wake a sleeping lock, it is seen after one of them."""
    return 0.2 if deadline is None else max(0.0, min(0.2, deadline - time.monotonic()))


def _one_line(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0]}" if text else type(error).__name__


def _trimmed(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the user's own line on, where there is one: the frames of dlcore above it say nothing."""
    below = trace
    while below is not None and _is_ours(below.tb_frame.f_globals.get("__name__")):
        below = below.tb_next
    return below or trace


def _is_ours(module: str | None) -> bool:
    """Whether a frame's module is dlcore's; the functions that are made of operator stanzas have no module at all."""
    return not module or module.startswith("dlcore.")


_alive: weakref.WeakSet[Run] = weakref.WeakSet()
_known: list[weakref.ref[Run]] = []


def runs() -> list[Run]:
    """The runs of this process that were started and that somebody still holds, oldest first."""
    _known[:] = [known for known in _known if known() is not None]
    return [run for known in _known if (run := known()) is not None]


def training(net: Any) -> Run | None:
    """The run that is training `net` now, or None."""
    return next((run for run in list(_alive) if run.net is net), None)


@atexit.register
def _stop_all() -> None:
    """A program that ends first stops its background runs at a step boundary: a thread must not be cut in a kernel."""
    runs = list(_alive)
    for run in runs:
        run.stop()
    for run in runs:
        run._ended.wait(10.0)
