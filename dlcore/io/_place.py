"""Where iterators stand in their data, out of a file: looked at before anything is believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def whole_numbers(who: str, place: Mapping[str, Any], **ranges: tuple[int, int]) -> list[int]:
    """The numbers of a place, each from the first to the second of its range; ValueError for what is none.

    >>> whole_numbers("CSVIter", {"cursor": 4}, cursor=(0, 8))
    [4]
    """
    found = []
    for name, (low, high) in ranges.items():
        value = place.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise ValueError(f"{who}: not a place in this data: {name} is {value!r}, expected {low} to {high}")
        found.append(value)
    if len(place) > len(ranges):
        raise ValueError(f"{who}: not a place in this data: {sorted(set(place) - set(ranges))} are not known")
    return found


def inner_place(who: str, place: Any) -> Mapping[str, Any]:
    """The place of an iterator inside of another one."""
    if not isinstance(place, dict):
        raise ValueError(f"{who}: not a place in this data: expected that of an iterator, got {place!r}")
    return place
