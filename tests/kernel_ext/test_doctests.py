"""The examples in the docstrings of this room are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import dlcore.kernel_ext
import dlcore.kernel_ext.language

MODULES = [
    found.name
    for package in (dlcore.kernel_ext, dlcore.kernel_ext.language)
    for found in pkgutil.iter_modules(package.__path__, package.__name__ + ".")
]


@pytest.mark.parametrize("name", [*MODULES, "dlcore.kernel_ext"])
def test_examples(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_there_are_examples():
    language = importlib.import_module("dlcore.kernel_ext.language")
    assert doctest.testmod(language).attempted > 0
