"""What a picture of a network is made of: one item a layer, and what can be said of a block by looking at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """A frame around layers: a nested network, or one turn of a repeat (``turn`` counts from 1; 0 for a network)."""

    name: str
    turn: int = 0
    turns: int = 0


@dataclass(frozen=True)
class Item:
    """One layer. ``sources`` are places in the list of items; a shape is without the batch, None when not known.

    ``parameters`` counts numbers that are learned or kept; None when the layer has not met its first batch yet.
    ``taken`` are the shapes that come from the sources, where they are not the shapes of those items.
    """

    name: str
    label: str
    kind: str = "layer"
    shape: Shape | None = None
    sources: tuple[int, ...] = ()
    parameters: int | None = 0
    groups: tuple[Group, ...] = ()
    taken: tuple[Shape, ...] = ()


@dataclass(frozen=True)
class Outline:
    """A whole network. ``wired`` is False when only the list of layers is known, not where their values come from."""

    name: str
    items: tuple[Item, ...]
    block: Any = field(repr=False, default=None)
    wired: bool = True


def parameter_count(block: Any) -> int | None:
    """The numbers in all parameters of a block; None while one of them waits for the first batch."""
    from dlcore.gluon import _count  # not before there is a block

    return _count.parameter_count(block)


def children(block: Any) -> dict[str, Any]:
    """The blocks that a block is made of, by name."""
    return dict(block._children)


def block_label(block: Any) -> str:
    """What a Gluon layer is, in a few words: the first line of what it says of itself."""
    text = repr(block).splitlines()[0].strip()
    return text if text and not text.startswith("<") and len(text) <= 60 else type(block).__name__
