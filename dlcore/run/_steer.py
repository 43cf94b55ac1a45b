"""The part of a run that goes back: snapshots, single steps, branches, and going on after the end."""

from __future__ import annotations

import os
import re
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcore._folders import runs_here

from ._code import Recipe
from ._mailbox import Letter, Mailbox
from ._ring import Elsewhere, Snapshots
from ._snapshot import Snapshot

if TYPE_CHECKING:
    from ._history import History
    from ._knobs import Knobs

KEPT = "_last_loop"


class StepCount(int):
    """How many steps are done, a number; called, it does single steps: `run.step(3)`."""

    run: Any

    def __call__(self, count: int = 1) -> Any:
        """Do `count` steps and hold again. Returns the run when they are done, or when the run has ended.

        Raises RuntimeError after the end, ValueError for a count below 1.
        """
        return self.run.single_steps(count)


class Reply:
    """What whoever asked is waiting for."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.value: Any = None
        self.error: Exception | None = None


class Kept:
    """Holds a loop for as long as its network lives; copies and pickles of the network go without."""

    def __init__(self, loop: Any = None) -> None:
        self.loop = loop

    def __reduce__(self) -> Any:
        return Kept, ()


class Steering:
    """What `Run` can do beyond going on: see the methods. Only runs that train in this process go back."""

    name: str
    epoch: int
    state: Any
    ended: Any
    net: Any
    history: History
    steps_total: int | None
    exception: BaseException | None
    _knobs: Knobs
    _mailbox: Mailbox
    _ended: threading.Event

    def __init__(self, loop: Any = None) -> None:
        self._step = 0
        self._loop: Any = loop
        self._weak: Any = None
        self._ring: Any = None if loop is None else loop.snapshots
        self._singles = 0  # steps that may be done although the run holds
        self._fork: tuple[int, int] | None = None  # the branch and step that the next step leaves
        self.log: list[tuple[int, dict[str, Any]]] = []  # knobs turned on the way to here: step, changed values
        self.recipe: Recipe | None = None
        self._start: Snapshot | None = None

    @property
    def step(self) -> Any:
        """How many steps are done; `run.step(n)` does n single steps and holds again."""
        count = StepCount(self._step)
        count.run = self
        return count

    @step.setter
    def step(self, value: int) -> None:
        self._step = int(value)

    @property
    def snapshots(self) -> Snapshots | Elsewhere:
        """The points in memory to which the run can go back; where they are the workers', their steps and branches.

        Raises RuntimeError for a run that has none because nothing was told of it yet.
        """
        if self._ring is None:
            raise RuntimeError(f"Run {self.name}: it trains elsewhere, and nothing can be known of its snapshots yet")
        return self._ring

    # ------------------------------------------------------------------ what anybody may ask

    def restore(self, step: int, branch: int | None = None, wait: bool = True) -> Snapshot | None:
        """Go back to the snapshot nearest to `step`: network, optimizer, random state, data and knobs are as then.

        A run that is going goes on from there in a new branch; a paused one stays paused; one that has ended trains on
        after `resume()`. Returns the snapshot when it is done, or None at once with `wait=False`.
        Raises ValueError when there is none, RuntimeError when the network is gone.

        >>> import numpy, dlcore as dl
        >>> net = dl.gluon.nn.Dense(1)
        >>> data = numpy.ones((8, 2), "float32"), numpy.ones((8, 1), "float32")
        >>> run = dl.run.train(net, data, epochs=3, batch=4, seed=0, snapshot_every=2, show=False)
        >>> run.restore(2).step, run.step
        (2, 2)
        """
        self.snapshots.nearest(step, branch)  # an error of the asker is raised where he asks
        return self._ask("restore", wait, step=int(step), branch=branch)

    def pin(self, step: int | None = None, path: str | os.PathLike[str] | None = None) -> str:
        """Keep a snapshot for good: the nearest to `step`, or the present step; returns the file it was written to.

        It is never thinned out, and `train(..., resume=file)` goes on from it, in this process or a later one.
        """
        if isinstance(self._ring, Elsewhere):
            raise RuntimeError(f"run {self.name!r} trains in worker processes: its snapshots cannot be pinned")
        if step is not None:
            self.snapshots.nearest(step)
        snapshot = self._ask("pin", True, step=step)
        target = folder(self.name) / f"step-{snapshot.step}.safetensors" if path is None else Path(path)
        snapshot.path = snapshot.save(target)
        run: Any = self
        run.note("pin", to=snapshot.step, path=snapshot.path)
        return snapshot.path

    def single_steps(self, count: int = 1, wait: bool = True) -> Any:
        """What `run.step(count)` does."""
        if isinstance(count, bool) or int(count) != count or count < 1:
            raise ValueError(f"step: expected a whole number of steps >= 1, got {count!r}")
        self.snapshots  # noqa: B018 - raises where nothing can be stepped
        if self.ended:
            raise RuntimeError(f"run {self.name!r} has {self.state}; resume() trains on")
        self._ask("step", wait, count=int(count))
        until, target = time.monotonic() + 3600, self._step + int(count)
        elsewhere = isinstance(self._ring, Elsewhere)
        while (
            wait
            and not self._ended.is_set()
            and (self._singles or self.state != "paused" or (elsewhere and self._step < target))
        ):
            if threading.current_thread() is getattr(self, "_thread", None) or time.monotonic() > until:
                break
            time.sleep(0.002)
        return self

    def to_code(self) -> str:
        """Python cells that repeat this run without hands, to the bit: its beginning, and each knob at its step.

        The state at the beginning is written to a file that the cells name. Cells are divided by lines of `# %%`.
        """
        if self.recipe is None or self._start is None:
            raise RuntimeError(f"run {self.name!r} cannot be written as code: it has no snapshot of its beginning")
        path, whole = self._write_start(self._start), self.state == "finished"
        return self.recipe.code(path, self.log, self._start.step, self._step, whole)

    def trained(self, net: Any) -> bool:
        """Whether this run trains or has trained `net`, and could train it on."""
        loop = self._loop or self._still()
        return loop is not None and loop.net is net

    @property
    def orphaned(self) -> bool:
        """Whether the run has ended and its network is gone: it can be looked at, and not trained on."""
        return bool(self.ended) and self._loop is None and self._weak is not None and self._still() is None

    def spill(self) -> None:
        """Let go of the arrays of a run whose network is gone; its beginning is written to disk, for `to_code`."""
        if self._ring is not None:
            self._ring.clear()
        if self.recipe is not None and self._start is not None:
            self._write_start(self._start)
            self._start.arrays = {}

    def free(self) -> None:
        """Let snapshots and what is needed to train on go; history and events stay."""
        if self._ring is not None:
            self._ring.clear()
        self._start = self._weak = None

    # ------------------------------------------------------------------ on the run's thread

    def forget_snapshots(self) -> None:
        """For work that relays: the workers let theirs go."""
        if self._ring is not None:
            self._ring.clear()

    def branch_to_be(self) -> int:
        """The branch on which the run stands: where it has just gone back, that of the snapshot."""
        return self.history.branch if self._fork is None else self._fork[0]

    def began_at(self, snapshot: Snapshot) -> None:
        """The first snapshot is the beginning."""
        self._start = self._start or snapshot

    def steer(self, letter: Letter) -> None:
        """Act on a letter of this part, between two steps."""
        reply: Reply = letter.value["reply"]
        try:
            if letter.kind == "restore":
                reply.value = self._go_back(letter.value["step"], letter.value["branch"])
            elif letter.kind == "pin":
                step = letter.value["step"]
                reply.value = self._loop.capture(self) if step is None else self.snapshots.nearest(step)
                reply.value.pinned = True
                self.snapshots.version += 1
            elif letter.kind == "step":
                self._hold = True
                self._singles += letter.value["count"]
        except Exception as error:  # told to whoever asked; the run goes on
            reply.error = error
        reply.done.set()

    def steering(self) -> dict[str, Any]:
        """What a chart needs of this part."""
        ring = self._ring
        return {
            "branches": [list(branch) for branch in self.history.branches],
            "branch": self.history.branch,
            "snapshots": None if ring is None else [[s.step, s.branch, s.pinned] for s in ring],
            "pins": not isinstance(ring, Elsewhere),
        }

    def let_go(self) -> None:
        """At the end: the loop stays with its network, so that it lives as long as that and no longer."""
        if self._loop is not None and hasattr(self._loop.net, "__dict__"):
            self._loop.net.__dict__[KEPT] = Kept(self._loop)
            self._weak = weakref.ref(self._loop)
        self._loop = None

    def revived(self) -> bool:
        """Start an ended run again, if its network still lives."""
        loop = self._still()
        if loop is None:
            return False
        run: Any = self
        run.revive(loop)
        return True

    # ------------------------------------------------------------------ inside

    def _write_start(self, start: Snapshot) -> str:
        if start.path is None:
            start.path = start.save(folder(self.name) / f"start-{os.getpid()}-{id(start):x}.safetensors")
        return start.path

    def _held(self) -> bool:
        return bool(self._hold) and not self._singles

    def _still(self) -> Any:
        return self._weak() if self._weak is not None else None

    def _ask(self, kind: str, wait: bool, **value: Any) -> Any:
        """Have something done between two steps; on an ended run, now."""
        reply = Reply()
        letter = Letter(kind, {**value, "reply": reply})
        if isinstance(self._ring, Elsewhere):
            return self._ask_workers(kind, wait, value)
        if not self.ended and self.state != "pending":
            self._mailbox.post(kind, **letter.value)
            if not wait or threading.current_thread() is getattr(self, "_thread", None):
                return None
            while not reply.done.wait(0.05):
                if self._ended.is_set():
                    break
        if not reply.done.is_set():
            self._loop = self._loop or self._still()
            if self._loop is None:
                raise RuntimeError(f"Run {self.name}: its network is gone, so there is nothing to go back with")
            try:
                self.steer(letter)
            finally:
                if self.ended:
                    self._loop = None
        if reply.error is not None:
            raise reply.error
        return reply.value

    def _ask_workers(self, kind: str, wait: bool, value: dict[str, Any]) -> Any:
        """Have the workers do it; it is done when they say that something was restored."""
        if self.ended:
            raise RuntimeError(f"run {self.name!r} has {self.state}, and the snapshots of its workers are gone")
        run: Any = self
        before = sum(event.kind == "restore" for event in list(run.events))
        self._mailbox.post(kind, **value)
        while wait and kind == "restore" and not self._ended.wait(0.02):
            if sum(event.kind == "restore" for event in list(run.events)) > before:
                break
        return None if kind != "restore" else self.snapshots.nearest(value["step"], value["branch"])

    def _go_back(self, step: int, branch: int | None) -> Snapshot:
        snapshot: Snapshot = self._ring.nearest(step, branch)
        self.go_to(snapshot)
        return snapshot

    def go_to(self, snapshot: Snapshot, new: bool = False) -> None:
        """Be where `snapshot` was taken; `new` when it comes from another run."""
        run: Any = self
        run.settle()
        self._loop.go_back(snapshot)
        about = snapshot.about
        left = self._step
        self._knobs.update(about["knobs"])
        self.log = [(step, dict(knobs)) for step, knobs in about["log"]]
        self._step, self.epoch = snapshot.step, about["epoch"]
        self.steps_total = about["steps_total"]
        if new:
            return
        tip = self.branch_to_be(), left
        if (snapshot.branch, snapshot.step) != tip:
            self._fork = (snapshot.branch, snapshot.step)
        run.note("restore", left=left, to=snapshot.step, branch=snapshot.branch)
        self.exception = run.traceback = None
        if self.ended:
            run.state_after_restore()


def folder(name: str) -> Path:
    """Where the snapshots of runs of this name are written that were started in this working directory.

    >>> folder("lenet").name.startswith("lenet")
    True
    """
    plain = re.sub(r"[^\w.-]+", "_", name).strip(".") or "run"
    return runs_here() / plain
