"""An array in a few figures: moments, a histogram, what is wrong with it, and small pictures where it has some."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

BINS = 48
TILES = 32  # pictures of kernels or feature maps
SIDE = 40  # pixels a side of one of many pictures
WHOLE = 128  # pixels a side of a picture that stands alone


@dataclass
class Measure:
    """`counts` are those of BINS equal bins from `low` to `high`, of the finite numbers.

    `dead` of `units` are zero for every sample (activations only). `tiles` is (n, rows, columns) uint8, 128 standing
    for zero and the ends for plus and minus `reach`.

    >>> import numpy
    >>> found = measure("weight", numpy.array([0.0, 1.0, 2.0, numpy.inf]))
    >>> sum(found.counts), found.low, found.high
    (3, 0.0, 2.0)
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    mean: float
    std: float
    low: float
    high: float
    nan: int
    inf: int
    zeros: float
    counts: list[int] = field(repr=False)
    units: int = 0
    dead: int = 0
    tiles: np.ndarray | None = field(default=None, repr=False)
    reach: float = 0.0

    def __str__(self) -> str:
        size = "x".join(map(str, self.shape)) or "one number"
        text = f"{self.name}: {size} {self.dtype}, mean {self.mean:.4g}, std {self.std:.4g}"
        text += f", from {self.low:.4g} to {self.high:.4g}"
        for count, what in ((self.nan, "NaN"), (self.inf, "infinite")):
            text += f", {count:,} {what}" if count else ""
        return text + (f", {self.dead} of {self.units} units dead" if self.dead else "")


def measure(name: str, values: Any, units: int | None = None) -> Measure:
    """The figures of an array. `units` is the axis of its units, for activations: dead ones are counted along it.

    >>> found = measure("x", np.array([0.0, 1.0, 2.0, np.nan]))
    >>> found.mean, found.low, found.high, found.nan
    (1.0, 0.0, 2.0, 1)
    """
    raw = values.asnumpy() if hasattr(values, "asnumpy") else np.asarray(values)
    dtype = str(raw.dtype)
    numbers = np.abs(raw) if raw.dtype.kind == "c" else raw
    numbers = numbers.astype(np.float32 if numbers.dtype.itemsize <= 4 else np.float64)
    finite = np.isfinite(numbers)
    whole = bool(finite.all())
    good = numbers.ravel() if whole else numbers[finite]
    low, high = (float(good.min()), float(good.max())) if good.size else (0.0, 0.0)
    found = Measure(
        name, tuple(raw.shape), dtype,
        mean=float(good.mean(dtype=np.float64)) if good.size else math.nan,
        std=float(good.std(dtype=np.float64)) if good.size else math.nan,
        low=low, high=high,
        nan=0 if whole else int(np.isnan(numbers).sum()),
        inf=0 if whole else int(np.isinf(numbers).sum()),
        zeros=float(np.mean(numbers == 0)) if numbers.size else 0.0,
        counts=_counts(good, low, high),
    )  # fmt: skip
    if units is not None and raw.ndim >= 2 and raw.size:
        axes = tuple(axis for axis in range(raw.ndim) if axis != units % raw.ndim)
        silent = (numbers == 0).all(axis=axes)
        found.units, found.dead = int(silent.size), int(silent.sum())
    return found


def _counts(good: np.ndarray, low: float, high: float) -> list[int]:
    if not good.size:
        return [0] * BINS
    if not high > low:
        return [0] * (BINS // 2) + [int(good.size)] + [0] * (BINS - BINS // 2 - 1)
    # Twice as quick as numpy.histogram, whose edges are exact to the last bit, which a picture does not need.
    scale = BINS / (np.float64(high) - low)
    places = np.minimum(((good - np.float64(low)) * scale).astype(np.int64), BINS - 1)
    return np.bincount(places, minlength=BINS).tolist()


def weight_tiles(values: np.ndarray) -> np.ndarray | None:
    """Pictures of a weight: one for each kernel of a convolution (the mean over its inputs where there are more
    than one), the whole of a matrix, nothing for other shapes."""
    if values.ndim == 4 and min(values.shape) >= 1 and values.shape[2] * values.shape[3] > 1:
        return np.stack([_fit(kernel.mean(axis=0), SIDE) for kernel in values[:TILES]])
    if values.ndim == 2 and min(values.shape) > 1:
        return _fit(values, WHOLE)[None]
    return None


def map_tiles(values: np.ndarray) -> np.ndarray | None:
    """Pictures of the first sample's feature maps (n, channels, rows, columns), or of a sequence (n, t, units)."""
    if values.ndim == 4 and values.size and values.shape[2] * values.shape[3] > 1:
        return np.stack([_fit(channel, SIDE) for channel in values[0, :TILES]])
    if values.ndim == 3 and values.size and min(values.shape[1:]) > 1:
        return _fit(values[0], WHOLE)[None]
    return None


def _fit(image: np.ndarray, side: int) -> np.ndarray:
    """Every k-th row and column, where there are more than `side`."""
    rows, columns = (-(-length // side) for length in image.shape)
    return image[::rows, ::columns]


def with_tiles(found: Measure, tiles: np.ndarray | None) -> Measure:
    """`found` with its pictures as bytes."""
    if tiles is not None and tiles.size:
        tiles = np.nan_to_num(tiles.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
        found.reach = float(np.abs(tiles).max()) or 1.0
        found.tiles = np.clip(np.rint(128 + 127 * tiles / found.reach), 1, 255).astype(np.uint8)
    return found
