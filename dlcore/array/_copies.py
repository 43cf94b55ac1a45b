"""Copies of arrays on a device and in a dtype, without a view or a step of the tape in between."""

from __future__ import annotations

from .. import _core
from .._core import NDArray


def copy_on(array: NDArray, device: str, dtype: str | None = None) -> NDArray:
    """A copy in memory of its own on `device`, in the array's own dtype unless another is named.

    >>> from dlcore import nd
    >>> copy_on(nd.array([1.5]), "cpu(0)", "int32").tolist()
    [1]
    """
    made = _core.empty(tuple(array.shape), dtype or array._dtype_name, device)
    _core.assign(made, array)
    return made
