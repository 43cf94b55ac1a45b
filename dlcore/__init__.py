"""dlcore: deep learning in a notebook, on a tensor, autograd and graph core of its own.

This file only assembles: every room is loaded when it is first used, and late-bound hooks are registered here by name,
so that no room imports one to its right (ARCHITECTURE.md has the order).

>>> import dlcore as dl
>>> x = dl.np.array([1.0, 2.0, 3.0])
>>> float((x * x).sum())
14.0
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from ._hints import missing
from ._hooks import HOOKS

__version__ = "0.1.0"

# Public name -> (module, attribute or None for the module itself).
_LAZY: dict[str, tuple[str, str | None]] = {
    "nd": ("dlcore.array.nd", None),
    "np": ("dlcore.array.np", None),
    "npx": ("dlcore.array.npx", None),
    "ndarray": ("dlcore.array.nd", None),
    "random": ("dlcore.array.random", None),
    "amp": ("dlcore.amp", None),
    "autograd": ("dlcore.autograd", None),
    "operator": ("dlcore.autograd.operator", None),
    "gluon": ("dlcore.gluon", None),
    "init": ("dlcore.init", None),
    "initializer": ("dlcore.init", None),
    "metric": ("dlcore.metric", None),
    "optim": ("dlcore.optim", None),
    "optimizer": ("dlcore.optim", None),
    "lr_scheduler": ("dlcore.optim.lr_scheduler", None),
    "io": ("dlcore.io", None),
    "image": ("dlcore.io.image", None),
    "img": ("dlcore.io.image", None),
    "recordio": ("dlcore.io.recordio", None),
    "graph": ("dlcore.graph", None),
    "sym": ("dlcore.symbol", None),
    "symbol": ("dlcore.symbol", None),
    "mod": ("dlcore.module", None),
    "module": ("dlcore.module", None),
    "callback": ("dlcore.module.callback", None),
    "model": ("dlcore.module.model", None),
    "attribute": ("dlcore.symbol.attribute", None),
    "AttrScope": ("dlcore.symbol.attribute", "AttrScope"),
    "base": ("dlcore.compat.base", None),
    "contrib": ("dlcore.compat.contrib", None),
    "engine": ("dlcore.compat.engine", None),
    "executor": ("dlcore.compat.executor", None),
    "profiler": ("dlcore.compat.profiler", None),
    "rnn": ("dlcore.compat.rnn", None),
    "runtime": ("dlcore.compat.runtime", None),
    "util": ("dlcore.compat.util", None),
    "test_utils": ("dlcore.compat.test_utils", None),
    "name": ("dlcore.symbol.name", None),
    "mon": ("dlcore.module.monitor", None),
    "visualization": ("dlcore.symbol.visualization", None),
    "viz": ("dlcore.symbol.visualization", None),
    "monitor": ("dlcore.module.monitor", None),
    "run": ("dlcore.run", None),
    "comm": ("dlcore.comm", None),
    "kv": ("dlcore.comm.kv", None),
    "kvstore": ("dlcore.comm.kv", None),
    "parallel": ("dlcore.parallel", None),
    "compat": ("dlcore.compat", None),
    "compress": ("dlcore.compress", None),
    "interop": ("dlcore.interop", None),
    "interpret": ("dlcore.interpret", None),
    "tune": ("dlcore.tune", None),
    "ops": ("dlcore.ops", None),
    "jit": ("dlcore.graph", "jit"),
    "explain": ("dlcore.graph", "explain"),
    "cond": ("dlcore.array.contrib", "cond"),
    "while_loop": ("dlcore.array.contrib", "while_loop"),
    "foreach": ("dlcore.array.contrib", "foreach"),
    "NDArray": ("dlcore._core", "NDArray"),
    "context": ("dlcore.array.context", None),
    "Context": ("dlcore.array", "Context"),
    "cpu": ("dlcore.array", "cpu"),
    "cpu_pinned": ("dlcore.array.context", "cpu_pinned"),
    "gpu": ("dlcore.array", "gpu"),
    "num_gpus": ("dlcore.array", "num_gpus"),
    "current_context": ("dlcore.array", "current_context"),
}
_DTYPES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
)

# What rooms resolve by name when it is first needed: {hook: "module:attribute"}.
HOOKS.update(
    {
        "run.workers": "dlcore.parallel:train",
        "nd.load": "dlcore.interop:load",
        "file.atomic": "dlcore.io._atomic:atomic_write",
        "nd.save": "dlcore.interop:save",
        "files.save": "dlcore.io:save_arrays",
        "files.load": "dlcore.io:load_arrays",
        "files.metadata": "dlcore.io:load_metadata",
        "nd.custom": "dlcore.autograd.operator:custom",
        "gluon.params": "dlcore.interop:load_params",
        "gluon.symbol": "dlcore.gluon._as_symbol:as_symbol",
        "control.cond": "dlcore.graph._control_trace:cond",
        "control.while_loop": "dlcore.graph._control_trace:while_loop",
        "control.foreach": "dlcore.graph._control_trace:foreach",
        "device.gpu": "dlcore.cuda:backend",
        "device.gpu.executable": "dlcore.cuda:Executable",
        "device.gpu.control": "dlcore.cuda:Control",
    }
)


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        module, attribute = _LAZY[name]
        found = importlib.import_module(module)
        value = found if attribute is None else getattr(found, attribute)
    elif name in _DTYPES:
        value = importlib.import_module("numpy").dtype(name)
    elif name == "bfloat16":
        value = importlib.import_module("numpy").dtype(importlib.import_module("ml_dtypes").bfloat16)
    else:
        raise missing("dlcore", "dlcore", name, __dir__())
    globals()[name] = value
    return value


class _OldModules:
    """Lets `from dlcore.lr_scheduler import X` find a module that lies elsewhere; asked last, when nothing else did."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> Any:
        if not name.startswith("dlcore."):
            return None
        return importlib.import_module("dlcore.compat._install").spec_of(name)


sys.meta_path.append(_OldModules())


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_DTYPES, "bfloat16"})


def load_ipython_extension(ip: Any) -> None:
    """Called by ``%load_ext dlcore``: the one place where dlcore reaches for the notebook."""
    importlib.import_module("dlcore.kernel_ext").load_ipython_extension(ip)


def unload_ipython_extension(ip: Any) -> None:
    """Called by ``%unload_ext dlcore`` and ``%reload_ext dlcore``."""
    importlib.import_module("dlcore.kernel_ext").unload_ipython_extension(ip)
