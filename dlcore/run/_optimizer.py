"""The optimizer of a run, and which of its numbers are knobs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore import optim


def make_optimizer(optimizer: str | optim.Optimizer, lr: float | None, settings: Mapping[str, Any]) -> optim.Optimizer:
    """An optimizer by name with its settings, or the given one. `lr` None leaves its own learning rate.

    >>> make_optimizer("sgd", 0.5, {"momentum": 0.9}).learning_rate
    0.5
    """
    if isinstance(optimizer, optim.Optimizer):
        made = optim.create(optimizer, **settings)
        if lr is not None:
            made.set_learning_rate(lr)
        return made
    rate = {} if lr is None else {"learning_rate": lr}
    return optim.create(optimizer, **rate, **settings)


def knobs_of(optimizer: optim.Optimizer) -> dict[str, float]:
    """The numbers that may be changed between two steps; the learning rate only where no schedule decides it.

    >>> knobs_of(optim.create("sgd", learning_rate=0.1, momentum=0.9))
    {'lr': 0.1, 'wd': 0.0, 'momentum': 0.9}
    """
    knobs = optimizer.knobs
    if optimizer.lr_scheduler is not None:
        knobs.pop("lr", None)
    return knobs


def turn_knobs(optimizer: optim.Optimizer, values: Mapping[str, float]) -> None:
    """Write knobs into the arrays that the compiled step reads."""
    for name, value in values.items():
        optimizer.set_knob(name, value)
