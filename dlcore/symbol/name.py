"""Names of nodes that got none: `with Prefix("stage1_"):` puts a word before them, a NameManager counts anew.

>>> import dlcore as dl
>>> with Prefix("stage1_"):
...     net = dl.sym.relu(dl.sym.var("x"), name="r")
>>> net.name
'stage1_r'
"""

from __future__ import annotations

import threading
from collections import Counter

_local = threading.local()


class NameManager:
    """Gives names while its `with` block runs: those asked for, else the operator's and a number of its own count."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._before: list[NameManager | None] = []

    def get(self, name: str | None, hint: str) -> str:
        """The name of a node; `hint` is its operator in small letters."""
        if name:
            return name
        self._counts[hint] += 1
        return f"{hint}{self._counts[hint] - 1}"

    def __enter__(self) -> NameManager:
        self._before.append(current())
        _local.manager = self
        return self

    def __exit__(self, *error: object) -> None:
        _local.manager = self._before.pop()


class Prefix(NameManager):
    """Puts `prefix` before every name."""

    def __init__(self, prefix: str) -> None:
        super().__init__()
        self._prefix = prefix

    def get(self, name: str | None, hint: str) -> str:
        return self._prefix + super().get(name, hint)


def current() -> NameManager | None:
    """The manager of the innermost `with` block of this thread, None outside of all."""
    return getattr(_local, "manager", None)
