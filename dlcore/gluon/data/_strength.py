"""How strong random transforms are: a factor that whoever loads the data may turn while it is being used."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ._dataset import Dataset

_LOCAL = threading.local()
DEEPEST = 8


def strength() -> float:
    """The factor for what a random transform draws on this thread: 1 as it was made, 0 for no change at all."""
    return float(getattr(_LOCAL, "strength", 1.0))


@contextmanager
def with_strength(value: float) -> Iterator[None]:
    """Within, `strength()` is `value`."""
    before = strength()
    _LOCAL.strength = value
    try:
        yield
    finally:
        _LOCAL.strength = before


class Strengthened(Dataset):
    """A dataset whose random transforms are `value` times as strong.

    >>> from dlcore.gluon.data import ArrayDataset
    >>> from dlcore.gluon.data.vision import transforms
    >>> data = ArrayDataset(np.arange(4.0).reshape(1, 2, 2, 1)).transform(transforms.RandomFlipLeftRight(p=1))
    >>> data[0].ravel().tolist(), Strengthened(data, 0.0)[0].ravel().tolist()
    ([1.0, 0.0, 3.0, 2.0], [0.0, 1.0, 2.0, 3.0])
    """

    def __init__(self, dataset: Any, value: float) -> None:
        self._dataset, self._value = dataset, float(value)

    def __len__(self) -> int:
        return len(self._dataset)

    def __getitem__(self, index: int) -> Any:
        with with_strength(self._value):
            return self._dataset[index]

    def take_batch(self, indices: np.ndarray) -> Any:
        take = getattr(self._dataset, "take_batch", None)
        if take is None:
            return None
        with with_strength(self._value):
            return take(indices)


def draws(data: Any, depth: int = DEEPEST) -> bool:
    """Whether something in a dataset is a transform that draws: one of ours, by the `random` that it says of itself."""
    if getattr(type(data), "random", False) is True:
        return True
    if depth == 0 or isinstance(data, (np.ndarray, str, bytes)) or not _looked_into(data):
        return False
    held = data if isinstance(data, (list, tuple)) else vars(data).values()
    return any(draws(part, depth - 1) for part in list(held)[:64])


def _looked_into(data: Any) -> bool:
    if isinstance(data, (list, tuple)):
        return True
    return type(data).__module__.startswith("dlcore.gluon.") and hasattr(data, "__dict__")
