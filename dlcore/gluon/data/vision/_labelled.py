"""Pictures with their labels, all of them in memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dlcore import _core

from .._dataset import Dataset, Split
from .._plan import Parts


class LabelledPictures(Dataset):
    """Base of sets that are read whole: pictures (n, h, w, c) of bytes and labels (n,) of int32.

    An element is (image, label): an NDArray (h, w, c) and a NumPy int32, or what `transform(image, label)` makes of
    them; a slice gives several, which no transform has seen.
    """

    def __init__(self, data: np.ndarray, label: np.ndarray, transform: Callable[[Any, Any], Any] | None) -> None:
        self._data, self._label, self._transform = data, label, transform

    def __len__(self) -> int:
        return len(self._label)

    def __getitem__(self, index: int) -> Any:
        image = self._data[index]
        if image.ndim == 3 and self._transform is not None:
            return self._transform(_core.from_numpy(image), self._label[index])
        return _core.from_numpy(image), self._label[index]

    def take_batch(self, indices: np.ndarray) -> Any:
        return None if self._transform is not None else (self._data[indices], self._label[indices])

    def _split(self) -> Split | None:
        return (_Ours(self._data), (), [self._label]) if self._transform is None else None

    def _parts(self) -> Parts | None:
        return None if self._transform is not None else Parts([self._data, self._label])


class _Ours:
    """The pictures as arrays of ours, one by one."""

    def __init__(self, data: np.ndarray) -> None:
        self._data = data

    def __getitem__(self, index: int) -> Any:
        return _core.from_numpy(self._data[index])
