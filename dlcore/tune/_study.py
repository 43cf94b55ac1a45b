"""What proposes the next trial and says which are not worth going on with: Optuna, behind a few methods."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from typing import Any

from ._journal import ABOUT, DamagedSearch, Journal
from ._marks import Mark
from ._trial import Trial

SAMPLERS = ("tpe", "random")
PRUNERS = ("median", "hyperband", "none")
HINT = "a search needs Optuna, which is not installed: pip install 'dlcore[tune]'"


class Study:
    """The proposals for one search over `marks`. Safe to call from several threads.

    `maximize`: larger scores are better. `sampler` is "tpe" (J. Bergstra and others, "Algorithms for hyper-parameter
    optimization", 2011) or "random"; `pruner` is "median" (a trial that is worse than half of the others were at its
    epoch is ended), "hyperband" (L. Li and others, "Hyperband", 2018) or "none". What is proposed and told is kept in
    `journal`, and what that holds already is gone on from: `trials_before`. Raises ImportError, with the command that
    installs it, where Optuna is not there, and DamagedSearch where the journal makes no sense.
    """

    def __init__(
        self,
        marks: Mapping[str, Mark],
        maximize: bool,
        sampler: str,
        pruner: str,
        seed: int | None,
        epochs: int,
        trials: int,
        journal: Journal | None = None,
    ) -> None:
        try:
            import optuna
        except ImportError:
            raise ImportError(HINT) from None
        self._marks = dict(marks)
        self._lock = threading.Lock()
        self._open: dict[int, Any] = {}
        self._states = optuna.trial.TrialState
        self._importances = optuna.importance
        if seed is not None and journal is not None and len(journal):
            seed = (seed + 7919 * len(journal)) % 2**31  # it does not propose again what it began with
        early = max(4, min(10, trials // 4))  # random proposals before TPE has something to go by
        samplers = {
            "tpe": lambda: optuna.samplers.TPESampler(seed=seed, n_startup_trials=early),
            "random": lambda: optuna.samplers.RandomSampler(seed=seed),
        }
        pruners = {
            "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=4),
            "hyperband": lambda: optuna.pruners.HyperbandPruner(min_resource=1, max_resource=max(1, epochs)),
            "none": lambda: optuna.pruners.NopPruner(),
        }
        level = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)  # a new study need not be announced
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                self._study = optuna.create_study(
                    study_name="search",
                    storage=None if journal is None else _storage(journal),
                    direction="maximize" if maximize else "minimize",
                    sampler=samplers[sampler](),
                    pruner=pruners[pruner](),
                    load_if_exists=True,
                )
        finally:
            optuna.logging.set_verbosity(level)

    def keep(self, about: Mapping[str, Any]) -> None:
        """Have it in the journal what is searched: JSON's values."""
        with self._lock:
            self._study.set_user_attr(ABOUT, dict(about))

    def trials_before(self) -> list[Trial]:
        """The trials that the journal holds, oldest first. One that was cut off with its kernel is "stopped"."""
        found = []
        for kept in self._study.get_trials(deepcopy=False):
            if kept.state == self._states.RUNNING:
                self._study.tell(kept.number, state=self._states.FAIL)
            if kept.state == self._states.WAITING or set(kept.params) != set(self._marks):
                continue  # chosen by hand and not begun: it is proposed next; or cut off before anything was proposed
            found.append(_trial(kept, self._marks))
        return found

    def propose(self) -> tuple[int, dict[str, Any], bool]:
        """The next trial: its number, the chosen values, and whether a person chose them."""
        with self._lock:
            trial = self._study.ask()
            self._open[trial.number] = trial
            values = {name: mark.suggest(trial, name) for name, mark in self._marks.items()}
            return trial.number, values, bool(trial.user_attrs.get("by_hand"))

    def enqueue(self, values: Mapping[str, Any]) -> None:
        """Have these values be tried next; those that are left out are proposed."""
        with self._lock:
            self._study.enqueue_trial(
                {name: self._marks[name].stored(value) for name, value in values.items()}, {"by_hand": True}
            )

    def worth_it(self, number: int, epoch: int, value: float) -> bool:
        """Take note of a value of a running trial; False where it should be ended early."""
        with self._lock:
            trial = self._open[number]
            trial.report(value, epoch)
            return not trial.should_prune()

    def tell(self, trial: Trial, state: str, score: float | None) -> None:
        """A trial is over."""
        states = {"finished": self._states.COMPLETE, "pruned": self._states.PRUNED, "diverged": self._states.PRUNED}
        told = states.get(state, self._states.FAIL)
        with self._lock:
            asked = self._open.pop(trial.number)
            asked.set_user_attr("ended", {"state": state, "seconds": trial.seconds, "error": trial.error})
            self._study.tell(asked, score if state == "finished" else None, state=told)

    def importance(self) -> dict[str, float]:
        """How much of the differences in score each mark explains, in shares of 1; empty before it can be told.

        Source: S. Watanabe and others, "PED-ANOVA", 2023.
        """
        with self._lock:
            done = self._study.get_trials(deepcopy=False, states=[self._states.COMPLETE])
            if len(done) < 4 or len({trial.value for trial in done}) < 2:
                return {}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                # What sets the best 30 % apart from all: a tenth, the usual choice, would be one or two of few trials.
                evaluator = self._importances.PedAnovaImportanceEvaluator(target_quantile=0.3, evaluate_on_local=False)
                found = self._importances.get_param_importances(self._study, evaluator=evaluator)
        return {name: float(found.get(name, 0.0)) for name in self._marks}


def _storage(journal: Journal) -> Any:
    import optuna

    try:
        return optuna.storages.JournalStorage(journal)  # type: ignore[arg-type]
    except Exception as error:  # whatever Optuna makes of lines that belong to nothing
        text = f"search: what {journal.path} keeps is damaged ({error!r}); the file is left as it is"
        raise DamagedSearch(text) from error


def _trial(kept: Any, marks: Mapping[str, Mark]) -> Trial:
    """A trial as it was when it ended, or when its kernel did."""
    ended = kept.user_attrs.get("ended", {"state": "stopped", "seconds": 0.0, "error": None})
    # One that was cut off between these two has no score, though it was about to be told as finished.
    whole = kept.state.is_finished() and (ended["state"] != "finished" or kept.value is not None)
    return Trial(
        kept.number,
        {name: mark.taken(kept.params[name]) for name, mark in marks.items()},
        state=ended["state"] if whole else "stopped",
        curve=sorted(kept.intermediate_values.items()),
        score=kept.value if whole and ended["state"] == "finished" else None,
        seconds=ended["seconds"],
        error=ended["error"],
        by_hand=bool(kept.user_attrs.get("by_hand")),
        earlier=True,
    )
