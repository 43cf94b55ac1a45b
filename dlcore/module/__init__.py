"""Modules: a Symbol with its parameters, trained on batches from an iterator, as MXNet's Module API does.

Here: `Module` (_module: bind, parameters, optimizer, single steps; _fit: fit, score and predict), checkpoints
(_checkpoint: safetensors and JSON), `callback` (Speedometer, do_checkpoint).
Not here: how a symbol runs (dlcore/symbol), optimizers and metrics (dlcore/optim, dlcore/metric), iterators
(dlcore/io); an iterator is whatever has provide_data, provide_label, reset and next, and gives batches with data, label
and pad.
Next: `_fit.BaseModule.fit`, the loop; then `_module.Module`.
"""

from . import callback
from ._checkpoint import load_checkpoint, save_checkpoint
from ._fit import BaseModule, BatchEndParam
from ._module import Module

__all__ = ["BaseModule", "BatchEndParam", "Module", "callback", "load_checkpoint", "save_checkpoint"]
