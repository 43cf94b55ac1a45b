"""Constant: a parameter that no training changes."""

from __future__ import annotations

import math

import numpy as np

from dlcore import init
from dlcore._kinds import Array, shown

from ._parameter import Parameter


class Constant(Parameter):
    """A parameter with fixed values that no training changes.

    >>> import dlcore as dl
    >>> c = dl.gluon.Constant("limits", [1.0, 2.0])
    >>> c.initialize()
    >>> c.data().asnumpy()
    array([1., 2.], dtype=float32)
    """

    def __init__(self, name: str | Array, value: Array = None) -> None:
        if value is None:
            name, value = "const", name
        values = value.asnumpy() if hasattr(value, "asnumpy") else np.asarray(value)
        if values.dtype.kind not in "biufcV":
            raise TypeError(f"Constant: value must be an array of numbers, got {shown(value)}")
        if not hasattr(value, "dtype") and values.dtype.kind == "f":
            values = values.astype(np.float32)
        self.value = values
        super().__init__(name, "null", values.shape, values.dtype, init=init.Constant(values), differentiable=False)

    @property
    def _shape_known(self) -> bool:
        return math.prod(self._shape or ()) >= 0
