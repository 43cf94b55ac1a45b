"""A learning rate for a network, from one short sweep on a copy of it."""

from __future__ import annotations

import copy
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlcore import _core
from dlcore._kinds import Natural

from ._data import batches, placed
from ._known import training
from ._loop import device_of, make_ready
from ._not_finite import wrong_sample
from ._objective import Objective
from ._optimizer import make_optimizer
from ._sparkline import sparkline
from ._step import Stepper

SMOOTHING = 0.9
SKIPPED = 10  # the mean of the first few losses still wanders
WORSE = 4.0  # the sweep ends when the smoothed loss is this many times the best


@dataclass
class LearningRates:
    """What a sweep found: `rates` and `losses` (as they were) and `smoothed` of each step.

    `steepest` is the rate where the smoothed loss falls fastest, `minimum` the one where it is lowest. `suggestion` is
    `steepest`, or a tenth of `minimum` where that is smaller. Where the loss never fell by more than one batch differs
    from the next (a network that is trained already), `edge` is the rate from which it rises for good, and the
    suggestion a tenth of that.
    Source: L. Smith, "Cyclical learning rates for training neural networks", 2017, for the sweep; J. Howard and
    S. Gugger, "fastai: a layered API", 2020, for both rules.

    >>> losses = np.array([2.0, 1.9, 1.2, 0.4, 9.0])
    >>> found = LearningRates("net", 10.0 ** np.arange(-5, 0), losses, losses, steepest=0.001, minimum=0.01)
    >>> found.suggestion
    0.001
    """

    name: str
    rates: np.ndarray = field(repr=False)
    losses: np.ndarray = field(repr=False)
    smoothed: np.ndarray = field(repr=False)
    steepest: float
    minimum: float
    edge: float | None = None

    @property
    def suggestion(self) -> float:
        """The learning rate to train with."""
        return min(self.steepest, self.minimum / 10) if self.edge is None else self.edge / 10

    def __repr__(self) -> str:
        fell = max(2, int(np.argmin(self.smoothed)) + 3)
        seen = self.smoothed[:fell] if self.edge is None else self.smoothed
        low, high = float(seen.min()), float(seen.max())
        line = sparkline(seen)
        why = f"steepest {self.steepest:.2g}, minimum {self.minimum:.2g}"
        if self.edge is not None:
            why = f"the loss does not fall, and rises from {self.edge:.2g} on"
        return (
            f"learning rates for {self.name}: suggestion {self.suggestion:.2g} "
            f"({why})\n"
            f"loss {high:.3g} {line} {low:.3g}, rates {self.rates[0]:.1g} to {self.rates[len(seen) - 1]:.2g}"
        )


def lr_find(
    net: Any,
    data: Any,
    batch: int = 64,
    optimizer: Any = "sgd",
    loss: Any = None,
    start: float = 1e-6,
    stop: float = 10.0,
    steps: int = 100,
    seed: Natural = 0,
    name: str | None = None,
    **optimizer_params: Any,
) -> LearningRates:
    """Train a copy of `net` for `steps` steps while the learning rate grows from `start` to `stop` by equal factors.

    `data`, `batch`, `optimizer`, `loss` as in `train`. The network, its gradients and running statistics, the given
    optimizer and the random state are afterwards what they were, to the bit; a network without weights has none still.
    Errors: those of `train`; ValueError for a range that is none or when the loss was never finite.

    >>> import numpy, dlcore as dl
    >>> net = dl.gluon.nn.Dense(1)
    >>> x = numpy.random.default_rng(0).normal(size=(64, 2)).astype("float32")
    >>> found = dl.run.lr_find(net, (x, x @ [[2.0], [-1.0]]), batch=16)
    >>> 1e-3 < found.suggestion < 1
    True
    """
    _check(net, start, stop, steps, batch)
    if getattr(optimizer, "lr_scheduler", optimizer_params.get("lr_scheduler")) is not None:
        raise ValueError("lr_find: the optimizer's schedule decides the learning rate; give one without lr_scheduler")
    state = _core.rng_state()
    try:
        _core.seed(seed)
        trial = copy.deepcopy(net)
        rule = make_optimizer(copy.deepcopy(optimizer), start, optimizer_params)
        source = batches(data, batch=batch, train=True, seed=seed)
        rates = np.geomspace(start, stop, steps)
        losses = _sweep(trial, source, rule, loss, rates)
    finally:
        _core.set_rng_state(state)
    if len(losses) < 5:
        why = wrong_sample(source) or "start with a smaller rate"
        raise ValueError(f"lr_find: the loss was finite for {len(losses)} steps only; {why}")
    return _found(name or str(getattr(net, "name", "network")), rates[: len(losses)], np.array(losses))


def _check(net: Any, start: float, stop: float, steps: int, batch: int) -> None:
    if not callable(net) or not hasattr(net, "collect_params"):
        raise TypeError(f"lr_find: expected a network (a gluon Block), got {type(net).__name__}")
    if training(net) is not None:
        raise RuntimeError("lr_find: a run is training this network; end it with its stop() first")
    if not 0 < start < stop or not np.isfinite(stop):
        raise ValueError(f"lr_find: expected 0 < start < stop, got start={start} and stop={stop}")
    if steps < 10 or batch < 1:
        raise ValueError(f"lr_find: expected at least 10 steps and a batch >= 1, got steps={steps} and batch={batch}")


def _sweep(net: Any, source: Any, rule: Any, loss: Any, rates: np.ndarray) -> list[float]:
    """The loss of each step, until it is far above the best."""
    from dlcore.gluon import Trainer

    make_ready(net, source)
    stepper = Stepper(Objective(net, loss), Trainer(net.collect_params(), rule), None, False)
    losses: list[float] = []
    average, best, epoch = 0.0, np.inf, 0
    while len(losses) < len(rates):
        epoch, before = epoch + 1, len(losses)
        with closing(source.epoch(epoch)) as found:
            for piece in placed(found, device_of(net)):
                rule.set_knob("lr", float(rates[len(losses)]))
                value = float(stepper(piece)["loss"])
                if not np.isfinite(value):
                    return losses
                losses.append(value)
                average = SMOOTHING * average + (1 - SMOOTHING) * value
                level = average / (1 - SMOOTHING ** len(losses))
                best = min(best, level)
                if (len(losses) > 10 and level > WORSE * best) or len(losses) == len(rates):
                    return losses
        if len(losses) == before:
            raise ValueError("data: expected at least one batch an epoch, got none")
    return losses


def _found(name: str, rates: np.ndarray, losses: np.ndarray) -> LearningRates:
    average, smoothed = 0.0, np.empty(len(losses))
    for number, value in enumerate(losses):
        average = SMOOTHING * average + (1 - SMOOTHING) * value
        smoothed[number] = average / (1 - SMOOTHING ** (number + 1))
    lowest = int(np.argmin(smoothed))
    reach = max(1, len(losses) // 20)  # over some steps: one batch differs from the next by more than a step learns
    first = min(SKIPPED, lowest)
    padded = np.concatenate([smoothed[:1].repeat(reach), smoothed, smoothed[-1:].repeat(reach)])
    falls = padded[: -2 * reach] - padded[2 * reach :]
    steepest = first + int(np.argmax(falls[first : lowest + 1]))
    edge = _edge(rates, losses, smoothed, min(SKIPPED, len(losses) - 1))
    return LearningRates(name, rates, losses, smoothed, float(rates[steepest]), float(rates[lowest]), edge)


def _edge(rates: np.ndarray, losses: np.ndarray, smoothed: np.ndarray, first: int) -> float | None:
    """Where the loss begins to rise, if it did not fall before by more than chance; None where it fell."""
    early = losses[: max(10, len(losses) // 3)]
    noise = float(np.std(early)) * np.sqrt((1 - SMOOTHING) / (1 + SMOOTHING))  # what smoothing leaves of it
    level = float(np.mean(early))
    if level - float(smoothed[first:].min()) > 4 * noise:
        return None
    last_low = int(np.flatnonzero(smoothed <= level + 4 * noise)[-1])  # from there on it never comes down again
    return float(rates[min(last_low + 1, len(smoothed) - 1)])
