"""A curve in one line of text."""

from __future__ import annotations

from typing import Any

import numpy as np

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Any, width: int = 40) -> str:
    """`values` (n,) as at most `width` bars, each the mean of a stretch; numbers that are not finite are left out.

    >>> sparkline([4, 3, 2, 1])
    '█▆▃▁'
    >>> sparkline([])
    ''
    """
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if known.size == 0:
        return ""
    means = np.array([part.mean() for part in np.array_split(known, min(width, known.size))])
    low, high = float(means.min()), float(means.max())
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        return BARS[0] * means.size
    heights = ((means - low) / (high - low) * (len(BARS) - 1)).round().astype(int)
    return "".join(BARS[height] for height in heights)
