"""What Python's signs on arrays need beside one operator: x += y while recording, x @ y of vectors, and ~x.

The signs themselves (+ - * / // % ** @ & | ^ << >> ~, comparisons) are slots of the type, dlcore/csrc/bind/signs.cpp.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import _core
from .._core import NDArray
from ..ops import F, get
from . import _indexing, _products

_invoke = _core.invoke

IN_PLACE = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "remainder",
    "power",
    "left_shift",
    "right_shift",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
)


def _rank(x: NDArray) -> int:
    """Numbers may be written into an array of their kind or a later one: bool, unsigned, signed, all others."""
    return {"b": 0, "u": 1, "i": 2}.get(x._dtype_name.replace("bfloat", "float")[0], 3)


def _in_place(name: str) -> Callable[[NDArray, Any], NDArray]:
    number = get(name).id

    def method(self: NDArray, other: Any, held: bool = True) -> NDArray:
        # Inside a compiled function x[key] += v is a write to x.
        if _core.is_tracing() and _indexing.is_part(self):
            return _indexing.write_through(self, kept(self, _invoke(number, (self, other), ())))
        # While recording, an array that the tape knows keeps its value and the name is bound to the result instead. Of
        # a view others would miss the change: it is written to, and they know that their record is out of date. So is
        # an array that is `held` under another name or in a list, which would miss it as well.
        if _core.is_recording() and (self._tracked or getattr(other, "_tracked", False)):
            if self._grad_req != "null":
                raise RuntimeError(f"in-place {name} of a variable with a gradient inside autograd.record()")
            result = kept(self, _invoke(number, (self, other), ()))
            if result.shape != self.shape:
                raise ValueError(f"in-place {name}: the result has shape {result.shape}, the array {self.shape}")
            if not held and result._dtype_name == self._dtype_name and not _core.is_shared(self):
                return result
            _core.assign(self, result)
        elif self._dtype_name[0] in "iu" or self._dtype_name == "bool":
            _core.assign(self, kept(self, _invoke(number, (self, other), ())))
        else:
            _invoke(number, (self, other), (), self)
        return self

    def kept(self: NDArray, result: NDArray) -> NDArray:
        if _rank(result) > _rank(self) < 3:
            raise TypeError(f"in-place {name}: the result is {result.dtype}, the array holds {self.dtype}")
        return result

    return method


def invert(x: Any) -> NDArray:
    """Bits turned over; truth values turned to their opposite.

    >>> from dlcore import np
    >>> invert(np.array([True, False])).tolist()
    [False, True]
    """
    is_truth = x._dtype_name == "bool" if isinstance(x, NDArray) else isinstance(x, bool)
    return F.logical_not(x) if is_truth else F.bitwise_not(x)


def attach() -> None:
    """Hands the signs of NDArray what they call from here."""
    _core.set_signs({name: _in_place(name) for name in IN_PLACE}, lambda a, b: _products.matmul(a, b))
