"""Compiling with the collector of reference cycles at rest.

A compilation makes objects by the hundred thousand, and every collection looks at all of them: it took two fifths of
the time. What a compilation drops are graphs, whose calls and values hold each other in circles; `release` opens these,
so that one pass works in the memory that the last one left. With all of it fresh, time grew faster than programs.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ._ir import Graph

_lock = threading.Lock()
_depth = 0  # compilations going on, in all threads
_was_on = False


def release(graph: Graph) -> None:
    """Ends the use of a graph of which nothing is shared."""
    for node in graph.nodes:
        for out in node.outputs:
            out.node = None


@contextmanager
def no_collection() -> Iterator[None]:
    """Keeps `gc` from running on its own inside the block; blocks may be nested and overlap between threads."""
    global _depth, _was_on
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
                gc.enable()
