"""Makes a large outline small enough to be looked at: repeats are drawn once, then nested networks become one box."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from itertools import zip_longest

from .items import Group, Item, Shape

MOST_ITEMS = 40
LONGEST_PATTERN = 12


def fold(items: tuple[Item, ...], most: int = MOST_ITEMS) -> tuple[Item, ...]:
    """At most about ``most`` items, as much detail as that allows. Each step is taken only when still needed."""
    if len(items) > most:
        items = fold_turns(items)
    if len(items) > most:
        items = fold_turns(find_patterns(items))
    depth = max((len(item.groups) for item in items), default=0)
    while len(items) > most and depth > 0:
        depth -= 1
        items = fold_networks(items, depth)
    return items


def fold_turns(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Every repeat drawn once: the items of later turns fall onto those of the first, parameters added up."""
    seen: dict[tuple[Group, ...], int] = {}
    keys: list[Hashable] = []
    for item in items:
        count = seen[item.groups] = seen.get(item.groups, 0) + 1
        keys.append((tuple((group.name, bool(group.turn)) for group in item.groups), count))
    return _merge(items, keys, lambda item: item)


def fold_networks(items: tuple[Item, ...], depth: int) -> tuple[Item, ...]:
    """Every group deeper than ``depth`` becomes one item."""

    def collapse(item: Item) -> Item:
        if len(item.groups) <= depth:
            return item
        group = item.groups[depth]
        label = f"{group.name}, {group.turns} times" if group.turn else group.name
        return replace(item, name=group.name, label=label, kind="network", groups=item.groups[:depth])

    keys: list[Hashable] = [
        item.groups[: depth + 1] if len(item.groups) > depth else number for number, item in enumerate(items)
    ]
    return _merge(items, keys, collapse, last_shape=True)


def _merge(
    items: tuple[Item, ...], keys: list[Hashable], shown: Callable[[Item], Item], last_shape: bool = False
) -> tuple[Item, ...]:
    """One item for each key, where its first stood; links within a key and links backwards are dropped."""
    place = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    merged: list[Item | None] = [None] * len(place)
    links: list[dict[int, Shape | None]] = [{} for _ in place]
    for item, key in zip(items, keys, strict=True):
        at = place[key]
        for source, taken in zip_longest(item.sources, item.taken):
            if place[keys[source]] < at:
                links[at].setdefault(place[keys[source]], taken)
        first = merged[at]
        if first is None:
            merged[at] = shown(item)
            continue
        known = first.parameters is not None and item.parameters is not None
        total = (first.parameters or 0) + (item.parameters or 0) if known else None
        merged[at] = replace(first, parameters=total, shape=item.shape if last_shape else first.shape)
    return tuple(
        replace(item, sources=tuple(link), taken=tuple(shape for shape in link.values() if shape is not None))
        for item, link in zip(merged, links, strict=True)
        if item is not None
    )


def find_patterns(items: tuple[Item, ...]) -> tuple[Item, ...]:
    """Mark runs of equal layers, such as the same three layers twelve times, as the turns of a repeat."""
    signs = [
        (item.label, item.kind, item.groups, tuple(number - source for source in item.sources))
        for number, item in enumerate(items)
    ]
    found = list(items)
    at = runs = 0
    while at < len(items):
        length, turns = _best_pattern(signs, at)
        if turns < 2:
            at += 1
            continue
        runs += 1
        for number in range(at, at + length * turns):
            group = Group(f"pattern{runs}", (number - at) // length + 1, turns)
            found[number] = replace(items[number], groups=(*items[number].groups, group))
        at += length * turns
    return tuple(found)


def _best_pattern(signs: Sequence[tuple[object, ...]], at: int) -> tuple[int, int]:
    """The pattern that starts here and saves most: its length and how often it stands in a row."""
    best = (1, 1)
    for length in range(1, LONGEST_PATTERN + 1):
        pattern, turns = signs[at : at + length], 1
        while signs[at + turns * length : at + (turns + 1) * length] == pattern:
            turns += 1
        if length * (turns - 1) > best[0] * (best[1] - 1):
            best = (length, turns)
    return best
