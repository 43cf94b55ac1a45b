"""Initializers that draw nothing: Zero, One, Constant."""

from __future__ import annotations

from typing import Any

import numpy as np

from dlcore._kinds import shown

from ._initializer import Initializer, register


@register("zero", "zeros")
class Zero(Initializer):
    """All zeros.

    >>> Zero().values((2,))
    array([0., 0.], dtype=float32)
    """

    def __init__(self) -> None:
        super().__init__()

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.zeros(shape, np.float32)


@register("one", "ones")
class One(Initializer):
    """All ones.

    >>> One().values((2,))
    array([1., 1.], dtype=float32)
    """

    def __init__(self) -> None:
        super().__init__()

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.ones(shape, np.float32)


@register
class Constant(Initializer):
    """One value everywhere, or an array of the parameter's own shape.

    >>> Constant(0.5).values((2,))
    array([0.5, 0.5])
    """

    def __init__(self, value: Any = 0.0) -> None:
        value = value.asnumpy() if hasattr(value, "asnumpy") else value
        super().__init__(value=value)
        self.value = np.asarray(value)
        if self.value.dtype.kind not in "biufcV":
            raise TypeError(f"Constant: value must be a number or an array of numbers, got {shown(value)}")

    def values(self, shape: tuple[int, ...]) -> np.ndarray:
        return np.full(shape, self.value) if self.value.ndim == 0 else self.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and np.array_equal(self.value, other.value)
