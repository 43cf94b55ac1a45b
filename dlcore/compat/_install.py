"""Putting the old names into `sys.modules`, and taking them out again."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ._names import MODULES

_NOT_YET = "dlcore does not have it yet"


class _Alias(ModuleType):
    """A module of another name: everything comes from `target`, which is imported when first asked."""

    def __init__(self, name: str, target: str) -> None:
        super().__init__(name, f"{target} under the name {name}.")
        self.__path__: list[str] = []  # a package, so that imports from below reach `_Finder`
        self.__spec__ = ModuleSpec(name, None, origin="dlcore.compat", is_package=True)
        self.__package__ = name
        self._target = target

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("__") and attribute != "__version__":
            raise AttributeError(attribute)
        target = importlib.import_module(self._target)
        try:
            return getattr(target, attribute)
        except AttributeError:
            raise AttributeError(f"{self.__name__}.{attribute}: {_NOT_YET}", name=attribute, obj=self) from None

    def __dir__(self) -> list[str]:
        below = {name for name, value in self.__dict__.items() if isinstance(value, _Alias)}
        return sorted(below | set(dir(importlib.import_module(self._target))))


class _Finder(MetaPathFinder):
    """Says of old modules that have no other name here what is the matter with them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.startswith("mxnet."):
            # Without name=, so that `from mxnet.gluon import rnn` ends with this sentence as well.
            raise ModuleNotFoundError(f"{fullname}: {_NOT_YET}")
        return None


_finder = _Finder()
_replaced: dict[str, ModuleType] = {}


def _installed() -> bool:
    return isinstance(sys.modules.get("mxnet"), _Alias)


def _real_one() -> bool:
    return "mxnet" in sys.modules or importlib.util.find_spec("mxnet") is not None


def _exists(target: str) -> bool:
    try:
        return importlib.util.find_spec(target) is not None
    except ModuleNotFoundError:  # nor is there the package it would be in
        return False


def install(force: bool = False) -> None:
    """Make `import mxnet` and imports of its submodules give dlcore, in this process, until `uninstall()`.

    Raises RuntimeError when a real MXNet could be imported, unless `force`. Harmless when called twice. A name that
    dlcore lacks raises AttributeError (or ImportError, in an import) that says so.

    >>> install()
    >>> import mxnet as mx
    >>> from mxnet.gluon import nn
    >>> mx.nd.ones((2, 3)).shape, nn.Dense(4).name.startswith("dense")
    ((2, 3), True)
    >>> mx.profiler
    Traceback (most recent call last):
    AttributeError: mxnet.profiler: dlcore does not have it yet
    >>> uninstall()
    """
    if _installed():
        return
    if not force and _real_one():
        raise RuntimeError("compat.install: there is a real mxnet here; install(force=True) hides it")
    _replaced.update({name: found for name, found in sys.modules.items() if name.split(".")[0] == "mxnet"})
    for name in _replaced:
        del sys.modules[name]
    for name, target in MODULES.items():  # parents come before what is below them
        if not _exists(target):
            continue
        alias = _Alias(name, target)
        sys.modules[name] = alias
        above, _, last = name.rpartition(".")
        if above:
            setattr(sys.modules[above], last, alias)
    sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Take the old names away again and bring back what they hid. Harmless when they are not there."""
    if not _installed():
        return
    for name in [name for name, module in list(sys.modules.items()) if isinstance(module, _Alias)]:
        del sys.modules[name]
    sys.meta_path.remove(_finder)
    sys.modules.update(_replaced)
    _replaced.clear()
