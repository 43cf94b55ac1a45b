"""Updates of arrays by hand, one after the other, without a trainer."""

from __future__ import annotations

from typing import Any

from ._optimizer import Optimizer


class Updater:
    """`updater(index, grad, weight)` changes `weight` in place, with a state for each index that it makes and keeps.

    Also takes equally long lists of all three.

    >>> import dlcore as dl
    >>> updater = Updater(dl.optim.SGD(learning_rate=0.5, momentum=0.9))
    >>> w, g = dl.nd.array([1.0]), dl.nd.array([0.2])
    >>> updater(0, g, w); updater(0, g, w)
    >>> w.asnumpy(), list(updater.states)
    (array([0.71], dtype=float32), [0])
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.states: dict[Any, Any] = {}

    def __call__(self, index: Any, grad: Any, weight: Any) -> None:
        if isinstance(index, (list, tuple)):
            for item in zip(index, grad, weight, strict=True):
                self(*item)
            return
        if index not in self.states:
            self.states[index] = self.optimizer.create_state(index, weight)
        self.optimizer.update(index, weight, grad, self.states[index])


get_updater = Updater  # as MXNet's loops by hand call it
