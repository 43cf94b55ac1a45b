"""`search`: from what a person writes to a search that is going."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from dlcore._hooks import HOOKS, hook

from ._bench import Bench, is_setting, rises
from ._best import BestNetwork
from ._journal import Journal
from ._marks import Mark
from ._search import Search
from ._study import PRUNERS, SAMPLERS, Study

Show = Callable[[Search], Any] | Literal[False] | None


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
    save: str | Path | None = None,
    resume: bool = False,
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
    - `save`: a file in which the search is kept while it goes on (JSON, in the lines of Optuna's journal), with the
      weights of its best network in a safetensors file beside it. With `resume` the search that it holds goes on, until
      there are `trials` in all, and its best network is there again, to the bit.

    Errors: ImportError without Optuna (`pip install 'dlcore[tune]'`), TypeError or ValueError for what cannot be meant,
    and what `make` raised when the first trial, or three in a row, failed. With `resume`: FileNotFoundError where
    nothing is kept, ValueError for a damaged file, which is left as it is, or one of other marks. RuntimeError for a
    file that another process is searching with.

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
    journal, seed = _journal(save, resume, space, goal, maximize, seed)
    study = Study(space, maximize, sampler, prune, seed, epochs, trials, journal)
    before = study.trials_before()
    kept = None
    if journal is not None:
        key = str(journal.about.get("key") or secrets.token_hex(8))
        wanted = max(trials, len(before))
        study.keep({**_about(space, goal, maximize), "seed": seed, "wanted": wanted, "key": key})
        kept = BestNetwork(journal, key)
    if processes:
        from ._remote import RemoteBench

        bench = RemoteBench(bench, workers)
    about = {
        "kept": kept,
        "name": name or getattr(make, "__name__", "search").strip("<>"),
        "goal": goal,
        "maximize": maximize,
    }
    made = Search(bench, space, study, trials, workers, seed=seed, before=before, **about)
    if show is None and "tune.show" in HOOKS:
        show = hook("tune.show")
    if callable(show):
        show(made)
    made.fetch()
    made.start()
    return made if background else wait(made)


def wait(search: Search) -> Search:
    """Wait for the end of a search; an interrupt asks it to stop and waits for the step boundary.

    >>> import dlcore as dl
    >>> marks = {"x": dl.tune.uniform(0, 1)}
    >>> found = dl.tune.search(lambda x: x * x, marks, trials=3, seed=0, show=False, background=True)
    >>> wait(found).state
    'finished'
    """
    try:
        return search.wait()
    except KeyboardInterrupt:
        search.stop()
        search.wait()
        print(f"{search.name}: interrupted after {len(search.trials)} trials; resume() goes on")
        return search


def _journal(
    save: str | Path | None, resume: bool, space: Mapping[str, Mark], goal: str, maximize: bool, seed: int
) -> tuple[Journal | None, int]:
    """The file that the search is kept in, and the seed: with `resume` that of the search which goes on."""
    if save is None:
        if resume:
            raise ValueError("search: resume goes on with what is kept in a file; give save=")
        return None, seed
    journal = Journal(Path(save), begin=not resume)
    if not resume or not journal.about:
        return journal, seed
    here, there = _about(space, goal, maximize), journal.about
    wrong = [key for key in here if json.loads(json.dumps(here[key])) != there.get(key)]
    if wrong:
        journal.close()
        raise ValueError(
            f"search: {save} keeps a search with {wrong[0]} {there.get(wrong[0])}, and this one has {here[wrong[0]]}; "
            "go on with the same cell, or begin a new search without resume"
        )
    return journal, int(there["seed"])


def _about(space: Mapping[str, Mark], goal: str, maximize: bool) -> dict[str, Any]:
    """What has to be the same for a search to go on."""
    return {"marks": {name: mark.about() for name, mark in space.items()}, "goal": goal, "maximize": maximize}


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
