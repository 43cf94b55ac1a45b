"""What a trainer needs to go on exactly: the optimizer's arrays, its knobs and its schedule, to and from files.

Everything that comes from a file is checked before anything is written.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dlcore import _core
from dlcore.optim import arrays_of

if TYPE_CHECKING:
    from .trainer import Trainer


def about(trainer: Trainer) -> dict[str, Any]:
    """The part that JSON holds."""
    optimizer = trainer.optimizer
    schedule = optimizer.lr_scheduler
    return {
        "optimizer": type(optimizer).__name__,
        "knobs": optimizer.knobs,
        "schedule": None if schedule is None else [type(schedule).__name__, _plain(vars(schedule))],
    }


def arrays(trainer: Trainer) -> dict[str, Any]:
    """The part that arrays hold: the optimizer's, and the scale of the loss where there is one."""
    scaler = trainer.loss_scaler
    more = {} if scaler is None else {"scaler/scale": scaler.scale, "scaler/good": scaler.good}
    return {**trainer.state_arrays(), **more}


def read_json(text: str | None, where: str) -> dict[str, Any]:
    """The object that a file's header holds as JSON: ValueError where it holds none."""
    try:
        found = json.loads(text or "")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{where}: damaged: its numbers cannot be read")
    return found


def check(
    trainer: Trainer,
    told: Mapping[str, Any],
    given: Mapping[str, np.ndarray],
    where: str,
    weights: Mapping[int, Any] | None = None,
) -> None:
    """ValueError, naming what does not fit, unless `write` can go on from this.

    weights: values by id of the parameter, for those that have none yet.
    """
    optimizer = trainer.optimizer
    kind = type(optimizer).__name__
    if told.get("optimizer") != kind:
        raise ValueError(f"{where}: made with the optimizer {told.get('optimizer')}, this one is {kind}")
    knobs = told.get("knobs")
    right = isinstance(knobs, dict) and set(knobs) == set(optimizer.knobs)
    if not right or not all(_number(value) and math.isfinite(value) for value in dict(knobs or {}).values()):
        raise ValueError(f"{where}: expected a number for each knob {', '.join(optimizer.knobs)}, got {knobs}")
    _check_schedule(optimizer.lr_scheduler, told.get("schedule"), where)
    mine = {name: (tuple(a.shape), a.dtype.name) for name, a in _expected(trainer, weights or {}).items()}
    found = {name: (tuple(a.shape), a.dtype.name) for name, a in given.items()}
    for name in {**mine, **found}:
        if mine.get(name) != found.get(name):
            raise ValueError(
                f"{where}: {name}: expected shape {_said(mine.get(name))}, found {_said(found.get(name))} "
                "(None: not there)"
            )


def write(trainer: Trainer, told: Mapping[str, Any], given: Mapping[str, np.ndarray]) -> None:
    """Go on from what `check` has seen."""
    optimizer = trainer.optimizer
    for name, array in arrays(trainer).items():
        _core.assign(array, _core.from_numpy(np.array(given[name])))
    optimizer.load_knobs(told["knobs"])
    if optimizer.lr_scheduler is not None and told.get("schedule") is not None:
        vars(optimizer.lr_scheduler).update(told["schedule"][1])


def _expected(trainer: Trainer, weights: Mapping[int, Any]) -> dict[str, Any]:
    """The arrays that there will be, those of parameters without values made as if they had the given ones."""
    found = dict(trainer.optimizer.counters())
    for index, (name, parameter) in enumerate(trainer.named_parameters()):
        if parameter.grad_req == "null":
            continue
        if parameter._data is None and id(parameter) in weights:
            value = _core.from_numpy(np.array(weights[id(parameter)]))
            states = trainer.optimizer.create_state(index, value)
        else:
            states = trainer._state(index)
        found.update({f"{name}/{k}": array for k, array in enumerate(arrays_of(states))})
    scaler = trainer.loss_scaler
    return found if scaler is None else {**found, "scaler/scale": scaler.scale, "scaler/good": scaler.good}


def _check_schedule(mine: Any, told: Any, where: str) -> None:
    if told is None and mine is None:
        return
    kind = None if mine is None else type(mine).__name__
    right = isinstance(told, list) and len(told) == 2 and isinstance(told[1], dict)
    if not right or told[0] != kind:
        raise ValueError(f"{where}: made with the schedule {told[0] if right else None}, this one is {kind}")
    own = _plain(vars(mine))
    for name, value in told[1].items():
        if name not in own or _plain({name: value}) == {} or isinstance(value, list) != isinstance(own[name], list):
            raise ValueError(f"{where}: the schedule {kind} has no {name} of {value!r}")


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are numbers, words or lists of numbers."""
    return {
        name: value
        for name, value in values.items()
        if isinstance(value, str) or _number(value) or (isinstance(value, list) and all(map(_number, value)))
    }


def _number(value: Any) -> bool:
    """Whether it is a number that something can be computed with; JSON as Python reads it has NaN too."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value


def _said(kind: tuple[tuple[int, ...], str] | None) -> str:
    return "None" if kind is None else f"{kind[0]} of {kind[1]}"
