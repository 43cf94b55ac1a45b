"""The examples in the docstrings of the symbolic rooms hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import dlcore.module
import dlcore.symbol

MODULES = [
    f"{room.__name__}.{m.name}" for room in (dlcore.symbol, dlcore.module) for m in pkgutil.iter_modules(room.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
