"""Python's signs on arrays: + - * / // % ** @ & | ^ << >> ~ and comparisons, also mixed with NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from ..ops import F, get
from . import _products

_invoke = _core.invoke

# Sign -> operator. Each also gets its reflected form (1 + x) and its in-place form (x += 1).
BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "lshift": "left_shift",
    "rshift": "right_shift",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
}
COMPARE = {"eq": "equal", "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}
UNARY = {"neg": "negative", "abs": "abs", "pos": "positive"}

# NumPy's functions that have another name here; all others are looked up under their own.
REDUCTIONS = {
    "add": "sum",
    "multiply": "prod",
    "maximum": "max",
    "minimum": "min",
    "logical_and": "all",
    "logical_or": "any",
}
UFUNCS = {
    "absolute": "abs",
    "true_divide": "divide",
    "invert": "bitwise_not",
    "conjugate": "identity",
    "rad2deg": "degrees",
    "deg2rad": "radians",
}


def _forward(name: str) -> Callable[[NDArray, Any], NDArray]:
    number = get(name).id

    def method(self: NDArray, other: Any) -> NDArray:
        return _invoke(number, (self, other), ())

    return method


def _power(self: NDArray, other: Any) -> NDArray:
    if type(other) is int and other == 2:  # by far the commonest power, and much cheaper
        return F.square(self)
    return F.power(self, other)


def _reflected(name: str) -> Callable[[NDArray, Any], NDArray]:
    number = get(name).id

    def method(self: NDArray, other: Any) -> NDArray:
        return _invoke(number, (other, self), ())

    return method


def _in_place(name: str) -> Callable[[NDArray, Any], NDArray]:
    number = get(name).id

    def method(self: NDArray, other: Any) -> NDArray:
        # While recording, an array that the tape knows keeps its value and the name is bound to the result instead.
        if _core.is_recording() and (self._tracked or getattr(other, "_tracked", False)):
            if self._grad_req != "null":
                raise RuntimeError(f"in-place {name} of a variable with a gradient inside autograd.record()")
            return _invoke(number, (self, other), ())
        if self._dtype_name[0] in "iu" or self._dtype_name == "bool":
            result = _invoke(number, (self, other), ())
            if result._dtype_name != self._dtype_name and "float" in result._dtype_name:
                raise TypeError(f"in-place {name}: the result is {result.dtype}, the array holds {self.dtype}")
            _core.assign(self, result)
        else:
            _invoke(number, (self, other), (), self)
        return self

    return method


def _compare(name: str) -> Callable[[NDArray, Any], Any]:
    number = get(name).id

    def method(self: NDArray, other: Any) -> Any:
        if other is None:
            return NotImplemented
        return _invoke(number, (self, other), ())

    return method


def invert(x: Any) -> NDArray:
    """Bits turned over; truth values turned to their opposite.

    >>> from dlcore import np
    >>> invert(np.array([True, False])).tolist()
    [False, True]
    """
    is_truth = x._dtype_name == "bool" if isinstance(x, NDArray) else isinstance(x, bool)
    return F.logical_not(x) if is_truth else F.bitwise_not(x)


def array_ufunc(self: NDArray, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """NumPy's functions on our arrays run here: numpy.exp(x), numpy_array * x."""
    out = kwargs.pop("out", None)
    if out is not None and not all(isinstance(o, NDArray) for o in out):
        raise TypeError(f"numpy.{ufunc.__name__}: cannot write an NDArray into a NumPy array; use x.asnumpy()")
    if method == "reduce" and out is None and ufunc.__name__ in REDUCTIONS and not kwargs.keys() - {"axis", "keepdims"}:
        return getattr(inputs[0], REDUCTIONS[ufunc.__name__])(
            axis=kwargs.get("axis", 0), keepdims=kwargs.get("keepdims", False)
        )
    name = UFUNCS.get(ufunc.__name__, ufunc.__name__)
    if method != "__call__" or kwargs or (name != "matmul" and not hasattr(F, name)):
        raise TypeError(f"numpy.{ufunc.__name__} ({method}) is not available for NDArray; use x.asnumpy()")
    if name == "bitwise_not":
        return invert(*inputs)
    function = _products.matmul if name == "matmul" else getattr(F, name)
    result = function(*inputs)
    if out is not None:
        _core.assign(out[0], result)
        return out[0]
    return result


def attach() -> None:
    """Gives NDArray its signs."""
    for sign, name in BINARY.items():
        setattr(NDArray, f"__{sign}__", _forward(name))
        setattr(NDArray, f"__r{sign}__", _reflected(name))
        setattr(NDArray, f"__i{sign}__", _in_place(name))
    for sign, name in COMPARE.items():
        setattr(NDArray, f"__{sign}__", _compare(name))
    for sign, name in UNARY.items():
        setattr(NDArray, f"__{sign}__", getattr(F, name))
    others = {
        "__pow__": _power,
        "__invert__": invert,
        "__matmul__": lambda self, other: _products.matmul(self, other),
        "__rmatmul__": lambda self, other: _products.matmul(other, self),
        "__hash__": object.__hash__,  # by identity, although == compares values
        "__array_priority__": 1000.0,
        "__array_ufunc__": array_ufunc,
    }
    for name, value in others.items():
        setattr(NDArray, name, value)
