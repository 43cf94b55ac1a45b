"""`mxnet.gluon.data.dataloader`: the loader, and the functions of its module that other loaders were built with.

>>> import dlcore
>>> DataLoader is dlcore.gluon.data.DataLoader
True
>>> default_batchify_fn([1, 2, 3]).shape
(3,)
"""

from __future__ import annotations

from multiprocessing.reduction import ForkingPickler
from typing import Any

from dlcore.gluon.data import DataLoader
from dlcore.gluon.data.batchify import default

__all__ = ["DataLoader", "ForkingPickler", "default_batchify_fn", "default_mp_batchify_fn"]

# There a second one wrote into memory that processes share; here loaders are threads, and share it anyway.
default_batchify_fn = default_mp_batchify_fn = default


def _as_in_context(data: Any, ctx: Any) -> Any:
    """The arrays of a batch, in lists or tuples too, on the device `ctx`."""
    if isinstance(data, (list, tuple)):
        return [_as_in_context(part, ctx) for part in data]
    return data.as_in_context(ctx) if hasattr(data, "as_in_context") else data
