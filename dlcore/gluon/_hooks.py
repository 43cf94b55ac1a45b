"""Handles of hooks."""

from __future__ import annotations

import itertools
from typing import Any

_numbers = itertools.count()


class HookHandle:
    """Takes a hook away again with `detach()`, or at the end of a `with` block.

    >>> hooks = {}
    >>> with HookHandle(hooks, print):
    ...     len(hooks)
    1
    >>> len(hooks)
    0
    """

    def __init__(self, hooks: dict[int, Any], hook: Any) -> None:
        self._hooks, self._number = hooks, next(_numbers)
        hooks[self._number] = hook

    def detach(self) -> None:
        """Take the hook away. Harmless when called twice."""
        self._hooks.pop(self._number, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *error: object) -> None:
        self.detach()
