"""`mxnet.util`: switches between the two kinds of arrays, of which there is one here, and small helpers.

>>> is_np_shape()
True
"""

from __future__ import annotations

import os
from typing import Any

from dlcore import _answers
from dlcore.array import num_gpus
from dlcore.array.npx import gpu_memory_info, is_np_array, is_np_shape, np_array, np_shape, reset_np, set_np

__all__ = ["get_gpu_count", "get_gpu_memory", "getenv", "is_np_array", "is_np_shape", "makedirs", "np_array",
           "np_shape", "reset_np", "set_np", "setenv", "use_np", "use_np_array", "use_np_shape"]  # fmt: skip


def use_np(function: Any) -> Any:
    """Gives a class or function back as it is: arrays behave as NumPy's everywhere.

    >>> use_np(max)(1, 2)
    2
    """
    return function


use_np_array = use_np_shape = use_np


def makedirs(d: str | os.PathLike[str]) -> None:
    """Make a folder and those above it, unless it is there.

    >>> makedirs(".")
    """
    os.makedirs(os.path.expanduser(d), exist_ok=True)


def getenv(name: str) -> str | None:
    """The value of an environment variable; None if there is none.

    >>> getenv("NO_SUCH_VARIABLE")
    """
    return os.environ.get(name)


def setenv(name: str, value: str | None) -> None:
    """Set an environment variable of this process, or with None remove it.

    >>> setenv("NO_SUCH_VARIABLE", None)
    """
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = str(value)


def get_gpu_count() -> int:
    """How many GPUs can be used.

    >>> get_gpu_count() >= 0
    True
    """
    return num_gpus()


def get_gpu_memory(gpu_dev_id: int) -> tuple[int, int]:
    """Free and all bytes of a GPU's memory. ValueError where there is no such GPU.

    >>> get_gpu_memory(99)
    Traceback (most recent call last):
    ValueError: util.get_gpu_memory: there is no gpu(99) here; GPUs that can be used: ...
    """
    if not 0 <= gpu_dev_id < num_gpus():
        raise ValueError(
            f"util.get_gpu_memory: there is no gpu({gpu_dev_id}) here; GPUs that can be used: {num_gpus()}"
        )
    return gpu_memory_info(gpu_dev_id)


_answers.guard(__name__, __all__)
