"""What is a method of an array and a function of a namespace alike, below both."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core import NDArray
from ..ops import F
from ._shapes import classic_shape


def array_in_place(name: str, x: Any, argument: str = "a") -> NDArray:
    """`x`, which a function is about to write to or to ask for its shape, so that it must be an array already."""
    if not isinstance(x, NDArray):
        raise TypeError(f"{name}: {argument} must be an array, got {type(x).__name__}")
    return x


def reshape(self: NDArray, *shape: Any, **kwargs: Any) -> NDArray:
    """Another shape for the same numbers: x.reshape(2, -1) or x.reshape((2, -1)).

    -1 is worked out. As in MXNet 0 keeps an axis, -2 all remaining ones, -3 joins two, -4 splits one.
    """
    given = kwargs.pop("shape", shape[0] if len(shape) == 1 else shape)
    order = kwargs.pop("order", "C")
    if order == "F":  # what is read and written column by column
        sizes = (given,) if isinstance(given, int) else tuple(given)
        try:
            return F.transpose(F.reshape(F.transpose(self, None), sizes[::-1]), None)
        except ValueError:
            F.reshape(self, sizes)  # says it of the shapes in the caller's order
            raise
    if order not in ("C", "A"):
        raise ValueError(f"reshape: order must be 'C', 'F' or 'A', got {order!r}")
    if kwargs.keys() - {"reverse"}:
        raise TypeError(f"reshape: unknown argument {sorted(kwargs)}")
    return F.reshape(self, classic_shape(self.shape, given, kwargs.get("reverse", False)))


def clip(self: NDArray, min: Any = None, max: Any = None, a_min: Any = None, a_max: Any = None) -> NDArray:
    """Held between two limits, either of which may be None."""
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if self._dtype_name.lstrip("u").startswith("int"):  # a limit that no number of the dtype reaches is none
        limits = np.iinfo(self._dtype_name)
        low = None if type(low) is int and low < limits.min else low
        high = None if type(high) is int and high > limits.max else high
    if low is None:
        return self if high is None else F.minimum(self, high)
    return F.maximum(self, low) if high is None else F.clip(self, low, high)
