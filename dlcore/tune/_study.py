"""What proposes the next trial and says which are not worth going on with: Optuna, behind a few methods."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Mapping
from typing import Any

from ._marks import Mark

SAMPLERS = ("tpe", "random")
PRUNERS = ("median", "hyperband", "none")
HINT = "a search needs Optuna, which is not installed: pip install 'dlcore[tune]'"


class Study:
    """The proposals for one search over `marks`. Safe to call from several threads.

    `maximize`: larger scores are better. `sampler` is "tpe" (J. Bergstra and others, "Algorithms for hyper-parameter
    optimization", 2011) or "random"; `pruner` is "median" (a trial that is worse than half of the others were at its
    epoch is ended), "hyperband" (L. Li and others, "Hyperband", 2018) or "none". Raises ImportError, with the command
    that installs it, where Optuna is not there.
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
                    direction="maximize" if maximize else "minimize",
                    sampler=samplers[sampler](),
                    pruner=pruners[pruner](),
                )
        finally:
            optuna.logging.set_verbosity(level)

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

    def tell(self, number: int, state: str, score: float | None) -> None:
        """A trial is over."""
        states = {"finished": self._states.COMPLETE, "pruned": self._states.PRUNED, "diverged": self._states.PRUNED}
        told = states.get(state, self._states.FAIL)
        with self._lock:
            self._study.tell(self._open.pop(number), score if state == "finished" else None, state=told)

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
