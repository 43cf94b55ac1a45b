"""Which cell a network's text stands in, and which pictures follow the network when that cell is run again."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class Follower(Protocol):
    """What shows a network by its name."""

    def follow(self, net: Any) -> None:
        """The name means this network now; it may be the same one, changed."""


@dataclass
class _Views:
    cell: str | None = None  # the cell that runs now; None where the front end has no names for its cells
    homes: dict[str, str] = field(default_factory=dict)
    followers: dict[str, list[tuple[str | None, weakref.ref[Any]]]] = field(default_factory=dict)
    listener: Callable[[Any], None] | None = None


_views: weakref.WeakKeyDictionary[Any, _Views] = weakref.WeakKeyDictionary()


def of(ip: InteractiveShell) -> _Views:
    """What is known of this shell's cells and pictures."""
    if ip not in _views:
        _views[ip] = _Views()
    return _views[ip]


def register(ip: InteractiveShell) -> None:
    """Begin to note which cell runs."""
    mine = of(ip)
    if mine.listener is not None:
        return

    def begin(info: Any) -> None:
        mine.cell = getattr(info, "cell_id", None)

    mine.listener = begin
    ip.events.register("pre_run_cell", begin)


def unregister(ip: InteractiveShell) -> None:
    """Note it no longer."""
    mine = of(ip)
    if mine.listener is not None:
        ip.events.unregister("pre_run_cell", mine.listener)
        mine.listener = None


def watch(ip: InteractiveShell, name: str, follower: Follower) -> None:
    """Tell `follower` whenever the network of this name changes, until it dies or its cell shows another one."""
    mine = of(ip)
    others = [(cell, one) for cell, one in mine.followers.get(name, []) if cell is None or cell != mine.cell]
    mine.followers[name] = [*others, (mine.cell, weakref.ref(follower))]


def tell(ip: InteractiveShell, name: str, net: Any, but: object = None) -> None:
    """The network of this name was made or changed; `but` knows already. A picture must not break the cell."""
    mine = of(ip)
    living = [(cell, reference) for cell, reference in mine.followers.get(name, []) if reference() is not None]
    mine.followers[name] = living
    for _, reference in living:
        follower = reference()
        if follower is not None and follower is not but:
            try:
                follower.follow(net)
            except Exception as error:
                print(f"the picture of {name} could not follow: {type(error).__name__}: {error}")
