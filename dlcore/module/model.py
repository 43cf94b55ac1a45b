"""`dlcore.model`: checkpoints of symbols under the name old scripts know.

>>> import dlcore
>>> dlcore.model.FeedForward
Traceback (most recent call last):
AttributeError: FeedForward was given up for Module: dlcore.mod.Module(symbol).fit(iterator, num_epoch=10)
"""

from typing import Any

from ._checkpoint import load_checkpoint, load_params, save_checkpoint
from ._fit import BatchEndParam

__all__ = ["BatchEndParam", "load_checkpoint", "load_params", "save_checkpoint"]


def __getattr__(name: str) -> Any:
    if name == "FeedForward":
        raise AttributeError(
            "FeedForward was given up for Module: dlcore.mod.Module(symbol).fit(iterator, num_epoch=10)"
        )
    raise AttributeError(f"{__name__} has no {name!r}")
