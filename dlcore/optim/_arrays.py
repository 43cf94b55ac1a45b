"""Arrays that optimizers keep: numbers in memory, and copies on the device of a weight."""

from __future__ import annotations

import numpy as np

from dlcore import _core
from dlcore.array._copies import copy_on


def scalar(value: float) -> _core.NDArray:
    """A 0-d float32 array for a knob."""
    return _core.from_numpy(np.array(value, np.float32))


def moved(array: _core.NDArray, device: str) -> _core.NDArray:
    """`array` on `device`: itself if it is there already."""
    return array if array._device == device else copy_on(array, device)
