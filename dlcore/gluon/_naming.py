"""Names of blocks: "dense0", "dense1", ..., and inside `name_scope()` with the parent's prefix in front."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class _Names(threading.local):
    """What one thread needs to number its blocks."""

    def __init__(self) -> None:
        self.prefix = ""
        self.counts: Counter[str] = Counter()


_names = _Names()


def new_prefix(hint: str, given: str | None) -> str:
    """The prefix of a new block: the one given, or the kind's name with the next number, after the scope's prefix."""
    if given is None:
        given = f"{hint}{_names.counts[hint]}_"
        _names.counts[hint] += 1
    return _names.prefix + given


@contextmanager
def scope(prefix: str, counts: Counter[str]) -> Iterator[None]:
    """While open, new blocks are numbered by `counts` and their names begin with `prefix`."""
    before = _names.prefix, _names.counts
    _names.prefix, _names.counts = prefix, counts
    try:
        yield
    finally:
        _names.prefix, _names.counts = before
