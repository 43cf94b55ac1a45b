"""Attributes for all nodes made in a block: `with AttrScope(ctx_group="dev1"):`.

>>> import dlcore as dl
>>> with AttrScope(ctx_group="dev1"):
...     x = dl.sym.var("x")
>>> x.attr("ctx_group")
'dev1'
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

_local = threading.local()


class AttrScope:
    """While its `with` block runs, variables and nodes get these attributes, beside those of scopes around it."""

    def __init__(self, **attrs: str) -> None:
        for key, value in attrs.items():
            if not isinstance(value, str):
                raise ValueError(f"AttrScope: {key} must be a text, got {type(value).__name__}")
        self._attrs = attrs
        self._before: list[dict[str, str]] = []

    def __enter__(self) -> AttrScope:
        self._before.append(current())
        _local.attrs = {**current(), **self._attrs}
        return self

    def __exit__(self, *error: object) -> None:
        _local.attrs = self._before.pop()


def current() -> dict[str, str]:
    """The attributes of the scopes around."""
    return getattr(_local, "attrs", {})


def notes(given: Mapping[str, object] | None) -> dict[str, object]:
    """What is kept of the scope's attributes and those given: names between underscores, apart from arguments."""
    return {
        key if key.startswith("__") else f"__{key}__": value for key, value in {**current(), **(given or {})}.items()
    }
