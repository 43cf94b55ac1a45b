"""Early stopping: a run ends when its validation score no longer improves, and the best weights come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dlcore import _core

FALLING = "val_loss"
BEST = "best/"  # what the names of the best weights begin with in a snapshot


class Patience:
    """Watches the validation loss of `net` and remembers the weights of the best epoch.

    `epochs` without a new lowest loss are waited out before `over` says that it is enough. A loss that is no number
    counts as none.

    >>> import dlcore as dl
    >>> net = dl.gluon.nn.Dense(1, in_units=1)
    >>> net.initialize()
    >>> patience = Patience(net, 2)
    >>> [patience.over(epoch, {"val_loss": loss}) for epoch, loss in enumerate([0.5, 0.4, 0.6, 0.45], 1)]
    [False, False, False, True]
    >>> patience.best_epoch, patience.best
    (2, 0.4)
    """

    def __init__(self, net: Any, epochs: int) -> None:
        self.net, self.epochs = net, epochs
        self.best = float("inf")
        self.best_epoch = 0
        self._weights: list[tuple[Any, Any]] = []

    def over(self, epoch: int, scores: Mapping[str, float]) -> bool:
        """Take note of the scores after an epoch. True when training should end now."""
        if scores[FALLING] < self.best:
            self.best, self.best_epoch = scores[FALLING], epoch
            self._weights = [(p, p.held().copy()) for p in self.net.collect_params().values()]
        return epoch - self.best_epoch >= self.epochs

    def arrays(self) -> dict[str, np.ndarray]:
        """The best weights by name, for a snapshot; none before the first epoch with a loss."""
        return {f"{BEST}{place}": best.asnumpy() for place, (_, best) in enumerate(self._weights)}

    def go_back(self, best: float, epoch: int, arrays: Mapping[str, np.ndarray]) -> None:
        """Remember what was remembered when a snapshot was taken."""
        self.best, self.best_epoch = best, epoch
        found = [arrays[f"{BEST}{place}"] for place in range(sum(name.startswith(BEST) for name in arrays))]
        parameters = list(self.net.collect_params().values())[: len(found)]
        self._weights = [(p, _core.from_numpy(array)) for p, array in zip(parameters, found, strict=True)]

    def restore(self) -> None:
        """Write the best epoch's weights into the network; nothing where no epoch had a loss."""
        for parameter, best in self._weights:
            _core.assign(parameter.held(), best)
