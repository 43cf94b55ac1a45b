"""Putting the old names into `sys.modules`, and taking them out again."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from dlcore._hints import old_modules

from . import _classic
from ._names import ABSENT, MODULES

_OLD, _NEW = "mxnet", "dlcore"


def _target(fullname: str) -> str | None:
    """The module of dlcore that an old name means; for "dlcore.gluon.block" too, which is how Python asks for it in
    `from mxnet.gluon import block`, where `mxnet.gluon` is `dlcore.gluon`."""
    first, _, rest = fullname.partition(".")
    return MODULES.get(rest) if first in (_OLD, _NEW) else None


def _old_module(fullname: str) -> ModuleType | None:
    """What `gluon.parameter` means where `gluon` is dlcore's: asked when a module has no such attribute."""
    found = _target(fullname)
    return None if found is None or found == fullname else importlib.import_module(found)


class _Loader(Loader):
    """Gives an old name the very module that has a new one."""

    def __init__(self, target: str) -> None:
        self._target = target

    def exec_module(self, module: ModuleType) -> None:
        found = importlib.import_module(self._target)
        if not hasattr(found, "__path__"):  # mxnet.nd is a package, whose modules are asked for by their full names
            found.__path__ = []
        # The import system returns what stands here after loading, not the empty module that it made.
        sys.modules[module.__name__] = found


def spec_of(fullname: str) -> ModuleSpec | None:
    """How to import the module that an old name means; None for a name that is none, or that is its own."""
    found = _target(fullname)
    if found is None or found == fullname:
        return None
    return ModuleSpec(fullname, _Loader(found), origin="dlcore.compat")


class _Finder(MetaPathFinder):
    """Finds modules under their old names, and says of those that are not here what to use instead."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = spec_of(fullname)
        if spec is not None:
            return spec
        if fullname.startswith(f"{_OLD}."):
            rest = fullname.partition(".")[2]
            why = ABSENT.get(rest, "dlcore has no module of this name")
            # Without name=, so that `from mxnet.gluon import probability` ends with this sentence as well.
            raise ModuleNotFoundError(f"{fullname}: {why}")
        return None


class _Top(ModuleType):
    """`mxnet` itself: what dlcore has, with the version whose interface it follows, which libraries ask for."""

    __version__ = "1.9.1"
    __path__: list[str] = []  # it has modules below

    def __getattr__(self, name: str) -> Any:
        if name == "MXNetError":
            return importlib.import_module(MODULES["base"]).MXNetError
        try:
            return getattr(importlib.import_module(_NEW), name)
        except AttributeError:
            if name in MODULES:
                return importlib.import_module(MODULES[name])
            raise

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(importlib.import_module(_NEW))})


_finder = _Finder()
_replaced: dict[str, ModuleType] = {}
_lent: list[tuple[ModuleType, str]] = []  # attributes that modules of dlcore have while the old names are here


def _lend() -> None:
    """Let `mxnet.io.io` be there without an import of its own, as all modules below MXNet's are."""
    for name, target in MODULES.items():
        parent, _, leaf = name.rpartition(".")
        if parent:
            module = importlib.import_module(MODULES.get(parent, f"{_NEW}.{parent}"))
            if not hasattr(module, leaf):
                setattr(module, leaf, importlib.import_module(target))
                _lent.append((module, leaf))


def _tell_of_freed() -> None:
    """MXNet's gradients stop, without a word, where an earlier backward() freed the recording; here there is a word."""
    warnings.warn(
        "backward: a part of the recording that an earlier backward() freed was taken for a constant, as MXNet does; "
        "write x = x.detach() where that is meant, retain_graph=True in the earlier call where it is not",
        stacklevel=3,
    )


def installed() -> bool:
    """Whether `import mxnet` means dlcore now.

    >>> install()
    >>> installed()
    True
    >>> uninstall()
    >>> installed()
    False
    """
    return _finder in sys.meta_path


def _real_one() -> bool:
    return _OLD in sys.modules or importlib.util.find_spec(_OLD) is not None


def install(force: bool = False) -> None:
    """Make `import mxnet` and imports of its submodules give dlcore, in this process, until `uninstall()`.

    An old name gives the very module that has the new one: `mxnet.gluon.nn is dlcore.gluon.nn`. Raises RuntimeError
    when a real MXNet could be imported, unless `force`. Harmless when called twice. A name that dlcore lacks raises
    AttributeError (or ImportError, in an import) that says so. Meanwhile parts of a recording that an earlier
    backward() freed are constants, told of by a warning, as old programs that carry states over count on that.

    >>> install()
    >>> import mxnet as mx
    >>> from mxnet.gluon import nn
    >>> import dlcore
    >>> mx.nd is dlcore.nd, nn is dlcore.gluon.nn, mx.__version__
    (True, True, '1.9.1')
    >>> import mxnet.rtc
    Traceback (most recent call last):
    ModuleNotFoundError: mxnet.rtc: kernels of your own are operator stanzas, see dlcore.ops
    >>> uninstall()
    """
    if installed():
        return
    if not force and _real_one():
        raise RuntimeError("compat.install: there is a real mxnet here; install(force=True) hides it")
    _replaced.update({name: found for name, found in sys.modules.items() if name.split(".")[0] == _OLD})
    for name in _replaced:
        del sys.modules[name]
    sys.modules[_OLD] = _Top(_OLD, "dlcore under the name of MXNet.")
    sys.meta_path.insert(0, _finder)
    old_modules.append(_old_module)
    importlib.import_module(f"{_NEW}._core").pass_over_freed(_tell_of_freed)
    _lend()
    _classic.answer()


def uninstall() -> None:
    """Take the old names away again and bring back what they hid. Harmless when they are not there.

    >>> install()
    >>> uninstall()
    >>> installed()
    False
    """
    if not installed():
        return
    for name in [name for name in sys.modules if name.split(".")[0] == _OLD]:
        del sys.modules[name]
    sys.meta_path.remove(_finder)
    old_modules.remove(_old_module)
    importlib.import_module(f"{_NEW}._core").pass_over_freed(None)
    _classic.end()
    while _lent:
        delattr(*_lent.pop())
    sys.modules.update(_replaced)
    _replaced.clear()
