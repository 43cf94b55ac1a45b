"""Scripts of the repository as modules, for the tests of what they do."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent


def script(name: str) -> ModuleType:
    """The script at that path, from the root."""
    spec = importlib.util.spec_from_file_location(Path(name).stem + "_script", ROOT / name)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
