"""A search: trials one after another or several at once, stopped and continued, told to whoever listens."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from dlcore._arguments import look
from dlcore.run._place import own_generator

from ._best import BestNetwork
from ._marks import Mark
from ._study import Study
from ._trial import Trial

Listener = Callable[["Search"], None]
SCORE = "score"  # the goal of a search that trains no network
SAME = 3  # so many trials in a row that raise end the search


class Search:
    """What `search` returns: the trials so far, and what may be asked while it goes on. Safe from any thread.

    >>> import dlcore as dl
    >>> found = dl.tune.search(lambda x: x * x, {"x": dl.tune.choice(-1, 0, 3)}, trials=12, seed=0, show=False)
    >>> found.state, found.best.values
    ('finished', {'x': 0})
    """

    def __init__(
        self, bench: Any, marks: Mapping[str, Mark], study: Study, trials: int, workers: int, **about: Any
    ) -> None:
        self.name: str = about["name"]
        self.goal: str = about["goal"]
        self.maximize: bool = about["maximize"]
        self.marks = dict(marks)
        self.trials: list[Trial] = list(about.get("before", ()))
        self.wanted = max(trials, len(self.trials))
        self.exception: BaseException | None = None
        self._seed: int = about["seed"]
        self._bench, self._study, self._workers = bench, study, workers
        self._kept: BestNetwork | None = about.get("kept")
        self._state = "pending"
        self._halt = False
        self._hold = False
        self._begun = len(self.trials)
        self._failures = 0
        self._lock = threading.RLock()
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._listeners: list[Listener] = []
        self.code: Callable[[Mapping[str, Any]], str] | None = None  # writes the cell it came from with chosen values

    # ------------------------------------------------------------------ what anybody may read

    @property
    def state(self) -> str:
        """One of "pending", "running", "paused", "stopped", "finished", "failed"."""
        return "paused" if self._state == "running" and self._hold else self._state

    @property
    def ended(self) -> bool:
        """True while nothing runs, after the start."""
        return self._state in ("stopped", "finished", "failed")

    @property
    def best(self) -> Trial | None:
        """The finished trial with the best score, the earlier of equals; None before there is one."""
        done = [trial for trial in list(self.trials) if trial.state == "finished" and trial.score is not None]
        sign = -1.0 if self.maximize else 1.0
        return min(done, key=lambda trial: (sign * float(trial.score or 0.0), trial.number), default=None)

    def importance(self) -> dict[str, float]:
        """How much of the differences in score each mark explains, in shares of 1; empty before it can be told."""
        return self._study.importance()

    def frame(self) -> Any:
        """The trials as a pandas DataFrame: number, state, the goal, a column for each mark, epochs, seconds."""
        try:
            import pandas
        except ImportError:
            raise ImportError("frame() needs pandas, which is not installed: pip install 'dlcore[tune]'") from None
        rows = [
            {
                "trial": trial.number,
                "state": trial.state,
                self.goal: math.nan if trial.score is None else trial.score,
                **{name: _plain(mark, trial.values[name]) for name, mark in self.marks.items()},
                "epochs": len(trial.curve),
                "seconds": trial.seconds,
            }
            for trial in list(self.trials)
        ]
        columns = ["trial", "state", self.goal, *self.marks, "epochs", "seconds"]
        return pandas.DataFrame(rows, columns=columns).set_index("trial")

    def best_code(self) -> str:
        """The cell of the search with the best values in the place of its marks, or those values alone."""
        best = self.best
        if best is None:
            raise RuntimeError(f"search {self.name!r} has no finished trial yet")
        if self.code is not None:
            return self.code(best.values)
        return "".join(f"{name} = {_source(best.values[name])}\n" for name in self.marks)

    def __repr__(self) -> str:
        trials = list(self.trials)
        ends = {state: sum(trial.state == state for trial in trials) for state in ("pruned", "diverged", "failed")}
        more = "".join(f", {count} {state}" for state, count in ends.items() if count)
        text = f"<Search {self.name!r} {self.state}, {len(trials)} of {self.wanted} trials{more}"
        best = self.best
        if best is not None:
            chosen = ", ".join(f"{name}={mark.label(best.values[name])}" for name, mark in self.marks.items())
            text += f"; best {self.goal} {best.score:.4g} in trial {best.number}: {chosen}"
        return f"{text}>"

    # ------------------------------------------------------------------ what anybody may ask

    def start(self) -> Search:
        """Begin, on threads of its own, and return at once."""
        with self._lock:
            if self._threads:
                return self
            self._halt, self._failures, self.exception = False, 0, None
            self._hold = False
            self._ended.clear()
            self._state = "running"
            self._bench.begin()
            count = max(1, min(self._workers, self.wanted - self._begun))
            self._threads = [
                threading.Thread(target=self._main, name=f"dlcore search {self.name} {n}", daemon=True)
                for n in range(count)
            ]
            for thread in self._threads:
                thread.start()
        self._tell()
        return self

    def pause(self) -> None:
        """Begin no new trial until `resume`, and hold those of this process after their epoch. Returns at once."""
        self._hold = True
        self._tell()

    def stop(self) -> None:
        """End what is training at its next step boundary and begin nothing new. Returns at once."""
        self._halt = True
        self._bench.stop()

    def resume(self, trials: int = 0) -> Search:
        """Go on after `pause`, `stop` or the end, with so many trials more. Returns at once."""
        if isinstance(trials, bool) or int(trials) != trials or trials < 0:
            raise ValueError(f"resume: expected a whole number of trials >= 0, got {trials!r}")
        self._hold = False
        return self._more(int(trials))

    def _more(self, trials: int) -> Search:
        if not self.ended and self._state != "pending":
            with self._lock:
                self.wanted += trials
            self._tell()
            return self
        self.wait_for_end(60)
        self.wanted += trials
        return self.start() if self.wanted > self._begun else self

    def attempt(self, **values: Any) -> Search:
        """Have these values tried next, also after the end; those that are left out are proposed. Returns at once.

        Raises ValueError for a name or a value that the marks do not allow.
        """
        for name, value in values.items():
            if name not in self.marks:
                raise ValueError(f"attempt: there is no mark {name!r}; there are {', '.join(self.marks)}")
            try:
                self.marks[name].stored(value)
            except ValueError as error:
                raise ValueError(f"attempt: {name}: {error}") from None
        self._study.enqueue(values)
        if self.ended:
            self.wanted = self._begun
        return self._more(1)

    def wait(self, timeout: float | None = None) -> Search:
        """Sleep until nothing runs any more and return the search. An exception that ended it is raised here."""
        look("Search.wait", Search.wait, {"timeout": timeout})
        until = None if timeout is None else time.monotonic() + timeout
        while not self._ended.wait(0.2):
            if until is not None and time.monotonic() >= until:
                raise TimeoutError(f"search {self.name!r} is still {self.state} after {timeout} s")
        if self.exception is not None:
            raise self.exception
        return self

    def wait_for_end(self, timeout: float) -> bool:
        """Sleep until nothing runs any more, whatever ended it; False when it is not within `timeout` seconds."""
        return self._state == "pending" or self._ended.wait(timeout)

    def add_listener(self, listener: Listener) -> None:
        """Call `listener(search)` after every change, from the search's threads. One that raises is dropped."""
        self._listeners.append(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling `listener`; unknown ones are ignored."""
        if listener in self._listeners:
            self._listeners.remove(listener)

    # ------------------------------------------------------------------ on the search's threads

    def _main(self) -> None:
        try:
            while (trial := self._next()) is not None:
                self._do(trial)
            self._bring_back()
        except BaseException as error:  # raised again in whoever waits
            self.exception = self.exception or error
            self._halt = True
        self._leave()

    def _next(self) -> Trial | None:
        while self._hold and not self._halt:
            time.sleep(0.05)
        with self._lock:
            if self._halt or self._begun >= self.wanted:
                return None
            self._begun += 1
            number, values, by_hand = self._study.propose()
            trial = Trial(number, values, by_hand=by_hand)
            self.trials.append(trial)
        self._tell()
        return trial

    def _do(self, trial: Trial) -> None:
        begun = time.monotonic()
        ways: list[str] = []  # why it was ended before its time

        def judge(epoch: int, value: float) -> bool:
            trial.curve.append((epoch, value))
            trial.seconds = time.monotonic() - begun
            if not math.isfinite(value):
                ways.append("diverged")
            elif not self._study.worth_it(trial.number, epoch, value):
                ways.append("pruned")
            self._tell()
            while self._hold and not ways and not self._halt:
                time.sleep(0.05)
            return not ways and not self._halt

        try:
            score, net = self._bench.do(trial.number, trial.values, self._seed_of(trial.number), judge)
            state = ways[0] if ways else "stopped" if self._halt else "finished" if math.isfinite(score) else "diverged"
            error = None
        except Exception as raised:
            state, score, net, error = "failed", math.nan, None, raised
        trial.seconds = time.monotonic() - begun
        self._close(trial, state, score, net, error)

    def _close(self, trial: Trial, state: str, score: float, net: Any, error: Exception | None) -> None:
        reason = self._bench.reasons.pop(trial.number, None)
        trial.error = reason if error is None else f"{type(error).__name__}: {error}"
        self._study.tell(trial, state, score)
        with self._lock:
            before = self.best
            trial.state, trial.score = state, score if math.isfinite(score) else None
            if self.best is trial:  # one network is kept: that of the best
                trial.net = net
                if before is not None:
                    before.net = None
            self._failures = self._failures + 1 if error is not None else 0
            if error is not None and (self._failures >= SAME or len(self.trials) == self._failures):
                self.exception, self._halt = error, True
        self._keep(trial)
        self._tell()

    def _keep(self, trial: Trial) -> None:
        """Write the network of a trial to disk if it is the best."""
        if self._kept is not None and trial.net is not None:
            self._kept.write(trial, lambda: self.best is trial)

    def fetch(self) -> None:
        """Give the best trial its network back, where that was kept on disk: it has the weights that it had."""
        best = self.best
        if self._kept is not None and best is not None and best.net is None and self.goal != SCORE:
            with own_generator((self._seed_of(best.number), 0)):
                best.net = self._kept.read(best, lambda: self._bench.made(best.values)[0])

    def _bring_back(self) -> None:
        """Train the best trial again, the same to the bit, where only its figures were on disk."""
        with self._lock:
            best = self.best
            if self._halt or best is None or not best.earlier or best.net is not None or self.goal == SCORE:
                return
            best.earlier = False  # other threads need not do it as well
        self._tell()
        _, net = self._bench.do(best.number, best.values, self._seed_of(best.number), lambda *_: not self._halt)
        with self._lock:
            if self._halt:
                best.earlier = True
            elif self.best is best:
                best.net = net
        self._keep(best)

    def _leave(self) -> None:
        with self._lock:
            self._threads.remove(threading.current_thread())
            if self._threads:
                return
            done = self._begun >= self.wanted and not self._halt
            self._hold = False
            self._state = "failed" if self.exception is not None else "finished" if done else "stopped"
        self._tell()
        self._ended.set()

    def _seed_of(self, number: int) -> int:
        """Where the random numbers of a trial begin: decided by the search's seed and the trial's number alone."""
        word = hashlib.sha256(f"{self._seed} {number}".encode()).digest()
        return int.from_bytes(word[:7], "little")

    def _tell(self) -> None:
        for listener in list(self._listeners):
            try:
                listener(self)
            except Exception:  # whatever a display does, the search goes on
                self.remove_listener(listener)


def _plain(mark: Mark, value: Any) -> Any:
    return value if value is None or isinstance(value, (bool, int, float, str)) else mark.label(value)


def _source(value: Any) -> str:
    named = getattr(value, "__name__", None)
    return named if isinstance(named, str) else repr(value)
