"""The notebook's magics: what ``%load_ext dlcore`` adds to IPython. One file a magic, the network language beside them.

Here lives what needs IPython and nothing else does: ``network`` (%%network), ``graph``, ``summary``, ``train``
(%train), ``tune`` (%%tune), ``runs`` (%runs, %attach), ``parallel`` (%%parallel), ``mxnet`` (%mxnet), ``errors``
(boxes), ``tracebacks`` (they end at the user's line), ``outline`` (what pictures show of a network), ``language`` (the
text of a %%network cell). The magics that look: ``explore``, ``lr_find``, ``show_batch``, ``interpret``, ``devices``,
``monitor``, ``memory``, ``profile``; ``diagram`` edits (with ``session``; ``views`` knows cells and their pictures).
``options`` reads their lines, ``pictures`` and ``tables`` show what they return; ``dlcore_help`` is %dlcore.
What must not live here: layers, training, charts; those are in ``dlcore`` and ``widgets``, which import nothing here.
A new magic is a file of its name with ``register(ip)`` (``unregister(ip)`` where there is more), and a word in MAGICS.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

MAGICS = (
    "network",
    "graph",
    "summary",
    "train",
    "tune",
    "runs",
    "parallel",
    "mxnet",
    "explore",
    "diagram",
    "lr_find",
    "show_batch",
    "interpret",
    "devices",
    "monitor",
    "memory",
    "profile",
    "dlcore_help",
)


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Register every magic. Loading twice, or reloading, leaves one of each."""
    for name in (*MAGICS, "tracebacks"):
        import_module(f".{name}", __name__).register(ip)
    for room in ("train_room", "tune_room"):
        import_module(f".{room}", __name__).offer()


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Take the magics and their completions back."""
    for name in (*MAGICS, "tracebacks"):
        module = sys.modules.get(f"{__name__}.{name}")
        if module is not None and hasattr(module, "unregister"):
            module.unregister(ip)
        for magics in ip.magics_manager.magics.values():
            magics.pop(name, None)
