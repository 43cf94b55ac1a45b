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

_WORKERS = "It starts worker processes; notebooks/01_tour.ipynb runs it."

# Name -> why no example of it can run where the reference is made.
CANNOT_RUN: dict[str, str] = {
    "io.npm_pack": "It asks a server.",
    "comm.MPICommunicator": "It needs processes that mpiexec started; comm.Communicator shows what it does.",
    "comm.NCCLCommunicator": "It needs several GPUs; comm.Communicator shows what it does.",
    **{f"parallel.{name}": _WORKERS for name in "pool run_cell train WorkerPool".split()},
    "util.get_gpu_memory": "It needs a GPU.",
}


def modules() -> dict[str, ModuleType]:
    """The rooms by page."""
    return {page: importlib.import_module(name) for page, name in ROOMS.items()}


def offered(module: ModuleType) -> list[str]:
    """The classes and functions in a room's `__all__`."""
    found = [name for name in getattr(module, "__all__", []) if callable(getattr(module, name))]
    return sorted((n for n in found if not inspect.ismodule(getattr(module, n))), key=str.lower)


def key(value: Any) -> tuple[str, str]:
    """What is one thing under whatever names: where it was written, and as what."""
    return getattr(value, "__module__", "") or "", getattr(value, "__qualname__", repr(value))


def has_example(value: Any) -> bool:
    return ">>> " in (inspect.getdoc(value) or "")


def find(full: str) -> Any:
    """The object behind "gluon.nn.Dense", by its page."""
    page, _, name = full.rpartition(".")
    return getattr(modules()[page], name)


def see(full: str) -> str:
    """What stands in the place of an example; empty where there is one."""
    return f"No example is run: {CANNOT_RUN[full]}" if full in CANNOT_RUN else ""


def lacking() -> list[str]:
    """Public names without a docstring, or with neither an example nor a reason in CANNOT_RUN; wrong reasons."""
    wrong, excused = [], {key(find(full)) for full in CANNOT_RUN}
    for page, module in modules().items():
        for name in offered(module):
            value, full = getattr(module, name), f"{page}.{name}"
            if not (inspect.getdoc(value) or "").strip():
                wrong.append(f"{full}: no docstring")
            elif not has_example(value) and key(value) not in excused:
                wrong.append(f"{full}: no example")
    wrong += [f"{full}: excused, but it has an example" for full in CANNOT_RUN if has_example(find(full))]
    wrong += [f"{full}: {why!r} is no reason" for full, why in CANNOT_RUN.items() if not why.endswith(".")]
    return wrong
