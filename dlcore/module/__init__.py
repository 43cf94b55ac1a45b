"""Modules: a Symbol with its parameters, trained on batches from an iterator, as MXNet's Module API does.

Here: `Module` (_module: bind, parameters, optimizer, single steps; _fit: fit, score and predict), BucketingModule,
SequentialModule, PythonModule and PythonLossModule, checkpoints (_checkpoint: safetensors and JSON), `callback`
(Speedometer, do_checkpoint, ...), `monitor`.
Not here: how a symbol runs (dlcore/symbol), optimizers and metrics (dlcore/optim, dlcore/metric), iterators
(dlcore/io); an iterator is whatever has provide_data, provide_label, reset and next, and gives batches with data, label
and pad.
Next: `_fit.BaseModule.fit`, the loop; then `_module.Module`.
"""

from dlcore import _answers

from . import callback, monitor
from ._bucketing import BucketingModule
from ._checkpoint import load_checkpoint, save_checkpoint
from ._fit import BaseModule, BatchEndParam
from ._module import Module
from ._python import PythonLossModule, PythonModule
from ._sequential import SequentialModule

__all__ = [
    "BaseModule",
    "BatchEndParam",
    "BucketingModule",
    "Module",
    "PythonLossModule",
    "PythonModule",
    "SequentialModule",
    "callback",
    "load_checkpoint",
    "monitor",
    "save_checkpoint",
]

_answers.guard(__name__, __all__)
