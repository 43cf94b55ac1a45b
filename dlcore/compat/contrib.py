"""`mxnet.contrib`: the rooms that its experimental modules have become.

>>> text.Vocabulary("aab").unknown_token
'<unk>'
"""

from __future__ import annotations

import importlib
from typing import Any

from dlcore.array import contrib as nd
from dlcore.array import contrib as ndarray

from . import text

__all__ = ["nd", "ndarray", "text"]

_ROOMS = {"amp": "dlcore.amp", "quantization": "dlcore.compress"}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"{__name__} has no {name!r}; what it had is in nd.contrib, gluon and {', '.join(_ROOMS)}")
    return importlib.import_module(_ROOMS[name])
