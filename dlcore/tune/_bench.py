"""Carries out one trial in this process: makes the network, trains it, watches its goal."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dlcore.run import Run, prepare
from dlcore.run._not_finite import why_not_finite
from dlcore.run._place import own_generator

Judge = Callable[[int, float], bool]

RISING = ("accuracy", "top_k", "f1", "mcc", "correlation", "auc", "precision", "recall", "iou", "dice", "score")
FALLING = ("loss", "error", "mae", "mse", "rmse", "perplexity", "entropy", "likelihood", "distance")
TRAINING = frozenset(inspect.signature(prepare).parameters) - {"net", "comm", "name", "snapshots", "resume", "save"}
OPTIMIZER = frozenset({"momentum", "wd", "clip", "clip_gradient", "beta1", "beta2", "epsilon", "rho", "gamma1"})


def is_setting(name: str) -> bool:
    """Whether a name belongs to the training rather than to whoever makes the network."""
    return name in TRAINING or name in OPTIMIZER


def rises(goal: str) -> bool | None:
    """Whether larger values of a series are better, as its name tells; None where it does not."""
    word = goal.removeprefix("val_").lower()
    if any(part in word for part in RISING):
        return True
    return False if any(part in word for part in FALLING) else None


class Bench:
    """Does trials. `make(**values)` gives a network, or (network, settings), or the score itself.

    `settings` are the arguments of `dlcore.run.train` for every trial; what the trial chose or `make` gives goes before
    them. `goal` is the series that is watched: after each epoch `judge(epoch, value)` says whether to go on.
    """

    def __init__(self, make: Callable[..., Any], settings: Mapping[str, Any], goal: str | None) -> None:
        self.make, self.settings, self.goal = make, dict(settings), goal
        self.taken = _taken(make)
        self.runs: dict[int, Run] = {}
        self.reasons: dict[int, str] = {}  # why trials diverged
        self._stopping = False

    def begin(self) -> None:
        """What was stopped before may be done again."""
        self._stopping = False

    def names(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What of `values` goes to `make`, and what to the training."""
        mine = {k: v for k, v in values.items() if self.taken is None or k in self.taken}
        return mine, {k: v for k, v in values.items() if k not in mine}

    def do(self, number: int, values: Mapping[str, Any], seed: int, judge: Judge) -> tuple[float, Any]:
        """(score, network) of one trial; raises what the user's part raises.

        The score is that of the last epoch, and the network None where `make` gave a score.
        All random numbers of the trial come from a generator of its own that begins with `seed`.
        """
        from dlcore import _core

        with own_generator((seed, 0)):
            net, given, more = self.made(values)
            if not hasattr(net, "collect_params"):
                return _score(net), None
            run = self._prepared(net, {**self.settings, **more, **given}, seed)
            run._loop._random = _core.rng_state()
        seen: list[float] = []
        run._loop.judge = lambda epoch, scores: self._go_on(seen, judge, epoch, scores)
        self.runs[number], data = run, run._loop.data
        if self._stopping:
            run.stop()
        try:
            run.start().wait()
        finally:
            self.runs.pop(number, None)
        if not math.isfinite(run.history.last("loss") or 0.0):
            self.reasons[number] = why_not_finite(run, data)
        return (seen[-1] if seen else math.nan), net

    def made(self, values: Mapping[str, Any]) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        """What `make` gives for these values, the settings it gives with it, and the values it does not take."""
        mine, more = self.names(values)
        made = self.make(**mine)
        if not (isinstance(made, tuple) and len(made) == 2):
            return made, {}, more
        net, given = made
        if not hasattr(net, "collect_params"):
            raise TypeError(f"search: expected a network beside its settings, got {net!r} ({type(net).__name__})")
        return net, given, more

    def stop(self) -> None:
        """End what is training at its next step boundary."""
        self._stopping = True
        for run in list(self.runs.values()):
            run.stop()

    def _prepared(self, net: Any, arguments: dict[str, Any], seed: int) -> Run:
        if arguments.get("data") is None:
            raise TypeError("a search that trains a network needs data=")
        if (clip := arguments.pop("clip", None)) is not None:
            arguments["clip_gradient"] = clip or None
        arguments = {"seed": seed % 2**31, **{k: v for k, v in arguments.items() if v is not None}}
        return prepare(net, arguments.pop("data"), **arguments, snapshots=0)

    def _go_on(self, seen: list[float], judge: Judge, epoch: int, scores: Mapping[str, float]) -> bool:
        goal = self.goal or ("val_loss" if "val_loss" in scores else "loss")
        if goal not in scores:
            raise ValueError(f"goal: there is no {goal}; after an epoch there are {', '.join(scores)}")
        seen.append(float(scores[goal]))
        return judge(epoch, seen[-1])


def _score(value: Any) -> float:
    try:
        return float(np.asarray(value.asnumpy() if hasattr(value, "asnumpy") else value).reshape(()))
    except (TypeError, ValueError):
        raise TypeError(
            f"search: expected a network, (network, settings) or a number from make, got {type(value).__name__}"
        ) from None


def _taken(make: Callable[..., Any]) -> set[str] | None:
    """The names that `make` takes; None where it takes any."""
    parameters = inspect.signature(make).parameters.values()
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        return None
    return {p.name for p in parameters if p.kind is not inspect.Parameter.POSITIONAL_ONLY}
