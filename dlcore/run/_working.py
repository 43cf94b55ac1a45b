"""The side of a run that its work sees, on the run's own thread: what was asked, what came out, who is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._history import Branch
from ._known import forget_training
from ._listeners import Listeners
from ._mailbox import Letter, Mailbox
from ._pace import Pace
from ._ring import Elsewhere
from ._steer import Steering

if TYPE_CHECKING:
    from ._history import History
    from ._knobs import Value


class Event(NamedTuple):
    """Something that happened at a step: `kind` is "knob", "state", "epoch", "restore" or "note"; `data` says what.

    >>> import dlcore as dl
    >>> run = dl.run.prepare(dl.gluon.nn.Dense(1), (dl.np.ones((8, 2)), dl.np.ones((8, 1))), steps=2, batch=4)
    >>> run.set(lr=0.5)
    >>> run.start().wait().state
    'finished'
    >>> [(event.step, event.kind) for event in run.events]
    [(0, 'note'), (0, 'state'), (0, 'knob'), (2, 'epoch'), (2, 'state')]
    >>> run.events[2].data
    {'name': 'lr', 'value': 0.5, 'before': 0.01}
    """

    step: int
    seconds: float
    kind: str
    data: dict[str, Any]


class Working(Steering):
    """What `work(run)` calls, and what goes on around it; see `Run`."""

    history: History
    epochs: int
    traceback: TracebackType | None
    seconds: Any
    status: Callable[[], dict[str, Any]]

    def __init__(self, loop: Any = None) -> None:
        super().__init__(loop)
        self.events: list[Event] = []
        self._work: Callable[[Any], None] | None = None
        self._apply: Callable[[dict[str, Value]], None] | None = None
        self._state = "pending"
        self._pace = Pace()
        self._remote: dict[str, Any] = {}
        self._mailbox = Mailbox()
        self._hold = False
        self._halt = False
        self._ended = threading.Event()
        self._listeners = Listeners()
        self._scalars: list[tuple[str, int, Any]] = []

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

    def curves(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """What is recorded up to now on the way to here, thinned."""
        self.settle()
        return self.history.curves()

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
        self.history.branches = [Branch(*branch) for branch in payload["branches"]]
        self.history.branch = payload["branch"]
        if payload["snapshots"] is not None:
            self._ring = self._ring or Elsewhere()
            self._ring.tell(payload["snapshots"])
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
            forget_training(self)
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

    def turn(self, values: Mapping[str, Value]) -> None:
        """Put checked knob values in force now and note what changed; for work that is told them by another process."""
        before = self._knobs.values()
        changed = self._knobs.update(values)
        if not changed:
            return
        if self._apply is not None:
            self._apply(changed)
        self.log.append((self._step, dict(changed)))
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


def _trimmed(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the user's own line on, where there is one: the frames of dlcore above it say nothing."""
    below = trace
    while below is not None and _is_ours(below.tb_frame.f_globals.get("__name__")):
        below = below.tb_next
    return below or trace


def _is_ours(module: str | None) -> bool:
    """Whether a frame's module is dlcore's; the functions that are made of operator stanzas have no module at all."""
    return not module or module.startswith("dlcore.")
