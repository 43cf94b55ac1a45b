"""Compiling with the collector of reference cycles at rest.

A compilation makes objects by the hundred thousand, and every collection looks at all of them: it took two fifths of
the time. When a compilation is over they go to the oldest generation unseen, since a look at all of them would cost the
more for each the more there are: they are no longer in any cache. How many went so is counted. Once they are a quarter
of all objects, at which share Python itself looks at everything, the next compilation begins with a whole collection:
so what dropped programs leave behind stays bounded.

What a compilation drops are calls and values, which hold each other in circles; `release` opens these, so that one
pass works in the memory that the last one left. With all of it fresh, time grew faster than programs.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ._ir import Node

LEAST, SHARE = 50_000, 4  # objects that are handed over before they count, and one in how many of all objects

_lock = threading.Lock()
_depth = 0  # compilations going on, in all threads
_was_on = False
_handed = 0  # objects that went to the oldest generation unseen since the last whole collection
_last = 0  # those that the last block handed over: more than likely they are still in use
_collections = 0  # whole collections at that time
_alive = 0  # objects after the last one that was made here


def release(nodes: Iterable[Node]) -> None:
    """Ends the use of calls that no graph has any more."""
    for node in nodes:
        for out in node.outputs:
            out.node = None


@contextmanager
def no_collection() -> Iterator[None]:
    """Keeps `gc` from running on its own inside the block; blocks may be nested and overlap between threads."""
    global _depth, _was_on
    _collect_if_due()
    with _lock:
        if _depth == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _depth += 1
    try:
        yield
    finally:
        with _lock:
            _depth -= 1
            if _depth == 0 and _was_on:
                _hand_over()
                gc.enable()


def _hand_over() -> None:
    """Moves young objects to the oldest generation; not where somebody has frozen some, which would thaw with them."""
    global _handed, _last
    if gc.get_freeze_count() == 0:
        _handed, _last = _handed + _last, gc.get_count()[0]
        gc.freeze()
        gc.unfreeze()


def _collect_if_due() -> None:
    """A whole collection, if so much has been handed over since the last one."""
    global _handed, _last, _collections, _alive
    if not gc.isenabled():
        return
    if _whole() != _collections:
        _handed, _last, _collections = 0, 0, _whole()
    if _handed > max(LEAST, _alive // SHARE):
        gc.collect()
        _handed, _last, _collections, _alive = 0, 0, _whole(), len(gc.get_objects())


def _whole() -> int:
    return gc.get_stats()[2]["collections"]
