"""Methods and attributes that NumPy's arrays have and MXNet's had not: x.nonzero(), x.fill(0), x.flat, x.tobytes()."""

from __future__ import annotations

import importlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import _core
from .._answers import answered
from .._core import NDArray
from ..ops import F

# The function of dlcore.np of that name, with the array as its first argument.
_FORWARDED = "argpartition cumprod nonzero put searchsorted trace".split()


def _forward(name: str) -> Callable[..., Any]:
    def method(self: NDArray, *args: Any, **kwargs: Any) -> Any:
        return getattr(namespace(), name)(self, *args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"`dlcore.np.{name}` with this array as its first argument."
    return method


def namespace() -> Any:
    """`dlcore.np`, which is imported when it is needed."""
    return importlib.import_module(".np", __package__)


def choose(self: NDArray, choices: Any, out: NDArray | None = None, mode: str = "raise") -> NDArray:
    """At each place the number of the array of `choices` that this array names."""
    return namespace().choose(self, choices, out, mode)


def compress(self: NDArray, condition: Any, axis: int | None = None, out: NDArray | None = None) -> NDArray:
    """The rows along the axis, or the numbers in order, at whose place the condition holds."""
    return namespace().compress(condition, self, axis, out)


def fill(self: NDArray, value: Any) -> None:
    """Writes one number everywhere."""
    self[...] = value


def partition(self: NDArray, kth: Any, axis: int = -1) -> None:
    """Puts its own numbers in the order of `dlcore.np.partition`."""
    self[...] = namespace().partition(self, kth, axis)


def tobytes(self: NDArray, order: str = "C") -> bytes:
    """The bytes of the numbers, row by row, or column by column for order "F"."""
    if order not in ("C", "F", "A", "K", None):
        raise ValueError(f"tobytes: order must be 'C', 'F' or 'A', got {order!r}")
    return self.asnumpy().tobytes("F" if order == "F" else "C")


def tofile(self: NDArray, fid: Any, sep: str = "", format: str = "%s") -> None:
    """Writes the numbers into an open file or one of that name, as bytes, or as text between `sep`."""
    self.asnumpy().tofile(fid, sep, format)


def view(self: NDArray, dtype: Any = None) -> NDArray:
    """The same memory as another array; with a dtype, its bytes read as that. No gradient flows through the latter."""
    if dtype is None:
        return self[...]
    if isinstance(dtype, (int, tuple, list)):
        raise TypeError(f"view: expected a dtype, got {dtype}; another shape is x.reshape({dtype})")
    if _core.is_tracing() and self._is_traced:
        raise TypeError("view: memory is not read as another dtype inside a compiled function; x.astype converts")
    if _core.is_recording() and self._tracked:
        raise TypeError("view: no gradient flows through memory read as another dtype; use x.detach().view(dtype)")
    kind = np.dtype(namespace().dtype(dtype))
    return _core.from_numpy(_memory(self).view(kind), False)


def divmod_(self: NDArray, other: Any) -> tuple[NDArray, NDArray]:
    """divmod(x, y): x // y and x % y."""
    return F.floor_divide(self, other), F.remainder(self, other)


def rdivmod(self: NDArray, other: Any) -> tuple[NDArray, NDArray]:
    """divmod(y, x) of a number y."""
    return F.floor_divide(other, self), F.remainder(other, self)


class Flat:
    """x.flat: the numbers in order, row by row, to go over, to read and to write by their place."""

    def __init__(self, base: NDArray) -> None:
        self.base = base
        self.index = 0

    @property
    def coords(self) -> tuple[int, ...]:
        """The indices of the number that comes next."""
        return tuple(int(i) for i in np.unravel_index(self.index, self.base.shape))

    def __len__(self) -> int:
        return self.base.size

    def __iter__(self) -> Flat:
        return self

    def __next__(self) -> NDArray:
        if self.index >= len(self):
            raise StopIteration
        self.index += 1
        return F.reshape(self.base, (-1,))[self.index - 1]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.base.asnumpy().ravel(), dtype)

    def copy(self) -> NDArray:
        """The numbers in order, in memory of their own."""
        return F.copy(F.reshape(self.base, (self.base.size,)))

    def __getitem__(self, key: Any) -> NDArray:
        return F.copy(F.reshape(self.base, (self.base.size,))[_one(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        places = np.arange(self.base.size)[_one(key)]
        if places.size:
            namespace().put(self.base, places, value)


def _one(key: Any) -> Any:
    key = key[0] if isinstance(key, tuple) and len(key) == 1 else key
    if isinstance(key, tuple):
        raise IndexError(f"x.flat takes one index, got {len(key)}")
    return key.asnumpy() if isinstance(key, NDArray) else key


def _set_flat(self: NDArray, value: Any) -> None:
    Flat(self)[...] = value


def _memory(self: NDArray) -> np.ndarray:
    if not self._device.startswith("cpu"):
        raise TypeError(
            f"expected an array in memory of the CPU, got one on {self._device}; use x.as_in_context(cpu())"
        )
    return self._numpy_view()


def _interface(self: NDArray) -> dict[str, Any]:
    if not self._device.startswith("cpu") or self._is_traced or self._dtype_name == "bfloat16":
        raise AttributeError(f"__array_interface__: NumPy has no name for {self._dtype_name} on {self._device}")
    return self._numpy_view().__array_interface__


PROPERTIES: dict[str, tuple[Any, ...]] = {
    "flat": (Flat, _set_flat),
    "flags": (lambda self: _memory(self).flags,),
    "data": (lambda self: memoryview(self),),
    "ctypes": (lambda self: _memory(self).ctypes,),
    "__array_interface__": (_interface,),
}
METHODS: dict[str, Callable[..., Any]] = {
    **{name: answered(_forward(name), name) for name in _FORWARDED},
    **{f.__name__: answered(f, f.__name__) for f in (choose, compress, fill, partition, tobytes, tofile, view)},
    "__divmod__": divmod_,
    "__rdivmod__": rdivmod,
    "__class_getitem__": classmethod(types.GenericAlias),  # type: ignore[dict-item]
}
