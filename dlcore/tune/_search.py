"""A search: trials one after another or several at once, stopped and continued, told to whoever listens."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np

from dlcore._hooks import HOOKS, hook

from ._bench import Bench, is_setting, rises
from ._marks import Mark
from ._study import PRUNERS, SAMPLERS, Study
from ._trial import Trial

Listener = Callable[["Search"], None]
Show = Callable[["Search"], Any] | Literal[False] | None
SAME = 3  # so many trials in a row that raise end the search


class Search:
    """What `search` returns: the trials so far, and what may be asked while it goes on. Safe from any thread."""

    def __init__(
        self, bench: Any, marks: Mapping[str, Mark], study: Study, trials: int, workers: int, **about: Any
    ) -> None:
        self.name: str = about["name"]
        self.goal: str = about["goal"]
        self.maximize: bool = about["maximize"]
        self.marks = dict(marks)
        self.trials: list[Trial] = []
        self.wanted = trials
        self.exception: BaseException | None = None
        self._seed: int = about["seed"]
        self._bench, self._study, self._workers = bench, study, workers
        self._state = "pending"
        self._halt = False
        self._begun = 0
        self._failures = 0
        self._lock = threading.RLock()
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self._listeners: list[Listener] = []
        self.code: Callable[[Mapping[str, Any]], str] | None = None  # writes the cell it came from with chosen values

    # ------------------------------------------------------------------ what anybody may read

    @property
    def state(self) -> str:
        """ "pending", "running", "stopped", "finished" or "failed"."""
        return self._state

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

    def stop(self) -> None:
        """End what is training at its next step boundary and begin nothing new. Returns at once."""
        self._halt = True
        self._bench.stop()

    def resume(self, trials: int = 0) -> Search:
        """Go on after `stop` or the end, with so many trials more. Returns at once."""
        if isinstance(trials, bool) or int(trials) != trials or trials < 0:
            raise ValueError(f"resume: expected a whole number of trials >= 0, got {trials!r}")
        if not self.ended and self._state != "pending":
            with self._lock:
                self.wanted += int(trials)
            return self
        self.wait_for_end(60)
        self.wanted = max(self.wanted, self._begun) + int(trials)
        return self.start() if self.wanted > self._begun else self

    def attempt(self, **values: Any) -> Search:
        """Have these values tried next, by hand; those that are left out are proposed. Returns at once.

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
        return self.resume(1)

    def wait(self, timeout: float | None = None) -> Search:
        """Sleep until nothing runs any more and return the search. An exception that ended it is raised here."""
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
        except BaseException as error:  # raised again in whoever waits
            self.exception = self.exception or error
            self._halt = True
        self._leave()

    def _next(self) -> Trial | None:
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
        self._study.tell(trial.number, state, score)
        with self._lock:
            before = self.best
            trial.state, trial.score = state, score if math.isfinite(score) else None
            trial.error = None if error is None else f"{type(error).__name__}: {error}"
            if self.best is trial:  # one network is kept: that of the best
                trial.net = net
                if before is not None:
                    before.net = None
            self._failures = self._failures + 1 if error is not None else 0
            if error is not None and (self._failures >= SAME or len(self.trials) == self._failures):
                self.exception, self._halt = error, True
        self._tell()

    def _leave(self) -> None:
        with self._lock:
            self._threads.remove(threading.current_thread())
            if self._threads:
                return
            done = self._begun >= self.wanted and not self._halt
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


def search(
    make: Callable[..., Any],
    space: Mapping[str, Mark],
    data: Any = None,
    val: Any = None,
    trials: int = 20,
    epochs: int = 3,
    goal: str | None = None,
    maximize: bool | None = None,
    workers: int = 1,
    processes: bool = False,
    sampler: str = "tpe",
    prune: str = "median",
    seed: int | None = None,
    name: str | None = None,
    show: Show = None,
    background: bool = False,
    **settings: Any,
) -> Search:
    """Train networks with settings that Optuna proposes, and return the search with its trials.

    - `make`: a function that returns the network, or (network, settings for its training), or a score by itself. It is
      called with the chosen values that it takes; the others must be arguments of `dlcore.run.train` (lr, wd, batch).
    - `space`: name -> `choice(...)`, `uniform(low, high)`, `log(low, high)` or `int(low, high)`.
    - `data`, `val`, `epochs`, `**settings`: as in `dlcore.run.train`, for every trial.
    - `goal`: the series that decides, by default val_loss (loss without `val`); after every epoch it says which trials
      are ended early. `maximize` is told by its name: losses and errors fall, accuracies and scores rise.
    - `trials`, `workers`: how many in all, and how many at once: threads of this process, or with `processes` fresh
      worker processes (never forks).
    - `sampler`: "tpe" or "random"; `prune`: "median", "hyperband" or "none".
    - `seed`: with one worker the same trials come out again, to the bit.
    - `show`: a function of the search that displays it, False for nothing; None is the live picture in a notebook that
      loaded the extension. `background`: return at once; an interrupt otherwise stops at a step boundary.

    Errors: ImportError without Optuna (`pip install 'dlcore[tune]'`), TypeError or ValueError for what cannot be meant,
    and what `make` raised when the first trial, or three in a row, failed.

    >>> import dlcore as dl
    >>> found = dl.tune.search(lambda x: (x - 2) ** 2, {"x": dl.tune.uniform(0, 5)}, trials=25, seed=0, show=False)
    >>> abs(found.best.values["x"] - 2) < 0.5
    True
    """
    goal, maximize = _goal(goal, maximize, val, data)
    _check(space, trials, epochs, workers, sampler, prune)
    bench: Any = Bench(
        make, {"data": data, "val": val, "epochs": epochs, **settings}, goal if data is not None else None
    )
    _, rest = bench.names(space)
    unknown = [key for key in rest if not is_setting(key)]
    if unknown:
        raise TypeError(f"search: make does not take {unknown[0]!r}, and it is no setting of the training")
    if seed is None:
        seed = int(np.random.default_rng().integers(2**31))
    study = Study(space, maximize, sampler, prune, seed, epochs, trials)
    if processes:
        from ._remote import RemoteBench

        bench = RemoteBench(bench, workers)
    about = {"name": name or getattr(make, "__name__", "search").strip("<>"), "goal": goal, "maximize": maximize}
    made = Search(bench, space, study, trials, workers, seed=seed, **about)
    if show is None and "tune.show" in HOOKS:
        show = hook("tune.show")
    if callable(show):
        show(made)
    made.start()
    return made if background else wait(made)


def wait(search: Search) -> Search:
    """Wait for the end of a search; an interrupt asks it to stop and waits for the step boundary."""
    try:
        return search.wait()
    except KeyboardInterrupt:
        search.stop()
        search.wait()
        print(f"{search.name}: interrupted after {len(search.trials)} trials; resume() goes on")
        return search


def _goal(goal: str | None, maximize: bool | None, val: Any, data: Any) -> tuple[str, bool]:
    if goal is None:
        goal = "val_loss" if val is not None else "loss" if data is not None else "score"
        if goal == "score" and maximize is None:
            maximize = False
    if maximize is None and (maximize := rises(goal)) is None:
        raise ValueError(f"search: whether {goal} should rise or fall is not told by its name; give maximize=")
    return goal, maximize


def _check(space: Any, trials: int, epochs: int, workers: int, sampler: str, prune: str) -> None:
    if not isinstance(space, Mapping) or not space:
        raise TypeError("search: expected space= to name at least one mark: {'lr': dl.tune.log(1e-4, 1e-1)}")
    for name, mark in space.items():
        if not isinstance(mark, Mark):
            raise TypeError(f"search: {name}: expected choice, uniform, log or int of dl.tune, got {mark!r}")
    for name, value in (("trials", trials), ("epochs", epochs), ("workers", workers)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"search: expected a whole number >= 1 for {name}, got {value!r}")
    for name, word, known in (("sampler", sampler, SAMPLERS), ("prune", prune, PRUNERS)):
        if word not in known:
            raise ValueError(f"search: expected {name}= to be one of {', '.join(known)}, got {word!r}")
