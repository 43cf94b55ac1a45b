"""Names of blocks: "dense0", "dense1", ..., and inside `name_scope()` with the parent's prefix in front."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Names(threading.local):
    """What one thread needs to number its blocks and to name their parameters."""

    def __init__(self) -> None:
        self.prefix = ""
        self.counts: Counter[str] = Counter()
        self.params = ""  # what names of parameters begin with, in place of the prefix
        self.shared: Any = None  # the parameters that new blocks look for theirs in


_names = _Names()


def new_prefix(hint: str, given: str | None) -> tuple[str, str, Any]:
    """The prefix of a new block: the one given, or the kind's name with the next number, after the scope's prefix.

    Then the same for its parameters, which differs where a block around it shares another's; and those.
    """
    if given is None:
        given = f"{hint}{_names.counts[hint]}_"
        _names.counts[hint] += 1
    return _names.prefix + given, _names.params + given, _names.shared


@contextmanager
def scope(prefix: str, counts: Counter[str], params: str, shared: Any) -> Iterator[None]:
    """While open, new blocks are numbered by `counts` and their names begin with `prefix`, those of parameters with
    `params`; parameters that are among `shared` by name are taken from there."""
    before = vars(_names).copy()
    _names.prefix, _names.counts, _names.params, _names.shared = prefix, counts, params, shared
    try:
        yield
    finally:
        vars(_names).update(before)
