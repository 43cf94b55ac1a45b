"""A batch to look with, from whatever `data=` of `dlcore.run.train` takes, and the loss that training would use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from dlcore.run._data import batches
from dlcore.run._objective import Objective


def batch_of(data: Any, count: int) -> tuple[Any, Any]:
    """The first `count` samples of `data` as arrays (x, y). TypeError or ValueError for what is no data.

    >>> import numpy
    >>> x, y = batch_of((numpy.ones((10, 3)), numpy.arange(10)), 4)
    >>> x.shape, y.tolist()
    ((4, 3), [0, 1, 2, 3])
    """
    with closing(batches(data, batch=count, train=False).epoch(1)) as found:
        batch = next(found, None)
    if batch is None:
        raise ValueError("data: expected at least one batch, got none")
    return batch.x[:count], batch.y[:count]


def objective_of(net: Any, loss: Any = None) -> Callable[[Any, Any, Any], Any]:
    """The loss `train` would take, as a function of (net, x, y)."""
    found = Objective(net, loss)
    return lambda _net, x, labels: found.forward(x, labels)[0]
