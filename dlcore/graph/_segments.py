"""Which layers of a traced function are segments: what they make inside is computed again instead of kept.

A layer is one when it was marked itself (`hybridize(remat=True)`) or listed by who compiles (`jit(remat=[...])`).
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from dlcore import _core

_local = threading.local()


@contextmanager
def collect(listed: Sequence[Any] = ()) -> Iterator[list[str]]:
    """Gives a list that gets the path of every segment met while the block runs, in this thread."""
    before: tuple[Any, Any] = getattr(_local, "found", None), getattr(_local, "listed", frozenset())
    _local.found, _local.listed = [], frozenset(map(id, listed))
    try:
        yield _local.found
    finally:
        _local.found, _local.listed = before


def enter(layer: Any, marked: bool) -> None:
    """To be called by a layer when it starts to compute inside a trace."""
    found = getattr(_local, "found", None)
    if found is not None and (marked or id(layer) in _local.listed):
        path = _core.current_scope()
        if path not in found:
            found.append(path)
