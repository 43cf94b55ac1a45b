"""x[key] and x[key] = value.

Whole numbers, slices, ... and None give views. Arrays of whole numbers and masks give copies, with NumPy's rules on
where the new axes go. Assignment writes in place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _core
from .._core import NDArray
from ..ops import F

_BASIC = (int, slice, type(None), type(Ellipsis), np.integer)


def getitem(self: NDArray, key: Any) -> NDArray:
    """x[key]; see the module."""
    if type(key) is int:
        return _row(self, key)
    keys = key if isinstance(key, tuple) else (key,)
    if _is_basic(keys):
        return _basic(self, _full(self, keys))
    return _advanced(self, keys)


def setitem(self: NDArray, key: Any, value: Any) -> None:
    """x[key] = value, in place; see the module."""
    if _core.is_recording() and (self._tracked or (isinstance(value, NDArray) and value._tracked)):
        raise RuntimeError(
            "assigning to a part of an array inside autograd.record() would lose gradients; "
            "use where, index_put or concat, or assign under autograd.pause()"
        )
    keys = key if isinstance(key, tuple) else (key,)
    if len(keys) == 1 and (keys[0] is Ellipsis or (type(keys[0]) is slice and keys[0] == slice(None))):
        _core.assign(self, value)
    elif _core.is_tracing():
        _core.assign(self, _replaced(self, keys, value))
    elif _is_basic(keys):
        _core.assign(_basic(self, _full(self, keys)), value)
    else:
        _put(self, keys, value)


def _replaced(x: NDArray, keys: tuple, value: Any) -> NDArray:
    """x with a part replaced, as a new array: inside a trace views cannot be written to."""
    value = F.cast(value, x._dtype_name)
    if _is_basic(keys):
        start, size, step, shape = _extent(x, _full(x, keys))
        place = F._slice_grad(F.ones(size, "bool"), x, start, step)
        spread = F._slice_grad(F.reshape(F.broadcast_to(value, shape), size), x, start, step)
        return F.where(place, spread, x)
    if len(keys) == 1 and getattr(keys[0], "dtype", None) == np.bool_ and tuple(keys[0].shape) == x.shape:
        return F.where(keys[0], value, x)
    basic = [k for k in keys if isinstance(k, slice) or k is None or k is Ellipsis]
    behind = list(keys[len(keys) - len(basic) :])
    if any(a is not b for a, b in zip(basic, behind, strict=True)) or any(
        k not in (Ellipsis, slice(None)) for k in basic
    ):
        raise TypeError("inside a compiled function only leading axes can be assigned to by arrays of indices")
    _, arrays, _ = _plan(x, keys)
    return F.index_put(x, value, *arrays)


def _is_basic(keys: tuple) -> bool:
    return all(isinstance(k, _BASIC) and not isinstance(k, bool) for k in keys)


def _error(x: NDArray, axis: int, index: int) -> IndexError:
    return IndexError(f"index {index} is out of range for axis {axis} of size {x.shape[axis]}")


def _row(x: NDArray, index: int) -> NDArray:
    """x[index], the common case."""
    shape = x.shape
    if not shape:
        raise IndexError("a 0-d array takes no index; use x[()] or x.item()")
    n = shape[0]
    if not -n <= index < n:
        raise _error(x, 0, index)
    return F.reshape(F.slice(x, (index % n,), (1,)), shape[1:])


def _full(x: NDArray, keys: tuple) -> list:
    """Puts slices where "..." stands, and at the end, so that every axis has a key."""
    used = sum(_width(k) for k in keys if k is not None and k is not Ellipsis)
    if sum(k is Ellipsis for k in keys) > 1:
        raise IndexError("only one '...' may be in an index")
    if used > x.ndim:
        raise IndexError(f"{used} indices for an array with {x.ndim} axes (shape {x.shape})")
    fill = [slice(None)] * (x.ndim - used)
    out: list = []
    for k in keys:
        if k is Ellipsis:
            out += fill
            fill = []
        else:
            out.append(k)
    return out + fill


def _width(key: Any) -> int:
    """How many axes a key takes: a mask as many as it has."""
    dtype = getattr(key, "dtype", None)
    return key.ndim if dtype is not None and dtype == np.bool_ else 1


def _extent(x: NDArray, keys: list) -> tuple[tuple[int, ...], ...]:
    """Where a basic index starts, how many numbers it takes in which steps, and the shape of the result."""
    start, size, step, shape = [], [], [], []
    axis = 0
    for key in keys:
        if key is None:
            shape.append(1)
            continue
        n = x.shape[axis]
        if isinstance(key, slice):
            first, stop, by = key.indices(n)
            count = len(range(first, stop, by))
            start.append(first if count else 0)
            size.append(count)
            step.append(by)
            shape.append(count)
        else:
            index = int(key)
            if not -n <= index < n:
                raise _error(x, axis, index)
            start.append(index % n)
            size.append(1)
            step.append(1)
        axis += 1
    return tuple(start), tuple(size), tuple(step), tuple(shape)


def _basic(x: NDArray, keys: list) -> NDArray:
    """A view: cut every axis, then drop those with a number and insert those for None."""
    start, size, step, shape = _extent(x, keys)
    if size != x.shape or any(s != 1 for s in step):
        x = F.slice(x, start, size, step)
    elif shape == x.shape:
        return F.slice(x, start, size)
    return x if shape == x.shape else F.reshape(x, shape)


def _index_array(key: Any) -> Any:
    """A key as an array of whole numbers, or a mask."""
    if not isinstance(key, NDArray):
        key = np.asarray(key)
        if key.size == 0 and key.dtype == np.float64:  # an empty list
            key = key.astype(np.int64)
    kind = np.dtype(key.dtype).kind
    if kind not in "biu":
        if isinstance(key, NDArray) and kind == "f":  # classic indices are often float32
            return F.cast(key, "int64")
        raise IndexError(f"an index must be whole numbers, slices, None, ... or a mask, got an array of {key.dtype}")
    return key


def _plan(x: NDArray, keys: tuple) -> tuple[NDArray, list[NDArray], int]:
    """Splits an index: the view after its basic parts with the indexed axes in front, the index arrays, and the
    place where their axes belong in the result."""
    keys = tuple(k if isinstance(k, _BASIC) and not isinstance(k, bool) else _index_array(k) for k in keys)
    expanded: list = []
    for key in _full(x, keys):
        if _width(key) != 1 or getattr(key, "dtype", None) == np.bool_:
            expanded += _nonzero(x, key, sum(k is not None for k in expanded))
        else:
            expanded.append(key)
    arrays, basic, axes, axis = [], [], [], 0
    for key in expanded:
        if key is None or isinstance(key, slice):
            basic.append(key)
        else:
            basic.append(slice(None))
            axes.append(axis)
            arrays.append(key if isinstance(key, NDArray) else _core.from_numpy(np.asarray(key), True))
        axis += 1
    view = _basic(x, basic)
    together = axes == list(range(axes[0], axes[0] + len(axes)))
    rest = [a for a in range(view.ndim) if a not in axes]
    if axes != list(range(len(axes))):
        view = F.transpose(view, tuple(axes + rest))
    return view, arrays, axes[0] if together else 0


def _nonzero(x: NDArray, mask: Any, axis: int) -> list[NDArray]:
    want = x.shape[axis : axis + mask.ndim]
    if tuple(mask.shape) != want:
        raise IndexError(f"a mask of shape {tuple(mask.shape)} does not fit axes of shape {want}")
    values = mask.asnumpy() if isinstance(mask, NDArray) else mask
    return [_core.from_numpy(np.ascontiguousarray(i), True) for i in np.nonzero(values)]


def _advanced(x: NDArray, keys: tuple) -> NDArray:
    view, arrays, place = _plan(x, keys)
    picked = F.take(view, arrays[0]) if len(arrays) == 1 else F.gather_nd(view, *arrays)
    if place == 0:
        return picked
    new = picked.ndim - (view.ndim - len(arrays))
    order = list(range(new, new + place)) + list(range(new)) + list(range(new + place, picked.ndim))
    return F.transpose(picked, tuple(order))


def _put(x: NDArray, keys: tuple, value: Any) -> None:
    if len(keys) == 1 and getattr(keys[0], "dtype", None) == np.bool_ and tuple(keys[0].shape) == x.shape:
        if np.ndim(value) == 0:  # a mask with one number needs no list of places
            mask = keys[0] if isinstance(keys[0], NDArray) else _core.from_numpy(keys[0], True)
            _core.assign(x, F.where(mask, value, x))
            return
    view, arrays, place = _plan(x, keys)
    value = F.cast(value, x._dtype_name)
    if place:  # the value lies as the result does; bring its new axes to the front
        shape = np.broadcast_shapes(*(a.shape for a in arrays))
        new, rest = len(shape), view.shape[len(arrays) :]
        value = F.broadcast_to(value, (*rest[:place], *shape, *rest[place:]))
        order = list(range(place, place + new)) + list(range(place)) + list(range(place + new, value.ndim))
        value = F.transpose(value, tuple(order))
    _core.assign(view, F.index_put(view, value, *arrays))
