"""What the knobs of a run turn: the optimizer, its schedule, the batch size, dropout, clipping, augmentation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ._data import Batches, IndexedBatches
from ._optimizer import knobs_of, turn_knobs
from ._schedule import SCHEDULES, factor


class Dials:
    """The knobs of one run in this process, by name, and what each of them turns.

    lr, wd, momentum ...  the optimizer's; `base_lr` instead of lr where the optimizer came with a schedule of its own
    schedule              what lr is multiplied with from now to the last step, see `_schedule.py`
    clip                  the bound on every element of a gradient, 0 for none
    batch                 samples a step, where the run cuts the batches itself
    dropout               the rate of all Dropout layers, where all have the same, and of attention that has it too
    augment               how strong the random transforms of the data are, 1 as they were made, where there are any
    """

    def __init__(self, net: Any, optimizer: Any, data: Batches | None = None) -> None:
        self._optimizer = optimizer
        self._data = data if isinstance(data, IndexedBatches) else None
        self._layers = _dropouts(net)
        self._own = optimizer.lr_scheduler is None  # the run may schedule the rate
        self._lr = float(optimizer.knobs["lr"]) if self._own else 0.0
        self._schedule = SCHEDULES[0]
        self.span: tuple[int, int | None] = (0, None)  # the steps between which the schedule goes

    def values(self) -> dict[str, Any]:
        """All knobs as they stand."""
        knobs: dict[str, Any] = knobs_of(self._optimizer)
        if self._own:
            knobs["lr"] = self._lr
        else:
            knobs = {"base_lr": self._optimizer.lr_scheduler.base_lr, **knobs}
        knobs["clip"] = float(self._optimizer.clip_gradient or 0.0)
        if self._data is not None:
            knobs["batch"] = float(self._data.batch)
        if self._layers:
            knobs["dropout"] = float(self._layers[0]._rate)
        if (strength := getattr(self._data, "strength", None)) is not None:
            knobs["augment"] = strength
        if self._own:
            knobs["schedule"] = self._schedule
        return knobs

    def turn(self, values: Mapping[str, Any], span: tuple[int, int | None] | None = None) -> set[str]:
        """Put values in force from the next step on; returns the names of those that changed.

        `span`: the steps between which a schedule goes that is chosen here. Steps that are compiled already read all of
        this from memory, but for the batch size, and the first bound on gradients of an optimizer that had none.
        """
        now = self.values()
        plain = {name: value for name, value in values.items() if now.get(name) != value}
        changed = set(plain)
        if "base_lr" in plain:
            self._optimizer.lr_scheduler.base_lr = plain.pop("base_lr")
        if "lr" in plain and self._own:
            self._lr = plain["lr"]
        if "schedule" in plain:
            self._schedule = plain.pop("schedule")
            self.span = span or self.span
            if self._schedule == SCHEDULES[0]:
                plain["lr"] = self._lr
        if "batch" in plain and self._data is not None:
            self._data.resize(int(plain.pop("batch")))
        if "augment" in plain and self._data is not None:
            self._data.strength = plain.pop("augment")
        if "clip" in plain:
            self._optimizer.clip_gradient = plain.pop("clip") or None
        if "dropout" in plain:
            rate = plain.pop("dropout")
            for layer in self._layers:
                layer._rate = rate
        turn_knobs(self._optimizer, plain)
        return changed

    def follow(self, step: int) -> dict[str, float]:
        """Set the learning rate of the step that is about to run; returns it by name while a schedule is on."""
        if self._schedule == SCHEDULES[0]:
            return {}
        rate = self._lr * factor(self._schedule, step, *self.span)
        self._optimizer.set_knob("lr", rate)
        return {"lr": rate}


def _dropouts(net: Any) -> list[Any]:
    """The Dropout layers of a network, if all have one rate, and the attention layers that drop at the same."""
    from dlcore.gluon.nn import Dropout, MultiHeadAttention

    layers = list(_blocks(net))
    rates = {layer._rate for layer in layers if isinstance(layer, Dropout)}
    if len(rates) != 1:
        return []
    return [layer for layer in layers if isinstance(layer, (Dropout, MultiHeadAttention)) and layer._rate in rates]


def _blocks(block: Any) -> Iterator[Any]:
    yield block
    for child in getattr(block, "_children", {}).values():
        yield from _blocks(child)
