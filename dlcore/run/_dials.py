"""What the knobs of a run turn: the optimizer's numbers, the batch size, the rate of dropout, the clipping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dlcore.graph import invalidate

from ._data import Batches, IndexedBatches
from ._optimizer import knobs_of, turn_knobs


class Dials:
    """The knobs of one run in this process, by name, and what each of them turns.

    lr, wd, momentum ...  the optimizer's; `base_lr` instead of lr where a schedule makes the rate of it
    clip                  the bound on every element of a gradient, 0 for none
    batch                 samples a step, where the run cuts the batches itself
    dropout               the rate of all Dropout layers, where all have the same
    """

    def __init__(self, net: Any, optimizer: Any, data: Batches | None = None) -> None:
        self._optimizer = optimizer
        self._data = data if isinstance(data, IndexedBatches) else None
        layers = list(_dropouts(net))
        self._layers = layers if len({layer._rate for layer in layers}) == 1 else []

    def values(self) -> dict[str, float]:
        """All knobs as they stand."""
        knobs = knobs_of(self._optimizer)
        if self._optimizer.lr_scheduler is not None:
            knobs = {"base_lr": self._optimizer.lr_scheduler.base_lr, **knobs}
        knobs["clip"] = float(self._optimizer.clip_gradient or 0.0)
        if self._data is not None:
            knobs["batch"] = float(self._data.batch)
        if self._layers:
            knobs["dropout"] = float(self._layers[0]._rate)
        return knobs

    def turn(self, values: Mapping[str, float]) -> None:
        """Put values in force from the next step on. What is compiled into the step makes it be compiled anew."""
        now = self.values()
        plain = {name: value for name, value in values.items() if now.get(name) != value}
        if "base_lr" in plain:
            self._optimizer.lr_scheduler.base_lr = plain.pop("base_lr")
        if "batch" in plain and self._data is not None:
            self._data.resize(int(plain.pop("batch")))
        if "clip" in plain:
            self._optimizer.clip_gradient = plain.pop("clip") or None
            invalidate()
        if "dropout" in plain:
            rate = plain.pop("dropout")
            for layer in self._layers:
                layer._rate = rate
            invalidate()
        turn_knobs(self._optimizer, plain)


def _dropouts(block: Any) -> Iterator[Any]:
    from dlcore.gluon.nn import Dropout

    if isinstance(block, Dropout):
        yield block
    for child in getattr(block, "_children", {}).values():
        yield from _dropouts(child)
