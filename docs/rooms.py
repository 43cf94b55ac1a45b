"""The rooms of dlcore that have a page each: everything in a room's `__all__`, with its example."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType
from typing import Any

# Page -> the module under the name that people import it by.
ROOMS = {
    name: f"dlcore.{name}"
    for name in """gluon gluon.nn gluon.rnn gluon.loss gluon.utils gluon.data gluon.data.batchify gluon.data.vision
    gluon.data.vision.transforms gluon.data.text gluon.data.audio gluon.contrib.nn gluon.contrib.rnn gluon.contrib.cnn
    gluon.contrib.estimator gluon.model_zoo.vision gluon.model_zoo.text optim metric init io comm parallel run compress
    interop interpret graph compat tune module""".split()
} | {
    "lr_scheduler": "dlcore.optim.lr_scheduler",
    "image": "dlcore.io.image",
    "recordio": "dlcore.io.recordio",
    "sym": "dlcore.symbol",
    "sym.AttrScope": "dlcore.symbol.attribute",
    "visualization": "dlcore.symbol.visualization",
    "callback": "dlcore.module.callback",
    "monitor": "dlcore.module.monitor",
    "model": "dlcore.module.model",
    "kv": "dlcore.comm.kv",
    "operator": "dlcore.autograd.operator",
    "profiler": "dlcore.compat.profiler",
    "runtime": "dlcore.compat.runtime",
    "util": "dlcore.compat.util",
    "test_utils": "dlcore.compat.test_utils",
    "rnn": "dlcore.compat.rnn",
}


def modules() -> dict[str, ModuleType]:
    """The rooms by page."""
    return {page: importlib.import_module(name) for page, name in ROOMS.items()}


def offered(module: ModuleType) -> list[str]:
    """The classes and functions in a room's `__all__`."""
    found = [name for name in getattr(module, "__all__", []) if callable(getattr(module, name))]
    return sorted((n for n in found if not inspect.ismodule(getattr(module, n))), key=str.lower)


def has_example(value: Any) -> bool:
    return ">>> " in (inspect.getdoc(value) or "")


def lacking() -> list[str]:
    """Public names without a docstring or without an example."""
    wrong = []
    for page, module in modules().items():
        for name in offered(module):
            value, full = getattr(module, name), f"{page}.{name}"
            if not (inspect.getdoc(value) or "").strip():
                wrong.append(f"{full}: no docstring")
            elif not has_example(value):
                wrong.append(f"{full}: no example")
    return wrong
