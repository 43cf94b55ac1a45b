"""Every public function of the array namespaces has an example (tests/test_doctests.py runs them all)."""

from __future__ import annotations

import importlib

ROOMS = ("dlcore.ops", "dlcore.array", "dlcore.autograd")


def test_public_functions_of_the_namespaces_have_examples() -> None:
    for name in ("dlcore.array.np", "dlcore.array.nd", "dlcore.array.random", "dlcore.array.linalg", "dlcore.autograd"):
        module = importlib.import_module(name)
        for attribute in dir(module):
            value = getattr(module, attribute)
            if attribute[0] == "_" or isinstance(value, type):
                continue
            if callable(value) and getattr(value, "__module__", "").startswith(ROOMS):
                assert ">>>" in (value.__doc__ or ""), f"{name}.{attribute} has no example"
