"""The optimizer of a run and which of its numbers are knobs."""

from __future__ import annotations

from typing import Any


def make_trainer(net: Any, optimizer: Any, lr: float | None, settings: dict[str, Any], comm: Any) -> Any:
    """A Gluon trainer over all parameters of `net`; `lr` None leaves the optimizer's own learning rate."""
    from dlcore.gluon import Trainer

    settings = dict(settings)
    if lr is not None:
        if not isinstance(optimizer, str):
            optimizer.set_learning_rate(lr)
        else:
            settings["learning_rate"] = lr
    return Trainer(net.collect_params(), optimizer, settings or None, comm=comm)


def knobs_of(trainer: Any) -> dict[str, float]:
    return {"lr": float(trainer.learning_rate), "wd": float(trainer.optimizer.wd)}


def turn(trainer: Any, values: dict[str, float]) -> None:
    if "lr" in values:
        trainer.set_learning_rate(values["lr"])
