"""Dtypes, shapes and strides of which all values have one object: a program has few, and values are small without."""

from __future__ import annotations

from ._ir import SHORT_DTYPE

DTYPES = {name: name for name in SHORT_DTYPE}  # by an equal text
MOST = 10_000  # shapes and strides that are known at once

_sizes: dict[tuple[int, ...], tuple[int, ...]] = {}  # each by itself


def shared(sizes: tuple[int, ...]) -> tuple[int, ...]:
    """The one object for a shape or for strides.

    >>> shared((2, *(3, 4))) is shared((*(2, 3), 4))
    True
    """
    if len(_sizes) > MOST:
        _sizes.clear()
    return _sizes.setdefault(sizes, sizes)
