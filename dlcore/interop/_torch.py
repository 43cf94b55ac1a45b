"""Arrays from PyTorch, through DLPack: this package never imports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dlcore._core import NDArray
from dlcore.array.np import from_dlpack


def from_torch_state(state: Mapping[str, Any]) -> dict[str, NDArray]:
    """Copies of a state dict's tensors (`module.state_dict()`), or of whatever speaks DLPack, by the same names.

    The other way is `{name: torch.from_dlpack(array) for name, array in ...}`. Raises TypeError naming what is no
    array.

    >>> import numpy as np
    >>> from_torch_state({"weight": np.ones((2, 3), np.float32)})["weight"].shape
    (2, 3)
    """
    arrays = {}
    for name, tensor in state.items():
        plain = tensor.detach() if hasattr(tensor, "detach") else tensor
        if not hasattr(plain, "__dlpack__"):
            raise TypeError(f"from_torch_state: {name!r}: expected a tensor, got {type(tensor).__name__}")
        arrays[name] = from_dlpack(plain, copy=True)
    return arrays
