"""Late-bound names: how a room reaches something to its right without importing it.

`dlcore/__init__.py` fills `HOOKS` with "module:attribute" strings; a room resolves one by name when it needs it. This
module stands left of every room and imports nothing of the project.
"""

from __future__ import annotations

import importlib
from typing import Any

HOOKS: dict[str, str] = {}


def hook(name: str) -> Any:
    """The object registered under `name`, imported now; KeyError when nothing is registered under it."""
    module, attribute = HOOKS[name].split(":")
    return getattr(importlib.import_module(module), attribute)
