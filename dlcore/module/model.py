"""`dlcore.model`: checkpoints of symbols, and `FeedForward`, under the name old scripts know.

>>> import dlcore
>>> dlcore.model.save_checkpoint is dlcore.module.model.save_checkpoint
True
"""

from dlcore import _answers

from ._checkpoint import load_checkpoint, load_params, save_checkpoint
from ._feed_forward import FeedForward
from ._fit import BatchEndParam

__all__ = ["BatchEndParam", "FeedForward", "load_checkpoint", "load_params", "save_checkpoint"]

_answers.guard(__name__, __all__)
