"""What transforms that look at one value at a time make of the 256 bytes, for batches made in one call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def values_of(functions: Sequence[Callable[[np.ndarray], Any]], channels: int) -> tuple[np.ndarray, bool] | None:
    """What each byte of each channel becomes, (channels, 256), by asking; and whether pictures become (c, h, w).

    Asked twice, in a column and in a row: None for what depends on the place, or gives another shape.

    >>> values, planes = values_of([lambda picture: picture / 2], channels=1)
    >>> values[0, :4].tolist(), planes
    ([0.0, 0.5, 1.0, 1.5], False)
    """
    found = []
    for shape in ((256, 1), (1, 256)):
        made: Any = np.repeat(np.arange(256, dtype=np.uint8).reshape(*shape, 1), channels, axis=2)
        try:
            for function in functions:
                made = function(made)
        except Exception:  # whatever it is, a picture by itself will say it
            return None
        if channels in (0, 256) or made.shape not in ((channels, *shape), (*shape, channels)):
            return None
        planes = made.shape == (channels, *shape)
        found.append((made.reshape(channels, 256) if planes else made.reshape(256, channels).T, planes))
    (values, planes), (again, same) = found
    if planes != same or values.dtype != again.dtype or values.tobytes() != again.tobytes():
        return None
    return np.ascontiguousarray(values), planes


def scale_of(divisor: float, mean: Any, std: Any, channels: int) -> list[tuple[float, ...]]:
    """(v / divisor - mean) / std as products: for each channel 1/divisor, what float32 lacks of it, mean, 1/std, ...

    The core compares what comes of it with the table of values, and uses it only where the two are the same.

    >>> scale_of(4.0, 0.5, 2.0, channels=1)
    [(0.25, 0.0, 0.5, 0.5, 0.0)]
    """
    means, stds = (np.broadcast_to(np.asarray(part, np.float64).ravel(), (channels,)) for part in (mean, std))
    return [(*_reciprocal(divisor), float(m), *_reciprocal(float(s))) for m, s in zip(means, stds, strict=True)]


def _reciprocal(value: float) -> tuple[float, float]:
    nearest = float(np.float32(1 / value))
    return nearest, float(np.float32(1 / value - nearest))
