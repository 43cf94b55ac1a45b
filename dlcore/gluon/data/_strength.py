"""How strong random transforms are: a factor that whoever loads the data may turn while it is being used."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ._dataset import Dataset
from ._draws import with_strength
from ._plan import Parts, parts_of

DEEPEST = 8


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

    def _parts(self) -> Parts | None:
        parts = parts_of(self._dataset)
        return parts if parts is None or parts.strength is not None else replace(parts, strength=self._value)


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
