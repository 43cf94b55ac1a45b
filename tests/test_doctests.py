"""Every example in every docstring of the project runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import tempfile
from pathlib import Path

import pytest

import dlcore
import dlcore.kernel_ext
import dlcore.widgets

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def _modules() -> list[str]:
    """All modules whose text has an example; only these are imported."""
    found = []
    for package in (dlcore, dlcore.kernel_ext, dlcore.widgets):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            spec = module.module_finder.find_spec(module.name, None)
            if module.name.startswith("dlcore.dlcore"):  # an editable install looks beside the package too
                continue
            origin = getattr(spec, "origin", None)
            if origin and origin.endswith(".py") and ">>> " in Path(origin).read_text():
                found.append(module.name)
    return sorted({"dlcore", *found})


@pytest.mark.parametrize("name", _modules())
def test_examples(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # an example that writes a file leaves none behind, a temporary one neither
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert doctest.testmod(importlib.import_module(name), optionflags=FLAGS).failed == 0


def test_examples_are_found() -> None:
    assert len(_modules()) > 100
