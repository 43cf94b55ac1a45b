"""Every example in the documentation of operators, arrays and gradients runs and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

ROOMS = ("dlcore.ops", "dlcore.array", "dlcore.autograd")
MODULES = sorted(
    name for room in ROOMS for name in (room,
    *(m.name for m in pkgutil.iter_modules(importlib.import_module(room).__path__, room + ".")))
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    module = importlib.import_module(name)
    done = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert done.failed == 0


def test_public_functions_of_the_namespaces_have_examples() -> None:
    for name in ("dlcore.array.np", "dlcore.array.nd", "dlcore.array.random", "dlcore.array.linalg", "dlcore.autograd"):
        module = importlib.import_module(name)
        for attribute in dir(module):
            value = getattr(module, attribute)
            if attribute[0] == "_" or isinstance(value, type):
                continue
            if callable(value) and getattr(value, "__module__", "").startswith(ROOMS):
                assert ">>>" in (value.__doc__ or ""), f"{name}.{attribute} has no example"
